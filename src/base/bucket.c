/*
 * bucket.c
 *	  Where the cut-offs lie without reading every customer: how many customers there are, and what
 *	  they add up to, by the size of their basis.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "support/compat.h"

PG_FUNCTION(customer_value_basis_bucket);

/* What remains of a double: sign, exponent and 16 bits, for 65,536 buckets from one power of 2 to the next. */
#define BITS_DROPPED 36

/*
 * customer_value_internal.basis_bucket(numeric) returns integer
 *
 * The bucket of a basis. It never falls as the basis rises, is below 0 where the basis is, and 0 for 0.
 */
Datum
customer_value_basis_bucket(PG_FUNCTION_ARGS)
{
	double basis =
		DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, PG_GETARG_DATUM(0)));
	double size = fabs(basis);
	int64 bits;

	if (!isfinite(basis))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("the basis of a customer must be a number that float8 can hold")));
	memcpy(&bits, &size, sizeof(bits));
	bits >>= BITS_DROPPED;
	PG_RETURN_INT32(basis < 0 ? -(int32) bits : (int32) bits);
}
