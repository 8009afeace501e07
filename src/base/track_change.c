/*
 * track_change.c
 *	  The trigger on tracked tables: the net change of a statement on orders goes into the ledgers of
 *	  the customers it touched, facts go with the customers whose rows were written, in the writer's
 *	  transaction and with the rights of the base's owner.
 *
 * The path of an order. The trigger knows its source (source.c), reads the net change of each customer off
 * the transition tables (net_changes.c), adds it to the customer's ledger, and says where the customer then
 * stands (write_customers.c, classify.c). A plan of SPI's does the same where that cannot be done directly: before
 * TRUNCATE, in transactions that keep one snapshot, for facts, for filters, for bases that merged or forgot
 * customers, and where partitions are new.
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

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "base/owner.h"
#include "base/source.h"
#include "support/compat.h"

PG_FUNCTION(customer_value_track_change);

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
		ereport(
			ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg(
				 "customer_value_internal.track_change() must be fired for each statement, AFTER "
				 "changes with transition tables or BEFORE TRUNCATE"),
			 errhint("Use customer_value.track_orders().")));
}

static void
execute(SPIPlanPtr plan, Snapshot snapshot, Snapshot crosscheck)
{
	if (SPI_execute_snapshot(plan, NULL, NULL, snapshot, crosscheck, false, true, 0) < 0)
		elog(ERROR, "changes were not written: %s", SPI_result_code_string(SPI_result));
}

/* Has plans bring to the base what the statement changed. */
static void
write_by_plans(Source *source, const TriggerData *trigger)
{
	Snapshot snapshot = InvalidSnapshot;
	Snapshot crosscheck = InvalidSnapshot;

	if (SPI_register_trigger_data((TriggerData *) trigger) != SPI_OK_TD_REGISTER)
		elog(ERROR, "transition tables were not registered");
	source_make_plans(source, trigger);

	/*
	 * TRUNCATE removes rows that a transaction's snapshot may be too old to see, so they are read
	 * by a new one; customers changed since then end in a serialization failure, as they should.
	 */
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) && IsolationUsesXactSnapshot())
	{
		snapshot = GetLatestSnapshot();
		crosscheck = GetTransactionSnapshot();
	}
	execute(source->write_plan, snapshot, crosscheck);
	if (source->ahead_plan != NULL)
		execute(source->ahead_plan, snapshot, crosscheck);
}

/* Brings to the base what the statement changed, without a plan. */
static void
write_directly(Source *source, const TriggerData *trigger)
{
	NetChanges *changes = net_changes_open(trigger, &source->columns, source->tables.key_type,
										   source->tables.key_collation);

	if (source->is_queued)
		write_queue(&source->tables, changes);
	else
		write_customers(&source->tables, changes, source->classifier, source->settled_at);
	net_changes_close(changes);
}

static void
write_changes(Source *source, const TriggerData *trigger)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	source_bring_up_to_date(source);
	if (source->is_direct && !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) &&
		!IsolationUsesXactSnapshot())
	{
		write_directly(source, trigger);
		PopActiveSnapshot();
	}
	else
	{
		PopActiveSnapshot();
		write_by_plans(source, trigger);
	}
}

/* Does what is to be done as the owner. */
static void
follow(Source *source, const TriggerData *trigger)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		SPI_connect();
		if (!source->is_ready)
			source_make_ready(source, trigger);
		if (!source->is_nothing)
			write_changes(source, trigger);
		SPI_finish();
	}
	PG_CATCH();
	{
		owner_rethrow(context);
	}
	PG_END_TRY();
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
	Source *source;
	OwnerState saved;

	check_protocol(fcinfo);
	if (is_idle(trigger))
		return PointerGetDatum(NULL);

	source = source_of(trigger);
	owner_enter(&saved, source->owner);
	(void) set_config_option("customer_value.reason", source->of_facts ? "fact" : "order",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (source->of_facts && extra_float_digits < 1) /* facts hold floats to the last digit */
		(void) set_config_option("extra_float_digits", "1", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	follow(source, trigger);
	owner_leave(&saved);

	return PointerGetDatum(NULL);
}
