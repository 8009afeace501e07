/*
 * calendar.h
 *	  The periods of the calendar by which figures are cut.
 */
#ifndef CUSTOMER_VALUE_CALENDAR_H
#define CUSTOMER_VALUE_CALENDAR_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/date.h"

typedef enum CalendarUnit
{
	CALENDAR_DAY,
	CALENDAR_WEEK, /* from Monday */
	CALENDAR_MONTH,
	CALENDAR_QUARTER,
	CALENDAR_YEAR,
	CALENDAR_UNITS
} CalendarUnit;

/* The number of the calendar period in which a day lies. */
extern int32 calendar_period(DateADT day, CalendarUnit unit);

/* Its first day, but none before the first that there is. */
extern DateADT calendar_start(int32 period, CalendarUnit unit);

/* The unit that argument n names; an error if it names none. */
extern CalendarUnit calendar_get_unit(FunctionCallInfo fcinfo, int n);

/* The first day that does not count, argument n: finite; DATEVAL_NOEND for NULL, which is none. */
extern DateADT calendar_get_until(FunctionCallInfo fcinfo, int n);

#endif
