/*
 * buckets.c
 *	  Positive 64-bit keys, partitioned by their leading bits.
 */
#include "support/buckets.h"

#include <stdlib.h>
#include <string.h>

/* keys are read and written eight bytes at a time, so that each bucket has some to spare */
#define SPARE ((size_t) sizeof(uint64_t))

/* double keys have their octave and the next bits in front as they are */
#define DOUBLE_WIDTH (DOUBLE_MANTISSA_BITS - BUCKET_BITS)

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW_BYTES_FIRST(x) __builtin_bswap64(x)
#else
#define LOW_BYTES_FIRST(x) (x)
#endif

static inline uint32_t
number_of(bool is_double, int64_t key)
{
	int leading, octave;
	uint64_t bits;

	if (is_double)
		return (uint32_t) (key >> DOUBLE_WIDTH);
	leading = __builtin_clzll((uint64_t) key);
	octave = 63 - leading;
	bits = (uint64_t) key << leading << 1 >> (64 - BUCKET_BITS);
	return (uint32_t) octave << BUCKET_BITS | (uint32_t) bits;
}

int
bucket_width(bool is_double, uint32_t number)
{
	int octave = (int) (number >> BUCKET_BITS);

	if (is_double)
		return DOUBLE_WIDTH;
	return octave > BUCKET_BITS ? octave - BUCKET_BITS : 0;
}

int64_t
bucket_lower(bool is_double, uint32_t number)
{
	uint64_t octave = number >> BUCKET_BITS;
	uint64_t leading = UINT64_C(1) << BUCKET_BITS | (number & ((1 << BUCKET_BITS) - 1));

	if (is_double)
		return (int64_t) number << DOUBLE_WIDTH;
	return (int64_t) (octave > BUCKET_BITS ? leading << (octave - BUCKET_BITS)
										   : leading >> (BUCKET_BITS - octave));
}

static inline size_t
bytes_of(bool is_double, uint32_t number)
{
	return ((size_t) bucket_width(is_double, number) + 7) / 8;
}

size_t
buckets_window(bool is_double, const int64_t *keys, size_t n, uint32_t *first)
{
	int64_t least = keys[0], greatest = keys[0];

	for (size_t i = 1; i < n; i++)
	{
		least = keys[i] < least ? keys[i] : least;
		greatest = keys[i] > greatest ? keys[i] : greatest;
	}
	*first = number_of(is_double, least);
	return number_of(is_double, greatest) - *first + 1;
}

static inline void
count_keys(bool is_double, const int64_t *keys, size_t n, uint32_t first, KeyBucket *bucket)
{
	for (size_t i = 0; i < n; i++)
	{
		KeyBucket *b = &bucket[number_of(is_double, keys[i]) - first];

		b->keys++;
		b->excess += (uint64_t) keys[i];
	}
}

void
buckets_count(KeyBuckets *buckets, const int64_t *keys, size_t n, uint32_t first, size_t window,
			  KeyBucket *bucket)
{
	memset(bucket, 0, window * sizeof(KeyBucket));
	if (buckets->is_double)
		count_keys(true, keys, n, first, bucket);
	else
		count_keys(false, keys, n, first, bucket);

	buckets->keys = n;
	buckets->bucket = bucket;
	buckets->count = 0;
	for (size_t i = 0; i < window; i++)
	{
		KeyBucket found = bucket[i];

		if (found.keys == 0)
			continue;
		found.number = first + (uint32_t) i;
		found.excess -= (uwide) bucket_lower(buckets->is_double, found.number) * found.keys;
		bucket[buckets->count++] = found;
	}
	buckets_lay_out(buckets);
}

void
buckets_lay_out(KeyBuckets *buckets)
{
	size_t offset = 0;

	for (size_t i = 0; i < buckets->count; i++)
	{
		KeyBucket *bucket = &buckets->bucket[i];

		bucket->offset = offset;
		offset += bucket->keys * bytes_of(buckets->is_double, bucket->number) + SPARE;
	}
	buckets->size = offset;
}

