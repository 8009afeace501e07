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

/*
 * Values are keys, integers that sort as the values do: mantissas at one scale, or double_key() of
 * a double (support/select.h).
 */
typedef struct AbcCutoffs
{
	bool is_float;
	bool is_computed; /* from the data alone: A, B and C, no cuts */
	int cuts;         /* classes - 1; from 1 to ABC_MOST_CUTS */
	int scale;        /* of the limits; 0 if is_float */
	int64_t customers;

	/* Sum of the values > 0. */
	Decimal total;      /* unless is_float */
	double float_total; /* if is_float */

	/* The share of the total at which each class ends, but the last; unless is_computed. */
	Decimal cut[ABC_MOST_CUTS];

	/* The smallest value from each class upwards: a class that has the same as the one before is
	 * empty. What is below limit[i] is in class i + 1 or further down. */
	wide limit[ABC_MOST_CLASSES];
} AbcCutoffs;

/* Stored form: native byte order, any alignment, at most ABC_MOST_BYTES. */
#define ABC_MOST_BYTES (32 + 16 * ABC_MOST_CLASSES + 17 * ABC_MOST_CUTS)

/* Brings a cut-off and its numbers to the one form in which equal ones have equal bytes. */
extern void abc_canonical(AbcCutoffs *cutoffs);

/* What is wrong with it, as the end of "… of abc_cutoffs", or NULL if nothing is. */
extern const char *abc_problem(const AbcCutoffs *cutoffs);

/* Writes the stored form of a canonical one; returns its length. */
extern size_t abc_pack(const AbcCutoffs *cutoffs, char *bytes);

/* Reads the stored form; false if the bytes are none. What they say is up to abc_problem(). */
extern bool abc_unpack(const char *bytes, size_t length, AbcCutoffs *cutoffs);

/* Does the class before it already reach down as far? */
static inline bool
abc_class_is_empty(const AbcCutoffs *cutoffs, int class_number)
{
	return class_number > 0 && cutoffs->limit[class_number] == cutoffs->limit[class_number - 1];
}

/*
 * The number of the class, from 0, to which a value belongs, straight from the stored form. The
 * value is exact or a double as the function says. One that is not of the cut-offs' own kind is
 * compared with them as a double, but whole numbers are exact in either.
 */
extern int abc_class_of_decimal(const char *bytes, Decimal value);
extern int abc_class_of_double(const char *bytes, double value);

#endif
