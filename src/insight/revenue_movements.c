/*
 * revenue_movements.c
 *	  The SQL aggregate revenue_movements: what changed the revenue from one period to the next.
 *
 * Each customer's revenue of a period is compared with that of the period before, and the difference
 * booked as one movement. The state holds the sums of each period at the largest scale of a ledger,
 * so that all is exact and merges in any order.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "support/wire.h"
#include "insight/calendar.h"
#include "value/value.h"

PG_FUNCTION(insight_movements_accumulate);
PG_FUNCTION(insight_movements_merge);
PG_FUNCTION(insight_movements_serialise);
PG_FUNCTION(insight_movements_deserialise);
PG_FUNCTION(insight_movements_final);

/* An answer of more rows is no longer one to look at. */
#define MOST_ROWS 1000000

#define FIRST_PERIODS 64

/* In the order of the columns. */
typedef enum Movement
{
	MOVED_OPENING,
	MOVED_NEW,
	MOVED_REACTIVATED,
	MOVED_EXPANDED,
	MOVED_CONTRACTED, /* negative, as is the next */
	MOVED_CHURNED,
	MOVED_CLOSING,
	MOVEMENTS
} Movement;

#define COLUMNS (1 + MOVEMENTS + 2)

typedef struct PeriodSums
{
	int32 period; /* the key */
	wide sums[MOVEMENTS];
} PeriodSums;

typedef struct MovementState
{
	CalendarUnit unit;
	DateADT until; /* the first day that does not count */
	HTAB *periods;
} MovementState;

static MovementState *
state_new(MemoryContext context, CalendarUnit unit, DateADT until)
{
	MovementState *state = MemoryContextAlloc(context, sizeof(MovementState));
	HASHCTL control = {0};

	control.keysize = sizeof(int32);
	control.entrysize = sizeof(PeriodSums);
	control.hcxt = context;
	state->unit = unit;
	state->until = until;
	state->periods =
		hash_create("movements", FIRST_PERIODS, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return state;
}

static void
out_of_range(void)
{
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg("revenue of a period has more than %d digits", DECIMAL_DIGITS)));
}

static wide
add(wide a, wide b)
{
	wide sum;

	if (__builtin_add_overflow(a, b, &sum) || !decimal_in_range(sum))
		out_of_range();
	return sum;
}

static void
state_add(MovementState *state, int32 period, Movement movement, wide amount)
{
	bool found;
	PeriodSums *entry = hash_search(state->periods, &period, HASH_ENTER, &found);

	if (!found)
		memset(entry->sums, 0, sizeof(entry->sums));
	entry->sums[movement] = add(entry->sums[movement], amount);
}

static void
check_same(const MovementState *state, CalendarUnit unit, DateADT until)
{
	if (state->unit != unit || state->until != until)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be the same in all rows of a group",
							   state->unit != unit ? "unit" : "until")));
}

/* One customer on the way through its periods. */
typedef struct Walk
{
	MovementState *state;
	bool began;       /* there was a period with revenue */
	int32 last;       /* the last such period */
	wide last_amount; /* and its revenue, not 0 */
} Walk;

/* Books what follows the last period with revenue: a period without, unless next is the one after it. */
static void
book_end(const Walk *walk, int32 next)
{
	if (!walk->began || next == walk->last + 1)
		return;
	state_add(walk->state, walk->last + 1, MOVED_OPENING, walk->last_amount);
	state_add(walk->state, walk->last + 1, MOVED_CHURNED, -walk->last_amount);
}

/* Books the revenue of a period, later than all before; 0 is none. */
static void
book_period(Walk *walk, int32 period, wide amount)
{
	bool follows = walk->began && period == walk->last + 1;

	if (amount == 0)
		return;
	book_end(walk, period);
	if (follows)
	{
		wide change = add(amount, -walk->last_amount);

		state_add(walk->state, period, MOVED_OPENING, walk->last_amount);
		state_add(walk->state, period, change > 0 ? MOVED_EXPANDED : MOVED_CONTRACTED, change);
	}
	else
		state_add(walk->state, period, walk->began ? MOVED_REACTIVATED : MOVED_NEW, amount);
	state_add(walk->state, period, MOVED_CLOSING, amount);
	walk->began = true;
	walk->last = period;
	walk->last_amount = amount;
}

