/*
 * summary.h
 *	  What the classes of an ABC analysis hold: abc_summary.
 */
#ifndef CUSTOMER_VALUE_SUMMARY_H
#define CUSTOMER_VALUE_SUMMARY_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/numeric.h"

#include "concentration/collect.h"

typedef struct AbcClass
{
	int64 customers;
	Numeric value; /* what those above 0 add up to */
	double value_share;
	Numeric smallest, largest; /* NULL if there are no customers */
} AbcClass;

/* The classes as abc_class_summary[], the result type of the function called. */
extern Datum abc_summary_datum(FunctionCallInfo fcinfo, const AbcClass *classes, int count);

/* Where each class but the last ends: the lowest of its values (crossing), or the highest that is no
 * longer one (up_to). */
extern void abc_points(Collected *collected, const CollectedSurvey *survey, const Decimal *cut,
					   int cuts, bool up_to, SelectPoint *points);

/* The double of a sum of weights; 22003 if there is none. */
extern double abc_float_sum(const CollectedSurvey *survey, wide weight);

#endif
