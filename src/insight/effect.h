/*
 * effect.h
 *	  How far one figure goes along with another over time. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_EFFECT_H
#define CUSTOMER_VALUE_EFFECT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Pearson's correlation of n >= 1 pairs; false if there is none since x or y does not vary.
 */
extern bool effect_correlation(const double *x, const double *y, size_t n, double *correlation);

/*
 * The 95 % confidence interval of a correlation of n > 3 pairs, by Fisher's z (1921, "On the
 * probable error of a coefficient of correlation deduced from a small sample").
 */
extern void effect_interval(double correlation, size_t n, double *low, double *high);

#endif
