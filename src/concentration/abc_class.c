/*
 * abc_class.c
 *	  ABC classes over a window partition, and their cut-offs as an aggregate.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "windowapi.h"

#include "support/compat.h"
#include "support/partition_scan.h"
#include "concentration/collect.h"
#include "concentration/curve.h"
#include "concentration/cutoffs.h"
#include "concentration/cutoffs_io.h"

PG_FUNCTION(abc_class_numeric);
PG_FUNCTION(abc_class_int8);
PG_FUNCTION(abc_class_float8);
PG_FUNCTION(abc_cutoffs_final);
PG_FUNCTION(abc_cutoffs_computed_final);

/* the argument cuts where none is given */
static const Decimal default_cuts[] = {{80, 2}, {95, 2}};

/* The classes of a window partition's rows, once they are known. */
typedef struct AbcPartition
{
	uint8 *classes; /* of each row: 0 for NULL, 1 for A, 2 for B ... */
	bool up_to;
	ArrayType *cuts; /* as the first row had them, if they may differ between rows */
} AbcPartition;

/*
 * find_limits
 *
 * The smallest value of each class but the last, as keys: class i goes on while what lies above adds
 * up to less than the i-th cut's threshold.
 */
static void
find_limits(Collected *collected, const SelectSurvey *survey, const Decimal *cuts, int count,
			bool up_to, wide *limits)
{
	wide thresholds[ABC_MOST_CUTS] = {0};
	SelectPoint points[ABC_MOST_CUTS];

	for (int i = 0; i < count; i++)
		thresholds[i] = abc_threshold(survey->total, cuts[i], up_to);
	collected_points(collected, survey, false, thresholds, count, points);
	for (int i = 0; i < count; i++)
		limits[i] = points[i].key;
}

/*
 * class_partition
 *
 * Reads the whole partition, finds its limits and gives each row its class. With up_to, a class holds
 * what lies above the limit found and not that value itself: what it and all above it add up to
 * crosses the threshold. Finding the limits moves the keys about, so that it takes a copy of them:
 * quicker than to evaluate the argument once more for each row.
 */
static uint8 *
class_partition(WindowObject winobj, ValueKind kind, ArrayType *cuts_argument, bool up_to,
				MemoryContext context)
{
	PartitionScan scan;
	Datum value;
	Collected collected;
	SelectSurvey survey;
	Values rows; /* the values > 0 in the order of the rows */
	Decimal cut[ABC_MOST_CUTS];
	wide limits[ABC_MOST_CUTS];
	int cuts = abc_read_cuts(cuts_argument, cut);
	int64 count = WinGetPartitionRowCount(winobj);
	uint8 *classes = MemoryContextAllocExtended(context, count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	uint8 last = cuts + 1;

	collected_init(&collected, CurrentMemoryContext, kind == VALUE_FLOAT8);
	partition_scan_begin(&scan, winobj, 0);
	while (partition_scan_next(&scan, &value))
	{
		size_t before = collected.values.count;

		if (kind == VALUE_NUMERIC)
			collected_add_decimal(&collected, values_read_numeric(value));
		else if (kind == VALUE_FLOAT8)
			collected_add_float8(&collected, values_read_float8(DatumGetFloat8(value)));
		else
			collected_add_int64(&collected, DatumGetInt64(value));
		classes[scan.row - 1] = collected.values.count > before ? 1 : last;
	}
	if (collected.values.count == 0)
		return classes;

	values_init(&rows, CurrentMemoryContext, collected.values.is_float);
	values_append_all(&rows, &collected.values);
	collected_survey(&collected, &survey);
	find_limits(&collected, &survey, cut, cuts, up_to, limits);
	values_free(&collected.values);

	for (int64 row = 0, i = 0; row < count; row++)
	{
		wide key;

		CHECK_FOR_INTERRUPTS();
		if (classes[row] != 1)
			continue;
		key = rows.is_wide ? rows.keys.wides[i] : rows.keys.narrow[i];
		i++;
		for (int c = 0; c < cuts; c++)
			classes[row] += up_to ? key <= limits[c] : key < limits[c];
	}
	values_free(&rows);
	return classes;
}

/* The argument cuts of the current row. */
static ArrayType *
current_cuts(WindowObject winobj)
{
	bool is_null;
	Datum cuts = WinGetFuncArgCurrent(winobj, 1, &is_null);

	if (is_null)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("cuts cannot be NULL")));
	return DatumGetArrayTypeP(cuts);
}

/* The argument boundary of the current row: is it up_to? */
static bool
current_up_to(WindowObject winobj)
{
	bool is_null;
	Datum boundary = WinGetFuncArgCurrent(winobj, 2, &is_null);
	char *name;

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("boundary cannot be NULL")));
	name = TextDatumGetCString(boundary);
	if (strcmp(name, "crossing") != 0 && strcmp(name, "up_to") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("boundary cannot be \"%s\"", name),
						errhint("It is either \"crossing\" or \"up_to\".")));
	return strcmp(name, "up_to") == 0;
}

/*
 * abc_class(value, cuts, boundary) returns text, over a window
 *
 * The class of the current row within its partition. Rows are not given back as it goes on: at the
 * first row all of them have been kept already, and giving them back costs a fifth of the time.
 */
