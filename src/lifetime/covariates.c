/*
 * covariates.c
 *	  Models with covariates that are constant in time.
 *
 * Customers with the same covariates have the same parameters, so that the method's own log-likelihood
 * with its derivatives serves: all parameters and coefficients move the logarithm of one parameter of the
 * customers each, linearly.
 */
#include "lifetime/covariates.h"

#include <math.h>
#include <string.h>

const CovariateEffects *
covariate_effects(const Method *method)
{
	static const CovariateEffects none = {0};
	static const CovariateEffects pareto = {2, {1, 3}, {-1, -1}};
	static const CovariateEffects bg = {3, {1, 2, 3}, {-1, 1, 1}};

	return method == &paretonbd_method ? &pareto : method == &bgnbd_method ? &bg : &none;
}

void
covariates_apply(const CovariateEffects *effects, int covariates, const double *coefficients,
				 const double *z, const double *theta, double *individual)
{
	for (int i = 0; i < JET_PARAMETERS; i++)
		individual[i] = theta[i];
	for (int e = 0; e < effects->count; e++)
	{
		double sum = 0;

		for (int c = 0; c < covariates; c++)
			sum += coefficients[e * covariates + c] * z[c];
		individual[effects->parameter[e]] *= exp(effects->sign[e] * sum);
	}
}

/* Which parameter of a customer the i-th of all moves, and by how much of its logarithm. */
static double
moves(const Method *method, int covariates, const double *z, int i, int *parameter)
{
	const CovariateEffects *effects = covariate_effects(method);
	int coefficient = i - method->parameters;

	*parameter = i;
	if (coefficient < 0)
		return 1;
	*parameter = effects->parameter[coefficient / covariates];
	return effects->sign[coefficient / covariates] * z[coefficient % covariates];
}

void
covariates_covariance(const Method *method, int covariates, const double *z,
					  const double *covariance, double individual[][JET_PARAMETERS])
{
	int n = method->parameters + covariate_effects(method)->count * covariates;

	memset(individual, 0, JET_PARAMETERS * sizeof(individual[0]));
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
		{
			int a, b;
			double x = moves(method, covariates, z, i, &a);
			double y = moves(method, covariates, z, j, &b);

			individual[a][b] += x * y * covariance[i * n + j];
		}
	/* to the last bit */
	for (int a = 0; a < JET_PARAMETERS; a++)
		for (int b = 0; b < a; b++)
			individual[a][b] = individual[b][a];
}

typedef struct Customers
{
	const Method *method;
	const CovariateGroup *groups;
	size_t n;
	double weight;
	int covariates;
	int parameters; /* and coefficients */
	void (*breathe)(void);
} Customers;

/* The coefficients are searched as their exponentials, whose logarithms they are. */
static void
evaluate(const double *theta, void *data, FitPoint *point)
{
	const Customers *all = data;
	const Method *method = all->method;
	double coefficients[MOST_COEFFICIENTS];

	for (int i = method->parameters; i < all->parameters; i++)
		coefficients[i - method->parameters] = log(theta[i]);
	*point = (FitPoint){0};
	for (size_t g = 0; g < all->n; g++)
	{
		const CovariateGroup *group = &all->groups[g];
		double own[JET_PARAMETERS];
		Jet jet;

		covariates_apply(covariate_effects(method), all->covariates, coefficients, group->z, theta,
						 own);
		method->loglik_jet(own, group->observations, group->n, all->breathe, &jet);
		point->value += jet.value;
		for (int i = 0; i < all->parameters; i++)
		{
			int a, b;
			double x = moves(method, all->covariates, group->z, i, &a);
			double slope = own[a] * jet.gradient[a];

			point->slope[i] += x * slope;
			for (int j = i; j < all->parameters; j++)
			{
				double y = moves(method, all->covariates, group->z, j, &b);
				double second = own[a] * own[b] * (a < b ? jet.hessian[a][b] : jet.hessian[b][a]);

				point->curvature[i][j] -= x * y * (second + (a == b ? slope : 0));
			}
		}
	}
	point->value /= all->weight;
	for (int i = 0; i < all->parameters; i++)
	{
		point->slope[i] /= all->weight;
		for (int j = i; j < all->parameters; j++)
			point->curvature[i][j] = point->curvature[j][i] = point->curvature[i][j] / all->weight;
	}
}

/* Mean 0 and standard deviation 1, so that the search knows no units; false if one is constant. */
static bool
standardise(Customers *all, double *mean, double *deviation, int *which)
{
	for (int c = 0; c < all->covariates; c++)
	{
		double first = all->groups[0].z[c], sum = 0, squares = 0;
		bool varies = false;

		for (size_t g = 0; g < all->n; g++)
		{
			double count = 0;

			for (size_t i = 0; i < all->groups[g].n; i++)
				count += (double) all->groups[g].observations[i].count;
			varies |= all->groups[g].z[c] != first;
			sum += count * (all->groups[g].z[c] - first);
			squares += count * pow(all->groups[g].z[c] - first, 2);
		}
		mean[c] = first + sum / all->weight;
		deviation[c] = sqrt(fmax(0, squares / all->weight - pow(sum / all->weight, 2)));
		*which = c;
		if (!varies || !(deviation[c] > 0))
			return false;
		for (size_t g = 0; g < all->n; g++)
			all->groups[g].z[c] = (all->groups[g].z[c] - mean[c]) / deviation[c];
	}
	return true;
}

