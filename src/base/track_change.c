/*
 * track_change.c
 *	  The trigger on tracked tables: the net change of a statement on orders goes into the ledgers of
 *	  the customers it touched, facts go with the customers whose rows were written, in the writer's
 *	  transaction and with the rights of the base's owner.
 *
 * How the trigger knows its base. Each source of a base has a type of its own in the base's schema,
 * source_1, source_2 ..., and the condition of its triggers names that type: WHEN (NULL::shop.source_1
 * IS NULL). So trigger and base hang together by an ordinary dependency and not by name: either may be
 * renamed, dropping the type takes the triggers along, and a dump carries all of it.
 *
 * Writers and rebalances. A writer brings the customers it touches up to date against what is in force,
 * and puts them into the base's queue, where the next rebalance finds whose basis it has to count anew.
 * A rebalance that is under way may be about to replace the cut-offs that the writer goes by: the queue
 * says which those were, and the rebalance after it sets that right. So neither waits for the other, but
 * for the rows of customers themselves; nothing indexed changes in these, and updates are HOT.
 *
 * The writers of a queued source do not even touch those. They append the net changes of their customers
 * to the queue, where rebalance takes the rows that it sees, and deletes them as it adds them to the
 * ledgers: a row is in the queue or in a ledger, whatever moment one looks at. Writers wait for nothing.
 *
 * Partitions each have triggers of their own, since a statement fires those of the table that it names
 * and no others. How a base learns of new ones is told in partition.sql.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_node.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/kept_plan.h"
#include "base/owner.h"
#include "support/compat.h"

PG_FUNCTION(customer_value_track_change);

/* So are the types named that stand for sources. */
#define SOURCE_PREFIX "source_"
#define FACTS_PREFIX "facts_"

/* A trigger, and whether it is about the insertion of a single row, which needs no grouping. */
typedef struct TrackerKey
{
	Oid trigger;
	uint32 one_row;
} TrackerKey;

/* What is kept of a trigger from statement to statement. */
typedef struct Tracker
{
	TrackerKey key;
	Oid source;    /* the type that stands for the source */
	bool of_facts; /* which is a table of facts, not of orders */
	Oid cutoffs;
	Oid owner;
	SPIPlanPtr state;    /* reads a State */
	SPIPlanPtr in_force; /* reads what is in force, but for a queued source */
	char *statement;     /* what write is planned from */
	Datum force;         /* what is in force, a constant in write */
	Oid force_type;
	TimestampTz settled_at; /* when that came into force */
	SPIPlanPtr write;       /* brings the touched customers up to date, or queues their changes */
	SPIPlanPtr ahead;       /* keeps account of new partitions, if there are any */
} Tracker;

/* What tells a tracker that it is no longer up to date. */
typedef struct State
{
	TimestampTz settled_at; /* when what is in force came into force */
	int64 keys;             /* how often keys changed their meaning */
} State;

static HTAB *trackers = NULL;

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
 * The type that stands for the source, from the trigger's condition, whether that is one of facts, and
 * the schema of its base.
 */
static Oid
source_of(const Trigger *trigger, bool *of_facts, Oid *schema)
{
	Oid source = InvalidOid;
	bool found = false;

	if (trigger->tgqual != NULL && find_constant(stringToNode(trigger->tgqual), &source))
	{
		HeapTuple row = SearchSysCache1(TYPEOID, ObjectIdGetDatum(source));
		Form_pg_type type;

		if (!HeapTupleIsValid(row))
			elog(ERROR, "cache lookup failed for type %u", source);
		type = (Form_pg_type) GETSTRUCT(row);
		*of_facts = strncmp(NameStr(type->typname), FACTS_PREFIX, strlen(FACTS_PREFIX)) == 0;
		found =
			*of_facts || strncmp(NameStr(type->typname), SOURCE_PREFIX, strlen(SOURCE_PREFIX)) == 0;
		*schema = type->typnamespace;
		ReleaseSysCache(row);
	}
	if (!found)
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("trigger \"%s\" belongs to no customer base", trigger->tgname),
						errhint("Use customer_value.track_orders().")));
	return source;
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

/* The tracker of a trigger; its plans are still NULL where it is new. */
static Tracker *
find_tracker(const TriggerData *trigger)
{
	TrackerKey key = {trigger->tg_trigger->tgoid,
					  TRIGGER_FIRED_BY_INSERT(trigger->tg_event) &&
						  tuplestore_tuple_count(trigger->tg_newtable) == 1};
	Tracker *tracker;
	bool found;

	if (trackers == NULL)
	{
		HASHCTL control = {.keysize = sizeof(TrackerKey), .entrysize = sizeof(Tracker)};

		trackers = hash_create("customer_value trackers", 16, &control, HASH_ELEM | HASH_BLOBS);
	}
	tracker = hash_search(trackers, &key, HASH_ENTER, &found);
	if (!found)
	{
		tracker->state = tracker->in_force = tracker->write = tracker->ahead = NULL;
		tracker->statement = NULL;
		tracker->force = (Datum) 0;
	}
	return tracker;
}

