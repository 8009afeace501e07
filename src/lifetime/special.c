/*
 * special.c
 *	  The special functions behind the lifetime models.
 *
 * All rest on Stirling's series, which is exact to double precision from SERIES_FROM on; smaller
 * arguments are first moved up by the recurrence Γ(x + 1) = x Γ(x). Abramowitz & Stegun 1964,
 * 6.1.40, 6.3.18 and 6.4.12.
 */
#include "lifetime/special.h"

#define SERIES_FROM 12.0

/* ln Γ(x) - (x - 1/2) ln x + x - ln(2π)/2 and its derivatives, x >= SERIES_FROM */
static double
stirling(double x)
{
	double y = 1 / (x * x);

	return (1.0 / 12 -
			y * (1.0 / 360 -
				 y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * (691.0 / 360360)))))) /
		   x;
}

static double
stirling_slope(double x)
{
	double y = 1 / (x * x);

	return -y * (1.0 / 12 -
				 y * (1.0 / 120 -
					  y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132 - y * (691.0 / 32760))))));
}

static double
stirling_curvature(double x)
{
	double y = 1 / (x * x);

	return y / x *
		   (1.0 / 6 -
			y * (1.0 / 30 - y * (1.0 / 42 - y * (1.0 / 30 - y * (5.0 / 66 - y * (691.0 / 2730))))));
}

double
log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

double
digamma(double x)
{
	double below = 0;

	for (; x < SERIES_FROM; x++)
		below += 1 / x;
	return log(x) - 0.5 / x + stirling_slope(x) - below;
}

double
trigamma(double x)
{
	double below = 0;

	for (; x < SERIES_FROM; x++)
		below += 1 / (x * x);
	return 1 / x + 0.5 / (x * x) + stirling_curvature(x) + below;
}

double
log_gamma_step(double a, double n)
{
	double below = 0;

	if (n == 0)
		return 0;
	for (; a < SERIES_FROM; a++)
		below += log1p(n / a);
	return (a + n - 0.5) * log1p(n / a) + n * (log(a) - 1) + stirling(a + n) - stirling(a) - below;
}

double
digamma_step(double a, double n)
{
	double below = 0;

	if (n == 0)
		return 0;
	for (; a < SERIES_FROM; a++)
		below += n / (a * (a + n));
	return log1p(n / a) + 0.5 * n / (a * (a + n)) + stirling_slope(a + n) - stirling_slope(a) +
		   below;
}

double
trigamma_step(double a, double n)
{
	double below = 0;

	if (n == 0)
		return 0;
	for (; a < SERIES_FROM; a++)
		below += 1 / (a * a) - 1 / ((a + n) * (a + n));
	return -n / (a * (a + n)) + 0.5 / ((a + n) * (a + n)) - 0.5 / (a * a) +
		   stirling_curvature(a + n) - stirling_curvature(a) - below;
}

double
log_beta(double a, double b)
{
	double small = fmin(a, b), large = fmax(a, b);

	if (small < SERIES_FROM)
		return log_gamma(small) - log_gamma_step(large, small);
	return 0.5 * log(2 * M_PI / large) - (small - 0.5) * log1p(large / small) -
		   large * log1p(small / large) + stirling(small) + stirling(large) -
		   stirling(small + large);
}

/* ln Γ(a + m) Γ(a + d) / (Γ(a) Γ(a + d + m)), by steps of the smaller of the two */
static double
log_gamma_cross(double a, double d, double m)
{
	double small = fmin(d, m), large = fmax(d, m);

	return log_gamma_step(a, small) - log_gamma_step(a + large, small);
}

double
log_beta_step(double a, double b, double m, double n)
{
	return log_gamma_cross(a, b + n, m) + log_gamma_cross(b, a, n);
}

double
decay_mean(double x)
{
	return x == 0 ? 1 : -expm1(-x) / x;
}

double
log_add(double x, double y)
{
	double top = fmax(x, y);

	return isinf(top) ? top : top + log1p(exp(-fabs(x - y)));
}
