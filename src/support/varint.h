/*
 * varint.h
 *	  Whole numbers in as few bytes as they need: seven bits a byte, lowest first, the top bit set on all
 *	  bytes but the last. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_VARINT_H
#define CUSTOMER_VALUE_VARINT_H

#include <stdbool.h>
#include <stdint.h>

#define VARINT_BYTES 10 /* at most */

/* Writes the number; returns what comes after it. */
static inline uint8_t *
varint_put(uint8_t *p, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*p++ = (uint8_t) value | 0x80;
	*p++ = (uint8_t) value;
	return p;
}

/* Reads a number; false at the end of the bytes, or if it is not written as varint_put does. */
static inline bool
varint_get(const uint8_t **next, const uint8_t *end, uint64_t *value)
{
	const uint8_t *p = *next;

	*value = 0;
	for (int shift = 0; p < end && shift < 64; shift += 7)
	{
		uint8_t byte = *p++;

		*value |= (uint64_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			*next = p;
			return (byte != 0 || shift == 0) && (shift < 63 || byte == 1);
		}
	}
	return false;
}

/* Negative numbers in the order 0, -1, 1, -2, 2 ... */
static inline uint64_t
varint_zigzag(int64_t value)
{
	return (uint64_t) value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t
varint_unzigzag(uint64_t value)
{
	return (int64_t) (value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

#endif
