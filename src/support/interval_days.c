/*
 * interval_days.c
 *	  The length of an interval in days.
 */
#include "support/interval_days.h"

#include <math.h>

double
interval_days(const Interval *interval)
{
#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_NOT_FINITE(interval))
		return NAN;
#endif
	return interval->month * MEAN_DAYS_PER_MONTH + interval->day +
		   (double) interval->time / (double) USECS_PER_DAY;
}
