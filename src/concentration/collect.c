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
	int parameter, has_long_least;
	uint32 parts;
	bool is_valid = true;

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
	if (!is_valid || parameter < SENT_NO_PARAMETER || parameter > SENT_BYTES ||
		collected_idle(collected) < 0 || collected->least.mantissa > 0 ||
		!decimal_in_range(collected->least.mantissa) || collected->least.scale < 0 ||
		collected->least.scale > MOST_SCALE || has_long_least > 1 ||
		(has_long_least == 1 && numeric_sign_of(collected->long_least) >= 0) ||
		!(collected->float_least <= 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid partial state of an aggregate")));
	PG_RETURN_POINTER(collected);
}
