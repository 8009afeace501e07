/*
 * kept_plan.c
 *	  Plans that are kept from statement to statement.
 */
#include "postgres.h"

#include "access/xact.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "base/kept_plan.h"

static List *retired = NIL;

/*
 * kept_plan_make
 *
 * A plan that is made once and for all, since planning takes longer than the work. SPI must be
 * connected.
 */
SPIPlanPtr
kept_plan_make(const char *query, int parameters, Oid *types)
{
	SPIPlanPtr plan = SPI_prepare_cursor(query, parameters, types, CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "no plan for \"%s\": %s", query, SPI_result_code_string(SPI_result));
	return plan;
}

static void
free_retired(XactEvent event, void *argument)
{
	(void) event;
	(void) argument;
	while (retired != NIL)
	{
		SPIPlanPtr plan = linitial(retired);

		retired = list_delete_first(retired);
		SPI_freeplan(plan);
	}
}

/*
 * kept_plan_retire
 *
 * Frees a plan, or nothing if it is NULL, at the end of the transaction: until then it may be at
 * work further up, where triggers fire triggers.
 */
void
kept_plan_retire(SPIPlanPtr plan)
{
	static bool registered = false;
	MemoryContext context;

	if (plan == NULL)
		return;
	if (!registered)
		RegisterXactCallback(free_retired, NULL);
	registered = true;
	context = MemoryContextSwitchTo(TopMemoryContext);
	retired = lappend(retired, plan);
	MemoryContextSwitchTo(context);
}
