/*
 * sketch.c
 *	  A bounded, mergeable summary of how a value is spread over customers. Plain C: knows nothing
 *	  of PostgreSQL.
 *
 * Buckets of equal relative width are the idea of DDSketch (Masson, Rim & Lee, VLDB 2019); cutting
 * octaves into equal parts instead of taking logarithms is that of HdrHistogram.
 */
#include "concentration/sketch.h"

#include <math.h>

#define EXPONENT_BIAS 1023

static uint32_t
bucket_limit(int bits)
{
	return (uint32_t) SKETCH_OCTAVES << bits;
}

/* sketch_number() of bucket 0 */
static uint64_t
first_number(int bits)
{
	return (uint64_t) (EXPONENT_BIAS + SKETCH_MIN_EXPONENT) << bits;
}

int
sketch_bits(double accuracy)
{
	int bits = SKETCH_MIN_BITS;

	while (bits < SKETCH_MAX_BITS && sketch_accuracy(bits) > accuracy)
		bits++;
	return bits;
}

double
sketch_accuracy(int bits)
{
	return ldexp(1, -(bits + 1));
}

uint32_t
sketch_bucket(double value, int bits)
{
	return (uint32_t) (sketch_number(value, bits) - first_number(bits));
}

double
sketch_lower(uint32_t bucket, int bits)
{
	uint32_t part = (1U << bits) + (bucket & ((1U << bits) - 1));

	return ldexp(part, (int) (bucket >> bits) + SKETCH_MIN_EXPONENT - bits);
}

double
sketch_middle(uint32_t bucket, int bits)
{
	uint32_t part = (1U << bits) + (bucket & ((1U << bits) - 1));

	return ldexp(part + 0.5, (int) (bucket >> bits) + SKETCH_MIN_EXPONENT - bits);
}

/*
 * The counter
 */

void
sketch_counter_init(SketchCounter *counter, int bits)
{
	memset(counter, 0, sizeof(*counter));
	counter->bits = bits;
}

void
sketch_window(const SketchCounter *counter, uint32_t *first, uint32_t *last)
{
	*first = (uint32_t) (counter->base - first_number(counter->bits));
	*last = *first + (uint32_t) counter->length - 1;
}

/* the window that holds the counter's own and the buckets from first to last, in whole octaves */
static void
widen(const SketchCounter *counter, uint32_t *first, uint32_t *last)
{
	uint32_t octave = 1U << counter->bits;

	if (counter->length > 0)
	{
		uint32_t own_first, own_last;

		sketch_window(counter, &own_first, &own_last);
		if (own_first < *first)
			*first = own_first;
		if (own_last > *last)
			*last = own_last;
	}
	*first &= ~(octave - 1);
	*last |= octave - 1;
}

size_t
sketch_window_length(const SketchCounter *counter, uint32_t first, uint32_t last)
{
	widen(counter, &first, &last);
	return (size_t) (last - first) + 1;
}

int64_t *
sketch_window_move(SketchCounter *counter, uint32_t first, uint32_t last, int64_t *counts)
{
	int64_t *old = counter->counts;
	uint64_t base;

	widen(counter, &first, &last);
	base = first_number(counter->bits) + first;
	if (counter->length > 0)
		memcpy(counts + (counter->base - base), old, counter->length * sizeof(int64_t));
	counter->base = base;
	counter->length = (uint64_t) (last - first) + 1;
	counter->counts = counts;
	return old;
}

int64_t *
sketch_counted(const SketchCounter *counter, uint32_t bucket)
{
	return counter->counts + (first_number(counter->bits) + bucket - counter->base);
}

bool
sketch_counter_add(SketchCounter *counter, const SketchCounter *other)
{
	int64_t *into = counter->counts;

	if (other->length > 0)
		into += other->base - counter->base;
	for (uint64_t i = 0; i < other->length; i++)
	{
		if (__builtin_add_overflow(into[i], other->counts[i], &into[i]))
			return false;
	}
	return !__builtin_add_overflow(counter->zero, other->zero, &counter->zero);
}

/*
 * The stored form
 */

static void
write_byte(SketchWriter *writer, uint8_t byte)
{
	if (writer->out)
		writer->out[writer->size] = byte;
	writer->size++;
}

static void
write_varint(SketchWriter *writer, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		write_byte(writer, (uint8_t) (number | 0x80));
	write_byte(writer, (uint8_t) number);
}

/* the sign goes to the lowest bit, so that small negative counts are short too */
static void
write_count(SketchWriter *writer, int64_t count)
{
	write_varint(writer, ((uint64_t) count << 1) ^ (count < 0 ? UINT64_MAX : 0));
}

void
sketch_write_start(SketchWriter *writer, uint8_t *out, int bits, int64_t zero)
{
	writer->out = out;
	writer->size = 0;
	writer->last = -1;
	write_byte(writer, SKETCH_VERSION);
	write_byte(writer, 0);
	write_byte(writer, (uint8_t) bits);
	write_count(writer, zero);
}

