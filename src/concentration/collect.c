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
#include "utils/float.h"
#include "utils/fmgrprotos.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "support/wire.h"
#include "concentration/cutoffs_io.h"

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
	collected->most.scale = -1;
	collected->float_most = -get_float8_infinity();
}

static bool
numeric_is_less(Numeric a, Numeric b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(a), NumericGetDatum(b)));
}

void
collected_take_idle(Collected *collected, Decimal value)
{
	if (decimal_compare(value, collected->least) < 0)
		collected->least = value;
	if (collected->most.scale < 0 || decimal_compare(value, collected->most) > 0)
		collected->most = value;
}

static void
take_long_idle(Collected *collected, Numeric value)
{
	MemoryContext caller = MemoryContextSwitchTo(collected->values.context);

	if (collected->long_least == NULL || numeric_is_less(value, collected->long_least))
		collected->long_least = DatumGetNumericCopy(NumericGetDatum(value));
	if (collected->long_most == NULL || numeric_is_less(collected->long_most, value))
		collected->long_most = DatumGetNumericCopy(NumericGetDatum(value));
	MemoryContextSwitchTo(caller);
}

void
collected_add_long(Collected *collected, Numeric value)
{
	collected->customers++;
	if (numeric_sign_of(value) > 0)
		values_append_long(&collected->values, value);
	else
		take_long_idle(collected, value);
}

Numeric
collected_least(const Collected *collected)
{
	Numeric least = decimal_to_numeric(collected->least);

	return collected->long_least != NULL && numeric_is_less(collected->long_least, least)
			   ? collected->long_least
			   : least;
}

Numeric
collected_most(const Collected *collected)
{
	Numeric most = collected->most.scale < 0 ? NULL : decimal_to_numeric(collected->most);

	return most == NULL ||
				   (collected->long_most != NULL && numeric_is_less(most, collected->long_most))
			   ? collected->long_most
			   : most;
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

/* Takes the argument boundary, as take_parameter() does. */
static void
take_boundary(Collected *collected, bool up_to)
{
	if (collected->has_boundary && collected->up_to != up_to)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("boundary must be the same in all rows of a group")));
	collected->has_boundary = true;
	collected->up_to = up_to;
}

/* The arguments beside the value. */
static pg_noinline void
take_arguments(FunctionCallInfo fcinfo, Collected *collected)
{
	if (PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the second argument cannot be NULL")));
	if (!collected->has_parameter)
		collected->parameter_by_value = get_fn_expr_argtype(fcinfo->flinfo, 2) != NUMERICARRAYOID;
	take_parameter(collected, collected->parameter_by_value
								  ? PG_GETARG_DATUM(2)
								  : PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(2))));
	if (PG_NARGS() > 3)
	{
		if (PG_ARGISNULL(3))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("boundary must not be null")));
		take_boundary(collected, abc_read_boundary(PG_GETARG_TEXT_PP(3)));
	}
}

/*
 * add_row
 *
 * What all transition functions do before they read the value: NULL if the row is to be ignored.
 * Called by hand, there is no state, and create_state refuses.
 */
