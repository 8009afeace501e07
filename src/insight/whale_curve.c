/*
 * whale_curve.c
 *	  The SQL aggregate whale_curve: the total margin, built up from the most profitable customer on.
 *
 * It is the Lorenz curve with negative values and from the other end. The margins are sorted before
 * they are added up, so that the result does not depend on their order.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/float.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "support/values.h"
#include "concentration/curve.h"

#define DEFAULT_POINTS 100
#define MOST_POINTS 10000

PG_FUNCTION(insight_whale_accumulate);
PG_FUNCTION(insight_whale_merge);
PG_FUNCTION(insight_whale_serialise);
PG_FUNCTION(insight_whale_deserialise);
PG_FUNCTION(insight_whale_final);

typedef struct WhaleState
{
	Values margins;
	int32 points;
} WhaleState;

static WhaleState *
state_new(MemoryContext context, int32 points)
{
	WhaleState *state = MemoryContextAlloc(context, sizeof(WhaleState));

	values_init(&state->margins, context, true);
	state->points = points;
	return state;
}

static int32
get_points(FunctionCallInfo fcinfo)
{
	int32 points;

	if (PG_NARGS() <= 2)
		return DEFAULT_POINTS;
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("points must not be null")));
	points = PG_GETARG_INT32(2);
	if (points < 1 || points > MOST_POINTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("points must be from 1 to %d, but are %d", MOST_POINTS, points)));
	return points;
}

static void
check_same_points(int32 a, int32 b)
{
	if (a != b)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("points must be the same in all rows of a group")));
}

/*
 * insight_whale_accumulate(internal, margin float8 [, points int]) returns internal
 */
Datum
insight_whale_accumulate(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	WhaleState *state = PG_ARGISNULL(0) ? NULL : (WhaleState *) PG_GETARG_POINTER(0);
	int32 points = get_points(fcinfo);

	if (state == NULL)
		state = state_new(context, points);
	check_same_points(state->points, points);
	if (!PG_ARGISNULL(1))
		values_append_float8(&state->margins, values_read_float8(PG_GETARG_FLOAT8(1)));
	PG_RETURN_POINTER(state);
}

/*
 * insight_whale_merge(internal, internal) returns internal: the combine function
 */
Datum
insight_whale_merge(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	WhaleState *state = PG_ARGISNULL(0) ? NULL : (WhaleState *) PG_GETARG_POINTER(0);
	const WhaleState *other = PG_ARGISNULL(1) ? NULL : (WhaleState *) PG_GETARG_POINTER(1);

	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = state_new(context, other->points);
	check_same_points(state->points, other->points);
	values_append_all(&state->margins, &other->margins);
	PG_RETURN_POINTER(state);
}

/*
 * insight_whale_serialise(internal) returns bytea
 */
Datum
insight_whale_serialise(PG_FUNCTION_ARGS)
{
	const WhaleState *state;
	StringInfoData buffer;

	aggregate_context(fcinfo);
	state = (WhaleState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buffer);
	pq_sendint32(&buffer, state->points);
	values_send(&buffer, &state->margins);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/*
 * insight_whale_deserialise(bytea, internal) returns internal
 */
Datum
insight_whale_deserialise(PG_FUNCTION_ARGS)
{
	struct varlena *bytes;
	StringInfoData buffer;
	WhaleState *state;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_VARLENA_PP(0);
	buffer.data = VARDATA_ANY(bytes);
	buffer.len = buffer.maxlen = VARSIZE_ANY_EXHDR(bytes);
	buffer.cursor = 0;
	state = palloc(sizeof(WhaleState));
	state->points = (int32) pq_getmsgint(&buffer, 4);
	values_receive(&buffer, &state->margins, CurrentMemoryContext);
	pq_getmsgend(&buffer);
	if (state->points < 1 || state->points > MOST_POINTS || !state->margins.is_float ||
		state->margins.is_wide)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid partial state of whale_curve")));
	PG_RETURN_POINTER(state);
}

/*
 * insight_whale_final(internal) returns float8[]: points + 1 shares of the total
 */
Datum
insight_whale_final(PG_FUNCTION_ARGS)
{
	WhaleState *state;
	Values *margins;
	CurveSum total = {0, 0};
	CurveLorenz curve = {0};
	Datum *shares;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (WhaleState *) PG_GETARG_POINTER(0);
	margins = &state->margins;
	sort_narrow(margins->keys.narrow, margins->count, values_pause);
	for (size_t i = margins->count; i > 0; i--)
		curve_sum_add(&total, double_of_key(margins->keys.narrow[i - 1]));
	if (!isfinite(curve_sum_total(&total)))
		float_overflow_error();
	if (!(curve_sum_total(&total) > 0))
		PG_RETURN_NULL();

	curve.customers = (double) margins->count;
	curve.total = curve_sum_total(&total);
	curve.points = state->points;
	curve.share = palloc((state->points + 1) * sizeof(double));
	for (size_t i = margins->count; i > 0; i--)
		curve_lorenz_add(&curve, double_of_key(margins->keys.narrow[i - 1]), 1);
	curve_lorenz_finish(&curve);

	shares = palloc((state->points + 1) * sizeof(Datum));
	for (int i = 0; i <= state->points; i++)
		shares[i] = Float8GetDatum(curve.share[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(shares, state->points + 1, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
