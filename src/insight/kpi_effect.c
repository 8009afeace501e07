/*
 * kpi_effect.c
 *	  The SQL function kpi_effect: lagged correlation of two figures over time.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/float.h"

#include "support/compat.h"
#include "insight/effect.h"

/* With fewer pairs nearly any correlation lies within the interval, which then says nothing. */
#define FEWEST_PAIRS 10

#define EFFECT_COLUMNS 4

PG_FUNCTION(insight_kpi_effect);

/* A series: its elements, and which of them are missing. */
typedef struct Series
{
	Datum *values;
	bool *missing;
	int count;
} Series;

static Series
get_series(FunctionCallInfo fcinfo, int n, const char *name)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(n);
	Series series;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("%s must be a one-dimensional array", name)));
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &series.values, &series.missing, &series.count);
	for (int i = 0; i < series.count; i++)
	{
		double value = series.missing[i] ? 0 : DatumGetFloat8(series.values[i]);

		if (!isfinite(value))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("%s must be finite, but element %d is %s", name, i + 1,
								   float8out_internal(value))));
	}
	return series;
}

/*
 * kpi_effect(x float8[], y float8[], lag int) returns (n int, correlation float8, low float8,
 *		high float8)
 */
Datum
insight_kpi_effect(PG_FUNCTION_ARGS)
{
	Series x = get_series(fcinfo, 0, "x");
	Series y = get_series(fcinfo, 1, "y");
	int32 lag = PG_GETARG_INT32(2);
	double *causes, *effects, correlation, low, high;
	int n = 0;
	TupleDesc columns;
	Datum values[EFFECT_COLUMNS] = {0};
	bool nulls[EFFECT_COLUMNS] = {false, true, true, true};

	if (lag < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("lag must not be negative, but is %d", lag),
						errhint("Exchange x and y to see whether y comes before x.")));
	if (x.count != y.count)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("x and y must be of the same length, but have %d and %d elements",
							   x.count, y.count)));

	causes = palloc(Max(x.count, 1) * sizeof(double));
	effects = palloc(Max(x.count, 1) * sizeof(double));
	for (int i = 0; i < x.count - lag; i++)
	{
		if (x.missing[i] || y.missing[i + lag])
			continue;
		causes[n] = DatumGetFloat8(x.values[i]);
		effects[n++] = DatumGetFloat8(y.values[i + lag]);
	}
	if (n < FEWEST_PAIRS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("too few periods for an effect: at a lag of %d there are %d pairs", lag, n),
				 errdetail("At least %d are needed.", FEWEST_PAIRS)));

	values[0] = Int32GetDatum(n);
	if (effect_correlation(causes, effects, n, &correlation))
	{
		effect_interval(correlation, n, &low, &high);
		values[1] = Float8GetDatum(correlation);
		values[2] = Float8GetDatum(low);
		values[3] = Float8GetDatum(high);
		memset(nulls, false, sizeof(nulls));
	}
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
