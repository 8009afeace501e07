/*
 * float_decimal.h
 *	  Floats as the decimals that people mean by them.
 */
#ifndef CUSTOMER_VALUE_FLOAT_DECIMAL_H
#define CUSTOMER_VALUE_FLOAT_DECIMAL_H

#include "postgres.h"

#include "support/decimal.h"

extern bool float8_to_decimal(double value, int scale, Decimal *result);
extern bool float4_to_decimal(float value, int scale, Decimal *result);

#endif
