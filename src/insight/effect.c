/*
 * effect.c
 *	  How far one figure goes along with another over time.
 */
#include "insight/effect.h"

#include <math.h>

/* 97.5 % of the standard normal distribution lie below */
#define NORMAL_975 1.959963984540054

/* Of the values times scale, which keeps sums and squares of the greatest within range. */
static double
scaled_mean(const double *v, size_t n, double scale)
{
	double mean = 0;

	for (size_t i = 0; i < n; i++)
		mean += (v[i] * scale - mean) / (double) (i + 1);
	return mean;
}

static double
scale_of(const double *v, size_t n)
{
	double greatest = 0;
	int exponent;

	for (size_t i = 0; i < n; i++)
		greatest = fmax(greatest, fabs(v[i]));
	frexp(greatest, &exponent);
	return ldexp(1, -exponent > 1000 ? 1000 : -exponent);
}

static bool
varies(const double *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		if (v[i] != v[0])
			return true;
	}
	return false;
}

bool
effect_correlation(const double *x, const double *y, size_t n, double *correlation)
{
	double x_scale = scale_of(x, n), y_scale = scale_of(y, n);
	double x_mean = scaled_mean(x, n, x_scale), y_mean = scaled_mean(y, n, y_scale);
	double xx = 0, yy = 0, xy = 0;

	if (!varies(x, n) || !varies(y, n))
		return false;
	for (size_t i = 0; i < n; i++)
	{
		double dx = x[i] * x_scale - x_mean, dy = y[i] * y_scale - y_mean;

		xx += dx * dx;
		yy += dy * dy;
		xy += dx * dy;
	}
	*correlation = fmax(-1, fmin(1, xy / (sqrt(xx) * sqrt(yy))));
	return true;
}

void
effect_interval(double correlation, size_t n, double *low, double *high)
{
	double z = atanh(correlation);
	double width = NORMAL_975 / sqrt((double) n - 3);

	*low = tanh(z - width);
	*high = tanh(z + width);
}
