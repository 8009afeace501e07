/*
 * cutoffs_io.c
 *	  The type abc_cutoffs: text, binary, jsonb, comparison, and the class of a value.
 */
#include "concentration/cutoffs_io.h"

#include "common/hashfn.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "support/comparison.h"
#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "support/values.h"
#include "support/wire.h"

/* binary format: a version, what the stored form has as flags, and the members */
#define WIRE_VERSION 1
#define WIRE_FLOAT 1
#define WIRE_COMPUTED 2
#define WIRE_LONG 4

PG_FUNCTION(abc_cutoffs_in);
PG_FUNCTION(abc_cutoffs_out);
PG_FUNCTION(abc_cutoffs_recv);
PG_FUNCTION(abc_cutoffs_send);
PG_FUNCTION(abc_cutoffs_to_jsonb);
PG_FUNCTION(abc_cutoffs_hash);
PG_FUNCTION(abc_cutoffs_hash_extended);
PG_FUNCTION(abc_class_of_numeric);
PG_FUNCTION(abc_class_of_previous);
PG_FUNCTION(abc_class_of_int8);
PG_FUNCTION(abc_class_of_float8);

Datum
abc_cutoffs_datum(AbcCutoffs *cutoffs)
{
	struct varlena *result = palloc(VARHDRSZ + abc_most_bytes(cutoffs));

	abc_canonical(cutoffs);
	SET_VARSIZE(result, VARHDRSZ + abc_pack(cutoffs, VARDATA(result)));
	return PointerGetDatum(result);
}

static void
read_cutoffs(Datum datum, AbcCutoffs *cutoffs)
{
	struct varlena *stored = PG_DETOAST_DATUM_PACKED(datum);

	if (!abc_unpack(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), cutoffs))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("invalid stored abc_cutoffs")));
}

/* The bytes of a numeric without trailing zeros, in which equal ones are equal. */
static AbcLongNumber
long_number(Numeric value)
{
	struct varlena *bytes = (struct varlena *) DatumGetNumeric(
		DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(value)));
	AbcLongNumber number = {VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ};

	return number;
}

static Numeric
numeric_of_long(AbcLongNumber number)
{
	struct varlena *bytes = palloc(VARHDRSZ + number.length);

	SET_VARSIZE(bytes, VARHDRSZ + number.length);
	memcpy(VARDATA(bytes), number.bytes, number.length);
	return (Numeric) bytes;
}

void
abc_set_numbers(AbcCutoffs *cutoffs, Numeric total, const Numeric *limits)
{
	Decimal limit[ABC_MOST_CLASSES];
	bool fits = numeric_to_decimal(NumericGetDatum(total), &cutoffs->total) == NUMERIC_KIND_FINITE;

	if (fits)
		cutoffs->total = decimal_normalise(cutoffs->total);
	fits = fits && cutoffs->total.scale <= DECIMAL_DIGITS;
	cutoffs->scale = 0;
	for (int i = 0; i <= cutoffs->cuts && fits; i++)
	{
		fits = numeric_to_decimal(NumericGetDatum(limits[i]), &limit[i]) == NUMERIC_KIND_FINITE;
		if (fits)
			limit[i] = decimal_normalise(limit[i]);
		fits = fits && limit[i].scale <= DECIMAL_DIGITS;
		if (fits)
			cutoffs->scale = Max(cutoffs->scale, limit[i].scale);
	}
	for (int i = 0; i <= cutoffs->cuts && fits; i++)
		fits =
			decimal_rescale(limit[i].mantissa, limit[i].scale, cutoffs->scale, &cutoffs->limit[i]);
	cutoffs->is_long = !fits;
	if (fits)
		return;

	cutoffs->scale = 0;
	cutoffs->long_total = long_number(total);
	for (int i = 0; i <= cutoffs->cuts; i++)
		cutoffs->long_limit[i] = long_number(limits[i]);
}

