/*
 * measures.c
 *	  Exact measures of concentration: Pareto share and population, Gini, Herfindahl, Lorenz curve.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "concentration/collect.h"
#include "concentration/curve.h"
#include "concentration/grouped.h"
#include "concentration/numeric_steps.h"

PG_FUNCTION(pareto_share_final);
PG_FUNCTION(pareto_population_final);
PG_FUNCTION(gini_final);
PG_FUNCTION(herfindahl_final);
PG_FUNCTION(lorenz_curve_final);

#define DEFAULT_TOP 0.2
#define DEFAULT_SHARE 0.8

/* a float8 array of more would not be made on purpose */
#define MOST_POINTS 1000000

/*
 * fraction
 *
 * The aggregate's second argument, which has to be from 0 to 1.
 */
static double
fraction(const Collected *collected, const char *name, double by_default)
{
	double value = collected->has_parameter ? DatumGetFloat8(collected->parameter) : by_default;

	if (!(value >= 0 && value <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be from 0 to 1", name)));
	return value;
}

/*
 * pareto_share_final(internal) returns float8
 *
 * The share of the total that the top fraction of the customers holds.
 */
Datum
pareto_share_final(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	CollectedSurvey survey;
	SelectPoint point;
	NumericSteps steps;
	GroupedValues grouped;
	double top;
	wide rank;

	if (collected == NULL)
		PG_RETURN_NULL();
	top = fraction(collected, "top", DEFAULT_TOP);
	if (collected_positive(collected) == 0)
		PG_RETURN_NULL();

	/* the customer with which the fraction ends, perhaps within it */
	rank = (int64) floor((double) collected->customers * top) + 1;
	if (rank > (wide) collected_positive(collected))
		PG_RETURN_FLOAT8(1);
	if (!collected_survey(collected, false, &survey))
	{
		collected_grouped(collected, &steps, &grouped);
		PG_RETURN_FLOAT8(grouped_share(&grouped, top));
	}
	collected_points(collected, &survey, true, &rank, 1, &point);
	PG_RETURN_FLOAT8(curve_share((double) collected->customers, (double) survey.total, top,
								 (double) point.above, (double) point.weight_above,
								 (double) collected_weight(&survey, point.key)));
}

/*
 * pareto_population_final(internal) returns float8
 *
 * The smallest fraction of the customers that holds a share of the total.
 */
Datum
pareto_population_final(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	CollectedSurvey survey;
	SelectPoint point;
	Decimal whole = {0, 0}, threshold = {0, 0};
	Datum amount, missing;
	NumericSteps steps;
	GroupedValues grouped;
	double share;

	if (collected == NULL)
		PG_RETURN_NULL();
	share = fraction(collected, "share", DEFAULT_SHARE);
	if (collected_positive(collected) == 0)
		PG_RETURN_NULL();
	if (share == 0)
		PG_RETURN_FLOAT8(0);
	if (share == 1) /* all who carry anything, however little it is beside the total */
		PG_RETURN_FLOAT8((double) collected_positive(collected) / (double) collected->customers);

	if (!collected_survey(collected, false, &survey))
	{
		collected_grouped(collected, &steps, &grouped);
		PG_RETURN_FLOAT8(grouped_population(&grouped, share));
	}

	/* in numeric, since what is missing at the end may be little beside the total */
	whole.mantissa = survey.total;
	amount = DirectFunctionCall2(numeric_mul, NumericGetDatum(decimal_to_numeric(whole)),
								 DirectFunctionCall1(float8_numeric, Float8GetDatum(share)));
	if (numeric_to_decimal(DirectFunctionCall1(numeric_ceil, amount), &threshold) !=
		NUMERIC_KIND_FINITE)
		elog(ERROR, "share of a total is out of range");

	collected_points(collected, &survey, false, &threshold.mantissa, 1, &point);
	whole.mantissa = point.weight_above;
	missing = DirectFunctionCall2(numeric_sub, amount, NumericGetDatum(decimal_to_numeric(whole)));
	PG_RETURN_FLOAT8(curve_population(
		(double) collected->customers, DatumGetFloat8(DirectFunctionCall1(numeric_float8, missing)),
		(double) point.above, 0, (double) collected_weight(&survey, point.key)));
}

/* The moments of a column, from its values sorted and zeros for those who carry nothing. */
static void
moments_of(Collected *collected, CurveMoments *moments)
{
	CollectedSurvey survey;
	SortedChunks chunks = {.collected = collected, .survey = &survey};
	CurveMoments sum = {0}; /* of our own, for the compiler to keep it in registers */
	NumericSteps steps;
	GroupedValues grouped;

	if (!collected_survey(collected, true, &survey))
	{
		collected_grouped(collected, &steps, &grouped);
		grouped_moments(&grouped, moments);
		return;
	}
	sum.customers = (double) collected->customers;
	curve_moments_add(&sum, 0, (double) collected_idle(collected));
	while (sorted_chunks_next(&chunks))
		for (size_t i = 0; i < chunks.count; i++)
			curve_moments_add(&sum, sorted_weight(&chunks, i), 1);
	*moments = sum;
}

/* gini_final(internal) returns float8: the population's Gini coefficient */
Datum
gini_final(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	CurveMoments moments;

	if (collected == NULL || collected_positive(collected) == 0)
		PG_RETURN_NULL();
	moments_of(collected, &moments);
	PG_RETURN_FLOAT8(curve_gini(&moments));
}

/* herfindahl_final(internal) returns float8: the sum of the squared shares */
Datum
herfindahl_final(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	CurveMoments moments;

	if (collected == NULL || collected_positive(collected) == 0)
		PG_RETURN_NULL();
	moments_of(collected, &moments);
	PG_RETURN_FLOAT8(curve_herfindahl(&moments));
}

/* lorenz_curve_final(internal) returns float8[]: the curve at points + 1 places */
Datum
lorenz_curve_final(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	CollectedSurvey survey;
	SortedChunks chunks = {.collected = collected, .survey = &survey};
	CurveLorenz lorenz;
	NumericSteps steps;
	GroupedValues grouped;
	Datum *elements;

	if (collected == NULL)
		PG_RETURN_NULL();
	memset(&lorenz, 0, sizeof(lorenz));
	lorenz.points = DatumGetInt32(collected->parameter);
	if (lorenz.points < 1 || lorenz.points > MOST_POINTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("points must be from 1 to %d", MOST_POINTS)));
	if (collected_positive(collected) == 0)
		PG_RETURN_NULL();

	lorenz.share = palloc((lorenz.points + 1) * sizeof(double));
	if (collected_survey(collected, true, &survey))
	{
		lorenz.customers = (double) collected->customers;
		lorenz.total = (double) survey.total;
		curve_lorenz_add(&lorenz, 0, (double) collected_idle(collected));
		while (sorted_chunks_next(&chunks))
			for (size_t i = 0; i < chunks.count; i++)
				curve_lorenz_add(&lorenz, sorted_weight(&chunks, i), 1);
		curve_lorenz_finish(&lorenz);
	}
	else
	{
		collected_grouped(collected, &steps, &grouped);
		grouped_lorenz(&grouped, lorenz.points, lorenz.share);
	}

	elements = palloc((lorenz.points + 1) * sizeof(Datum));
	for (int i = 0; i <= lorenz.points; i++)
		elements[i] = Float8GetDatum(lorenz.share[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, lorenz.points + 1, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
