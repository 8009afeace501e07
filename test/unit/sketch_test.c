/* sources: concentration/sketch.c concentration/grouped.c concentration/curve.c */
/*
 * sketch_test.c
 *	  The concentration sketch: buckets, stored form, merging, and the measures against exact ones.
 */
#include <math.h>
#include <string.h>

#include "concentration/grouped.h"
#include "concentration/sketch.h"
#include "unit.h"

#define ROUNDS 2000

static double
random_unit(void)
{
	return (double) (unit_random() >> 11) / (double) (UINT64_C(1) << 53);
}

/* of any size that a sketch tells apart */
static double
random_value(void)
{
	return ldexp(1 + random_unit(), (int) unit_below(SKETCH_OCTAVES) + SKETCH_MIN_EXPONENT);
}

static void
count(SketchCounter *counter, double value)
{
	uint32_t bucket;

	if (value < SKETCH_MIN_VALUE)
	{
		counter->zero++;
		return;
	}
	if (sketch_count(counter, value))
		return;
	bucket = sketch_bucket(value, counter->bits);
	free(
		sketch_window_move(counter, bucket, bucket,
						   calloc(sketch_window_length(counter, bucket, bucket), sizeof(int64_t))));
	sketch_count(counter, value);
}

/* exactly as long as the sketch, so that reading on is seen */
static uint8_t *
encode(const SketchCounter *counter, size_t *size)
{
	uint8_t *bytes = malloc(*size = sketch_encoded_size(counter));

	sketch_encode(counter, bytes);
	return bytes;
}

static void
random_counter(SketchCounter *counter, int bits)
{
	int customers = (int) unit_below(40);

	sketch_counter_init(counter, bits);
	for (int i = 0; i < customers; i++)
		count(counter, unit_below(4) ? random_value() : -1);
	/* counts of all sizes, and negative ones */
	for (uint64_t i = 0; i < counter->length; i++)
	{
		if (counter->counts[i] != 0)
			counter->counts[i] = (int64_t) unit_random() >> (2 + unit_below(62));
	}
}

static uint8_t *
random_sketch(int bits, size_t *size)
{
	SketchCounter counter;
	uint8_t *bytes;

	random_counter(&counter, bits);
	bytes = encode(&counter, size);
	free(counter.counts);
	return bytes;
}

static bool
buckets_are_as_narrow_as_promised(void)
{
	for (int i = 0; i < ROUNDS * 20; i++)
	{
		int bits = SKETCH_MIN_BITS + (int) unit_below(SKETCH_MAX_BITS);
		double value = random_value(), middle;
		uint32_t bucket = sketch_bucket(value, bits);

		unit_require(bucket < (uint32_t) SKETCH_OCTAVES << bits);
		middle = sketch_middle(bucket, bits);
		unit_require(sketch_lower(bucket, bits) <= value && value < sketch_lower(bucket + 1, bits));
		unit_require(fabs(middle - value) <= sketch_accuracy(bits) * value);
		unit_require(sketch_bucket(middle, bits) == bucket);
	}
	return true;
}

static bool
bits_are_the_fewest(void)
{
	unit_require(sketch_bits(SKETCH_DEFAULT_ACCURACY) == 6);
	for (int bits = SKETCH_MIN_BITS; bits <= SKETCH_MAX_BITS; bits++)
	{
		unit_require(sketch_bits(sketch_accuracy(bits)) == bits);
		unit_require(sketch_bits(sketch_accuracy(bits) * 1.01) == bits);
		unit_require(bits == SKETCH_MAX_BITS ||
					 sketch_bits(sketch_accuracy(bits) * 0.99) == bits + 1);
	}
	return sketch_accuracy(SKETCH_MAX_BITS) == SKETCH_FINEST &&
		   sketch_accuracy(SKETCH_MIN_BITS) == SKETCH_COARSEST;
}