/* The smallest value of a class of exact cut-offs. */
static Numeric
numeric_limit(const AbcCutoffs *cutoffs, int class_number)
{
	Decimal limit = {cutoffs->limit[class_number], cutoffs->scale};

	return cutoffs->is_long ? numeric_of_long(cutoffs->long_limit[class_number])
							: decimal_to_numeric(limit);
}

static bool
numeric_is_less(Numeric a, Numeric b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(a), NumericGetDatum(b)));
}

/* As abc_problem(), with long numbers. */
static const char *
cutoffs_problem(const AbcCutoffs *cutoffs)
{
	const char *problem = abc_problem(cutoffs);
	Numeric last = NULL;

	if (problem != NULL || !cutoffs->is_long)
		return problem;
	if (numeric_sign_of(numeric_of_long(cutoffs->long_total)) <= 0)
		return "total";
	for (int i = 0; i <= cutoffs->cuts; i++)
	{
		Numeric limit = numeric_limit(cutoffs, i);

		if ((i < cutoffs->cuts && numeric_sign_of(limit) <= 0) ||
			(i > 0 && numeric_is_less(last, limit)))
			return "smallest value of a class";
		last = limit;
	}
	return NULL;
}

int
abc_read_cuts(ArrayType *array, Decimal *cut)
{
	static const Decimal one = {1, 0};
	Datum *elements;
	bool *nulls;
	int count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("cuts must be a one-dimensional array")));
	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count < 1 || count > ABC_MOST_CUTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("number of cuts must be from 1 to %d", ABC_MOST_CUTS)));
	for (int i = 0; i < count; i++)
	{
		NumericKind kind;

		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("cuts must not contain NULL")));
		kind = numeric_to_decimal(elements[i], &cut[i]);
		if (kind == NUMERIC_KIND_FINITE)
			cut[i] = decimal_normalise(cut[i]);
		if (kind == NUMERIC_KIND_TOO_LONG ||
			(kind == NUMERIC_KIND_FINITE && cut[i].scale > DECIMAL_DIGITS))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("cuts can have at most %d digits", DECIMAL_DIGITS)));
		if (kind != NUMERIC_KIND_FINITE || cut[i].mantissa <= 0 ||
			decimal_compare(cut[i], one) >= 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("cuts must lie between 0 and 1, both excluded")));
		if (i > 0 && decimal_compare(cut[i], cut[i - 1]) <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("cuts must rise strictly")));
	}
	return count;
}

const Decimal abc_default_cuts[] = {{80, 2}, {95, 2}};

bool
abc_read_boundary(const text *boundary)
{
	static const char *const names[] = {"crossing", "up_to"};

	for (int i = 0; i < (int) lengthof(names); i++)
		if (VARSIZE_ANY_EXHDR(boundary) == strlen(names[i]) &&
			memcmp(VARDATA_ANY(boundary), names[i], strlen(names[i])) == 0)
			return i == 1;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("boundary cannot be \"%s\"", text_to_cstring(boundary)),
					errhint("It is either \"crossing\" or \"up_to\".")));
}

wide
abc_threshold(wide total, Decimal cut, bool up_to)
{
	Decimal whole = {total, 0}, result = {0, 0};
	Datum product = DirectFunctionCall2(numeric_mul, NumericGetDatum(decimal_to_numeric(whole)),
										NumericGetDatum(decimal_to_numeric(cut)));

	product = DirectFunctionCall1(up_to ? numeric_floor : numeric_ceil, product);
	if (numeric_to_decimal(product, &result) != NUMERIC_KIND_FINITE)
		elog(ERROR, "share of a total is out of range");
	return result.mantissa + (up_to ? 1 : 0);
}

Datum *
abc_class_texts(FmgrInfo *flinfo)
{
	Datum *texts = flinfo->fn_extra;

	if (texts == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(flinfo->fn_mcxt);

		texts = palloc(ABC_MOST_CLASSES * sizeof(Datum));
		for (int i = 0; i < ABC_MOST_CLASSES; i++)
		{
			char letter = (char) ('A' + i);

			texts[i] = PointerGetDatum(cstring_to_text_with_len(&letter, 1));
		}
		MemoryContextSwitchTo(old);
		flinfo->fn_extra = texts;
	}
	return texts;
}

