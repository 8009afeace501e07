/*
 * survey.c
 *	  The values of the exact aggregates at a glance, points among them, and sorted.
 */
#include "concentration/collect.h"

#include "miscadmin.h"

/* so many values are worth buckets */
#define MANY 4096

void
collected_append_part(Collected *collected, const CollectedPart *part)
{
	MemoryContext caller = MemoryContextSwitchTo(collected->values.context);
	Size size = (collected->part_count + 1) * sizeof(CollectedPart);

	collected->parts = collected->parts == NULL ? palloc(size) : repalloc(collected->parts, size);
	collected->parts[collected->part_count++] = *part;
	collected->part_keys += part->buckets.keys;
	MemoryContextSwitchTo(caller);
}

static void
count_part(Collected *collected, CollectedPart *part, uint32 first, size_t window)
{
	Values *values = &collected->values;

	memset(part, 0, sizeof(*part));
	part->buckets.is_double = values->is_float;
	part->scale = values->scale;
	buckets_count(&part->buckets, values->keys.narrow, values->count, first, window,
				  MemoryContextAllocHuge(values->context, window * sizeof(KeyBucket)));
}

bool
collected_count_part(Collected *collected, CollectedPart *part)
{
	Values *values = &collected->values;
	uint32 first;
	size_t window;

	if (values->is_wide || values->is_long || values->count < MANY)
		return false;
	window = buckets_window(values->is_float, values->keys.narrow, values->count, &first);
	if (window > values->count)
		return false;
	count_part(collected, part, first, window);
	return true;
}

void
collected_fill_part(Collected *collected, CollectedPart *part)
{
	const KeyBuckets *buckets = &part->buckets;
	uint32 first = buckets->bucket[0].number;
	size_t window = buckets->bucket[buckets->count - 1].number - first + 1;
	char **cursor = palloc(window * sizeof(char *));

	CHECK_FOR_INTERRUPTS();
	buckets_fill(&part->buckets, collected->values.keys.narrow, collected->values.count, first,
				 cursor);
	pfree(cursor);
}

/* The values that have come one by one become a part. */
static void
make_part(Collected *collected, CollectedPart *part)
{
	MemoryContext caller = MemoryContextSwitchTo(collected->values.context);
	int scale = collected->values.scale;

	part->buckets.data = palloc_extended(part->buckets.size, MCXT_ALLOC_HUGE);
	collected_fill_part(collected, part);
	values_free(&collected->values);
	collected->values.scale = scale;
	collected_append_part(collected, part);
	MemoryContextSwitchTo(caller);
}

pg_noreturn static void
refuse_part(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					errmsg("invalid partial state of an aggregate")));
}

static void
read_bucket(const KeyBuckets *buckets, size_t place, int64 *keys)
{
	if (!buckets_read(buckets, place, keys))
		refuse_part();
}

/* Parts become values one by one again, for a column that is of more kinds than one. */
static void
dissolve_parts(Collected *collected)
{
	Values *values = &collected->values;

	for (int i = 0; i < collected->part_count; i++)
	{
		CollectedPart *part = &collected->parts[i];

		for (size_t k = 0; k < part->buckets.count; k++)
		{
			size_t count = part->buckets.bucket[k].keys;
			int64 *keys = palloc_extended(count * sizeof(int64), MCXT_ALLOC_HUGE);

			CHECK_FOR_INTERRUPTS();
			read_bucket(&part->buckets, k, keys);
			for (size_t j = 0; j < count; j++)
			{
				Decimal value = {keys[j], part->scale};

				values_append_decimal(values, value);
			}
			pfree(keys);
		}
		pfree(part->buckets.bucket);
		pfree(part->buckets.data);
	}
	collected->part_count = 0;
	collected->part_keys = 0;
}

/* Have all values the kind of the parts? */
static bool
is_of_one_kind(const Collected *collected)
{
	const Values *values = &collected->values;
	const CollectedPart *first = &collected->parts[0];

	for (int i = 0; i < collected->part_count; i++)
		if (collected->parts[i].scale != first->scale ||
			collected->parts[i].buckets.is_double != values->is_float)
			return false;
	return values->count == 0 ||
		   (values->scale == first->scale && !values->is_wide && !values->is_long);
}