static bool
the_ends_of_the_range_hold(void)
{
	double least = SKETCH_MIN_VALUE, greatest = nextafter(SKETCH_LIMIT, 0);
	SketchCounter counter;

	for (int bits = SKETCH_MIN_BITS; bits <= SKETCH_MAX_BITS; bits++)
	{
		double refused[] = {0, -0.0, -1, -INFINITY, INFINITY, NAN, SKETCH_LIMIT, 0x1p-31, 5e-324};

		sketch_counter_init(&counter, bits);
		count(&counter, greatest);
		count(&counter, least);
		unit_require(counter.length == (uint64_t) SKETCH_OCTAVES << bits);
		for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
			unit_require(!sketch_count(&counter, refused[i]));
		unit_require(counter.counts[0] == 1 && counter.counts[counter.length - 1] == 1);
		unit_require(*sketch_counted(&counter, 0) == 1);
		if (bits == 6)
			unit_require(counter.length * sizeof(int64_t) + sizeof(counter) <= 65536);
		free(counter.counts);
	}
	return true;
}

static bool
stored_counts_come_back(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		SketchCounter counter;
		SketchReader reader;
		size_t size;
		uint8_t *bytes;

		random_counter(&counter, SKETCH_MIN_BITS + (int) unit_below(6));
		bytes = encode(&counter, &size);
		unit_require(sketch_valid(bytes, size));
		unit_require(sketch_read_start(&reader, bytes, size));
		unit_require(reader.bits == counter.bits && reader.zero == counter.zero);
		while (sketch_read(&reader) == SKETCH_BUCKET)
		{
			int64_t *counted = sketch_counted(&counter, (uint32_t) reader.bucket);

			unit_require(*counted == reader.count);
			*counted = 0;
		}
		for (uint64_t k = 0; k < counter.length; k++)
			unit_require(counter.counts[k] == 0);
		free(bytes);
		free(counter.counts);
	}
	return true;
}

static bool
merge_is(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, int sign,
		 const uint8_t *wanted, size_t wanted_size)
{
	uint8_t *out = malloc(a_size + b_size);
	size_t size;
	bool good = sketch_merge(a, a_size, b, b_size, sign, out, &size) == SKETCH_MERGED &&
				size == wanted_size && memcmp(out, wanted, size) == 0;

	free(out);
	return good;
}

static bool
sketches_form_a_group(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		int bits = SKETCH_MIN_BITS + (int) unit_below(6);
		SketchCounter none;
		size_t a_size, b_size, none_size, sum_size;
		uint8_t *a = random_sketch(bits, &a_size), *b = random_sketch(bits, &b_size);
		uint8_t *zero, *sum = malloc(a_size + b_size);

		sketch_counter_init(&none, bits);
		zero = encode(&none, &none_size);
		unit_require(sketch_merge(a, a_size, b, b_size, 1, sum, &sum_size) == SKETCH_MERGED);
		unit_require(sketch_valid(sum, sum_size));
		unit_require(merge_is(b, b_size, a, a_size, 1, sum, sum_size));
		unit_require(merge_is(sum, sum_size, b, b_size, -1, a, a_size));
		unit_require(merge_is(a, a_size, zero, none_size, 1, a, a_size));
		unit_require(merge_is(a, a_size, a, a_size, -1, zero, none_size));
		free(a);
		free(b);
		free(sum);
		free(zero);
	}
	return true;
}

static bool
parts_add_up_to_the_whole(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		int bits = SKETCH_MIN_BITS + (int) unit_below(6), customers = (int) unit_below(100);
		SketchCounter part[2], whole;
		size_t size[2], whole_size;
		uint8_t *bytes[2], *whole_bytes;
		uint32_t first, last;

		sketch_counter_init(&part[0], bits);
		sketch_counter_init(&part[1], bits);
		sketch_counter_init(&whole, bits);
		for (int k = 0; k < customers; k++)
		{
			double value = unit_below(5) ? random_value() : 0;

			count(&part[unit_below(2)], value);
			count(&whole, value);
		}
		whole_bytes = encode(&whole, &whole_size);
		for (int k = 0; k < 2; k++)
			bytes[k] = encode(&part[k], &size[k]);
		unit_require(merge_is(bytes[0], size[0], bytes[1], size[1], 1, whole_bytes, whole_size));

		if (part[1].length > 0)
		{
			sketch_window(&part[1], &first, &last);
			free(sketch_window_move(
				&part[0], first, last,
				calloc(sketch_window_length(&part[0], first, last), sizeof(int64_t))));
		}
		unit_require(sketch_counter_add(&part[0], &part[1]));
		free(bytes[0]);
		bytes[0] = encode(&part[0], &size[0]);
		unit_require(size[0] == whole_size && memcmp(bytes[0], whole_bytes, whole_size) == 0);
		free(bytes[0]);
		free(bytes[1]);
		free(whole_bytes);
		free(part[0].counts);
		free(part[1].counts);
		free(whole.counts);
	}
	return true;
}

