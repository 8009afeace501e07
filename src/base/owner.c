/*
 * owner.c
 *	  Working with the rights of a base's owner, whoever it was that wrote or called.
 *
 * The triggers of a base act so, and the functions of the schema customer_value: each of these is one of
 * the entry points below, which checks what its caller may do and then has the function of the same name
 * and arguments in the schema customer_value_internal do the work as the owner of the base. So nothing
 * that the owner has put into the base, be it a trigger, a cast or a policy, ever runs with more rights
 * than the owner's own.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "jit/jit.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "parser/parse_func.h"
#include "parser/parser.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/owner.h"

PG_FUNCTION(customer_value_as_owner);
PG_FUNCTION(customer_value_as_owner_any_layout);
PG_FUNCTION(customer_value_as_owner_for_reader);

#define INTERNAL_SCHEMA "customer_value_internal"

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

static void
set_for_owner(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * What the owner's statements and plans look like, which hold rules and cut-offs, is shown to nobody who
 * writes or calls, whatever that role has set.
 */
static void
keep_to_owner(void)
{
	const char *nested = GetConfigOption("auto_explain.log_nested_statements", true, false);

	if (nested != NULL && strcmp(nested, "off") != 0)
		set_for_owner("auto_explain.log_nested_statements", "off");
	if (client_min_messages < WARNING)
		set_for_owner("client_min_messages", "warning");
	if (Debug_print_parse)
		set_for_owner("debug_print_parse", "off");
	if (Debug_print_rewritten)
		set_for_owner("debug_print_rewritten", "off");
	if (Debug_print_plan)
		set_for_owner("debug_print_plan", "off");
}

/*
 * owner_enter
 *
 * From here on the owner acts, as in index expressions, REFRESH and ANALYZE, and no name means anything
 * that the caller could have put into the search path. What the owner has put into the base cannot get at
 * the rights of the caller: not by SET ROLE, and not by what is left behind in the session, such as deferred
 * triggers and temporary tables. An error ends this as owner_leave does: the end of the (sub)transaction
 * restores the user, the security context and the settings.
 */
void
owner_enter(OwnerState *saved, Oid owner)
{
	GetUserIdAndSecContext(&saved->user, &saved->context);
	SetUserIdAndSecContext(owner, saved->context | SECURITY_LOCAL_USERID_CHANGE |
									  SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	saved->settings = NewGUCNestLevel();
	keep_to_owner();
	if (strcmp(namespace_search_path, SEARCH_PATH) != 0)
		set_for_owner("search_path", SEARCH_PATH);
	if (jit_enabled) /* a kept plan would be compiled anew for every statement */
		set_for_owner("jit", "off");
	if (!standard_conforming_strings) /* a source's filter may hold a backslash */
		set_for_owner("standard_conforming_strings", "on");
}

/*
 * owner_leave
 *
 * The writer acts again, with its own settings.
 */
void
owner_leave(const OwnerState *saved)
{
	AtEOXact_GUC(false, saved->settings);
	SetUserIdAndSecContext(saved->user, saved->context);
}

/* All that an error says, for the server's log. */
static char *
whole_error(const ErrorData *error)
{
	const char *const parts[] = {error->message,
								 error->detail_log != NULL ? error->detail_log : error->detail,
								 error->internalquery, error->context};
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < (int) lengthof(parts); i++)
	{
		if (parts[i] != NULL)
			appendStringInfo(&text, "%s%s", text.len > 0 ? "\n" : "", parts[i]);
	}
	return text.data;
}

/*
 * owner_rethrow
 *
 * In PG_CATCH: passes an error on to the writer, who is told what is wrong with the statement, but not what the
 * owner's statements look like, nor what the server says of a row that a constraint refuses: the owner may
 * read that, in the server's log.
 */
void
owner_rethrow(MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	error->detail_log = whole_error(error);
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
		error->detail = NULL;
	error->context = NULL; /* that of the writer's own statement is added again */
	error->internalquery = NULL;
	error->internalpos = 0;
	error->cursorpos = 0;
	ThrowErrorData(error);
	pg_unreachable();
}

