/*
 * value_io.c
 *	  customer_value in and out: text, binary and jsonb.
 */
#include "value/value.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "support/compat.h"
#include "support/jsonb_builder.h"
#include "support/numeric_decimal.h"

/* what travels is this byte, and then the bytes of ledger.h */
#define WIRE_VERSION 1

#define JSONB_KEYS 5

/* what a day takes at least: the headers of an object with three members, their keys, a date, two numerics */
#define JSONB_DAY_BYTES (28 + 15 + 10 + 3 + 6 + 2 + 8)

PG_FUNCTION(customer_value_in);
PG_FUNCTION(customer_value_out);
PG_FUNCTION(customer_value_recv);
PG_FUNCTION(customer_value_send);
PG_FUNCTION(customer_value_to_jsonb);
PG_FUNCTION(customer_value_from_jsonb);

/*
 * customer_value_in(cstring) returns customer_value
 *
 * The text form is described in ledger_text.c.
 */
Datum
customer_value_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	const char *end = text + strlen(text);
	const char *next;
	Ledger ledger = {0};
	LedgerError error;
	CustomerValue *value;

	ledger.days = ledger_days_alloc(ledger_most_days_of_text(text, end));
	error = ledger_parse(text, end, &next, &ledger);
	if (error == LEDGER_SYNTAX)
	{
		if (next == end)
			ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type customer_value"),
					 errdetail("Unexpected end of input.")));
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type customer_value"),
				 errdetail("Unexpected text at \"%s\".",
						   pnstrdup(next, pg_mbcliplen(next, (int) (end - next), 40)))));
	}
	if (!ledger_complain(error, fcinfo->context))
		PG_RETURN_NULL();
	value = customer_value_make(&ledger, fcinfo->context);
	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_CUSTOMER_VALUE(value);
}

/*
 * customer_value_out(customer_value) returns cstring
 *
 * Exact, the same under all settings, and read back by customer_value_in.
 */
Datum
customer_value_out(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);
	LedgerReader reader;
	LedgerDay day;
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	ledger_open(&reader, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	while (ledger_next(&reader, &day))
	{
		CHECK_FOR_INTERRUPTS();
		if (text.len > 1)
			appendStringInfoChar(&text, ',');
		enlargeStringInfo(&text, LEDGER_DAY_BUFFER);
		text.len += (int) ledger_print_day(&day, reader.scale, text.data + text.len);
	}
	if (reader.damaged)
		ledger_require(LEDGER_DAMAGED);
	appendStringInfoChar(&text, '}');
	PG_RETURN_CSTRING(text.data);
}

/*
 * customer_value_send(customer_value) returns bytea
 */
Datum
customer_value_send(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendbyte(&buffer, WIRE_VERSION);
	pq_sendbytes(&buffer, VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/*
 * customer_value_recv(internal) returns customer_value
 *
 * Takes what customer_value_send sends and nothing else: every byte is checked.
 */
Datum
customer_value_recv(PG_FUNCTION_ARGS)
{
	StringInfo buffer = (StringInfo) PG_GETARG_POINTER(0);
	int version = pq_getmsgbyte(buffer);
	int length = buffer->len - buffer->cursor;
	const char *bytes = pq_getmsgbytes(buffer, length);
	LedgerError error;
	CustomerValue *value;

	if (version != WIRE_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("unsupported version %d of binary customer_value", version)));
	error = ledger_check(bytes, (size_t) length);
	if (error == LEDGER_DAMAGED)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary customer_value")));
	ledger_require(error);
	value = palloc(VARHDRSZ + length);
	SET_VARSIZE(value, VARHDRSZ + length);
	memcpy(VARDATA(value), bytes, (size_t) length);
	PG_RETURN_CUSTOMER_VALUE(value);
}

static Numeric
figure_to_numeric(wide figure, int scale)
{
	Decimal decimal = {figure, scale};

	return decimal_to_numeric(decimal_normalise(decimal));
}

/*
 * An error if a ledger has more days than a jsonb array holds, before memory is used for them.
 */
static void
require_room_in_jsonb(const CustomerValue *value)
{
	LedgerReader reader;
	LedgerDay day;
	size_t count = 0;

	ledger_open(&reader, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	while (ledger_next(&reader, &day))
		count++;
	if (count > JENTRY_OFFLENMASK / JSONB_DAY_BYTES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("customer_value has too many days for jsonb"),
						errdetail("It has %zu days; a jsonb holds %d at most.", count,
								  JENTRY_OFFLENMASK / JSONB_DAY_BYTES)));
}

/*
 * customer_value_to_jsonb(customer_value) returns jsonb
 *
 * [{"day": "2026-01-01", "orders": 1, "amount": 20, "cost": 12.5, "costed": 1}, ...], with cost and
 * costed only where a cost is known.
 */
Datum
customer_value_to_jsonb(PG_FUNCTION_ARGS)
{
	CustomerValue *value = PG_GETARG_CUSTOMER_VALUE(0);
	LedgerReader reader;
	LedgerDay day;
	JsonbBuilder builder = {0};

	require_room_in_jsonb(value);
	jsonb_push(&builder, WJB_BEGIN_ARRAY, NULL);
	ledger_open(&reader, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	while (ledger_next(&reader, &day))
	{
		JsonbValue date;

		CHECK_FOR_INTERRUPTS();
		jsonb_push(&builder, WJB_BEGIN_OBJECT, NULL);
		jsonb_push_key(&builder, "day");
		date.type = jbvString;
		date.val.string.val = palloc(LEDGER_DATE_BUFFER);
		date.val.string.len = (int) ledger_print_date(day.day, date.val.string.val);
		jsonb_push(&builder, WJB_VALUE, &date);
		jsonb_push_numeric(&builder, "orders", int64_to_numeric(day.orders));
		jsonb_push_numeric(&builder, "amount", figure_to_numeric(day.amount, reader.scale));
		if (day.costed != 0 || day.cost != 0)
		{
			jsonb_push_numeric(&builder, "cost", figure_to_numeric(day.cost, reader.scale));
			jsonb_push_numeric(&builder, "costed", int64_to_numeric(day.costed));
		}
		jsonb_push(&builder, WJB_END_OBJECT, NULL);
	}
	if (reader.damaged)
		ledger_require(LEDGER_DAMAGED);
	jsonb_push(&builder, WJB_END_ARRAY, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(builder.result));
}

static void
json_error(const char *detail, int entry, const char *key)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("cannot cast jsonb to customer_value"),
					entry < 0 ? errdetail("%s", detail)
							  : errdetail("Entry %d: \"%s\" %s.", entry, key, detail)));
}

