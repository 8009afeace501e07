/*
 * values.h
 *	  A growing column of values of one kind, collected from Datums, 8 bytes a value.
 *
 * numeric and bigint are kept as integer mantissas at a common scale, so that everything done with
 * them is exact; where a mantissa does not fit 64 bits, the column as a whole changes to 128. The
 * scale is mostly a multiple of four, as that of a stored numeric is: reading one then needs no
 * division. float8 is kept as double_key(). Either way the keys are integers that sort as the
 * values do, which support/select.h works on. Their order in the column has no meaning: whoever
 * selects or sorts may permute them.
 *
 * Where numerics need more than 38 digits at a common scale, the column as a whole changes to
 * numerics of the server's own: as exact, only slower and larger.
 */
#ifndef CUSTOMER_VALUE_VALUES_H
#define CUSTOMER_VALUE_VALUES_H

#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/numeric.h"

#include "support/compat.h"
#include "support/decimal.h"
#include "support/select.h"

/* The types of values that SQL hands over. */
typedef enum ValueKind
{
	VALUE_NUMERIC,
	VALUE_INT8,
	VALUE_FLOAT8
} ValueKind;

typedef struct Values
{
	MemoryContext context; /* of the keys */
	size_t count;
	size_t capacity;
	union
	{
		int64 *narrow; /* unless is_wide or is_long */
		wide *wides;
		Numeric *longs; /* each allocated by itself */
	} keys;
	bool is_float; /* narrow, keys are double_key() of finite doubles */
	bool is_wide;
	bool is_long;
	int scale; /* unless is_float: value = key / 10^scale; VALUES_LONG_SCALE if is_long */
} Values;

/* The scale of no decimal, so that none is simply appended to a long column. */
#define VALUES_LONG_SCALE (-1)

/* An empty column; nothing is allocated before the first value. */
extern void values_init(Values *values, MemoryContext context, bool is_float);

/* Frees the keys; the column is empty then. */
extern void values_free(Values *values);

/* Reads a numeric; false if it has more than 38 digits. NaN and infinities are errors that name the
 * value. */
extern bool values_read_numeric(Datum value, Decimal *result);

/* For values that are not finite: ERRCODE_INVALID_PARAMETER_VALUE, naming the value. */
pg_noreturn extern void values_refuse(const char *name);
pg_noreturn extern void values_refuse_float8(double value);

/* What values_append_* does when it is not simply the next place. */
extern void values_append_decimal_slowly(Values *values, Decimal value);
extern void values_reserve(Values *values, size_t more);

/* Appends a finite numeric that no Decimal holds, or any other to a long column. */
extern void values_append_long(Values *values, Numeric value);

/* Makes the column one of numerics. */
extern void values_make_long(Values *values);

/* Appends a finite decimal. */
static inline void
values_append_decimal(Values *values, Decimal value)
{
	if (likely(value.scale == values->scale && !values->is_wide &&
			   values->count < values->capacity && value.mantissa == (int64) value.mantissa))
		values->keys.narrow[values->count++] = (int64) value.mantissa;
	else
		values_append_decimal_slowly(values, value);
}

/* Appends a bigint. */
static inline void
values_append_int64(Values *values, int64 value)
{
	if (likely(values->scale == 0 && !values->is_wide && values->count < values->capacity))
		values->keys.narrow[values->count++] = value;
	else
	{
		Decimal decimal = {value, 0};

		values_append_decimal_slowly(values, decimal);
	}
}

/* Reads a float8: itself. NaN and infinities are errors that name the value. */
static inline double
values_read_float8(double value)
{
	if (unlikely(!isfinite(value)))
		values_refuse_float8(value);
	return value;
}

/* Appends a finite float8. */
static inline void
values_append_float8(Values *values, double value)
{
	if (unlikely(values->count == values->capacity))
		values_reserve(values, 1);
	values->keys.narrow[values->count++] = double_key(value);
}

/* Appends all values of another column of the same kind. */
extern void values_append_all(Values *values, const Values *more);

/* Makes the column wide. */
extern void values_widen(Values *values);

/* Gives the column another scale; false, and it stays as it is, if the values do not fit that. */
extern bool values_rescale(Values *values, int scale);

/* Gives the column the least scale that its values need; false if it had that. */
extern bool values_trim_scale(Values *values);

/* An error if so many bytes, for so many values, are more than a message has room for. */
extern void values_check_room(StringInfo buffer, size_t bytes, size_t count);

/* Bytes in which a column travels between workers; received ones are checked. */
extern void values_send(StringInfo buffer, const Values *values);
extern void values_receive(StringInfo buffer, Values *values, MemoryContext context);

/* A SelectPause: lets a query be cancelled. */
extern void values_pause(void);

#endif