static void
book_ledger(MovementState *state, const CustomerValue *value)
{
	Walk walk = {state, false, 0, 0};
	LedgerReader reader;
	LedgerDay day;
	bool open = false;
	int32 period = 0;
	wide amount = 0;

	ledger_open(&reader, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	while (ledger_next(&reader, &day) && day.day < state->until)
	{
		int32 its_period = calendar_period(day.day, state->unit);
		wide its_amount;

		if (!decimal_rescale(day.amount, reader.scale, LEDGER_MAX_SCALE, &its_amount))
			out_of_range();
		if (open && its_period != period)
		{
			book_period(&walk, period, amount);
			amount = 0;
		}
		open = true;
		period = its_period;
		amount = add(amount, its_amount);
	}
	if (reader.damaged)
		ledger_require(LEDGER_DAMAGED);
	if (open)
		book_period(&walk, period, amount);
	book_end(&walk, walk.last);
}

/*
 * insight_movements_accumulate(internal, customer_value, unit text, until date) returns internal
 */
Datum
insight_movements_accumulate(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	MovementState *state = PG_ARGISNULL(0) ? NULL : (MovementState *) PG_GETARG_POINTER(0);
	CalendarUnit unit = calendar_get_unit(fcinfo, 2);
	DateADT until = calendar_get_until(fcinfo, 3);
	CustomerValue *value;

	if (until == DATEVAL_NOEND)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("until must not be null")));
	if (state == NULL)
		state = state_new(context, unit, until);
	check_same(state, unit, until);
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	value = PG_GETARG_CUSTOMER_VALUE(1);
	book_ledger(state, value);
	PG_FREE_IF_COPY(value, 1);
	PG_RETURN_POINTER(state);
}

/*
 * insight_movements_merge(internal, internal) returns internal: the combine function
 */
Datum
insight_movements_merge(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	MovementState *state = PG_ARGISNULL(0) ? NULL : (MovementState *) PG_GETARG_POINTER(0);
	const MovementState *other = PG_ARGISNULL(1) ? NULL : (MovementState *) PG_GETARG_POINTER(1);
	HASH_SEQ_STATUS scan;
	PeriodSums *entry;

	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = state_new(context, other->unit, other->until);
	check_same(state, other->unit, other->until);
	hash_seq_init(&scan, other->periods);
	while ((entry = hash_seq_search(&scan)) != NULL)
		for (int m = 0; m < MOVEMENTS; m++)
			state_add(state, entry->period, m, entry->sums[m]);
	PG_RETURN_POINTER(state);
}

/*
 * insight_movements_serialise(internal) returns bytea
 */
