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
#include "utils/jsonb.h"

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

/*
 * A jsonb that is being built, zero before the first piece: push what it consists of, piece by piece, and find it
 * as result.
 */
#if PG_VERSION_NUM >= 190000
typedef JsonbInState JsonbBuilder;
#else
typedef struct JsonbBuilder
{
	JsonbParseState *state;
	JsonbValue *result;
} JsonbBuilder;
#endif

static inline void
jsonb_push(JsonbBuilder *builder, JsonbIteratorToken token, JsonbValue *value)
{
#if PG_VERSION_NUM >= 190000
	pushJsonbValue(builder, token, value);
#else
	builder->result = pushJsonbValue(&builder->state, token, value);
#endif
}

/* From 19 on strings always conform. */
#if PG_VERSION_NUM >= 190000
#define standard_conforming_strings true
#endif

#endif
