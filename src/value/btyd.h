/*
 * btyd.h
 *	  The buy-till-you-die summary of a ledger. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_BTYD_H
#define CUSTOMER_VALUE_BTYD_H

#include "value/order_days.h"

typedef struct BtydSummary
{
	int32_t frequency; /* repeat order days: order days but the first */
	double recency;    /* from the first to the last order day, in units */
	double age;        /* from the first order day to as_of, in units */
	double mean_spend; /* mean net amount of the repeat order days, if there are any */
} BtydSummary;

/*
 * The summary of order days up to and including the day as_of, of which there are some, after Fader,
 * Hardie & Lee (2005), "Counting Your Customers" the Easy Way.
 */
extern void btyd_summarise(const OrderDays *order, int32_t as_of, double unit_days,
						   BtydSummary *summary);

/* The net amount of the order days from number first on (from 0). */
extern double btyd_spent(const OrderDays *order, size_t first);

#endif
