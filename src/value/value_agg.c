/*
 * value_agg.c
 *	  Aggregates that make ledgers: of orders, and of other ledgers.
 *
 * There is a state for each customer, and millions of them at once in a hash aggregate, so it has to
 * be small. Nearly all orders are without cost and fit 64 bits: these are kept as slim days, the
 * first two within the state itself. The rest is a Ledger of its own. Neither is kept in order. When
 * the room is used up, the days are brought in order and added up, and only if that leaves little
 * room is more taken; so the memory follows the number of days, not of orders, and the work stays
 * within O(n log n).
 */
#include "value/value.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "support/aggregate.h"
#include "support/compat.h"

#define FIRST_SLIM_DAYS 2
#define SECOND_SLIM_DAYS 8
#define FIRST_DAYS 4

/* most customers have no more: these need no memory to be brought in order */
#define FEW_DAYS 16

PG_FUNCTION(customer_value_accumulate_date);
PG_FUNCTION(customer_value_accumulate_timestamp);
PG_FUNCTION(customer_value_accumulate_value);
PG_FUNCTION(customer_value_merge);
PG_FUNCTION(customer_value_serialise);
PG_FUNCTION(customer_value_deserialise);
PG_FUNCTION(customer_value_final);

typedef struct SlimDay
{
	int32 day;
	int32 orders;
	int64 amount; /* at the state's slim_scale */
} SlimDay;

/* sort_slim_days(days, count): quick if they are in order, as they mostly are */
#define ST_SORT sort_slim_days
#define ST_ELEMENT_TYPE SlimDay
#define ST_COMPARE(a, b) (((a)->day > (b)->day) - ((a)->day < (b)->day))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Ledger and its room. */
typedef struct Rest
{
	Ledger ledger;
	size_t room;
} Rest;

typedef struct LedgerState
{
	SlimDay *slim; /* first, or an array of its own */
	int32 slim_count;
	int32 slim_room;
	int slim_scale;
	SlimDay first[FIRST_SLIM_DAYS];
	Rest *rest; /* NULL while there is none */
} LedgerState;

static LedgerState *
state_new(MemoryContext context)
{
	LedgerState *state = MemoryContextAlloc(context, sizeof(LedgerState));

	state->slim = state->first;
	state->slim_count = 0;
	state->slim_room = FIRST_SLIM_DAYS;
	state->slim_scale = 0;
	state->rest = NULL;
	return state;
}

/*
 * Adds a day to the rest.
 */
static void
rest_append(LedgerState *state, MemoryContext context, const LedgerDay *day, int scale)
{
	Rest *rest = state->rest;

	if (rest == NULL)
	{
		rest = MemoryContextAllocZero(context, sizeof(Rest));
		rest->room = FIRST_DAYS;
		rest->ledger.days = MemoryContextAlloc(context, FIRST_DAYS * sizeof(LedgerDay));
		state->rest = rest;
	}
	else if (rest->ledger.count == rest->room)
	{
		CHECK_FOR_INTERRUPTS();
		ledger_require(ledger_settle(&rest->ledger));
		if (rest->ledger.count > LEDGER_MAX_DAYS)
			ledger_require(LEDGER_TOO_MANY_DAYS);
		if (rest->ledger.count > rest->room / 2)
		{
			rest->ledger.days =
				repalloc_huge(rest->ledger.days, rest->room * 2 * sizeof(LedgerDay));
			rest->room *= 2;
		}
	}
	ledger_require(ledger_append(&rest->ledger, *day, scale));
}

static LedgerDay
widened(const SlimDay *slim)
{
	LedgerDay day = {slim->day, slim->orders, 0, slim->amount, 0};

	return day;
}

/*
 * Adds a day to another; leaves it alone if that needs more than 64 bits.
 */
static bool
slim_add(SlimDay *sum, const SlimDay *day)
{
	int32 orders;
	int64 amount;

	if (__builtin_add_overflow(sum->orders, day->orders, &orders) ||
		__builtin_add_overflow(sum->amount, day->amount, &amount))
		return false;
	sum->orders = orders;
	sum->amount = amount;
	return true;
}

/*
 * Brings the slim days in order and adds them up; what outgrows 64 bits goes to the rest.
 */
