/*
 * fit.c
 *	  Maximum likelihood by Newton's method.
 *
 * The search is over the logarithms of the parameters: none can become negative, and units do not
 * matter. Where the likelihood is not concave, the curvature's sign is turned in the directions
 * concerned, so that each step goes up; its length is bounded by a trust radius. A parameter that
 * wants to leave its limits is held there while the others go on.
 */
#include "lifetime/fit.h"

#include <math.h>

#define MAX_EVALUATIONS 300
#define SLOPE_WANTED 1e-11
#define SLOPE_ACCEPTED 1e-8
#define MAX_RADIUS 3.0
#define MIN_RADIUS 1e-12

/* Jacobi's eigenvalue iteration for a symmetric matrix; columns of vectors are the eigenvectors. */
static void
eigen(int n, double matrix[][JET_PARAMETERS], double *values, double vectors[][JET_PARAMETERS])
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			vectors[i][j] = i == j;
	for (int sweep = 0; sweep < 50; sweep++)
	{
		double off = 0, all = 0;

		for (int i = 0; i < n; i++)
			for (int j = 0; j < n; j++)
			{
				all += matrix[i][j] * matrix[i][j];
				off += i == j ? 0 : matrix[i][j] * matrix[i][j];
			}
		if (off <= 1e-36 * all)
			break;
		for (int p = 0; p < n; p++)
			for (int q = p + 1; q < n; q++)
			{
				double ratio, t, c, s;

				if (matrix[p][q] == 0)
					continue;
				ratio = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q]);
				t = copysign(1, ratio) / (fabs(ratio) + sqrt(1 + ratio * ratio));
				c = 1 / sqrt(1 + t * t);
				s = t * c;
				for (int k = 0; k < n; k++)
				{
					double kp = matrix[k][p], kq = matrix[k][q];

					matrix[k][p] = c * kp - s * kq;
					matrix[k][q] = s * kp + c * kq;
				}
				for (int k = 0; k < n; k++)
				{
					double pk = matrix[p][k], qk = matrix[q][k];

					matrix[p][k] = c * pk - s * qk;
					matrix[q][k] = s * pk + c * qk;
				}
				for (int k = 0; k < n; k++)
				{
					double kp = vectors[k][p], kq = vectors[k][q];

					vectors[k][p] = c * kp - s * kq;
					vectors[k][q] = s * kp + c * kq;
				}
			}
	}
	for (int i = 0; i < n; i++)
		values[i] = matrix[i][i];
}

/* The mean log-likelihood, its slopes and minus its curvature, by the logarithms. */
typedef struct Point
{
	double value;
	double slope[JET_PARAMETERS];
	double curvature[JET_PARAMETERS][JET_PARAMETERS];
} Point;

static void
evaluate(LogLikelihood f, void *data, int n, const double *theta, double weight, Point *point)
{
	Jet jet;

	f(theta, data, &jet);
	point->value = jet.value / weight;
	for (int i = 0; i < n; i++)
	{
		point->slope[i] = theta[i] * jet.gradient[i] / weight;
		for (int j = i; j < n; j++)
			point->curvature[i][j] = point->curvature[j][i] =
				-theta[i] * theta[j] * jet.hessian[i][j] / weight;
		point->curvature[i][i] -= point->slope[i];
	}
}

/* Parameters that are not held at a limit; returns how many. */
static int
free_parameters(const Point *point, int n, const double *theta, const double *lower,
				const double *upper, int *which, Fit *fit)
{
	int found = 0;

	for (int i = 0; i < n; i++)
	{
		fit->limit[i] = theta[i] <= lower[i] && point->slope[i] < 0   ? -1
						: theta[i] >= upper[i] && point->slope[i] > 0 ? 1
																	  : 0;
		if (fit->limit[i] == 0)
			which[found++] = i;
	}
	return found;
}

static double
steepest(const Point *point, const int *which, int n)
{
	double result = 0;

	for (int i = 0; i < n; i++)
		result = fmax(result, fabs(point->slope[which[i]]));
	return result;
}