/* What an entry point calls, kept from call to call. */
typedef struct Act
{
	FmgrInfo check_base;
	FmgrInfo check_layout;
	FmgrInfo work;
} Act;

static void
find_helper(const char *name, int arguments, const Oid *types, FmgrInfo *function, MemoryContext context)
{
	List *names = list_make2(makeString(pstrdup(INTERNAL_SCHEMA)), makeString(pstrdup(name)));

	fmgr_info_cxt(LookupFuncName(names, arguments, types, false), function, context);
}

/* The function of the same name and arguments as this one that does its work. */
static void
find_work(Oid function, FmgrInfo *work, MemoryContext context)
{
	HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;
	Oid found;

	if (!HeapTupleIsValid(row))
		elog(ERROR, "cache lookup failed for function %u", function);
	proc = (Form_pg_proc) GETSTRUCT(row);
	found = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, NameGetDatum(&proc->proname),
							PointerGetDatum(&proc->proargtypes),
							ObjectIdGetDatum(get_namespace_oid(INTERNAL_SCHEMA, false)));
	if (!OidIsValid(found))
		elog(ERROR, "nothing in schema %s does the work of function \"%s\"", INTERNAL_SCHEMA,
			 NameStr(proc->proname));
	ReleaseSysCache(row);
	fmgr_info_cxt(found, work, context);
}

static Act *
find_act(FunctionCallInfo fcinfo)
{
	static const Oid check_types[] = {NAMEOID, TEXTOID};
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	Act *act = fcinfo->flinfo->fn_extra;

	if (act != NULL)
		return act;
	act = MemoryContextAlloc(context, sizeof(Act));
	find_helper("check_base", 2, check_types, &act->check_base, context);
	find_helper("check_layout", 1, check_types, &act->check_layout, context);
	find_work(fcinfo->flinfo->fn_oid, &act->work, context);
	fcinfo->flinfo->fn_extra = act;
	return act;
}

static Datum
act_as_owner(FunctionCallInfo fcinfo, const char *reads, bool any_layout)
{
	LOCAL_FCINFO(work, FUNC_MAX_ARGS);
	Act *act = find_act(fcinfo);
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid schema;
	OwnerState saved;
	Datum result;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("base must not be null")));
	(void) FunctionCall2(&act->check_base, PG_GETARG_DATUM(0), CStringGetTextDatum(reads));
	schema = get_namespace_oid(NameStr(*PG_GETARG_NAME(0)), false);

	InitFunctionCallInfoData(*work, &act->work, PG_NARGS(), PG_GET_COLLATION(), NULL,
							 fcinfo->resultinfo);
	memcpy(work->args, fcinfo->args, PG_NARGS() * sizeof(NullableDatum));
	owner_enter(&saved, owner_of_schema(schema));
	if (!any_layout)
		(void) FunctionCall1(&act->check_layout, PG_GETARG_DATUM(0));
	result = FunctionCallInvoke(work);
	owner_leave(&saved);

	if (fcinfo->flinfo->fn_retset && rows->returnMode != SFRM_Materialize)
		elog(ERROR, "rows of function %u would be made with other rights", fcinfo->flinfo->fn_oid);
	fcinfo->isnull = work->isnull;
	return result;
}

/*
 * The function of the same name and arguments in the schema customer_value_internal, run as the owner of
 * the base that the first argument names, for whoever has the rights of that owner. Errors where there is
 * no such base, or it has another layout than this version's.
 */
Datum
customer_value_as_owner(PG_FUNCTION_ARGS)
{
	return act_as_owner(fcinfo, "", false);
}

/* The same for a base of any layout. */
Datum
customer_value_as_owner_any_layout(PG_FUNCTION_ARGS)
{
	return act_as_owner(fcinfo, "", true);
}

/*
 * The same for whoever may read the tables and views of the base that the function reads, all their
 * rows: the function says in its own setting customer_value.reads which these are, separated by commas.
 */
Datum
customer_value_as_owner_for_reader(PG_FUNCTION_ARGS)
{
	return act_as_owner(fcinfo, GetConfigOption("customer_value.reads", false, false), false);
}
