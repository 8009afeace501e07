/*
 * sketch_io.c
 *	  The type concentration_sketch: input, output, casts, operators.
 *
 * As text and as jsonb a sketch is
 *	  {"accuracy": 0.0078125, "zero": 2, "buckets": [[99.5, 3], [1004, 1]]}
 * with the middle of each bucket and the number of customers in it. The middle is printed with six
 * digits, enough to fall into its bucket again, so that text loses nothing.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "support/comparison.h"
#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "concentration/sketch.h"
#include "concentration/sketch_io.h"

PG_FUNCTION(concentration_sketch_in);
PG_FUNCTION(concentration_sketch_out);
PG_FUNCTION(concentration_sketch_recv);
PG_FUNCTION(concentration_sketch_send);
PG_FUNCTION(concentration_sketch_to_jsonb);
PG_FUNCTION(concentration_sketch_from_jsonb);
PG_FUNCTION(concentration_sketch_add);
PG_FUNCTION(concentration_sketch_subtract);
PG_FUNCTION(concentration_sketch_negate);
PG_FUNCTION(concentration_sketch_hash);
PG_FUNCTION(concentration_sketch_hash_extended);

static void
corrupt(void)
{
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
			errmsg("stored concentration_sketch is corrupt or of a later version"));
}

SketchBytes
sketch_from_datum(Datum datum)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(datum);
	SketchBytes sketch = {(const uint8_t *) VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)};

	return sketch;
}

void
sketch_start(SketchReader *reader, SketchBytes sketch)
{
	if (!sketch_read_start(reader, sketch.bytes, sketch.length))
		corrupt();
}

bool
sketch_next(SketchReader *reader)
{
	SketchRead read = sketch_read(reader);

	CHECK_FOR_INTERRUPTS();
	if (read == SKETCH_BROKEN)
		corrupt();
	return read == SKETCH_BUCKET;
}

void
sketch_check_same_bits(int a, int b)
{
	if (a != b)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("concentration sketches of different accuracy cannot be merged: %g and %g",
					   sketch_accuracy(a), sketch_accuracy(b)));
}

void
sketch_overflow(void)
{
	ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			errmsg("count of a concentration_sketch out of range"));
	pg_unreachable();
}

/*
 * Text and jsonb
 */

static char *
print_sketch(SketchBytes sketch)
{
	StringInfoData text;
	SketchReader reader;
	const char *separator = "";

	sketch_start(&reader, sketch);
	initStringInfo(&text);
	appendStringInfo(&text, "{\"accuracy\": %.10g, \"zero\": " INT64_FORMAT ", \"buckets\": [",
					 sketch_accuracy(reader.bits), reader.zero);
	while (sketch_next(&reader))
	{
		appendStringInfo(&text, "%s[%.6g, " INT64_FORMAT "]", separator,
						 sketch_middle((uint32_t) reader.bucket, reader.bits), reader.count);
		separator = ", ";
	}
	appendStringInfoString(&text, "]}");
	return text.data;
}

#define refuse(escontext, ...)                                                  \
	ereturn(escontext, (Datum) 0, errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), \
			errmsg("invalid input for type concentration_sketch"), errdetail(__VA_ARGS__))

/* a whole number of 64 bits */
static bool
read_whole(const JsonbValue *value, int64 *result)
{
	Decimal decimal;

	if (value == NULL || value->type != jbvNumeric ||
		numeric_to_decimal(NumericGetDatum(value->val.numeric), &decimal) != NUMERIC_KIND_FINITE)
		return false;
	decimal = decimal_normalise(decimal);
	*result = (int64) decimal.mantissa;
	return decimal.scale == 0 && *result == decimal.mantissa;
}

static bool
read_double(const JsonbValue *value, double *result)
{
	if (value == NULL || value->type != jbvNumeric)
		return false;
	*result = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	return true;
}

static JsonbValue *
member(JsonbContainer *object, const char *key, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object, key, (int) strlen(key), value);
}