static bool
is_ready(const Tracker *tracker)
{
	return tracker->write != NULL && SPI_plan_is_valid(tracker->state) &&
		   SPI_plan_is_valid(tracker->write) &&
		   (tracker->in_force == NULL || SPI_plan_is_valid(tracker->in_force)) &&
		   (tracker->ahead == NULL || SPI_plan_is_valid(tracker->ahead));
}

/* What a statement that is about to begin would see, whatever the transaction sees. */
static Snapshot
latest_snapshot(void)
{
	return IsolationUsesXactSnapshot() ? GetLatestSnapshot() : InvalidSnapshot;
}

static Node *
constant_in_force(ParseState *state, ParamRef *parameter)
{
	const Tracker *tracker = state->p_ref_hook_state;

	if (parameter->number != 1)
		return NULL;
	return (Node *) makeConst(tracker->force_type, -1, InvalidOid, -1, tracker->force, false,
							  false);
}

static void
set_up_parser(ParseState *state, void *tracker)
{
	state->p_paramref_hook = constant_in_force;
	state->p_ref_hook_state = tracker;
}

pg_noreturn static void
lost_cutoffs(const Tracker *tracker)
{
	ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
					errmsg("customer base \"%s\" has lost the row of its table \"cutoffs\"",
						   get_namespace_name(get_rel_namespace(tracker->cutoffs)))));
}

/*
 * plan_by_force
 *
 * Plans the statement anew, with what is in force now as a constant: much of it then comes to nothing,
 * and setting up and running a plan is what a statement of few rows spends its time on. It is read as it
 * stands now: a transaction that began before the last rebalance would see, and class by, what is no
 * longer in force.
 */
static void
plan_by_force(Tracker *tracker, Snapshot snapshot)
{
	MemoryContext caller;
	bool is_null;
	Datum force;

	if (SPI_execute_snapshot(tracker->in_force, NULL, NULL, snapshot, InvalidSnapshot, false, false,
							 1) != SPI_OK_SELECT)
		elog(ERROR, "what is in force was not read: %s", SPI_result_code_string(SPI_result));
	if (SPI_processed != 1)
		lost_cutoffs(tracker);
	force = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	kept_plan_retire(tracker->write);
	tracker->write = NULL;
	if (DatumGetPointer(tracker->force) != NULL)
		pfree(DatumGetPointer(tracker->force));
	tracker->force = (Datum) 0;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	tracker->force = datumCopy(force, false, -1);
	MemoryContextSwitchTo(caller);
	tracker->force_type = SPI_gettypeid(SPI_tuptable->tupdesc, 1);
	tracker->settled_at = DatumGetTimestampTz(
		GetAttributeByName(DatumGetHeapTupleHeader(force), "settled_at", &is_null));
	tracker->write = kept_plan_make_with(tracker->statement, set_up_parser, tracker);
}

/*
 * make_ready
 *
 * Has the statements written by customer_value_internal.change_statements(), or fact_statements(), which also
 * check that the base wants this table, and keeps their plans. They become invalid when anything they use is
 * altered, the tracked table included. The table may have been tracked since this transaction took
 * its snapshot, so a new one is used.
 */
static void
make_ready(Tracker *tracker, const TriggerData *trigger)
{
	Oid argument_types[] = {OIDOID, OIDOID, TEXTOID};
	Datum arguments[3];
	char *in_force;
	char *write;
	char *ahead;
	const char *event;

	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		event = tracker->key.one_row ? "insert one" : "insert";
	else if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		event = "update";
	else if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		event = "delete";
	else
		event = "truncate";

	arguments[0] = ObjectIdGetDatum(tracker->source);
	arguments[1] = ObjectIdGetDatum(RelationGetRelid(trigger->tg_relation));
	arguments[2] = CStringGetTextDatum(event);
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_with_args(
			psprintf("SELECT in_force, write, ahead FROM customer_value_internal.%s($1, $2, $3)",
					 tracker->of_facts ? "fact_statements" : "change_statements"),
			3, argument_types, arguments, NULL, true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "no statements for trigger \"%s\"", trigger->tg_trigger->tgname);
	PopActiveSnapshot();
	in_force = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	write = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	ahead = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3);

	kept_plan_retire(tracker->state);
	kept_plan_retire(tracker->in_force);
	kept_plan_retire(tracker->write);
	kept_plan_retire(tracker->ahead);
	tracker->state = tracker->in_force = tracker->write = tracker->ahead = NULL;
	if (write == NULL)
		return;
	tracker->state = kept_plan_make(
		psprintf("SELECT settled_at, keys FROM %s.cutoffs",
				 quote_identifier(get_namespace_name(get_rel_namespace(tracker->cutoffs)))),
		0, NULL);
	if (ahead != NULL)
		tracker->ahead = kept_plan_make(ahead, 0, NULL);
	if (in_force == NULL)
		tracker->write = kept_plan_make(write, 0, NULL);
	else
	{
		tracker->in_force = kept_plan_make(in_force, 0, NULL);
		if (tracker->statement != NULL)
			pfree(tracker->statement);
		tracker->statement = NULL;
		tracker->statement = MemoryContextStrdup(TopMemoryContext, write);
		plan_by_force(tracker, latest_snapshot());
	}
}

