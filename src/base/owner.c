/*
 * owner.c
 *	  Working with the rights of a base's owner, whoever it was that wrote.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/owner.h"

/* as in the functions that act with their caller's rights, which so need not set it again */
#define SEARCH_PATH "pg_catalog, pg_temp"

/*
 * owner_of
 *
 * The role that owns a table.
 */
Oid
owner_of(Oid table)
{
	HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid owner;

	if (!HeapTupleIsValid(row))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(row))->relowner;
	ReleaseSysCache(row);
	return owner;
}

static Oid
owner_of_schema(Oid schema)
{
	HeapTuple row = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid owner;

	if (!HeapTupleIsValid(row))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(row))->nspowner;
	ReleaseSysCache(row);
	return owner;
}

/*
 * owner_check
 *
 * An error unless a table of customers, its schema and the named table beside it, if there is one,
 * belong to one role. Whoever has the right TRIGGER on a table can put a base's trigger on it, and that
 * must not write, with the rights of the table's owner, to what somebody else has called by that name.
 */
void
owner_check(Relation customers, const char *name)
{
	Oid schema = RelationGetNamespace(customers);
	Oid owner = customers->rd_rel->relowner;
	Oid table = get_relname_relid(name, schema);

	if (owner_of_schema(schema) != owner || (OidIsValid(table) && owner_of(table) != owner))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema and tables of customer base \"%s\" belong to different roles",
						get_namespace_name(schema)),
				 errhint("Give all of it to one role, with REASSIGN OWNED or ALTER … OWNER TO.")));
}

/*
 * owner_enter
 *
 * From here on the owner acts, as in a foreign key's triggers, and no name means anything that the
 * writer could have put into his search path. An error ends this as owner_leave does: the end of
 * the (sub)transaction restores the user, the security context and the settings.
 */
void
owner_enter(OwnerState *saved, Oid owner)
{
	GetUserIdAndSecContext(&saved->user, &saved->context);
	SetUserIdAndSecContext(owner,
						   saved->context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	saved->settings = NewGUCNestLevel();
	if (strcmp(namespace_search_path, SEARCH_PATH) != 0)
		(void) set_config_option("search_path", SEARCH_PATH, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	if (jit_enabled) /* a kept plan would be compiled anew for every statement */
		(void) set_config_option("jit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
								 false);
	if (!standard_conforming_strings) /* a source's filter may hold a backslash */
		(void) set_config_option("standard_conforming_strings", "on", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * owner_leave
 *
 * The writer acts again, with his own settings.
 */
void
owner_leave(const OwnerState *saved)
{
	AtEOXact_GUC(false, saved->settings);
	SetUserIdAndSecContext(saved->user, saved->context);
}

/*
 * owner_rethrow
 *
 * In PG_CATCH: passes an error on to the writer. What the server says of a row that a constraint refuses,
 * it says to the owner, who may read that row; it goes to the server's log alone.
 */
void
owner_rethrow(MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
	{
		error->detail_log = error->detail;
		error->detail = NULL;
	}
	ReThrowError(error);
}
