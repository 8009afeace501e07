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
#include "support/numeric_decimal.h"
#include "support/partition_scan.h"
#include "concentration/collect.h"
#include "concentration/curve.h"
#include "concentration/cutoffs.h"
#include "concentration/cutoffs_io.h"
#include "concentration/numeric_steps.h"
#include "concentration/summary.h"

PG_FUNCTION(abc_class_numeric);
PG_FUNCTION(abc_class_int8);
PG_FUNCTION(abc_class_float8);
PG_FUNCTION(abc_cutoffs_final);
PG_FUNCTION(abc_cutoffs_computed_final);

/* The classes of a window partition's rows, once they are known. */
typedef struct AbcPartition
{
	uint8 *classes; /* of each row: 0 for NULL, 1 for A, 2 for B ... */
	bool up_to;
	ArrayType *cuts; /* as the first row had them, if they may differ between rows */
} AbcPartition;

/* The smallest value of each class but the last, as keys. */
static void
find_limits(Collected *collected, const CollectedSurvey *survey, const Decimal *cuts, int count,
			bool up_to, wide *limits)
{
	SelectPoint points[ABC_MOST_CUTS];

	abc_points(collected, survey, cuts, count, up_to, points);
	for (int i = 0; i < count; i++)
		limits[i] = points[i].key;
}

/* Classes of long rows, from the second on; those of value 0 or less have theirs already. */
static void
class_long_rows(Collected *collected, const Values *rows, const Decimal *cut, int cuts, bool up_to,
				uint8 *classes, int64 count)
{
	NumericSteps steps;
	Datum limits[ABC_MOST_CUTS];

	numeric_steps(collected, &steps);
	for (int c = 0; c < cuts; c++)
		limits[c] = NumericGetDatum(numeric_steps_limit(&steps, cut[c], up_to)->value);
	for (int64 row = 0, i = 0; row < count; row++)
	{
		Datum value;

		CHECK_FOR_INTERRUPTS();
		if (classes[row] != 1)
			continue;
		value = NumericGetDatum(rows->keys.longs[i++]);
		for (int c = 0; c < cuts; c++)
			classes[row] += DatumGetBool(
				DirectFunctionCall2(up_to ? numeric_le : numeric_lt, value, limits[c]));
	}
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
	CollectedSurvey survey;
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
			collected_add_numeric(&collected, value);
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
	if (!collected_survey(&collected, false, &survey))
	{
		values_make_long(&rows);
		class_long_rows(&collected, &rows, cut, cuts, up_to, classes, count);
		values_free(&collected.values);
		values_free(&rows);
		return classes;
	}
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

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("boundary cannot be NULL")));
	return abc_read_boundary(DatumGetTextPP(boundary));
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
 * float_cutoffs
 *
 * Fills in what all cut-offs have, beside the limits of all classes but the last, and makes the
 * datum. The last class reaches down to the smallest value of all.
 */
static Datum
float_cutoffs(const Collected *collected, const CollectedSurvey *survey, AbcCutoffs *cutoffs,
			  const wide *limits)
{
	memcpy(cutoffs->limit, limits, sizeof(wide) * cutoffs->cuts);
	cutoffs->limit[cutoffs->cuts] =
		collected_idle(collected) > 0 ? double_key(collected->float_least) : survey->least;
	cutoffs->is_float = true;
	cutoffs->float_total = abc_float_sum(survey, survey->total);
	return abc_cutoffs_datum(cutoffs);
}

/* The same for exact ones. */
static Datum
exact_cutoffs(const Collected *collected, const CollectedSurvey *survey, AbcCutoffs *cutoffs,
			  const wide *limits)
{
	int scale = survey->scale;
	Decimal total = {survey->total, scale}, least = {survey->least, scale};
	Numeric numbers[ABC_MOST_CLASSES];

	for (int i = 0; i < cutoffs->cuts; i++)
	{
		Decimal limit = {limits[i], scale};

		numbers[i] = decimal_to_numeric(limit);
	}
	numbers[cutoffs->cuts] =
		collected_idle(collected) > 0 ? collected_least(collected) : decimal_to_numeric(least);
	abc_set_numbers(cutoffs, decimal_to_numeric(total), numbers);
	return abc_cutoffs_datum(cutoffs);
}

