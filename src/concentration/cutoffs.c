/*
 * cutoffs.c
 *	  Where the classes of an ABC analysis end: stored form, checks, and the class of a value.
 */
#include "concentration/cutoffs.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "support/select.h"

#define STORED_VERSION 1
#define STORED_FLOAT 1
#define STORED_COMPUTED 2
#define STORED_LONG 4

/* numbers at the scale of a stored numeric, a multiple of this, are compared as they are */
#define SCALE_STEP 4

/*
 * The stored form begins with this; the limits follow, then the cuts' mantissas and scales. Long
 * numbers, the limits and the total, stand after the cuts, each behind the four bytes of its length.
 */
typedef struct StoredHead
{
	uint8_t version;
	uint8_t flags;
	uint8_t cuts;
	uint8_t scale;
	uint8_t total_scale;
	uint8_t unused[3];
	int64_t customers;
	wide total; /* the bits of the double, if float */
} StoredHead;

_Static_assert(sizeof(StoredHead) == 32, "the stored form has no padding");

/* Without long numbers. */
static size_t
stored_length(int cuts, int flags)
{
	return sizeof(StoredHead) + (flags & STORED_LONG ? 0 : sizeof(wide) * (size_t) (cuts + 1)) +
		   (flags & STORED_COMPUTED ? 0 : (sizeof(wide) + 1) * (size_t) cuts);
}

size_t
abc_most_bytes(const AbcCutoffs *cutoffs)
{
	size_t bytes = ABC_MOST_BYTES;

	if (cutoffs->is_long)
	{
		bytes += sizeof(uint32_t) + cutoffs->long_total.length;
		for (int i = 0; i <= cutoffs->cuts; i++)
			bytes += sizeof(uint32_t) + cutoffs->long_limit[i].length;
	}
	return bytes;
}

bool
abc_class_is_empty(const AbcCutoffs *cutoffs, int class_number)
{
	const AbcLongNumber *limit = &cutoffs->long_limit[class_number];

	if (class_number == 0)
		return false;
	if (!cutoffs->is_long)
		return cutoffs->limit[class_number] == cutoffs->limit[class_number - 1];
	return limit->length == limit[-1].length &&
		   memcmp(limit->bytes, limit[-1].bytes, limit->length) == 0;
}

bool
abc_is_long(const char *bytes)
{
	return (bytes[offsetof(StoredHead, flags)] & STORED_LONG) != 0;
}

void
abc_canonical(AbcCutoffs *cutoffs)
{
	int scale = 0;
	wide limit[ABC_MOST_CLASSES];

	for (int i = 0; i < cutoffs->cuts && !cutoffs->is_computed; i++)
		cutoffs->cut[i] = decimal_normalise(cutoffs->cut[i]);
	if (cutoffs->is_float || cutoffs->is_long)
		return;
	cutoffs->total = decimal_normalise(cutoffs->total);

	/* the least scale that holds all limits, rounded up a step if there is room for that */
	for (int i = 0; i <= cutoffs->cuts; i++)
	{
		Decimal value = {cutoffs->limit[i], cutoffs->scale};

		value = decimal_normalise(value);
		scale = value.scale > scale ? value.scale : scale;
	}
	for (int to = (scale + SCALE_STEP - 1) / SCALE_STEP * SCALE_STEP;; to = scale)
	{
		bool fits = to <= DECIMAL_DIGITS;

		for (int i = 0; i <= cutoffs->cuts && fits; i++)
			fits = decimal_rescale(cutoffs->limit[i], cutoffs->scale, to, &limit[i]);
		if (fits)
		{
			memcpy(cutoffs->limit, limit, sizeof(wide) * (size_t) (cutoffs->cuts + 1));
			cutoffs->scale = to;
			return;
		}
	}
}