/*
 * Text: JSON, {"kind": "numeric", "method": "cuts", "customers": 5, "total": 100.5, "classes":
 * [{"class": "A", "cut": 0.8, "from": 70}, …, {"class": "C", "from": 1}]}. An empty class has
 * null for its smallest value; with method "computed" there are no cuts.
 */
static void
append_decimal(StringInfo text, wide mantissa, int scale)
{
	Decimal value = {mantissa, scale};
	char buffer[DECIMAL_BUFFER];

	decimal_print(decimal_normalise(value), buffer);
	appendStringInfoString(text, buffer);
}

static void
append_numeric(StringInfo text, Numeric value)
{
	appendStringInfoString(
		text, DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value))));
}

static void
append_double(StringInfo text, double value)
{
	char buffer[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, buffer);
	appendStringInfoString(text, buffer);
}

static char *
cutoffs_text(const AbcCutoffs *cutoffs)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text,
					 "{\"kind\": \"%s\", \"method\": \"%s\", \"customers\": " INT64_FORMAT
					 ", \"total\": ",
					 cutoffs->is_float ? "float8" : "numeric",
					 cutoffs->is_computed ? "computed" : "cuts", cutoffs->customers);
	if (cutoffs->is_float)
		append_double(&text, cutoffs->float_total);
	else if (cutoffs->is_long)
		append_numeric(&text, numeric_of_long(cutoffs->long_total));
	else
		append_decimal(&text, cutoffs->total.mantissa, cutoffs->total.scale);
	appendStringInfoString(&text, ", \"classes\": [");
	for (int i = 0; i <= cutoffs->cuts; i++)
	{
		appendStringInfo(&text, "%s{\"class\": \"%c\", ", i > 0 ? ", " : "", 'A' + i);
		if (i < cutoffs->cuts && !cutoffs->is_computed)
		{
			appendStringInfoString(&text, "\"cut\": ");
			append_decimal(&text, cutoffs->cut[i].mantissa, cutoffs->cut[i].scale);
			appendStringInfoString(&text, ", ");
		}
		appendStringInfoString(&text, "\"from\": ");
		if (abc_class_is_empty(cutoffs, i))
			appendStringInfoString(&text, "null");
		else if (cutoffs->is_float)
			append_double(&text, double_of_key((int64) cutoffs->limit[i]));
		else if (cutoffs->is_long)
			append_numeric(&text, numeric_limit(cutoffs, i));
		else
			append_decimal(&text, cutoffs->limit[i], cutoffs->scale);
		appendStringInfoChar(&text, '}');
	}
	appendStringInfoString(&text, "]}");
	return text.data;
}

/* The member of an object, NULL if it has none of that name. */
static JsonbValue *
member(JsonbContainer *object, const char *name, enum jbvType type)
{
	JsonbValue key;
	JsonbValue *found;

	key.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = (int) strlen(name);
	found = findJsonbValueFromContainer(object, JB_FOBJECT, &key);
	return found != NULL && found->type == type ? found : NULL;
}

static bool
member_is(JsonbContainer *object, const char *name, const char *text)
{
	JsonbValue *found = member(object, name, jbvString);

	return found != NULL && found->val.string.len == (int) strlen(text) &&
		   memcmp(found->val.string.val, text, strlen(text)) == 0;
}

static bool
member_numeric(JsonbContainer *object, const char *name, Numeric *result)
{
	JsonbValue *found = member(object, name, jbvNumeric);

	if (found == NULL)
		return false;
	*result = found->val.numeric;
	return true;
}

static bool
member_decimal(JsonbContainer *object, const char *name, Decimal *result)
{
	JsonbValue *found = member(object, name, jbvNumeric);

	if (found == NULL ||
		numeric_to_decimal(NumericGetDatum(found->val.numeric), result) != NUMERIC_KIND_FINITE)
		return false;
	*result = decimal_normalise(*result);
	return result->scale <= DECIMAL_DIGITS;
}

