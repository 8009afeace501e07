/*
 * numeric_steps.c
 *	  The curve of values that need more than 38 digits, in the server's numeric.
 */
#include "concentration/numeric_steps.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "support/compat.h"
#include "support/numeric_decimal.h"

static Numeric
call2(PGFunction function, Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b)));
}

static int
compare(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a), NumericGetDatum(b)));
}

/* For qsort: the greatest first. */
static int
compare_down(const void *a, const void *b, void *unused)
{
	(void) unused;

	return compare(*(const Numeric *) b, *(const Numeric *) a);
}

void
numeric_steps(Collected *collected, NumericSteps *result)
{
	Values *values = &collected->values;
	Numeric above = int64_to_numeric(0);

	qsort_interruptible(values->keys.longs, values->count, sizeof(Numeric), compare_down, NULL);
	result->steps = palloc_extended(values->count * sizeof(NumericStep), MCXT_ALLOC_HUGE);
	result->count = 0;
	for (size_t i = 0, ties; i < values->count; i += ties)
	{
		NumericStep *step = &result->steps[result->count++];

		CHECK_FOR_INTERRUPTS();
		step->value = values->keys.longs[i];
		for (ties = 1; i + ties < values->count; ties++)
			if (compare(values->keys.longs[i + ties], step->value) != 0)
				break;
		step->customers = (int64) ties;
		step->above = above;
		above = call2(numeric_add, above,
					  call2(numeric_mul, step->value, int64_to_numeric(step->customers)));
	}
	result->total = above;
}

/*
 * The cut is taken times a power of ten, and so is what is compared with it: a product with a
 * whole number is exact, where one with a fraction may have more decimal places than a numeric can.
 */
const NumericStep *
numeric_steps_limit(const NumericSteps *steps, Decimal cut, bool up_to)
{
	Decimal share = {cut.mantissa, 0}, unit = {decimal_power(cut.scale), 0};
	Numeric threshold = call2(numeric_mul, steps->total, decimal_to_numeric(share));
	Numeric times = decimal_to_numeric(unit);
	size_t low = 0, high = steps->count - 1;

	/* what is above rises from step to step, and is 0 at the first */
	while (low < high)
	{
		size_t middle = high - (high - low) / 2;
		int order = compare(call2(numeric_mul, steps->steps[middle].above, times), threshold);

		if (up_to ? order <= 0 : order < 0)
			low = middle;
		else
			high = middle - 1;
	}
	return &steps->steps[low];
}

void
collected_grouped(Collected *collected, NumericSteps *steps, GroupedValues *grouped)
{
	numeric_steps(collected, steps);
	grouped->groups = palloc_extended((steps->count + 1) * sizeof(ValueGroup), MCXT_ALLOC_HUGE);
	grouped->count = steps->count;
	grouped->customers = collected->customers;
	grouped->total = 1;
	for (size_t i = 0; i < steps->count; i++)
	{
		Numeric share = call2(numeric_div, steps->steps[i].value, steps->total);

		CHECK_FOR_INTERRUPTS();
		grouped->groups[i].value =
			DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(share)));
		grouped->groups[i].customers = steps->steps[i].customers;
		pfree(share);
	}
	if (collected_idle(collected) > 0)
		grouped->groups[grouped->count++] = (ValueGroup){0, collected_idle(collected)};
}
