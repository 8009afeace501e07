/*
 * float_decimal.c
 *	  Floats as the decimals that people mean by them.
 */
#include "support/float_decimal.h"

#include <math.h>

#include "common/shortest_dec.h"

/*
 * Reads what the server writes as the shortest decimal of a float, [-]digits[.digits][e[+-]digits],
 * rounded half away from zero to so many fractional digits; false beyond DECIMAL_DIGITS.
 */
static bool
read_shortest(const char *text, int scale, Decimal *result)
{
	bool negative = *text == '-';
	bool point = false;
	int64 digits = 0; /* at most 17 */
	int exponent = 0;
	wide mantissa;

	for (text += negative; *text != '\0' && *text != 'e'; text++)
	{
		if (*text == '.')
			point = true;
		else
		{
			digits = digits * 10 + (*text - '0');
			exponent -= point;
		}
	}
	if (*text == 'e')
		exponent += atoi(text + 1);

	mantissa = digits;
	if (exponent >= 0)
	{
		if (!decimal_rescale(mantissa, 0, Min(exponent, DECIMAL_DIGITS), &mantissa))
			return false;
		result->scale = 0;
	}
	else
	{
		int drop = -exponent - scale;

		if (drop > 0)
		{
			wide unit = decimal_power(Min(drop, DECIMAL_DIGITS - 1));

			mantissa = (mantissa + unit / 2) / unit;
			exponent = -scale;
		}
		result->scale = -exponent;
	}
	result->mantissa = negative ? -mantissa : mantissa;
	return true;
}

/*
 * float8_to_decimal
 *
 * The shortest decimal that is read as this finite double, rounded to so many fractional digits;
 * false if that has more than DECIMAL_DIGITS digits.
 */
bool
float8_to_decimal(double value, int scale, Decimal *result)
{
	char text[DOUBLE_SHORTEST_DECIMAL_LEN];
	double cents = rint(value * 100);

	/* a decimal of up to 15 digits is the shortest of its double */
	if (scale >= 2 && fabs(cents) < 1e15 && cents / 100 == value)
	{
		result->mantissa = (int64) cents;
		result->scale = 2;
		return true;
	}
	double_to_shortest_decimal_buf(value, text);
	return read_shortest(text, scale, result);
}

/*
 * float4_to_decimal
 *
 * The same of a float.
 */
bool
float4_to_decimal(float value, int scale, Decimal *result)
{
	char text[FLOAT_SHORTEST_DECIMAL_LEN];

	float_to_shortest_decimal_buf(value, text);
	return read_shortest(text, scale, result);
}
