/*
 * comparison.h
 *	  The functions behind = <> < <= > >= and the operator classes of a type. Its order has no meaning but
 *	  that there is one: for DISTINCT, UNIQUE, sorting and merging.
 */
#ifndef CUSTOMER_VALUE_COMPARISON_H
#define CUSTOMER_VALUE_COMPARISON_H

#include "postgres.h"

#include "fmgr.h"

#include "support/compat.h"

/* The order of bytes: below, at or above 0. */
static inline int
compare_bytes(const void *a, size_t length_a, const void *b, size_t length_b)
{
	int order = memcmp(a, b, Min(length_a, length_b));

	return order != 0 ? order : (length_a > length_b) - (length_a < length_b);
}

#define COMPARISON(name, type, result)      \
	PG_FUNCTION(name);                      \
	Datum name(PG_FUNCTION_ARGS)            \
	{                                       \
		int order = type##_compare(fcinfo); \
                                            \
		PG_RETURN_DATUM(result);            \
	}                                       \
	extern Datum name(PG_FUNCTION_ARGS)

/* Defines the functions of a type by static int type_compare(FunctionCallInfo fcinfo). */
#define COMPARISONS(type)                                  \
	COMPARISON(type##_eq, type, BoolGetDatum(order == 0)); \
	COMPARISON(type##_ne, type, BoolGetDatum(order != 0)); \
	COMPARISON(type##_lt, type, BoolGetDatum(order < 0));  \
	COMPARISON(type##_le, type, BoolGetDatum(order <= 0)); \
	COMPARISON(type##_gt, type, BoolGetDatum(order > 0));  \
	COMPARISON(type##_ge, type, BoolGetDatum(order >= 0)); \
	COMPARISON(type##_cmp, type, Int32GetDatum((order > 0) - (order < 0)))

#endif