/* The sketch that a jsonb writes down; a wrong one is a soft error and gives 0. */
static Datum
sketch_from_jsonb(Jsonb *jsonb, Node *escontext)
{
	JsonbValue accuracy_value, zero_value, buckets_value;
	JsonbContainer *buckets;
	SketchWriter writer;
	bytea *result;
	double accuracy;
	int64 zero;
	int64 last = -1;
	int bits;
	uint32 count;

	(void) escontext;
	if (!JB_ROOT_IS_OBJECT(jsonb))
		refuse(escontext, "A sketch is a JSON object.");
	if (!read_double(member(&jsonb->root, "accuracy", &accuracy_value), &accuracy) ||
		!(accuracy >= SKETCH_FINEST && accuracy <= SKETCH_COARSEST))
		refuse(escontext, "\"accuracy\" must be a number from %g to %g.", SKETCH_FINEST,
			   SKETCH_COARSEST);
	if (!read_whole(member(&jsonb->root, "zero", &zero_value), &zero))
		refuse(escontext, "\"zero\" must be a whole number of customers.");
	if (member(&jsonb->root, "buckets", &buckets_value) == NULL ||
		buckets_value.type != jbvBinary || !JsonContainerIsArray(buckets_value.val.binary.data))
		refuse(escontext, "\"buckets\" must be an array of pairs.");
	if (JB_ROOT_COUNT(jsonb) != 3)
		refuse(escontext, "There are members besides \"accuracy\", \"zero\" and \"buckets\".");

	bits = sketch_bits(accuracy);
	buckets = buckets_value.val.binary.data;
	count = JsonContainerSize(buckets);
	if (count > (uint32) SKETCH_OCTAVES << bits)
		refuse(escontext, "There are more buckets than a sketch of this accuracy has.");
	result = palloc(VARHDRSZ + SKETCH_START_BYTES + (Size) count * SKETCH_ENTRY_BYTES);
	sketch_write_start(&writer, (uint8_t *) VARDATA(result), bits, zero);
	for (uint32 i = 0; i < count; i++)
	{
		JsonbValue *pair = getIthJsonbValueFromContainer(buckets, i);
		double value;
		int64 customers;
		uint32 bucket;

		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
		if (pair->type != jbvBinary || !JsonContainerIsArray(pair->val.binary.data) ||
			JsonContainerSize(pair->val.binary.data) != 2 ||
			!read_double(getIthJsonbValueFromContainer(pair->val.binary.data, 0), &value) ||
			!read_whole(getIthJsonbValueFromContainer(pair->val.binary.data, 1), &customers))
			refuse(escontext, "Bucket %u is not a pair of a value and a whole number of customers.",
				   i + 1);
		if (!(value >= SKETCH_MIN_VALUE && value < SKETCH_LIMIT))
			refuse(escontext, "The value of bucket %u is out of range.", i + 1);
		if (customers == 0)
			refuse(escontext, "Bucket %u holds no customers.", i + 1);
		bucket = sketch_bucket(value, bits);
		if (bucket <= last)
			refuse(escontext, "Bucket %u does not lie above the one before.", i + 1);
		sketch_write(&writer, bucket, customers);
		last = bucket;
	}
	SET_VARSIZE(result, VARHDRSZ + writer.size);
	return PointerGetDatum(result);
}

/*
 * concentration_sketch_in(cstring) returns concentration_sketch
 */
Datum
concentration_sketch_in(PG_FUNCTION_ARGS)
{
	Datum jsonb;

	if (!compat_jsonb_in(PG_GETARG_CSTRING(0), fcinfo->context, &jsonb))
		return (Datum) 0;
	return sketch_from_jsonb(DatumGetJsonbP(jsonb), fcinfo->context);
}

/*
 * concentration_sketch_out(concentration_sketch) returns cstring
 */
Datum
concentration_sketch_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(print_sketch(sketch_from_datum(PG_GETARG_DATUM(0))));
}

/*
 * concentration_sketch_to_jsonb(concentration_sketch) returns jsonb
 */
