/*
 * track_change.c
 *	  The trigger on tracked tables of orders: the net change of a statement goes into the ledgers of
 *	  the customers it touched, in the writer's transaction and with the rights of the base's owner.
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
#include "executor/spi.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "base/kept_plan.h"
#include "base/owner.h"
#include "common/compat.h"

PG_FUNCTION(customer_value_track_change);

/* So are the types named that stand for sources. */
#define SOURCE_PREFIX "source_"

/* What is kept of a trigger from statement to statement. */
typedef struct Tracker
{
	Oid trigger;
	Oid source; /* the type that stands for the source */
	Oid cutoffs;
	Oid owner;
	SPIPlanPtr keys; /* reads how often keys changed their meaning */
	SPIPlanPtr
		in_force; /* reads the cut-offs and all else that is in force, but for a queued source */
	SPIPlanPtr write; /* brings the touched customers up to date, or queues their changes */
	SPIPlanPtr ahead; /* keeps account of new partitions, if there are any */
} Tracker;

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

/* The type that stands for the source, from the trigger's condition, and the schema of its base. */
static Oid
source_of(const Trigger *trigger, Oid *schema)
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
		found = strncmp(NameStr(type->typname), SOURCE_PREFIX, strlen(SOURCE_PREFIX)) == 0;
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
find_tracker(const Trigger *trigger)
{
	Tracker *tracker;
	bool found;

	if (trackers == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Tracker)};

		trackers = hash_create("customer_value trackers", 16, &control, HASH_ELEM | HASH_BLOBS);
	}
	tracker = hash_search(trackers, &trigger->tgoid, HASH_ENTER, &found);
	if (!found)
	{
		tracker->keys = NULL;
		tracker->in_force = NULL;
		tracker->write = NULL;
		tracker->ahead = NULL;
	}
	return tracker;
}

static bool
is_ready(const Tracker *tracker)
{
	return tracker->write != NULL && SPI_plan_is_valid(tracker->keys) &&
		   SPI_plan_is_valid(tracker->write) &&
		   (tracker->in_force == NULL || SPI_plan_is_valid(tracker->in_force)) &&
		   (tracker->ahead == NULL || SPI_plan_is_valid(tracker->ahead));
}

/*
 * make_ready
 *
 * Has the statements written by customer_value.change_statements(), which also checks that the
 * base wants this table, and keeps their plans. They become invalid when anything they use is
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
		event = "insert";
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
			"SELECT in_force, write, ahead FROM customer_value.change_statements($1, $2, $3)", 3,
			argument_types, arguments, NULL, true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "no statements for trigger \"%s\"", trigger->tg_trigger->tgname);
	PopActiveSnapshot();
	in_force = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	write = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	ahead = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3);

	kept_plan_retire(tracker->keys);
	kept_plan_retire(tracker->in_force);
	kept_plan_retire(tracker->write);
	kept_plan_retire(tracker->ahead);
	tracker->keys = tracker->in_force = tracker->write = tracker->ahead = NULL;
	if (write == NULL)
		return;
	tracker->keys = kept_plan_make(
		psprintf("SELECT keys FROM %s.cutoffs",
				 quote_identifier(get_namespace_name(get_rel_namespace(tracker->cutoffs)))),
		0, NULL);
	if (ahead != NULL)
		tracker->ahead = kept_plan_make(ahead, 0, NULL);
	if (in_force == NULL)
		tracker->write = kept_plan_make(write, 0, NULL);
	else
	{
		CachedPlanSource *source;
		Oid type;

		tracker->in_force = kept_plan_make(in_force, 0, NULL);
		source = (CachedPlanSource *) linitial(SPI_plan_get_plan_sources(tracker->in_force));
		type = TupleDescAttr(source->resultDesc, 0)->atttypid;
		tracker->write = kept_plan_make(write, 1, &type);
	}
}

/*
 * read_in_force
 *
 * Reads the row of cutoffs as it stands now: a transaction that began before the last rebalance
 * would see, and class by, what is no longer in force.
 */
static Datum
read_in_force(const Tracker *tracker)
{
	bool is_null;
	Snapshot snapshot = IsolationUsesXactSnapshot() ? GetLatestSnapshot() : InvalidSnapshot;

	if (SPI_execute_snapshot(tracker->in_force, NULL, NULL, snapshot, InvalidSnapshot, false, false,
							 1) != SPI_OK_SELECT)
		elog(ERROR, "cut-offs were not read: %s", SPI_result_code_string(SPI_result));
	if (SPI_processed != 1)
		ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
						errmsg("customer base \"%s\" has lost the row of its table \"cutoffs\"",
							   get_namespace_name(get_rel_namespace(tracker->cutoffs)))));
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
}

static int64
read_keys(const Tracker *tracker, Snapshot snapshot)
{
	bool is_null;

	if (SPI_execute_snapshot(tracker->keys, NULL, NULL, snapshot, InvalidSnapshot, false, false,
							 1) != SPI_OK_SELECT)
		elog(ERROR, "keys were not read: %s", SPI_result_code_string(SPI_result));
	return SPI_processed == 0 ? 0
							  : DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
															SPI_tuptable->tupdesc, 1, &is_null));
}

/*
 * check_keys
 *
 * A transaction that keeps an old snapshot does not see which customers were merged or forgotten
 * since, and would write to them.
 */
static void
check_keys(const Tracker *tracker)
{
	if (IsolationUsesXactSnapshot() &&
		read_keys(tracker, GetLatestSnapshot()) != read_keys(tracker, InvalidSnapshot))
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("could not serialize access since customers were merged or "
							   "forgotten"),
						errhint("The transaction might succeed if retried.")));
}

static void
write_changes(SPIPlanPtr plan, Datum in_force, Snapshot snapshot, Snapshot crosscheck)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		if (SPI_execute_snapshot(plan, &in_force, NULL, snapshot, crosscheck, false, true, 0) < 0)
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
				 errmsg("customer_value.track_change() must be fired for each statement, AFTER "
						"changes with transition tables or BEFORE TRUNCATE"),
				 errhint("Use customer_value.track_orders().")));
}

/*
 * bring_changes
 *
 * Brings what the statement changed to the base.
 */
static void
bring_changes(const Tracker *tracker, const TriggerData *trigger)
{
	Datum in_force = (Datum) 0;
	Snapshot snapshot = InvalidSnapshot;
	Snapshot crosscheck = InvalidSnapshot;

	check_keys(tracker);
	if (tracker->in_force != NULL)
		in_force = read_in_force(tracker);

	/*
	 * TRUNCATE removes rows that a transaction's snapshot may be too old to see, so they are read
	 * by a new one; customers changed since then end in a serialization failure, as they should.
	 */
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) && IsolationUsesXactSnapshot())
	{
		snapshot = GetLatestSnapshot();
		crosscheck = GetTransactionSnapshot();
	}
	write_changes(tracker->write, in_force, snapshot, crosscheck);
	if (tracker->ahead != NULL)
		write_changes(tracker->ahead, in_force, snapshot, crosscheck);
}

/*
 * customer_value.track_change() returns trigger
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

	tracker = find_tracker(trigger->tg_trigger);
	if (!is_ready(tracker))
	{
		Oid schema;

		tracker->source = source_of(trigger->tg_trigger, &schema);
		tracker->cutoffs = table_of(schema, "cutoffs");
		tracker->owner = owner_of(table_of(schema, "customer"));
	}

	owner_enter(&saved, tracker->owner);
	(void) set_config_option("customer_value.reason", "order", PGC_USERSET, PGC_S_SESSION,
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
