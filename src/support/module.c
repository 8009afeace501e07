/*
 * module.c
 *	  What makes the library a module: the magic block and its version.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "support/compat.h"
#include "support/values.h"
#include "value/ledger.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "customer_value", .version = CUSTOMER_VALUE_VERSION);
#else
PG_MODULE_MAGIC;
#endif

extern PGDLLEXPORT void _PG_init(void);

PG_FUNCTION(customer_value_library_version);

/*
 * Long work on a ledger, which is plain C, can be cancelled.
 */
void
_PG_init(void)
{
	ledger_pause = values_pause;
}

/*
 * customer_value_library_version() returns text
 *
 * The version of the loaded library, such as 0.1.0. It differs from the extension's own version,
 * pg_extension.extversion, when the library was replaced without ALTER EXTENSION UPDATE.
 */
Datum
customer_value_library_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(CUSTOMER_VALUE_VERSION));
}
