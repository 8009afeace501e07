/*
 * aggregate.c
 *	  What the support functions of all aggregates share.
 */
#include "support/aggregate.h"

MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("this function can only be called as part of an aggregate")));
	return context;
}
