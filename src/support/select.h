/*
 * select.h
 *	  Selection and sorting of integer keys, in place. Plain C: knows nothing of PostgreSQL.
 *
 * Selection asks: which is the smallest key k such that the keys greater than k weigh less than t?
 * With weight 1 that is the t-th largest key; with a key's own value as its weight it is where the
 * running total from the top crosses t. Nothing is sorted for it: a survey counts the keys into
 * buckets by their leading bits, and only the buckets in which answers lie are looked into.
 *
 * All of these permute the keys and need no memory but on the stack. Doubles are handled through
 * double_key(), an integer that sorts as the double does.
 */
#ifndef CUSTOMER_VALUE_SELECT_H
#define CUSTOMER_VALUE_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "support/decimal.h"

/* Called between passes over many keys, so that the caller can be interrupted; may be NULL. */
typedef void (*SelectPause)(void);

typedef enum SelectKind
{
	SELECT_NARROW, /* int64_t, weighing what it is */
	SELECT_WIDE,   /* wide, weighing what it is */
	SELECT_DOUBLE  /* int64_t, double_key() of a positive double, weighing double_fixed() of it */
} SelectKind;

#define SELECT_BUCKET_BITS 9
#define SELECT_BUCKETS (1 << SELECT_BUCKET_BITS)

/* The keys at a glance. */
typedef struct SelectSurvey
{
	wide total;  /* weight of all keys; for the caller to know that it is below 2^127 */
	int quantum; /* of the weights, for doubles: see double_fixed() */
	wide least;
	int shift; /* a key's bucket is (key - least) >> shift */
	int top;   /* bucket of the greatest key */
	struct
	{
		size_t keys;
		uwide weight;
	} bucket[SELECT_BUCKETS];
} SelectSurvey;

/* What was asked for, and what is greater than that: the number of keys and their weight. */
typedef struct SelectPoint
{
	wide key;
	size_t ties; /* how many keys are equal to it */
	size_t above;
	wide weight_above;
} SelectPoint;

/* Surveys n > 0 keys. */
extern void select_survey(SelectKind kind, const void *keys, size_t n, SelectSurvey *survey);

/*
 * points[i] becomes that of the smallest of the surveyed keys above which there is less than
 * thresholds[i]: fewer keys, if by_count, or else less weight, which is for positive keys. The
 * thresholds are positive and do not fall.
 */
extern void select_points(SelectKind kind, void *keys, size_t n, const SelectSurvey *survey,
						  bool by_count, const wide *thresholds, int count, SelectPoint *points,
						  SelectPause pause);

/* The same among some of the keys, all of those in a range, where at is what lies above that and the
 * answers lie in it. */
extern void select_points_within(SelectKind kind, void *keys, size_t n, int quantum, bool by_count,
								 SelectPoint at, const wide *thresholds, int count,
								 SelectPoint *points, SelectPause pause);

/* The t-th largest keys alone, for each threshold t; the smallest if there are not so many. */
extern void select_narrow_by_count(int64_t *keys, size_t n, const wide *thresholds, int count,
								   int64_t *results, SelectPause pause);
extern void select_wide_by_count(wide *keys, size_t n, const wide *thresholds, int count,
								 wide *results, SelectPause pause);

/* Sorts the keys, smallest first. */
extern void sort_narrow(int64_t *keys, size_t n, SelectPause pause);
extern void sort_wide(wide *keys, size_t n, SelectPause pause);

static inline int
bit_length(uwide x)
{
	uint64_t high = (uint64_t) (x >> 64), low = (uint64_t) x;

	return high != 0 ? 128 - __builtin_clzll(high) : low != 0 ? 64 - __builtin_clzll(low) : 0;
}

/* An integer that sorts as the double does; -0 counts as 0. The double must not be a NaN. */
static inline int64_t
double_key(double value)
{
	int64_t bits;

	value += 0.0;
	memcpy(&bits, &value, sizeof(bits));
	return bits ^ ((bits >> 63) & INT64_MAX);
}

/* The double of a key. */
static inline double
double_of_key(int64_t key)
{
	double value;

	key ^= (key >> 63) & INT64_MAX;
	memcpy(&value, &key, sizeof(value));
	return value;
}

#define DOUBLE_MANTISSA_BITS 52
#define DOUBLE_UNIT_EXPONENT 1075 /* of the last bit of a mantissa, as doubles bias it */

/*
 * Doubles are added as integer multiples of a quantum, since their sum must not depend on the order
 * in which they come. double_quantum gives the exponent of the quantum for n positive doubles up to
 * that of the key greatest: as fine as is possible with a sum below 2^126. What a double has below
 * the quantum is cut off: with a million values that touches those below 2^-53 of the greatest.
 */
static inline int
double_quantum(int64_t greatest, size_t n)
{
	int exponent = (int) (greatest >> DOUBLE_MANTISSA_BITS);
	int bits = 0;

	while (bits < 63 && ((size_t) 1 << bits) < n)
		bits++;
	return (exponent > 0 ? exponent : 1) - (126 - (DOUBLE_MANTISSA_BITS + 1) - bits);
}

/* The positive double of a key as a multiple of the quantum, cut off. */
static inline wide
double_fixed(int64_t key, int quantum)
{
	int exponent = (int) (key >> DOUBLE_MANTISSA_BITS);
	int64_t mantissa = key & ((INT64_C(1) << DOUBLE_MANTISSA_BITS) - 1);
	int shift;

	if (exponent > 0)
		mantissa |= INT64_C(1) << DOUBLE_MANTISSA_BITS;
	else
		exponent = 1;
	shift = exponent - quantum;
	if (shift >= 0)
		return (wide) mantissa << shift;
	return shift > -64 ? mantissa >> -shift : 0;
}

#endif