static State
read_state(const Tracker *tracker, Snapshot snapshot)
{
	State state;
	bool is_null;

	if (SPI_execute_snapshot(tracker->state, NULL, NULL, snapshot, InvalidSnapshot, false, false,
							 1) != SPI_OK_SELECT)
		elog(ERROR, "cut-offs were not read: %s", SPI_result_code_string(SPI_result));
	if (SPI_processed != 1)
		lost_cutoffs(tracker);
	state.settled_at = DatumGetTimestampTz(
		SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	state.keys =
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &is_null));
	return state;
}

/*
 * bring_up_to_date
 *
 * Sees to it that the statement goes by what is in force. A transaction that keeps an old snapshot does
 * not see which customers were merged or forgotten since, and would write to them: it has to fail.
 */
static void
bring_up_to_date(Tracker *tracker)
{
	State now;

	if (tracker->in_force == NULL && !IsolationUsesXactSnapshot())
		return;
	now = read_state(tracker, latest_snapshot());
	if (IsolationUsesXactSnapshot() && now.keys != read_state(tracker, InvalidSnapshot).keys)
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("could not serialize access since customers were merged or "
							   "forgotten"),
						errhint("The transaction might succeed if retried.")));
	if (tracker->in_force != NULL && now.settled_at != tracker->settled_at)
		plan_by_force(tracker, latest_snapshot());
}

static void
write_changes(SPIPlanPtr plan, Snapshot snapshot, Snapshot crosscheck)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		if (SPI_execute_snapshot(plan, NULL, NULL, snapshot, crosscheck, false, true, 0) < 0)
			elog(ERROR, "changes were not written: %s", SPI_result_code_string(SPI_result));
	}
	PG_CATCH();
	{
		owner_rethrow(context);
	}
	PG_END_TRY();
}

/* Has the statement touched any row at all? */
static bool
is_idle(const TriggerData *trigger)
{
	return !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) &&
		   (trigger->tg_newtable == NULL || tuplestore_tuple_count(trigger->tg_newtable) == 0) &&
		   (trigger->tg_oldtable == NULL || tuplestore_tuple_count(trigger->tg_oldtable) == 0);
}

static void
check_protocol(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	bool right = CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event);

	if (right && TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		right = TRIGGER_FIRED_BEFORE(trigger->tg_event);
	else if (right)
		right = TRIGGER_FIRED_AFTER(trigger->tg_event) &&
				(TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || trigger->tg_oldtable != NULL) &&
				(TRIGGER_FIRED_BY_DELETE(trigger->tg_event) || trigger->tg_newtable != NULL);
	if (!right)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("customer_value_internal.track_change() must be fired for each statement, AFTER "
						"changes with transition tables or BEFORE TRUNCATE"),
				 errhint("Use customer_value.track_orders().")));
}

/*
 * bring_changes
 *
 * Brings what the statement changed to the base.
 */
static void
bring_changes(Tracker *tracker, const TriggerData *trigger)
{
	Snapshot snapshot = InvalidSnapshot;
	Snapshot crosscheck = InvalidSnapshot;

	bring_up_to_date(tracker);

	/*
	 * TRUNCATE removes rows that a transaction's snapshot may be too old to see, so they are read
	 * by a new one; customers changed since then end in a serialization failure, as they should.
	 */
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) && IsolationUsesXactSnapshot())
	{
		snapshot = GetLatestSnapshot();
		crosscheck = GetTransactionSnapshot();
	}
	write_changes(tracker->write, snapshot, crosscheck);
	if (tracker->ahead != NULL)
		write_changes(tracker->ahead, snapshot, crosscheck);
}

/*
 * customer_value_internal.track_change() returns trigger
 *
 * Fired for each statement on a tracked table, after INSERT, UPDATE and DELETE with their transition
 * tables, and before TRUNCATE while the rows are still there.
 */
Datum
customer_value_track_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Tracker *tracker;
	OwnerState saved;

	check_protocol(fcinfo);
	if (is_idle(trigger))
		return PointerGetDatum(NULL);

	tracker = find_tracker(trigger);
	if (!is_ready(tracker))
	{
		Oid schema;

		tracker->source = source_of(trigger->tg_trigger, &tracker->of_facts, &schema);
		tracker->cutoffs = table_of(schema, "cutoffs");
		tracker->owner = owner_of(table_of(schema, "customer"));
	}

	owner_enter(&saved, tracker->owner);
	(void) set_config_option("customer_value.reason", tracker->of_facts ? "fact" : "order",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (tracker->of_facts && extra_float_digits < 1) /* facts hold floats to the last digit */
		(void) set_config_option("extra_float_digits", "1", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (SPI_register_trigger_data(trigger) != SPI_OK_TD_REGISTER)
		elog(ERROR, "transition tables were not registered");
	if (!is_ready(tracker))
		make_ready(tracker, trigger);
	if (tracker->write != NULL)
		bring_changes(tracker, trigger);
	SPI_finish();
	owner_leave(&saved);

	return PointerGetDatum(NULL);
}
