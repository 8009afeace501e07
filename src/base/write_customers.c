/*
 * write_customers.c
 *	  Writing net changes to the customers of a base, or to its queue, without a plan: starting one takes
 *	  longer than the work does. A customer is found by the index on its key, locked, given the new
 *	  ledger, classified and written, with constraints, indexes, triggers and generated columns honoured,
 *	  as the executor does for logical replication.
 *
 * What the executor would check before it runs a plan is checked in customer_tables_open, once: that the
 * tables belong to the owner, who still has the rights, and that nothing is attached to them which only a
 * plan takes care of. Row security does not apply to the owner, as in the triggers of foreign keys.
 */
#include "base/write_customers.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/kept_plan.h"
#include "base/owner.h"
#include "support/compat.h"
#include "support/executor.h"
#include "value/value.h"

/* The range table of a writer. */
enum
{
	CUSTOMER_INDEX = 1,
	QUEUE_INDEX
};

/* What a statement works with while it writes. */
typedef struct Writer
{
	CustomerTables *tables;
	Relation customer;
	Relation queue;
	Relation index;
	EState *executor;
	EPQState locks;
	ResultRelInfo *customers;
	TriggerDesc *triggers; /* of customers */
	ResultRelInfo *queued;
	TupleTableSlot *found;   /* a customer as it is */
	TupleTableSlot *changed; /* and as it is to be */
	TupleTableSlot *waiting; /* a row for the queue */
	MemoryContext each;      /* what one customer takes */
} Writer;

static bool
find_columns(Oid table, const char *const *names, AttrNumber *numbers, int n)
{
	for (int i = 0; i < n; i++)
	{
		numbers[i] = get_attnum(table, names[i]);
		if (numbers[i] == InvalidAttrNumber)
			return false;
	}
	return true;
}

/* Whether writing rows of a table one by one is all there is to do. */
static bool
is_simple(Relation table, CmdType command)
{
	const TriggerDesc *triggers = table->trigdesc;

	if (table->rd_rel->relkind != RELKIND_RELATION || table->rd_rules != NULL)
		return false;
	if (triggers == NULL)
		return true;
	return command == CMD_INSERT
			   ? !(triggers->trig_insert_before_statement ||
				   triggers->trig_insert_after_statement || triggers->trig_insert_new_table)
			   : !(triggers->trig_update_before_statement ||
				   triggers->trig_update_after_statement || triggers->trig_update_old_table ||
				   triggers->trig_update_new_table);
}

/* Whether no trigger for each row is fired by an update but ours, which writes history. */
static bool
only_history_follows(Relation customer)
{
	Oid record_change = LookupFuncName(
		list_make2(makeString("customer_value_internal"), makeString("record_change")), 0, NULL,
		false);
	const TriggerDesc *triggers = customer->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_UPDATE(trigger->tgtype) &&
			trigger->tgfoid != record_change)
			return false;
	}
	return true;
}

/* The index on the key, the primary one or any other that is unique; InvalidOid if there is none. */
static Oid
find_key_index(Relation customer, AttrNumber key)
{
	List *indexes = RelationGetIndexList(customer);
	Oid result = InvalidOid;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		Form_pg_index form = index->rd_index;

		if (form->indisunique && form->indimmediate && form->indisvalid && form->indnkeyatts == 1 &&
			form->indkey.values[0] == key && RelationGetIndexPredicate(index) == NIL)
			result = RelationGetRelid(index);
		index_close(index, AccessShareLock);
		if (OidIsValid(result))
			break;
	}
	list_free(indexes);
	return result;
}

