/*
 * collect.c
 *	  The state of the exact aggregates: transition, combination and transport between workers.
 */
#include "concentration/collect.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "support/wire.h"

PG_FUNCTION(concentration_add_numeric);
PG_FUNCTION(concentration_add_int8);
PG_FUNCTION(concentration_add_float8);
PG_FUNCTION(concentration_combine);
PG_FUNCTION(concentration_serialize);
PG_FUNCTION(concentration_deserialize);

void
collected_init(Collected *collected, MemoryContext context, bool is_float)
{
	memset(collected, 0, sizeof(*collected));
	values_init(&collected->values, context, is_float);
}

static bool
numeric_is_less(Numeric a, Numeric b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(a), NumericGetDatum(b)));
}

static void
take_long_least(Collected *collected, Numeric value)
{
	MemoryContext caller;

	if (collected->long_least != NULL && !numeric_is_less(value, collected->long_least))
		return;
	caller = MemoryContextSwitchTo(collected->values.context);
	collected->long_least = DatumGetNumericCopy(NumericGetDatum(value));
	MemoryContextSwitchTo(caller);
}

void
collected_add_long(Collected *collected, Numeric value)
{
	collected->customers++;
	if (numeric_sign_of(value) > 0)
		values_append_long(&collected->values, value);
	else
		take_long_least(collected, value);
}

Numeric
collected_least(const Collected *collected)
{
	Numeric least = decimal_to_numeric(collected->least);

	return collected->long_least != NULL && numeric_is_less(collected->long_least, least)
			   ? collected->long_least
			   : least;
}

static Collected *
create_state(FunctionCallInfo fcinfo, bool is_float)
{
	MemoryContext context = aggregate_context(fcinfo);
	Collected *collected = MemoryContextAlloc(context, sizeof(Collected));

	collected_init(collected, context, is_float);
	return collected;
}

/* Takes a parameter for the group's, or sees that it is the same as before. */
static void
take_parameter(Collected *collected, Datum parameter)
{
	bool by_value = collected->parameter_by_value;
	int length = by_value ? (int) sizeof(Datum) : -1;

	if (!collected->has_parameter)
	{
		MemoryContext old = MemoryContextSwitchTo(collected->values.context);

		collected->parameter = datumCopy(parameter, by_value, length);
		collected->has_parameter = true;
		MemoryContextSwitchTo(old);
	}
	else if (!datumIsEqual(collected->parameter, parameter, by_value, length))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the second argument must be the same in all rows of a group")));
}

/*
 * add_row
 *
 * What all transition functions do before they read the value: NULL if the row is to be ignored.
 * Called by hand, there is no state, and create_state refuses.
 */
static inline Collected *
add_row(FunctionCallInfo fcinfo, bool is_float)
{
	Collected *collected = PG_GETARG_COLLECTED(0);

	if (PG_ARGISNULL(1))
		return NULL;
	if (unlikely(collected == NULL))
		collected = create_state(fcinfo, is_float);
	if (PG_NARGS() > 2)
	{
		if (PG_ARGISNULL(2))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("the second argument cannot be NULL")));
		if (!collected->has_parameter)
			collected->parameter_by_value =
				get_fn_expr_argtype(fcinfo->flinfo, 2) != NUMERICARRAYOID;
		take_parameter(collected, collected->parameter_by_value
									  ? PG_GETARG_DATUM(2)
									  : PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(2))));
	}
	return collected;
}

static inline Datum
same_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return PG_GETARG_DATUM(0);
}

/*
 * concentration_add(internal, value [, parameter]) returns internal
 *
 * The transition functions, one for each type of value.
 */
Datum
concentration_add_numeric(PG_FUNCTION_ARGS)
{
	Collected *collected = add_row(fcinfo, false);

	if (collected == NULL)
		return same_state(fcinfo);
	collected_add_numeric(collected, PG_GETARG_DATUM(1));
	PG_RETURN_POINTER(collected);
}

Datum
concentration_add_int8(PG_FUNCTION_ARGS)
{
	Collected *collected = add_row(fcinfo, false);

	if (collected == NULL)
		return same_state(fcinfo);
	collected_add_int64(collected, PG_GETARG_INT64(1));
	PG_RETURN_POINTER(collected);
}

Datum
concentration_add_float8(PG_FUNCTION_ARGS)
{
	Collected *collected = add_row(fcinfo, true);

	if (collected == NULL)
		return same_state(fcinfo);
	collected_add_float8(collected, values_read_float8(PG_GETARG_FLOAT8(1)));
	PG_RETURN_POINTER(collected);
}

/*
 * concentration_combine(internal, internal) returns internal
 *
 * Adds what the second has collected to the first.
 */
Datum
concentration_combine(PG_FUNCTION_ARGS)
{
	Collected *collected = PG_GETARG_COLLECTED(0);
	Collected *more = PG_GETARG_COLLECTED(1);

	aggregate_context(fcinfo);
	if (more == NULL)
		return same_state(fcinfo);
	if (collected == NULL)
		collected = create_state(fcinfo, more->values.is_float);

	values_append_all(&collected->values, &more->values);
	collected->customers += more->customers;
	if (decimal_compare(more->least, collected->least) < 0)
		collected->least = more->least;
	if (more->long_least != NULL)
		take_long_least(collected, more->long_least);
	collected->float_least = Min(collected->float_least, more->float_least);
	if (more->has_parameter)
	{
		collected->parameter_by_value = more->parameter_by_value;
		take_parameter(collected, more->parameter);
	}
	PG_RETURN_POINTER(collected);
}