static bool
member_double(JsonbContainer *object, const char *name, double *result)
{
	JsonbValue *found = member(object, name, jbvNumeric);

	if (found == NULL)
		return false;
	*result = strtod(
		DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(found->val.numeric))),
		NULL);
	return isfinite(*result);
}

/* Reads what cutoffs_text writes; says what is wrong as abc_problem() does, or NULL. */
static const char *
cutoffs_from_jsonb(Jsonb *json, AbcCutoffs *cutoffs)
{
	JsonbContainer *root = &json->root;
	JsonbValue *classes;
	JsonbContainer *list;
	Decimal number;
	Numeric total = NULL;
	Numeric limit[ABC_MOST_CLASSES];
	int count;

	memset(cutoffs, 0, sizeof(*cutoffs));
	if (!JsonContainerIsObject(root) || JsonContainerIsScalar(root) || JsonContainerSize(root) != 5)
		return "members";
	cutoffs->is_float = member_is(root, "kind", "float8");
	if (!cutoffs->is_float && !member_is(root, "kind", "numeric"))
		return "kind";
	cutoffs->is_computed = member_is(root, "method", "computed");
	if (!cutoffs->is_computed && !member_is(root, "method", "cuts"))
		return "method";
	if (!member_decimal(root, "customers", &number) || number.scale != 0 ||
		number.mantissa > PG_INT64_MAX || number.mantissa < 1)
		return "number of customers";
	cutoffs->customers = (int64) number.mantissa;
	if (cutoffs->is_float ? !member_double(root, "total", &cutoffs->float_total)
						  : !member_numeric(root, "total", &total))
		return "total";
	classes = member(root, "classes", jbvBinary);
	if (classes == NULL || !JsonContainerIsArray(classes->val.binary.data))
		return "list of classes";
	list = classes->val.binary.data;
	count = (int) JsonContainerSize(list);
	if (count < 2 || count > ABC_MOST_CLASSES)
		return "number of classes";
	cutoffs->cuts = count - 1;

	for (int i = 0; i < count; i++)
	{
		JsonbValue *entry = getIthJsonbValueFromContainer(list, (uint32) i);
		bool has_cut = i < cutoffs->cuts && !cutoffs->is_computed;
		char letter[2] = {(char) ('A' + i), '\0'};
		JsonbContainer *object;
		double from;

		if (entry->type != jbvBinary || !JsonContainerIsObject(entry->val.binary.data))
			return "list of classes";
		object = entry->val.binary.data;
		if (JsonContainerSize(object) != (has_cut ? 3 : 2) || !member_is(object, "class", letter))
			return "list of classes";
		if (has_cut && !member_decimal(object, "cut", &cutoffs->cut[i]))
			return "cut";
		if (i > 0 && member(object, "from", jbvNull) != NULL)
		{
			limit[i] = limit[i - 1];
			cutoffs->limit[i] = cutoffs->limit[i - 1];
		}
		else if (cutoffs->is_float)
		{
			if (!member_double(object, "from", &from))
				return "smallest value of a class";
			cutoffs->limit[i] = double_key(from);
		}
		else if (!member_numeric(object, "from", &limit[i]))
			return "smallest value of a class";
	}
	if (!cutoffs->is_float)
		abc_set_numbers(cutoffs, total, limit);
	return cutoffs_problem(cutoffs);
}

/*
 * abc_cutoffs_in(cstring) returns abc_cutoffs
 *
 * Reads the JSON that abc_cutoffs_out writes, members in any order.
 */
Datum
abc_cutoffs_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	AbcCutoffs cutoffs;
	const char *problem;
	Datum json;

	if (!compat_jsonb_in(text, fcinfo->context, &json))
		PG_RETURN_NULL();
	problem = cutoffs_from_jsonb(DatumGetJsonbP(json), &cutoffs);
	if (problem != NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid %s in a value of type abc_cutoffs", problem)));
	return abc_cutoffs_datum(&cutoffs);
}

