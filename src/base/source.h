/*
 * source.h
 *	  What a trigger on a tracked table has to know of its source, kept in the backend.
 */
#ifndef CUSTOMER_VALUE_SOURCE_H
#define CUSTOMER_VALUE_SOURCE_H

#include "postgres.h"

#include "commands/trigger.h"
#include "utils/snapshot.h"

#include "base/net_changes.h"
#include "base/write_customers.h"

/*
 * A source as one of its triggers sees it. It is good for the statement that asked for it: after a table of
 * the base or the source was altered the next statement gets another one, and this one is freed at the
 * end of the transaction.
 */
typedef struct Source
{
	MemoryContext context;
	bool is_ready;
	Oid type;      /* stands for the source in the condition of its triggers */
	bool of_facts; /* which is a table of facts, not of orders */
	bool is_queued;
	bool is_nothing; /* what was a partition once: its changes are left alone */
	Oid owner;       /* of the base */
	Oid cutoffs;     /* the base's table of what is in force */
	AttrNumber settled_at_column;
	AttrNumber keys_column;

	/* what writing without a plan needs, where that can be done */
	bool is_direct;
	OrderColumns columns;
	CustomerTables tables;

	/* the statements for where it cannot; NULL until they are needed */
	char *read_force; /* reads what is in force; NULL for a queued source */
	char *write;      /* brings the touched customers up to date, or queues their changes */
	char *ahead;      /* keeps account of new partitions, if there are any */
	SPIPlanPtr read_plan;
	SPIPlanPtr write_plan;
	SPIPlanPtr ahead_plan;

	/* what is in force, as it was last read */
	Classifier *classifier;
	TimestampTz settled_at; /* when that came into force */
} Source;

extern Source *source_of(const TriggerData *trigger);
extern void source_make_ready(Source *source, const TriggerData *trigger);
extern void source_bring_up_to_date(Source *source);
extern void source_make_plans(Source *source, const TriggerData *trigger);

#endif
