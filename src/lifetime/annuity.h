/*
 * annuity.h
 *	  What a customer who is lost with the same unknown chance p each period will still bring.
 *	  Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_ANNUITY_H
#define CUSTOMER_VALUE_ANNUITY_H

/*
 * The expectation, p being beta (a, b) distributed, of the sum over k = 1 .. periods of
 * ((1 - p) / (1 + discount))^k; periods may be INFINITY. discount >= 0. INFINITY if it has no end.
 */
extern double beta_annuity(double a, double b, double discount, double periods);

#endif
