/*
 * numeric_steps.h
 *	  The curve of values that need more than 38 digits, in the server's numeric.
 *
 * Slower than what select.h does with integers and as exact. A step is a value and the customers
 * who have it; steps come with the greatest value first.
 */
#ifndef CUSTOMER_VALUE_NUMERIC_STEPS_H
#define CUSTOMER_VALUE_NUMERIC_STEPS_H

#include "concentration/collect.h"
#include "concentration/grouped.h"

typedef struct NumericStep
{
	Numeric value;
	int64 customers;
	Numeric above; /* what all greater values add up to */
} NumericStep;

typedef struct NumericSteps
{
	NumericStep *steps;
	size_t count;
	Numeric total;
} NumericSteps;

/* The steps of a long column, which is sorted thereby. */
extern void numeric_steps(Collected *collected, NumericSteps *steps);

/*
 * The step with which the class ends whose share of the total is cut: the last above which there is
 * less than that (crossing), or with which it is exceeded (up_to).
 */
extern const NumericStep *numeric_steps_limit(const NumericSteps *steps, Decimal cut, bool up_to);

/*
 * The steps of a long column for grouped.h: values are shares of the total, which keeps them in the
 * range of a double, and those customers who carry nothing are the last step.
 */
extern void collected_grouped(Collected *collected, NumericSteps *steps, GroupedValues *grouped);

#endif