static inline void
fill_keys(bool is_double, const int64_t *keys, size_t n, uint32_t first, char **cursor)
{
	for (size_t i = 0; i < n; i++)
	{
		uint32_t number = number_of(is_double, keys[i]);
		char **next = &cursor[number - first];
		uint64_t excess =
			(uint64_t) keys[i] & ((UINT64_C(1) << bucket_width(is_double, number)) - 1);

		excess = LOW_BYTES_FIRST(excess);
		memcpy(*next, &excess, sizeof(excess));
		*next += bytes_of(is_double, number);
	}
}

void
buckets_fill(KeyBuckets *buckets, const int64_t *keys, size_t n, uint32_t first, char **cursor)
{
	for (size_t i = 0; i < buckets->count; i++)
		cursor[buckets->bucket[i].number - first] = buckets->data + buckets->bucket[i].offset;
	if (buckets->is_double)
		fill_keys(true, keys, n, first, cursor);
	else
		fill_keys(false, keys, n, first, cursor);

	/* the spare bytes that no key has been written over */
	for (size_t i = 0; i < buckets->count; i++)
		memset(cursor[buckets->bucket[i].number - first], 0, SPARE);
}

ptrdiff_t
buckets_find(const KeyBuckets *buckets, uint32_t number)
{
	size_t low = 0, high = buckets->count;

	while (low < high)
	{
		size_t middle = (low + high) / 2;

		if (buckets->bucket[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < buckets->count && buckets->bucket[low].number == number ? (ptrdiff_t) low : -1;
}

bool
buckets_read(const KeyBuckets *buckets, size_t place, int64_t *keys)
{
	const KeyBucket *bucket = &buckets->bucket[place];
	const char *p = buckets->data + bucket->offset;
	int width = bucket_width(buckets->is_double, bucket->number);
	size_t bytes = bytes_of(buckets->is_double, bucket->number);
	uint64_t mask = bytes == 0 ? 0 : UINT64_MAX >> (64 - 8 * bytes);
	uint64_t lower = (uint64_t) bucket_lower(buckets->is_double, bucket->number);
	uint64_t seen = 0;

	for (uint64_t i = 0; i < bucket->keys; i++, p += bytes)
	{
		uint64_t excess;

		memcpy(&excess, p, sizeof(excess));
		excess = LOW_BYTES_FIRST(excess) & mask;
		seen |= excess;
		keys[i] = (int64_t) (lower + excess);
	}
	return seen >> width == 0;
}

bool
bucket_is_valid(bool is_double, const KeyBucket *bucket)
{
	/* beyond the last there are infinities, and integers of 64 bits */
	uint32_t end = is_double ? UINT32_C(0x7FF) << BUCKET_BITS : UINT32_C(63) << BUCKET_BITS;
	uwide most;

	if (bucket->number >= end || bucket->keys == 0)
		return false;
	most = ((UINT64_C(1) << bucket_width(is_double, bucket->number)) - 1) * (uwide) bucket->keys;
	return bucket->excess <= most;
}

bool
bucket_weight(bool is_double, const KeyBucket *bucket, int quantum, uwide *weight)
{
	uint64_t lower = (uint64_t) bucket_lower(is_double, bucket->number);

	if (is_double)
	{
		int exponent = (int) (lower >> DOUBLE_MANTISSA_BITS);

		lower &= (UINT64_C(1) << DOUBLE_MANTISSA_BITS) - 1;
		if (exponent > 0)
			lower |= UINT64_C(1) << DOUBLE_MANTISSA_BITS;
		else
			exponent = 1;
		if (exponent < quantum)
			return false;
		*weight = ((uwide) lower * bucket->keys + bucket->excess) << (exponent - quantum);
		return true;
	}
	*weight = (uwide) lower * bucket->keys + bucket->excess;
	return true;
}
