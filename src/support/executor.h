/*
 * executor.h
 *	  What writing rows without a plan needs of the executor, on all server versions.
 */
#ifndef CUSTOMER_VALUE_EXECUTOR_H
#define CUSTOMER_VALUE_EXECUTOR_H

#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "utils/rel.h"

/*
 * Gives an executor the tables that it writes to as its range table, and says which columns are
 * updated: triggers, generated columns and indexes go by that.
 */
static inline void
executor_init_range_table(EState *executor, const Relation *tables, Bitmapset *const *updated,
						  int n)
{
	List *entries = NIL;
#if PG_VERSION_NUM >= 160000
	List *permissions = NIL;
#endif

	for (int i = 0; i < n; i++)
	{
		RangeTblEntry *entry = makeNode(RangeTblEntry);

		entry->rtekind = RTE_RELATION;
		entry->relid = RelationGetRelid(tables[i]);
		entry->relkind = tables[i]->rd_rel->relkind;
		entry->rellockmode = RowExclusiveLock;
#if PG_VERSION_NUM >= 160000
		addRTEPermissionInfo(&permissions, entry)->updatedCols = updated[i];
#else
		entry->updatedCols = updated[i];
#endif
		entries = lappend(entries, entry);
	}
#if PG_VERSION_NUM >= 180000
	ExecInitRangeTable(executor, entries, permissions, bms_add_range(NULL, 1, n));
#elif PG_VERSION_NUM >= 160000
	ExecInitRangeTable(executor, entries, permissions);
#else
	ExecInitRangeTable(executor, entries);
#endif
}

static inline void
executor_init_locks(EPQState *locks, EState *executor)
{
#if PG_VERSION_NUM >= 160000
	EvalPlanQualInit(locks, executor, NULL, NIL, -1, NIL);
#else
	EvalPlanQualInit(locks, executor, NULL, NIL, -1);
#endif
}

static inline IndexScanDesc
executor_index_beginscan(Relation table, Relation index, Snapshot snapshot, int keys)
{
#if PG_VERSION_NUM >= 190000
	return index_beginscan(table, index, snapshot, NULL, keys, 0, SO_NONE);
#elif PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, keys, 0);
#else
	return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

/* A scan of all rows that a snapshot sees. */
static inline TableScanDesc
executor_table_beginscan(Relation table, Snapshot snapshot)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan(table, snapshot, 0, NULL, SO_NONE);
#else
	return table_beginscan(table, snapshot, 0, NULL);
#endif
}

#endif
