/*
 * net_changes.h
 *	  What a statement on a table of orders changed, customer by customer.
 */
#ifndef CUSTOMER_VALUE_NET_CHANGES_H
#define CUSTOMER_VALUE_NET_CHANGES_H

#include "postgres.h"

#include "access/attnum.h"
#include "commands/trigger.h"

#include "value/ledger.h"

/* The columns that a source is tracked by; cost may be InvalidAttrNumber. */
typedef struct OrderColumns
{
	AttrNumber customer;
	AttrNumber at;
	AttrNumber amount;
	AttrNumber cost;
	const char *time_zone; /* a timestamptz falls on the day that it is there */
} OrderColumns;

typedef struct NetChanges NetChanges;

extern NetChanges *net_changes_open(const TriggerData *trigger, const OrderColumns *columns,
									Oid key_type, Oid key_collation);
extern bool net_changes_next(NetChanges *changes, Datum *customer, Ledger *change);
extern void net_changes_close(NetChanges *changes);

#endif
