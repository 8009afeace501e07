/*
 * value_ledger.c
 *	  Between the server's values and ledgers: what all functions on customer_value share.
 */
#include "value/value.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "support/compat.h"
#include "support/float_decimal.h"
#include "support/numeric_decimal.h"

/*
 * ledger_complain
 *
 * Raises the error, softly where the context allows it. Returns whether there was none.
 */
bool
ledger_complain(LedgerError error, Node *escontext)
{
	switch (error)
	{
		case LEDGER_FINE:
			return true;
		case LEDGER_DAMAGED:
			ereturn(escontext, false,
					(errcode(ERRCODE_DATA_CORRUPTED), errmsg("customer_value is damaged")));
		case LEDGER_SYNTAX:
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type customer_value")));
		case LEDGER_DATE:
			ereturn(escontext, false,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("date out of range for type customer_value")));
		case LEDGER_SCALE:
			ereturn(escontext, false,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("figure has more than %d fractional digits", LEDGER_MAX_SCALE)));
		case LEDGER_FIGURES:
			ereturn(
				escontext, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amounts or costs out of range for type customer_value"),
				 errdetail("The amounts of all days, and likewise the costs, may have %d digits "
						   "together, counted down to the finest fractional digit of any of them.",
						   LEDGER_DIGITS)));
		case LEDGER_COUNTS:
			ereturn(escontext, false,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("orders of a day out of range for type customer_value")));
		case LEDGER_TOO_MANY_DAYS:
			ereturn(escontext, false,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("customer_value has more than %d days", LEDGER_MAX_DAYS)));
	}
	elog(ERROR, "unexpected ledger error %d", (int) error);
}

/*
 * ledger_require
 *
 * Raises the error if there is one.
 */
void
ledger_require(LedgerError error)
{
	if (unlikely(error != LEDGER_FINE))
		ledger_complain(error, NULL);
}

/*
 * ledger_days_alloc
 *
 * Room for so many days, of which a ledger never has more than LEDGER_MAX_DAYS; but while it is
 * being added up there may be twice as many.
 */
LedgerDay *
ledger_days_alloc(size_t count)
{
	if (count > 2 * (size_t) LEDGER_MAX_DAYS)
		ledger_require(LEDGER_TOO_MANY_DAYS);
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * sizeof(LedgerDay));
}

/*
 * customer_value_append
 *
 * Appends the days of value in [since, before), times sign, to a ledger that has room for them.
 */
void
customer_value_append(Ledger *ledger, const CustomerValue *value, int sign, int32 since,
					  int32 before)
{
	ledger_require(ledger_append_bytes(ledger, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), sign,
									   since, before));
}

/*
 * customer_value_make
 *
 * Settles the ledger and returns it as a datum; NULL after a soft error.
 */
CustomerValue *
customer_value_make(Ledger *ledger, Node *escontext)
{
	LedgerLayout layout;
	CustomerValue *value;

	if (!ledger_complain(ledger_settle(ledger), escontext) ||
		!ledger_complain(ledger_measure(ledger, &layout), escontext))
		return NULL;
	value = palloc(VARHDRSZ + layout.size);
	SET_VARSIZE(value, VARHDRSZ + layout.size);
	ledger_write(ledger, &layout, VARDATA(value));
	return value;
}

/*
 * customer_value_combine
 *
 * a + sign * b
 */
CustomerValue *
customer_value_combine(const CustomerValue *a, const CustomerValue *b, int sign)
{
	Ledger ledger = {0};
	CustomerValue *value;

	ledger.days = ledger_days_alloc(ledger_most_days(VARSIZE_ANY_EXHDR(a)) +
									ledger_most_days(VARSIZE_ANY_EXHDR(b)));
	customer_value_append(&ledger, a, 1, LEDGER_SINCE_EVER, LEDGER_FOR_EVER);
	customer_value_append(&ledger, b, sign, LEDGER_SINCE_EVER, LEDGER_FOR_EVER);
	value = customer_value_make(&ledger, NULL);
	pfree(ledger.days);
	return value;
}

