/*
 * decimal.c
 *	  Exact decimal numbers of up to 38 digits. Plain C: knows nothing of PostgreSQL.
 */
#include "support/decimal.h"

#include <stdlib.h>
#include <string.h>

#define POWER_18 INT64_C(1000000000000000000)

static const int64_t small_powers[19] = {1,
										 10,
										 100,
										 1000,
										 10000,
										 100000,
										 1000000,
										 10000000,
										 100000000,
										 1000000000,
										 INT64_C(10000000000),
										 INT64_C(100000000000),
										 INT64_C(1000000000000),
										 INT64_C(10000000000000),
										 INT64_C(100000000000000),
										 INT64_C(1000000000000000),
										 INT64_C(10000000000000000),
										 INT64_C(100000000000000000),
										 POWER_18};

wide
decimal_power(int n)
{
	if (n <= 18)
		return small_powers[n];
	if (n <= 36)
		return (wide) small_powers[n - 18] * POWER_18;
	return (wide) small_powers[n - 36] * POWER_18 * POWER_18;
}

bool
decimal_in_range(wide mantissa)
{
	wide limit = decimal_power(DECIMAL_DIGITS);

	return mantissa < limit && mantissa > -limit;
}

bool
decimal_rescale(wide mantissa, int from, int to, wide *result)
{
	wide power;

	if (from == to || mantissa == 0)
	{
		*result = mantissa;
		return true;
	}
	if (to > from)
	{
		if (to - from > DECIMAL_DIGITS)
			return false;
		return !__builtin_mul_overflow(mantissa, decimal_power(to - from), result) &&
			   decimal_in_range(*result);
	}
	if (from - to > DECIMAL_DIGITS)
		return false;
	power = decimal_power(from - to);
	if (mantissa % power != 0)
		return false;
	*result = mantissa / power;
	return true;
}

Decimal
decimal_normalise(Decimal value)
{
	if (value.mantissa == 0)
		value.scale = 0;
	while (value.scale > 0 && value.mantissa % 10 == 0)
	{
		value.mantissa /= 10;
		value.scale--;
	}
	return value;
}

int
decimal_compare(Decimal a, Decimal b)
{
	wide whole;
	int swap = 1;

	if (a.scale > b.scale)
	{
		Decimal t = a;

		a = b;
		b = t;
		swap = -1;
	}

	/* b has the finer scale: bring a there, or, where a is too large for that, it decides alone */
	if (decimal_rescale(a.mantissa, a.scale, b.scale, &whole))
		return swap * ((whole > b.mantissa) - (whole < b.mantissa));
	return a.mantissa > 0 ? swap : -swap;
}

size_t
decimal_print(Decimal value, char *buffer)
{
	char digits[DECIMAL_BUFFER];
	int n = 0;
	char *out = buffer;
	uwide rest = value.mantissa < 0 ? -(uwide) value.mantissa : (uwide) value.mantissa;

	while (rest > UINT64_MAX)
	{
		uint64_t part = (uint64_t) (rest % POWER_18);

		rest /= POWER_18;
		for (int i = 0; i < 18; i++, part /= 10)
			digits[n++] = (char) ('0' + part % 10);
	}
	for (uint64_t part = (uint64_t) rest; part != 0; part /= 10)
		digits[n++] = (char) ('0' + part % 10);
	while (n <= value.scale)
		digits[n++] = '0';

	if (value.mantissa < 0)
		*out++ = '-';
	while (n > value.scale)
		*out++ = digits[--n];
	if (n > 0)
	{
		*out++ = '.';
		while (n > 0)
			*out++ = digits[--n];
	}
	*out = '\0';
	return (size_t) (out - buffer);
}

static bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

bool
decimal_parse(const char *text, const char *end, const char **next, Decimal *result)
{
	const char *p = text;
	bool negative = false;
	bool any = false;
	uwide mantissa = 0;
	uwide limit = (uwide) decimal_power(DECIMAL_DIGITS);
	int64_t scale = 0;

	if (p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';

	for (bool point = false; p < end; p++)
	{
		if (*p == '.' && !point)
		{
			point = true;
			continue;
		}
		if (!is_digit(p, end))
			break;
		any = true;
		mantissa = mantissa * 10 + (unsigned) (*p - '0');
		if (mantissa >= limit)
			return false;
		scale += point;
	}
	if (!any)
		return false;

	if (p < end && (*p == 'e' || *p == 'E'))
	{
		const char *q = p + 1;
		int64_t exponent = 0;
		bool down = false;

		if (q < end && (*q == '+' || *q == '-'))
			down = *q++ == '-';
		if (!is_digit(q, end))
			return false;
		for (; is_digit(q, end); q++)
		{
			exponent = exponent * 10 + (*q - '0');
			if (exponent > 100000)
				return false;
		}
		scale += down ? exponent : -exponent;
		p = q;
	}

	result->mantissa = negative ? -(wide) mantissa : (wide) mantissa;
	result->scale = 0;
	if (mantissa != 0)
	{
		/* trailing zeros are not worth an error */
		while (scale > DECIMAL_DIGITS && result->mantissa % 10 == 0)
		{
			result->mantissa /= 10;
			scale--;
		}
		if (scale > DECIMAL_DIGITS)
			return false;
		if (scale < 0)
		{
			if (!decimal_rescale(result->mantissa, (int) scale, 0, &result->mantissa))
				return false;
		}
		else
			result->scale = (int32_t) scale;
	}
	*next = p;
	return true;
}

double
decimal_to_double(Decimal value)
{
	char buffer[DECIMAL_BUFFER + 12];
	size_t n;
	int scale = value.scale;

	/* up to 2^53 and 10^22 both are exact in a double, so that one division rounds once */
	if (value.mantissa <= (INT64_C(1) << 53) && value.mantissa >= -(INT64_C(1) << 53))
	{
		double m = (double) (int64_t) value.mantissa;

		if (scale <= 18)
			return m / (double) small_powers[scale];
	}

	/* strtod rounds correctly where a division would round twice */
	value.scale = 0;
	n = decimal_print(value, buffer);
	if (scale > 0)
	{
		char *p = buffer + n;
		char digits[12];
		int k = 0;

		*p++ = 'e';
		*p++ = '-';
		for (; scale > 0; scale /= 10)
			digits[k++] = (char) ('0' + scale % 10);
		while (k > 0)
			*p++ = digits[--k];
		*p = '\0';
	}
	return strtod(buffer, NULL);
}
