/*
 * rules_io.c
 *	  The SQL type segment_rules: input, output, casts and comparison.
 *
 * The server parses the document as jsonb; it is then checked and compiled, and stored behind its
 * compiled form, so that it comes out again. Whatever arrives from outside goes this way: the
 * binary form is the document's text.
 */
#include "segment/rules_type.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "support/comparison.h"
#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "segment/rules_compile.h"

#define WIRE_VERSION 1

PG_FUNCTION(segment_rules_in);
PG_FUNCTION(segment_rules_out);
PG_FUNCTION(segment_rules_recv);
PG_FUNCTION(segment_rules_send);
PG_FUNCTION(segment_rules_from_jsonb);
PG_FUNCTION(segment_rules_to_jsonb);
PG_FUNCTION(segment_rules_hash);
PG_FUNCTION(segment_rules_hash_extended);

double
segment_number(Numeric number)
{
	Decimal decimal;

	switch (numeric_to_decimal(NumericGetDatum(number), &decimal))
	{
		case NUMERIC_KIND_FINITE:
			return decimal_to_double(decimal);
		case NUMERIC_KIND_NAN:
			return NAN;
		default:
			return DatumGetFloat8(
				DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(number)));
	}
}

void
segment_rules_open(const SegmentRules *datum, Rules *rules)
{
	Size size = VARSIZE(datum);

	if (size < offsetof(SegmentRules, data) ||
		datum->compiled_size > size - offsetof(SegmentRules, data) ||
		!rules_open(datum->data, datum->compiled_size, rules))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("rule set is damaged")));
}

static void read_container(JsonbContainer *container, Document *result);

/* What a jsonb value says, as a document; the texts stay where they are. */
static void
read_value(const JsonbValue *value, Document *result)
{
	switch (value->type)
	{
		case jbvNull:
			result->kind = DOCUMENT_NULL;
			break;
		case jbvBool:
			result->kind = DOCUMENT_BOOLEAN;
			result->number = value->val.boolean;
			break;
		case jbvNumeric:
			result->kind = DOCUMENT_NUMBER;
			result->number = segment_number(value->val.numeric);
			break;
		case jbvString:
			result->kind = DOCUMENT_STRING;
			result->text = value->val.string.val;
			result->length = value->val.string.len;
			break;
		case jbvBinary:
			read_container(value->val.binary.data, result);
			break;
		default:
			elog(ERROR, "unexpected jsonb value of type %d", (int) value->type);
	}
}

static void
read_container(JsonbContainer *container, Document *result)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;
	Document *child;

	check_stack_depth();
	token = JsonbIteratorNext(&iterator, &value, true);
	child = palloc0(sizeof(Document) * (JsonContainerSize(container) + 1));
	result->children = child;
	result->count = JsonContainerSize(container);
	if (token == WJB_BEGIN_ARRAY && value.val.array.rawScalar)
	{
		JsonbIteratorNext(&iterator, &value, true);
		read_value(&value, result);
		return;
	}
	result->kind = token == WJB_BEGIN_ARRAY ? DOCUMENT_ARRAY : DOCUMENT_OBJECT;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			child->key = value.val.string.val;
			child->key_length = value.val.string.len;
		}
		else if (token == WJB_VALUE || token == WJB_ELEM)
			read_value(&value, child++);
	}
}

/* The jsonb behind the compiled form. */
static Jsonb *
get_document(const SegmentRules *rules)
{
	Size before = offsetof(SegmentRules, data) + rules->compiled_size;
	Size size = VARSIZE(rules) - before;
	Jsonb *result = palloc(VARHDRSZ + size);

	SET_VARSIZE(result, VARHDRSZ + size);
	memcpy(VARDATA(result), (const char *) rules + before, size);
	return result;
}

static Jsonb *
get_document_arg(Datum datum)
{
	SegmentRules *rules = (SegmentRules *) PG_DETOAST_DATUM(datum);
	Rules checked;

	segment_rules_open(rules, &checked);
	return get_document(rules);
}

