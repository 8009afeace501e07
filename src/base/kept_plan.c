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

static SPIPlanPtr
keep(SPIPlanPtr plan, const char *query)
{
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "no plan for \"%s\": %s", query, SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * kept_plan_make
 *
 * A plan that is made once and for all, since planning takes longer than the work. SPI must be
 * connected.
 */
SPIPlanPtr
kept_plan_make(const char *query, int parameters, Oid *types)
{
	return keep(SPI_prepare_cursor(query, parameters, types, CURSOR_OPT_GENERIC_PLAN), query);
}

/*
 * kept_plan_make_with
 *
 * The same for a query whose parameters are what a hook of the parser makes of them. The argument of the
 * hook must live as long as the plan does, since the query is parsed anew when its tables are altered.
 */
SPIPlanPtr
kept_plan_make_with(const char *query, ParserSetupHook set_up, void *argument)
{
	return keep(SPI_prepare_params(query, set_up, argument, CURSOR_OPT_GENERIC_PLAN), query);
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
