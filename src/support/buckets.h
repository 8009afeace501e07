/*
 * buckets.h
 *	  Positive 64-bit keys, partitioned by their leading bits. Plain C: knows nothing of PostgreSQL.
 *
 * Each octave is cut into 2^BUCKET_BITS buckets, so that a key's bucket depends on nothing but the
 * key: parts of a column that were partitioned apart fit together bucket by bucket. Of each bucket
 * there is the number of its keys and their sum; the keys themselves are kept in no order, as what
 * they have beyond the bucket's lower bound, in as few bytes as that takes. Who looks for a point of
 * the column reads the keys of one bucket; who wants them sorted sorts bucket by bucket, each small
 * enough for a processor's cache.
 *
 * Keys are integers or double_key() of doubles (support/select.h).
 */
#ifndef CUSTOMER_VALUE_BUCKETS_H
#define CUSTOMER_VALUE_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/select.h"

#define BUCKET_BITS 6

/* so many numbers of buckets there are */
#define BUCKETS_MOST (UINT32_C(1) << (63 - DOUBLE_MANTISSA_BITS + BUCKET_BITS))

typedef struct KeyBucket
{
	uint32_t number;
	uint64_t keys;
	uwide excess;  /* what the keys have beyond the lower bound, added up */
	size_t offset; /* of the keys in the data */
} KeyBucket;

typedef struct KeyBuckets
{
	bool is_double;
	size_t keys;       /* of all buckets */
	KeyBucket *bucket; /* those that have keys, in rising order */
	size_t count;
	char *data;
	size_t size; /* of the data */
} KeyBuckets;

/* First bucket of n > 0 keys, and how many there are from that to the last. */
extern size_t buckets_window(bool is_double, const int64_t *keys, size_t n, uint32_t *first);

/*
 * Counts keys into their window, whose room is bucket[]; what is empty is left out again. After it
 * the data's size is known, and buckets_fill() writes them, with cursor[], a window too, for
 * scratch.
 */
extern void buckets_count(KeyBuckets *buckets, const int64_t *keys, size_t n, uint32_t first,
						  size_t window, KeyBucket *bucket);
extern void buckets_fill(KeyBuckets *buckets, const int64_t *keys, size_t n, uint32_t first,
						 char **cursor);

/* Sets the offsets and the size, from the numbers of keys. */
extern void buckets_lay_out(KeyBuckets *buckets);

/* The place of a bucket among those that have keys, or -1. */
extern ptrdiff_t buckets_find(const KeyBuckets *buckets, uint32_t number);

/* Reads the keys of a bucket; false if one is beyond its upper end. */
extern bool buckets_read(const KeyBuckets *buckets, size_t place, int64_t *keys);

/* Are the number of a bucket, and its keys' number and sum, what keys can have? */
extern bool bucket_is_valid(bool is_double, const KeyBucket *bucket);

/* What the keys weigh: their sum, or that of their doubles as multiples of a quantum; false if the
 * quantum cuts doubles of this size off, which is done to each by itself. */
extern bool bucket_weight(bool is_double, const KeyBucket *bucket, int quantum, uwide *weight);

/* The least key of a bucket, and how many bits keys have beyond it. */
extern int64_t bucket_lower(bool is_double, uint32_t number);
extern int bucket_width(bool is_double, uint32_t number);

#endif
