/* sources: common/decimal.c */
/*
 * decimal_test.c
 *	  Decimal numbers against the C library's own and against each other.
 */
#include <math.h>
#include <string.h>

#include "common/decimal.h"
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
order_is_that_of_differences(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		Decimal a = random_decimal(), b = random_decimal(), minus_b = b, difference;
		int order = decimal_compare(a, b);

		unit_require(order == -decimal_compare(b, a));
		minus_b.mantissa = -b.mantissa;
		if (decimal_add(a, minus_b, &difference))
			unit_require(order == (difference.mantissa > 0) - (difference.mantissa < 0));
	}
	return true;
}

static bool
sums_undo(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		Decimal a = random_decimal(), b = random_decimal(), sum, back;

		if (!decimal_add(a, b, &sum))
			continue;
		b.mantissa = -b.mantissa;
		if (decimal_add(sum, b, &back))
			unit_require(decimal_compare(back, a) == 0);
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
	unit_result(order_is_that_of_differences(), "decimals compare as their difference says");
	unit_result(sums_undo(), "adding and subtracting a decimal undo each other");
	unit_result(noise_is_refused_or_read(), "noise is refused or read within its bounds");
	return unit_done();
}
