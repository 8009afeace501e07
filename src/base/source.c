/*
 * source.c
 *	  What a trigger on a tracked table has to know of its source: found out and checked once, and kept in
 *	  the backend until a table of it, a role or a schema is altered.
 *
 * How a trigger knows its base. Each source of a base has a type of its own in the base's schema,
 * source_1, source_2 ..., and the condition of its triggers names that type: WHEN (NULL::shop.source_1
 * IS NULL). So trigger and base hang together by an ordinary dependency and not by name: either may be
 * renamed, dropping the type takes the triggers along, and a dump carries all of it.
 */
#include "base/source.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "parser/parse_node.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/kept_plan.h"
#include "base/owner.h"
#include "support/compat.h"
#include "support/executor.h"

/* So are the types named that stand for sources. */
#define SOURCE_PREFIX "source_"
#define FACTS_PREFIX "facts_"

#define ORDER_COLUMNS 4

/* What is kept of a trigger from statement to statement. */
typedef struct Kept
{
	Oid trigger;
	Source *source;
	bool is_valid;
	int watched; /* relations: when one is altered, the source is to be found out anew */
	Oid *relations;
} Kept;

/* What tells that a source is no longer up to date. */
typedef struct State
{
	TimestampTz settled_at; /* when what is in force came into force */
	int64 keys;             /* how often keys changed their meaning */
} State;

static HTAB *kept_sources = NULL;

static void
forget_relation(Datum argument, Oid relation)
{
	HASH_SEQ_STATUS status;
	Kept *kept;

	(void) argument;
	hash_seq_init(&status, kept_sources);
	while ((kept = hash_seq_search(&status)) != NULL)
	{
		bool is_watched = !OidIsValid(relation);

		for (int i = 0; i < kept->watched && !is_watched; i++)
			is_watched = kept->relations[i] == relation;
		if (is_watched)
			kept->is_valid = false;
	}
}

static void
forget_all(Datum argument, int cache, uint32 hash)
{
	(void) cache;
	(void) hash;
	forget_relation(argument, InvalidOid);
}

/*
 * The function that finds a source of orders out, by the hash value of its row in the server's cache: the
 * owner must have the right to call it.
 */
static uint32 statements_hash;

static void
forget_statements(Datum argument, int cache, uint32 hash)
{
	if (hash == 0 || hash == statements_hash)
		forget_all(argument, cache, hash);
}

static Kept *
find_kept(Oid trigger)
{
	Kept *kept;
	bool found;

	if (kept_sources == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Kept)};

		kept_sources = hash_create("customer_value sources", 16, &control, HASH_ELEM | HASH_BLOBS);
		CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
		/* the names of schemas, who owns them, who has whose rights, and who may call functions */
		CacheRegisterSyscacheCallback(NAMESPACEOID, forget_all, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHOID, forget_all, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHMEMMEMROLE, forget_all, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, forget_statements, (Datum) 0);
	}
	kept = hash_search(kept_sources, &trigger, HASH_ENTER, &found);
	if (!found)
	{
		kept->source = NULL;
		kept->is_valid = false;
		kept->watched = 0;
		kept->relations = NULL;
	}
	return kept;
}

static bool
find_constant(Node *node, Oid *type)
{
	if (node == NULL)
		return false;
	if (IsA(node, Const))
	{
		*type = ((Const *) node)->consttype;
		return true;
	}
	return expression_tree_walker(node, find_constant, type);
}

/*
 * Finds the type that stands for the source in the trigger's condition, and whether that is one of facts;
 * returns the schema of its base.
 */
