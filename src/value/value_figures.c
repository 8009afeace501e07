/*
 * value_figures.c
 *	  What a customer_value says: its figures, in all or of a period, and its summaries.
 */
#include "value/value.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "support/compat.h"
#include "support/jsonb_builder.h"
#include "support/interval_days.h"
#include "support/numeric_decimal.h"
#include "value/btyd.h"

#define LEDGER_COLUMNS 4
#define BTYD_COLUMNS 4

PG_FUNCTION(customer_value_orders);
PG_FUNCTION(customer_value_order_days);
PG_FUNCTION(customer_value_amount);
PG_FUNCTION(customer_value_cost);
PG_FUNCTION(customer_value_margin);
PG_FUNCTION(customer_value_first_order);
PG_FUNCTION(customer_value_last_order);
PG_FUNCTION(customer_value_last_day);
PG_FUNCTION(customer_value_mean_order);
PG_FUNCTION(customer_value_ledger);
PG_FUNCTION(customer_value_btyd);
PG_FUNCTION(customer_value_facts);

static void
total_of(const CustomerValue *value, int32 since, int32 before, LedgerTotals *totals)
{
	if (!ledger_total(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), since, before, totals))
		ledger_require(LEDGER_DAMAGED);
}

/*
 * The figures for the arguments (cv customer_value, since date, before date); a bound that is NULL
 * is none, and so is an infinite one, since no day is beyond it. False if the value is NULL.
 */
static bool
get_totals(FunctionCallInfo fcinfo, LedgerTotals *totals)
{
	if (PG_ARGISNULL(0))
		return false;
	total_of(PG_GETARG_CUSTOMER_VALUE(0),
			 PG_ARGISNULL(1) ? LEDGER_SINCE_EVER : PG_GETARG_DATEADT(1),
			 PG_ARGISNULL(2) ? LEDGER_FOR_EVER : PG_GETARG_DATEADT(2), totals);
	return true;
}

static Numeric
figure_numeric(wide figure, int scale)
{
	Decimal decimal = {figure, scale};

	return decimal_to_numeric(decimal);
}

/*
 * a / b, without the zeros behind the last digit that matters
 */
static Numeric
quotient(Numeric a, int64 b)
{
	Datum ratio =
		DirectFunctionCall2(numeric_div, NumericGetDatum(a), NumericGetDatum(int64_to_numeric(b)));

	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, ratio));
}

/*
 * orders(customer_value, since date, before date) returns bigint
 */
Datum
customer_value_orders(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	if (!get_totals(fcinfo, &totals))
		PG_RETURN_NULL();
	PG_RETURN_INT64(totals.orders);
}

/*
 * order_days(customer_value, since date, before date) returns bigint
 */
Datum
customer_value_order_days(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	if (!get_totals(fcinfo, &totals))
		PG_RETURN_NULL();
	PG_RETURN_INT64(totals.order_days);
}

/*
 * amount(customer_value, since date, before date) returns numeric
 */
Datum
customer_value_amount(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	if (!get_totals(fcinfo, &totals))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(figure_numeric(totals.amount, totals.scale));
}

/*
 * cost(customer_value, since date, before date) returns numeric: NULL if no cost is known
 */
Datum
customer_value_cost(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	if (!get_totals(fcinfo, &totals) || !totals.cost_known)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(figure_numeric(totals.cost, totals.scale));
}

/*
 * margin(customer_value, since date, before date) returns numeric: NULL if no cost is known
 */
Datum
customer_value_margin(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	if (!get_totals(fcinfo, &totals) || !totals.cost_known)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(figure_numeric(totals.amount - totals.cost, totals.scale));
}

/*
 * first_order(customer_value, since date, before date) returns date
 */
