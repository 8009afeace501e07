/*
 * outlook.h
 *	  The value to come of customers, with the interval it lies in. Plain C: knows nothing of PostgreSQL.
 *
 * What customers bring is uncertain for two reasons: the parameters are known from a sample only, and
 * given them, who lives, who orders how often and for how much is chance. The variances of both add
 * up. The interval is that of a gamma distribution with that mean and variance, beside the chance that
 * there is no order at all: exact in the limit of many customers, and of the right kind for one.
 */
#ifndef CUSTOMER_VALUE_OUTLOOK_H
#define CUSTOMER_VALUE_OUTLOOK_H

#include <stddef.h>
#include <stdint.h>

#include "lifetime/gammagamma.h"
#include "lifetime/method.h"

typedef struct OutlookCustomer
{
	double recency;
	double age;
	double spent; /* on the orders that the spend model is of */
	double share; /* of further orders that are kept */
	int32_t frequency;
	int32_t paid; /* how many orders the spend model is of */
} OutlookCustomer;

/* All that is the same for all customers; times in units, covariances of the logarithms. */
typedef struct OutlookModel
{
	const Method *method;
	const double *theta;
	const double (*covariance)[JET_PARAMETERS];
	const double *spend;
	const double (*spend_covariance)[JET_PARAMETERS];
	double horizon;
	/* the expected orders of a living customer, discounted */
	double (*discounted)(const void *self, const double *theta, double x, double tx, double T);
	const void *self;
	double margin_rate; /* not negative */
	double level;
	void (*breathe)(void);
} OutlookModel;

typedef struct Outlook
{
	double expected;
	double low;
	double high;
} Outlook;

/* The customers are sorted by outlook_compare. A model without variance has an unbounded interval. */
extern Outlook outlook_total(const OutlookModel *model, const OutlookCustomer *customers, size_t n);

extern int outlook_compare(const void *a, const void *b);

/* The p-quantile of a gamma (shape, 1) distribution. */
extern double gamma_quantile(double shape, double p);

#endif
