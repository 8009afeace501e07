/* sources: lifetime/closed_form.c */
/*
 * closed_form_test.c
 *	  The closed forms of lifetime value against their series, summed in long double.
 */
#include <math.h>

#include "lifetime/closed_form.h"
#include "unit.h"

#define ROUNDS 20000

static double
random_between(double low, double high)
{
	return low + (high - low) * ((double) (unit_random() >> 11) / (double) (UINT64_C(1) << 53));
}

static bool
near(double value, long double expected)
{
	return fabsl((long double) value - expected) <= 1e-12L * fabsl(expected);
}

static bool
periods_are_the_series(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		double retention = random_between(0, 1);
		double discount = random_between(-0.5, 1);
		int periods = (int) unit_below(60);
		long double sum = 0, term = 1, factor;

		/* as often as not very near to the limit, where 1 - q^n cancels */
		if (unit_below(2))
			discount = retention - 1 + random_between(-1, 1) * pow(10, -(double) unit_below(17));
		if (discount <= -0.99)
			continue;
		factor = (long double) retention / (1 + (long double) discount);
		for (int t = 0; t < periods; t++, term *= factor)
			sum += term;
		unit_require(near(contract_value_periods(7, retention, discount, periods, true), 7 * sum));
		unit_require(
			near(contract_value_periods(7, retention, discount, periods, false), 7 * sum * factor));
	}
	return true;
}

static bool
endless_is_the_limit(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		double retention = random_between(0, 0.99), discount = random_between(0.01, 1);
		double start = contract_value(7, retention, discount, true);
		double end = contract_value(7, retention, discount, false);

		unit_require(near(contract_value_periods(7, retention, discount, 100000, true), start));
		unit_require(near(contract_value_periods(7, retention, discount, 100000, false), end));
		unit_require(near(start - end, 7)); /* the payment made at once */
	}
	return true;
}

static bool
flows_are_the_sum(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		double flows[20], discount = random_between(-0.5, 1);
		size_t count = unit_below(21);
		long double sum = 0, factor = 1;

		for (size_t t = 0; t < count; t++, factor *= 1 + (long double) discount)
		{
			flows[t] = random_between(0, 1000);
			sum += flows[t] / factor;
		}
		unit_require(near(present_value(flows, count, discount), sum));
	}
	return true;
}

int
main(void)
{
	unit_result(periods_are_the_series(),
				"a finite horizon is the series, also where retention meets 1 + discount");
	unit_result(endless_is_the_limit(), "many periods come to the endless horizon");
	unit_result(flows_are_the_sum(), "cash flows are discounted one by one");
	return unit_done();
}
