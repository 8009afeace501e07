/*
 * collect.h
 *	  What the exact aggregates and window functions collect: one state for all of them.
 */
#ifndef CUSTOMER_VALUE_COLLECT_H
#define CUSTOMER_VALUE_COLLECT_H

#include "postgres.h"

#include "support/values.h"

typedef struct Collected
{
	Values values;   /* those > 0 */
	int64 customers; /* all that are not NULL */

	/* The smallest of the values <= 0, if there are any. */
	Decimal least;      /* unless values.is_float: of those that a Decimal holds */
	Numeric long_least; /* of the others, or NULL */
	double float_least; /* if values.is_float */

	/* Argument beside the value: the same in all rows of a group. */
	bool has_parameter;
	bool parameter_by_value;
	Datum parameter;
} Collected;

extern void collected_init(Collected *collected, MemoryContext context, bool is_float);

static inline void
collected_add_decimal(Collected *collected, Decimal value)
{
	collected->customers++;
	if (likely(value.mantissa > 0))
		values_append_decimal(&collected->values, value);
	else if (decimal_compare(value, collected->least) < 0)
		collected->least = value;
}

/* What collected_add_numeric does with a number of more than 38 digits. */
extern void collected_add_long(Collected *collected, Numeric value);

/* Adds a numeric, which must be finite. */
static inline void
collected_add_numeric(Collected *collected, Datum value)
{
	Decimal decimal;

	if (likely(values_read_numeric(value, &decimal)))
		collected_add_decimal(collected, decimal);
	else
		collected_add_long(collected, DatumGetNumeric(value));
}

static inline void
collected_add_int64(Collected *collected, int64 value)
{
	if (likely(value > 0))
	{
		collected->customers++;
		values_append_int64(&collected->values, value);
	}
	else
	{
		Decimal decimal = {value, 0};

		collected_add_decimal(collected, decimal);
	}
}

static inline void
collected_add_float8(Collected *collected, double value)
{
	collected->customers++;
	if (likely(value > 0))
		values_append_float8(&collected->values, value);
	else if (value < collected->float_least)
		collected->float_least = value;
}

/* Customers whose value is <= 0. */
static inline int64
collected_idle(const Collected *collected)
{
	return collected->customers - (int64) collected->values.count;
}

/* The smallest of the values <= 0, of which there must be some, where values are exact. */
extern Numeric collected_least(const Collected *collected);

/*
 * The values > 0 at a glance, of which there must be some, and their sum. Sums and weights are
 * integers: multiples of 10^-scale, or of the quantum. False if the values or their sum need more
 * than 38 digits: the column is long then, and numeric_steps() is what there is for it.
 */
extern bool collected_survey(Collected *collected, SelectSurvey *survey);

/* select_points() among the values > 0. */
extern void collected_points(Collected *collected, const SelectSurvey *survey, bool by_count,
							 const wide *thresholds, int count, SelectPoint *points);

/* The weight of the i-th of the values > 0, in units of the total. */
static inline wide
collected_weight(const Collected *collected, int quantum, size_t i)
{
	const Values *values = &collected->values;

	if (values->is_wide)
		return values->keys.wides[i];
	if (values->is_float)
		return double_fixed(values->keys.narrow[i], quantum);
	return values->keys.narrow[i];
}

static inline wide
collected_key(const Collected *collected, size_t i)
{
	const Values *values = &collected->values;

	return values->is_wide ? values->keys.wides[i] : values->keys.narrow[i];
}

/* Sorts the values > 0, smallest first. */
extern void collected_sort(Collected *collected);

/* The state of an aggregate's transition or final function; NULL if no row has come yet. */
#define PG_GETARG_COLLECTED(n) (PG_ARGISNULL(n) ? NULL : (Collected *) PG_GETARG_POINTER(n))

#endif
