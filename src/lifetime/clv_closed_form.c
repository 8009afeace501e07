/*
 * clv_closed_form.c
 *	  The SQL functions clv(margin, retention, discount, …) and clv(cash_flows, discount).
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "support/compat.h"
#include "lifetime/closed_form.h"

PG_FUNCTION(clv_contract);
PG_FUNCTION(clv_cash_flows);

static void
check_finite(const char *argument, double value)
{
	if (!isfinite(value))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("%s must be finite, not %s", argument, float8out_internal(value)));
}

static void
check_discount(double discount)
{
	check_finite("discount", discount);
	if (discount <= -1)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("discount must be greater than -1, not %s", float8out_internal(discount)));
}

/* A result that does not fit is an error, as with the server's own arithmetic; never minus zero. */
static Datum
finite_result(double value)
{
	if (!isfinite(value))
		float_overflow_error();
	return Float8GetDatum(value + 0.0);
}

/*
 * clv_contract(margin float8, retention float8, discount float8, periods int, first text) returns float8
 *
 * Value of a contract; periods NULL is the endless horizon, any other NULL gives NULL.
 */
Datum
clv_contract(PG_FUNCTION_ARGS)
{
	double margin, retention, discount;
	text *first;
	bool at_start;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(4))
		PG_RETURN_NULL();
	margin = PG_GETARG_FLOAT8(0);
	retention = PG_GETARG_FLOAT8(1);
	discount = PG_GETARG_FLOAT8(2);
	first = PG_GETARG_TEXT_PP(4);

	check_finite("margin", margin);
	check_finite("retention", retention);
	if (retention < 0 || retention > 1)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("retention must be between 0 and 1, not %s", float8out_internal(retention)));
	check_discount(discount);

	at_start = VARSIZE_ANY_EXHDR(first) == 5 && memcmp(VARDATA_ANY(first), "start", 5) == 0;
	if (!at_start && !(VARSIZE_ANY_EXHDR(first) == 3 && memcmp(VARDATA_ANY(first), "end", 3) == 0))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("first must be \"end\" or \"start\", not \"%s\"", text_to_cstring(first)));

	if (!PG_ARGISNULL(3))
	{
		int periods = PG_GETARG_INT32(3);

		if (periods < 0)
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("periods must not be negative, but is %d", periods));
		return finite_result(
			contract_value_periods(margin, retention, discount, periods, at_start));
	}

	/* a gap within the rounding of 0.7 and -0.3 is none */
	if (retention_gap(retention, discount) <= DBL_EPSILON)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("retention must be less than 1 + discount over an endless horizon"),
				errdetail("With retention %s and discount %s the value grows without limit.",
						  float8out_internal(retention), float8out_internal(discount)),
				errhint("Limit the horizon with periods."));
	return finite_result(contract_value(margin, retention, discount, at_start));
}

/*
 * clv_cash_flows(cash_flows float8[], discount float8) returns float8
 *
 * Present value of flows one period apart, the first of them now; of no flows 0.
 */
Datum
clv_cash_flows(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	double discount = PG_GETARG_FLOAT8(1);
	int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const double *flows = (const double *) ARR_DATA_PTR(array);

	check_discount(discount);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				errmsg("cash_flows must be a one-dimensional array"));
	if (array_contains_nulls(array))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("cash_flows must not contain nulls"));
	for (int i = 0; i < count; i++)
	{
		if (!isfinite(flows[i]))
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("cash_flows must be finite, but element %d is %s", i + 1,
						   float8out_internal(flows[i])));
	}
	return finite_result(present_value(flows, count, discount));
}
