/*
 * wire.h
 *	  128-bit integers in messages, high half first.
 */
#ifndef CUSTOMER_VALUE_WIRE_H
#define CUSTOMER_VALUE_WIRE_H

#include "postgres.h"

#include "libpq/pqformat.h"

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

#endif
