/*
 * aggregate.h
 *	  What the support functions of all aggregates share.
 */
#ifndef CUSTOMER_VALUE_AGGREGATE_H
#define CUSTOMER_VALUE_AGGREGATE_H

#include "postgres.h"

#include "fmgr.h"

/* The context in which an aggregate's state lives; an error if a user calls by hand. */
extern MemoryContext aggregate_context(FunctionCallInfo fcinfo);

#endif