/*
 * customer_value_part
 *
 * sign times the days in [since, before)
 */
CustomerValue *
customer_value_part(const CustomerValue *value, int sign, int32 since, int32 before)
{
	Ledger ledger = {0};
	CustomerValue *part;

	ledger.days = ledger_days_alloc(ledger_most_days(VARSIZE_ANY_EXHDR(value)));
	customer_value_append(&ledger, value, sign, since, before);
	part = customer_value_make(&ledger, NULL);
	pfree(ledger.days);
	return part;
}

/*
 * customer_value_read_orders
 *
 * The order days up to and including as_of, with what the customer kept of each; days is to be freed.
 */
OrderDays
customer_value_read_orders(const CustomerValue *value, DateADT as_of)
{
	size_t length = VARSIZE_ANY_EXHDR(value);
	OrderDays order;

	order.days = MemoryContextAllocHuge(CurrentMemoryContext,
										(ledger_most_days(length) + 1) * sizeof(OrderDay));
	if (!order_days_read(VARDATA_ANY(value), length, as_of, &order))
		ledger_require(LEDGER_DAMAGED);
	return order;
}

/*
 * Says what is wrong with a numeric that no ledger takes.
 */
static pg_noinline void
figure_error(Datum numeric, NumericKind kind, const char *what)
{
	if (kind == NUMERIC_KIND_FINITE)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("%s %s has more than %d fractional digits", what,
							   DatumGetCString(DirectFunctionCall1(numeric_out, numeric)),
							   LEDGER_MAX_SCALE),
						errhint("Round it, as round(%s, 2) does.", what)));
	if (kind == NUMERIC_KIND_TOO_LONG)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s is out of range for type customer_value", what),
				 errdetail("It needs more than %d digits, or more than %d fractional digits.",
						   LEDGER_DIGITS, LEDGER_MAX_SCALE),
				 errhint("If it is too fine, round it, as round(%s, 2) does.", what)));
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg("%s must be finite, not %s", what,
						   DatumGetCString(DirectFunctionCall1(numeric_out, numeric)))));
}

/*
 * customer_value_figure
 *
 * An amount or a cost, named by what, with at most LEDGER_MAX_SCALE fractional digits; or an error.
 */
Decimal
customer_value_figure(Datum numeric, const char *what)
{
	Decimal figure;
	NumericKind kind = numeric_to_decimal(numeric, &figure);

	if (unlikely(kind != NUMERIC_KIND_FINITE))
		figure_error(numeric, kind, what);
	if (unlikely(figure.scale > LEDGER_MAX_SCALE))
	{
		figure = decimal_normalise(figure);
		if (figure.scale > LEDGER_MAX_SCALE)
			figure_error(numeric, kind, what);
	}
	return figure;
}

/*
 * Says what is wrong with a float that no ledger takes.
 */
static pg_noinline void
float_error(double value, const char *what)
{
	if (isfinite(value))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("%s is out of range for type customer_value", what),
						errdetail("It needs more than %d digits.", LEDGER_DIGITS)));
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg("%s must be finite, not %s", what, float8out_internal(value))));
}

#define FIGURE_ARGUMENTS 4 /* of the functions that have arguments that are numbers */

/*
 * The type of an argument, below any domains; an error unless it is a number. It is the same for all calls.
 */
