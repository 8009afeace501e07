/*
 * due.c
 *	  When time alone changes what a base says of a customer.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "support/compat.h"
#include "support/interval_days.h"
#include "value/value.h"

PG_FUNCTION(customer_value_due_day);

/* No base day is later, since no period can be subtracted from it. */
#define LAST_BASE_DAY (TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)

/* The first day of a period that ends with a base day: (day - period)::date. */
static DateADT
first_counted(DateADT day, const Interval *period)
{
	Datum first =
		DirectFunctionCall2(date_mi_interval, DateADTGetDatum(day), IntervalPGetDatum(period));

	return DatumGetDateADT(DirectFunctionCall1(timestamp_date, first));
}

/*
 * Brings due down to the first base day whose period no longer has the given day in it. Months are of
 * different length: the day a period later is near that, and the exact one is found by trying.
 */
static void
leaves_period(DateADT day, const Interval *period, DateADT *due)
{
	DateADT found;

	if (!(day + interval_days(period) < LAST_BASE_DAY - MEAN_DAYS_PER_YEAR))
		return;
	found = DatumGetDateADT(DirectFunctionCall1(
		timestamp_date,
		DirectFunctionCall2(date_pl_interval, DateADTGetDatum(day), IntervalPGetDatum(period))));
	while (first_counted(found, period) <= day)
		found++;
	while (first_counted(found - 1, period) > day)
		found--;
	*due = Min(*due, found);
}

/*
 * customer_value_internal.due_day(ledger customer_value, since date, period interval, facts_on date) returns date
 *
 * The first base day on which the same ledger gives another basis or other facts than now: the first
 * day of the ledger from since on leaves the period, or the first of the 12 months up to facts_on leaves
 * these. A period of NULL never ends, and without facts_on no facts of 12 months matter. NULL where no
 * day changes anything.
 */
Datum
customer_value_due_day(PG_FUNCTION_ARGS)
{
	static const Interval year = {.month = MONTHS_PER_YEAR};
	const CustomerValue *ledger;
	DateADT since, year_before;
	DateADT due = DATEVAL_NOEND;
	bool wants_period = !PG_ARGISNULL(2);
	bool wants_year = !PG_ARGISNULL(3);
	LedgerReader reader;
	LedgerDay day;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	ledger = PG_GETARG_CUSTOMER_VALUE(0);
	since = PG_ARGISNULL(1) ? DATEVAL_NOBEGIN : PG_GETARG_DATEADT(1);
	year_before = wants_year ? ledger_year_before(PG_GETARG_DATEADT(3)) : DATEVAL_NOBEGIN;

	ledger_open(&reader, VARDATA_ANY(ledger), VARSIZE_ANY_EXHDR(ledger));
	while ((wants_period || wants_year) && ledger_next(&reader, &day))
	{
		if (wants_period && day.day >= since)
		{
			leaves_period(day.day, PG_GETARG_INTERVAL_P(2), &due);
			wants_period = false;
		}
		if (wants_year && day.day > year_before)
		{
			leaves_period(day.day - 1, &year, &due); /* they begin after that day a year ago */
			wants_year = false;
		}
	}
	if (reader.damaged)
		ledger_require(LEDGER_DAMAGED);
	if (due == DATEVAL_NOEND)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(due);
}
