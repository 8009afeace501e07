/*
 * negbin.h
 *	  The number of orders of customers whose order rates are gamma-distributed (r, alpha), as long
 *	  as they live: negative binomial. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_NEGBIN_H
#define CUSTOMER_VALUE_NEGBIN_H

/* ln P(exactly n orders until t) */
extern double negbin_log_probability(double r, double alpha, double n, double t);

/* P(at least n orders until t) */
extern double negbin_at_least(double r, double alpha, double n, double t);

#endif
