/*
 * owner.h
 *	  Working with the rights of a base's owner, whoever it was that wrote.
 */
#ifndef CUSTOMER_VALUE_OWNER_H
#define CUSTOMER_VALUE_OWNER_H

#include "postgres.h"

/* What owner_leave restores. */
typedef struct OwnerState
{
	Oid user;
	int context;
	int settings;
} OwnerState;

extern void owner_enter(OwnerState *saved, Oid owner);
extern void owner_leave(const OwnerState *saved);

#endif
