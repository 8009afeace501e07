/*
 * wire.h
 *	  Numbers in messages: 128-bit integers, high half first, and numerics as the server sends them.
 */
#ifndef CUSTOMER_VALUE_WIRE_H
#define CUSTOMER_VALUE_WIRE_H

#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "support/decimal.h"

static inline void
wire_send_wide(StringInfo buffer, wide value)
{
	pq_sendint64(buffer, (uint64) (value >> 64));
	pq_sendint64(buffer, (uint64) value);
}

static inline wide
wire_receive_wide(StringInfo buffer)
{
	uwide high = (uint64) pq_getmsgint64(buffer);

	return (wide) (high << 64 | (uint64) pq_getmsgint64(buffer));
}

extern void wire_send_numeric(StringInfo buffer, Numeric value);

/* A finite numeric, allocated in the current memory context; all else is an error. */
extern Numeric wire_receive_numeric(StringInfo buffer);

#endif