static Oid
figure_type(FunctionCallInfo fcinfo, int number, const char *what)
{
	Oid *types = fcinfo->flinfo->fn_extra;
	Oid type;
	char category;
	bool preferred;

	if (likely(types != NULL && OidIsValid(types[number])))
		return types[number];
	if (types == NULL)
		types = fcinfo->flinfo->fn_extra =
			MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, FIGURE_ARGUMENTS * sizeof(Oid));
	type = get_fn_expr_argtype(fcinfo->flinfo, number);
	if (!OidIsValid(type))
		ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
						errmsg("could not determine the type of %s", what)));
	switch (getBaseType(type))
	{
		case NUMERICOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case UNKNOWNOID:
			return types[number] = getBaseType(type);
	}
	get_type_category_preferred(getBaseType(type), &category, &preferred);
	ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
					errmsg("%s must be a number, not of type %s", what, format_type_be(type)),
					category == TYPCATEGORY_STRING || category == TYPCATEGORY_NUMERIC
						? errhint("Cast it: %s::numeric.", what)
						: 0));
}

/*
 * customer_value_number
 *
 * An amount or a cost, named by what, of one of the server's types for numbers: a double or a float
 * as its shortest decimal rounded to LEDGER_MAX_SCALE fractional digits; or an error.
 */
Decimal
customer_value_number(Datum datum, Oid type, const char *what)
{
	Decimal figure = {0, 0};
	double value;

	switch (type)
	{
		case NUMERICOID:
			return customer_value_figure(datum, what);
		case INT2OID:
			figure.mantissa = DatumGetInt16(datum);
			break;
		case INT4OID:
			figure.mantissa = DatumGetInt32(datum);
			break;
		case INT8OID:
			figure.mantissa = DatumGetInt64(datum);
			break;
		case FLOAT4OID:
			value = DatumGetFloat4(datum);
			if (unlikely(!isfinite(value) ||
						 !float4_to_decimal((float) value, LEDGER_MAX_SCALE, &figure)))
				float_error(value, what);
			break;
		case FLOAT8OID:
			value = DatumGetFloat8(datum);
			if (unlikely(!isfinite(value) || !float8_to_decimal(value, LEDGER_MAX_SCALE, &figure)))
				float_error(value, what);
			break;
		case UNKNOWNOID: /* a quoted literal, to which the parser gave no type */
			return customer_value_figure(DirectFunctionCall3(numeric_in, datum,
															 ObjectIdGetDatum(InvalidOid),
															 Int32GetDatum(-1)),
										 what);
		default:
			elog(ERROR, "unexpected type %u of %s", type, what);
	}
	return figure;
}

/*
 * customer_value_argument
 *
 * An argument declared as "any" that is an amount or a cost, named by what.
 */
Decimal
customer_value_argument(FunctionCallInfo fcinfo, int number, const char *what)
{
	return customer_value_number(PG_GETARG_DATUM(number), figure_type(fcinfo, number, what), what);
}

static pg_noinline void
day_error(bool future)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("day of an order must be finite, not %s", future ? "infinity" : "-infinity")));
}

/*
 * customer_value_day
 *
 * The day of an order given as a date.
 */
DateADT
customer_value_day(Datum at)
{
	DateADT day = DatumGetDateADT(at);

	if (unlikely(DATE_NOT_FINITE(day)))
		day_error(DATE_IS_NOEND(day));
	return day;
}

/*
 * customer_value_day_of_timestamp
 *
 * The day of an order given as a timestamp, or its UTC day if given as a timestamptz: the server
 * keeps both as microseconds since 2000-01-01, the latter in UTC.
 */
DateADT
customer_value_day_of_timestamp(Datum at)
{
	Timestamp time = DatumGetTimestamp(at);
	int64 day = time / USECS_PER_DAY;

	if (unlikely(TIMESTAMP_NOT_FINITE(time)))
		day_error(TIMESTAMP_IS_NOEND(time));
	return (DateADT) (time % USECS_PER_DAY < 0 ? day - 1 : day);
}

/*
 * customer_value_as_of
 *
 * A day to look back from.
 */
DateADT
customer_value_as_of(Datum as_of)
{
	DateADT day = DatumGetDateADT(as_of);

	if (DATE_NOT_FINITE(day))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("as_of must be finite, not %s",
							   DATE_IS_NOEND(day) ? "infinity" : "-infinity")));
	return day;
}