static Oid
find_type(Source *source, const Trigger *trigger)
{
	Oid schema = InvalidOid;
	bool found = false;

	if (trigger->tgqual != NULL && find_constant(stringToNode(trigger->tgqual), &source->type))
	{
		HeapTuple row = SearchSysCache1(TYPEOID, ObjectIdGetDatum(source->type));
		Form_pg_type type;

		if (!HeapTupleIsValid(row))
			elog(ERROR, "cache lookup failed for type %u", source->type);
		type = (Form_pg_type) GETSTRUCT(row);
		source->of_facts = strncmp(NameStr(type->typname), FACTS_PREFIX, strlen(FACTS_PREFIX)) == 0;
		found = source->of_facts ||
				strncmp(NameStr(type->typname), SOURCE_PREFIX, strlen(SOURCE_PREFIX)) == 0;
		schema = type->typnamespace;
		ReleaseSysCache(row);
	}
	if (!found)
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("trigger \"%s\" belongs to no customer base", trigger->tgname),
						errhint("Use customer_value.track_orders().")));
	return schema;
}

static Oid
table_of(Oid schema, const char *name)
{
	Oid table = get_relname_relid(name, schema);

	if (!OidIsValid(table))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("customer base \"%s\" has lost its table \"%s\"",
							   get_namespace_name(schema), name),
						errhint("DROP SCHEMA %s CASCADE removes the rest of it, the triggers on "
								"tracked tables too.",
								quote_identifier(get_namespace_name(schema)))));
	return table;
}

/* Frees a source at the end of the transaction: until then it may be at work further up. */
static void
retire(Source *source)
{
	if (source == NULL)
		return;
	kept_plan_retire(source->read_plan);
	kept_plan_retire(source->write_plan);
	kept_plan_retire(source->ahead_plan);
	customer_tables_close(&source->tables);
	MemoryContextSetParent(source->context, TopTransactionContext);
}

/*
 * source_of
 *
 * The source that a trigger belongs to. Where it is not ready, source_make_ready has to be called with the rights
 * of its owner. An error if the trigger belongs to no base.
 */
Source *
source_of(const TriggerData *trigger)
{
	Kept *kept = find_kept(trigger->tg_trigger->tgoid);
	MemoryContext context;
	Source *source;
	Oid schema;

	if (kept->is_valid && kept->source != NULL)
		return kept->source;

	retire(kept->source);
	kept->source = NULL;
	kept->is_valid = false;
	context =
		AllocSetContextCreate(TopTransactionContext, "customer_value source", ALLOCSET_SMALL_SIZES);
	source = MemoryContextAllocZero(context, sizeof(Source));
	source->context = context;
	schema = find_type(source, trigger->tg_trigger);
	source->cutoffs = table_of(schema, "cutoffs");
	source->owner = owner_of(table_of(schema, "customer"));
	return source;
}

/* From now on altering these tables makes the source invalid. */
static void
watch(Kept *kept, Oid schema, Oid source)
{
	static const char *const names[] = {"customer", "queue",  "cutoffs",
										"settings", "source", "fact_source"};
	List *relations = find_all_inheritors(source, NoLock, NULL);
	ListCell *cell;

	if (kept->relations != NULL)
		pfree(kept->relations);
	kept->relations = NULL;
	kept->watched = 0;
	kept->relations = MemoryContextAlloc(TopMemoryContext,
										 (lengthof(names) + list_length(relations)) * sizeof(Oid));
	for (int i = 0; i < (int) lengthof(names); i++)
		kept->relations[kept->watched++] = get_relname_relid(names[i], schema);
	foreach (cell, relations)
		kept->relations[kept->watched++] = lfirst_oid(cell);
	list_free(relations);
}

/* The columns that orders are read from, where that can be done without a plan. */
static bool
read_columns(Datum columns, OrderColumns *result)
{
	ArrayType *array = DatumGetArrayTypeP(columns);
	const int16 *numbers = (const int16 *) ARR_DATA_PTR(array);

	if (ARR_ELEMTYPE(array) != INT2OID || ARR_NDIM(array) != 1 ||
		ARR_DIMS(array)[0] != ORDER_COLUMNS || ARR_HASNULL(array))
		elog(ERROR, "unexpected columns of a source");
	*result = (OrderColumns){numbers[0], numbers[1], numbers[2], numbers[3], NULL};
	return true;
}