static bool
overflow_is_seen(void)
{
	uint8_t a[SKETCH_START_BYTES + SKETCH_ENTRY_BYTES], out[2 * sizeof(a)];
	SketchWriter writer;
	size_t size;

	sketch_write_start(&writer, a, 6, INT64_MIN);
	sketch_write(&writer, 7, INT64_MAX);
	unit_require(sketch_valid(a, writer.size));
	unit_require(sketch_merge(a, writer.size, a, writer.size, 1, out, &size) == SKETCH_OVERFLOW);
	sketch_write_start(&writer, a, 6, 0);
	sketch_write(&writer, (SKETCH_OCTAVES << 6) - 1, INT64_MAX);
	unit_require(sketch_valid(a, writer.size));
	unit_require(sketch_merge(a, writer.size, a, writer.size, 1, out, &size) == SKETCH_OVERFLOW);
	sketch_write_start(&writer, a, 6, 0);
	sketch_write(&writer, SKETCH_OCTAVES << 6, 1);
	return !sketch_valid(a, writer.size);
}

/* Damaged bytes are refused, or they are the one way to write another sketch. */
static bool
damage_is_refused_or_read(void)
{
	int refused = 0;

	for (int i = 0; i < ROUNDS * 10; i++)
	{
		int bits = SKETCH_MIN_BITS + (int) unit_below(3);
		SketchReader reader;
		SketchWriter writer;
		size_t size, length, other_size, merged_size;
		uint8_t *sketch = random_sketch(bits, &size), *other, *damaged, *out;
		bool good;

		length = unit_below(3) ? size : unit_below(size + 20);
		damaged = malloc(length ? length : 1);
		for (size_t k = 0; k < length; k++)
			damaged[k] = k < size ? sketch[k] : (uint8_t) unit_random();
		for (int k = (int) unit_below(4); k > 0 && length > 0; k--)
		{
			size_t at = unit_below(length), with = unit_below(length);
			uint8_t byte = damaged[at];

			if (unit_below(2))
				damaged[at] ^= (uint8_t) (1 << unit_below(8));
			else
			{
				damaged[at] = damaged[with];
				damaged[with] = byte;
			}
		}

		good = sketch_valid(damaged, length);
		refused += !good;
		if (good)
		{
			out = malloc(length);
			sketch_read_start(&reader, damaged, length);
			sketch_write_start(&writer, out, reader.bits, reader.zero);
			while (sketch_read(&reader) == SKETCH_BUCKET)
				sketch_write(&writer, (uint32_t) reader.bucket, reader.count);
			unit_require(writer.size == length && memcmp(out, damaged, length) == 0);
			free(out);
		}

		/* merging stays within its bounds whatever it is given */
		other = random_sketch(bits, &other_size);
		out = malloc(length + other_size);
		unit_require(good || sketch_merge(damaged, length, other, other_size, 1, out,
										  &merged_size) != SKETCH_MERGED);
		if (good && sketch_merge(damaged, length, other, other_size, -1, out, &merged_size) ==
						SKETCH_MERGED)
			unit_require(sketch_valid(out, merged_size));
		free(out);
		free(other);
		free(damaged);
		free(sketch);
	}
	return refused > ROUNDS;
}

/*
 * The measures of a sketch against those of the values themselves, customer by customer
 */

#define CUSTOMERS 300

