/*
 * owner.c
 *	  Working with the rights of a base's owner, whoever it was that wrote.
 */
#include "postgres.h"

#include "jit/jit.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/guc.h"

#include "base/owner.h"

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
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (jit_enabled) /* a kept plan must not compile itself for a handful of rows, statement by statement */
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
