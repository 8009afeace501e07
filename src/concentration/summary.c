/*
 * summary.c
 *	  What the classes of an ABC analysis hold, as an aggregate: abc_summary.
 */
#include "concentration/summary.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "concentration/cutoffs_io.h"
#include "concentration/numeric_steps.h"

PG_FUNCTION(abc_summary_final);

#define COLUMNS 7

/* Without the zeros at the end that a common scale brings. */
static Datum
trimmed(Numeric value)
{
	return value == NULL ? (Datum) 0
						 : DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(value));
}

Datum
abc_summary_datum(FunctionCallInfo fcinfo, const AbcClass *classes, int count)
{
	Oid row_type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	TupleDesc columns = lookup_rowtype_tupdesc_copy(row_type, -1);
	Datum rows[ABC_MOST_CLASSES];
	double customers = 0;

	for (int i = 0; i < count; i++)
		customers += (double) classes[i].customers;
	for (int i = 0; i < count; i++)
	{
		const AbcClass *class = &classes[i];
		char letter = (char) ('A' + i);
		Datum values[COLUMNS] = {
			PointerGetDatum(cstring_to_text_with_len(&letter, 1)),
			Int64GetDatum(class->customers),
			Float8GetDatum((double) class->customers / customers),
			trimmed(class->value),
			Float8GetDatum(class->value_share),
			trimmed(class->smallest),
			trimmed(class->largest),
		};
		bool nulls[COLUMNS] = {false};

		nulls[COLUMNS - 2] = nulls[COLUMNS - 1] = class->customers == 0;
		rows[i] = HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
	}
	return PointerGetDatum(construct_array(rows, count, row_type, -1, false, TYPALIGN_DOUBLE));
}

/* A class goes on while what lies above adds up to less than its cut's threshold. */
void
abc_points(Collected *collected, const CollectedSurvey *survey, const Decimal *cut, int cuts,
		   bool up_to, SelectPoint *points)
{
	wide thresholds[ABC_MOST_CUTS];

	for (int i = 0; i < cuts; i++)
		thresholds[i] = abc_threshold(survey->total, cut[i], up_to);
	collected_points(collected, survey, false, thresholds, cuts, points);
}

double
abc_float_sum(const CollectedSurvey *survey, wide weight)
{
	double sum = ldexp((double) weight, survey->quantum - DOUBLE_UNIT_EXPONENT);

	if (isinf(sum))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("sum of the values is out of range of double precision")));
	return sum;
}

static Numeric
number_of_key(const CollectedSurvey *survey, wide key)
{
	Decimal number = {key, survey->scale};

	return survey->kind == SELECT_DOUBLE ? double_to_numeric(double_of_key((int64) key))
										 : decimal_to_numeric(number);
}

static Numeric
number_of_weight(const CollectedSurvey *survey, wide weight)
{
	Decimal number = {weight, survey->scale};

	return survey->kind == SELECT_DOUBLE ? double_to_numeric(abc_float_sum(survey, weight))
										 : decimal_to_numeric(number);
}

/*
 * fill_classes
 *
 * The classes of the values > 0. Where they end is known from the points, and so is what lies above
 * that; the smallest and the largest value of a class are those of its last and its first place.
 */