static void
slim_settle(LedgerState *state, MemoryContext context)
{
	SlimDay *days = state->slim;
	int32 kept = 0;

	sort_slim_days(days, (size_t) state->slim_count);
	for (int32 i = 1; i < state->slim_count; i++)
	{
		SlimDay *last = &days[kept];

		if (days[i].day != last->day)
			days[++kept] = days[i];
		else if (!slim_add(last, &days[i]))
		{
			LedgerDay day = widened(last);

			rest_append(state, context, &day, state->slim_scale);
			*last = days[i];
		}
	}
	state->slim_count = kept + 1;
}

/*
 * Makes room for one slim day more.
 */
static pg_noinline void
slim_grow(LedgerState *state, MemoryContext context)
{
	int32 room;

	CHECK_FOR_INTERRUPTS();
	slim_settle(state, context);
	if (state->slim_count <= state->slim_room / 2)
		return;
	if (state->slim_count > LEDGER_MAX_DAYS)
		ledger_require(LEDGER_TOO_MANY_DAYS);
	if (state->slim == state->first)
	{
		room = SECOND_SLIM_DAYS;
		state->slim = MemoryContextAlloc(context, room * sizeof(SlimDay));
		memcpy(state->slim, state->first, sizeof(state->first));
	}
	else
	{
		room = state->slim_room * 2;
		state->slim = repalloc(state->slim, room * sizeof(SlimDay));
	}
	state->slim_room = room;
}

/*
 * Brings all slim days to a larger scale, or none if that needs more than 64 bits.
 */
static pg_noinline bool
slim_rescale(LedgerState *state, int scale)
{
	int64 power = (int64) decimal_power(scale - state->slim_scale);
	int64 limit = PG_INT64_MAX / power;

	for (int32 i = 0; i < state->slim_count; i++)
	{
		if (state->slim[i].amount > limit || state->slim[i].amount < -limit)
			return false;
	}
	for (int32 i = 0; i < state->slim_count; i++)
		state->slim[i].amount *= power;
	state->slim_scale = scale;
	return true;
}

/*
 * Adds a day with no known cost to the slim days, if it fits there.
 */
static inline bool
slim_append(LedgerState *state, MemoryContext context, int32 day, int64 orders, wide amount,
			int scale)
{
	SlimDay slim;

	if (amount < PG_INT64_MIN || amount > PG_INT64_MAX || orders < PG_INT32_MIN ||
		orders > PG_INT32_MAX)
		return false;
	slim.day = day;
	slim.orders = (int32) orders;
	slim.amount = (int64) amount;
	if (scale > state->slim_scale)
	{
		if (!slim_rescale(state, scale))
			return false;
	}
	else if (scale < state->slim_scale &&
			 __builtin_mul_overflow(slim.amount, (int64) decimal_power(state->slim_scale - scale),
									&slim.amount))
		return false;

	if (state->slim_count == state->slim_room)
		slim_grow(state, context);
	state->slim[state->slim_count++] = slim;
	return true;
}

/*
 * The transition on one order: (state, at, amount [, cost]).
 */
static Datum
accumulate(FunctionCallInfo fcinfo, DateADT (*day_of)(Datum at))
{
	MemoryContext context = aggregate_context(fcinfo);
	LedgerState *state = PG_ARGISNULL(0) ? NULL : (LedgerState *) PG_GETARG_POINTER(0);
	bool costly = PG_NARGS() > 3 && !PG_ARGISNULL(3);
	DateADT day;
	Decimal amount;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	day = day_of(PG_GETARG_DATUM(1));
	amount = customer_value_argument(fcinfo, 2, "amount");
	if (state == NULL)
		state = state_new(context);
	if (costly ||
		!slim_append(state, context, day, amount.mantissa >= 0, amount.mantissa, amount.scale))
	{
		Decimal cost;
		LedgerDay row;
		int scale;

		if (costly)
			cost = customer_value_argument(fcinfo, 3, "cost");
		ledger_require(ledger_row(day, amount, costly ? &cost : NULL, &row, &scale));
		rest_append(state, context, &row, scale);
	}
	PG_RETURN_POINTER(state);
}

/*
 * customer_value_accumulate(internal, date, "any" [, "any"]) returns internal
 */
