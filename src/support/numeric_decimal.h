/*
 * numeric_decimal.h
 *	  Between PostgreSQL's numeric and Decimal.
 */
#ifndef CUSTOMER_VALUE_NUMERIC_DECIMAL_H
#define CUSTOMER_VALUE_NUMERIC_DECIMAL_H

#include "postgres.h"

#include "utils/numeric.h"

#include "support/decimal.h"

typedef enum NumericKind
{
	NUMERIC_KIND_FINITE,
	NUMERIC_KIND_NAN,
	NUMERIC_KIND_INFINITY,
	NUMERIC_KIND_MINUS_INFINITY,
	NUMERIC_KIND_TOO_LONG /* finite, but more than 38 digits */
} NumericKind;

extern NumericKind numeric_to_decimal(Datum numeric, Decimal *result);
extern Numeric decimal_to_numeric(Decimal value);

/* The shortest decimal that is read as this finite double. */
extern Numeric double_to_numeric(double value);

/* -1, 0 or 1 as a finite numeric is negative, 0 or positive. */
extern int numeric_sign_of(Numeric value);

#endif
