/*
 * select.h
 *	  Selection and sorting of integer keys, in place. Plain C: knows nothing of PostgreSQL.
 *
 * Selection asks: which is the smallest key k such that the keys greater than k weigh less than t?
 * With weight 1 a key that is the t-th largest; with a key's own value as its weight it is where
 * the running total from the top crosses t. Nothing is sorted for it: the keys are counted into
 * buckets by their leading bits, and only the bucket in which the answer lies is looked into.
 *
 * All of these permute the keys and need no memory beside them. Doubles are handled through
 * double_key(), an integer that sorts as the double does.
 */
#ifndef CUSTOMER_VALUE_SELECT_H
#define CUSTOMER_VALUE_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/decimal.h"

/* Called between passes over many keys, so that the caller can be interrupted; may be NULL. */
typedef void (*SelectPause)(void);

/*
 * results[i] becomes the smallest of the keys such that the weights of all greater keys add up to
 * less than thresholds[i]. n > 0; the thresholds are positive and do not fall.
 *
 * by_count: each key weighs 1, so a threshold t asks for the t-th largest (the smallest, if t > n).
 * by_value: each key weighs what it is; keys are positive and their sum is below 2^127.
 * double_by_value: keys are double_key() of positive doubles, weighing double_fixed(key, quantum).
 */
extern void select_narrow_by_count(int64_t *keys, size_t n, const wide *thresholds, int count,
								   int64_t *results, SelectPause pause);
extern void select_wide_by_count(wide *keys, size_t n, const wide *thresholds, int count,
								 wide *results, SelectPause pause);
extern void select_narrow_by_value(int64_t *keys, size_t n, const wide *thresholds, int count,
								   int64_t *results, SelectPause pause);
extern void select_wide_by_value(wide *keys, size_t n, const wide *thresholds, int count,
								 wide *results, SelectPause pause);
extern void select_double_by_value(int64_t *keys, size_t n, int quantum, const wide *thresholds,
								   int count, int64_t *results, SelectPause pause);

/* Sorts the keys, smallest first. */
extern void sort_narrow(int64_t *keys, size_t n, SelectPause pause);
extern void sort_wide(wide *keys, size_t n, SelectPause pause);

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