/*
 * abc_cutoffs_out(abc_cutoffs) returns cstring
 *
 * JSON; exact, and the same whatever the settings are.
 */
Datum
abc_cutoffs_out(PG_FUNCTION_ARGS)
{
	AbcCutoffs cutoffs;

	read_cutoffs(PG_GETARG_DATUM(0), &cutoffs);
	PG_RETURN_CSTRING(cutoffs_text(&cutoffs));
}

/* abc_cutoffs_to_jsonb(abc_cutoffs) returns jsonb: the text form as jsonb */
Datum
abc_cutoffs_to_jsonb(PG_FUNCTION_ARGS)
{
	AbcCutoffs cutoffs;

	read_cutoffs(PG_GETARG_DATUM(0), &cutoffs);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(cutoffs_text(&cutoffs)));
}

/* abc_cutoffs_send(abc_cutoffs) returns bytea: the binary format */
Datum
abc_cutoffs_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;
	AbcCutoffs cutoffs;

	read_cutoffs(PG_GETARG_DATUM(0), &cutoffs);
	pq_begintypsend(&message);
	pq_sendbyte(&message, WIRE_VERSION);
	pq_sendbyte(&message, (cutoffs.is_float ? WIRE_FLOAT : 0) |
							  (cutoffs.is_computed ? WIRE_COMPUTED : 0) |
							  (cutoffs.is_long ? WIRE_LONG : 0));
	pq_sendbyte(&message, cutoffs.cuts);
	pq_sendint64(&message, cutoffs.customers);
	if (cutoffs.is_float)
		pq_sendfloat8(&message, cutoffs.float_total);
	else if (cutoffs.is_long)
		wire_send_numeric(&message, numeric_of_long(cutoffs.long_total));
	else
	{
		wire_send_wide(&message, cutoffs.total.mantissa);
		pq_sendbyte(&message, cutoffs.total.scale);
	}
	for (int i = 0; i < cutoffs.cuts && !cutoffs.is_computed; i++)
	{
		wire_send_wide(&message, cutoffs.cut[i].mantissa);
		pq_sendbyte(&message, cutoffs.cut[i].scale);
	}
	pq_sendbyte(&message, cutoffs.scale);
	for (int i = 0; i <= cutoffs.cuts; i++)
	{
		if (cutoffs.is_float)
			pq_sendfloat8(&message, double_of_key((int64) cutoffs.limit[i]));
		else if (cutoffs.is_long)
			wire_send_numeric(&message, numeric_limit(&cutoffs, i));
		else
			wire_send_wide(&message, cutoffs.limit[i]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* abc_cutoffs_recv(internal) returns abc_cutoffs: from the binary format, all of it checked */
Datum
abc_cutoffs_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int version = pq_getmsgbyte(message);
	int flags = pq_getmsgbyte(message);
	AbcCutoffs cutoffs;
	Numeric total = NULL;
	Numeric limit[ABC_MOST_CLASSES];
	const char *problem;

	memset(&cutoffs, 0, sizeof(cutoffs));
	cutoffs.cuts = pq_getmsgbyte(message);
	if (version != WIRE_VERSION || flags > (WIRE_FLOAT | WIRE_COMPUTED | WIRE_LONG) ||
		(flags & WIRE_FLOAT && flags & WIRE_LONG) || cutoffs.cuts > ABC_MOST_CUTS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid head in a binary value of type abc_cutoffs")));
	cutoffs.is_float = (flags & WIRE_FLOAT) != 0;
	cutoffs.is_computed = (flags & WIRE_COMPUTED) != 0;
	cutoffs.is_long = (flags & WIRE_LONG) != 0;
	cutoffs.customers = pq_getmsgint64(message);
	if (cutoffs.is_float)
		cutoffs.float_total = pq_getmsgfloat8(message);
	else if (cutoffs.is_long)
		total = wire_receive_numeric(message);
	else
	{
		cutoffs.total.mantissa = wire_receive_wide(message);
		cutoffs.total.scale = pq_getmsgbyte(message);
	}
	for (int i = 0; i < cutoffs.cuts && !cutoffs.is_computed; i++)
	{
		cutoffs.cut[i].mantissa = wire_receive_wide(message);
		cutoffs.cut[i].scale = pq_getmsgbyte(message);
	}
	cutoffs.scale = pq_getmsgbyte(message);
	for (int i = 0; i <= cutoffs.cuts; i++)
	{
		if (cutoffs.is_float)
			cutoffs.limit[i] = double_key(pq_getmsgfloat8(message)); /* a NaN's is out of range */
		else if (cutoffs.is_long)
			limit[i] = wire_receive_numeric(message);
		else
			cutoffs.limit[i] = wire_receive_wide(message);
	}
	if (cutoffs.is_long)
		abc_set_numbers(&cutoffs, total, limit);
	problem = cutoffs_problem(&cutoffs);
	if (problem != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid %s in a binary value of type abc_cutoffs", problem)));
	return abc_cutoffs_datum(&cutoffs);
}

static int
abc_cutoffs_compare(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);

	return compare_bytes(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a), VARDATA_ANY(b),
						 VARSIZE_ANY_EXHDR(b));
}

/* Equal in every member, which are equal bytes. */
COMPARISONS(abc_cutoffs);

/* abc_cutoffs_hash(abc_cutoffs) returns integer */
Datum
abc_cutoffs_hash(PG_FUNCTION_ARGS)
{
	struct varlena *bytes = PG_GETARG_VARLENA_PP(0);

	return hash_any((unsigned char *) VARDATA_ANY(bytes), (int) VARSIZE_ANY_EXHDR(bytes));
}

/* abc_cutoffs_hash_extended(abc_cutoffs, seed bigint) returns bigint */
Datum
abc_cutoffs_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *bytes = PG_GETARG_VARLENA_PP(0);

	return hash_any_extended((unsigned char *) VARDATA_ANY(bytes), (int) VARSIZE_ANY_EXHDR(bytes),
							 (uint64) PG_GETARG_INT64(1));
}