Datum
concentration_sketch_to_jsonb(PG_FUNCTION_ARGS)
{
	char *text = print_sketch(sketch_from_datum(PG_GETARG_DATUM(0)));

	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

/*
 * concentration_sketch_from_jsonb(jsonb) returns concentration_sketch
 */
Datum
concentration_sketch_from_jsonb(PG_FUNCTION_ARGS)
{
	return sketch_from_jsonb(PG_GETARG_JSONB_P(0), NULL);
}

/*
 * Binary: the stored form, which begins with its version
 */

/*
 * concentration_sketch_recv(internal) returns concentration_sketch
 */
Datum
concentration_sketch_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, length);

	if (!sketch_valid((const uint8_t *) bytes, length))
		ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				errmsg("invalid binary input for type concentration_sketch"));
	PG_RETURN_BYTEA_P(cstring_to_text_with_len(bytes, length));
}

/*
 * concentration_sketch_send(concentration_sketch) returns bytea
 */
Datum
concentration_sketch_send(PG_FUNCTION_ARGS)
{
	SketchBytes sketch = sketch_from_datum(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) sketch.bytes, (int) sketch.length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * Operators
 */

static Datum
merge(SketchBytes a, SketchBytes b, int sign)
{
	SketchReader x, y;
	bytea *result;
	size_t size;

	sketch_start(&x, a);
	sketch_start(&y, b);
	sketch_check_same_bits(x.bits, y.bits);
	result = palloc(VARHDRSZ + a.length + b.length);
	switch (sketch_merge(a.bytes, a.length, b.bytes, b.length, sign, (uint8_t *) VARDATA(result),
						 &size))
	{
		case SKETCH_MERGED:
			break;
		case SKETCH_OVERFLOW:
			sketch_overflow();
			break;
		case SKETCH_CORRUPT:
			corrupt();
			break;
	}
	SET_VARSIZE(result, VARHDRSZ + size);
	return PointerGetDatum(result);
}

/*
 * concentration_sketch_add(concentration_sketch, concentration_sketch) returns concentration_sketch
 *
 * All customers of both. Transition and combine function of sum(concentration_sketch) too.
 */
Datum
concentration_sketch_add(PG_FUNCTION_ARGS)
{
	return merge(sketch_from_datum(PG_GETARG_DATUM(0)), sketch_from_datum(PG_GETARG_DATUM(1)), 1);
}

/*
 * concentration_sketch_subtract(concentration_sketch, concentration_sketch) returns concentration_sketch
 *
 * Takes the customers of the second away from the first.
 */
Datum
concentration_sketch_subtract(PG_FUNCTION_ARGS)
{
	return merge(sketch_from_datum(PG_GETARG_DATUM(0)), sketch_from_datum(PG_GETARG_DATUM(1)), -1);
}

/*
 * concentration_sketch_negate(concentration_sketch) returns concentration_sketch
 */
Datum
concentration_sketch_negate(PG_FUNCTION_ARGS)
{
	SketchBytes sketch = sketch_from_datum(PG_GETARG_DATUM(0));
	uint8_t empty_bytes[SKETCH_START_BYTES];
	SketchReader reader;
	SketchWriter empty;

	sketch_start(&reader, sketch);
	sketch_write_start(&empty, empty_bytes, reader.bits, 0);
	return merge((SketchBytes){empty_bytes, empty.size}, sketch, -1);
}

static int
concentration_sketch_compare(FunctionCallInfo fcinfo)
{
	SketchBytes a = sketch_from_datum(PG_GETARG_DATUM(0));
	SketchBytes b = sketch_from_datum(PG_GETARG_DATUM(1));

	return compare_bytes(a.bytes, a.length, b.bytes, b.length);
}

COMPARISONS(concentration_sketch);

/*
 * concentration_sketch_hash(concentration_sketch) returns integer
 */
Datum
concentration_sketch_hash(PG_FUNCTION_ARGS)
{
	SketchBytes sketch = sketch_from_datum(PG_GETARG_DATUM(0));

	return hash_any(sketch.bytes, (int) sketch.length);
}

/*
 * concentration_sketch_hash_extended(concentration_sketch, bigint) returns bigint
 */
Datum
concentration_sketch_hash_extended(PG_FUNCTION_ARGS)
{
	SketchBytes sketch = sketch_from_datum(PG_GETARG_DATUM(0));

	return hash_any_extended(sketch.bytes, (int) sketch.length, PG_GETARG_INT64(1));
}