void
sketch_write(SketchWriter *writer, uint32_t bucket, int64_t count)
{
	if (count == 0)
		return;
	write_varint(writer, (uint64_t) (bucket - writer->last));
	write_count(writer, count);
	writer->last = bucket;
}

static size_t
write_counter(const SketchCounter *counter, uint8_t *out)
{
	SketchWriter writer;
	uint32_t first = 0, last;

	if (counter->length > 0)
		sketch_window(counter, &first, &last);
	sketch_write_start(&writer, out, counter->bits, counter->zero);
	for (uint64_t i = 0; i < counter->length; i++)
		sketch_write(&writer, first + (uint32_t) i, counter->counts[i]);
	return writer.size;
}

size_t
sketch_encoded_size(const SketchCounter *counter)
{
	return write_counter(counter, NULL);
}

void
sketch_encode(const SketchCounter *counter, uint8_t *out)
{
	write_counter(counter, out);
}

/* false at the end, and for what write_varint does not write */
static bool
read_varint(SketchReader *reader, uint64_t *number)
{
	*number = 0;
	for (int shift = 0; reader->next < reader->end && shift < 64; shift += 7)
	{
		uint8_t byte = *reader->next++;

		*number |= (uint64_t) (byte & 0x7F) << shift;
		if (byte < 0x80)
			return !(byte == 0 && shift > 0) && !(shift == 63 && byte > 1);
	}
	return false;
}

static bool
read_count(SketchReader *reader, int64_t *count)
{
	uint64_t number;

	if (!read_varint(reader, &number))
		return false;
	*count = (int64_t) ((number >> 1) ^ (number & 1 ? UINT64_MAX : 0));
	return true;
}

bool
sketch_read_start(SketchReader *reader, const uint8_t *bytes, size_t length)
{
	if (length < SKETCH_HEADER || bytes[0] != SKETCH_VERSION || bytes[1] != 0 ||
		bytes[2] < SKETCH_MIN_BITS || bytes[2] > SKETCH_MAX_BITS)
		return false;
	reader->next = bytes + SKETCH_HEADER;
	reader->end = bytes + length;
	reader->bits = bytes[2];
	reader->bucket = -1;
	reader->count = 0;
	return read_count(reader, &reader->zero);
}

SketchRead
sketch_read(SketchReader *reader)
{
	uint64_t distance;

	if (reader->next == reader->end)
		return SKETCH_END;
	if (!read_varint(reader, &distance) || distance == 0 ||
		distance >= (uint64_t) (bucket_limit(reader->bits) - reader->bucket) ||
		!read_count(reader, &reader->count) || reader->count == 0)
		return SKETCH_BROKEN;
	reader->bucket += (int64_t) distance;
	return SKETCH_BUCKET;
}

bool
sketch_valid(const uint8_t *bytes, size_t length)
{
	SketchReader reader;
	SketchRead read;

	if (!sketch_read_start(&reader, bytes, length))
		return false;
	while ((read = sketch_read(&reader)) == SKETCH_BUCKET)
		;
	return read == SKETCH_END;
}

static bool
add_signed(int64_t a, int64_t b, int sign, int64_t *result)
{
	return sign > 0 ? !__builtin_add_overflow(a, b, result) : !__builtin_sub_overflow(a, b, result);
}

/* the next bucket, or one beyond all; takes note of broken bytes */
static int64_t
next_bucket(SketchReader *reader, bool *broken)
{
	switch (sketch_read(reader))
	{
		case SKETCH_BUCKET:
			return reader->bucket;
		case SKETCH_BROKEN:
			*broken = true;
			break;
		case SKETCH_END:
			break;
	}
	return INT64_MAX;
}

SketchMerge
sketch_merge(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length, int sign,
			 uint8_t *out, size_t *size)
{
	SketchReader x, y;
	SketchWriter writer;
	int64_t zero;
	bool broken = false;

	if (!sketch_read_start(&x, a, a_length) || !sketch_read_start(&y, b, b_length) ||
		x.bits != y.bits)
		return SKETCH_CORRUPT;
	if (!add_signed(x.zero, y.zero, sign, &zero))
		return SKETCH_OVERFLOW;
	sketch_write_start(&writer, out, x.bits, zero);
	for (int64_t p = next_bucket(&x, &broken), q = next_bucket(&y, &broken);
		 p != INT64_MAX || q != INT64_MAX;)
	{
		int64_t bucket = p < q ? p : q;
		int64_t count;

		if (!add_signed(p == bucket ? x.count : 0, q == bucket ? y.count : 0, sign, &count))
			return SKETCH_OVERFLOW;
		sketch_write(&writer, (uint32_t) bucket, count);
		if (p == bucket)
			p = next_bucket(&x, &broken);
		if (q == bucket)
			q = next_bucket(&y, &broken);
	}
	*size = writer.size;
	return broken ? SKETCH_CORRUPT : SKETCH_MERGED;
}
