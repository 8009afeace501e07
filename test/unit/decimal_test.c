/* sources: support/decimal.c */
/*
 * decimal_test.c
 *	  Decimal numbers against the C library's own and against each other.
 */
#include <math.h>
#include <string.h>

#include "support/decimal.h"
#include "unit.h"

#define ROUNDS 200000

static Decimal
random_decimal(void)
{
	Decimal d;
	int digits = (int) unit_below(DECIMAL_DIGITS + 1);

	d.mantissa =
		(wide) ((((uwide) unit_random() << 64) | unit_random()) % (uwide) decimal_power(digits));
	if (unit_below(2))
		d.mantissa = -d.mantissa;
	d.scale = (int32_t) unit_below(DECIMAL_DIGITS + 1);
	return d;
}

static bool
text_round_trips(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		Decimal d = random_decimal(), back;
		char text[DECIMAL_BUFFER];
		size_t n = decimal_print(d, text);
		const char *next;

		unit_require(n == strlen(text) && n < DECIMAL_BUFFER);
		unit_require(decimal_parse(text, text + n, &next, &back));
		unit_require(next == text + n);
		unit_require(decimal_compare(d, back) == 0);
		unit_require(decimal_to_double(d) == strtod(text, NULL));
	}
	return true;
}

static bool
order_is_that_of_numbers(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		Decimal a = random_decimal(), b = random_decimal();
		int scale = a.scale > b.scale ? a.scale : b.scale;
		int order = decimal_compare(a, b);
		double x = decimal_to_double(a), y = decimal_to_double(b);
		wide m, n;

		unit_require(order == -decimal_compare(b, a));
		/* rounding to the nearest keeps the order, so doubles that differ tell it */
		if (x != y)
			unit_require(order == (x > y) - (x < y));
		if (decimal_rescale(a.mantissa, a.scale, scale, &m) &&
			decimal_rescale(b.mantissa, b.scale, scale, &n))
			unit_require(order == (m > n) - (m < n));
	}
	return true;
}

static bool
noise_is_refused_or_read(void)
{
	static const char alphabet[] = "0123456789+-.eE x";

	for (int i = 0; i < ROUNDS; i++)
	{
		/* exactly as long as the text, so that reading on is seen */
		size_t n = unit_below(12);
		char *text = malloc(n ? n : 1);
		const char *next = NULL;
		Decimal d;

		for (size_t k = 0; k < n; k++)
			text[k] = alphabet[unit_below(sizeof(alphabet) - 1)];
		if (decimal_parse(text, text + n, &next, &d))
		{
			bool good =
				next > text && next <= text + n && decimal_in_range(d.mantissa) && d.scale >= 0;

			free(text);
			unit_require(good);
		}
		else
			free(text);
	}
	return true;
}

int
main(void)
{
	unit_result(text_round_trips(), "decimals survive being printed and read");
	unit_result(order_is_that_of_numbers(), "decimals compare as the numbers that they are");
	unit_result(noise_is_refused_or_read(), "noise is refused or read within its bounds");
	return unit_done();
}