void
fit_maximise(LogLikelihood f, void *data, int n, const double *lower, const double *upper,
			 double weight, Fit *fit)
{
	double radius = 1;
	int which[JET_PARAMETERS];
	double matrix[JET_PARAMETERS][JET_PARAMETERS];
	double vectors[JET_PARAMETERS][JET_PARAMETERS];
	double values[JET_PARAMETERS];
	int unknowns = 0;
	Point here;

	for (int i = 0; i < n; i++)
		fit->theta[i] = fmin(fmax(fit->theta[i], lower[i]), upper[i]);
	evaluate(f, data, n, fit->theta, weight, &here);
	for (int evaluations = 1;; evaluations++)
	{
		double step[JET_PARAMETERS] = {0};
		double theta[JET_PARAMETERS];
		double length = 0, gain = 0;
		Point there;

		unknowns = free_parameters(&here, n, fit->theta, lower, upper, which, fit);
		for (int i = 0; i < unknowns; i++)
			for (int j = 0; j < unknowns; j++)
				matrix[i][j] = here.curvature[which[i]][which[j]];
		eigen(unknowns, matrix, values, vectors);
		if (steepest(&here, which, unknowns) <= SLOPE_WANTED || radius < MIN_RADIUS ||
			evaluations == MAX_EVALUATIONS)
			break;

		for (int k = 0; k < unknowns; k++)
		{
			double along = 0;

			for (int i = 0; i < unknowns; i++)
				along += vectors[i][k] * here.slope[which[i]];
			along /= fmax(fabs(values[k]), 1e-15);
			/* each direction on its own: a flat one must not slow the others down */
			along = fmin(fmax(along, -radius), radius);
			for (int i = 0; i < unknowns; i++)
				step[i] += along * vectors[i][k];
		}
		for (int i = 0; i < n; i++)
			theta[i] = fit->theta[i];
		for (int i = 0; i < unknowns; i++)
		{
			int k = which[i];

			theta[k] = fmin(fmax(fit->theta[k] * exp(step[i]), lower[k]), upper[k]);
			length = fmax(length, fabs(step[i]));
			gain += step[i] * here.slope[k];
		}
		evaluate(f, data, n, theta, weight, &there);

		/* near the top rounding hides the gain, but not the slope */
		if (there.value > here.value ||
			(there.value > here.value - 1e-12 * fabs(here.value) &&
			 steepest(&there, which, unknowns) < 0.5 * steepest(&here, which, unknowns)))
		{
			if (there.value - here.value > 0.5 * gain * 0.5)
				radius = fmin(2 * radius, MAX_RADIUS);
			here = there;
			for (int i = 0; i < n; i++)
				fit->theta[i] = theta[i];
		}
		else
			radius = 0.25 * fmin(radius, length);
	}

	fit->note = NULL;
	fit->loglik = here.value * weight;
	fit->converged = steepest(&here, which, unknowns) <= SLOPE_ACCEPTED;
	for (int i = 0; i < n; i++)
		fit->std_error[i] = NAN;
	for (int i = 0; i < unknowns; i++)
	{
		double variance = 0;

		for (int k = 0; k < unknowns; k++)
			variance += values[k] > 0 ? vectors[i][k] * vectors[i][k] / values[k] : NAN;
		fit->std_error[which[i]] = fit->theta[which[i]] * sqrt(variance / weight);
	}
}

typedef struct Sample
{
	const Method *method;
	const Observation *observations;
	size_t n;
	void (*breathe)(void);
} Sample;

static void
sample_loglik(const double *theta, void *data, Jet *total)
{
	const Sample *sample = data;

	sample->method->loglik_jet(theta, sample->observations, sample->n, sample->breathe, total);
}

void
fit_method(const Method *method, Observation *observations, size_t n, void (*breathe)(void),
		   Fit *fit)
{
	Sample sample = {method, observations, n, breathe};
	bool scaled = false;
	double unit = 1, orders = 0, ages = 0, customers = 0;

	/* in units of the longest age, limits and start are the same for days and for weeks */
	for (int i = 0; i < method->parameters; i++)
		scaled |= method->scale[i] != 0;
	if (scaled)
	{
		unit = 0;
		for (size_t i = 0; i < n; i++)
			unit = fmax(unit, observations[i].age);
	}
	for (size_t i = 0; i < n; i++)
	{
		observations[i].recency /= unit;
		observations[i].age /= unit;
		customers += (double) observations[i].count;
		orders += (double) observations[i].count * observations[i].frequency;
		ages += (double) observations[i].count * observations[i].age;
	}
	method->start(orders / customers, ages / customers, fit->theta);
	fit_maximise(sample_loglik, &sample, method->parameters, method->lower, method->upper,
				 customers, fit);
	fit->note = method->boundary(fit->theta);
	for (int i = 0; i < method->parameters; i++)
		if (method->scale[i])
		{
			fit->theta[i] *= unit;
			fit->std_error[i] *= unit;
		}
	if (scaled)
		fit->loglik -= orders * log(unit);
}
