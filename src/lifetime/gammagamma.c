/*
 * gammagamma.c
 *	  The gamma-gamma model of spend.
 */
#include "lifetime/gammagamma.h"

#include <math.h>
#include <string.h>

#include "lifetime/special.h"

enum
{
	P,
	Q,
	V
};

double
gammagamma_expected(const double *theta, double x, double sum)
{
	double spent = x > 0 ? fmax(sum, 0) : 0;
	double below = theta[P] * x + theta[Q] - 1;

	return below > 0 ? theta[P] * (theta[V] + spent) / below : INFINITY;
}

typedef struct Customers
{
	const Spending *customers;
	size_t n;
	bool orders;
	/* the log-likelihood has p * per_p - constant */
	double per_p;
	double constant;
	void (*breathe)(void);
} Customers;

/* Customers with as many orders share all but the terms in v + sum. */
static void
loglik_jet(const double *theta, void *data, Jet *total)
{
	const Customers *all = data;
	double p = theta[P], q = theta[Q], v = theta[V];
	double orders = 0;
	size_t i = 0;

	*total = (Jet){.value = p * all->per_p - all->constant, .gradient = {[P] = all->per_p}};
	while (i < all->n)
	{
		double x = all->customers[i].x;
		double shape = p * x;
		double sums = 0, inverses = 0, squares = 0, n = 0;
		double curvature;

		for (; i < all->n && all->customers[i].x == x; i++)
		{
			double inverse = 1 / (v + all->customers[i].sum);
			double count = (double) all->customers[i].count;

			if (i % BREATHE_EVERY == 0)
				all->breathe();
			sums -= count * log(inverse);
			inverses += count * inverse;
			squares += count * inverse * inverse;
			n += count;
		}
		orders += n * x;
		curvature = trigamma(shape + q);
		total->value += n * q * log(v) - (shape + q) * sums;
		total->gradient[P] -= x * sums;
		total->gradient[Q] += n * (digamma_step(q, shape) + log(v)) - sums;
		total->gradient[V] += n * q / v - (shape + q) * inverses;
		total->hessian[P][Q] += n * x * curvature;
		total->hessian[P][V] -= x * inverses;
		total->hessian[Q][Q] += n * trigamma_step(q, shape);
		total->hessian[Q][V] += n / v - inverses;
		total->hessian[V][V] += -n * q / (v * v) + (shape + q) * squares;
		/* the density of one order x times, or that of their mean */
		if (all->orders)
		{
			total->value += n * log_gamma_step(q, shape);
			total->gradient[P] += n * x * digamma(shape + q);
			total->hessian[P][P] += n * x * x * curvature;
		}
		else
		{
			total->value += n * (log_gamma_step(shape, q) - log_gamma(q));
			total->gradient[P] += n * x * digamma_step(shape, q);
			total->hessian[P][P] += n * x * x * trigamma_step(shape, q);
		}
	}
	if (all->orders)
	{
		total->value -= orders * log_gamma(p);
		total->gradient[P] -= orders * digamma(p);
		total->hessian[P][P] -= orders * trigamma(p);
	}
}

static double
number_of(const Customers *all)
{
	double n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += (double) all->customers[i].count;
	return n;
}

static void
search(Customers *all, Fit *fit)
{
	static const double lower[] = {1e-4, GAMMAGAMMA_LEAST_Q, 1e-9};
	static const double upper[] = {1e5, 1e5, 1e9};

	fit_maximise(loglik_jet, all, GAMMAGAMMA_PARAMETERS, lower, upper, number_of(all), fit);
}

/*
 * Of many customers first one of every so many in place of them all, from which the search over all of
 * them has only a few steps left.
 */
#define THIN_ABOVE 20000
#define THIN_TO 5000

static bool
search_thinned(const Customers *all, Spending *room, Fit *fit)
{
	size_t every = all->n / THIN_TO;
	Customers part = *all;
	double share;
	bool good;

	part.customers = room;
	part.n = 0;
	for (size_t i = every / 2; i < all->n; i += every)
		room[part.n++] = all->customers[i];
	share = number_of(&part) / number_of(all);
	part.per_p *= share;
	part.constant *= share;
	search(&part, fit);
	good = fit->converged;
	for (int i = 0; i < GAMMAGAMMA_PARAMETERS; i++)
		good &= fit->limit[i] == 0;
	return good;
}

/*
 * In units of the mean spend, the currency does not matter; dimension tells how many densities per
 * unit of currency there are in the likelihood, and unit what the unit is.
 */
static void
fit_customers(Customers *all, Spending *room, double unit, double dimension, Fit *fit)
{
	static const double start[] = {4, 4, 0.75};

	memcpy(fit->theta, start, sizeof(start));
	if (all->n > THIN_ABOVE && !search_thinned(all, room, fit))
		memcpy(fit->theta, start, sizeof(start));
	search(all, fit);
	if (fit->limit[Q] < 0)
		fit->note = "spend varies so much that it would have no mean: q of the spend model is held at "
					"1.01";
	else if (fit->theta[Q] > 1e4)
		fit->note = "customers do not differ in their mean spend";
	else if (fit->theta[P] > 1e4)
		fit->note = "the spend of a customer hardly varies from order to order";
	fit->theta[V] *= unit;
	fit->std_error[V] *= unit;
	fit->loglik -= dimension * log(unit);
}

/* Brings the sums to the unit of the mean spend, and returns it. */
static double
rescale(Spending *customers, size_t n)
{
	double sum = 0, orders = 0;

	for (size_t i = 0; i < n; i++)
	{
		sum += (double) customers[i].count * customers[i].sum;
		orders += (double) customers[i].count * customers[i].x;
	}
	for (size_t i = 0; i < n; i++)
		customers[i].sum /= sum / orders;
	return sum / orders;
}

void
gammagamma_fit_means(Spending *customers, size_t n, Spending *room, void (*breathe)(void), Fit *fit)
{
	Customers all = {.customers = customers, .n = n, .breathe = breathe};
	double unit = rescale(customers, n);

	for (size_t i = 0; i < n; i++)
	{
		double count = (double) customers[i].count;

		all.per_p += count * customers[i].x * log(customers[i].sum);
		all.constant += count * log(customers[i].sum / customers[i].x);
	}
	fit_customers(&all, room, unit, number_of(&all), fit);
}

void
gammagamma_fit_orders(Spending *customers, size_t n, double logs, Spending *room,
					  void (*breathe)(void), Fit *fit)
{
	Customers all = {.customers = customers, .n = n, .orders = true, .breathe = breathe};
	double unit = rescale(customers, n), orders = 0;

	for (size_t i = 0; i < n; i++)
		orders += (double) customers[i].count * customers[i].x;
	all.per_p = all.constant = logs - orders * log(unit);
	fit_customers(&all, room, unit, orders, fit);
}

double
gammagamma_correlation(const Spending *customers, size_t n)
{
	double all = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;

	for (size_t i = 0; i < n; i++)
	{
		double count = (double) customers[i].count;

		all += count;
		x += count * customers[i].x;
		y += count * customers[i].sum / customers[i].x;
	}
	x /= all;
	y /= all;
	for (size_t i = 0; i < n; i++)
	{
		double count = (double) customers[i].count;
		double dx = customers[i].x - x, dy = customers[i].sum / customers[i].x - y;

		xx += count * dx * dx;
		xy += count * dx * dy;
		yy += count * dy * dy;
	}
	/* rounding is not variation */
	return xx > 1e-20 * x * x * all && yy > 1e-20 * y * y * all ? xy / sqrt(xx * yy) : 0;
}
