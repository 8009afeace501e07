/*
 * partition_scan.c
 *	  An argument of a window function over all rows of its partition.
 */
#include "support/partition_scan.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "support/compat.h"

/* so many rows are read before the memory that their arguments took is given back */
#define ROWS_A_RESET 1024

void
partition_scan_begin(PartitionScan *scan, WindowObject window, int argument)
{
	scan->window = window;
	scan->argument = argument;
	scan->row = 0;
	scan->scratch = AllocSetContextCreate(CurrentMemoryContext, "window function arguments",
										  ALLOCSET_DEFAULT_SIZES);
}

bool
partition_scan_next(PartitionScan *scan, Datum *value)
{
	MemoryContext caller = MemoryContextSwitchTo(scan->scratch);
	bool is_null, is_out;

	do
	{
		if (scan->row % ROWS_A_RESET == 0)
		{
			MemoryContextReset(scan->scratch);
			CHECK_FOR_INTERRUPTS();
		}
		if (scan->row > PG_INT32_MAX)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("a window partition can have at most %d rows", PG_INT32_MAX)));
		*value = WinGetFuncArgInPartition(scan->window, scan->argument, (int) scan->row++,
										  WINDOW_SEEK_HEAD, false, &is_null, &is_out);
	} while (is_null && !is_out);

	MemoryContextSwitchTo(caller);
	if (is_out)
		MemoryContextDelete(scan->scratch);
	return !is_out;
}
