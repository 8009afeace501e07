/*
 * clv_fit.h
 *	  Fitting a model to a sample of customers.
 */
#ifndef CUSTOMER_VALUE_CLV_FIT_H
#define CUSTOMER_VALUE_CLV_FIT_H

#include "postgres.h"

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
} FitOptions;

/*
 * The model that fits the sample best, seen from as_of; NULL if there are no customers in it. An error
 * if as_of lies before an order, if nobody has ordered again, or if the sample has less than no
 * customers anywhere.
 */
extern ClvModel *clv_fit_sample(const Sample *sample, const FitOptions *options);

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