static bool
open_customer(CustomerTables *tables, Relation customer, MemoryContext context)
{
	static const char *const names[] = {"customer_id", "value",   "facts", "basis", "abc_class",
										"score",       "segment", "since", "due",   "override"};
	static const CustomerColumn written[] = {CUSTOMER_LEDGER, CUSTOMER_BASIS,   CUSTOMER_CLASS,
											 CUSTOMER_SCORE,  CUSTOMER_SEGMENT, CUSTOMER_SINCE,
											 CUSTOMER_DUE};
	Form_pg_attribute key;
	Relation index;
	Oid equal;
	MemoryContext caller;

	if (!is_simple(customer, CMD_UPDATE) ||
		!find_columns(tables->customer, names, tables->customer_columns, CUSTOMER_COLUMNS))
		return false;
	key = TupleDescAttr(RelationGetDescr(customer), tables->customer_columns[CUSTOMER_ID] - 1);
	tables->key_type = key->atttypid;
	tables->index = find_key_index(customer, key->attnum);
	if (!OidIsValid(tables->index))
		return false;
	index = index_open(tables->index, AccessShareLock);
	tables->key_collation = index->rd_indcollation[0];
	equal = get_opfamily_member(index->rd_opfamily[0], index->rd_opcintype[0],
								index->rd_opcintype[0], BTEqualStrategyNumber);
	index_close(index, AccessShareLock);
	if (!OidIsValid(equal))
		return false;
	fmgr_info_cxt(get_opcode(equal), &tables->key_equal, context);

	tables->quiet = only_history_follows(customer);
	caller = MemoryContextSwitchTo(context);
	tables->written = NULL;
	for (int i = 0; i < (int) lengthof(written); i++)
		tables->written = bms_add_member(tables->written, tables->customer_columns[written[i]] -
															  FirstLowInvalidHeapAttributeNumber);
	MemoryContextSwitchTo(caller);
	return true;
}

static bool
may(Oid table, Oid owner, AclMode rights)
{
	return pg_class_aclmask(table, owner, rights, ACLMASK_ALL) == rights;
}

/*
 * customer_tables_open
 *
 * Finds out what writing to the base in a schema needs to know, and keeps it in the given context. False
 * where the tables are such that only a plan can write to them. To be asked again after any of them was altered.
 */
bool
customer_tables_open(CustomerTables *tables, Oid schema, Oid owner, MemoryContext context)
{
	static const char *const names[] = {"customer_id", "value", "classed_by"};
	Relation customer;
	Relation queue;
	bool result;

	memset(tables, 0, sizeof(*tables));
	tables->customer = get_relname_relid("customer", schema);
	tables->queue = get_relname_relid("queue", schema);
	if (!OidIsValid(tables->customer) || !OidIsValid(tables->queue))
		return false;
	customer = table_open(tables->customer, RowExclusiveLock);
	queue = table_open(tables->queue, RowExclusiveLock);
	owner_check(customer, "queue");
	result = may(tables->customer, owner, ACL_SELECT | ACL_INSERT | ACL_UPDATE) &&
			 may(tables->queue, owner, ACL_INSERT) && open_customer(tables, customer, context) &&
			 is_simple(queue, CMD_INSERT) &&
			 find_columns(tables->queue, names, tables->queue_columns, QUEUE_COLUMNS);
	table_close(queue, NoLock);
	table_close(customer, NoLock);
	return result;
}

/*
 * customer_tables_close
 *
 * Frees what is kept of a base at the end of the transaction.
 */
void
customer_tables_close(CustomerTables *tables)
{
	kept_plan_retire(tables->write_new);
	tables->write_new = NULL;
}

static ResultRelInfo *
open_target(EState *executor, int number)
{
	ResultRelInfo *target = makeNode(ResultRelInfo);

	ExecInitResultRelation(executor, target, number);
	ExecOpenIndices(target, false);
	return target;
}

