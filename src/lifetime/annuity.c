/*
 * annuity.c
 *	  Discounted periods of a customer who is lost with an unknown chance each period.
 */
#include "lifetime/annuity.h"

#include <math.h>
#include <stddef.h>

#include "lifetime/quadrature.h"
#include "lifetime/special.h"

#define SUM_UP_TO 1000

typedef struct Annuity
{
	double a;
	double b;
	double discount;
	double log_discount; /* p and it may be too small for a double's precision */
	double periods;
} Annuity;

/* over u = logit p: the beta density times g (1 - g^periods) / (1 - g), g = (1 - p) / (1 + discount) */
static double
log_annuity(const void *self, double u, double *slope)
{
	const Annuity *f = self;
	double p = 1 / (1 + exp(-u));
	double q = 1 / (1 + exp(u));
	double log_p = u < 0 ? u - log1p(exp(u)) : -log1p(exp(-u));
	double log_q = u < 0 ? -log1p(exp(u)) : -u - log1p(exp(-u));
	double result = f->a * log_p + f->b * log_q + log_q - log_add(f->log_discount, log_p);

	*slope = f->a * q - f->b * p - p - q / (1 + exp(f->log_discount - log_p));
	if (isfinite(f->periods))
	{
		double y = f->periods * (log1p(f->discount) - log_q);

		result += log(-expm1(-y));
		if (y < 700)
			*slope += f->periods * p / expm1(y);
	}
	return result;
}

double
beta_annuity(double a, double b, double discount, double periods)
{
	Annuity f = {a, b, discount, log(discount), periods};
	Interval over = {.low_open = true, .high_open = true};

	if (periods <= SUM_UP_TO)
	{
		double chance = 1, sum = 0;

		for (double k = 0; k < periods; k++)
		{
			chance *= (b + k) / ((a + b + k) * (1 + discount));
			sum += chance;
		}
		return sum;
	}
	if (discount == 0 && isinf(periods))
		return a > 1 ? b / (a - 1) : INFINITY;
	if (isinf(discount))
		return 0;
	over.low = -40 - log_add(log1p(a + b), fmin(-f.log_discount, log(periods)));
	over.high = 40 + log1p(a + b);
	return exp(log_integral(log_annuity, &f, over, NULL, NULL) - log_beta(a, b));
}
