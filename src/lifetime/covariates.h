/*
 * covariates.h
 *	  Covariates that are constant in time: what customers are, and not what they do. Plain C: knows
 *	  nothing of PostgreSQL.
 *
 * A customer with the covariates z follows the model with its own parameters:
 *
 *	pareto/nbd	alpha exp(-g1'z), beta exp(-g2'z)
 *	bg/nbd		alpha exp(-g1'z), a exp(g2'z), b exp(g3'z)
 *
 *	Fader & Hardie 2007, Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models
 *	(note 019)
 */
#ifndef CUSTOMER_VALUE_COVARIATES_H
#define CUSTOMER_VALUE_COVARIATES_H

#include "lifetime/fit.h"
#include "lifetime/method.h"

#define MOST_COVARIATES 8
#define MOST_EFFECTS 3
#define MOST_COEFFICIENTS (MOST_EFFECTS * MOST_COVARIATES)

/* beyond this, values are not told from each other any more */
#define GREATEST_COVARIATE 1e15

/* The parameters of a method that covariates change. */
typedef struct CovariateEffects
{
	int count; /* 0: the method has no covariates */
	int parameter[MOST_EFFECTS];
	int sign[MOST_EFFECTS];
} CovariateEffects;

extern const CovariateEffects *covariate_effects(const Method *method);

/*
 * The parameters of customers with the covariates z: coefficients has those of the first effect, then those
 * of the second, and so on. individual may be theta.
 */
extern void covariates_apply(const CovariateEffects *effects, int covariates,
							 const double *coefficients, const double *z, const double *theta,
							 double *individual);

/*
 * The covariance of the logarithms of these parameters, given that of the logarithms of theta and the
 * coefficients, a matrix of so many rows and columns.
 */
extern void covariates_covariance(const Method *method, int covariates, const double *z,
								  const double *covariance,
								  double individual[][JET_PARAMETERS]);

/* Customers with the same covariates; their observations are sorted by frequency. */
typedef struct CovariateGroup
{
	double *z;
	Observation *observations;
	size_t n;
} CovariateGroup;

typedef enum CovariatesFit
{
	COVARIATES_FITTED,
	COVARIATES_CONSTANT, /* one of them, *which, is the same for all */
	COVARIATES_DEPENDENT /* one of them follows from the others */
} CovariatesFit;

/*
 * Fits a method with covariates by maximum likelihood; it begins at fit->theta, the fit without them, and
 * leaves the parameters there, and behind them the coefficients themselves, not their exponentials. z and the
 * observations are changed. breathe is called now and then.
 */
extern CovariatesFit covariates_fit(const Method *method, int covariates, CovariateGroup *groups,
									size_t n, void (*breathe)(void), Fit *fit, int *which);

#endif