static Datum
abc_class(FunctionCallInfo fcinfo, ValueKind kind)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	AbcPartition *partition;
	int class_number;

	if (!WindowObjectIsValid(winobj))
		ereport(ERROR, (errcode(ERRCODE_WINDOWING_ERROR),
						errmsg("abc_class can only be called as a window function")));
	partition = WinGetPartitionLocalMemory(winobj, sizeof(AbcPartition));
	if (unlikely(partition->classes == NULL))
	{
		MemoryContext context = GetMemoryChunkContext(partition);
		ArrayType *cuts = current_cuts(winobj);

		partition->up_to = current_up_to(winobj);
		if (!get_fn_expr_arg_stable(fcinfo->flinfo, 1) ||
			!get_fn_expr_arg_stable(fcinfo->flinfo, 2))
		{
			partition->cuts = MemoryContextAlloc(context, VARSIZE(cuts));
			memcpy(partition->cuts, cuts, VARSIZE(cuts));
		}
		partition->classes = class_partition(winobj, kind, cuts, partition->up_to, context);
	}
	else if (unlikely(partition->cuts != NULL))
	{
		ArrayType *cuts = current_cuts(winobj);

		if (current_up_to(winobj) != partition->up_to ||
			VARSIZE(cuts) != VARSIZE(partition->cuts) ||
			memcmp(cuts, partition->cuts, VARSIZE(cuts)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cuts and boundary must be the same in all rows of a partition")));
	}

	class_number = partition->classes[WinGetCurrentPosition(winobj)];
	if (class_number == 0)
		PG_RETURN_NULL();
	return abc_class_texts(fcinfo->flinfo)[class_number - 1];
}

Datum
abc_class_numeric(PG_FUNCTION_ARGS)
{
	return abc_class(fcinfo, VALUE_NUMERIC);
}

Datum
abc_class_int8(PG_FUNCTION_ARGS)
{
	return abc_class(fcinfo, VALUE_INT8);
}

Datum
abc_class_float8(PG_FUNCTION_ARGS)
{
	return abc_class(fcinfo, VALUE_FLOAT8);
}

/*
 * complete_cutoffs
 *
 * Fills in what all cut-offs have, beside the limits of all classes but the last, and makes the
 * datum. The last class reaches down to the smallest value of all.
 */
static Datum
complete_cutoffs(const Collected *collected, const SelectSurvey *survey, AbcCutoffs *cutoffs)
{
	const Values *values = &collected->values;
	wide *last = &cutoffs->limit[cutoffs->cuts];

	cutoffs->customers = collected->customers;
	cutoffs->is_float = values->is_float;
	cutoffs->scale = values->scale;

	*last = survey->least;
	if (values->is_float)
	{
		if (collected_idle(collected) > 0)
			*last = double_key(collected->float_least);
		cutoffs->float_total =
			ldexp((double) survey->total, survey->quantum - DOUBLE_UNIT_EXPONENT);
		if (isinf(cutoffs->float_total))
			ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
							errmsg("sum of the values is out of range of double precision")));
	}
	else
	{
		if (collected_idle(collected) > 0)
		{
			Decimal least = decimal_normalise(collected->least);

			if (least.scale > DECIMAL_DIGITS)
				values_too_long();
			cutoffs->scale = Max(cutoffs->scale, least.scale);
			for (int i = 0; i < cutoffs->cuts; i++)
				if (!decimal_rescale(cutoffs->limit[i], values->scale, cutoffs->scale,
									 &cutoffs->limit[i]))
					values_too_long();
			if (!decimal_rescale(least.mantissa, least.scale, cutoffs->scale, last))
				values_too_long();
		}
		cutoffs->total.mantissa = survey->total;
		cutoffs->total.scale = values->scale;
	}
	return abc_cutoffs_datum(cutoffs);
}

/*
 * abc_cutoffs_final(internal) returns abc_cutoffs
 *
 * Final function of abc_cutoffs; NULL without anything to divide.
 */
Datum
abc_cutoffs_final(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	SelectSurvey survey;
	AbcCutoffs cutoffs;

	if (collected == NULL)
		PG_RETURN_NULL();
	memset(&cutoffs, 0, sizeof(cutoffs));
	if (collected->has_parameter)
		cutoffs.cuts = abc_read_cuts(DatumGetArrayTypeP(collected->parameter), cutoffs.cut);
	else
	{
		cutoffs.cuts = lengthof(default_cuts);
		memcpy(cutoffs.cut, default_cuts, sizeof(default_cuts));
	}
	if (collected->values.count == 0)
		PG_RETURN_NULL();

	collected_survey(collected, &survey);
	find_limits(collected, &survey, cutoffs.cut, cutoffs.cuts, false, cutoffs.limit);
	return complete_cutoffs(collected, &survey, &cutoffs);
}

/*
 * abc_cutoffs_computed_final(internal) returns abc_cutoffs
 *
 * Final function of abc_cutoffs_computed: limits that the data themselves suggest, see curve.h.
 */
Datum
abc_cutoffs_computed_final(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	SelectSurvey survey;
	AbcCutoffs cutoffs;
	CurveAbc abc;
	double a, b;

	if (collected == NULL || collected->values.count == 0)
		PG_RETURN_NULL();
	collected_survey(collected, &survey);
	collected_sort(collected);

	memset(&abc, 0, sizeof(abc));
	abc.customers = (double) collected->customers;
	abc.total = (double) survey.total;
	for (size_t i = collected->values.count; i > 0;)
	{
		wide key = collected_key(collected, i - 1);
		double value = (double) collected_weight(collected, survey.quantum, i - 1);
		size_t ties = i;

		CHECK_FOR_INTERRUPTS();
		while (ties > 0 && collected_key(collected, ties - 1) == key)
			ties--;
		curve_abc_add(&abc, value, (double) (i - ties));
		i = ties;
	}
	curve_abc_finish(&abc, &a, &b);

	memset(&cutoffs, 0, sizeof(cutoffs));
	cutoffs.is_computed = true;
	cutoffs.cuts = 2;
	cutoffs.limit[0] = collected_key(collected, collected->values.count - (size_t) a);
	cutoffs.limit[1] = collected_key(collected, collected->values.count - (size_t) b);
	return complete_cutoffs(collected, &survey, &cutoffs);
}
