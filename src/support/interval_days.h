/*
 * interval_days.h
 *	  The length of an interval in days, where time is a number: units and horizons.
 */
#ifndef CUSTOMER_VALUE_INTERVAL_DAYS_H
#define CUSTOMER_VALUE_INTERVAL_DAYS_H

#include "postgres.h"

#include "utils/timestamp.h"

#define MEAN_DAYS_PER_YEAR 365.25
#define MEAN_DAYS_PER_MONTH (MEAN_DAYS_PER_YEAR / 12)

/* A month is 365.25 / 12 days; NAN for an infinite interval. */
extern double interval_days(const Interval *interval);

#endif