static pg_attribute_always_inline Collected *
add_row(FunctionCallInfo fcinfo, bool is_float)
{
	Collected *collected = PG_GETARG_COLLECTED(0);

	if (PG_ARGISNULL(1))
		return NULL;
	if (unlikely(collected == NULL))
		collected = create_state(fcinfo, is_float);
	if (unlikely(PG_NARGS() > 2))
		take_arguments(fcinfo, collected);
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
 * concentration_add(internal, value [, parameter [, boundary]]) returns internal
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

/* A copy of a part that outlives the message it came in. */
static void
add_part(Collected *collected, const CollectedPart *part)
{
	MemoryContext caller = MemoryContextSwitchTo(collected->values.context);
	CollectedPart copy = *part;

	copy.buckets.bucket = palloc_extended(part->buckets.count * sizeof(KeyBucket), MCXT_ALLOC_HUGE);
	memcpy(copy.buckets.bucket, part->buckets.bucket, part->buckets.count * sizeof(KeyBucket));
	copy.buckets.data = palloc_extended(part->buckets.size, MCXT_ALLOC_HUGE);
	memcpy(copy.buckets.data, part->buckets.data, part->buckets.size);
	collected_append_part(collected, &copy);
	MemoryContextSwitchTo(caller);
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
	for (int i = 0; i < more->part_count; i++)
		add_part(collected, &more->parts[i]);
	collected->customers += more->customers;
	if (more->most.scale >= 0)
	{
		collected_take_idle(collected, more->least);
		collected_take_idle(collected, more->most);
	}
	if (more->long_least != NULL)
	{
		take_long_idle(collected, more->long_least);
		take_long_idle(collected, more->long_most);
	}
	collected->float_least = Min(collected->float_least, more->float_least);
	collected->float_most = Max(collected->float_most, more->float_most);
	if (more->has_parameter)
	{
		collected->parameter_by_value = more->parameter_by_value;
		take_parameter(collected, more->parameter);
	}
	if (more->has_boundary)
		take_boundary(collected, more->up_to);
	PG_RETURN_POINTER(collected);
}

/* a little more than a stored numeric can have */
#define MOST_SCALE 20000

/* how a parameter travels */
#define SENT_NO_PARAMETER 0
#define SENT_BY_VALUE 1
#define SENT_BYTES 2

static void
send_decimal(StringInfo buffer, Decimal value)
{
	wire_send_wide(buffer, value.mantissa);
	pq_sendint32(buffer, value.scale);
}

/* A decimal <= 0; false if it is none. */
static bool
receive_idle(StringInfo buffer, Decimal *value)
{
	value->mantissa = wire_receive_wide(buffer);
	value->scale = (int32) pq_getmsgint(buffer, 4);
	return value->mantissa <= 0 && decimal_in_range(value->mantissa) && value->scale <= MOST_SCALE;
}

static void
send_head(StringInfo buffer, const CollectedPart *part)
{
	pq_sendbyte(buffer, part->buckets.is_double);
	pq_sendbyte(buffer, part->scale);
	pq_sendint32(buffer, part->buckets.count);
	for (size_t i = 0; i < part->buckets.count; i++)
	{
		pq_sendint32(buffer, part->buckets.bucket[i].number);
		pq_sendint64(buffer, part->buckets.bucket[i].keys);
		wire_send_wide(buffer, (wide) part->buckets.bucket[i].excess);
	}
}

/* Parts travel as they are, and many values as a part: their keys go into the message at once. */
static void
send_values(StringInfo buffer, Collected *collected)
{
	CollectedPart own;
	bool is_part = collected_count_part(collected, &own);
	Values none;

	pq_sendint32(buffer, collected->part_count + is_part);
	for (int i = 0; i < collected->part_count; i++)
	{
		send_head(buffer, &collected->parts[i]);
		pq_sendbytes(buffer, collected->parts[i].buckets.data, collected->parts[i].buckets.size);
	}
	if (!is_part)
	{
		values_send(buffer, &collected->values);
		return;
	}
	send_head(buffer, &own);
	values_check_room(buffer, own.buckets.size, collected->values.count);
	enlargeStringInfo(buffer, own.buckets.size);
	own.buckets.data = buffer->data + buffer->len;
	collected_fill_part(collected, &own);
	buffer->len += own.buckets.size;
	values_init(&none, CurrentMemoryContext, collected->values.is_float);
	values_send(buffer, &none);
}

/* Reads a part, whose keys stay where they are in the message; false if it is none. */
static bool
receive_part(StringInfo buffer, CollectedPart *part)
{
	KeyBuckets *buckets = &part->buckets;
	int is_double = pq_getmsgbyte(buffer);
	uint32 count;

	memset(part, 0, sizeof(*part));
	part->scale = pq_getmsgbyte(buffer);
	count = pq_getmsgint(buffer, 4);
	if (is_double > 1 || part->scale > (is_double ? 0 : DECIMAL_DIGITS) || count > BUCKETS_MOST)
		return false;
	buckets->is_double = is_double;
	buckets->count = count;
	buckets->bucket = palloc(count * sizeof(KeyBucket));
	for (uint32 i = 0; i < count; i++)
	{
		KeyBucket *bucket = &buckets->bucket[i];

		bucket->number = pq_getmsgint(buffer, 4);
		bucket->keys = (uint64) pq_getmsgint64(buffer);
		bucket->excess = (uwide) wire_receive_wide(buffer);
		if (!bucket_is_valid(buckets->is_double, bucket) || bucket->keys > PG_INT32_MAX ||
			(i > 0 && bucket->number <= bucket[-1].number))
			return false;
		buckets->keys += bucket->keys;
	}
	buckets_lay_out(buckets);
	if (buckets->size > (size_t) (buffer->len - buffer->cursor))
		return false;
	buckets->data = unconstify(char *, pq_getmsgbytes(buffer, (int) buckets->size));
	return true;
}

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
	send_decimal(&buffer, collected->least);
	send_decimal(&buffer, collected->most);
	pq_sendbyte(&buffer, collected->long_least != NULL);
	if (collected->long_least != NULL)
	{
		wire_send_numeric(&buffer, collected->long_least);
		wire_send_numeric(&buffer, collected->long_most);
	}
	pq_sendfloat8(&buffer, collected->float_least);
	pq_sendfloat8(&buffer, collected->float_most);
	pq_sendbyte(&buffer, collected->has_boundary);
	pq_sendbyte(&buffer, collected->up_to);
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
	send_values(&buffer, collected);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/*
 * concentration_deserialize(bytea, internal) returns internal
 *
 * A state from another process, good for concentration_combine() as long as the message is.
 */
Datum
concentration_deserialize(PG_FUNCTION_ARGS)
{
	struct varlena *bytes;
	StringInfoData buffer;
	Collected *collected;
	int parameter, has_long_idle, has_boundary, up_to;
	uint32 parts;
	bool is_valid;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_VARLENA_PP(0);
	buffer.data = VARDATA_ANY(bytes);
	buffer.len = buffer.maxlen = VARSIZE_ANY_EXHDR(bytes);
	buffer.cursor = 0;

	collected = palloc0(sizeof(Collected));
	collected->customers = pq_getmsgint64(&buffer);
	is_valid = receive_idle(&buffer, &collected->least) && collected->least.scale >= 0;
	is_valid = receive_idle(&buffer, &collected->most) && is_valid;
	has_long_idle = pq_getmsgbyte(&buffer);
	if (has_long_idle != 0)
	{
		collected->long_least = wire_receive_numeric(&buffer);
		collected->long_most = wire_receive_numeric(&buffer);
	}
	collected->float_least = pq_getmsgfloat8(&buffer);
	collected->float_most = pq_getmsgfloat8(&buffer);
	has_boundary = pq_getmsgbyte(&buffer);
	up_to = pq_getmsgbyte(&buffer);
	collected->has_boundary = has_boundary == 1;
	collected->up_to = up_to == 1;
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
	collected->values.context = CurrentMemoryContext;
	parts = pq_getmsgint(&buffer, 4);
	for (uint32 i = 0; i < parts && is_valid; i++)
	{
		CollectedPart part;

		is_valid = receive_part(&buffer, &part);
		if (is_valid)
			collected_append_part(collected, &part);
	}
	if (is_valid)
	{
		values_receive(&buffer, &collected->values, CurrentMemoryContext);
		pq_getmsgend(&buffer);
	}
	for (int i = 0; i < collected->part_count; i++)
		is_valid = is_valid && collected->parts[i].buckets.is_double == collected->values.is_float;
	if (!is_valid || parameter < SENT_NO_PARAMETER || parameter > SENT_BYTES || has_boundary > 1 ||
		up_to > 1 || collected_idle(collected) < 0 || has_long_idle > 1 ||
		(has_long_idle == 1 && (numeric_sign_of(collected->long_least) >= 0 ||
								numeric_sign_of(collected->long_most) >= 0)) ||
		(collected_idle(collected) > 0 && !collected->values.is_float && has_long_idle == 0 &&
		 collected->most.scale < 0) ||
		!(collected->float_least <= 0) || !(collected->float_most <= 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid partial state of an aggregate")));
	PG_RETURN_POINTER(collected);
}