const char *
abc_problem(const AbcCutoffs *cutoffs)
{
	static const Decimal one = {1, 0};

	if (cutoffs->cuts < 1 || cutoffs->cuts > ABC_MOST_CUTS ||
		(cutoffs->is_computed && cutoffs->cuts != 2))
		return "number of classes";
	if (cutoffs->customers < 1)
		return "number of customers";
	if (cutoffs->is_long)
		;
	else if (cutoffs->is_float
				 ? !(cutoffs->float_total > 0 && cutoffs->float_total <= DBL_MAX)
				 : cutoffs->total.mantissa <= 0 || !decimal_in_range(cutoffs->total.mantissa) ||
					   cutoffs->total.scale < 0 || cutoffs->total.scale > DECIMAL_DIGITS)
		return "total";
	if (cutoffs->scale < 0 || cutoffs->scale > (cutoffs->is_float ? 0 : DECIMAL_DIGITS))
		return "scale";

	for (int i = 0; i < cutoffs->cuts && !cutoffs->is_computed; i++)
	{
		Decimal cut = cutoffs->cut[i];

		if (cut.scale < 0 || cut.scale > DECIMAL_DIGITS || !decimal_in_range(cut.mantissa) ||
			cut.mantissa <= 0 || decimal_compare(cut, one) >= 0 ||
			(i > 0 && decimal_compare(cut, cutoffs->cut[i - 1]) <= 0))
			return "cut";
	}

	/* each class but the last holds something above 0, or nothing */
	for (int i = 0; i <= cutoffs->cuts && !cutoffs->is_long; i++)
	{
		wide limit = cutoffs->limit[i];

		if (cutoffs->is_float ? limit < double_key(-DBL_MAX) || limit > double_key(DBL_MAX)
							  : !decimal_in_range(limit))
			return "smallest value of a class";
		if ((i < cutoffs->cuts && limit <= 0) || (i > 0 && limit > cutoffs->limit[i - 1]))
			return "smallest value of a class";
	}
	return NULL;
}

static char *
pack_long(char *p, AbcLongNumber number)
{
	memcpy(p, &number.length, sizeof(number.length));
	memcpy(p + sizeof(number.length), number.bytes, number.length);
	return p + sizeof(number.length) + number.length;
}

/* NULL if the bytes end before the number does. */
static const char *
unpack_long(const char *p, const char *end, AbcLongNumber *number)
{
	if (p == NULL || end - p < (ptrdiff_t) sizeof(number->length))
		return NULL;
	memcpy(&number->length, p, sizeof(number->length));
	number->bytes = p + sizeof(number->length);
	return (size_t) (end - number->bytes) < number->length ? NULL : number->bytes + number->length;
}

size_t
abc_pack(const AbcCutoffs *cutoffs, char *bytes)
{
	StoredHead head;
	char *p = bytes;

	memset(&head, 0, sizeof(head));
	head.version = STORED_VERSION;
	head.flags = (cutoffs->is_float ? STORED_FLOAT : 0) |
				 (cutoffs->is_computed ? STORED_COMPUTED : 0) |
				 (cutoffs->is_long ? STORED_LONG : 0);
	head.cuts = (uint8_t) cutoffs->cuts;
	head.scale = (uint8_t) cutoffs->scale;
	head.customers = cutoffs->customers;
	if (cutoffs->is_float)
		head.total = double_key(cutoffs->float_total);
	else if (!cutoffs->is_long)
	{
		head.total = cutoffs->total.mantissa;
		head.total_scale = (uint8_t) cutoffs->total.scale;
	}
	memcpy(p, &head, sizeof(head));
	p += sizeof(head);
	if (!cutoffs->is_long)
	{
		memcpy(p, cutoffs->limit, sizeof(wide) * (size_t) (cutoffs->cuts + 1));
		p += sizeof(wide) * (size_t) (cutoffs->cuts + 1);
	}
	for (int i = 0; i < cutoffs->cuts && !cutoffs->is_computed; i++)
	{
		memcpy(p, &cutoffs->cut[i].mantissa, sizeof(wide));
		p += sizeof(wide);
		*p++ = (char) cutoffs->cut[i].scale;
	}
	for (int i = 0; i <= cutoffs->cuts && cutoffs->is_long; i++)
		p = pack_long(p, cutoffs->long_limit[i]);
	if (cutoffs->is_long)
		p = pack_long(p, cutoffs->long_total);
	return (size_t) (p - bytes);
}

