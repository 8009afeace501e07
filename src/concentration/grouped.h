/*
 * grouped.h
 *	  Measures of concentration of customers who are grouped by value. Plain C: knows nothing of
 *	  PostgreSQL.
 *
 * The groups come with the greatest value first, all values >= 0 and at least one above 0, all
 * numbers of customers > 0. The mathematics is that of curve.h.
 */
#ifndef CUSTOMER_VALUE_GROUPED_H
#define CUSTOMER_VALUE_GROUPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "concentration/curve.h"

typedef struct ValueGroup
{
	double value;
	int64_t customers;
} ValueGroup;

typedef struct GroupedValues
{
	ValueGroup *groups;
	size_t count;
	int64_t customers; /* of all groups */
	double total;      /* of all their values */
} GroupedValues;

/* Share of the total that the top fraction of the customers, from 0 to 1, holds. */
extern double grouped_share(const GroupedValues *values, double top);

/* The inverse: the smallest fraction of the customers that holds the share, from 0 to 1. */
extern double grouped_population(const GroupedValues *values, double share);

/* Moments, for Gini and Herfindahl. */
extern void grouped_moments(const GroupedValues *values, CurveMoments *moments);

/* Population Gini coefficient. */
extern double grouped_gini(const GroupedValues *values);

/* Herfindahl index: sum of the squared shares. */
extern double grouped_herfindahl(const GroupedValues *values);

/* The Lorenz curve at 0, 1/points … 1, into points + 1 elements. */
extern void grouped_lorenz(const GroupedValues *values, int points, double *curve);

/*
 * How many groups belong to each class whose share of the total ends at one of the rising cuts, and
 * to the classes before it: those before which the groups hold less (crossing), or those with which
 * they hold no more (up_to).
 */
extern void grouped_classes(const GroupedValues *values, const double *cut, int cuts, bool up_to,
							size_t *end);

/* The same for the limits that the data set themselves, as places of groups: the last of A, and the
 * last of A and B. */
extern void grouped_computed(const GroupedValues *values, size_t *last);

#endif
