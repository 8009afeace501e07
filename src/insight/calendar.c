/*
 * calendar.c
 *	  The periods of the calendar by which figures are cut.
 */
#include "insight/calendar.h"

#include "utils/builtins.h"
#include "utils/datetime.h"

#include "value/ledger.h"

static const char *const unit_names[CALENDAR_UNITS] = {"day", "week", "month", "quarter", "year"};

/* The day 2000-01-03, a Monday, in days since 2000-01-01. */
#define A_MONDAY 2
#define WEEK_DAYS 7

static int32
floor_division(int32 a, int32 b)
{
	return a / b - (a % b < 0);
}

int32
calendar_period(DateADT day, CalendarUnit unit)
{
	int year, month, day_of_month;

	if (unit == CALENDAR_DAY)
		return day;
	if (unit == CALENDAR_WEEK)
		return floor_division(day - A_MONDAY, WEEK_DAYS);
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	if (unit == CALENDAR_YEAR)
		return year;
	if (unit == CALENDAR_QUARTER)
		return year * 4 + (month - 1) / 3;
	return year * MONTHS_PER_YEAR + month - 1;
}

DateADT
calendar_start(int32 period, CalendarUnit unit)
{
	int64 day = period;

	if (unit == CALENDAR_WEEK)
		day = (int64) period * WEEK_DAYS + A_MONDAY;
	else if (unit != CALENDAR_DAY)
	{
		int months = unit == CALENDAR_YEAR ? MONTHS_PER_YEAR : unit == CALENDAR_QUARTER ? 3 : 1;
		int in_year = MONTHS_PER_YEAR / months;
		int year = floor_division(period, in_year);

		day = IS_VALID_JULIAN(year, 1, 1)
				  ? date2j(year, (period - year * in_year) * months + 1, 1) - POSTGRES_EPOCH_JDATE
				  : LEDGER_FIRST_DAY;
	}
	return (DateADT) Max(day, LEDGER_FIRST_DAY);
}

CalendarUnit
calendar_get_unit(FunctionCallInfo fcinfo, int n)
{
	char *name;

	if (PG_ARGISNULL(n))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("unit must not be null")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(n));
	for (int unit = 0; unit < CALENDAR_UNITS; unit++)
	{
		if (pg_strcasecmp(name, unit_names[unit]) == 0)
		{
			pfree(name);
			return (CalendarUnit) unit;
		}
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown unit \"%s\"", name),
					errhint("Use day, week, month, quarter or year.")));
}

DateADT
calendar_get_until(FunctionCallInfo fcinfo, int n)
{
	DateADT until;

	if (PG_ARGISNULL(n))
		return DATEVAL_NOEND;
	until = PG_GETARG_DATEADT(n);
	if (DATE_NOT_FINITE(until))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("until must be a day")));
	return until;
}
