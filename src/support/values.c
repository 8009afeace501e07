/*
 * values.c
 *	  A growing column of values of one kind.
 */
#include "support/values.h"

#include <float.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "support/wire.h"

/* so many values double; beyond, a column grows by a quarter, to leave little unused */
#define DOUBLING (1024 * 1024)
#define FIRST_CAPACITY 16

/* the scale of a stored numeric is a multiple of this */
#define SCALE_STEP 4

/* bytes a value takes when columns travel: these, or all of a wide */
#define NARROW_BYTES ((int) sizeof(uint64))
#define WIDE_BYTES ((int) sizeof(wide))

void
values_init(Values *values, MemoryContext context, bool is_float)
{
	memset(values, 0, sizeof(*values));
	values->context = context;
	values->is_float = is_float;
}

void
values_free(Values *values)
{
	for (size_t i = 0; i < values->count && values->is_long; i++)
		pfree(values->keys.longs[i]);
	if (values->keys.narrow != NULL)
		pfree(values->keys.narrow);
	values_init(values, values->context, values->is_float);
}

void
values_pause(void)
{
	CHECK_FOR_INTERRUPTS();
}

void
values_refuse(const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("value cannot be %s", name)));
}

void
values_refuse_float8(double value)
{
	values_refuse(isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

bool
values_read_numeric(Datum value, Decimal *result)
{
	switch (numeric_to_decimal(value, result))
	{
		case NUMERIC_KIND_FINITE:
			return true;
		case NUMERIC_KIND_NAN:
			values_refuse("NaN");
		case NUMERIC_KIND_INFINITY:
			values_refuse("Infinity");
		case NUMERIC_KIND_MINUS_INFINITY:
			values_refuse("-Infinity");
		case NUMERIC_KIND_TOO_LONG:
			break;
	}
	return false;
}

static size_t
key_size(const Values *values)
{
	return values->is_long ? sizeof(Numeric) : values->is_wide ? sizeof(wide) : sizeof(int64);
}

/* Gives the column room for this many keys. */
static void
set_capacity(Values *values, size_t capacity)
{
	size_t size = key_size(values);

	if (capacity > MaxAllocHugeSize / size)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many values")));
	values->keys.narrow = values->keys.narrow == NULL
							  ? MemoryContextAllocHuge(values->context, capacity * size)
							  : repalloc_huge(values->keys.narrow, capacity * size);
	values->capacity = capacity;
}

void
values_reserve(Values *values, size_t more)
{
	size_t needed = values->count + more;
	size_t capacity = values->capacity;

	if (needed <= capacity)
		return;
	capacity += capacity < DOUBLING ? capacity : capacity / 4;
	capacity = Max(capacity, FIRST_CAPACITY);
	set_capacity(values, Max(capacity, needed));
}

void
values_widen(Values *values)
{
	if (values->is_wide)
		return;
	values->is_wide = true;
	if (values->keys.narrow == NULL)
		return;
	set_capacity(values, values->capacity);

	/* in place, so from the end: a wide covers two narrow keys */
	for (size_t i = values->count; i > 0; i--)
	{
		int64 key = values->keys.narrow[i - 1];

		values->keys.wides[i - 1] = key;
	}
}

static inline wide
key_of(const Values *values, size_t i)
{
	return values->is_wide ? values->keys.wides[i] : values->keys.narrow[i];
}

static inline void
set_key(Values *values, size_t i, wide key)
{
	if (values->is_wide)
		values->keys.wides[i] = key;
	else
		values->keys.narrow[i] = (int64) key;
}

void
values_make_long(Values *values)
{
	MemoryContext caller = MemoryContextSwitchTo(values->context);
	Values column;

	if (values->is_long)
		return;
	values_init(&column, values->context, false);
	column.is_long = true;
	column.scale = VALUES_LONG_SCALE;
	if (values->count > 0)
		set_capacity(&column, values->count + 1);
	for (; column.count < values->count; column.count++)
	{
		Decimal value = {key_of(values, column.count), values->scale};

		CHECK_FOR_INTERRUPTS();
		column.keys.longs[column.count] = decimal_to_numeric(value);
	}
	values_free(values);
	*values = column;
	MemoryContextSwitchTo(caller);
}

void
values_append_long(Values *values, Numeric value)
{
	MemoryContext caller;

	values_make_long(values);
	values_reserve(values, 1);
	caller = MemoryContextSwitchTo(values->context);
	values->keys.longs[values->count] = DatumGetNumericCopy(NumericGetDatum(value));
	values->count++;
	MemoryContextSwitchTo(caller);
}

bool
values_rescale(Values *values, int scale)
{
	bool is_narrow = true;
	wide key;

	for (size_t i = 0; i < values->count; i++)
	{
		if (!decimal_rescale(key_of(values, i), values->scale, scale, &key))
			return false;
		is_narrow = is_narrow && key == (int64) key;
	}
	if (!is_narrow)
		values_widen(values);
	for (size_t i = 0; i < values->count; i++)
	{
		decimal_rescale(key_of(values, i), values->scale, scale, &key);
		set_key(values, i, key);
	}
	values->scale = scale;
	return true;
}

bool
values_trim_scale(Values *values)
{
	int scale = 0;

	for (size_t i = 0; i < values->count && scale < values->scale; i++)
	{
		Decimal value = {key_of(values, i), values->scale};

		scale = Max(scale, decimal_normalise(value).scale);
	}
	return scale < values->scale && values_rescale(values, scale);
}

/* The key of a decimal in a column that is not long, whose scale changes for it; false if there is
 * no common one. */
static bool
fit_decimal(Values *values, Decimal value, wide *key)
{
	if (value.scale > values->scale)
	{
		value = decimal_normalise(value);
		if (value.scale > DECIMAL_DIGITS)
			return false;
		if (value.scale > values->scale &&
			!values_rescale(values, Min(TYPEALIGN(SCALE_STEP, value.scale), DECIMAL_DIGITS)) &&
			!values_rescale(values, value.scale))
			return false;
	}
	if (decimal_rescale(value.mantissa, value.scale, values->scale, key))
		return true;
	value = decimal_normalise(value);
	values_trim_scale(values);
	return (value.scale <= values->scale || values_rescale(values, value.scale)) &&
		   decimal_rescale(value.mantissa, value.scale, values->scale, key);
}

/*
 * values_append_decimal_slowly
 *
 * Appends a decimal whatever its scale, at the price of changing the column where it has more
 * decimal places or more digits than all before. That happens a few times at most. What a column
 * changes to does not depend on the order of its values: the scale is a multiple of SCALE_STEP
 * while there is room for that, and otherwise what the values need; numerics are all there is where
 * no scale holds them.
 */
void
values_append_decimal_slowly(Values *values, Decimal value)
{
	wide key;

	if (values->is_long || !fit_decimal(values, value, &key))
	{
		Numeric number = decimal_to_numeric(value);

		values_append_long(values, number);
		pfree(number);
		return;
	}
	if (key != (int64) key)
		values_widen(values);
	values_reserve(values, 1);
	set_key(values, values->count++, key);
}

void
values_append_all(Values *values, const Values *more)
{
	if (values->is_float != more->is_float)
		elog(ERROR, "columns of different kinds cannot be joined");
	if (more->count == 0)
		return;
	if (more->is_long)
	{
		for (size_t i = 0; i < more->count; i++)
			values_append_long(values, more->keys.longs[i]);
		return;
	}
	if (values->count == 0)
	{
		values->scale = more->scale;
		if (more->is_wide)
			values_widen(values);
	}
	values_reserve(values, more->count);
	if (values->scale == more->scale && values->is_wide == more->is_wide)
	{
		memcpy((char *) values->keys.narrow + values->count * key_size(values), more->keys.narrow,
			   more->count * key_size(more));
		values->count += more->count;
		return;
	}
	for (size_t i = 0; i < more->count; i++)
	{
		Decimal value = {key_of(more, i), more->scale};

		values_append_decimal(values, value);
	}
}

/*
 * What a column is when it travels: kind, scale, count, the least and the greatest key, the bytes
 * a value takes, and the keys as differences from the least, each in so many bytes. The transfer
 * is what a parallel aggregate's time is lost on, so they are as few as the range allows. Differences of
 * 64 bits or less are written eight bytes at a time, each over the unused end of the one before:
 * hence the unused bytes at the end. A long column is its kind, the count and the numerics.
 */
#define SENT_FLOAT 1
#define SENT_WIDE 2
#define SENT_LONG 4

#ifdef WORDS_BIGENDIAN
#define LOW_BYTES_FIRST(x) pg_bswap64(x)
#else
#define LOW_BYTES_FIRST(x) (x)
#endif

void
values_check_room(StringInfo buffer, size_t bytes, size_t count)
{
	if (bytes > (size_t) (MaxAllocSize - buffer->len - 1))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many values to be passed on by one parallel worker"),
						errdetail("%zu values do not fit 1 GB.", count),
						errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
}

static void
send_long(StringInfo buffer, const Values *values)
{
	pq_sendbyte(buffer, SENT_LONG);
	pq_sendint64(buffer, values->count);
	for (size_t i = 0; i < values->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		wire_send_numeric(buffer, values->keys.longs[i]);
	}
}

void
values_send(StringInfo buffer, const Values *values)
{
	wide least = 0, greatest = 0;
	uwide range;
	int bytes = 1;
	char *p;

	if (values->is_long)
	{
		send_long(buffer, values);
		return;
	}
	if (values->is_wide)
	{
		for (size_t i = 0; i < values->count; i++)
		{
			wide key = values->keys.wides[i];

			least = i == 0 || key < least ? key : least;
			greatest = i == 0 || key > greatest ? key : greatest;
		}
	}
	else if (values->count > 0)
	{
		int64 low = values->keys.narrow[0], high = low;

		for (size_t i = 1; i < values->count; i++)
		{
			low = Min(low, values->keys.narrow[i]);
			high = Max(high, values->keys.narrow[i]);
		}
		least = low;
		greatest = high;
	}
	range = (uwide) greatest - (uwide) least;
	while (bytes < NARROW_BYTES && range >> (8 * bytes) != 0)
		bytes++;
	if (range > PG_UINT64_MAX)
		bytes = WIDE_BYTES;

	pq_sendbyte(buffer, (values->is_float ? SENT_FLOAT : 0) | (values->is_wide ? SENT_WIDE : 0));
	pq_sendbyte(buffer, values->scale);
	pq_sendint64(buffer, values->count);
	wire_send_wide(buffer, least);
	wire_send_wide(buffer, greatest);
	pq_sendbyte(buffer, bytes);

	values_check_room(buffer, values->count * bytes + NARROW_BYTES, values->count);
	enlargeStringInfo(buffer, (int) (values->count * bytes) + NARROW_BYTES);
	p = buffer->data + buffer->len;
	if (bytes == WIDE_BYTES)
	{
		memcpy(p, values->keys.wides, values->count * bytes);
		p += values->count * bytes;
	}
	else if (values->is_wide)
	{
		for (size_t i = 0; i < values->count; i++, p += bytes)
		{
			uint64 difference = LOW_BYTES_FIRST((uint64) (values->keys.wides[i] - least));

			memcpy(p, &difference, sizeof(difference));
		}
	}
	else
	{
		for (size_t i = 0; i < values->count; i++, p += bytes)
		{
			uint64 difference =
				LOW_BYTES_FIRST((uint64) values->keys.narrow[i] - (uint64) (int64) least);

			memcpy(p, &difference, sizeof(difference));
		}
	}
	memset(p, 0, NARROW_BYTES);
	buffer->len = (int) (p - buffer->data) + NARROW_BYTES;
}

static void
values_invalid(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					errmsg("invalid partial state of values")));
}

