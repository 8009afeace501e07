/*
 * cohort_retention.c
 *	  The SQL aggregate cohort_retention: of the customers who began in one period, how many ordered
 *	  in each later one.
 *
 * The state counts (cohort, period) pairs that occur, in a hash table: ledgers may reach over
 * millions of years, but a pair takes an order. Periods are numbered by the calendar.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "insight/calendar.h"
#include "value/value.h"

PG_FUNCTION(insight_cohort_accumulate);
PG_FUNCTION(insight_cohort_accumulate_until);
PG_FUNCTION(insight_cohort_merge);
PG_FUNCTION(insight_cohort_serialise);
PG_FUNCTION(insight_cohort_deserialise);
PG_FUNCTION(insight_cohort_final);

/* An answer of more rows is no longer one to look at. */
#define MOST_CELLS 1000000

#define COHORT_COLUMNS 6
#define FIRST_PAIRS 64

typedef struct CohortPair
{
	int32 cohort;
	int32 period;
} CohortPair;

typedef struct CohortEntry
{
	CohortPair pair; /* the key */
	int64 customers;
} CohortEntry;

typedef struct CohortState
{
	CalendarUnit unit;
	DateADT until; /* the first day that does not count; DATEVAL_NOEND: all do */
	HTAB *pairs;
} CohortState;

static CohortState *
state_new(MemoryContext context, CalendarUnit unit, DateADT until)
{
	CohortState *state = MemoryContextAlloc(context, sizeof(CohortState));
	HASHCTL control = {0};

	control.keysize = sizeof(CohortPair);
	control.entrysize = sizeof(CohortEntry);
	control.hcxt = context;
	state->unit = unit;
	state->until = until;
	state->pairs =
		hash_create("cohorts", FIRST_PAIRS, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return state;
}

static void
state_add(CohortState *state, CohortPair pair, int64 customers)
{
	bool found;
	CohortEntry *entry = hash_search(state->pairs, &pair, HASH_ENTER, &found);

	if (!found)
		entry->customers = 0;
	if (__builtin_add_overflow(entry->customers, customers, &entry->customers))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("bigint out of range")));
}

static void
check_same(const CohortState *state, CalendarUnit unit, DateADT until)
{
	if (state->unit != unit || state->until != until)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be the same in all rows of a group",
							   state->unit != unit ? "unit" : "until")));
}

/* Counts the customer once in each period with orders. */
static Datum
accumulate(FunctionCallInfo fcinfo, CalendarUnit unit, DateADT until)
{
	MemoryContext context = aggregate_context(fcinfo);
	CohortState *state = PG_ARGISNULL(0) ? NULL : (CohortState *) PG_GETARG_POINTER(0);
	CohortPair pair = {0, 0};
	CustomerValue *value;
	LedgerReader reader;
	LedgerDay day;
	bool ordered = false;

	if (state == NULL)
		state = state_new(context, unit, until);
	check_same(state, unit, until);
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);

	value = PG_GETARG_CUSTOMER_VALUE(1);
	ledger_open(&reader, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	while (ledger_next(&reader, &day))
	{
		int32 period;

		if (day.orders <= 0 || day.day >= until)
			continue;
		period = calendar_period(day.day, unit);
		if (ordered && period == pair.period)
			continue;
		if (!ordered)
			pair.cohort = period;
		ordered = true;
		pair.period = period;
		state_add(state, pair, 1);
	}
	if (reader.damaged)
		ledger_require(LEDGER_DAMAGED);
	PG_FREE_IF_COPY(value, 1);
	PG_RETURN_POINTER(state);
}

/*
 * insight_cohort_accumulate(internal, customer_value [, unit text [, until date]]) returns internal
 */
Datum
insight_cohort_accumulate(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, PG_NARGS() > 2 ? calendar_get_unit(fcinfo, 2) : CALENDAR_MONTH,
					  PG_NARGS() > 3 ? calendar_get_until(fcinfo, 3) : DATEVAL_NOEND);
}

