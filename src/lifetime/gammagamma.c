/*
 * gammagamma.c
 *	  The gamma-gamma model of spend.
 */
#include "lifetime/gammagamma.h"

#include <math.h>

#include "lifetime/special.h"

enum
{
	P,
	Q,
	V
};

double
gammagamma_expected(const double *theta, double frequency, double mean)
{
	double spent = frequency > 0 ? frequency * fmax(mean, 0) : 0;
	double below = theta[P] * frequency + theta[Q] - 1;

	return below > 0 ? theta[P] * (theta[V] + spent) / below : INFINITY;
}

typedef struct Customers
{
	const Spending *customers;
	size_t n;
	void (*breathe)(void);
} Customers;

/* Customers of one frequency share all but the terms in v + x * mean. */
static void
loglik_jet(const double *theta, void *data, Jet *total)
{
	const Customers *all = data;
	size_t i = 0;

	*total = (Jet){0};
	while (i < all->n)
	{
		double x = all->customers[i].frequency;
		double shape = theta[P] * x;
		double logs = 0, sums = 0, inverses = 0, squares = 0;
		double n, level, curvature;
		size_t first = i;

		for (; i < all->n && all->customers[i].frequency == x; i++)
		{
			double inverse = 1 / (theta[V] + x * all->customers[i].mean);

			if (i % BREATHE_EVERY == 0)
				all->breathe();
			logs += log(all->customers[i].mean);
			sums -= log(inverse);
			inverses += inverse;
			squares += inverse * inverse;
		}
		n = (double) (i - first);
		level = digamma_step(shape, theta[Q]);
		curvature = trigamma(shape + theta[Q]);
		total->value += n * (log_gamma_step(shape, theta[Q]) - log_gamma(theta[Q]) +
							 theta[Q] * log(theta[V]) + shape * log(x)) +
						(shape - 1) * logs - (shape + theta[Q]) * sums;
		total->gradient[P] += x * (n * (level + log(x)) + logs - sums);
		total->gradient[Q] += n * (digamma_step(theta[Q], shape) + log(theta[V])) - sums;
		total->gradient[V] += n * theta[Q] / theta[V] - (shape + theta[Q]) * inverses;
		total->hessian[P][P] += n * x * x * trigamma_step(shape, theta[Q]);
		total->hessian[P][Q] += n * x * curvature;
		total->hessian[P][V] -= x * inverses;
		total->hessian[Q][Q] += n * trigamma_step(theta[Q], shape);
		total->hessian[Q][V] += n / theta[V] - inverses;
		total->hessian[V][V] +=
			-n * theta[Q] / (theta[V] * theta[V]) + (shape + theta[Q]) * squares;
	}
}

void
gammagamma_fit(Spending *customers, size_t n, void (*breathe)(void), Fit *fit)
{
	static const double lower[] = {1e-4, 1e-4, 1e-9};
	static const double upper[] = {1e5, 1e5, 1e9};
	Customers all = {customers, n, breathe};
	double mean = 0;

	/* in units of the mean spend, the currency does not matter */
	for (size_t i = 0; i < n; i++)
		mean += customers[i].mean / (double) n;
	for (size_t i = 0; i < n; i++)
		customers[i].mean /= mean;
	fit->theta[P] = 4;
	fit->theta[Q] = 4;
	fit->theta[V] = 0.75;
	fit_maximise(loglik_jet, &all, GAMMAGAMMA_PARAMETERS, lower, upper, (double) n, fit);
	if (fit->theta[Q] > 1e4)
		fit->note = "customers do not differ in their mean spend";
	else if (fit->theta[P] > 1e4)
		fit->note = "the spend of a customer hardly varies from order to order";
	fit->theta[V] *= mean;
	fit->std_error[V] *= mean;
	fit->loglik -= (double) n * log(mean);
}

double
gammagamma_correlation(const Spending *customers, size_t n)
{
	double x = 0, y = 0, xx = 0, xy = 0, yy = 0;

	for (size_t i = 0; i < n; i++)
	{
		x += customers[i].frequency / (double) n;
		y += customers[i].mean / (double) n;
	}
	for (size_t i = 0; i < n; i++)
	{
		double dx = customers[i].frequency - x, dy = customers[i].mean - y;

		xx += dx * dx;
		xy += dx * dy;
		yy += dy * dy;
	}
	/* rounding is not variation */
	return xx > 1e-20 * x * x * (double) n && yy > 1e-20 * y * y * (double) n ? xy / sqrt(xx * yy)
																			  : 0;
}