/* Checks and compiles; NULL after a soft error. */
static SegmentRules *
make_rules(Jsonb *jsonb, struct Node *escontext)
{
	Document document = {0};
	RulesError error;
	SegmentRules *result;
	Size document_size = VARSIZE(jsonb) - VARHDRSZ;
	Size size;
	size_t compiled_size;
	void *compiled;

	if (document_size > RULES_MAX_DOCUMENT)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("rule set is too large"),
				 errdetail("It takes %zu bytes, at most %d are supported.", document_size,
						   RULES_MAX_DOCUMENT)));
	read_container(&jsonb->root, &document);
	compiled = rules_compile(&document, palloc, &compiled_size, &error);
	if (compiled == NULL)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid rule set: %s %s", error.path, error.problem)));

	size = offsetof(SegmentRules, data) + compiled_size + document_size;
	result = palloc(size);
	SET_VARSIZE(result, size);
	result->compiled_size = compiled_size;
	memcpy(result->data, compiled, compiled_size);
	memcpy(result->data + compiled_size, VARDATA(jsonb), document_size);
	return result;
}

/* Parses, checks and compiles; NULL after a soft error. */
static SegmentRules *
parse_rules(char *text, struct Node *escontext)
{
	Datum jsonb;

	if (!DirectInputFunctionCallSafe(jsonb_in, text, InvalidOid, -1, escontext, &jsonb))
		return NULL;
	return make_rules(DatumGetJsonbP(jsonb), escontext);
}

/*
 * segment_rules_in(cstring) returns segment_rules
 *
 * The rule set as JSON; errors name the path in the document.
 */
Datum
segment_rules_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(parse_rules(PG_GETARG_CSTRING(0), fcinfo->context));
}

/*
 * segment_rules_out(segment_rules) returns cstring
 *
 * The document as jsonb prints it.
 */
Datum
segment_rules_out(PG_FUNCTION_ARGS)
{
	Jsonb *document = get_document_arg(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(JsonbToCString(NULL, &document->root, VARSIZE(document)));
}

/*
 * segment_rules_recv(internal) returns segment_rules
 *
 * A version byte and the document's text, checked and compiled as on input.
 */
Datum
segment_rules_recv(PG_FUNCTION_ARGS)
{
	StringInfo buffer = (StringInfo) PG_GETARG_POINTER(0);
	int version = pq_getmsgbyte(buffer);
	char *text;
	int length;

	if (version != WIRE_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("unsupported segment_rules version number %d", version)));
	text = pq_getmsgtext(buffer, buffer->len - buffer->cursor, &length);
	PG_RETURN_POINTER(parse_rules(text, NULL));
}

/*
 * segment_rules_send(segment_rules) returns bytea
 *
 * A version byte and the document's text.
 */
Datum
segment_rules_send(PG_FUNCTION_ARGS)
{
	Jsonb *document = get_document_arg(PG_GETARG_DATUM(0));
	StringInfoData text;
	StringInfoData buffer;

	initStringInfo(&text);
	JsonbToCString(&text, &document->root, VARSIZE(document));
	pq_begintypsend(&buffer);
	pq_sendint8(&buffer, WIRE_VERSION);
	pq_sendtext(&buffer, text.data, text.len);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/*
 * segment_rules_from_jsonb(jsonb) returns segment_rules
 */
Datum
segment_rules_from_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(make_rules(PG_GETARG_JSONB_P(0), fcinfo->context));
}

/*
 * segment_rules_to_jsonb(segment_rules) returns jsonb
 */
Datum
segment_rules_to_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(get_document_arg(PG_GETARG_DATUM(0)));
}

/*
 * Rule sets compare as their documents do, as jsonb.
 */
static int
segment_rules_compare(FunctionCallInfo fcinfo)
{
	Jsonb *a = get_document_arg(PG_GETARG_DATUM(0));
	Jsonb *b = get_document_arg(PG_GETARG_DATUM(1));
	int order = compareJsonbContainers(&a->root, &b->root);

	pfree(a);
	pfree(b);
	return order;
}

COMPARISONS(segment_rules);

/*
 * segment_rules_hash(segment_rules) returns integer
 *
 * The hash of the document.
 */
Datum
segment_rules_hash(PG_FUNCTION_ARGS)
{
	Jsonb *document = get_document_arg(PG_GETARG_DATUM(0));

	return DirectFunctionCall1(jsonb_hash, JsonbPGetDatum(document));
}

/*
 * segment_rules_hash_extended(segment_rules, seed bigint) returns bigint
 */
Datum
segment_rules_hash_extended(PG_FUNCTION_ARGS)
{
	Jsonb *document = get_document_arg(PG_GETARG_DATUM(0));

	return DirectFunctionCall2(jsonb_hash_extended, JsonbPGetDatum(document), PG_GETARG_DATUM(1));
}
