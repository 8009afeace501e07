/*
 * kept.h
 *	  The share of their orders that customers keep. Plain C: knows nothing of PostgreSQL.
 *
 * An order is kept with a probability that is the customer's own and beta (a, b) distributed among
 * customers, so that of n orders the number kept is beta-binomial: one who has sent two of two back is
 * likely to send the third back, too, but the share of all customers counts as well.
 */
#ifndef CUSTOMER_VALUE_KEPT_H
#define CUSTOMER_VALUE_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "lifetime/fit.h"

#define KEPT_PARAMETERS 2 /* a, b */

/* How many customers have kept, sent back, and made more than j orders, for j from 0 to n - 1. */
typedef struct KeptCounts
{
	double *kept;
	double *lost;
	double *made;
	size_t n;
} KeptCounts;

/* The chance that a customer who has kept so many of so many orders keeps the next. */
extern double kept_share(const double *theta, double kept, double orders);

/* Fits the model; some orders have been kept and some sent back. */
extern void kept_fit(const KeptCounts *counts, Fit *fit);

#endif