static void
fill_classes(Collected *collected, const CollectedSurvey *survey, const Decimal *cut, int cuts,
			 bool up_to, AbcClass *classes)
{
	SelectPoint end[ABC_MOST_CUTS], bound[2 * ABC_MOST_CLASSES];
	wide rank[2 * ABC_MOST_CLASSES];
	wide sum[ABC_MOST_CLASSES + 1] = {0}; /* before each class, and at the end */
	wide place = 0;
	int ranks = 0;

	abc_points(collected, survey, cut, cuts, up_to, end);
	for (int i = 0; i <= cuts; i++)
	{
		wide ties = i == cuts || up_to ? 0 : (wide) end[i].ties;
		wide next = i == cuts ? (wide) collected_positive(collected) : (wide) end[i].above + ties;

		sum[i + 1] = i == cuts ? survey->total
							   : end[i].weight_above + ties * collected_weight(survey, end[i].key);
		classes[i].customers = (int64) (next - place);
		classes[i].value = number_of_weight(survey, sum[i + 1] - sum[i]);
		classes[i].value_share = (double) (sum[i + 1] - sum[i]) / (double) survey->total;
		if (next > place)
		{
			rank[ranks++] = place + 1;
			rank[ranks++] = next;
		}
		place = next;
	}

	collected_points(collected, survey, true, rank, ranks, bound);
	ranks = 0;
	for (int i = 0; i <= cuts; i++)
	{
		if (classes[i].customers == 0)
			continue;
		classes[i].largest = number_of_key(survey, bound[ranks++].key);
		classes[i].smallest = number_of_key(survey, bound[ranks++].key);
	}
}

/* The same for a long column. */
static void
fill_long_classes(Collected *collected, const Decimal *cut, int cuts, bool up_to, AbcClass *classes)
{
	NumericSteps steps;
	size_t begin = 0;

	numeric_steps(collected, &steps);
	for (int i = 0; i <= cuts; i++)
	{
		size_t end = steps.count;
		Numeric above = steps.total;
		AbcClass *class = &classes[i];

		if (i < cuts)
			end = (size_t) (numeric_steps_limit(&steps, cut[i], up_to) - steps.steps) + !up_to;
		if (end < steps.count)
			above = steps.steps[end].above;
		for (size_t k = begin; k < end; k++)
			class->customers += steps.steps[k].customers;
		class->value = DatumGetNumeric(
			DirectFunctionCall2(numeric_sub, NumericGetDatum(above),
								begin < steps.count ? NumericGetDatum(steps.steps[begin].above)
													: NumericGetDatum(steps.total)));
		class->value_share = DatumGetFloat8(
			DirectFunctionCall1(numeric_float8_no_overflow,
								DirectFunctionCall2(numeric_div, NumericGetDatum(class->value),
													NumericGetDatum(steps.total))));
		if (end > begin)
		{
			class->largest = steps.steps[begin].value;
			class->smallest = steps.steps[end - 1].value;
		}
		begin = end;
	}
}

/* Those who carry nothing are in the last class. */
static void
add_idle(const Collected *collected, AbcClass *last)
{
	if (collected_idle(collected) == 0)
		return;
	last->smallest = collected->values.is_float ? double_to_numeric(collected->float_least)
												: collected_least(collected);
	if (last->customers == 0)
		last->largest = collected->values.is_float ? double_to_numeric(collected->float_most)
												   : collected_most(collected);
	last->customers += collected_idle(collected);
}

/*
 * abc_summary_final(internal) returns abc_class_summary[]
 *
 * Final function of abc_summary; NULL without anything to divide.
 */
Datum
abc_summary_final(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	CollectedSurvey survey;
	Decimal cut[ABC_MOST_CUTS];
	int cuts = ABC_DEFAULT_CUTS;
	AbcClass classes[ABC_MOST_CLASSES] = {0};

	if (collected == NULL)
		PG_RETURN_NULL();
	memcpy(cut, abc_default_cuts, sizeof(abc_default_cuts));
	if (collected->has_parameter)
		cuts = abc_read_cuts(DatumGetArrayTypeP(collected->parameter), cut);
	if (collected_positive(collected) == 0)
		PG_RETURN_NULL();

	if (collected_survey(collected, false, &survey))
		fill_classes(collected, &survey, cut, cuts, collected->up_to, classes);
	else
		fill_long_classes(collected, cut, cuts, collected->up_to, classes);
	add_idle(collected, &classes[cuts]);
	return abc_summary_datum(fcinfo, classes, cuts + 1);
}