/* The class of a value if it, or the cut-offs, need more than 38 digits. */
static int
class_of_long(const AbcCutoffs *cutoffs, Numeric value)
{
	int i = 0;

	if (cutoffs->is_float)
	{
		double nearest =
			DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value)));

		while (i < cutoffs->cuts && double_key(nearest) < cutoffs->limit[i])
			i++;
	}
	else
		while (i < cutoffs->cuts && numeric_is_less(value, numeric_limit(cutoffs, i)))
			i++;
	return i;
}

/* The class of a double under long cut-offs: compared as a double, but whole numbers are exact. */
static int
class_of_long_float8(const AbcCutoffs *cutoffs, double value)
{
	int i = 0;

	if (fabs(value) < 0x1p63 && value == (double) (int64) value)
		return class_of_long(cutoffs, int64_to_numeric((int64) value));
	while (i < cutoffs->cuts &&
		   value < DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
													  NumericGetDatum(numeric_limit(cutoffs, i)))))
		i++;
	return i;
}

/* The class of a numeric, from 0. */
static int
class_of_numeric(Datum value, struct varlena *cutoffs)
{
	const char *stored = VARDATA_ANY(cutoffs);
	Decimal decimal;
	AbcCutoffs numbers;

	if (likely(values_read_numeric(value, &decimal) && !abc_is_long(stored)))
		return abc_class_of_decimal(stored, decimal);
	read_cutoffs(PointerGetDatum(cutoffs), &numbers);
	return class_of_long(&numbers, DatumGetNumeric(value));
}

/*
 * abc_class_of(value, abc_cutoffs) returns text
 *
 * The class of one value under cut-offs found before.
 */
Datum
abc_class_of_numeric(PG_FUNCTION_ARGS)
{
	int class = class_of_numeric(PG_GETARG_DATUM(0), PG_GETARG_VARLENA_PP(1));

	return abc_class_texts(fcinfo->flinfo)[class];
}

