/*
 * kept.c
 *	  The share of their orders that customers keep.
 */
#include "lifetime/kept.h"

#include <math.h>

enum
{
	A,
	B
};

double
kept_share(const double *theta, double kept, double orders)
{
	return (theta[A] + kept) / (theta[A] + theta[B] + orders);
}

/*
 * ln B(a + kept, b + lost) - ln B(a, b) is a sum of ln(a + j) for j below kept, of ln(b + j) for j below
 * lost and of -ln(a + b + j) for j below both, which goes over all customers at once.
 */
static void
loglik_jet(const double *theta, void *data, Jet *total)
{
	const KeptCounts *counts = data;
	double a = theta[A], b = theta[B];

	*total = (Jet){0};
	for (size_t j = 0; j < counts->n; j++)
	{
		double x = a + (double) j, y = b + (double) j, z = a + b + (double) j;
		double kept = counts->kept[j], lost = counts->lost[j], made = counts->made[j];

		total->value += kept * log(x) + lost * log(y) - made * log(z);
		total->gradient[A] += kept / x - made / z;
		total->gradient[B] += lost / y - made / z;
		total->hessian[A][A] += made / (z * z) - kept / (x * x);
		total->hessian[A][B] += made / (z * z);
		total->hessian[B][B] += made / (z * z) - lost / (y * y);
	}
}

void
kept_fit(const KeptCounts *counts, Fit *fit)
{
	static const double lower[] = {1e-4, 1e-4};
	static const double upper[] = {1e6, 1e6};
	double kept = 0, made = 0;

	for (size_t j = 0; j < counts->n; j++)
	{
		kept += counts->kept[j];
		made += counts->made[j];
	}
	fit->theta[A] = 2 * kept / made;
	fit->theta[B] = 2 - fit->theta[A];
	fit_maximise(loglik_jet, (void *) counts, KEPT_PARAMETERS, lower, upper, counts->made[0], fit);
	if (fit->theta[A] + fit->theta[B] > 1e4)
		fit->note = "customers do not differ in the share of orders that they keep";
}