static char *
text_of(const Source *source, HeapTuple row, TupleDesc columns, int number)
{
	char *text = SPI_getvalue(row, columns, number);

	return text == NULL ? NULL : MemoryContextStrdup(source->context, text);
}

static const char *
event_of(const TriggerData *trigger)
{
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		return "insert";
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return "update";
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return "delete";
	return "truncate";
}

/*
 * Has customer_value_internal.change_statements() or fact_statements() say what the source is, which check that
 * the base wants this table; the statements too, where they are needed in any case or asked for. The table may have
 * been tracked since this transaction took its snapshot, so a new one is used.
 */
static void
look_up(Source *source, const TriggerData *trigger, bool planned)
{
	enum
	{
		READ_FORCE = 1,
		WRITE,
		AHEAD,
		COLUMNS,
		TIME_ZONE
	};
	Oid types[] = {OIDOID, OIDOID, TEXTOID, BOOLOID};
	Datum arguments[] = {ObjectIdGetDatum(source->type),
						 ObjectIdGetDatum(RelationGetRelid(trigger->tg_relation)),
						 CStringGetTextDatum(event_of(trigger)), BoolGetDatum(planned)};
	HeapTuple row;
	TupleDesc columns;
	Datum numbers;
	bool by_plan;

	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_with_args(psprintf("SELECT in_force, write, ahead, columns, time_zone FROM "
									   "customer_value_internal.%s($1, $2, $3, $4)",
									   source->of_facts ? "fact_statements" : "change_statements"),
							  lengthof(types), types, arguments, NULL, true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "no statements for trigger \"%s\"", trigger->tg_trigger->tgname);
	PopActiveSnapshot();

	row = SPI_tuptable->vals[0];
	columns = SPI_tuptable->tupdesc;
	source->read_force = text_of(source, row, columns, READ_FORCE);
	source->write = text_of(source, row, columns, WRITE);
	source->ahead = text_of(source, row, columns, AHEAD);
	source->is_queued = source->read_force == NULL;
	numbers = SPI_getbinval(row, columns, COLUMNS, &by_plan);
	source->is_direct = !by_plan && read_columns(numbers, &source->columns);
	if (source->is_direct)
		source->columns.time_zone = text_of(source, row, columns, TIME_ZONE);
	source->is_nothing = source->write == NULL && !source->is_direct;
}

/*
 * source_make_ready
 *
 * Finds out the rest. The caller acts as the owner and is connected to SPI.
 */
void
source_make_ready(Source *source, const TriggerData *trigger)
{
	static const Oid types[] = {REGTYPEOID, REGCLASSOID, TEXTOID, BOOLOID};
	Kept *kept = find_kept(trigger->tg_trigger->tgoid);
	Oid schema = get_rel_namespace(source->cutoffs);
	Oid statements = LookupFuncName(
		list_make2(makeString("customer_value_internal"), makeString("change_statements")),
		lengthof(types), types, false);

	statements_hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(statements));
	/* an alteration that is seen from here on counts */
	watch(kept, schema, RelationGetRelid(trigger->tg_relation));
	kept->is_valid = true;

	look_up(source, trigger, false);
	source->settled_at_column = get_attnum(source->cutoffs, "settled_at");
	source->keys_column = get_attnum(source->cutoffs, "keys");
	if (source->is_direct)
		source->is_direct =
			customer_tables_open(&source->tables, schema, source->owner, source->context);

	MemoryContextSetParent(source->context, TopMemoryContext);
	source->is_ready = true;
	kept->source = source;
}

pg_noreturn static void
lost_cutoffs(const Source *source)
{
	ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
					errmsg("customer base \"%s\" has lost the row of its table \"cutoffs\"",
						   get_namespace_name(get_rel_namespace(source->cutoffs)))));
}