/* Where a class, from 0, ends: its smallest value, the exact product with a factor. */
static Datum
class_end(const AbcCutoffs *cutoffs, int class, Datum factor)
{
	Datum end =
		cutoffs->is_float
			? DirectFunctionCall1(float8_numeric,
								  Float8GetDatum(double_of_key((int64) cutoffs->limit[class])))
			: NumericGetDatum(numeric_limit(cutoffs, class));

	return DirectFunctionCall2(numeric_mul, end, factor);
}

/*
 * Is a value that belongs to one class still less than the share hysteresis beyond the end of the
 * other, where its previous class begins or ends? That is above 0, like all ends but the last.
 */
static bool
is_held(Datum value, const AbcCutoffs *cutoffs, int class, int previous, double hysteresis)
{
	Datum one = NumericGetDatum(int64_to_numeric(1));
	Datum share = DirectFunctionCall1(float8_numeric, Float8GetDatum(hysteresis));

	if (class < previous) /* it has risen */
		return DatumGetBool(DirectFunctionCall2(
			numeric_lt, value,
			class_end(cutoffs, previous - 1, DirectFunctionCall2(numeric_add, one, share))));
	return DatumGetBool(DirectFunctionCall2(
		numeric_ge, value,
		class_end(cutoffs, previous, DirectFunctionCall2(numeric_sub, one, share))));
}

/*
 * abc_class_of(value numeric, abc_cutoffs, previous text, hysteresis float8) returns text
 *
 * The class of a value that has to be beyond the boundary of its previous class by a share of that to
 * leave it. A previous class of NULL, or that the cut-offs do not know, holds nothing.
 */
Datum
abc_class_of_previous(PG_FUNCTION_ARGS)
{
	const text *previous;
	double hysteresis;
	int class;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	hysteresis = PG_GETARG_FLOAT8(3);
	if (!(hysteresis >= 0 && hysteresis < 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("hysteresis must be at least 0 and less than 1")));
	class = class_of_numeric(PG_GETARG_DATUM(0), PG_GETARG_VARLENA_PP(1));
	if (hysteresis > 0 && !PG_ARGISNULL(2) &&
		VARSIZE_ANY_EXHDR(previous = PG_GETARG_TEXT_PP(2)) == 1)
	{
		int held = *VARDATA_ANY(previous) - 'A';
		AbcCutoffs cutoffs;

		read_cutoffs(PG_GETARG_DATUM(1), &cutoffs);
		if (held != class && held >= 0 && held <= cutoffs.cuts &&
			is_held(PG_GETARG_DATUM(0), &cutoffs, class, held, hysteresis))
			class = held;
	}
	return abc_class_texts(fcinfo->flinfo)[class];
}

Datum
abc_class_of_int8(PG_FUNCTION_ARGS)
{
	Decimal value = {PG_GETARG_INT64(0), 0};
	const char *stored = VARDATA_ANY(PG_GETARG_VARLENA_PP(1));
	AbcCutoffs cutoffs;

	if (unlikely(abc_is_long(stored)))
	{
		read_cutoffs(PG_GETARG_DATUM(1), &cutoffs);
		return abc_class_texts(fcinfo->flinfo)[class_of_long(&cutoffs, decimal_to_numeric(value))];
	}
	return abc_class_texts(fcinfo->flinfo)[abc_class_of_decimal(stored, value)];
}

Datum
abc_class_of_float8(PG_FUNCTION_ARGS)
{
	double value = values_read_float8(PG_GETARG_FLOAT8(0));
	const char *stored = VARDATA_ANY(PG_GETARG_VARLENA_PP(1));
	AbcCutoffs cutoffs;

	if (unlikely(abc_is_long(stored)))
	{
		read_cutoffs(PG_GETARG_DATUM(1), &cutoffs);
		return abc_class_texts(fcinfo->flinfo)[class_of_long_float8(&cutoffs, value)];
	}
	return abc_class_texts(fcinfo->flinfo)[abc_class_of_double(stored, value)];
}