Datum
customer_value_first_order(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	if (!get_totals(fcinfo, &totals) || totals.order_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(totals.first_order);
}

/*
 * last_order(customer_value, since date, before date) returns date
 */
Datum
customer_value_last_order(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	if (!get_totals(fcinfo, &totals) || totals.order_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(totals.last_order);
}

/*
 * customer_value_internal.last_day(customer_value) returns date: with orders or not; NULL if there is none
 */
Datum
customer_value_last_day(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	total_of(PG_GETARG_CUSTOMER_VALUE(0), LEDGER_SINCE_EVER, LEDGER_FOR_EVER, &totals);
	if (totals.last_day == LEDGER_SINCE_EVER)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(totals.last_day);
}

/*
 * mean_order(customer_value, since date, before date) returns numeric: amount / orders
 */
Datum
customer_value_mean_order(PG_FUNCTION_ARGS)
{
	LedgerTotals totals;

	if (!get_totals(fcinfo, &totals) || totals.orders == 0)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(quotient(figure_numeric(totals.amount, totals.scale), totals.orders));
}

/*
 * ledger(customer_value) returns table (day date, orders int, amount numeric, cost numeric)
 */
Datum
customer_value_ledger(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	LedgerReader *reader;
	LedgerDay day;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;
		CustomerValue *value;
		TupleDesc columns;

		context = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		context->tuple_desc = BlessTupleDesc(columns);
		value = (CustomerValue *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
		reader = palloc(sizeof(LedgerReader));
		ledger_open(reader, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
		context->user_fctx = reader;
		MemoryContextSwitchTo(old);
	}

	context = SRF_PERCALL_SETUP();
	reader = context->user_fctx;
	if (ledger_next(reader, &day))
	{
		Datum values[LEDGER_COLUMNS];
		bool nulls[LEDGER_COLUMNS] = {false};

		values[0] = DateADTGetDatum(day.day);
		values[1] = Int32GetDatum((int32) day.orders);
		values[2] = NumericGetDatum(figure_numeric(day.amount, reader->scale));
		values[3] = NumericGetDatum(figure_numeric(day.cost, reader->scale));
		nulls[3] = day.costed == 0 && day.cost == 0;
		SRF_RETURN_NEXT(context,
						HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls)));
	}
	if (reader->damaged)
		ledger_require(LEDGER_DAMAGED);
	SRF_RETURN_DONE(context);
}

/*
 * The length of a unit of time in days.
 */
static double
unit_days(const Interval *unit)
{
	double days = interval_days(unit);

	if (!(days > 0))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unit must be positive and finite, not %s",
					DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(unit))))));
	return days;
}

/*
 * btyd(customer_value, as_of date, unit interval) returns btyd_summary
 */
Datum
customer_value_btyd(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);
	DateADT as_of = customer_value_as_of(PG_GETARG_DATUM(1));
	double unit = unit_days(PG_GETARG_INTERVAL_P(2));
	TupleDesc columns = fcinfo->flinfo->fn_extra;
	OrderDays order;
	BtydSummary summary;
	Datum values[BTYD_COLUMNS];
	bool nulls[BTYD_COLUMNS] = {false};

	order = customer_value_read_orders(value, as_of);
	if (order.count == 0)
		PG_RETURN_NULL();
	btyd_summarise(&order, as_of, unit, &summary);
	pfree(order.days);

	if (columns == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		columns = BlessTupleDesc(CreateTupleDescCopy(columns));
		fcinfo->flinfo->fn_extra = columns;
		MemoryContextSwitchTo(old);
	}
	values[0] = Int32GetDatum(summary.frequency);
	values[1] = Float8GetDatum(summary.recency);
	values[2] = Float8GetDatum(summary.age);
	values[3] = Float8GetDatum(summary.mean_spend);
	nulls[3] = summary.frequency == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}

/*
 * facts(customer_value, as_of date) returns jsonb
 *
 * Up to and including as_of; the 12 months are the days after as_of - 12 months. What is not defined
 * is left out: cost and margins where no cost is known, mean_order without orders, the days without
 * an order day, and their interval without two.
 */
Datum
customer_value_facts(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);
	DateADT as_of = customer_value_as_of(PG_GETARG_DATUM(1));
	LedgerTotals all, year;
	JsonbBuilder builder = {0};

	total_of(value, LEDGER_SINCE_EVER, as_of + 1, &all);
	total_of(value, ledger_year_before(as_of) + 1, as_of + 1, &year);

	jsonb_push(&builder, WJB_BEGIN_OBJECT, NULL);
	jsonb_push_numeric(&builder, "orders", int64_to_numeric(all.orders));
	jsonb_push_numeric(&builder, "order_days", int64_to_numeric(all.order_days));
	jsonb_push_numeric(&builder, "amount", figure_numeric(all.amount, all.scale));
	jsonb_push_numeric(&builder, "amount_12m", figure_numeric(year.amount, year.scale));
	if (all.cost_known)
	{
		jsonb_push_numeric(&builder, "cost", figure_numeric(all.cost, all.scale));
		jsonb_push_numeric(&builder, "margin", figure_numeric(all.amount - all.cost, all.scale));
		jsonb_push_numeric(&builder, "margin_12m",
						   figure_numeric(year.amount - year.cost, year.scale));
	}
	if (all.orders != 0)
		jsonb_push_numeric(&builder, "mean_order",
						   quotient(figure_numeric(all.amount, all.scale), all.orders));
	if (all.order_days > 0)
	{
		jsonb_push_numeric(&builder, "recency_days",
						   int64_to_numeric((int64) as_of - all.last_order));
		jsonb_push_numeric(&builder, "tenure_days",
						   int64_to_numeric((int64) as_of - all.first_order));
	}
	if (all.order_days > 1)
		jsonb_push_numeric(&builder, "interval_days",
						   quotient(int64_to_numeric((int64) all.last_order - all.first_order),
									all.order_days - 1));
	jsonb_push(&builder, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(builder.result));
}
