/*
 * negbin.c
 *	  The negative binomial distribution of orders.
 */
#include "lifetime/negbin.h"

#include <math.h>
#include <stddef.h>

#include "lifetime/quadrature.h"
#include "lifetime/special.h"

double
negbin_log_probability(double r, double alpha, double n, double t)
{
	double none = -r * log1p(t / alpha);

	if (n == 0)
		return none;
	if (t == 0)
		return -INFINITY;
	return none - n * log1p(alpha / t) - log(n) - log_beta(r, n);
}

/* the density of y = t / (alpha + t) on the scale u = logit y */
typedef struct BetaDensity
{
	double a;
	double b;
} BetaDensity;

static double
log_beta_density(const void *self, double u, double *slope)
{
	const BetaDensity *density = self;
	double y = 1 / (1 + exp(-u));

	*slope = density->a * (1 - y) - density->b * y;
	return u < 0 ? density->a * u - (density->a + density->b) * log1p(exp(u))
				 : -density->b * u - (density->a + density->b) * log1p(exp(-u));
}

/*
 * The n-th order has come by t with the incomplete beta function I(t / (alpha + t); n, r): a
 * negative binomial count and a beta prime waiting time are two views of one process.
 */
double
negbin_at_least(double r, double alpha, double n, double t)
{
	BetaDensity density = {n, r};
	Interval over = {.low_open = true};

	if (n == 0)
		return 1;
	if (t == 0)
		return 0;
	over.high = log(t / alpha);
	over.low = -40 - log1p(n + r); /* where 1 - y does not differ from 1 any more */
	return fmin(1,
				exp(log_integral(log_beta_density, &density, over, NULL, NULL) - log_beta(n, r)));
}