bool
abc_unpack(const char *bytes, size_t length, AbcCutoffs *cutoffs)
{
	StoredHead head;
	const char *p = bytes + sizeof(head);

	if (length < sizeof(head))
		return false;
	memcpy(&head, bytes, sizeof(head));
	if (head.version != STORED_VERSION ||
		head.flags > (STORED_FLOAT | STORED_COMPUTED | STORED_LONG) ||
		(head.flags & STORED_FLOAT && head.flags & STORED_LONG) || head.cuts < 1 ||
		head.cuts > ABC_MOST_CUTS || length < stored_length(head.cuts, head.flags))
		return false;

	memset(cutoffs, 0, sizeof(*cutoffs));
	cutoffs->is_float = (head.flags & STORED_FLOAT) != 0;
	cutoffs->is_computed = (head.flags & STORED_COMPUTED) != 0;
	cutoffs->is_long = (head.flags & STORED_LONG) != 0;
	cutoffs->cuts = head.cuts;
	cutoffs->scale = head.scale;
	cutoffs->customers = head.customers;
	if (cutoffs->is_float)
		cutoffs->float_total = double_of_key((int64_t) head.total);
	else
	{
		cutoffs->total.mantissa = head.total;
		cutoffs->total.scale = head.total_scale;
	}
	if (!cutoffs->is_long)
	{
		memcpy(cutoffs->limit, p, sizeof(wide) * (size_t) (head.cuts + 1));
		p += sizeof(wide) * (size_t) (head.cuts + 1);
	}
	for (int i = 0; i < cutoffs->cuts && !cutoffs->is_computed; i++)
	{
		memcpy(&cutoffs->cut[i].mantissa, p, sizeof(wide));
		p += sizeof(wide);
		cutoffs->cut[i].scale = (uint8_t) *p++;
	}
	for (int i = 0; i <= cutoffs->cuts && cutoffs->is_long; i++)
		p = unpack_long(p, bytes + length, &cutoffs->long_limit[i]);
	if (cutoffs->is_long)
		p = unpack_long(p, bytes + length, &cutoffs->long_total);
	return p == bytes + length;
}

static inline wide
stored_limit(const char *bytes, int i)
{
	wide limit;

	memcpy(&limit, bytes + sizeof(StoredHead) + sizeof(wide) * (size_t) i, sizeof(limit));
	return limit;
}

/* The first class whose limit the key reaches; the last class reaches down for ever. */
static inline int
class_of_key(const char *bytes, int cuts, wide key)
{
	int i = 0;

	while (i < cuts && key < stored_limit(bytes, i))
		i++;
	return i;
}

/* Under cut-offs of doubles: as the nearest double, but whole numbers exactly. One that was rounded up
 * to a limit is still below it. */
static int
class_of_rounded(const char *bytes, int cuts, Decimal value)
{
	double nearest = decimal_to_double(value);
	wide key = double_key(nearest);
	int i = class_of_key(bytes, cuts, key);

	if (value.scale == 0 && nearest < 0x1p126 && value.mantissa < (wide) nearest)
		while (i < cuts && key == stored_limit(bytes, i))
			i++;
	return i;
}

int
abc_class_of_decimal(const char *bytes, Decimal value)
{
	StoredHead head;
	wide key;
	int i = 0;

	memcpy(&head, bytes, sizeof(head));
	if (value.mantissa <= 0)
		return head.cuts;
	if (head.flags & STORED_FLOAT)
		return class_of_rounded(bytes, head.cuts, value);
	if (value.scale == head.scale)
		return class_of_key(bytes, head.cuts, value.mantissa);
	if (decimal_rescale(value.mantissa, value.scale, head.scale, &key))
		return class_of_key(bytes, head.cuts, key);

	/* finer than the limits, or too large for their scale */
	for (; i < head.cuts; i++)
	{
		Decimal limit = {stored_limit(bytes, i), head.scale};

		if (decimal_compare(value, limit) >= 0)
			break;
	}
	return i;
}

int
abc_class_of_double(const char *bytes, double value)
{
	StoredHead head;
	int i = 0;

	memcpy(&head, bytes, sizeof(head));
	if (head.flags & STORED_FLOAT)
		return class_of_key(bytes, head.cuts, double_key(value));

	/* integer columns come as doubles, since SQL prefers these */
	if (fabs(value) < 0x1p63 && value == (double) (int64_t) value)
	{
		Decimal whole = {(int64_t) value, 0};

		return abc_class_of_decimal(bytes, whole);
	}
	for (; i < head.cuts; i++)
	{
		Decimal limit = {stored_limit(bytes, i), head.scale};

		if (value >= decimal_to_double(limit))
			break;
	}
	return i;
}
