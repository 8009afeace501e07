/*
 * sketch_measures.c
 *	  The measures of concentration on a sketch: the functions that have the names of the exact
 *	  aggregates, with each customer's value taken for the middle of its bucket.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/float.h"

#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "support/select.h"
#include "concentration/curve.h"
#include "concentration/cutoffs.h"
#include "concentration/cutoffs_io.h"
#include "concentration/grouped.h"
#include "concentration/sketch.h"
#include "concentration/sketch_io.h"
#include "concentration/summary.h"

PG_FUNCTION(abc_cutoffs_of_sketch);
PG_FUNCTION(abc_cutoffs_computed_of_sketch);
PG_FUNCTION(abc_summary_of_sketch);
PG_FUNCTION(pareto_share_of_sketch);
PG_FUNCTION(pareto_population_of_sketch);
PG_FUNCTION(gini_of_sketch);
PG_FUNCTION(herfindahl_of_sketch);
PG_FUNCTION(lorenz_curve_of_sketch);

/* The customers of a sketch, grouped; false if they hold nothing. */
static bool
group_sketch(Datum datum, GroupedValues *values, int *bits)
{
	SketchBytes sketch = sketch_from_datum(datum);
	SketchReader reader;
	ValueGroup *group;
	CurveSum total = {0, 0};
	bool negative = false;

	memset(values, 0, sizeof(*values));
	sketch_start(&reader, sketch);
	values->count = reader.zero != 0;
	while (sketch_next(&reader))
		values->count++;
	values->groups = palloc(Max(values->count, 1) * sizeof(ValueGroup));
	group = values->groups + values->count;

	sketch_start(&reader, sketch);
	if (reader.zero != 0)
		*--group = (ValueGroup){0, reader.zero};
	while (sketch_next(&reader))
		*--group = (ValueGroup){sketch_middle((uint32) reader.bucket, reader.bits), reader.count};

	for (size_t i = 0; i < values->count; i++)
	{
		negative |= group[i].customers < 0;
		if (!negative &&
			__builtin_add_overflow(values->customers, group[i].customers, &values->customers))
			sketch_overflow();
		curve_sum_add(&total, (double) group[i].customers * group[i].value);
	}
	if (negative)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("concentration_sketch holds negative numbers of customers"),
				errdetail("It is a difference that takes away customers which were not there."));
	values->total = curve_sum_total(&total);
	*bits = reader.bits;
	return values->total > 0;
}

/* The key of the least value that comes to a middle: the lower bound of its bucket. */
static wide
least_key(double middle, int bits)
{
	return double_key(middle > 0 ? sketch_lower(sketch_bucket(middle, bits), bits) : 0);
}

static Datum
cutoffs_datum(const GroupedValues *values, int bits, AbcCutoffs *cutoffs, const double *smallest)
{
	cutoffs->is_float = true;
	cutoffs->customers = values->customers;
	cutoffs->float_total = values->total;
	for (int i = 0; i < cutoffs->cuts; i++)
		cutoffs->limit[i] = least_key(smallest[i], bits);
	cutoffs->limit[cutoffs->cuts] = least_key(values->groups[values->count - 1].value, bits);
	return abc_cutoffs_datum(cutoffs);
}

/*
 * abc_cutoffs_of_sketch(concentration_sketch, cuts numeric[]) returns abc_cutoffs
 */
Datum
abc_cutoffs_of_sketch(PG_FUNCTION_ARGS)
{
	GroupedValues values;
	AbcCutoffs cutoffs;
	double cut[ABC_MOST_CUTS];
	double smallest[ABC_MOST_CUTS];
	size_t end[ABC_MOST_CUTS];
	int bits;

	memset(&cutoffs, 0, sizeof(cutoffs));
	cutoffs.cuts = abc_read_cuts(PG_GETARG_ARRAYTYPE_P(1), cutoffs.cut);
	if (!group_sketch(PG_GETARG_DATUM(0), &values, &bits))
		PG_RETURN_NULL();
	for (int i = 0; i < cutoffs.cuts; i++)
		cut[i] = decimal_to_double(cutoffs.cut[i]);
	grouped_classes(&values, cut, cutoffs.cuts, false, end);
	for (int i = 0; i < cutoffs.cuts; i++)
		smallest[i] = values.groups[end[i] - 1].value;
	return cutoffs_datum(&values, bits, &cutoffs, smallest);
}

/*
 * abc_cutoffs_computed_of_sketch(concentration_sketch) returns abc_cutoffs
 */
Datum
abc_cutoffs_computed_of_sketch(PG_FUNCTION_ARGS)
{
	GroupedValues values;
	AbcCutoffs cutoffs;
	double smallest[2];
	size_t last[2];
	int bits;

	if (!group_sketch(PG_GETARG_DATUM(0), &values, &bits))
		PG_RETURN_NULL();
	memset(&cutoffs, 0, sizeof(cutoffs));
	cutoffs.is_computed = true;
	cutoffs.cuts = 2;
	grouped_computed(&values, last);
	for (int i = 0; i < cutoffs.cuts; i++)
		smallest[i] = values.groups[last[i]].value;
	return cutoffs_datum(&values, bits, &cutoffs, smallest);
}