/*
 * insight_cohort_accumulate_until(internal, customer_value, until date) returns internal
 */
Datum
insight_cohort_accumulate_until(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, CALENDAR_MONTH, calendar_get_until(fcinfo, 2));
}

/*
 * insight_cohort_merge(internal, internal) returns internal: the combine function
 */
Datum
insight_cohort_merge(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	CohortState *state = PG_ARGISNULL(0) ? NULL : (CohortState *) PG_GETARG_POINTER(0);
	const CohortState *other = PG_ARGISNULL(1) ? NULL : (CohortState *) PG_GETARG_POINTER(1);
	HASH_SEQ_STATUS scan;
	CohortEntry *entry;

	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = state_new(context, other->unit, other->until);
	check_same(state, other->unit, other->until);
	hash_seq_init(&scan, other->pairs);
	while ((entry = hash_seq_search(&scan)) != NULL)
		state_add(state, entry->pair, entry->customers);
	PG_RETURN_POINTER(state);
}

static int
compare_entries(const void *a, const void *b)
{
	const CohortPair *x = &((const CohortEntry *) a)->pair, *y = &((const CohortEntry *) b)->pair;

	if (x->cohort != y->cohort)
		return x->cohort < y->cohort ? -1 : 1;
	return (x->period > y->period) - (x->period < y->period);
}

/* The entries in order. */
static CohortEntry *
sorted_entries(const CohortState *state, int64 *count)
{
	HASH_SEQ_STATUS scan;
	CohortEntry *entry, *entries;
	int64 n = 0;

	*count = hash_get_num_entries(state->pairs);
	entries = MemoryContextAllocHuge(CurrentMemoryContext, Max(*count, 1) * sizeof(CohortEntry));
	hash_seq_init(&scan, state->pairs);
	while ((entry = hash_seq_search(&scan)) != NULL)
		entries[n++] = *entry;
	qsort(entries, n, sizeof(CohortEntry), compare_entries);
	return entries;
}

/*
 * insight_cohort_serialise(internal) returns bytea
 */
Datum
insight_cohort_serialise(PG_FUNCTION_ARGS)
{
	const CohortState *state;
	HASH_SEQ_STATUS scan;
	CohortEntry *entry;
	StringInfoData buffer;

	aggregate_context(fcinfo);
	state = (CohortState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buffer);
	pq_sendbyte(&buffer, (uint8) state->unit);
	pq_sendint32(&buffer, state->until);
	pq_sendint64(&buffer, hash_get_num_entries(state->pairs));
	hash_seq_init(&scan, state->pairs);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		pq_sendint32(&buffer, entry->pair.cohort);
		pq_sendint32(&buffer, entry->pair.period);
		pq_sendint64(&buffer, entry->customers);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

/*
 * insight_cohort_deserialise(bytea, internal) returns internal
 */
Datum
insight_cohort_deserialise(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	struct varlena *bytes;
	StringInfoData buffer;
	CohortState *state;
	int unit;
	DateADT until;
	int64 count;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_VARLENA_PP(0);
	buffer.data = VARDATA_ANY(bytes);
	buffer.len = buffer.maxlen = VARSIZE_ANY_EXHDR(bytes);
	buffer.cursor = 0;
	unit = pq_getmsgbyte(&buffer);
	until = (DateADT) pq_getmsgint(&buffer, 4);
	count = pq_getmsgint64(&buffer);
	if (unit >= CALENDAR_UNITS || (until != DATEVAL_NOEND && !IS_VALID_DATE(until)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid partial state of cohort_retention")));
	state = state_new(context, (CalendarUnit) unit, until);
	for (int64 i = 0; i < count; i++)
	{
		CohortPair pair;
		int64 customers;

		pair.cohort = (int32) pq_getmsgint(&buffer, 4);
		pair.period = (int32) pq_getmsgint(&buffer, 4);
		customers = pq_getmsgint64(&buffer);
		if (pair.cohort > pair.period || customers <= 0 ||
			pair.cohort < calendar_period(LEDGER_FIRST_DAY, state->unit) ||
			pair.period >
				calendar_period(until == DATEVAL_NOEND ? LEDGER_LAST_DAY : until - 1, state->unit))
			ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
							errmsg("invalid partial state of cohort_retention")));
		state_add(state, pair, customers);
	}
	pq_getmsgend(&buffer);
	PG_RETURN_POINTER(state);
}

/* The period up to which all cohorts are followed: that of the last day that counts, or else of the last order. */
static int32
last_period(const CohortState *state, const CohortEntry *entries, int64 count)
{
	int32 last = entries[0].pair.period;
	int64 cells = 0;

	for (int64 i = 1; i < count; i++)
		last = Max(last, entries[i].pair.period);
	if (state->until != DATEVAL_NOEND)
		last = calendar_period(state->until - 1, state->unit);
	for (int64 i = 0; i < count; i++)
	{
		if (i == 0 || entries[i].pair.cohort != entries[i - 1].pair.cohort)
			cells += (int64) last - entries[i].pair.cohort + 1;
	}
	if (cells > MOST_CELLS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cohort_retention would have more than %d rows", MOST_CELLS),
				 errhint("Use a longer unit, or until() and since() to limit the ledgers.")));
	return last;
}