/* a little more than a stored numeric can have */
#define MOST_SCALE 20000

/* how a parameter travels */
#define SENT_NO_PARAMETER 0
#define SENT_BY_VALUE 1
#define SENT_BYTES 2

/* concentration_serialize(internal) returns bytea: a state for another process */
Datum
concentration_serialize(PG_FUNCTION_ARGS)
{
	Collected *collected;
	StringInfoData buffer;

	aggregate_context(fcinfo);
	collected = (Collected *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buffer);
	pq_sendint64(&buffer, collected->customers);
	wire_send_wide(&buffer, collected->least.mantissa);
	pq_sendint32(&buffer, collected->least.scale);
	pq_sendbyte(&buffer, collected->long_least != NULL);
	if (collected->long_least != NULL)
		wire_send_numeric(&buffer, collected->long_least);
	pq_sendfloat8(&buffer, collected->float_least);
	if (!collected->has_parameter)
		pq_sendbyte(&buffer, SENT_NO_PARAMETER);
	else if (collected->parameter_by_value)
	{
		pq_sendbyte(&buffer, SENT_BY_VALUE);
		pq_sendint64(&buffer, collected->parameter);
	}
	else
	{
		Pointer bytes = DatumGetPointer(collected->parameter);

		pq_sendbyte(&buffer, SENT_BYTES);
		pq_sendint32(&buffer, VARSIZE(bytes));
		pq_sendbytes(&buffer, bytes, VARSIZE(bytes));
	}
	values_send(&buffer, &collected->values);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/* concentration_deserialize(bytea, internal) returns internal: a state from another process */
Datum
concentration_deserialize(PG_FUNCTION_ARGS)
{
	struct varlena *bytes;
	StringInfoData buffer;
	Collected *collected;
	int parameter, has_long_least;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_VARLENA_PP(0);
	buffer.data = VARDATA_ANY(bytes);
	buffer.len = buffer.maxlen = VARSIZE_ANY_EXHDR(bytes);
	buffer.cursor = 0;

	collected = palloc0(sizeof(Collected));
	collected->customers = pq_getmsgint64(&buffer);
	collected->least.mantissa = wire_receive_wide(&buffer);
	collected->least.scale = (int32) pq_getmsgint(&buffer, 4);
	has_long_least = pq_getmsgbyte(&buffer);
	if (has_long_least != 0)
		collected->long_least = wire_receive_numeric(&buffer);
	collected->float_least = pq_getmsgfloat8(&buffer);
	parameter = pq_getmsgbyte(&buffer);
	collected->has_parameter = parameter != SENT_NO_PARAMETER;
	collected->parameter_by_value = parameter == SENT_BY_VALUE;
	if (parameter == SENT_BY_VALUE)
		collected->parameter = (Datum) pq_getmsgint64(&buffer);
	else if (parameter == SENT_BYTES)
	{
		int size = (int) pq_getmsgint(&buffer, 4);
		const char *sent = pq_getmsgbytes(&buffer, size);
		char *copy = palloc(Max(size, VARHDRSZ));

		memcpy(copy, sent, size);
		collected->parameter = PointerGetDatum(copy);
		if (size < (int) sizeof(ArrayType) || VARSIZE(copy) != (Size) size)
			parameter = -1;
	}
	values_receive(&buffer, &collected->values, CurrentMemoryContext);
	pq_getmsgend(&buffer);
	if (parameter < SENT_NO_PARAMETER || parameter > SENT_BYTES || collected_idle(collected) < 0 ||
		collected->least.mantissa > 0 || !decimal_in_range(collected->least.mantissa) ||
		collected->least.scale < 0 || collected->least.scale > MOST_SCALE || has_long_least > 1 ||
		(has_long_least == 1 && numeric_sign_of(collected->long_least) >= 0) ||
		!(collected->float_least <= 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid partial state of an aggregate")));
	PG_RETURN_POINTER(collected);
}

static SelectKind
kind_of(const Values *values)
{
	return values->is_wide ? SELECT_WIDE : values->is_float ? SELECT_DOUBLE : SELECT_NARROW;
}

/* Do the wide mantissas add up to 38 digits at most? Any number of narrow ones does. */
static bool
sum_fits(const Values *values)
{
	wide sum = 0;

	for (size_t i = 0; i < values->count && values->is_wide; i++)
		if (__builtin_add_overflow(sum, values->keys.wides[i], &sum))
			return false;
	return decimal_in_range(sum);
}

bool
collected_survey(Collected *collected, SelectSurvey *survey)
{
	Values *values = &collected->values;

	CHECK_FOR_INTERRUPTS();

	/* decimal places that no value needs may be what is too much */
	if (!values->is_long && !sum_fits(values) && !(values_trim_scale(values) && sum_fits(values)))
		values_make_long(values);
	if (values->is_long)
		return false;
	select_survey(kind_of(values), values->keys.narrow, values->count, survey);
	return true;
}

void
collected_points(Collected *collected, const SelectSurvey *survey, bool by_count,
				 const wide *thresholds, int count, SelectPoint *points)
{
	Values *values = &collected->values;

	select_points(kind_of(values), values->keys.narrow, values->count, survey, by_count, thresholds,
				  count, points, values_pause);
}

void
collected_sort(Collected *collected)
{
	Values *values = &collected->values;

	if (values->is_wide)
		sort_wide(values->keys.wides, values->count, values_pause);
	else
		sort_narrow(values->keys.narrow, values->count, values_pause);
}