/* Standardised covariates follow from one another if their correlations have an eigenvalue of 0. */
static bool
dependent(const Customers *all)
{
	double correlation[FIT_PARAMETERS][FIT_PARAMETERS] = {{0}};
	double values[FIT_PARAMETERS], vectors[FIT_PARAMETERS][FIT_PARAMETERS];

	for (size_t g = 0; g < all->n; g++)
	{
		const double *z = all->groups[g].z;
		double count = 0;

		for (size_t i = 0; i < all->groups[g].n; i++)
			count += (double) all->groups[g].observations[i].count;
		for (int c = 0; c < all->covariates; c++)
			for (int d = 0; d < all->covariates; d++)
				correlation[c][d] += count * z[c] * z[d] / all->weight;
	}
	fit_eigen(all->covariates, correlation, values, vectors);
	for (int c = 0; c < all->covariates; c++)
		if (values[c] < 1e-9)
			return true;
	return false;
}

/* From standardised covariates and the unit of the search to those that came. */
static void
restore(const Customers *all, const double *mean, const double *deviation, double unit, Fit *fit)
{
	const Method *method = all->method;
	const CovariateEffects *effects = covariate_effects(method);
	int n = all->parameters;
	double map[FIT_PARAMETERS][FIT_PARAMETERS] = {{0}};
	double half[FIT_PARAMETERS][FIT_PARAMETERS] = {{0}};
	double logs[FIT_PARAMETERS];

	for (int i = 0; i < n; i++)
	{
		logs[i] = log(fit->theta[i]);
		map[i][i] = 1;
	}
	for (int i = method->parameters; i < n; i++)
	{
		int e = (i - method->parameters) / all->covariates;
		int c = (i - method->parameters) % all->covariates;

		map[i][i] = 1 / deviation[c];
		map[effects->parameter[e]][i] = -effects->sign[e] * mean[c] / deviation[c];
	}
	for (int i = 0; i < n; i++)
	{
		double sum = 0;

		for (int j = 0; j < n; j++)
		{
			sum += map[i][j] * logs[j];
			for (int k = 0; k < n; k++)
				half[i][j] += map[i][k] * fit->covariance[k][j];
		}
		fit->theta[i] = i < method->parameters ? exp(sum) * (method->scale[i] ? unit : 1) : sum;
	}
	for (int i = 0; i < n; i++)
		for (int j = i; j < n; j++)
		{
			double sum = 0;

			for (int k = 0; k < n; k++)
				sum += half[i][k] * map[j][k];
			fit->covariance[i][j] = fit->covariance[j][i] = sum;
		}
	for (int i = 0; i < n; i++)
	{
		bool open = !fit->known || fit->limit[i] != 0 || !(fit->covariance[i][i] > 0);

		fit->std_error[i] = open ? NAN
								 : sqrt(fit->covariance[i][i]) *
									   (i < method->parameters ? fit->theta[i] : 1);
	}
}

/* No covariate changes a rate by more than this between customers that differ by a standard deviation. */
#define GREATEST_EFFECT 1e5

CovariatesFit
covariates_fit(const Method *method, int covariates, CovariateGroup *groups, size_t n,
			   void (*breathe)(void), Fit *fit, int *which)
{
	Customers all = {.method = method,
					 .groups = groups,
					 .n = n,
					 .covariates = covariates,
					 .parameters = method->parameters +
								   covariate_effects(method)->count * covariates,
					 .breathe = breathe};
	double mean[MOST_COVARIATES], deviation[MOST_COVARIATES];
	double lower[FIT_PARAMETERS], upper[FIT_PARAMETERS];
	double unit = 0, orders = 0;

	for (size_t g = 0; g < n; g++)
		for (size_t i = 0; i < groups[g].n; i++)
		{
			const Observation *o = &groups[g].observations[i];

			unit = fmax(unit, o->age);
			all.weight += (double) o->count;
			orders += (double) o->count * o->frequency;
		}
	if (!standardise(&all, mean, deviation, which))
		return COVARIATES_CONSTANT;
	if (dependent(&all))
		return COVARIATES_DEPENDENT;
	for (size_t g = 0; g < n; g++)
		for (size_t i = 0; i < groups[g].n; i++)
		{
			groups[g].observations[i].recency /= unit;
			groups[g].observations[i].age /= unit;
		}
	for (int i = 0; i < all.parameters; i++)
	{
		bool coefficient = i >= method->parameters;

		lower[i] = coefficient ? 1 / GREATEST_EFFECT : method->lower[i];
		upper[i] = coefficient ? GREATEST_EFFECT : method->upper[i];
		if (coefficient)
			fit->theta[i] = 1;
		else if (method->scale[i])
			fit->theta[i] /= unit;
	}
	fit_search(evaluate, &all, all.parameters, lower, upper, all.weight, fit);
	fit->loglik -= orders * log(unit);
	fit->note = method->boundary(fit->theta);
	restore(&all, mean, deviation, unit, fit);
	return COVARIATES_FITTED;
}
