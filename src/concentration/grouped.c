/*
 * grouped.c
 *	  Measures of concentration of customers who are grouped by value.
 */
#include "concentration/grouped.h"

double
grouped_share(const GroupedValues *values, double top)
{
	double customers = (double) values->customers;
	CurveSum sum = {0, 0};
	int64_t above = 0;

	for (size_t i = 0; i < values->count; i++)
	{
		const ValueGroup *group = &values->groups[i];

		if (top * customers <= (double) (above + group->customers))
			return curve_share(customers, values->total, top, (double) above, curve_sum_total(&sum),
							   group->value);
		above += group->customers;
		curve_sum_add(&sum, (double) group->customers * group->value);
	}
	return 1;
}

double
grouped_population(const GroupedValues *values, double share)
{
	double amount = share * values->total;
	CurveSum sum = {0, 0};
	int64_t above = 0;

	/*
	 * Those without a value are not needed for anything, the others are for all of the total,
	 * even where their values are lost in the rounding of the sum.
	 */
	for (size_t i = 0; i < values->count && values->groups[i].value > 0; i++)
	{
		const ValueGroup *group = &values->groups[i];
		double before = curve_sum_total(&sum);

		curve_sum_add(&sum, (double) group->customers * group->value);
		if (share < 1 && amount <= curve_sum_total(&sum))
			return curve_population((double) values->customers, amount, (double) above, before,
									group->value);
		above += group->customers;
	}
	return (double) above / (double) values->customers;
}

void
grouped_moments(const GroupedValues *values, CurveMoments *moments)
{
	*moments = (CurveMoments){.customers = (double) values->customers};
	for (size_t i = values->count; i-- > 0;)
		curve_moments_add(moments, values->groups[i].value, (double) values->groups[i].customers);
}

double
grouped_gini(const GroupedValues *values)
{
	CurveMoments moments;

	grouped_moments(values, &moments);
	return curve_gini(&moments);
}

double
grouped_herfindahl(const GroupedValues *values)
{
	CurveMoments moments;

	grouped_moments(values, &moments);
	return curve_herfindahl(&moments);
}

void
grouped_lorenz(const GroupedValues *values, int points, double *curve)
{
	CurveLorenz lorenz = {.customers = (double) values->customers,
						  .total = values->total,
						  .points = points,
						  .share = curve};

	for (size_t i = values->count; i-- > 0;)
		curve_lorenz_add(&lorenz, values->groups[i].value, (double) values->groups[i].customers);
	curve_lorenz_finish(&lorenz);
}

void
grouped_classes(const GroupedValues *values, const double *cut, int cuts, bool up_to, size_t *end)
{
	CurveSum sum = {0, 0};
	size_t i = 0;

	for (int class_number = 0; class_number < cuts; class_number++)
	{
		double threshold = cut[class_number] * values->total;

		/* those without a value are in the last class, and whoever has most in the first (crossing) */
		for (; i < values->count && values->groups[i].value > 0; i++)
		{
			const ValueGroup *group = &values->groups[i];
			CurveSum with = sum;

			curve_sum_add(&with, (double) group->customers * group->value);
			if (up_to ? curve_sum_total(&with) > threshold
					  : i > 0 && curve_sum_total(&sum) >= threshold)
				break;
			sum = with;
		}
		end[class_number] = i;
	}
}

void
grouped_computed(const GroupedValues *values, size_t *last)
{
	CurveAbc abc = {.customers = (double) values->customers, .total = values->total};
	double a, b, reached = 0;

	for (size_t i = 0; i < values->count && values->groups[i].value > 0; i++)
		curve_abc_add(&abc, values->groups[i].value, (double) values->groups[i].customers);
	curve_abc_finish(&abc, &a, &b);

	/* the groups with which so many customers are reached */
	for (size_t i = 0; reached < b; i++)
	{
		reached += (double) values->groups[i].customers;
		if (reached == a)
			last[0] = i;
		last[1] = i;
	}
}
