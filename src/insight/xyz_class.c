/*
 * xyz_class.c
 *	  The SQL function xyz_class: how regular the demand of a customer is.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"

#include "support/compat.h"
#include "insight/calendar.h"
#include "value/value.h"

PG_FUNCTION(insight_xyz_class);

/* The squares of the coefficients of variation up to which the demand is X and Y. */
#define MOST_X 0.25
#define MOST_Y 1.0

/*
 * xyz_class(customer_value, until date, unit text) returns text
 *
 * The coefficient of variation of the amounts by period, from that of the first day on to that of the last day
 * before until: its square is n · Σx² / (Σx)² - 1, to which empty periods only add to n. NULL below
 * two periods.
 */
Datum
insight_xyz_class(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);
	DateADT until = calendar_get_until(fcinfo, 1);
	CalendarUnit unit = calendar_get_unit(fcinfo, 2);
	LedgerReader reader;
	LedgerDay day;
	bool any = false;
	int32 first = 0, period = 0;
	wide amount = 0;
	double sum = 0, squares = 0, periods, variation;

	ledger_open(&reader, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	while (ledger_next(&reader, &day) && day.day < until)
	{
		int32 its_period = calendar_period(day.day, unit);

		if (!any)
			first = period = its_period;
		any = true;
		if (its_period != period)
		{
			sum += (double) amount;
			squares += (double) amount * (double) amount;
			amount = 0;
			period = its_period;
		}
		amount += day.amount; /* at most 2^24 days of 30 digits */
	}
	if (reader.damaged)
		ledger_require(LEDGER_DAMAGED);
	if (!any)
		PG_RETURN_NULL();
	sum += (double) amount;
	squares += (double) amount * (double) amount;
	periods = (double) calendar_period(until - 1, unit) - first + 1;
	if (periods < 2)
		PG_RETURN_NULL();
	variation = sum > 0 ? periods * squares / (sum * sum) - 1 : INFINITY;
	PG_RETURN_TEXT_P(cstring_to_text(variation <= MOST_X ? "X" : variation <= MOST_Y ? "Y" : "Z"));
}
