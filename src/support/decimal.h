/*
 * decimal.h
 *	  Exact decimal numbers of up to 38 digits. Plain C: knows nothing of PostgreSQL.
 *
 * A Decimal is mantissa / 10^scale. Its magnitude is below 10^38, so that a mantissa always fits
 * 128 bits with its sign. Zero has scale 0 once normalised.
 */
#ifndef CUSTOMER_VALUE_DECIMAL_H
#define CUSTOMER_VALUE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* palloc aligns to 8 bytes, the compiler would assume 16 */
typedef __int128 wide __attribute__((aligned(8)));
typedef unsigned __int128 uwide __attribute__((aligned(8)));

#define DECIMAL_DIGITS 38

/* sign, digits, point, a leading zero and the terminator, for scales up to DECIMAL_DIGITS */
#define DECIMAL_BUFFER (DECIMAL_DIGITS + 5)

typedef struct Decimal
{
	wide mantissa;
	int32_t scale; /* digits after the point, >= 0 */
} Decimal;

/* 10^n, for n from 0 to DECIMAL_DIGITS */
extern wide decimal_power(int n);

/* Is the magnitude within 38 digits? */
extern bool decimal_in_range(wide mantissa);

/* mantissa at scale from, expressed at scale to; false if digits would be lost or 38 exceeded */
extern bool decimal_rescale(wide mantissa, int from, int to, wide *result);

/* Same value, smallest scale. */
extern Decimal decimal_normalise(Decimal value);

/* -1, 0 or 1; exact for all pairs, also where no common scale exists */
extern int decimal_compare(Decimal a, Decimal b);

/* Plain notation, at least one digit before the point; buffer holds DECIMAL_BUFFER; scale at most
 * DECIMAL_DIGITS. Returns the length without the terminator. */
extern size_t decimal_print(Decimal value, char *buffer);

/* Reads [+-]digits[.digits][e[+-]digits] from text up to end; false on anything else or out of
 * range. *next is the first character not read. The result is not normalised. */
extern bool decimal_parse(const char *text, const char *end, const char **next, Decimal *result);

/* The nearest double. */
extern double decimal_to_double(Decimal value);

#endif