static Datum
complete_cutoffs(const Collected *collected, const CollectedSurvey *survey, AbcCutoffs *cutoffs,
				 const wide *limits)
{
	cutoffs->customers = collected->customers;
	return collected->values.is_float ? float_cutoffs(collected, survey, cutoffs, limits)
									  : exact_cutoffs(collected, survey, cutoffs, limits);
}

/* The same for a long column: numbers[] holds the limits and has room for one more. */
static Datum
complete_long_cutoffs(const Collected *collected, const NumericSteps *steps, AbcCutoffs *cutoffs,
					  Numeric *numbers)
{
	numbers[cutoffs->cuts] = collected_idle(collected) > 0 ? collected_least(collected)
														   : steps->steps[steps->count - 1].value;
	cutoffs->customers = collected->customers;
	abc_set_numbers(cutoffs, steps->total, numbers);
	return abc_cutoffs_datum(cutoffs);
}

static Datum
long_cutoffs(Collected *collected, AbcCutoffs *cutoffs)
{
	NumericSteps steps;
	Numeric numbers[ABC_MOST_CLASSES];

	numeric_steps(collected, &steps);
	for (int i = 0; i < cutoffs->cuts; i++)
		numbers[i] = numeric_steps_limit(&steps, cutoffs->cut[i], false)->value;
	return complete_long_cutoffs(collected, &steps, cutoffs, numbers);
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
	CollectedSurvey survey;
	AbcCutoffs cutoffs;
	wide limits[ABC_MOST_CUTS];

	if (collected == NULL)
		PG_RETURN_NULL();
	memset(&cutoffs, 0, sizeof(cutoffs));
	if (collected->has_parameter)
		cutoffs.cuts = abc_read_cuts(DatumGetArrayTypeP(collected->parameter), cutoffs.cut);
	else
	{
		cutoffs.cuts = ABC_DEFAULT_CUTS;
		memcpy(cutoffs.cut, abc_default_cuts, sizeof(abc_default_cuts));
	}
	if (collected_positive(collected) == 0)
		PG_RETURN_NULL();

	if (!collected_survey(collected, false, &survey))
		return long_cutoffs(collected, &cutoffs);
	find_limits(collected, &survey, cutoffs.cut, cutoffs.cuts, false, limits);
	return complete_cutoffs(collected, &survey, &cutoffs, limits);
}

static Datum
long_computed(Collected *collected, AbcCutoffs *cutoffs)
{
	GroupedValues grouped;
	NumericSteps steps;
	Numeric numbers[3];
	size_t last[2];

	collected_grouped(collected, &steps, &grouped);
	grouped_computed(&grouped, last);
	for (int i = 0; i < cutoffs->cuts; i++)
		numbers[i] = steps.steps[last[i]].value;
	return complete_long_cutoffs(collected, &steps, cutoffs, numbers);
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
	CollectedSurvey survey;
	AbcCutoffs cutoffs;
	SortedChunks chunks = {.collected = collected, .survey = &survey, .falling = true};
	CurveAbc abc;
	wide ranks[2], limits[2];
	SelectPoint points[2];
	double a, b;

	if (collected == NULL || collected_positive(collected) == 0)
		PG_RETURN_NULL();
	memset(&cutoffs, 0, sizeof(cutoffs));
	cutoffs.is_computed = true;
	cutoffs.cuts = lengthof(limits);
	if (!collected_survey(collected, true, &survey))
		return long_computed(collected, &cutoffs);

	memset(&abc, 0, sizeof(abc));
	abc.customers = (double) collected->customers;
	abc.total = (double) survey.total;
	while (sorted_chunks_next(&chunks))
	{
		for (size_t i = chunks.count; i > 0;)
		{
			wide key = sorted_key(&chunks, i - 1);
			double value = sorted_weight(&chunks, i - 1);
			size_t ties = i;

			while (ties > 0 && sorted_key(&chunks, ties - 1) == key)
				ties--;
			curve_abc_add(&abc, value, (double) (i - ties));
			i = ties;
		}
	}
	curve_abc_finish(&abc, &a, &b);

	ranks[0] = (wide) a;
	ranks[1] = (wide) b;
	collected_points(collected, &survey, true, ranks, lengthof(ranks), points);
	limits[0] = points[0].key;
	limits[1] = points[1].key;
	return complete_cutoffs(collected, &survey, &cutoffs, limits);
}
