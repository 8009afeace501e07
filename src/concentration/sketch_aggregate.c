/*
 * sketch_aggregate.c
 *	  The aggregate concentration_sketch(value [, accuracy]).
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "support/values.h"
#include "concentration/sketch.h"
#include "concentration/sketch_io.h"

PG_FUNCTION(concentration_sketch_transition_float8);
PG_FUNCTION(concentration_sketch_transition_int8);
PG_FUNCTION(concentration_sketch_transition_numeric);
PG_FUNCTION(concentration_sketch_combine);
PG_FUNCTION(concentration_sketch_serialise);
PG_FUNCTION(concentration_sketch_deserialise);
PG_FUNCTION(concentration_sketch_final);

typedef struct SketchState
{
	SketchCounter counter;
	double accuracy; /* as asked for */
	MemoryContext context;
} SketchState;

static SketchState *
new_state(MemoryContext context, double accuracy)
{
	SketchState *state = MemoryContextAlloc(context, sizeof(SketchState));

	sketch_counter_init(&state->counter, sketch_bits(accuracy));
	state->accuracy = accuracy;
	state->context = context;
	return state;
}

static void
grow(SketchState *state, uint32 first, uint32 last)
{
	size_t length = sketch_window_length(&state->counter, first, last);
	int64_t *counts = MemoryContextAllocZero(state->context, length * sizeof(int64_t));
	int64_t *old = sketch_window_move(&state->counter, first, last, counts);

	if (old)
		pfree(old);
}

/* the accuracy that the row asks for */
static double
asked_accuracy(FunctionCallInfo fcinfo)
{
	double accuracy;

	if (PG_NARGS() < 3)
		return SKETCH_DEFAULT_ACCURACY;
	if (PG_ARGISNULL(2))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("accuracy must not be null"));
	accuracy = PG_GETARG_FLOAT8(2);
	if (!(accuracy >= SKETCH_FINEST && accuracy <= SKETCH_COARSEST))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("accuracy must be from %g to %g, not %s", SKETCH_FINEST, SKETCH_COARSEST,
					   float8out_internal(accuracy)));
	return accuracy;
}

static pg_noinline void
refuse_change(FunctionCallInfo fcinfo, const SketchState *state)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			errmsg("accuracy must be the same in all rows, not %s and %s",
				   float8out_internal(state->accuracy),
				   float8out_internal(asked_accuracy(fcinfo))));
}

static inline SketchState *
transition_state(FunctionCallInfo fcinfo)
{
	SketchState *state;

	if (PG_ARGISNULL(0))
	{
		MemoryContext context = aggregate_context(fcinfo);

		return new_state(context, asked_accuracy(fcinfo));
	}
	state = (SketchState *) PG_GETARG_POINTER(0);
	if (PG_NARGS() == 3 && (PG_ARGISNULL(2) || PG_GETARG_FLOAT8(2) != state->accuracy))
		refuse_change(fcinfo, state);
	return state;
}

static void
refuse_large(char *value)
{
	ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			errmsg("value %s is out of range for a concentration_sketch", value),
			errdetail("Values must be less than 2^97, about 1.58e29."));
}

/* a value outside the counter's window: one that counts as 0, one to grow for, or a wrong one */
static pg_noinline void
count_outside(SketchState *state, double value)
{
	if (!isfinite(value))
		values_refuse_float8(value);
	if (value >= SKETCH_LIMIT)
		refuse_large(float8out_internal(value));
	if (value < SKETCH_MIN_VALUE)
		state->counter.zero++;
	else
	{
		uint32 bucket = sketch_bucket(value, state->counter.bits);

		grow(state, bucket, bucket);
		sketch_count(&state->counter, value);
	}
}

static inline void
count_value(SketchState *state, double value)
{
	if (unlikely(!sketch_count(&state->counter, value)))
		count_outside(state, value);
}

/* what a transition function gives when the row's value is NULL */
#define RETURN_UNCHANGED()                       \
	do                                           \
	{                                            \
		if (PG_ARGISNULL(0))                     \
			PG_RETURN_NULL();                    \
		PG_RETURN_POINTER(PG_GETARG_POINTER(0)); \
	} while (0)

/*
 * concentration_sketch_transition_float8(internal, float8 [, accuracy float8]) returns internal
 */
Datum
concentration_sketch_transition_float8(PG_FUNCTION_ARGS)
{
	SketchState *state;

	if (PG_ARGISNULL(1))
		RETURN_UNCHANGED();
	state = transition_state(fcinfo);
	count_value(state, PG_GETARG_FLOAT8(1));
	PG_RETURN_POINTER(state);
}

