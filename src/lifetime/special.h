/*
 * special.h
 *	  The special functions behind the lifetime models. Plain C: knows nothing of PostgreSQL.
 *
 * All in log scale or as differences, because that is how likelihoods use them: the log-gamma of
 * 100,000 and of 100,001 differ in the sixth digit, their difference is wanted to the last one.
 *
 * The C library has lgamma_r but no digamma. GSL has all of it under a licence that does not suit
 * and Debian has no other well-kept C library for it; what is needed is a page.
 */
#ifndef CUSTOMER_VALUE_SPECIAL_H
#define CUSTOMER_VALUE_SPECIAL_H

#include <math.h>

/* ln Γ(x), x > 0 */
extern double log_gamma(double x);

/* ψ(x), the derivative of ln Γ, and its own derivative; x > 0 */
extern double digamma(double x);
extern double trigamma(double x);

/* ln Γ(a + n) - ln Γ(a), and its first and second derivative by a; a > 0, n >= 0. Relative
 * accuracy also where n is tiny beside a. */
extern double log_gamma_step(double a, double n);
extern double digamma_step(double a, double n);
extern double trigamma_step(double a, double n);

/* ln B(a, b), a and b > 0 */
extern double log_beta(double a, double b);

/* ln B(a + m, b + n) - ln B(a, b), m and n >= 0; exact also where it is near 0 */
extern double log_beta_step(double a, double b, double m, double n);

/* (1 - exp(-x)) / x, 1 at x = 0; any x */
extern double decay_mean(double x);

/* ln(exp(x) + exp(y)) */
extern double log_add(double x, double y);

#endif
