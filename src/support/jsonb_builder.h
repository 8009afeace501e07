/*
 * jsonb_builder.h
 *	  Members of a jsonb object that is being built.
 */
#ifndef CUSTOMER_VALUE_JSONB_BUILDER_H
#define CUSTOMER_VALUE_JSONB_BUILDER_H

#include "postgres.h"

#include "utils/numeric.h"

#include "support/compat.h"

/* A key; the text stays where it is. */
static inline void
jsonb_push_key(JsonbBuilder *builder, const char *key)
{
	JsonbValue json;

	json.type = jbvString;
	json.val.string.val = unconstify(char *, key);
	json.val.string.len = (int) strlen(key);
	jsonb_push(builder, WJB_KEY, &json);
}

/* A key and its number. */
static inline void
jsonb_push_numeric(JsonbBuilder *builder, const char *key, Numeric number)
{
	JsonbValue json;

	jsonb_push_key(builder, key);
	json.type = jbvNumeric;
	json.val.numeric = number;
	jsonb_push(builder, WJB_VALUE, &json);
}

#endif
