/*
 * numeric_decimal.c
 *	  Between PostgreSQL's numeric and Decimal.
 *
 * A numeric is read from its stored form: going through its text or through float8 would cost
 * several times as much, and this stands on the hot path of every aggregate. The format is part of
 * what pg_upgrade relies on and the same in all versions we support: a header word, an optional
 * weight, and base-10000 digits. See "numeric format" in the server's numeric.c.
 */
#include "support/numeric_decimal.h"

#include "common/shortest_dec.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "support/compat.h"

#define HEADER_KIND 0xC000
#define HEADER_SHORT 0x8000
#define HEADER_SPECIAL 0xC000
#define LONG_NEGATIVE 0x4000
#define SHORT_NEGATIVE 0x2000
#define SHORT_WEIGHT_NEGATIVE 0x0040
#define SHORT_WEIGHT 0x003F
#define SPECIAL_SIGN 0xF000
#define SPECIAL_NAN 0xC000
#define SPECIAL_INFINITY 0xD000

#define GROUP 10000 /* one stored digit */
#define GROUP_DIGITS 4

/* so many groups fit an int64 whatever they hold */
#define INT64_GROUPS 4

static inline uint16
read_word(const char *p)
{
	uint16 word;

	memcpy(&word, p, sizeof(word)); /* packed values are not aligned */
	return word;
}

/*
 * numeric_to_decimal
 *
 * Reads a numeric datum, packed or not. The result is exact; its scale is not normalised
 * but mostly a multiple of four, so that the values of a column tend to share one. Returns what kind of number it
 * was; *result is set for NUMERIC_KIND_FINITE alone.
 */
NumericKind
numeric_to_decimal(Datum numeric, Decimal *result)
{
	struct varlena *datum = PG_DETOAST_DATUM_PACKED(numeric);
	const char *p = VARDATA_ANY(datum);
	const char *end = p + VARSIZE_ANY_EXHDR(datum);
	uint16 header = read_word(p);
	bool negative;
	int weight; /* the first digit's power of 10000 */
	int groups;
	int scale;
	int i = 0;
	int64 small = 0;
	wide mantissa;

	p += sizeof(uint16);
	if ((header & HEADER_KIND) == HEADER_SPECIAL)
	{
		if ((header & SPECIAL_SIGN) == SPECIAL_NAN)
			return NUMERIC_KIND_NAN;
		return (header & SPECIAL_SIGN) == SPECIAL_INFINITY ? NUMERIC_KIND_INFINITY
														   : NUMERIC_KIND_MINUS_INFINITY;
	}
	if ((header & HEADER_KIND) == HEADER_SHORT)
	{
		negative = (header & SHORT_NEGATIVE) != 0;
		weight = header & SHORT_WEIGHT;
		if (header & SHORT_WEIGHT_NEGATIVE)
			weight -= SHORT_WEIGHT + 1;
	}
	else
	{
		negative = (header & HEADER_KIND) == LONG_NEGATIVE;
		weight = (int16) read_word(p);
		p += sizeof(int16);
	}

	groups = (int) ((end - p) / (int) sizeof(int16));
	scale = (groups - 1 - weight) * GROUP_DIGITS;
	for (; i < groups && i < INT64_GROUPS; i++, p += sizeof(int16))
		small = small * GROUP + (int16) read_word(p);
	mantissa = small;
	for (; i < groups; i++, p += sizeof(int16))
	{
		int digit = (int16) read_word(p);
		int power = GROUP;

		/* zeros at the end of the last group must not cost a long number its place */
		for (; i == groups - 1 && digit % 10 == 0 && digit != 0; digit /= 10, power /= 10)
			scale--;
		if (__builtin_mul_overflow(mantissa, (wide) power, &mantissa) ||
			__builtin_add_overflow(mantissa, (wide) digit, &mantissa))
			return NUMERIC_KIND_TOO_LONG;
	}
	if (groups == 0)
		scale = 0;

	/* whole numbers do not store their trailing zeros */
	if (scale < 0)
	{
		if (!decimal_rescale(mantissa, scale, 0, &mantissa))
			return NUMERIC_KIND_TOO_LONG;
		scale = 0;
	}
	else if (groups > INT64_GROUPS && !decimal_in_range(mantissa))
		return NUMERIC_KIND_TOO_LONG;
	result->mantissa = negative ? -mantissa : mantissa;
	result->scale = scale;

	if ((Pointer) datum != DatumGetPointer(numeric))
		pfree(datum);
	return NUMERIC_KIND_FINITE;
}

/*
 * decimal_to_numeric
 *
 * The numeric of the same value, with the decimal's scale as its display scale.
 */
Numeric
decimal_to_numeric(Decimal value)
{
	char buffer[DECIMAL_BUFFER + 12];

	/* a stored numeric's scale may be rounded up to beyond what a numeric can show */
	if (value.scale > DECIMAL_DIGITS)
		value = decimal_normalise(value);
	if (value.mantissa >= PG_INT64_MIN && value.mantissa <= PG_INT64_MAX)
		return int64_div_fast_to_numeric((int64) value.mantissa, value.scale);

	if (value.scale > DECIMAL_DIGITS)
	{
		Decimal mantissa = {value.mantissa, 0};

		decimal_print(mantissa, buffer);
		snprintf(buffer + strlen(buffer), sizeof(buffer) - strlen(buffer), "e-%d", value.scale);
	}
	else
		decimal_print(value, buffer);
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(buffer),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

Numeric
double_to_numeric(double value)
{
	char text[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, text);
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

int
numeric_sign_of(Numeric value)
{
	Datum zero = NumericGetDatum(int64_to_numeric(0));

	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(value), zero));
}
