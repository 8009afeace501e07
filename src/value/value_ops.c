/*
 * value_ops.c
 *	  Operators on customer_value, and ledgers of one order.
 */
#include "value/value.h"

#include "common/hashfn.h"

#include "support/comparison.h"

PG_FUNCTION(customer_value_of_date);
PG_FUNCTION(customer_value_of_timestamp);
PG_FUNCTION(customer_value_pl);
PG_FUNCTION(customer_value_mi);
PG_FUNCTION(customer_value_um);
PG_FUNCTION(customer_value_hash);
PG_FUNCTION(customer_value_hash_extended);
PG_FUNCTION(customer_value_until);
PG_FUNCTION(customer_value_since);

/*
 * One order as a ledger; NULL if its amount is NULL.
 */
static Datum
value_of(FunctionCallInfo fcinfo, DateADT (*day_of)(Datum at))
{
	bool costly = PG_NARGS() > 2 && !PG_ARGISNULL(2);
	LedgerDay row;
	Ledger ledger = {&row, 1, 0};
	Decimal amount, cost;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	amount = customer_value_argument(fcinfo, 1, "amount");
	if (costly)
		cost = customer_value_argument(fcinfo, 2, "cost");
	ledger_require(
		ledger_row(day_of(PG_GETARG_DATUM(0)), amount, costly ? &cost : NULL, &row, &ledger.scale));
	PG_RETURN_CUSTOMER_VALUE(customer_value_make(&ledger, NULL));
}

/*
 * customer_value_of(at date, amount "any" [, cost "any"]) returns customer_value
 */
Datum
customer_value_of_date(PG_FUNCTION_ARGS)
{
	return value_of(fcinfo, customer_value_day);
}

/*
 * customer_value_of(at timestamp or timestamptz, amount "any" [, cost "any"])
 * returns customer_value
 */
Datum
customer_value_of_timestamp(PG_FUNCTION_ARGS)
{
	return value_of(fcinfo, customer_value_day_of_timestamp);
}

/*
 * customer_value + customer_value
 */
Datum
customer_value_pl(PG_FUNCTION_ARGS)
{
	PG_RETURN_CUSTOMER_VALUE(
		customer_value_combine(PG_GETARG_CUSTOMER_VALUE(0), PG_GETARG_CUSTOMER_VALUE(1), 1));
}

/*
 * customer_value - customer_value
 */
Datum
customer_value_mi(PG_FUNCTION_ARGS)
{
	PG_RETURN_CUSTOMER_VALUE(
		customer_value_combine(PG_GETARG_CUSTOMER_VALUE(0), PG_GETARG_CUSTOMER_VALUE(1), -1));
}

/*
 * - customer_value
 */
Datum
customer_value_um(PG_FUNCTION_ARGS)
{
	PG_RETURN_CUSTOMER_VALUE(
		customer_value_part(PG_GETARG_CUSTOMER_VALUE(0), -1, LEDGER_SINCE_EVER, LEDGER_FOR_EVER));
}

/*
 * until(customer_value, date) returns customer_value: the days before that day
 */
Datum
customer_value_until(PG_FUNCTION_ARGS)
{
	PG_RETURN_CUSTOMER_VALUE(customer_value_part(PG_GETARG_CUSTOMER_VALUE(0), 1, LEDGER_SINCE_EVER,
												 PG_GETARG_DATEADT(1)));
}

/*
 * since(customer_value, date) returns customer_value: that day and those after it
 */
Datum
customer_value_since(PG_FUNCTION_ARGS)
{
	PG_RETURN_CUSTOMER_VALUE(
		customer_value_part(PG_GETARG_CUSTOMER_VALUE(0), 1, PG_GETARG_DATEADT(1), LEDGER_FOR_EVER));
}

/*
 * Equal ledgers have equal bytes.
 */
static int
customer_value_compare(FunctionCallInfo fcinfo)
{
	CustomerValue *a = PG_GETARG_CUSTOMER_VALUE(0);
	CustomerValue *b = PG_GETARG_CUSTOMER_VALUE(1);
	int order =
		compare_bytes(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b));

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

COMPARISONS(customer_value);

/*
 * customer_value_hash(customer_value) returns int
 */
Datum
customer_value_hash(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);

	return hash_any((unsigned char *) VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value));
}

/*
 * customer_value_hash_extended(customer_value, seed bigint) returns bigint
 */
Datum
customer_value_hash_extended(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);

	return hash_any_extended((unsigned char *) VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value),
							 (uint64) PG_GETARG_INT64(1));
}