Datum
insight_movements_serialise(PG_FUNCTION_ARGS)
{
	const MovementState *state;
	HASH_SEQ_STATUS scan;
	PeriodSums *entry;
	StringInfoData buffer;

	aggregate_context(fcinfo);
	state = (MovementState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buffer);
	pq_sendbyte(&buffer, (uint8) state->unit);
	pq_sendint32(&buffer, state->until);
	pq_sendint64(&buffer, hash_get_num_entries(state->periods));
	hash_seq_init(&scan, state->periods);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		pq_sendint32(&buffer, entry->period);
		for (int m = 0; m < MOVEMENTS; m++)
			wire_send_wide(&buffer, entry->sums[m]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

static void
require_state(bool fine)
{
	if (!fine)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid partial state of revenue_movements")));
}

/*
 * insight_movements_deserialise(bytea, internal) returns internal
 */
Datum
insight_movements_deserialise(PG_FUNCTION_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	struct varlena *bytes;
	StringInfoData buffer;
	MovementState *state;
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
	require_state(unit < CALENDAR_UNITS && IS_VALID_DATE(until) && until > LEDGER_FIRST_DAY);
	state = state_new(context, (CalendarUnit) unit, until);
	for (int64 i = 0; i < count; i++)
	{
		int32 period = (int32) pq_getmsgint(&buffer, 4);

		require_state(period >= calendar_period(LEDGER_FIRST_DAY, state->unit) &&
					  period <= calendar_period(until - 1, state->unit) + 1);
		for (int m = 0; m < MOVEMENTS; m++)
		{
			wide sum = wire_receive_wide(&buffer);

			require_state(decimal_in_range(sum));
			state_add(state, period, m, sum);
		}
	}
	pq_getmsgend(&buffer);
	PG_RETURN_POINTER(state);
}

/* The first and the last period of the answer. */
static void
range_of(const MovementState *state, int32 *first, int32 *last)
{
	HASH_SEQ_STATUS scan;
	PeriodSums *entry;

	*first = *last = calendar_period(state->until - 1, state->unit);
	hash_seq_init(&scan, state->periods);
	while ((entry = hash_seq_search(&scan)) != NULL)
		*first = Min(*first, entry->period);
	if ((int64) *last - *first >= MOST_ROWS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("revenue_movements would have more than %d rows", MOST_ROWS),
						errhint("Use a longer unit, or since() to limit the ledgers.")));
}

static Datum
make_row(TupleDesc columns, CalendarUnit unit, int32 period, const wide *sums)
{
	Datum values[COLUMNS];
	bool nulls[COLUMNS] = {false};
	double opening = (double) sums[MOVED_OPENING];
	double lost = (double) sums[MOVED_CONTRACTED] + (double) sums[MOVED_CHURNED];

	values[0] = DateADTGetDatum(calendar_start(period, unit));
	for (int m = 0; m < MOVEMENTS; m++)
		values[1 + m] = NumericGetDatum(
			decimal_to_numeric(decimal_normalise((Decimal){sums[m], LEDGER_MAX_SCALE})));
	nulls[COLUMNS - 2] = nulls[COLUMNS - 1] = sums[MOVED_OPENING] <= 0;
	values[COLUMNS - 2] =
		Float8GetDatum((opening + lost + (double) sums[MOVED_EXPANDED]) / opening);
	values[COLUMNS - 1] = Float8GetDatum((opening + lost) / opening);
	return HeapTupleGetDatum(heap_form_tuple(columns, values, nulls));
}

/*
 * insight_movements_final(internal) returns revenue_movement[]
 *
 * By period, from the first with revenue on; a period in which nothing moves has its row.
 */
Datum
insight_movements_final(PG_FUNCTION_ARGS)
{
	static const wide nothing[MOVEMENTS];
	const MovementState *state;
	int32 first, last;
	Oid row_type;
	TupleDesc columns;
	ArrayBuildState *rows = NULL;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (MovementState *) PG_GETARG_POINTER(0);
	if (hash_get_num_entries(state->periods) == 0)
		PG_RETURN_NULL();
	range_of(state, &first, &last);
	row_type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	if (!OidIsValid(row_type))
		elog(ERROR, "return type must be an array");
	columns = lookup_rowtype_tupdesc(row_type, -1);
	if (columns->natts != COLUMNS)
		elog(ERROR, "return type must be an array of revenue_movement");
	for (int64 i = first; i <= last; i++)
	{
		int32 period = (int32) i;
		const PeriodSums *entry = hash_search(state->periods, &period, HASH_FIND, NULL);

		rows = accumArrayResult(
			rows, make_row(columns, state->unit, period, entry ? entry->sums : nothing), false,
			row_type, CurrentMemoryContext);
		CHECK_FOR_INTERRUPTS();
	}
	ReleaseTupleDesc(columns);
	return makeArrayResult(rows, CurrentMemoryContext);
}
