/*
 * order_days.h
 *	  The order days of a ledger, with what the customer kept of each. Plain C: knows nothing of
 *	  PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_ORDER_DAYS_H
#define CUSTOMER_VALUE_ORDER_DAYS_H

#include "value/ledger.h"

typedef struct OrderDay
{
	int32_t day;
	wide amount;   /* net of what came back, at least 0 */
	wide returned; /* negative amounts from here until the next order day */
} OrderDay;

typedef struct OrderDays
{
	OrderDay *days; /* from the caller: room for ledger_most_days() of the ledger's length */
	size_t count;
	int scale; /* of the amounts */
} OrderDays;

/*
 * Reads the order days (days with orders > 0) up to and including as_of; false if the bytes are
 * damaged. A return, which is a negative amount on a day without an order, counts against the last
 * order day at or before it, and what is more than that against the one before. So does what an order
 * day has below 0. What is more than all of them is left out.
 */
extern bool order_days_read(const void *bytes, size_t length, int32_t as_of, OrderDays *order);

#endif
