/*
 * gammagamma.h
 *	  The gamma-gamma model of spend. Plain C: knows nothing of PostgreSQL.
 *
 * What an order brings is gamma (p, nu) distributed with a rate nu that is gamma (q, v) distributed
 * among customers, independently of how often they order. The papers fit it to the means of customers,
 * which cannot tell how orders vary within a customer from how customers differ; the likelihood
 * of the single orders can, and needs no more of each customer than number and sum, and of all
 * together the sum of logarithms.
 *
 *	Fader, Hardie & Lee 2005b, RFM and CLV, J. of Marketing Research 42(4)
 *	Fader & Hardie 2013, The gamma-gamma model of monetary value (note 025)
 */
#ifndef CUSTOMER_VALUE_GAMMAGAMMA_H
#define CUSTOMER_VALUE_GAMMAGAMMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lifetime/fit.h"

#define GAMMAGAMMA_PARAMETERS 3 /* p, q, v */

/* the mean spend of all customers, p v / (q - 1), is kept finite */
#define GAMMAGAMMA_LEAST_Q 1.01

/* so many customers with x orders that brought sum, above 0 */
typedef struct Spending
{
	double sum;
	int64_t count;
	int32_t x;
} Spending;

/*
 * The mean spend expected of a customer whose x orders brought sum. INFINITY where the model has no
 * mean (p x + q <= 1). A sum that is not positive counts as nothing spent.
 */
extern double gammagamma_expected(const double *theta, double x, double sum);

/*
 * Fits the model to the means sum / x, or to orders whose logarithms add up to logs. The customers are
 * sorted by x, n > 0, and are changed while it runs; room has room for as many.
 */
extern void gammagamma_fit_means(Spending *customers, size_t n, Spending *room,
								 void (*breathe)(void), Fit *fit);
extern void gammagamma_fit_orders(Spending *customers, size_t n, double logs, Spending *room,
								  void (*breathe)(void), Fit *fit);

/* Pearson's correlation of x and the mean; 0 if one of them does not vary. */
extern double gammagamma_correlation(const Spending *customers, size_t n);

#endif
