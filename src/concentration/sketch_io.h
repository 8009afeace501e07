/*
 * sketch_io.h
 *	  The type concentration_sketch as PostgreSQL holds it: a varlena around a stored sketch.
 */
#ifndef CUSTOMER_VALUE_SKETCH_IO_H
#define CUSTOMER_VALUE_SKETCH_IO_H

#include "postgres.h"

#include "concentration/sketch.h"

/* A sketch's stored form, detoasted where needed; valid as long as the current memory context. */
typedef struct SketchBytes
{
	const uint8_t *bytes;
	size_t length;
} SketchBytes;

extern SketchBytes sketch_from_datum(Datum datum);

/* Starts to read a stored sketch, and reads on; errors out where the bytes are no sketch. */
extern void sketch_start(SketchReader *reader, SketchBytes sketch);
extern bool sketch_next(SketchReader *reader);

/* Errors out unless the two accuracies are the same. */
extern void sketch_check_same_bits(int a, int b);

/* Errors out as counts no longer fit 64 bits. */
pg_noreturn extern void sketch_overflow(void);

#endif