static int
greatest_first(const void *a, const void *b)
{
	double x = *(const double *) a, y = *(const double *) b;

	return (x < y) - (x > y);
}

/* groups of one customer each are the exact distribution */
static void
group_exactly(const double *value, int customers, ValueGroup *groups, GroupedValues *values)
{
	values->groups = groups;
	values->count = (size_t) customers;
	values->customers = customers;
	values->total = 0;
	for (int i = 0; i < customers; i++)
	{
		groups[i] = (ValueGroup){value[i], 1};
		values->total += value[i];
	}
}

static void
group_by_bucket(const double *value, int customers, int bits, ValueGroup *groups,
				GroupedValues *values)
{
	values->groups = groups;
	values->count = 0;
	values->customers = customers;
	values->total = 0;
	for (int i = 0; i < customers; i++)
	{
		double middle = value[i] > 0 ? sketch_middle(sketch_bucket(value[i], bits), bits) : 0;

		if (values->count == 0 || groups[values->count - 1].value != middle)
			groups[values->count++] = (ValueGroup){middle, 0};
		groups[values->count - 1].customers++;
		values->total += middle;
	}
}

static int
random_values(double *value)
{
	int customers = 1 + (int) unit_below(CUSTOMERS), kind = (int) unit_below(5);

	for (int i = 0; i < customers; i++)
	{
		switch (kind)
		{
			case 0: /* lognormal, by the sum of twelve */
				value[i] = -6;
				for (int k = 0; k < 12; k++)
					value[i] += random_unit();
				value[i] = exp(2 * value[i] + 5);
				break;
			case 1:
				value[i] = 1 + 99 * random_unit();
				break;
			case 2: /* Pareto, 80 to 20 */
				value[i] = pow(1 - random_unit(), -1 / 1.16);
				break;
			case 3: /* all equal */
				value[i] = i > 0 ? value[0] : random_value();
				break;
			case 4:
				value[i] = random_value();
				break;
		}
		if (kind != 3 && unit_below(20) == 0)
			value[i] = 0;
	}
	qsort(value, (size_t) customers, sizeof(double), greatest_first);
	return value[0] > 0 ? customers : random_values(value);
}

/* share moved as far as the accuracy can move it: its odds by (1 + a) / (1 - a) */
static double
moved(double share, double accuracy, int direction)
{
	double factor = pow((1 + accuracy) / (1 - accuracy), direction);

	return share * factor / (1 - share + share * factor);
}

#define SLACK 1e-12 /* for the last digits */

static bool
measures_keep_their_bounds(void)
{
	for (int i = 0; i < ROUNDS * 2; i++)
	{
		double value[CUSTOMERS];
		ValueGroup single[CUSTOMERS], grouped[CUSTOMERS];
		GroupedValues exact, sketch;
		int bits = SKETCH_MIN_BITS + (int) unit_below(9), customers = random_values(value);
		double a = sketch_accuracy(bits), p = random_unit(), share, population, low, high;
		double curve[11], exact_curve[11], cut[2];
		size_t end[2], at_low, at_high;

		group_exactly(value, customers, single, &exact);
		group_by_bucket(value, customers, bits, grouped, &sketch);

		share = grouped_share(&exact, p);
		unit_require(fabs(grouped_share(&sketch, p) - share) <=
					 2 * a * share * (1 - share) / (1 - a) + SLACK);
		unit_require(fabs(grouped_share(&sketch, p) - share) <= a / 2 / (1 - a) + SLACK);

		population = grouped_population(&sketch, p);
		unit_require(population >= grouped_population(&exact, moved(p, a, -1)) - SLACK &&
					 population <= grouped_population(&exact, moved(p, a, 1)) + SLACK);

		unit_require(fabs(grouped_gini(&sketch) - grouped_gini(&exact)) <=
					 a / (1 - a) * fmin(1, 2 * (1 - grouped_gini(&exact))) + SLACK);

		unit_require(fabs(grouped_herfindahl(&sketch) / grouped_herfindahl(&exact) - 1) <=
					 4 * a / ((1 - a) * (1 - a)) + SLACK);

		grouped_lorenz(&exact, 10, exact_curve);
		grouped_lorenz(&sketch, 10, curve);
		for (int k = 0; k <= 10; k++)
		{
			unit_require(fabs(curve[k] - exact_curve[k]) <= a / 2 / (1 - a) + SLACK);
			unit_require(fabs(exact_curve[k] - (1 - grouped_share(&exact, 1 - k / 10.0))) <= SLACK);
		}

		/* a class ends in the bucket where the exact one does for a cut moved within the bound */
		cut[0] = p * 0.9;
		cut[1] = cut[0] + 0.1 * random_unit();
		grouped_classes(&sketch, cut, 2, false, end);
		for (int k = 0; k < 2; k++)
		{
			double lower = sketch_lower(sketch_bucket(sketch.groups[end[k] - 1].value, bits), bits);

			low = moved(cut[k], a, -1) - SLACK;
			high = moved(cut[k], a, 1) + SLACK;
			grouped_classes(&exact, &low, 1, false, &at_low);
			grouped_classes(&exact, &high, 1, false, &at_high);
			unit_require(lower <= exact.groups[at_low - 1].value &&
						 exact.groups[at_high - 1].value < lower * (1 + 2 * a));
		}
	}
	return true;
}

