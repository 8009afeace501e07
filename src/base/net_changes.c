/*
 * net_changes.c
 *	  What a statement on a table of orders changed, customer by customer in the order of their keys,
 *	  from the trigger's transition tables. Memory is bounded by work_mem, however many rows there are.
 */
#include "base/net_changes.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/tuplesort.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "support/compat.h"
#include "support/numeric_decimal.h"
#include "value/value.h"

/* The columns of what is sorted. */
enum
{
	SORTED_CUSTOMER,
	SORTED_DAY,
	SORTED_AMOUNT,
	SORTED_COST,
	SORTED_SIGN,
	SORTED_COLUMNS
};

/* One row of the source, in the types of the base. */
typedef struct OrderRow
{
	Datum customer;
	DateADT day;
	Decimal amount;
	Decimal cost;
	bool cost_known;
	int sign; /* -1 for a row that is no more */
} OrderRow;

struct NetChanges
{
	Oid key_type;
	int16 key_length;
	bool key_by_value;
	TypeCacheEntry *key;
	Oid collation;
	OrderColumns columns;
	Oid types[4];           /* of these, below any domains */
	const char *amount;     /* what these columns are called in the source */
	const char *cost;
	Datum time_zone;        /* text; 0 for UTC, in which the server keeps moments */
	MemoryContext rows;     /* what reading one row takes */
	MemoryContext customer; /* the one that is at hand, and the next */
	Tuplesortstate *sort;   /* NULL where there is one row */
	TupleTableSlot *sorted;
	bool done;
	OrderRow only;
};

/* A key of the source as the base has it. */
static Datum
key_of(Datum key, Oid from, Oid to)
{
	int64 number;

	if (from == to || to == TEXTOID)
		return key;
	number = from == INT2OID   ? DatumGetInt16(key)
			 : from == INT4OID ? DatumGetInt32(key)
							   : DatumGetInt64(key);
	switch (to)
	{
		case INT4OID:
			return Int32GetDatum((int32) number);
		case INT8OID:
			return Int64GetDatum(number);
		case NUMERICOID:
			return NumericGetDatum(int64_to_numeric(number));
	}
	elog(ERROR, "unexpected key type %u", from);
}

static DateADT
day_of(const NetChanges *c, Datum at)
{
	if (c->types[1] == DATEOID)
		return customer_value_day(at);
	if (c->types[1] == TIMESTAMPTZOID && c->time_zone != (Datum) 0)
		at = DirectFunctionCall2(timestamptz_zone, c->time_zone, at);
	return customer_value_day_of_timestamp(at);
}

/* Reads a row of a transition table; false where it has no customer, day or amount. */
static bool
read_row(const NetChanges *c, TupleTableSlot *slot, int sign, OrderRow *row)
{
	bool no_customer, no_day, no_amount;
	bool no_cost = true;
	Datum customer = slot_getattr(slot, c->columns.customer, &no_customer);
	Datum at = slot_getattr(slot, c->columns.at, &no_day);
	Datum amount = slot_getattr(slot, c->columns.amount, &no_amount);
	Datum cost = (Datum) 0;

	if (c->columns.cost != InvalidAttrNumber)
		cost = slot_getattr(slot, c->columns.cost, &no_cost);
	if (no_customer || no_day || no_amount)
		return false;
	row->customer = key_of(customer, c->types[0], c->key_type);
	row->day = day_of(c, at);
	row->amount = customer_value_number(amount, c->types[2], c->amount);
	row->cost_known = !no_cost;
	if (!no_cost)
		row->cost = customer_value_number(cost, c->types[3], c->cost);
	row->sign = sign;
	return true;
}

static void
append_row(Ledger *ledger, const OrderRow *row)
{
	LedgerDay day;
	int scale;

	ledger_require(
		ledger_row(row->day, row->amount, row->cost_known ? &row->cost : NULL, &day, &scale));
	day.orders *= row->sign;
	day.costed *= row->sign;
	day.amount *= row->sign;
	day.cost *= row->sign;
	ledger_require(ledger_append(ledger, day, scale));
}