static void
writer_open(Writer *w, CustomerTables *tables, bool of_customers)
{
	MemoryContext caller;

	memset(w, 0, sizeof(*w));
	w->tables = tables;
	w->executor = CreateExecutorState();
	caller = MemoryContextSwitchTo(w->executor->es_query_cxt);
	w->queue = table_open(tables->queue, RowExclusiveLock);
	w->customer = table_open(tables->customer, RowExclusiveLock);
	executor_init_range_table(w->executor, (Relation[]){w->customer, w->queue},
							  (Bitmapset *[]){tables->written, NULL}, 2);
	w->executor->es_output_cid = GetCurrentCommandId(true);
	w->executor->es_snapshot = GetActiveSnapshot();
	w->queued = open_target(w->executor, QUEUE_INDEX);
	w->waiting = MakeSingleTupleTableSlot(RelationGetDescr(w->queue), &TTSOpsVirtual);
	if (of_customers)
	{
		w->customers = open_target(w->executor, CUSTOMER_INDEX);
		w->triggers = w->customers->ri_TrigDesc;
		w->index = index_open(tables->index, RowExclusiveLock);
		w->found = table_slot_create(w->customer, NULL);
		w->changed = MakeSingleTupleTableSlot(RelationGetDescr(w->customer), &TTSOpsVirtual);
		executor_init_locks(&w->locks, w->executor);
	}
	w->each = AllocSetContextCreate(CurrentMemoryContext, "a customer that is written",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(caller);
	AfterTriggerBeginQuery();
}

static void
writer_close(Writer *w)
{
	AfterTriggerEndQuery(w->executor);
	ExecDropSingleTupleTableSlot(w->waiting);
	if (w->customers != NULL)
	{
		ExecDropSingleTupleTableSlot(w->found);
		ExecDropSingleTupleTableSlot(w->changed);
		index_close(w->index, NoLock);
		EvalPlanQualEnd(&w->locks);
	}
	ExecResetTupleTable(w->executor->es_tupleTable, false);
	ExecCloseResultRelations(w->executor);
	ExecCloseRangeTableRelations(w->executor);
	table_close(w->customer, NoLock);
	table_close(w->queue, NoLock);
	FreeExecutorState(w->executor);
	/* so that what comes next, another trigger of the same statement perhaps, sees it */
	CommandCounterIncrement();
}

static void
queue_customer(Writer *w, Datum key, Datum change, NullableDatum classed_by)
{
	const AttrNumber *columns = w->tables->queue_columns;
	TupleTableSlot *slot = w->waiting;
	int n = slot->tts_tupleDescriptor->natts;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, n * sizeof(bool));
	slot->tts_values[columns[QUEUE_CUSTOMER] - 1] = key;
	slot->tts_isnull[columns[QUEUE_CUSTOMER] - 1] = false;
	slot->tts_values[columns[QUEUE_CHANGE] - 1] = change;
	slot->tts_isnull[columns[QUEUE_CHANGE] - 1] = false;
	slot->tts_values[columns[QUEUE_CLASSED_BY] - 1] = classed_by.value;
	slot->tts_isnull[columns[QUEUE_CLASSED_BY] - 1] = classed_by.isnull;
	ExecStoreVirtualTuple(slot);
	ExecSimpleRelationInsert(w->queued, w->executor, slot);
}

/*
 * The row of a customer by its key, whatever this transaction's snapshot sees of it, as a unique index
 * finds a row that is in the way. Waits for who is just adding it; false if there is none.
 */
static bool
probe(Writer *w, Datum key)
{
	for (;;)
	{
		SnapshotData dirty;
		IndexScanDesc scan;
		ScanKeyData condition;
		TransactionId adding;
		bool found;

		InitDirtySnapshot(dirty);
		ScanKeyEntryInitializeWithInfo(&condition, 0, 1, BTEqualStrategyNumber, InvalidOid,
									   w->tables->key_collation, &w->tables->key_equal, key);
		scan = executor_index_beginscan(w->customer, w->index, &dirty, 1);
		index_rescan(scan, &condition, 1, NULL, 0);
		found = index_getnext_slot(scan, ForwardScanDirection, w->found);
		adding = found ? dirty.xmin : InvalidTransactionId;
		if (found)
			ExecMaterializeSlot(w->found);
		index_endscan(scan);
		if (!TransactionIdIsValid(adding))
			return found;
		XactLockTableWait(adding, w->customer, &w->found->tts_tid, XLTW_InsertIndex);
	}
}