/*
 * concentration_sketch_transition_int8(internal, bigint [, accuracy float8]) returns internal
 */
Datum
concentration_sketch_transition_int8(PG_FUNCTION_ARGS)
{
	SketchState *state;

	if (PG_ARGISNULL(1))
		RETURN_UNCHANGED();
	state = transition_state(fcinfo);
	count_value(state, (double) PG_GETARG_INT64(1));
	PG_RETURN_POINTER(state);
}

static double
numeric_to_double(Datum numeric)
{
	Decimal decimal;
	double value = 0;

	switch (numeric_to_decimal(numeric, &decimal))
	{
		case NUMERIC_KIND_FINITE:
			return decimal_to_double(decimal);
		case NUMERIC_KIND_NAN:
			return get_float8_nan();
		case NUMERIC_KIND_INFINITY:
			return get_float8_infinity();
		case NUMERIC_KIND_MINUS_INFINITY:
			return -get_float8_infinity();
		case NUMERIC_KIND_TOO_LONG:
			value = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, numeric));
			if (value >= SKETCH_LIMIT)
				refuse_large(DatumGetCString(DirectFunctionCall1(numeric_out, numeric)));
			break;
	}
	return Max(value, -DBL_MAX); /* a number, however far below 0 */
}

/*
 * concentration_sketch_transition_numeric(internal, numeric [, accuracy float8]) returns internal
 */
Datum
concentration_sketch_transition_numeric(PG_FUNCTION_ARGS)
{
	SketchState *state;

	if (PG_ARGISNULL(1))
		RETURN_UNCHANGED();
	state = transition_state(fcinfo);
	count_value(state, numeric_to_double(PG_GETARG_DATUM(1)));
	PG_RETURN_POINTER(state);
}

/*
 * concentration_sketch_combine(internal, internal) returns internal
 */
Datum
concentration_sketch_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SketchState *state = PG_ARGISNULL(0) ? NULL : (SketchState *) PG_GETARG_POINTER(0);
	SketchState *other = PG_ARGISNULL(1) ? NULL : (SketchState *) PG_GETARG_POINTER(1);

	if (other == NULL)
		RETURN_UNCHANGED();
	if (state == NULL)
		state = new_state(context, other->accuracy);
	sketch_check_same_bits(state->counter.bits, other->counter.bits);
	if (other->counter.length > 0)
	{
		uint32 first, last;

		sketch_window(&other->counter, &first, &last);
		if (state->counter.length == 0 ||
			sketch_window_length(&state->counter, first, last) > state->counter.length)
			grow(state, first, last);
	}
	if (!sketch_counter_add(&state->counter, &other->counter))
		sketch_overflow();
	PG_RETURN_POINTER(state);
}

static bytea *
stored(const SketchState *state)
{
	size_t size = VARHDRSZ + sketch_encoded_size(&state->counter);
	bytea *result = palloc(size);

	SET_VARSIZE(result, size);
	sketch_encode(&state->counter, (uint8_t *) VARDATA(result));
	return result;
}

/*
 * concentration_sketch_serialise(internal) returns bytea
 */
Datum
concentration_sketch_serialise(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	PG_RETURN_BYTEA_P(stored((SketchState *) PG_GETARG_POINTER(0)));
}

/*
 * concentration_sketch_deserialise(bytea, internal) returns internal
 */
Datum
concentration_sketch_deserialise(PG_FUNCTION_ARGS)
{
	SketchBytes bytes = sketch_from_datum(PG_GETARG_DATUM(0));
	SketchReader reader;
	SketchState *state;
	uint32 first;

	aggregate_context(fcinfo);
	sketch_start(&reader, bytes);
	state = new_state(CurrentMemoryContext, sketch_accuracy(reader.bits));
	state->counter.zero = reader.zero;
	if (sketch_next(&reader))
	{
		first = (uint32) reader.bucket;
		while (sketch_next(&reader))
			;
		grow(state, first, (uint32) reader.bucket);

		sketch_start(&reader, bytes);
		while (sketch_next(&reader))
			*sketch_counted(&state->counter, (uint32) reader.bucket) = reader.count;
	}
	PG_RETURN_POINTER(state);
}

/*
 * concentration_sketch_final(internal) returns concentration_sketch
 */
Datum
concentration_sketch_final(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(stored((SketchState *) PG_GETARG_POINTER(0)));
}