static void
sort_row(NetChanges *c, TupleTableSlot *slot, const OrderRow *row)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, false, SORTED_COLUMNS * sizeof(bool));
	slot->tts_values[SORTED_CUSTOMER] = row->customer;
	slot->tts_values[SORTED_DAY] = DateADTGetDatum(row->day);
	slot->tts_values[SORTED_AMOUNT] = NumericGetDatum(decimal_to_numeric(row->amount));
	slot->tts_isnull[SORTED_COST] = !row->cost_known;
	if (row->cost_known)
		slot->tts_values[SORTED_COST] = NumericGetDatum(decimal_to_numeric(row->cost));
	slot->tts_values[SORTED_SIGN] = Int16GetDatum(row->sign);
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(c->sort, slot);
}

/* Reads a transition table into the sort, or into the only row. */
static void
read_rows(NetChanges *c, Tuplestorestate *rows, TupleDesc columns, int sign,
		  TupleTableSlot *unsorted)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(columns, &TTSOpsMinimalTuple);

	tuplestore_select_read_pointer(rows, tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		MemoryContext caller;

		CHECK_FOR_INTERRUPTS();
		if (unsorted == NULL)
		{
			/* what the row refers to has to outlive the slot */
			if (read_row(c, slot, sign, &c->only))
			{
				c->only.customer = datumCopy(c->only.customer, c->key_by_value, c->key_length);
				c->done = false;
			}
			continue;
		}
		MemoryContextReset(c->rows);
		caller = MemoryContextSwitchTo(c->rows);
		if (read_row(c, slot, sign, &c->only))
			sort_row(c, unsorted, &c->only);
		MemoryContextSwitchTo(caller);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * net_changes_open
 *
 * Reads what the statement of a trigger inserted, updated or deleted. All memory is in the current context;
 * net_changes_close frees what is not memory. An error for a row that no ledger can hold.
 */
NetChanges *
net_changes_open(const TriggerData *trigger, const OrderColumns *columns, Oid key_type,
				 Oid key_collation)
{
	TupleDesc source = RelationGetDescr(trigger->tg_relation);
	Tuplestorestate *stores[] = {trigger->tg_oldtable, trigger->tg_newtable};
	const AttrNumber numbers[] = {columns->customer, columns->at, columns->amount, columns->cost};
	NetChanges *c = palloc0(sizeof(NetChanges));
	TupleTableSlot *unsorted = NULL;
	int64 rows = 0;

	c->key_type = key_type;
	c->collation = key_collation;
	get_typlenbyval(key_type, &c->key_length, &c->key_by_value);
	c->columns = *columns;
	if (strcmp(columns->time_zone, "UTC") != 0)
		c->time_zone = CStringGetTextDatum(columns->time_zone);
	for (int i = 0; i < (int) lengthof(numbers); i++)
	{
		if (numbers[i] != InvalidAttrNumber)
			c->types[i] = getBaseType(TupleDescAttr(source, numbers[i] - 1)->atttypid);
	}
	c->amount = quote_identifier(NameStr(TupleDescAttr(source, columns->amount - 1)->attname));
	if (columns->cost != InvalidAttrNumber)
		c->cost = quote_identifier(NameStr(TupleDescAttr(source, columns->cost - 1)->attname));
	c->customer = AllocSetContextCreate(CurrentMemoryContext, "net changes of a customer",
										ALLOCSET_SMALL_SIZES);
	c->done = true;

	for (int i = 0; i < (int) lengthof(stores); i++)
	{
		if (stores[i] != NULL)
			rows += tuplestore_tuple_count(stores[i]);
	}
	if (rows > 1)
	{
		TupleDesc sorted = CreateTemplateTupleDesc(SORTED_COLUMNS);
		AttrNumber key = SORTED_CUSTOMER + 1;
		bool nulls_first = false;

		TupleDescInitEntry(sorted, SORTED_CUSTOMER + 1, "customer", key_type, -1, 0);
		TupleDescInitEntryCollation(sorted, SORTED_CUSTOMER + 1, key_collation);
		TupleDescInitEntry(sorted, SORTED_DAY + 1, "day", DATEOID, -1, 0);
		TupleDescInitEntry(sorted, SORTED_AMOUNT + 1, "amount", NUMERICOID, -1, 0);
		TupleDescInitEntry(sorted, SORTED_COST + 1, "cost", NUMERICOID, -1, 0);
		TupleDescInitEntry(sorted, SORTED_SIGN + 1, "sign", INT2OID, -1, 0);
#if PG_VERSION_NUM >= 190000
		TupleDescFinalize(sorted);
#endif
		c->key = lookup_type_cache(key_type, TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR_FINFO);
		c->sort = tuplesort_begin_heap(sorted, 1, &key, &c->key->lt_opr, &key_collation,
									   &nulls_first, work_mem, NULL, TUPLESORT_NONE);
		c->rows =
			AllocSetContextCreate(CurrentMemoryContext, "a row of a source", ALLOCSET_SMALL_SIZES);
		unsorted = MakeSingleTupleTableSlot(sorted, &TTSOpsVirtual);
		c->sorted = MakeSingleTupleTableSlot(sorted, &TTSOpsMinimalTuple);
	}
	for (int i = 0; i < (int) lengthof(stores); i++)
	{
		if (stores[i] != NULL)
			read_rows(c, stores[i], source, stores[i] == trigger->tg_oldtable ? -1 : 1, unsorted);
	}
	if (c->sort != NULL)
	{
		tuplesort_performsort(c->sort);
		c->done = !tuplesort_gettupleslot(c->sort, true, false, c->sorted, NULL);
	}
	return c;
}

static void
sorted_row(const NetChanges *c, OrderRow *row)
{
	TupleTableSlot *slot = c->sorted;

	slot_getallattrs(slot);
	row->customer = slot->tts_values[SORTED_CUSTOMER];
	row->day = DatumGetDateADT(slot->tts_values[SORTED_DAY]);
	row->amount = customer_value_figure(slot->tts_values[SORTED_AMOUNT], c->amount);
	row->cost_known = !slot->tts_isnull[SORTED_COST];
	if (row->cost_known)
		row->cost = customer_value_figure(slot->tts_values[SORTED_COST], c->cost);
	row->sign = DatumGetInt16(slot->tts_values[SORTED_SIGN]);
}

static void
make_room(Ledger *ledger, size_t *room)
{
	if (ledger->count < *room)
		return;
	*room *= 2;
	ledger->days = repalloc_huge(ledger->days, *room * sizeof(LedgerDay));
}

/*
 * net_changes_next
 *
 * The next customer, and by how much its ledger changes; customers whose ledger stays as it was are
 * passed over. False at the end. Both are good until the next call.
 */
bool
net_changes_next(NetChanges *c, Datum *customer, Ledger *change)
{
	while (!c->done)
	{
		MemoryContext caller;
		size_t room = c->sort == NULL ? 1 : 8;
		OrderRow row = c->only;

		MemoryContextReset(c->customer);
		caller = MemoryContextSwitchTo(c->customer);
		*change = (Ledger){.days = palloc(room * sizeof(LedgerDay))};
		if (c->sort == NULL)
		{
			append_row(change, &row);
			*customer = row.customer;
			c->done = true;
		}
		else
		{
			sorted_row(c, &row);
			*customer = datumCopy(row.customer, c->key_by_value, c->key_length);
			do
			{
				CHECK_FOR_INTERRUPTS();
				make_room(change, &room);
				append_row(change, &row);
				c->done = !tuplesort_gettupleslot(c->sort, true, false, c->sorted, NULL);
				if (c->done)
					break;
				sorted_row(c, &row);
			} while (DatumGetBool(
				FunctionCall2Coll(&c->key->eq_opr_finfo, c->collation, *customer, row.customer)));
		}
		ledger_require(ledger_settle(change));
		MemoryContextSwitchTo(caller);
		if (change->count > 0)
			return true;
	}
	return false;
}

/*
 * net_changes_close
 */
void
net_changes_close(NetChanges *c)
{
	if (c->sort != NULL)
	{
		ExecDropSingleTupleTableSlot(c->sorted);
		tuplesort_end(c->sort);
	}
}