/* Finds a customer and locks its row, in the state that it has then; false if there is no such customer. */
static bool
find_customer(Writer *w, Datum key)
{
	while (probe(w, key))
	{
		TM_FailureData failure;
		TM_Result result;

		CHECK_FOR_INTERRUPTS();
		result = table_tuple_lock(w->customer, &w->found->tts_tid, w->executor->es_snapshot,
								  w->found, GetCurrentCommandId(false), LockTupleNoKeyExclusive,
								  LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
		switch (result)
		{
			case TM_Ok:
				/* where it was changed meanwhile, it may have another key: look again, the lock is held */
				if (!failure.traversed)
					return true;
				break;
			case TM_Updated:
			case TM_Deleted:
				break;
			case TM_SelfModified:
			case TM_Invisible:
				ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
								errmsg("a customer was changed by the same command already")));
			default:
				elog(ERROR, "unexpected result %u of locking a customer", result);
		}
	}
	return false;
}

static NullableDatum
column_of(const Writer *w, CustomerColumn column)
{
	NullableDatum result;

	result.value = slot_getattr(w->found, w->tables->customer_columns[column], &result.isnull);
	return result;
}

static void
set_column(const Writer *w, CustomerColumn column, NullableDatum value)
{
	int i = w->tables->customer_columns[column] - 1;

	w->changed->tts_values[i] = value.value;
	w->changed->tts_isnull[i] = value.isnull;
}

static bool
same_text(NullableDatum a, NullableDatum b)
{
	return a.isnull == b.isnull &&
		   (a.isnull ||
			DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, a.value, b.value)));
}

static CustomerValue *
changed_ledger(const CustomerValue *before, const Ledger *change)
{
	Ledger ledger = {0};
	size_t most = before == NULL ? 0 : ledger_most_days(VARSIZE_ANY_EXHDR(before));

	ledger.days = ledger_days_alloc(most + change->count);
	if (before != NULL)
		customer_value_append(&ledger, before, 1, LEDGER_SINCE_EVER, LEDGER_FOR_EVER);
	for (size_t i = 0; i < change->count; i++)
		ledger_require(ledger_append(&ledger, change->days[i], change->scale));
	return customer_value_make(&ledger, NULL);
}

static void
update_customer(Writer *w, const Ledger *change, Classifier *classifier)
{
	Datum ledger = PointerGetDatum(
		changed_ledger(DatumGetCustomerValue(column_of(w, CUSTOMER_LEDGER).value), change));
	NullableDatum class = column_of(w, CUSTOMER_CLASS);
	NullableDatum segment = column_of(w, CUSTOMER_SEGMENT);
	Standing standing;
	bool moved;
	int n = w->found->tts_tupleDescriptor->natts;

	classify(classifier, ledger, column_of(w, CUSTOMER_FACTS), class, segment,
			 column_of(w, CUSTOMER_OVERRIDE), &standing);

	slot_getallattrs(w->found);
	ExecClearTuple(w->changed);
	memcpy(w->changed->tts_values, w->found->tts_values, n * sizeof(Datum));
	memcpy(w->changed->tts_isnull, w->found->tts_isnull, n * sizeof(bool));
	set_column(w, CUSTOMER_LEDGER, (NullableDatum){.value = ledger});
	set_column(w, CUSTOMER_BASIS, standing.basis);
	set_column(w, CUSTOMER_CLASS, standing.abc_class);
	set_column(w, CUSTOMER_SCORE, standing.score);
	set_column(w, CUSTOMER_SEGMENT, standing.segment);
	set_column(w, CUSTOMER_DUE, standing.due);
	moved = !same_text(class, standing.abc_class) || !same_text(segment, standing.segment);
	if (moved)
		set_column(w, CUSTOMER_SINCE,
				   (NullableDatum){.value = TimestampTzGetDatum(GetCurrentTimestamp())});
	ExecStoreVirtualTuple(w->changed);
	/* the server would read the condition of our trigger anew to find out that it does not hold */
	if (w->tables->quiet && !moved)
		w->customers->ri_TrigDesc = NULL;
	ExecSimpleRelationUpdate(w->customers, w->executor, &w->locks, w->found, w->changed);
	w->customers->ri_TrigDesc = w->triggers;
}

