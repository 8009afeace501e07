/*
 * clv_backtest.c
 *	  The aggregate clv_backtest: its state is the ledgers themselves, each as it came.
 *
 * They are sorted at the end, so that neither the order of rows nor the number of workers changes a
 * digit. Fits, forecasts and scores are SQL: clv_backtest_scores.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "value/value.h"

#define STATE_VERSION 1
#define FIRST_ROOM 64
#define SCORES "clv_backtest_scores"

PG_FUNCTION(clv_backtest_accumulate);
PG_FUNCTION(clv_backtest_combine);
PG_FUNCTION(clv_backtest_serialise);
PG_FUNCTION(clv_backtest_deserialise);
PG_FUNCTION(clv_backtest_final);

typedef struct BacktestState
{
	MemoryContext context;
	/* what is asked for, the same in all rows */
	ArrayType *models;
	ArrayType *origins;
	Interval horizon;
	/* customer_value, each a copy */
	Datum *ledgers;
	size_t n;
	size_t room;
	size_t bytes;
} BacktestState;

static ArrayType *
copy_array(MemoryContext context, const ArrayType *array)
{
	ArrayType *copy = MemoryContextAlloc(context, VARSIZE(array));

	memcpy(copy, array, VARSIZE(array));
	return copy;
}

static BacktestState *
state_make(MemoryContext context, const ArrayType *models, const ArrayType *origins,
		   const Interval *horizon)
{
	BacktestState *state = MemoryContextAllocZero(context, sizeof(BacktestState));

	state->context = context;
	state->models = copy_array(context, models);
	state->origins = copy_array(context, origins);
	state->horizon = *horizon;
	state->room = FIRST_ROOM;
	state->ledgers = MemoryContextAlloc(context, state->room * sizeof(Datum));
	return state;
}

static void
state_add(BacktestState *state, const CustomerValue *value)
{
	Size length = VARSIZE_ANY_EXHDR(value); /* the header may be short */
	CustomerValue *copy = MemoryContextAlloc(state->context, VARHDRSZ + length);

	SET_VARSIZE(copy, VARHDRSZ + length);
	memcpy(VARDATA(copy), VARDATA_ANY(value), length);
	if (state->n == state->room)
	{
		state->room *= 2;
		state->ledgers = repalloc_huge(state->ledgers, state->room * sizeof(Datum));
	}
	state->ledgers[state->n++] = PointerGetDatum(copy);
	state->bytes += VARHDRSZ + length;
}

static bool
same_array(const ArrayType *a, const ArrayType *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

static void
require_same(const BacktestState *state, const ArrayType *models, const ArrayType *origins,
			 const Interval *horizon)
{
	if (!same_array(state->models, models) || !same_array(state->origins, origins) ||
		state->horizon.time != horizon->time || state->horizon.day != horizon->day ||
		state->horizon.month != horizon->month)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("models, origins and horizon must be the same in all rows")));
}

/*
 * clv_backtest_accumulate(internal, cv customer_value, models text[], origins date[], horizon interval)
 * returns internal
 */
Datum
clv_backtest_accumulate(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	BacktestState *state = PG_ARGISNULL(0) ? NULL : (BacktestState *) PG_GETARG_POINTER(0);
	ArrayType *models, *origins;
	Interval *horizon;

	if (PG_ARGISNULL(2) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("models, origins and horizon must not be null")));
	models = PG_GETARG_ARRAYTYPE_P(2);
	origins = PG_GETARG_ARRAYTYPE_P(3);
	horizon = PG_GETARG_INTERVAL_P(4);
	if (array_contains_nulls(models) || array_contains_nulls(origins))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("models and origins must not hold null")));
	if (state == NULL)
		state = state_make(context, models, origins, horizon);
	else
		require_same(state, models, origins, horizon);
	if (!PG_ARGISNULL(1))
		state_add(state, PG_GETARG_CUSTOMER_VALUE(1));
	PG_RETURN_POINTER(state);
}

/*
 * clv_backtest_combine(internal, internal) returns internal
 */
Datum
clv_backtest_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	BacktestState *a = PG_ARGISNULL(0) ? NULL : (BacktestState *) PG_GETARG_POINTER(0);
	BacktestState *b = PG_ARGISNULL(1) ? NULL : (BacktestState *) PG_GETARG_POINTER(1);

	if (a == NULL && b == NULL)
		PG_RETURN_NULL();
	if (b == NULL)
		PG_RETURN_POINTER(a);
	if (a == NULL)
		a = state_make(context, b->models, b->origins, &b->horizon);
	else
		require_same(a, b->models, b->origins, &b->horizon);
	for (size_t i = 0; i < b->n; i++)
		state_add(a, (CustomerValue *) DatumGetPointer(b->ledgers[i]));
	PG_RETURN_POINTER(a);
}

/*
 * clv_backtest_serialise(internal) returns bytea: a version byte, the horizon, and counted models,
 * origins and ledgers
 */
