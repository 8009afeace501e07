/*
 * cutoffs.h
 *	  Where the classes of an ABC analysis end. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_CUTOFFS_H
#define CUSTOMER_VALUE_CUTOFFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/decimal.h"

/* n cuts make n + 1 classes, and there are letters for 26 */
#define ABC_MOST_CUTS 25
#define ABC_MOST_CLASSES (ABC_MOST_CUTS + 1)

/* A number of more digits than a Decimal has, in a form that only the caller knows. */
typedef struct AbcLongNumber
{
	const char *bytes;
	uint32_t length;
} AbcLongNumber;

/*
 * Values are keys, integers that sort as the values do: mantissas at one scale, or double_key() of
 * a double (support/select.h). Where 38 digits do not suffice for the total or for a common scale of
 * the limits, all of these are long numbers.
 */
typedef struct AbcCutoffs
{
	bool is_float;
	bool is_long;     /* not is_float */
	bool is_computed; /* from the data alone: A, B and C, no cuts */
	int cuts;         /* classes - 1; from 1 to ABC_MOST_CUTS */
	int scale;        /* of the limits; 0 if is_float */
	int64_t customers;

	/* Sum of the values > 0. */
	Decimal total;            /* unless is_float or is_long */
	double float_total;       /* if is_float */
	AbcLongNumber long_total; /* if is_long */

	/* The share of the total at which each class ends, but the last; unless is_computed. */
	Decimal cut[ABC_MOST_CUTS];

	/* The smallest value from each class upwards: a class that has the same as the one before is
	 * empty. What is below limit[i] is in class i + 1 or further down. */
	wide limit[ABC_MOST_CLASSES];
	AbcLongNumber long_limit[ABC_MOST_CLASSES]; /* instead, if is_long */
} AbcCutoffs;

/* Stored form: native byte order, any alignment, at most ABC_MOST_BYTES beside long numbers. */
#define ABC_MOST_BYTES (32 + 16 * ABC_MOST_CLASSES + 17 * ABC_MOST_CUTS)
extern size_t abc_most_bytes(const AbcCutoffs *cutoffs);

/* Brings a cut-off and its numbers to the one form in which equal ones have equal bytes; long
 * numbers are up to the caller. */
extern void abc_canonical(AbcCutoffs *cutoffs);

/* What is wrong with it, as the end of "… of abc_cutoffs", or NULL if nothing is. Long numbers are
 * up to the caller. */
extern const char *abc_problem(const AbcCutoffs *cutoffs);

/* Writes the stored form of a canonical one; returns its length. */
extern size_t abc_pack(const AbcCutoffs *cutoffs, char *bytes);

/* Reads the stored form, to which long numbers point; false if the bytes are none. What they say is
 * up to abc_problem(). */
extern bool abc_unpack(const char *bytes, size_t length, AbcCutoffs *cutoffs);

/* Does the class before it already reach down as far? */
extern bool abc_class_is_empty(const AbcCutoffs *cutoffs, int class_number);

/* Is a stored form one with long numbers? */
extern bool abc_is_long(const char *bytes);

/*
 * The number of the class, from 0, to which a value belongs, straight from a stored form without
 * long numbers. The
 * value is exact or a double as the function says. One that is not of the cut-offs' own kind is
 * compared with them as a double, but whole numbers are exact in either.
 */
extern int abc_class_of_decimal(const char *bytes, Decimal value);
extern int abc_class_of_double(const char *bytes, double value);

#endif
