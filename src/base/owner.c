/*
 * owner.c
 *	  Working with the rights of a base's owner, whoever it was that wrote.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/guc.h"

#include "base/owner.h"

/* as in the functions that act with their caller's rights, which so need not set it again */
#define SEARCH_PATH "pg_catalog, pg_temp"

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
