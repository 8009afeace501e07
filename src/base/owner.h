/*
 * owner.h
 *	  Working with the rights of a base's owner, whoever it was that wrote.
 */
#ifndef CUSTOMER_VALUE_OWNER_H
#define CUSTOMER_VALUE_OWNER_H

#include "postgres.h"

#include "utils/rel.h"

#include "support/compat.h"

/* What owner_leave restores. */
typedef struct OwnerState
{
	Oid user;
	int context;
	int settings;
} OwnerState;

extern Oid owner_of(Oid table);
extern void owner_check(Relation customers, const char *name);
extern void owner_enter(OwnerState *saved, Oid owner);
extern void owner_leave(const OwnerState *saved);
pg_noreturn extern void owner_rethrow(MemoryContext context);

#endif
