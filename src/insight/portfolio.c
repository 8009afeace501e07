/*
 * portfolio.c
 *	  The SQL function portfolio_quadrant: a customer's place in the portfolio.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "support/compat.h"

#define CUTS 2

PG_FUNCTION(insight_portfolio_quadrant);

static void
check_finite(const char *name, double value)
{
	if (!isfinite(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be finite, not %s", name, float8out_internal(value))));
}

/*
 * portfolio_quadrant(attractiveness float8, position float8, cuts float8[]) returns text
 */
Datum
insight_portfolio_quadrant(PG_FUNCTION_ARGS)
{
	static const char *const quadrants[2][2] = {{"marginal", "cash"}, {"question", "star"}};
	double attractiveness = PG_GETARG_FLOAT8(0);
	double position = PG_GETARG_FLOAT8(1);
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(2);
	const double *cuts = (const double *) ARR_DATA_PTR(array);

	check_finite("attractiveness", attractiveness);
	check_finite("position", position);
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != CUTS || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cuts must be two numbers, that of attractiveness and that of position")));
	check_finite("cut of attractiveness", cuts[0]);
	check_finite("cut of position", cuts[1]);
	PG_RETURN_TEXT_P(cstring_to_text(quadrants[attractiveness >= cuts[0]][position >= cuts[1]]));
}
