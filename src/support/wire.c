/*
 * wire.c
 *	  Numerics in messages.
 */
#include "support/wire.h"

#include "catalog/pg_type.h"

#include "support/compat.h"

void
wire_send_numeric(StringInfo buffer, Numeric value)
{
	bytea *sent = DatumGetByteaPP(DirectFunctionCall1(numeric_send, NumericGetDatum(value)));

	pq_sendbytes(buffer, VARDATA_ANY(sent), VARSIZE_ANY_EXHDR(sent));
	pfree(sent);
}

Numeric
wire_receive_numeric(StringInfo buffer)
{
	Numeric value = DatumGetNumeric(DirectFunctionCall3(
		numeric_recv, PointerGetDatum(buffer), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));

	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("a number in binary form is not finite")));
	return value;
}