static State
read_state(const Source *source, Snapshot snapshot)
{
	Relation cutoffs = table_open(source->cutoffs, AccessShareLock);
	TableScanDesc scan = executor_table_beginscan(cutoffs, snapshot);
	TupleTableSlot *slot = table_slot_create(cutoffs, NULL);
	State state;
	bool is_null;

	if (pg_class_aclcheck(source->cutoffs, source->owner, ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(cutoffs));
	if (!table_scan_getnextslot(scan, ForwardScanDirection, slot))
		lost_cutoffs(source);
	state.settled_at = DatumGetTimestampTz(slot_getattr(slot, source->settled_at_column, &is_null));
	state.keys = DatumGetInt64(slot_getattr(slot, source->keys_column, &is_null));
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	table_close(cutoffs, AccessShareLock);
	return state;
}

/*
 * Reads what is in force as it stands now: a transaction that began before the last rebalance would see,
 * and class by, what is no longer in force.
 */
static void
read_force(Source *source, Snapshot snapshot)
{
	bool is_null;
	Datum force;

	SPI_connect();
	if (source->read_plan == NULL)
		source->read_plan = kept_plan_make(source->read_force, 0, NULL);
	if (SPI_execute_snapshot(source->read_plan, NULL, NULL, snapshot, InvalidSnapshot, true, false,
							 1) != SPI_OK_SELECT)
		elog(ERROR, "what is in force was not read: %s", SPI_result_code_string(SPI_result));
	if (SPI_processed != 1)
		lost_cutoffs(source);
	force = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);

	/* a plan has what was in force as a constant */
	kept_plan_retire(source->write_plan);
	source->write_plan = NULL;
	if (source->classifier != NULL)
		classifier_retire(source->classifier);
	source->classifier = NULL;
	source->classifier = classifier_make(DatumGetHeapTupleHeader(force), source->context);
	source->settled_at = DatumGetTimestampTz(
		GetAttributeByName(DatumGetHeapTupleHeader(force), "settled_at", &is_null));
	SPI_finish();
}

/*
 * source_bring_up_to_date
 *
 * Sees to it that the statement goes by what is in force. A transaction that keeps an old snapshot does not see
 * which customers were merged or forgotten since, and would write to them: it has to fail. There must be
 * an active snapshot that is new.
 */
void
source_bring_up_to_date(Source *source)
{
	State now;

	if (source->is_queued && !IsolationUsesXactSnapshot())
		return;
	now = read_state(source, GetActiveSnapshot());
	if (IsolationUsesXactSnapshot() &&
		now.keys != read_state(source, GetTransactionSnapshot()).keys)
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("could not serialize access since customers were merged or "
							   "forgotten"),
						errhint("The transaction might succeed if retried.")));
	if (!source->is_queued && (source->classifier == NULL || now.settled_at != source->settled_at))
		read_force(source, GetActiveSnapshot());
}

static Node *
constant_in_force(ParseState *state, ParamRef *parameter)
{
	const Source *source = state->p_ref_hook_state;
	HeapTupleHeader force = classifier_in_force(source->classifier);

	if (parameter->number != 1)
		return NULL;
	return (Node *) makeConst(HeapTupleHeaderGetTypeId(force), -1, InvalidOid, -1,
							  PointerGetDatum(force), false, false);
}

static void
set_up_parser(ParseState *state, void *source)
{
	state->p_paramref_hook = constant_in_force;
	state->p_ref_hook_state = source;
}

/*
 * source_make_plans
 *
 * Plans the statements, with what is in force now as a constant: much of it then comes to nothing. SPI
 * must be connected.
 */
void
source_make_plans(Source *source, const TriggerData *trigger)
{
	if (source->write == NULL)
	{
		bool is_direct = source->is_direct;

		look_up(source, trigger, true);
		source->is_direct = is_direct;
	}
	if (source->write_plan == NULL)
		source->write_plan = source->is_queued
								 ? kept_plan_make(source->write, 0, NULL)
								 : kept_plan_make_with(source->write, set_up_parser, source);
	if (source->ahead_plan == NULL && source->ahead != NULL)
		source->ahead_plan = kept_plan_make(source->ahead, 0, NULL);
}