/* The upper bound of a middle's bucket. */
static double
greatest_value(double middle, int bits)
{
	return middle > 0 ? sketch_lower(sketch_bucket(middle, bits) + 1, bits) : 0;
}

/*
 * abc_summary_of_sketch(concentration_sketch, cuts numeric[], boundary text) returns
 * abc_class_summary[]
 */
Datum
abc_summary_of_sketch(PG_FUNCTION_ARGS)
{
	Decimal decimals[ABC_MOST_CUTS];
	int cuts = abc_read_cuts(PG_GETARG_ARRAYTYPE_P(1), decimals);
	bool up_to = abc_read_boundary(PG_GETARG_TEXT_PP(2));
	GroupedValues values;
	double cut[ABC_MOST_CUTS];
	size_t end[ABC_MOST_CLASSES];
	AbcClass classes[ABC_MOST_CLASSES] = {0};
	size_t begin = 0;
	int bits;

	if (!group_sketch(PG_GETARG_DATUM(0), &values, &bits))
		PG_RETURN_NULL();
	for (int i = 0; i < cuts; i++)
		cut[i] = decimal_to_double(decimals[i]);
	grouped_classes(&values, cut, cuts, up_to, end);
	end[cuts] = values.count;
	for (int i = 0; i <= cuts; i++)
	{
		AbcClass *class = &classes[i];
		CurveSum sum = {0, 0};

		for (size_t k = begin; k < end[i]; k++)
		{
			class->customers += values.groups[k].customers;
			curve_sum_add(&sum, (double) values.groups[k].customers * values.groups[k].value);
		}
		class->value = double_to_numeric(curve_sum_total(&sum));
		class->value_share = curve_sum_total(&sum) / values.total;
		if (end[i] > begin)
		{
			class->largest = double_to_numeric(greatest_value(values.groups[begin].value, bits));
			class->smallest = double_to_numeric(
				double_of_key((int64) least_key(values.groups[end[i] - 1].value, bits)));
		}
		begin = end[i];
	}
	return abc_summary_datum(fcinfo, classes, cuts + 1);
}

/* far more than a plot needs */
#define LORENZ_MOST_POINTS 1000000

static double
read_fraction(const char *name, double value)
{
	if (!(value >= 0 && value <= 1))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("%s must be from 0 to 1, not %s", name, float8out_internal(value)));
	return value;
}

/*
 * pareto_share_of_sketch(concentration_sketch, top float8) returns float8
 */
Datum
pareto_share_of_sketch(PG_FUNCTION_ARGS)
{
	double top = read_fraction("top", PG_GETARG_FLOAT8(1));
	GroupedValues values;
	int bits;

	if (!group_sketch(PG_GETARG_DATUM(0), &values, &bits))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(grouped_share(&values, top));
}

/*
 * pareto_population_of_sketch(concentration_sketch, share float8) returns float8
 */
Datum
pareto_population_of_sketch(PG_FUNCTION_ARGS)
{
	double share = read_fraction("share", PG_GETARG_FLOAT8(1));
	GroupedValues values;
	int bits;

	if (!group_sketch(PG_GETARG_DATUM(0), &values, &bits))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(grouped_population(&values, share));
}

/*
 * gini_of_sketch(concentration_sketch) returns float8
 */
Datum
gini_of_sketch(PG_FUNCTION_ARGS)
{
	GroupedValues values;
	int bits;

	if (!group_sketch(PG_GETARG_DATUM(0), &values, &bits))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(grouped_gini(&values));
}

/*
 * herfindahl_of_sketch(concentration_sketch) returns float8
 */
Datum
herfindahl_of_sketch(PG_FUNCTION_ARGS)
{
	GroupedValues values;
	int bits;

	if (!group_sketch(PG_GETARG_DATUM(0), &values, &bits))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(grouped_herfindahl(&values));
}

/*
 * lorenz_curve_of_sketch(concentration_sketch, points int) returns float8[]
 */
Datum
lorenz_curve_of_sketch(PG_FUNCTION_ARGS)
{
	int points = PG_GETARG_INT32(1);
	GroupedValues values;
	double *curve;
	Datum *elements;
	int bits;

	if (points < 1 || points > LORENZ_MOST_POINTS)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("points must be from 1 to %d, not %d", LORENZ_MOST_POINTS, points));
	if (!group_sketch(PG_GETARG_DATUM(0), &values, &bits))
		PG_RETURN_NULL();
	curve = palloc(((Size) points + 1) * sizeof(double));
	elements = palloc(((Size) points + 1) * sizeof(Datum));
	grouped_lorenz(&values, points, curve);
	for (int i = 0; i <= points; i++)
		elements[i] = Float8GetDatum(curve[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, points + 1, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