/*
 * A count of orders: an integer, which a jsonb number need not be.
 */
static int64
json_count(const JsonbValue *json, int entry, const char *key)
{
	Decimal count;

	if (numeric_to_decimal(NumericGetDatum(json->val.numeric), &count) == NUMERIC_KIND_FINITE)
		count = decimal_normalise(count);
	else
		count.scale = 1;
	if (count.scale != 0 || count.mantissa < PG_INT32_MIN || count.mantissa > PG_INT32_MAX)
		json_error("must be an integer of 32 bits", entry, key);
	return (int64) count.mantissa;
}

/*
 * One object of the array, keys[i] being NULL where it has no such key.
 */
static void
append_json_day(Ledger *ledger, const JsonbValue keys[JSONB_KEYS], int entry)
{
	const JsonbValue *date = &keys[0], *orders = &keys[1], *amount = &keys[2], *cost = &keys[3],
					 *costed = &keys[4];
	const char *next, *end;
	bool costly = cost->type != jbvNull;
	Decimal amount_figure, cost_figure;
	LedgerDay day;
	int scale;

	if (date->type != jbvString)
		json_error("must be a string", entry, "day");
	if (orders->type != jbvNumeric)
		json_error("must be a number", entry, "orders");
	if (amount->type != jbvNumeric)
		json_error("must be a number", entry, "amount");
	if (costly && cost->type != jbvNumeric)
		json_error("must be a number", entry, "cost");
	if (costed->type != jbvNull && (costed->type != jbvNumeric || !costly))
		json_error("must be a number and go with a cost", entry, "costed");

	end = date->val.string.val + date->val.string.len;
	if (ledger_parse_date(date->val.string.val, end, &next, &day.day) != LEDGER_FINE || next != end)
		json_error("must be a date as YYYY-MM-DD", entry, "day");
	amount_figure = customer_value_figure(NumericGetDatum(amount->val.numeric), "amount");
	if (costly)
		cost_figure = customer_value_figure(NumericGetDatum(cost->val.numeric), "cost");
	ledger_require(ledger_row(day.day, amount_figure, costly ? &cost_figure : NULL, &day, &scale));
	day.orders = json_count(orders, entry, "orders");
	if (costed->type != jbvNull)
		day.costed = json_count(costed, entry, "costed");
	else if (costly)
		day.costed = ledger_implied_costed(day.orders);
	ledger_require(ledger_append(ledger, day, scale));
}

/*
 * customer_value_from_jsonb(jsonb) returns customer_value
 *
 * Takes what customer_value_to_jsonb gives: day, orders and amount have to be there, costed is
 * implied as in the text form, and a null is a key that is not there. All else is an error.
 */
Datum
customer_value_from_jsonb(PG_FUNCTION_ARGS)
{
	static const char *const names[JSONB_KEYS] = {"day", "orders", "amount", "cost", "costed"};
	Jsonb *jsonb = PG_GETARG_JSONB_P(0);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue json;
	Ledger ledger = {0};
	JsonbValue keys[JSONB_KEYS];
	int entry = 0;

	if (!JB_ROOT_IS_ARRAY(jsonb) || JB_ROOT_IS_SCALAR(jsonb))
		json_error("It must be an array of objects.", -1, NULL);
	ledger.days = ledger_days_alloc(JB_ROOT_COUNT(jsonb));

	iterator = JsonbIteratorInit(&jsonb->root);
	token = JsonbIteratorNext(&iterator, &json, false);
	while ((token = JsonbIteratorNext(&iterator, &json, false)) != WJB_END_ARRAY)
	{
		CHECK_FOR_INTERRUPTS();
		if (token != WJB_BEGIN_OBJECT)
			json_error("It must be an array of objects.", -1, NULL);
		entry++;
		for (int i = 0; i < JSONB_KEYS; i++)
			keys[i].type = jbvNull;
		while ((token = JsonbIteratorNext(&iterator, &json, false)) == WJB_KEY)
		{
			int i = 0;

			while (i < JSONB_KEYS &&
				   !(strlen(names[i]) == (size_t) json.val.string.len &&
					 memcmp(names[i], json.val.string.val, (size_t) json.val.string.len) == 0))
				i++;
			if (i == JSONB_KEYS)
				json_error("is not known", entry,
						   pnstrdup(json.val.string.val, json.val.string.len));
			JsonbIteratorNext(&iterator, &keys[i], true);
		}
		append_json_day(&ledger, keys, entry);
	}
	PG_RETURN_CUSTOMER_VALUE(customer_value_make(&ledger, NULL));
}
