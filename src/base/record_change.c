/*
 * record_change.c
 *	  What follows from a change of a customer: for its class and segment a row of history, and a message
 *	  where that is wanted; for its facts a place in the queue.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/kept_plan.h"
#include "base/owner.h"
#include "support/compat.h"

PG_FUNCTION(customer_value_record_change);

/* The kept plans of a table of customers. */
typedef struct History
{
	Oid customers;
	Oid key;          /* the type of its keys */
	SPIPlanPtr write; /* a row of history; returns whether listeners want to know */
	SPIPlanPtr tell;  /* them */
	SPIPlanPtr queue; /* a customer for the next rebalance */
} History;

static HTAB *histories = NULL;

/* What the server takes for a message; instead of a longer one, listeners are only told of the base. */
#define LONGEST_MESSAGE 8000

/* What happened to a customer, as the plan that tells it takes it; that which writes takes a row of it. */
enum
{
	CUSTOMER,
	CLASS,
	OLD_CLASS,
	NEW_CLASS,
	CLASS_REASON,
	SEGMENT,
	OLD_SEGMENT,
	NEW_SEGMENT,
	SEGMENT_REASON,
	PARAMETERS
};

#define ROW_PARAMETERS (SEGMENT - CLASS + 1)

/*
 * A column of one version of a customer's row; NULL where there is no such version. The table may be
 * any that somebody has put the trigger on; InvalidOid stands for any type.
 */
static Datum
column(HeapTuple row, TupleDesc columns, const char *name, Oid type, bool *is_null)
{
	int number = SPI_fnumber(columns, name);

	if (number <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("the table of customers has no column \"%s\"", name)));
	if (OidIsValid(type) && SPI_gettypeid(columns, number) != type)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"%s\" of the table of customers must be of type %s", name,
							   format_type_be(type))));
	*is_null = true;
	return row == NULL ? (Datum) 0 : SPI_getbinval(row, columns, number, is_null);
}

/*
 * A rebalance says "order" of all in the queue. Those whose ledger it leaves alone have other facts
 * than before, or were classed by cut-offs that were just being replaced.
 */
static const char *
reason_of_segment(const char *reason, HeapTuple old_row, HeapTuple new_row, TupleDesc columns)
{
	Datum old_ledger;
	Datum new_ledger;
	bool old_null;
	bool new_null;
	Form_pg_attribute ledger;

	if (strcmp(reason, "order") != 0)
		return reason;
	old_ledger = column(old_row, columns, "value", InvalidOid, &old_null);
	new_ledger = column(new_row, columns, "value", InvalidOid, &new_null);
	ledger = TupleDescAttr(columns, SPI_fnumber(columns, "value") - 1);
	if (!old_null && !new_null &&
		datum_image_eq(old_ledger, new_ledger, ledger->attbyval, ledger->attlen))
		return "fact";
	return reason;
}

/*
 * A rebalance says "date" or "rules" and means the segments: it moves a customer to another class
 * because of a cut-off, unless its own basis moved, as it does when days leave the period. When it
 * says "basis", since another figure counts from now on, that is why its basis moved. Nor do facts
 * move a customer to another class.
 */
static const char *
reason_of_class(const char *reason, HeapTuple old_row, HeapTuple new_row, TupleDesc columns)
{
	Datum old_basis;
	Datum new_basis;
	bool old_null;
	bool new_null;

	if (strcmp(reason, "date") != 0 && strcmp(reason, "rules") != 0 &&
		strcmp(reason, "basis") != 0 && (strcmp(reason, "fact") != 0 || old_row == NULL))
		return reason;
	old_basis = column(old_row, columns, "basis", NUMERICOID, &old_null);
	new_basis = column(new_row, columns, "basis", NUMERICOID, &new_null);
	if (!old_null && !new_null &&
		!DatumGetBool(DirectFunctionCall2(numeric_eq, old_basis, new_basis)))
		return strcmp(reason, "basis") == 0 ? reason : "date";
	return "cut-off";
}

