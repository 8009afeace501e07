/*
 * gammagamma.h
 *	  The gamma-gamma model of spend. Plain C: knows nothing of PostgreSQL.
 *
 * What an order brings is gamma (p, nu) distributed with a rate nu that is gamma (q, v) distributed
 * among customers, independently of how often they order.
 *
 *	Fader, Hardie & Lee 2005b, RFM and CLV, J. of Marketing Research 42(4)
 *	Fader & Hardie 2013, The gamma-gamma model of monetary value (note 025)
 */
#ifndef CUSTOMER_VALUE_GAMMAGAMMA_H
#define CUSTOMER_VALUE_GAMMAGAMMA_H

#include <stddef.h>
#include <stdint.h>

#include "lifetime/fit.h"

#define GAMMAGAMMA_PARAMETERS 3 /* p, q, v */

/* one customer with repeat orders: how many, and their mean */
typedef struct Spending
{
	double mean;
	int32_t frequency;
} Spending;

/*
 * The mean spend expected of a customer. INFINITY where the model has no mean (p x + q <= 1). A
 * mean that is not positive counts as nothing spent.
 */
extern double gammagamma_expected(const double *theta, double frequency, double mean);

/* Fits the model. The customers are sorted by frequency, n > 0, all means are positive; they are
 * changed while it runs. */
extern void gammagamma_fit(Spending *customers, size_t n, void (*breathe)(void), Fit *fit);

/* Pearson's correlation of frequency and mean; 0 if one of them does not vary. */
extern double gammagamma_correlation(const Spending *customers, size_t n);

#endif
