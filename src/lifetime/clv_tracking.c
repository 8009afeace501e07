/*
 * clv_tracking.c
 *	  The aggregate clv_tracking: cumulative repeat orders, expected and actual.
 *
 * The state is, for each day, how many customers ordered for the first time and how many again.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "lifetime/clv_model.h"
#include "value/value.h"

#define STATE_VERSION 1
#define MAX_PERIODS 10000
#define MAX_DAYS 365250
#define COLUMNS 4

PG_FUNCTION(clv_tracking_accumulate);
PG_FUNCTION(clv_tracking_combine);
PG_FUNCTION(clv_tracking_serialise);
PG_FUNCTION(clv_tracking_deserialise);
PG_FUNCTION(clv_tracking_final);

typedef struct DayEntry
{
	int32 day;
	char status;
	int64 first;
	int64 repeat;
} DayEntry;

#define SH_PREFIX days
#define SH_ELEMENT_TYPE DayEntry
#define SH_KEY_TYPE int32
#define SH_KEY day
#define SH_HASH_KEY(table, key) murmurhash32((uint32) key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct TrackingState
{
	ClvModel *model;
	DateADT until;
	double period_days;
	days_hash *days;
} TrackingState;

static TrackingState *
state_make(MemoryContext context, const ClvModel *model, DateADT until, double period_days)
{
	TrackingState *state = MemoryContextAlloc(context, sizeof(TrackingState));

	state->model = MemoryContextAlloc(context, VARSIZE(model));
	memcpy(state->model, model, VARSIZE(model));
	state->until = until;
	state->period_days = period_days;
	state->days = days_create(context, 256, NULL);
	return state;
}

static void
state_add(TrackingState *state, int32 day, int64 first, int64 repeat)
{
	bool found;
	DayEntry *entry = days_insert(state->days, day, &found);

	entry->first = found ? entry->first + first : first;
	entry->repeat = found ? entry->repeat + repeat : repeat;
}

static void
require_same(const TrackingState *state, const ClvModel *model, DateADT until, double period_days)
{
	if (state->until != until || state->period_days != period_days ||
		VARSIZE(state->model) != VARSIZE(model) || memcmp(state->model, model, VARSIZE(model)) != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("model, until and period must be the same in all rows")));
}

/*
 * clv_tracking_accumulate(internal, cv customer_value, model clv_model, until date
 * [, period interval]) returns internal
 */
Datum
clv_tracking_accumulate(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TrackingState *state = PG_ARGISNULL(0) ? NULL : (TrackingState *) PG_GETARG_POINTER(0);
	const ClvModel *model;
	CustomerValue *value;
	LedgerReader reader;
	LedgerDay day;
	DateADT until;
	double period_days;
	bool known = false;

	if (PG_ARGISNULL(2) || PG_ARGISNULL(3) || (PG_NARGS() > 4 && PG_ARGISNULL(4)))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("model, until and period must not be NULL")));
	model = PG_GETARG_CLV_MODEL(2);
	clv_model_method(model, "orders");
	if (model->kind == CLV_BGBB)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a model bg/bb counts opportunities, which a ledger does not tell")));
	until = PG_GETARG_DATEADT(3);
	if (DATE_NOT_FINITE(until))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("until must be finite, not %s",
							   DATE_IS_NOEND(until) ? "infinity" : "-infinity")));
	period_days = PG_NARGS() > 4 ? clv_interval_days(PG_GETARG_INTERVAL_P(4), "period") : 7;
	if (period_days < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("period must not be shorter than a day")));
	if (state == NULL)
		state = state_make(context, model, until, period_days);
	else
		require_same(state, model, until, period_days);
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);

	value = PG_GETARG_CUSTOMER_VALUE(1);
	ledger_open(&reader, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	while (ledger_next(&reader, &day) && day.day <= until)
	{
		if (day.orders <= 0)
			continue;
		state_add(state, day.day, !known, known);
		known = true;
	}
	if (reader.damaged)
		ledger_require(LEDGER_DAMAGED);
	PG_RETURN_POINTER(state);
}

/*
 * clv_tracking_combine(internal, internal) returns internal
 */
Datum
clv_tracking_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TrackingState *a = PG_ARGISNULL(0) ? NULL : (TrackingState *) PG_GETARG_POINTER(0);
	TrackingState *b = PG_ARGISNULL(1) ? NULL : (TrackingState *) PG_GETARG_POINTER(1);
	days_iterator iterator;
	DayEntry *entry;

	if (a == NULL && b == NULL)
		PG_RETURN_NULL();
	if (b == NULL)
		PG_RETURN_POINTER(a);
	if (a == NULL)
		a = state_make(context, b->model, b->until, b->period_days);
	else
		require_same(a, b->model, b->until, b->period_days);
	days_start_iterate(b->days, &iterator);
	while ((entry = days_iterate(b->days, &iterator)) != NULL)
		state_add(a, entry->day, entry->first, entry->repeat);
	PG_RETURN_POINTER(a);
}

/*
 * clv_tracking_serialise(internal) returns bytea
 */