/* Adds a customer; false where somebody else has done so meanwhile. */
static bool
insert_customer(Writer *w, Datum key, const Ledger *change, Classifier *classifier)
{
	CustomerTables *tables = w->tables;
	const NullableDatum none = {.isnull = true};
	Oid types[] = {
		tables->key_type, get_atttype(tables->customer, tables->customer_columns[CUSTOMER_LEDGER]),
		NUMERICOID,       TEXTOID,
		FLOAT8OID,        TEXTOID,
		DATEOID};
	Datum values[lengthof(types)];
	char nulls[lengthof(types)] = "  ";
	Standing standing;
	bool added;

	values[0] = key;
	values[1] = PointerGetDatum(changed_ledger(NULL, change));
	classify(classifier, values[1], none, none, none, none, &standing);
	for (int i = 2; i < (int) lengthof(types); i++)
	{
		const NullableDatum *figures = &standing.basis;

		values[i] = figures[i - 2].value;
		nulls[i] = figures[i - 2].isnull ? 'n' : ' ';
	}

	SPI_connect();
	if (tables->write_new != NULL && !SPI_plan_is_valid(tables->write_new))
		customer_tables_close(tables);
	if (tables->write_new == NULL)
		tables->write_new = kept_plan_make(
			psprintf(
				"INSERT INTO %s (customer_id, value, basis, abc_class, score, segment, due)"
				" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (customer_id) DO NOTHING",
				quote_qualified_identifier(get_namespace_name(RelationGetNamespace(w->customer)),
										   RelationGetRelationName(w->customer))),
			lengthof(types), types);
	if (SPI_execute_plan(tables->write_new, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "a customer was not added: %s", SPI_result_code_string(SPI_result));
	added = SPI_processed == 1;
	SPI_finish();
	/* the counter of commands went on */
	w->executor->es_output_cid = GetCurrentCommandId(true);
	return added;
}

/*
 * write_customers
 *
 * Adds net changes to the ledgers of the customers, which are brought up to date against what is in force,
 * and puts these into the queue, so that the next rebalance counts them: classed_by says by which cut-offs they
 * were classed. Customers who are new are added. An error if a ledger cannot hold its change, or where a
 * constraint or trigger of the owner's says so. There must be an active snapshot.
 */
void
write_customers(CustomerTables *tables, NetChanges *changes, Classifier *classifier,
				TimestampTz classed_by)
{
	Datum nothing = PointerGetDatum(customer_value_make(&(Ledger){0}, NULL));
	Writer w;
	Datum key;
	Ledger change;

	writer_open(&w, tables, true);
	while (net_changes_next(changes, &key, &change))
	{
		MemoryContext caller;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(w.each);
		caller = MemoryContextSwitchTo(w.each);
		for (;;)
		{
			if (find_customer(&w, key))
			{
				update_customer(&w, &change, classifier);
				break;
			}
			if (insert_customer(&w, key, &change, classifier))
				break;
		}
		queue_customer(&w, key, nothing, (NullableDatum){.value = TimestampTzGetDatum(classed_by)});
		ResetPerTupleExprContext(w.executor);
		ExecClearTuple(w.found);
		MemoryContextSwitchTo(caller);
	}
	writer_close(&w);
}

/*
 * write_queue
 *
 * Appends net changes to the queue, for the next rebalance to fold in.
 */
void
write_queue(CustomerTables *tables, NetChanges *changes)
{
	Writer w;
	Datum key;
	Ledger change;

	writer_open(&w, tables, false);
	while (net_changes_next(changes, &key, &change))
	{
		MemoryContext caller;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(w.each);
		caller = MemoryContextSwitchTo(w.each);
		queue_customer(&w, key, PointerGetDatum(customer_value_make(&change, NULL)),
					   (NullableDatum){.isnull = true});
		ResetPerTupleExprContext(w.executor);
		MemoryContextSwitchTo(caller);
	}
	writer_close(&w);
}
