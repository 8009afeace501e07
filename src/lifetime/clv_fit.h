/*
 * clv_fit.h
 *	  Fitting a model to a sample of customers.
 */
#ifndef CUSTOMER_VALUE_CLV_FIT_H
#define CUSTOMER_VALUE_CLV_FIT_H

#include "postgres.h"

#include "utils/array.h"
#include "utils/date.h"

#include "lifetime/clv_model.h"
#include "lifetime/clv_sample.h"

/* What a fit is asked for. */
typedef struct FitOptions
{
	ClvKind kind; /* not sbg, and bg/bb for summaries alone */
	ClvSpendOf spend;
	DateADT as_of;
	double unit_days;
	int k; /* 0: the best */
	int covariates; /* how many */
} FitOptions;

/*
 * The model that fits the sample best, seen from as_of; NULL if there are no customers in it. An error
 * if as_of lies before an order, if nobody has ordered again, or if the sample has less than no
 * customers anywhere.
 */
extern ClvModel *clv_fit_sample(const Sample *sample, const FitOptions *options);

/*
 * A customer by its covariates: z, and behind it frequency, recency and age in days, in one row of
 * options->covariates + COVARIATE_ROW_EXTRA.
 */
#define COVARIATE_ROW_EXTRA 3

/*
 * The model with covariates that fits these customers, n rows which are sorted and changed, best; model is the
 * one that fits them without.
 */
extern ClvModel *clv_fit_covariates(const ClvModel *model, double *rows, size_t n,
									const FitOptions *options);

/* The numbers of an array of covariates, checked; returns how many. */
extern int clv_read_covariates(ArrayType *array, double *z);

/* The same as the models want it. */
typedef struct FitData
{
	Observation *observations; /* sorted by frequency, recency, age; room for twice as many */
	size_t n;
	Spending *spending; /* sorted by x, sum; room for twice as many */
	size_t spenders;
	/* of ledgers */
	double log_spend;
	double log_gaps; /* in units */
	KeptCounts kept;
} FitData;

/* Fits a model to data, which are changed while it runs. */
extern ClvModel *clv_fit_data(FitData *data, const FitOptions *options);

#endif