static void
receive_long(StringInfo buffer, Values *values, MemoryContext context)
{
	uint64 count = (uint64) pq_getmsgint64(buffer);

	values_init(values, context, false);
	values_make_long(values);
	for (uint64 i = 0; i < count; i++)
	{
		Numeric value = wire_receive_numeric(buffer);

		CHECK_FOR_INTERRUPTS();
		values_append_long(values, value);
		pfree(value);
	}
}

void
values_receive(StringInfo buffer, Values *values, MemoryContext context)
{
	int flags = pq_getmsgbyte(buffer);
	int scale, bytes;
	uint64 count;
	wide least, greatest;
	uwide range;
	size_t rest;
	const char *p;

	if (flags == SENT_LONG)
	{
		receive_long(buffer, values, context);
		return;
	}
	scale = pq_getmsgbyte(buffer);
	count = (uint64) pq_getmsgint64(buffer);
	least = wire_receive_wide(buffer);
	greatest = wire_receive_wide(buffer);
	bytes = pq_getmsgbyte(buffer);
	range = (uwide) greatest - (uwide) least;
	rest = buffer->len - buffer->cursor;

	values_init(values, context, (flags & SENT_FLOAT) != 0);
	values->scale = scale;
	values->is_wide = (flags & SENT_WIDE) != 0;
	if (flags >= (SENT_FLOAT | SENT_WIDE) || scale > (values->is_float ? 0 : DECIMAL_DIGITS) ||
		least > greatest || !decimal_in_range(least) || !decimal_in_range(greatest) ||
		(!values->is_wide && (least < PG_INT64_MIN || greatest > PG_INT64_MAX)) ||
		(values->is_float && (least < double_key(-DBL_MAX) || greatest > double_key(DBL_MAX))) ||
		bytes < 1 || (bytes > NARROW_BYTES && bytes != WIDE_BYTES) ||
		(bytes == WIDE_BYTES && !values->is_wide) || rest < NARROW_BYTES ||
		(rest - NARROW_BYTES) / bytes < count)
		values_invalid();
	p = pq_getmsgbytes(buffer, (int) (count * bytes) + NARROW_BYTES);
	if (count == 0)
		return;
	set_capacity(values, count);
	values->count = count;
	if (bytes == WIDE_BYTES)
	{
		memcpy(values->keys.wides, p, count * bytes);
		for (size_t i = 0; i < count; i++)
			if (values->keys.wides[i] < least || values->keys.wides[i] > greatest)
				values_invalid();
	}
	else
	{
		uint64 mask = PG_UINT64_MAX >> (64 - 8 * bytes);
		uint64 most = 0;

		for (size_t i = 0; i < count; i++, p += bytes)
		{
			uint64 difference;

			memcpy(&difference, p, sizeof(difference));
			difference = LOW_BYTES_FIRST(difference) & mask;
			most = Max(most, difference);
			if (values->is_wide)
				values->keys.wides[i] = (wide) ((uwide) least + difference);
			else
				values->keys.narrow[i] = (int64) ((uint64) (int64) least + difference);
		}
		if (most > range)
			values_invalid();
	}
}