static Datum
make_cell(TupleDesc columns, CalendarUnit unit, CohortPair pair, int64 customers, int64 active,
		  bool complete)
{
	Datum values[COHORT_COLUMNS];
	bool nulls[COHORT_COLUMNS] = {false};

	values[0] = DateADTGetDatum(calendar_start(pair.cohort, unit));
	values[1] = Int32GetDatum(pair.period - pair.cohort);
	values[2] = Int64GetDatum(customers);
	values[3] = Int64GetDatum(active);
	values[4] = Float8GetDatum((double) active / (double) customers);
	values[5] = BoolGetDatum(complete);
	return HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
}

/*
 * insight_cohort_final(internal) returns cohort_cell[]
 *
 * By cohort and period; a period in which nobody of the cohort ordered has a row of 0. A period is
 * complete if all its days count; without until, the last one may not be over.
 */
Datum
insight_cohort_final(PG_FUNCTION_ARGS)
{
	const CohortState *state;
	const CohortEntry *entries;
	int64 count;
	int32 last;
	int32 complete_before;
	Oid cell_type;
	TupleDesc columns;
	ArrayBuildState *cells = NULL;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (CohortState *) PG_GETARG_POINTER(0);
	entries = sorted_entries(state, &count);
	if (count == 0)
		PG_RETURN_NULL();
	last = last_period(state, entries, count);
	complete_before =
		state->until == DATEVAL_NOEND ? last : calendar_period(state->until, state->unit);

	cell_type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	if (!OidIsValid(cell_type))
		elog(ERROR, "return type must be an array");
	columns = lookup_rowtype_tupdesc(cell_type, -1);
	if (columns->natts != COHORT_COLUMNS)
		elog(ERROR, "return type must be an array of cohort_cell");
	for (int64 i = 0; i < count;)
	{
		CohortPair pair = entries[i].pair;
		int64 customers = entries[i].customers; /* the cohort's first period is its own */
		int32 cohort = pair.cohort;

		for (; pair.period <= last; pair.period++)
		{
			bool active = i < count && entries[i].pair.cohort == cohort &&
						  entries[i].pair.period == pair.period;

			cells = accumArrayResult(cells,
									 make_cell(columns, state->unit, pair, customers,
											   active ? entries[i++].customers : 0,
											   pair.period < complete_before),
									 false, cell_type, CurrentMemoryContext);
			CHECK_FOR_INTERRUPTS();
		}
	}
	ReleaseTupleDesc(columns);
	return makeArrayResult(cells, CurrentMemoryContext);
}