static bool
measures_of_few_are_right(void)
{
	ValueGroup three[] = {{5, 1}, {3, 1}, {2, 1}}, equal[] = {{4, 10}}, half[] = {{1, 2}, {0, 2}};
	GroupedValues values = {three, 3, 3, 10};
	double curve[4];
	double cut[] = {0.5, 0.8, 0.95};
	size_t end[3], last[2];

	unit_require(grouped_share(&values, 1 / 3.0) == 0.5 &&
				 grouped_population(&values, 0.65) == 0.5);
	unit_require(fabs(grouped_gini(&values) - 0.2) < SLACK);
	unit_require(fabs(grouped_herfindahl(&values) - 0.38) < SLACK);
	grouped_lorenz(&values, 3, curve);
	unit_require(curve[0] == 0 && curve[1] == 0.2 && curve[2] == 0.5 && curve[3] == 1);
	grouped_classes(&values, cut, 3, false, end);
	unit_require(end[0] == 1 && end[1] == 2 && end[2] == 3);
	grouped_classes(&values, cut, 3, true, end);
	unit_require(end[0] == 1 && end[1] == 2 && end[2] == 2);

	values = (GroupedValues){equal, 1, 10, 40};
	unit_require(grouped_gini(&values) == 0 && fabs(grouped_herfindahl(&values) - 0.1) < SLACK);
	unit_require(grouped_share(&values, 0.3) == 0.3 && grouped_population(&values, 0.3) == 0.3);
	grouped_computed(&values, last);
	unit_require(last[0] == 0 && last[1] == 0);

	values = (GroupedValues){half, 2, 4, 2};
	unit_require(grouped_gini(&values) == 0.5 && grouped_population(&values, 1) == 0.5);
	unit_require(grouped_share(&values, 0) == 0 && grouped_share(&values, 1) == 1);
	half[1].value = 1e-20;
	unit_require(grouped_population(&values, 1) == 1);
	return true;
}

int
main(void)
{
	unit_result(buckets_are_as_narrow_as_promised(),
				"every value lies within the accuracy of its bucket's middle");
	unit_result(bits_are_the_fewest(), "an accuracy takes no more bits than it needs");
	unit_result(the_ends_of_the_range_hold(), "the range ends where it says, within 64 kB");
	unit_result(stored_counts_come_back(), "stored counts come back");
	unit_result(sketches_form_a_group(), "sketches form an abelian group");
	unit_result(parts_add_up_to_the_whole(), "parts add up to the whole, byte for byte");
	unit_result(overflow_is_seen(), "overflow is seen");
	unit_result(damage_is_refused_or_read(), "damaged bytes are refused or are another sketch");
	unit_result(measures_of_few_are_right(), "measures of a few customers are right");
	unit_result(measures_keep_their_bounds(), "measures on sketches keep their error bounds");
	return unit_done();
}
