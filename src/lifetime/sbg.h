/*
 * sbg.h
 *	  The shifted-beta-geometric model of contracts. Plain C: knows nothing of PostgreSQL.
 *
 * At each renewal a customer is lost with a probability of its own and beta (alpha, beta)
 * distributed among customers.
 *
 *	Fader & Hardie 2007, How to project customer retention, J. of Interactive Marketing 21(1)
 *	Fader & Hardie 2010, Customer-base valuation in a contractual setting: the perils of ignoring
 *	heterogeneity, Marketing Science 29(1)
 */
#ifndef CUSTOMER_VALUE_SBG_H
#define CUSTOMER_VALUE_SBG_H

#include <stddef.h>
#include <stdint.h>

#include "lifetime/fit.h"

#define SBG_PARAMETERS 2 /* alpha, beta */

/* the share of customers who stay beyond renewal number period; 1 for 0 */
extern double sbg_survival(const double *theta, double period);

/* the share of those who came to renewal number period (from 1) that is retained */
extern double sbg_retention(const double *theta, double period);

/*
 * Discounted expected residual lifetime, just before renewal number period (from 1), of a customer
 * that has not been lost before: periods still paid for, the one that begins now not discounted. May
 * be INFINITY at discount 0.
 */
extern double sbg_residual_lifetime(const double *theta, double period, double discount);

/* What the customers of all cohorts did at renewal number t, t being the place in an array from 0 on:
 * so many were lost, and for so many it is the last renewal of which is known that they stayed. */
typedef struct SbgPeriod
{
	int64_t lost;
	int64_t stayed;
} SbgPeriod;

/* Fits the model to n periods, the first of which loses nobody, of so many customers in all. */
extern void sbg_fit(const SbgPeriod *periods, size_t n, int64_t customers, void (*breathe)(void),
					Fit *fit);

#endif
