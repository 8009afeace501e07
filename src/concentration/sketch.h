/*
 * sketch.h
 *	  A bounded, mergeable summary of how a value is spread over customers. Plain C: knows nothing
 *	  of PostgreSQL.
 *
 * A sketch is a histogram of customers by value with buckets of equal relative width: each octave
 * [2^e, 2^(e+1)) is cut into 2^bits equal buckets. The bucket of a double is thus its exponent and
 * the top bits of its mantissa, found with a shift. A value stands for the middle of its bucket,
 * which is off by at most half a bucket: 2^-(bits+1) of the value, the sketch's accuracy.
 *
 * All a sketch holds are counts, 64-bit integers. Sketches of one accuracy therefore form an
 * abelian group under addition, exactly: merging depends on no order and loses nothing.
 */
#ifndef CUSTOMER_VALUE_SKETCH_H
#define CUSTOMER_VALUE_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Values from 2^-30 (9.3e-10) to below 2^97 (1.58e29) are told apart. What is less, or negative,
 * counts as 0. With the default accuracy all buckets together take 127 * 64 * 8 bytes, below 64 kB.
 */
#define SKETCH_MIN_EXPONENT (-30)
#define SKETCH_OCTAVES 127
#define SKETCH_MIN_VALUE 0x1p-30
#define SKETCH_LIMIT 0x1p97

/* From one to thirteen bits of the mantissa, and the accuracies that can be asked for thereby. */
#define SKETCH_MIN_BITS 1
#define SKETCH_MAX_BITS 13
#define SKETCH_FINEST 0x1p-14
#define SKETCH_COARSEST 0x1p-2
#define SKETCH_DEFAULT_ACCURACY 0.01

/* Bits for an accuracy between SKETCH_FINEST and SKETCH_COARSEST: the fewest that keep it. */
extern int sketch_bits(double accuracy);

/* The accuracy that so many bits give: half a bucket in relation to the bucket's lower bound. */
extern double sketch_accuracy(int bits);

/* The bucket of a value; the value must be in [SKETCH_MIN_VALUE, SKETCH_LIMIT). */
extern uint32_t sketch_bucket(double value, int bits);

/* Lower bound and middle of a bucket. */
extern double sketch_lower(uint32_t bucket, int bits);
extern double sketch_middle(uint32_t bucket, int bits);

/*
 * The sketch that an aggregate counts in: a window of whole octaves, grown as values come, with a
 * plain array of counts, so that counting a value is a shift and an increment.
 */
typedef struct SketchCounter
{
	int bits;
	uint64_t base;   /* sketch_number() of counts[0] */
	uint64_t length; /* number of counts, 0 at first */
	int64_t *counts;
	int64_t zero; /* customers whose value counts as 0 */
} SketchCounter;

/* All buckets of all doubles, numbered; a negative value, an infinity and a NaN come to numbers
 * beyond every window. */
static inline uint64_t
sketch_number(double value, int bits)
{
	uint64_t word;

	memcpy(&word, &value, sizeof(word));
	return word >> (52 - bits);
}

/* Counts a customer; false, with nothing done, if the value lies outside the counter's window. */
static inline bool
sketch_count(SketchCounter *counter, double value)
{
	uint64_t i = sketch_number(value, counter->bits) - counter->base;

	if (i >= counter->length)
		return false;
	counter->counts[i]++;
	return true;
}

extern void sketch_counter_init(SketchCounter *counter, int bits);

/* How many counts the window needs to take in the buckets from first to last as well. */
extern size_t sketch_window_length(const SketchCounter *counter, uint32_t first, uint32_t last);

/* Moves to such a window; counts is zeroed memory of that length, and the old counts are left to
 * the caller, who is given them. */
extern int64_t *sketch_window_move(SketchCounter *counter, uint32_t first, uint32_t last,
								   int64_t *counts);

/* First and last bucket of a counter's window, which must not be empty. */
extern void sketch_window(const SketchCounter *counter, uint32_t *first, uint32_t *last);

/* Where the counter counts a bucket, which must lie within its window. */
extern int64_t *sketch_counted(const SketchCounter *counter, uint32_t bucket);

/* Adds the counts of a counter of the same bits whose window lies within; false on overflow. */
extern bool sketch_counter_add(SketchCounter *counter, const SketchCounter *other);

/*
 * The stored form: version, flags (0), bits, then the count of zeros and, in rising order, for
 * each bucket with a count other than 0 its distance from the one before (the first: from the
 * one before bucket 0) and its count. Numbers are varints of seven bits a byte, the lowest first,
 * counts with their sign in the lowest bit. There is one way only to write a sketch, so that equal
 * sketches are equal bytes.
 */
#define SKETCH_VERSION 1
#define SKETCH_HEADER 3

/* Bytes that the stored form of a counter takes, and the writing of it. */
extern size_t sketch_encoded_size(const SketchCounter *counter);
extern void sketch_encode(const SketchCounter *counter, uint8_t *out);

/* Bytes that suffice for a sketch that is written bucket by bucket. */
#define SKETCH_COUNT_BYTES 10
#define SKETCH_ENTRY_BYTES (3 + SKETCH_COUNT_BYTES)
#define SKETCH_START_BYTES (SKETCH_HEADER + SKETCH_COUNT_BYTES)

typedef struct SketchWriter
{
	uint8_t *out; /* where to write; NULL only counts */
	size_t size;  /* bytes so far */
	int64_t last; /* bucket written last, -1 before the first */
} SketchWriter;

extern void sketch_write_start(SketchWriter *writer, uint8_t *out, int bits, int64_t zero);

/* Buckets must come in rising order; a count of 0 is left out. */
extern void sketch_write(SketchWriter *writer, uint32_t bucket, int64_t count);

typedef struct SketchReader
{
	const uint8_t *next;
	const uint8_t *end;
	int bits;
	int64_t zero;
	int64_t bucket; /* the current bucket, -1 before the first */
	int64_t count;  /* and its count */
} SketchReader;

typedef enum SketchRead
{
	SKETCH_BUCKET, /* the next bucket was read */
	SKETCH_END,    /* there is none */
	SKETCH_BROKEN  /* the bytes are no sketch */
} SketchRead;

/* Starts to read a stored form; false if its head is none. */
extern bool sketch_read_start(SketchReader *reader, const uint8_t *bytes, size_t length);
extern SketchRead sketch_read(SketchReader *reader);

/* Is all of it a sketch? */
extern bool sketch_valid(const uint8_t *bytes, size_t length);

typedef enum SketchMerge
{
	SKETCH_MERGED,
	SKETCH_OVERFLOW, /* a count does not fit 64 bits */
	SKETCH_CORRUPT   /* one of them is no sketch */
} SketchMerge;

/*
 * Writes a + sign * b of two stored sketches with the same bits, for a sign of 1 or -1, to out,
 * which has room for the length of both, and sets *size.
 */
extern SketchMerge sketch_merge(const uint8_t *a, size_t a_length, const uint8_t *b,
								size_t b_length, int sign, uint8_t *out, size_t *size);

#endif
