/*
 * curve.c
 *	  Mathematics of the concentration curve.
 */
#include "concentration/curve.h"

#include <math.h>

double
curve_gini(const CurveMoments *moments)
{
	return curve_sum_total(&moments->ranked) /
		   (moments->customers * curve_sum_total(&moments->total));
}

double
curve_herfindahl(const CurveMoments *moments)
{
	double total = curve_sum_total(&moments->total);

	return curve_sum_total(&moments->squares) / total / total;
}

void
curve_lorenz_add(CurveLorenz *lorenz, double value, double count)
{
	while (lorenz->next <= lorenz->points)
	{
		double rank = lorenz->customers * lorenz->next / lorenz->points;

		if (rank > lorenz->below + count)
			break;
		lorenz->share[lorenz->next++] =
			(curve_sum_total(&lorenz->sum) + (rank - lorenz->below) * value) / lorenz->total;
	}
	curve_sum_add(&lorenz->sum, value * count);
	lorenz->below += count;
}

void
curve_lorenz_finish(CurveLorenz *lorenz)
{
	/* the ends do not depend on rounding */
	while (lorenz->next <= lorenz->points)
		lorenz->share[lorenz->next++] = 1;
	lorenz->share[0] = 0;
	lorenz->share[lorenz->points] = 1;
}

double
curve_share(double customers, double total, double top, double above, double sum, double value)
{
	return fmin((sum + (customers * top - above) * value) / total, 1);
}

double
curve_population(double customers, double amount, double above, double sum, double value)
{
	return fmin((above + (amount - sum) / value) / customers, 1);
}

/*
 * Of the points that a step's customers reach one by one, the nearest to (x, 1): its distance
 * squared. It is a parabola in the number of customers.
 */
static double
nearest(const CurveAbc *abc, double value, double count, double x)
{
	double dx = 1 / abc->customers, dy = value / abc->total;
	double x0 = abc->above * dx - x, y0 = 1 - curve_sum_total(&abc->sum) / abc->total;
	double best = (y0 * dy - x0 * dx) / (dx * dx + dy * dy);
	double distance = INFINITY;

	for (int i = 0; i < 2; i++)
	{
		double j = fmin(fmax(floor(best) + i, 1), count);

		distance = fmin(distance, (x0 + j * dx) * (x0 + j * dx) + (y0 - j * dy) * (y0 - j * dy));
	}
	return distance;
}

void
curve_abc_add(CurveAbc *abc, double value, double count)
{
	double customers = abc->above + count;
	double distance = nearest(abc, value, count, 0);

	if (abc->above == 0 || distance < abc->pareto_distance)
	{
		abc->pareto_distance = distance;
		abc->pareto = customers;
	}

	/* up to the break-even point each point is nearer to its (x, 1) than those before */
	if (!abc->past_break_even && (abc->above == 0 || value * abc->customers >= abc->total))
	{
		double y = (curve_sum_total(&abc->sum) + value * count) / abc->total;

		abc->break_even = abc->submarginal = customers;
		abc->submarginal_distance = (1 - y) * (1 - y);
	}
	else
	{
		abc->past_break_even = true;
		distance = nearest(abc, value, count, abc->break_even / abc->customers);
		if (distance < abc->submarginal_distance)
		{
			abc->submarginal_distance = distance;
			abc->submarginal = customers;
		}
	}
	curve_sum_add(&abc->sum, value * count);
	abc->above = customers;
}

void
curve_abc_finish(const CurveAbc *abc, double *a, double *b)
{
	*a = fmin(abc->pareto, abc->break_even);
	*b = abc->submarginal;
}