Datum
clv_tracking_serialise(PG_FUNCTION_ARGS)
{
	TrackingState *state;
	days_iterator iterator;
	DayEntry *entry;
	StringInfoData out;
	char *model;

	aggregate_context(fcinfo);
	state = (TrackingState *) PG_GETARG_POINTER(0);
	model = clv_model_text(state->model);
	pq_begintypsend(&out);
	pq_sendbyte(&out, STATE_VERSION);
	pq_sendint32(&out, (uint32) strlen(model));
	pq_sendbytes(&out, model, (int) strlen(model));
	pq_sendint32(&out, (uint32) state->until);
	pq_sendfloat8(&out, state->period_days);
	days_start_iterate(state->days, &iterator);
	while ((entry = days_iterate(state->days, &iterator)) != NULL)
	{
		pq_sendint32(&out, (uint32) entry->day);
		pq_sendint64(&out, entry->first);
		pq_sendint64(&out, entry->repeat);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/*
 * clv_tracking_deserialise(bytea, internal) returns internal
 */
Datum
clv_tracking_deserialise(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData in;
	TrackingState *state;
	const ClvModel *model;
	DateADT until;
	double period_days;
	int length;

	in.data = VARDATA_ANY(bytes);
	in.len = in.maxlen = (int) VARSIZE_ANY_EXHDR(bytes);
	in.cursor = 0;
	if (pq_getmsgbyte(&in) != STATE_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid state of clv_tracking")));
	length = (int) pq_getmsgint(&in, 4);
	model = clv_model_parse(pnstrdup(pq_getmsgbytes(&in, length), length), NULL);
	until = (DateADT) pq_getmsgint(&in, 4);
	period_days = pq_getmsgfloat8(&in);
	state = state_make(context, model, until, period_days);
	while (in.cursor < in.len)
	{
		int32 day = (int32) pq_getmsgint(&in, 4);
		int64 first = pq_getmsgint64(&in);
		int64 repeat = pq_getmsgint64(&in);

		if (day > until || first < 0 || repeat < 0 || !(period_days >= 1))
			ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
							errmsg("invalid state of clv_tracking")));
		state_add(state, day, first, repeat);
	}
	pq_getmsgend(&in);
	PG_RETURN_POINTER(state);
}

static int
compare_days(const void *a, const void *b)
{
	const DayEntry *x = a, *y = b;

	return (x->day > y->day) - (x->day < y->day);
}

/* The days in order; NULL if there are none. */
static DayEntry *
sorted_days(const TrackingState *state, int *n)
{
	days_iterator iterator;
	DayEntry *sorted, *entry;

	*n = 0;
	if (state->days->members == 0)
		return NULL;
	sorted = palloc(state->days->members * sizeof(DayEntry));
	days_start_iterate(state->days, &iterator);
	while ((entry = days_iterate(state->days, &iterator)) != NULL)
		sorted[(*n)++] = *entry;
	qsort(sorted, *n, sizeof(DayEntry), compare_days);
	return sorted;
}

/*
 * clv_tracking_final(internal) returns clv_track[]
 */
Datum
clv_tracking_final(PG_FUNCTION_ARGS)
{
	TrackingState *state;
	const Method *method;
	DayEntry *entries;
	Oid array_type, row_type;
	TupleDesc columns;
	Datum *rows;
	double *expected_at;
	int64 span, actual = 0;
	double periods;
	int n, seen = 0;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (TrackingState *) PG_GETARG_POINTER(0);
	entries = sorted_days(state, &n);
	if (entries == NULL)
		PG_RETURN_NULL();
	span = (int64) state->until - entries[0].day;
	if (span > MAX_DAYS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("more than 1000 years from the first order until the end")));
	periods = fmax(1, ceil((double) span / state->period_days));
	if (periods > MAX_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d periods from the first order until the end", MAX_PERIODS)));

	array_type = get_fn_expr_rettype(fcinfo->flinfo);
	row_type = get_element_type(array_type);
	columns = lookup_rowtype_tupdesc_copy(row_type, -1);
	rows = palloc((Size) periods * sizeof(Datum));

	/* expected orders of one new customer by age in days, computed once each */
	method = clv_kinds[state->model->kind].method;
	expected_at = MemoryContextAllocHuge(CurrentMemoryContext, ((Size) span + 1) * sizeof(double));
	for (int64 age = 0; age <= span; age++)
		expected_at[age] = -1;

	for (int period = 1; period <= (int) periods; period++)
	{
		int64 end = period < periods ? (int64) floor(period * state->period_days) : span;
		double expected = 0;
		Datum values[COLUMNS];
		bool nulls[COLUMNS] = {false};

		for (; seen < n && (int64) entries[seen].day - entries[0].day <= end; seen++)
			actual += entries[seen].repeat;
		for (int i = 0; i < seen; i++)
		{
			int64 age = end - ((int64) entries[i].day - entries[0].day);

			if (entries[i].first == 0)
				continue;
			if (expected_at[age] < 0)
				expected_at[age] =
					method->orders_new(state->model->theta, (double) age / state->model->unit_days);
			expected += (double) entries[i].first * expected_at[age];
		}
		values[0] = Int32GetDatum(period);
		values[1] = DateADTGetDatum((DateADT) (entries[0].day + end));
		values[2] = Float8GetDatum(expected);
		values[3] = Int64GetDatum(actual);
		rows[period - 1] = HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_ARRAYTYPE_P(
		construct_array(rows, (int) periods, row_type, -1, false, TYPALIGN_DOUBLE));
}