/* All values in parts, or none of them. */
static void
settle(Collected *collected, bool to_be_sorted)
{
	CollectedPart own;
	uint32 first;
	size_t window;

	if (collected->part_count > 0 && !is_of_one_kind(collected))
		dissolve_parts(collected);
	if (collected->part_count > 0 && collected->values.count > 0)
	{
		window = buckets_window(collected->values.is_float, collected->values.keys.narrow,
								collected->values.count, &first);
		count_part(collected, &own, first, window);
		make_part(collected, &own);
	}
	else if (to_be_sorted && collected_count_part(collected, &own))
		make_part(collected, &own);
}

static SelectKind
kind_of(const Values *values)
{
	return values->is_wide ? SELECT_WIDE : values->is_float ? SELECT_DOUBLE : SELECT_NARROW;
}

/* Do the wide mantissas add up to 38 digits at most? Any number of narrow ones does. */
static bool
sum_fits(const Values *values)
{
	wide sum = 0;

	for (size_t i = 0; i < values->count && values->is_wide; i++)
		if (__builtin_add_overflow(sum, values->keys.wides[i], &sum))
			return false;
	return decimal_in_range(sum);
}

/* The keys of a bucket from all parts; their number. */
static size_t
read_all(const Collected *collected, uint32 number, int64 *keys)
{
	size_t count = 0;

	for (int i = 0; i < collected->part_count; i++)
	{
		const KeyBuckets *buckets = &collected->parts[i].buckets;
		ptrdiff_t place = buckets_find(buckets, number);

		if (place < 0)
			continue;
		read_bucket(buckets, place, keys + count);
		count += buckets->bucket[place].keys;
	}
	return count;
}

static int64 *
room_for_bucket(const CollectedSurvey *survey)
{
	return palloc_extended(survey->most * sizeof(int64), MCXT_ALLOC_HUGE);
}

/* The buckets that have keys in any part. */
static void
merge_buckets(const Collected *collected, CollectedSurvey *survey)
{
	size_t *next = palloc0(collected->part_count * sizeof(size_t));
	size_t most = 0;

	for (int i = 0; i < collected->part_count; i++)
		most += collected->parts[i].buckets.count;
	survey->bucket = palloc_extended(most * sizeof(*survey->bucket), MCXT_ALLOC_HUGE);
	survey->count = 0;
	survey->most = 0;
	for (;;)
	{
		struct SurveyedBucket bucket = {PG_UINT32_MAX, 0, 0};

		for (int i = 0; i < collected->part_count; i++)
		{
			const KeyBuckets *buckets = &collected->parts[i].buckets;

			if (next[i] < buckets->count)
				bucket.number = Min(bucket.number, buckets->bucket[next[i]].number);
		}
		if (bucket.number == PG_UINT32_MAX)
			break;
		for (int i = 0; i < collected->part_count; i++)
		{
			const KeyBuckets *buckets = &collected->parts[i].buckets;

			if (next[i] < buckets->count && buckets->bucket[next[i]].number == bucket.number)
				bucket.keys += buckets->bucket[next[i]++].keys;
		}
		survey->most = Max(survey->most, bucket.keys);
		survey->bucket[survey->count++] = bucket;
	}
	pfree(next);
}

/* What the keys of a bucket weigh in all parts. */
static uwide
weigh_bucket(const Collected *collected, uint32 number, int quantum)
{
	uwide sum = 0;

	for (int i = 0; i < collected->part_count; i++)
	{
		const KeyBuckets *buckets = &collected->parts[i].buckets;
		ptrdiff_t place = buckets_find(buckets, number);
		uwide weight = 0;

		if (place < 0)
			continue;
		if (!bucket_weight(buckets->is_double, &buckets->bucket[place], quantum, &weight))
		{
			size_t count = buckets->bucket[place].keys;
			int64 *keys = palloc_extended(count * sizeof(int64), MCXT_ALLOC_HUGE);

			CHECK_FOR_INTERRUPTS();
			read_bucket(buckets, place, keys);
			for (size_t k = 0; k < count; k++)
				weight += (uwide) double_fixed(keys[k], quantum);
			pfree(keys);
		}
		sum += weight;
	}
	return sum;
}

static void
survey_parts(const Collected *collected, CollectedSurvey *survey)
{
	int64 *keys;
	size_t count;
	int64 least;

	merge_buckets(collected, survey);
	if (survey->kind == SELECT_DOUBLE)
		survey->quantum = double_quantum(
			bucket_lower(true, survey->bucket[survey->count - 1].number), collected->part_keys);
	for (size_t i = 0; i < survey->count; i++)
	{
		survey->bucket[i].weight =
			weigh_bucket(collected, survey->bucket[i].number, survey->quantum);
		survey->total = (wide) ((uwide) survey->total + survey->bucket[i].weight);
	}

	keys = room_for_bucket(survey);
	count = read_all(collected, survey->bucket[0].number, keys);
	least = keys[0];
	for (size_t i = 1; i < count; i++)
		least = Min(least, keys[i]);
	survey->least = least;
	pfree(keys);
}