Datum
clv_backtest_serialise(PG_FUNCTION_ARGS)
{
	BacktestState *state;
	StringInfoData out;
	Datum *elements;
	int n;

	aggregate_context(fcinfo);
	state = (BacktestState *) PG_GETARG_POINTER(0);
	if (state->bytes > MaxAllocSize / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("state of clv_backtest is too large to be sent between processes"),
						errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
	pq_begintypsend(&out);
	pq_sendbyte(&out, STATE_VERSION);
	pq_sendint64(&out, state->horizon.time);
	pq_sendint32(&out, (uint32) state->horizon.day);
	pq_sendint32(&out, (uint32) state->horizon.month);
	deconstruct_array(state->models, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	pq_sendint32(&out, (uint32) n);
	for (int i = 0; i < n; i++)
	{
		const text *name = DatumGetTextPP(elements[i]);

		pq_sendint32(&out, (uint32) VARSIZE_ANY_EXHDR(name));
		pq_sendbytes(&out, VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name));
	}
	deconstruct_array(state->origins, DATEOID, sizeof(DateADT), true, TYPALIGN_INT, &elements, NULL,
					  &n);
	pq_sendint32(&out, (uint32) n);
	for (int i = 0; i < n; i++)
		pq_sendint32(&out, (uint32) DatumGetDateADT(elements[i]));
	for (size_t i = 0; i < state->n; i++)
	{
		const CustomerValue *value = (CustomerValue *) DatumGetPointer(state->ledgers[i]);

		pq_sendint32(&out, (uint32) VARSIZE_ANY_EXHDR(value));
		pq_sendbytes(&out, VARDATA_ANY(value), (int) VARSIZE_ANY_EXHDR(value));
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* A number of things of at least so many bytes each that can be in the rest of a message. */
static int
read_count(StringInfo in, int least)
{
	uint32 n = pq_getmsgint(in, 4);

	if (n > (uint32) ((in->len - in->cursor) / least))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid state of clv_backtest")));
	return (int) n;
}

/*
 * clv_backtest_deserialise(bytea, internal) returns internal
 */
Datum
clv_backtest_deserialise(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	BacktestState *state;
	ArrayType *models, *origins;
	Interval horizon;
	StringInfoData in;
	Datum *elements;
	int n;

	in.data = VARDATA_ANY(bytes);
	in.len = in.maxlen = (int) VARSIZE_ANY_EXHDR(bytes);
	in.cursor = 0;
	if (pq_getmsgbyte(&in) != STATE_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid state of clv_backtest")));
	horizon.time = pq_getmsgint64(&in);
	horizon.day = (int32) pq_getmsgint(&in, 4);
	horizon.month = (int32) pq_getmsgint(&in, 4);
	n = read_count(&in, 4);
	elements = palloc((Size) (n + 1) * sizeof(Datum));
	for (int i = 0; i < n; i++)
	{
		int length = read_count(&in, 1);

		elements[i] =
			PointerGetDatum(cstring_to_text_with_len(pq_getmsgbytes(&in, length), length));
	}
	models = construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
	n = read_count(&in, 4);
	elements = palloc((Size) (n + 1) * sizeof(Datum));
	for (int i = 0; i < n; i++)
		elements[i] = DateADTGetDatum((DateADT) pq_getmsgint(&in, 4));
	origins = construct_array(elements, n, DATEOID, sizeof(DateADT), true, TYPALIGN_INT);
	state = state_make(context, models, origins, &horizon);
	while (in.cursor < in.len)
	{
		int length = read_count(&in, 1);
		const char *ledger = pq_getmsgbytes(&in, length);
		CustomerValue *value = palloc(VARHDRSZ + length);

		ledger_require(ledger_check(ledger, (size_t) length));
		SET_VARSIZE(value, VARHDRSZ + length);
		memcpy(VARDATA(value), ledger, (size_t) length);
		state_add(state, value);
		pfree(value);
	}
	PG_RETURN_POINTER(state);
}

static int
compare_ledgers(const void *a, const void *b)
{
	const CustomerValue *x = (CustomerValue *) DatumGetPointer(*(const Datum *) a);
	const CustomerValue *y = (CustomerValue *) DatumGetPointer(*(const Datum *) b);
	Size m = VARSIZE_ANY_EXHDR(x), n = VARSIZE_ANY_EXHDR(y);
	int order = memcmp(VARDATA_ANY(x), VARDATA_ANY(y), Min(m, n));

	return order != 0 ? order : (m > n) - (m < n);
}

/* The function of that name beside the calling one, in the extension's schema. */
static Oid
neighbour(FunctionCallInfo fcinfo, char *name)
{
	char *schema = get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));

	return LookupFuncName(list_make2(makeString(schema), makeString(name)), -1, NULL, false);
}

/*
 * clv_backtest_final(internal) returns clv_score[]
 */
Datum
clv_backtest_final(PG_FUNCTION_ARGS)
{
	BacktestState *state;
	Datum *sorted;
	Oid scores, element, *types;
	int16 length;
	bool by_value;
	char align;
	int n;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (BacktestState *) PG_GETARG_POINTER(0);
	if (state->n == 0)
		PG_RETURN_NULL();
	if (state->n > (size_t) PG_INT32_MAX || state->bytes > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many customers for one backtest"), errhint("Take a sample of them.")));
	sorted = MemoryContextAllocHuge(CurrentMemoryContext, state->n * sizeof(Datum));
	memcpy(sorted, state->ledgers, state->n * sizeof(Datum));
	qsort(sorted, state->n, sizeof(Datum), compare_ledgers);
	scores = neighbour(fcinfo, SCORES);
	get_func_signature(scores, &types, &n);
	element = get_element_type(types[0]);
	get_typlenbyvalalign(element, &length, &by_value, &align);
	return OidFunctionCall4(
		scores,
		PointerGetDatum(construct_array(sorted, (int) state->n, element, length, by_value, align)),
		PointerGetDatum(state->models), PointerGetDatum(state->origins),
		IntervalPGetDatum(&state->horizon));
}