Datum
customer_value_accumulate_date(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, customer_value_day);
}

/*
 * customer_value_accumulate(internal, timestamp or timestamptz, "any" [, "any"])
 * returns internal
 */
Datum
customer_value_accumulate_timestamp(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, customer_value_day_of_timestamp);
}

/*
 * Adds all days of a ledger.
 */
static void
state_add(LedgerState *state, MemoryContext context, const void *bytes, size_t length)
{
	LedgerReader reader;
	LedgerDay day;

	ledger_open(&reader, bytes, length);
	while (ledger_next(&reader, &day))
	{
		if (day.costed != 0 || day.cost != 0 ||
			!slim_append(state, context, day.day, day.orders, day.amount, reader.scale))
			rest_append(state, context, &day, reader.scale);
	}
	if (reader.damaged)
		ledger_require(LEDGER_DAMAGED);
}

/*
 * customer_value_accumulate(internal, customer_value) returns internal: the transition of sum()
 */
Datum
customer_value_accumulate_value(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	LedgerState *state = PG_ARGISNULL(0) ? NULL : (LedgerState *) PG_GETARG_POINTER(0);
	CustomerValue *value;

	if (PG_ARGISNULL(1))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = state_new(context);
	value = PG_GETARG_CUSTOMER_VALUE(1);
	state_add(state, context, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_POINTER(state);
}

/*
 * customer_value_merge(internal, internal) returns internal: the combine function
 *
 * The second state's days are copied, wherever it lives.
 */
Datum
customer_value_merge(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	LedgerState *state = PG_ARGISNULL(0) ? NULL : (LedgerState *) PG_GETARG_POINTER(0);
	const LedgerState *other = PG_ARGISNULL(1) ? NULL : (LedgerState *) PG_GETARG_POINTER(1);

	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = state_new(context);
	for (int32 i = 0; i < other->slim_count; i++)
	{
		const SlimDay *slim = &other->slim[i];

		if (!slim_append(state, context, slim->day, slim->orders, slim->amount, other->slim_scale))
		{
			LedgerDay day = widened(slim);

			rest_append(state, context, &day, other->slim_scale);
		}
	}
	if (other->rest)
	{
		const Ledger *rest = &other->rest->ledger;

		for (size_t i = 0; i < rest->count; i++)
			rest_append(state, context, &rest->days[i], rest->scale);
	}
	PG_RETURN_POINTER(state);
}

/*
 * The ledger of a state, which stays as it is.
 */
static CustomerValue *
state_ledger(const LedgerState *state)
{
	const Ledger *rest = state->rest ? &state->rest->ledger : NULL;
	size_t count = (size_t) state->slim_count + (rest ? rest->count : 0);
	LedgerDay few[FEW_DAYS];
	Ledger ledger = {few, 0, 0};
	CustomerValue *value;

	if (count > FEW_DAYS)
		ledger.days = ledger_days_alloc(count);
	for (int32 i = 0; i < state->slim_count; i++)
		ledger_require(ledger_append(&ledger, widened(&state->slim[i]), state->slim_scale));
	for (size_t i = 0; rest && i < rest->count; i++)
		ledger_require(ledger_append(&ledger, rest->days[i], rest->scale));
	value = customer_value_make(&ledger, NULL);
	if (ledger.days != few)
		pfree(ledger.days);
	return value;
}

/*
 * customer_value_final(internal) returns customer_value
 */
Datum
customer_value_final(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_CUSTOMER_VALUE(state_ledger((LedgerState *) PG_GETARG_POINTER(0)));
}

/*
 * customer_value_serialise(internal) returns bytea: the bytes of the ledger
 */
Datum
customer_value_serialise(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	PG_RETURN_BYTEA_P((bytea *) state_ledger((LedgerState *) PG_GETARG_POINTER(0)));
}

/*
 * customer_value_deserialise(bytea, internal) returns internal
 */
Datum
customer_value_deserialise(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	LedgerState *state;

	aggregate_context(fcinfo);
	ledger_require(ledger_check(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)));
	state = state_new(CurrentMemoryContext);
	state_add(state, CurrentMemoryContext, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	PG_RETURN_POINTER(state);
}