bool
collected_survey(Collected *collected, bool to_be_sorted, CollectedSurvey *survey)
{
	Values *values = &collected->values;

	CHECK_FOR_INTERRUPTS();
	settle(collected, to_be_sorted);
	memset(survey, 0, offsetof(CollectedSurvey, select));
	survey->kind = kind_of(values);
	if (collected->part_count > 0)
	{
		survey->scale = collected->parts[0].scale;
		survey_parts(collected, survey);
		return true;
	}

	/* decimal places that no value needs may be what is too much */
	if (!values->is_long && !sum_fits(values) && !(values_trim_scale(values) && sum_fits(values)))
		values_make_long(values);
	if (values->is_long)
		return false;
	select_survey(survey->kind, values->keys.narrow, values->count, &survey->select);
	survey->total = survey->select.total;
	survey->least = survey->select.least;
	survey->quantum = survey->select.quantum;
	survey->scale = values->scale;
	return true;
}

/* As select_points(), with the keys in buckets. */
static void
points_of_parts(const Collected *collected, const CollectedSurvey *survey, bool by_count,
				const wide *thresholds, int count, SelectPoint *points)
{
	int64 *keys = room_for_bucket(survey);
	SelectPoint at = {0, 0, 0, 0};
	size_t b = survey->count - 1;

	for (int first = 0, last; first < count; first = last)
	{
		const struct SurveyedBucket *bucket;
		wide reached;

		/* the answer lies in the lowest bucket above which there is less than the threshold */
		for (;; b--)
		{
			bucket = &survey->bucket[b];
			reached = by_count ? (wide) (at.above + bucket->keys)
							   : at.weight_above + (wide) bucket->weight;
			if (b == 0 || reached >= thresholds[first])
				break;
			at.above += bucket->keys;
			at.weight_above += (wide) bucket->weight;
		}
		for (last = first + 1; last < count && (b == 0 || reached >= thresholds[last]); last++)
			;
		select_points_within(survey->kind, keys, read_all(collected, bucket->number, keys),
							 survey->quantum, by_count, at, thresholds + first, last - first,
							 points + first, values_pause);
	}
	pfree(keys);
}

void
collected_points(Collected *collected, const CollectedSurvey *survey, bool by_count,
				 const wide *thresholds, int count, SelectPoint *points)
{
	Values *values = &collected->values;

	if (collected->part_count > 0)
		points_of_parts(collected, survey, by_count, thresholds, count, points);
	else
		select_points(survey->kind, values->keys.narrow, values->count, &survey->select, by_count,
					  thresholds, count, points, values_pause);
}

bool
sorted_chunks_next(SortedChunks *chunks)
{
	Collected *collected = chunks->collected;
	const CollectedSurvey *survey = chunks->survey;
	Values *values = &collected->values;
	size_t place;

	CHECK_FOR_INTERRUPTS();
	if (chunks->done == 0)
	{
		int exponent = DOUBLE_UNIT_EXPONENT - survey->quantum;

		/* in two steps, each of which is a double */
		chunks->factor[0] = ldexp(1, exponent / 2);
		chunks->factor[1] = ldexp(1, exponent - exponent / 2);
	}
	if (collected->part_count == 0)
	{
		if (chunks->done++ > 0)
			return false;
		if (values->is_wide)
		{
			sort_wide(values->keys.wides, values->count, values_pause);
			chunks->wides = values->keys.wides;
		}
		else
		{
			sort_narrow(values->keys.narrow, values->count, values_pause);
			chunks->keys = values->keys.narrow;
		}
		chunks->count = values->count;
		return true;
	}

	if (chunks->done == survey->count)
		return false;
	if (chunks->room == NULL)
		chunks->room = room_for_bucket(survey);
	place = chunks->falling ? survey->count - 1 - chunks->done : chunks->done;
	chunks->count = read_all(collected, survey->bucket[place].number, chunks->room);
	sort_narrow(chunks->room, chunks->count, values_pause);
	chunks->keys = chunks->room;
	chunks->done++;
	return true;
}
