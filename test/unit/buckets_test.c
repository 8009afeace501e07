/* sources: support/buckets.c support/select.c support/decimal.c */
/*
 * buckets_test.c
 *	  Keys in buckets: all come back, each from the bucket it belongs to, and weigh what they weigh.
 */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "support/buckets.h"
#include "unit.h"

#define ROUNDS 600
#define MOST 3000

static int64_t
random_key(bool is_double, int round)
{
	int64_t key;

	if (!is_double)
	{
		key = (int64_t) (unit_random() >> (1 + unit_below(1 + (uint64_t) round % 63)));
		return key > 0 ? key : 1;
	}
	do
		key = (int64_t) (unit_random() >> 1 >> (round % 3 ? 0 : unit_below(12)));
	while (key == 0 || key > double_key(DBL_MAX));
	return round % 3 == 1 ? double_key(1 + (double) unit_below(100000) / 100) : key;
}

/* Everything about one partitioned column. */
static bool
column_is_right(bool is_double, const int64_t *keys, size_t n)
{
	KeyBuckets buckets = {.is_double = is_double};
	uint32_t first;
	size_t window = buckets_window(is_double, keys, n, &first), at = 0;
	KeyBucket *room = malloc(window * sizeof(KeyBucket));
	char **cursor = malloc(window * sizeof(char *));
	int64_t *sorted = malloc(n * sizeof(int64_t)), *read = malloc(n * sizeof(int64_t));
	int quantum;
	wide total = 0, weight_of_all = 0;

	memcpy(sorted, keys, n * sizeof(int64_t));
	sort_narrow(sorted, n, NULL);
	quantum = is_double ? double_quantum(sorted[n - 1], n) : 0;
	buckets_count(&buckets, keys, n, first, window, room);
	buckets.data = malloc(buckets.size);
	buckets_fill(&buckets, keys, n, first, cursor);

	for (size_t i = 0; i < buckets.count; i++)
	{
		KeyBucket *bucket = &buckets.bucket[i];
		int64_t lower = bucket_lower(is_double, bucket->number);
		uwide weight = 0;

		unit_require(bucket_is_valid(is_double, bucket));
		unit_require(buckets_find(&buckets, bucket->number) == (ptrdiff_t) i);
		unit_require(buckets_read(&buckets, i, read + at));
		sort_narrow(read + at, bucket->keys, NULL);
		unit_require(read[at] >= lower);
		unit_require((uint64_t) (read[at + bucket->keys - 1] - lower) >>
						 bucket_width(is_double, bucket->number) ==
					 0);
		if (!bucket_weight(is_double, bucket, quantum, &weight))
			for (size_t k = 0; k < bucket->keys; k++)
				weight += (uwide) double_fixed(read[at + k], quantum);
		weight_of_all += (wide) weight;
		at += bucket->keys;
	}
	for (size_t i = 0; i < n; i++)
		total += is_double ? double_fixed(keys[i], quantum) : keys[i];
	unit_require(at == n && memcmp(read, sorted, n * sizeof(int64_t)) == 0);
	unit_require(total == weight_of_all);
	unit_require(buckets_find(&buckets, first + (uint32_t) window) == -1);

	free(room);
	free(cursor);
	free(sorted);
	free(read);
	free(buckets.data);
	return true;
}

static bool
columns_are_right(void)
{
	static int64_t keys[MOST];

	for (int round = 0; round < ROUNDS; round++)
	{
		size_t n = 1 + unit_below(MOST);
		bool is_double = round % 2;

		for (size_t i = 0; i < n; i++)
			keys[i] = random_key(is_double, round / 2);
		unit_require(column_is_right(is_double, keys, n));
	}
	return true;
}

static bool
ends_are_right(void)
{
	const int64_t integers[] = {
		1, 2, 63, 64, 65, 127, 128, 129, (INT64_C(1) << 53) + 1, (INT64_C(1) << 54) - 1, INT64_MAX};
	const int64_t doubles[] = {double_key(5e-324), double_key(DBL_MIN), double_key(1),
							   double_key(DBL_MAX)};

	unit_require(column_is_right(false, integers, sizeof(integers) / sizeof(*integers)));
	unit_require(column_is_right(true, doubles, sizeof(doubles) / sizeof(*doubles)));
	unit_require(!bucket_is_valid(true, &(KeyBucket){.number = 0x7FF << BUCKET_BITS, .keys = 1}));
	unit_require(!bucket_is_valid(false, &(KeyBucket){.number = 63 << BUCKET_BITS, .keys = 1}));
	unit_require(!bucket_is_valid(false, &(KeyBucket){.number = 1, .keys = 0}));
	unit_require(!bucket_is_valid(false, &(KeyBucket){.number = 1, .keys = 1, .excess = 1}));
	return true;
}

/* Keys beyond the end of their bucket are seen. */
static bool
damage_is_seen(void)
{
	int64_t keys[2] = {1 << 20, 1 << 20};
	KeyBucket room;
	KeyBuckets buckets = {.is_double = false};
	char data[64], *cursor;

	buckets_count(&buckets, keys, 2, (uint32_t) 20 << BUCKET_BITS, 1, &room);
	unit_require(buckets.count == 1 && buckets.size <= sizeof(data));
	buckets.data = data;
	buckets_fill(&buckets, keys, 2, (uint32_t) 20 << BUCKET_BITS, &cursor);
	unit_require(buckets_read(&buckets, 0, keys) && keys[1] == 1 << 20);
	data[1] = (char) 0xFF;
	unit_require(!buckets_read(&buckets, 0, keys));
	return true;
}

int
main(void)
{
	unit_result(columns_are_right(), "keys come back from their buckets, and weigh the same");
	unit_result(ends_are_right(), "the least and the greatest keys too");
	unit_result(damage_is_seen(), "a key beyond the end of its bucket is seen");
	return unit_done();
}
