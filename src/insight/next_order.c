/*
 * next_order.c
 *	  The SQL function next_order: when a customer's next order is due, by its own rhythm.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/date.h"

#include "support/compat.h"
#include "insight/rhythm.h"
#include "value/value.h"

#define NEXT_ORDER_COLUMNS 3

PG_FUNCTION(insight_next_order);

/*
 * next_order(customer_value, as_of date) returns (due date, gap_days float8, regularity float8)
 */
Datum
insight_next_order(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);
	DateADT as_of = customer_value_as_of(PG_GETARG_DATUM(1));
	TupleDesc columns = fcinfo->flinfo->fn_extra;
	Datum values[NEXT_ORDER_COLUMNS] = {0};
	bool nulls[NEXT_ORDER_COLUMNS] = {true, true, true};
	Rhythm rhythm;

	if (!rhythm_of(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), as_of, &rhythm))
		ledger_require(LEDGER_DAMAGED);
	if (columns == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		columns = BlessTupleDesc(CreateTupleDescCopy(columns));
		fcinfo->flinfo->fn_extra = columns;
		MemoryContextSwitchTo(old);
	}
	if (rhythm.order_days >= 2)
	{
		double due = rhythm.last + rint(rhythm.gap);

		nulls[0] = due > LEDGER_LAST_DAY;
		if (!nulls[0])
			values[0] = DateADTGetDatum((DateADT) due);
		values[1] = Float8GetDatum(rhythm.gap);
		nulls[1] = false;
	}
	if (rhythm.order_days >= 3)
	{
		values[2] = Float8GetDatum(rhythm.regularity);
		nulls[2] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}
