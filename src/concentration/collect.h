/*
 * collect.h
 *	  What the exact aggregates and window functions collect: one state for all of them.
 */
#ifndef CUSTOMER_VALUE_COLLECT_H
#define CUSTOMER_VALUE_COLLECT_H

#include "postgres.h"

#include "support/buckets.h"
#include "support/values.h"

/* Values that were brought into buckets: by a worker, or to be sorted. */
typedef struct CollectedPart
{
	KeyBuckets buckets;
	int scale; /* as in Values */
} CollectedPart;

typedef struct Collected
{
	/* The values > 0: those that have come one by one, and parts. */
	Values values;
	CollectedPart *parts;
	int part_count;
	size_t part_keys;

	int64 customers; /* all that are not NULL */

	/* The smallest and the greatest of the values <= 0, if there are any. */
	Decimal least, most; /* unless values.is_float: of those that a Decimal holds; the scale
									 * of most is negative if there are none */
	Numeric long_least, long_most;  /* of the others, or NULL */
	double float_least, float_most; /* if values.is_float */

	/* Arguments beside the value: the same in all rows of a group. */
	bool has_parameter;
	bool parameter_by_value;
	Datum parameter;
	bool has_boundary;
	bool up_to;
} Collected;

extern void collected_init(Collected *collected, MemoryContext context, bool is_float);

/* What collected_add_decimal does with a value <= 0, but for counting the customer. */
extern void collected_take_idle(Collected *collected, Decimal value);

static inline void
collected_add_decimal(Collected *collected, Decimal value)
{
	collected->customers++;
	if (likely(value.mantissa > 0))
		values_append_decimal(&collected->values, value);
	else
		collected_take_idle(collected, value);
}

/* What collected_add_numeric does with a number of more than 38 digits. */
extern void collected_add_long(Collected *collected, Numeric value);

/* Adds a numeric, which must be finite. */
static inline void
collected_add_numeric(Collected *collected, Datum value)
{
	Decimal decimal;

	if (likely(values_read_numeric(value, &decimal)))
		collected_add_decimal(collected, decimal);
	else
		collected_add_long(collected, DatumGetNumeric(value));
}

static inline void
collected_add_int64(Collected *collected, int64 value)
{
	if (likely(value > 0))
	{
		collected->customers++;
		values_append_int64(&collected->values, value);
	}
	else
	{
		Decimal decimal = {value, 0};

		collected_add_decimal(collected, decimal);
	}
}

static inline void
collected_add_float8(Collected *collected, double value)
{
	collected->customers++;
	if (likely(value > 0))
		values_append_float8(&collected->values, value);
	else
	{
		collected->float_least = Min(collected->float_least, value);
		collected->float_most = Max(collected->float_most, value);
	}
}

/* Customers whose value is > 0. */
static inline size_t
collected_positive(const Collected *collected)
{
	return collected->values.count + collected->part_keys;
}

/* Customers whose value is <= 0. */
static inline int64
collected_idle(const Collected *collected)
{
	return collected->customers - (int64) collected_positive(collected);
}

/* The smallest and the greatest of the values <= 0, of which there must be some, where values are
 * exact. */
extern Numeric collected_least(const Collected *collected);
extern Numeric collected_most(const Collected *collected);

/*
 * The values > 0 at a glance. Sums and weights are integers: multiples of 10^-scale, or of the
 * quantum (support/select.h).
 */
typedef struct CollectedSurvey
{
	wide total;
	wide least; /* the smallest key */
	int quantum;
	int scale; /* of keys, weights and total; 0 for doubles */
	SelectKind kind;

	SelectSurvey select; /* unless there are parts */

	/* of all parts together */
	struct SurveyedBucket
	{
		uint32 number;
		size_t keys;
		uwide weight;
	} * bucket;
	size_t count;
	size_t most; /* keys in a bucket */
} CollectedSurvey;

/* What a key weighs. */
static inline wide
collected_weight(const CollectedSurvey *survey, wide key)
{
	return survey->kind == SELECT_DOUBLE ? double_fixed((int64) key, survey->quantum) : key;
}

/* Adds a part, whose memory is the state's from now on. */
extern void collected_append_part(Collected *collected, const CollectedPart *part);

/* Counts the values that have come one by one into buckets, if they are many enough for that and of
 * a kind that can be; then they can be filled in, where data[] has the size counted. */
extern bool collected_count_part(Collected *collected, CollectedPart *part);
extern void collected_fill_part(Collected *collected, CollectedPart *part);

/*
 * Surveys the values > 0, of which there must be some; many of them are brought into buckets if they
 * are to be sorted. False if the values or their sum need more than 38 digits: the column is long
 * then, and numeric_steps() is what there is for it.
 */
extern bool collected_survey(Collected *collected, bool to_be_sorted, CollectedSurvey *survey);

/* select_points() among the values > 0. */
extern void collected_points(Collected *collected, const CollectedSurvey *survey, bool by_count,
							 const wide *thresholds, int count, SelectPoint *points);

/*
 * The values > 0, sorted, chunk by chunk: the chunks rise or fall, within each the smallest comes
 * first. Start with the survey and the direction, and zero for the rest.
 */
typedef struct SortedChunks
{
	Collected *collected;
	const CollectedSurvey *survey;
	bool falling;
	size_t done; /* chunks */
	int64 *room;
	double factor[2];

	/* the chunk: wide keys or others */
	const wide *wides;
	const int64 *keys;
	size_t count;
} SortedChunks;

/* The next chunk; false if there is none. */
extern bool sorted_chunks_next(SortedChunks *chunks);

static inline wide
sorted_key(const SortedChunks *chunks, size_t i)
{
	return chunks->wides != NULL ? chunks->wides[i] : chunks->keys[i];
}

/* The weight of a key, next to it as a double. */
static inline double
sorted_weight(const SortedChunks *chunks, size_t i)
{
	if (chunks->survey->kind == SELECT_DOUBLE)
		return double_of_key(chunks->keys[i]) * chunks->factor[0] * chunks->factor[1];
	return chunks->wides != NULL ? (double) chunks->wides[i] : (double) chunks->keys[i];
}

/* The state of an aggregate's transition or final function; NULL if no row has come yet. */
#define PG_GETARG_COLLECTED(n) (PG_ARGISNULL(n) ? NULL : (Collected *) PG_GETARG_POINTER(n))

#endif