static History *
find_history(Relation customers)
{
	Oid relation = RelationGetRelid(customers);
	Oid key = SPI_gettypeid(customers->rd_att, SPI_fnumber(customers->rd_att, "customer_id"));
	History *history;
	const char *base;
	Oid types[PARAMETERS] = {key,     TEXTOID, TEXTOID, TEXTOID, TEXTOID,
							 TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	bool found;

	if (histories == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(History)};

		histories = hash_create("customer_value histories", 8, &control, HASH_ELEM | HASH_BLOBS);
	}
	history = hash_search(histories, &relation, HASH_ENTER, &found);
	if (!found)
		history->write = history->tell = history->queue = NULL;
	if (history->queue != NULL && history->key == key && SPI_plan_is_valid(history->write) &&
		SPI_plan_is_valid(history->tell) && SPI_plan_is_valid(history->queue))
		return history;

	kept_plan_retire(history->write);
	kept_plan_retire(history->tell);
	kept_plan_retire(history->queue);
	history->write = history->tell = history->queue = NULL;
	owner_check(customers, "change");
	owner_check(customers, "settings");
	owner_check(customers, "queue");
	history->key = key;
	base = quote_identifier(get_namespace_name(RelationGetNamespace(customers)));
	history->write = kept_plan_make(
		psprintf("INSERT INTO %s.change (customer_id, what, old_value, new_value, reason)"
				 " SELECT $1, $2, $3, $4, $5 WHERE $3 IS NOT NULL"
				 " OR EXISTS (SELECT FROM %s.change AS c WHERE c.customer_id = $1 AND c.what = $2)"
				 " RETURNING (SELECT s.notify FROM %s.settings AS s)",
				 base, base, base),
		ROW_PARAMETERS, types);
	history->tell = kept_plan_make(
		psprintf("SELECT pg_notify('customer_value', CASE WHEN octet_length(m.whole::text) < %d"
				 " THEN m.whole::text ELSE jsonb_build_object('base', b.base)::text END)"
				 " FROM %s.settings AS s,"
				 " LATERAL (SELECT n.nspname FROM pg_class AS r"
				 " JOIN pg_namespace AS n ON n.oid = r.relnamespace"
				 " WHERE r.oid = s.tableoid) AS b(base),"
				 " LATERAL (SELECT jsonb_build_object('base', b.base, 'customer', $1) ||"
				 " jsonb_object_agg(c.what, jsonb_build_object("
				 "'old', c.old_value, 'new', c.new_value, 'reason', c.reason))"
				 " FROM (VALUES ($2, $3, $4, $5), ($6, $7, $8, $9))"
				 " AS c(what, old_value, new_value, reason)"
				 " WHERE c.old_value IS DISTINCT FROM c.new_value) AS m(whole)",
				 LONGEST_MESSAGE, base),
		PARAMETERS, types);
	history->queue =
		kept_plan_make(psprintf("INSERT INTO %s.queue (customer_id) VALUES ($1)", base), 1, &key);
	return history;
}

/* Has a customer other facts than before? The same ones, stored in another way, do count as others. */
static bool
has_other_facts(HeapTuple old_row, HeapTuple new_row, TupleDesc columns)
{
	bool old_null;
	bool new_null;
	Datum old_facts = column(old_row, columns, "facts", JSONBOID, &old_null);
	Datum new_facts = column(new_row, columns, "facts", JSONBOID, &new_null);

	return old_null != new_null || (!old_null && !datum_image_eq(old_facts, new_facts, false, -1));
}

/*
 * Writes a row of history for the class or the segment, whose parameters begin at `what`, if that changed;
 * tells whether listeners want to know. What is given for the first time is no change.
 */
