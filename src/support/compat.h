/*
 * compat.h
 *	  What differs between the server versions we build on, in one place.
 */
#ifndef CUSTOMER_VALUE_COMPAT_H
#define CUSTOMER_VALUE_COMPAT_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/fmgrprotos.h"

#if PG_VERSION_NUM < 150000
#error "customer_value needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#ifndef HAVE_INT128
#error "customer_value needs a compiler with 128-bit integers"
#endif

/*
 * Declares a function that SQL can call. Symbols are hidden by default, and before PostgreSQL 16
 * PG_FUNCTION_INFO_V1 exports its info record only.
 */
#define PG_FUNCTION(name)                            \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* From 18 on this is the server's way to say it, before a declaration. */
#ifndef pg_noreturn
#define pg_noreturn __attribute__((noreturn))
#endif

/*
 * Soft errors came with PostgreSQL 16. On 15 they are ordinary errors; the context is ignored.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#else
#define ereturn(context, dummy_value, ...) \
	do                                     \
	{                                      \
		(void) (context);                  \
		ereport(ERROR, __VA_ARGS__);       \
		return dummy_value;                \
	} while (0)
#define SOFT_ERROR_OCCURRED(escontext) ((void) (escontext), false)
#define DirectInputFunctionCallSafe(function, text, ioparam, typmod, context, result)            \
	((void) (context),                                                                           \
	 *(result) = DirectFunctionCall3(function, CStringGetDatum(text), ObjectIdGetDatum(ioparam), \
									 Int32GetDatum(typmod)),                                     \
	 true)
#endif

/*
 * Parses text into *json; false after a soft error.
 */
static inline bool
compat_jsonb_in(char *text, Node *escontext, Datum *json)
{
#if PG_VERSION_NUM >= 160000
	return DirectInputFunctionCallSafe(jsonb_in, text, JSONBOID, -1, escontext, json);
#else
	(void) escontext;
	*json = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
	return true;
#endif
}

#endif
