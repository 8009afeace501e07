/*
 * fit.h
 *	  Maximum likelihood. Plain C: knows nothing of PostgreSQL.
 *
 * An own Newton of two pages: the models have at most four parameters, all positive, and exact
 * second derivatives, with which Newton needs about ten evaluations to reach the last digit, and
 * which give the standard errors as well. NLopt and liblbfgs do neither and would be one more thing
 * to install.
 */
#ifndef CUSTOMER_VALUE_FIT_H
#define CUSTOMER_VALUE_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lifetime/jet.h"
#include "lifetime/method.h"

/* of the largest model, one with covariates */
#define FIT_PARAMETERS 28

/* The log-likelihood of data with its derivatives by the parameters. */
typedef void (*LogLikelihood)(const double *theta, void *data, Jet *total);

typedef struct Fit
{
	double theta[FIT_PARAMETERS];
	/* from the observed information; NAN for a parameter at its limit */
	double std_error[FIT_PARAMETERS];
	/* of the logarithms of the parameters, 0 for one at its limit; where known is false, the data leave
	 * a direction open */
	double covariance[FIT_PARAMETERS][FIT_PARAMETERS];
	bool known;
	double loglik;
	/* no slope left: the mean log-likelihood changes by less than 1e-8 times any ln parameter */
	bool converged;
	/* the likelihood still rises beyond the limit of this parameter: -1 lower, 1 upper */
	int limit[FIT_PARAMETERS];
	/* of methods with phases, how many; otherwise 0 */
	int k;
	/* what the data do not show, in words; NULL if nothing of the kind */
	const char *note;
} Fit;

/* Jacobi's eigenvalue iteration for a symmetric matrix of order n, which is changed; columns of vectors
 * are the eigenvectors. */
extern void fit_eigen(int n, double matrix[][FIT_PARAMETERS], double *values,
					  double vectors[][FIT_PARAMETERS]);

/* The mean log-likelihood of a customer, its slopes and minus its curvature, by the logarithms of the
 * parameters. */
typedef struct FitPoint
{
	double value;
	double slope[FIT_PARAMETERS];
	double curvature[FIT_PARAMETERS][FIT_PARAMETERS];
} FitPoint;

/* What to maximise, at theta. */
typedef void (*FitEvaluate)(const double *theta, void *data, FitPoint *point);

/*
 * Maximises what evaluate gives over positive parameters between lower and upper, beginning at
 * fit->theta. weight is the number of customers, whose mean it gives.
 */
extern void fit_search(FitEvaluate evaluate, void *data, int parameters, const double *lower,
					   const double *upper, double weight, Fit *fit);

/* The same of a log-likelihood with its derivatives, by at most JET_PARAMETERS. */
extern void fit_maximise(LogLikelihood f, void *data, int parameters, const double *lower,
						 const double *upper, double weight, Fit *fit);

/* How many phases to try, and what the gaps between orders add to the log-likelihood with each. */
typedef struct FitPhases
{
	int from; /* at least 1 */
	int to;   /* at most METHOD_MOST_PHASES */
	double log_gaps[METHOD_MOST_PHASES + 1];
} FitPhases;

/*
 * Fits a buy-till-you-die model, with the best number of phases if it has any; or else phases is NULL. The observations are sorted by frequency, and their times are
 * changed while it runs; room has room for as many. Some frequency is above 0, and some age. breathe
 * is called now and then.
 */
extern void fit_method(const Method *method, const FitPhases *phases, Observation *observations,
					   size_t n, Observation *room, void (*breathe)(void), Fit *fit);

#endif