static bool
write_row(const History *history, const Datum *values, const char *nulls, int what)
{
	const Datum *change = &values[what];
	Datum row[ROW_PARAMETERS] = {values[CUSTOMER], change[0], change[1], change[2], change[3]};
	char row_nulls[ROW_PARAMETERS] = {nulls[CUSTOMER], ' ', nulls[what + 1], nulls[what + 2], ' '};
	bool is_null;

	if (nulls[what + 1] == nulls[what + 2] &&
		(nulls[what + 1] == 'n' || datum_image_eq(change[1], change[2], false, -1)))
		return false;
	if (SPI_execute_plan(history->write, row, row_nulls, false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "history was not written: %s", SPI_result_code_string(SPI_result));
	/* none the first time, or where a trigger of the owner's has kept the row out */
	return SPI_processed == 1 &&
		   DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
}

/*
 * customer_value_internal.record_change() returns trigger
 *
 * AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW on a base's table of customers. The reason is what
 * the setting customer_value.reason says; all that changes customers sets it. Where nobody did, it
 * is 'manual'. If the base's settings want it, those who listen on the channel customer_value are
 * told, when the transaction commits. A customer whose facts changed is put into the queue, for the
 * next rebalance to bring it up to date.
 */
Datum
customer_value_record_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc columns;
	HeapTuple old_row = NULL;
	HeapTuple new_row = NULL;
	const char *reason;
	Datum values[PARAMETERS];
	bool is_null[PARAMETERS] = {false};
	char nulls[PARAMETERS];
	const History *history;
	bool first;
	bool wanted;
	OwnerState saved;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("customer_value_internal.record_change() must be fired AFTER EACH ROW")));

	columns = trigger->tg_relation->rd_att;
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		new_row = trigger->tg_trigtuple;
	else
	{
		old_row = trigger->tg_trigtuple;
		if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
			new_row = trigger->tg_newtuple;
	}
	reason = GetConfigOption("customer_value.reason", true, false);
	if (reason == NULL || reason[0] == '\0')
		reason = "manual";
	reason = reason_of_segment(reason, old_row, new_row, columns);

	values[CUSTOMER] =
		column(new_row ? new_row : old_row, columns, "customer_id", InvalidOid, &is_null[CUSTOMER]);
	values[CLASS] = CStringGetTextDatum("class");
	values[OLD_CLASS] = column(old_row, columns, "abc_class", TEXTOID, &is_null[OLD_CLASS]);
	values[NEW_CLASS] = column(new_row, columns, "abc_class", TEXTOID, &is_null[NEW_CLASS]);
	values[CLASS_REASON] = CStringGetTextDatum(reason_of_class(reason, old_row, new_row, columns));
	values[SEGMENT] = CStringGetTextDatum("segment");
	values[OLD_SEGMENT] = column(old_row, columns, "segment", TEXTOID, &is_null[OLD_SEGMENT]);
	values[NEW_SEGMENT] = column(new_row, columns, "segment", TEXTOID, &is_null[NEW_SEGMENT]);
	values[SEGMENT_REASON] = CStringGetTextDatum(strcmp(reason, "basis") == 0 ? "date" : reason);
	for (int i = 0; i < PARAMETERS; i++)
		nulls[i] = is_null[i] ? 'n' : ' ';

	owner_enter(&saved, trigger->tg_relation->rd_rel->relowner);
	SPI_connect();
	history = find_history(trigger->tg_relation);
	wanted = write_row(history, values, nulls, CLASS);
	/* The segment that orders gave before the first rebalance was for the time being; who is unmerged has a history. */
	first = old_row != NULL && is_null[OLD_CLASS] && !is_null[NEW_CLASS] &&
			strcmp(reason, "unmerge") != 0;
	if (!first && write_row(history, values, nulls, SEGMENT))
		wanted = true;
	if (wanted && SPI_execute_plan(history->tell, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "listeners were not told: %s", SPI_result_code_string(SPI_result));
	if (new_row != NULL && has_other_facts(old_row, new_row, columns) &&
		SPI_execute_plan(history->queue, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "customer was not queued: %s", SPI_result_code_string(SPI_result));
	SPI_finish();
	owner_leave(&saved);

	return PointerGetDatum(NULL);
}
