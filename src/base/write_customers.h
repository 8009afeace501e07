/*
 * write_customers.h
 *	  Writing net changes to the customers of a base, or to its queue, without a plan.
 */
#ifndef CUSTOMER_VALUE_WRITE_CUSTOMERS_H
#define CUSTOMER_VALUE_WRITE_CUSTOMERS_H

#include "postgres.h"

#include "executor/spi.h"
#include "nodes/bitmapset.h"

#include "base/classify.h"
#include "base/net_changes.h"

/* The columns of the tables customer and queue that writers read or write. */
typedef enum CustomerColumn
{
	CUSTOMER_ID,
	CUSTOMER_LEDGER,
	CUSTOMER_FACTS,
	CUSTOMER_BASIS,
	CUSTOMER_CLASS,
	CUSTOMER_SCORE,
	CUSTOMER_SEGMENT,
	CUSTOMER_SINCE,
	CUSTOMER_DUE,
	CUSTOMER_OVERRIDE,
	CUSTOMER_COLUMNS
} CustomerColumn;

typedef enum QueueColumn
{
	QUEUE_CUSTOMER,
	QUEUE_CHANGE,
	QUEUE_CLASSED_BY,
	QUEUE_COLUMNS
} QueueColumn;

/* All that is kept of the tables of a base between statements; see customer_tables_open. */
typedef struct CustomerTables
{
	Oid customer;
	Oid queue;
	Oid index; /* on customer_id, unique */
	Oid key_type;
	Oid key_collation;
	FmgrInfo key_equal;
	AttrNumber customer_columns[CUSTOMER_COLUMNS];
	AttrNumber queue_columns[QUEUE_COLUMNS];
	Bitmapset *written;   /* the columns of a customer that an order changes */
	bool quiet;           /* only history follows a change of a customer */
	SPIPlanPtr write_new; /* adds a customer */
} CustomerTables;

extern bool customer_tables_open(CustomerTables *tables, Oid schema, Oid owner,
								 MemoryContext context);
extern void customer_tables_close(CustomerTables *tables);
extern void write_customers(CustomerTables *tables, NetChanges *changes, Classifier *classifier,
							TimestampTz classed_by);
extern void write_queue(CustomerTables *tables, NetChanges *changes);

#endif
