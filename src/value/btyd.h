/*
 * btyd.h
 *	  The buy-till-you-die summary of a ledger. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_BTYD_H
#define CUSTOMER_VALUE_BTYD_H

#include "value/ledger.h"

typedef struct BtydSummary
{
	int32_t frequency; /* repeat order days: order days but the first */
	double recency;    /* from the first to the last order day, in units */
	double age;        /* from the first order day to as_of, in units */
	double mean_spend; /* mean net amount of the repeat order days, if there are any */
} BtydSummary;

typedef enum BtydResult
{
	BTYD_FINE,
	BTYD_NO_ORDERS, /* no order day up to as_of */
	BTYD_DAMAGED
} BtydResult;

/*
 * The summary of the ledger up to and including the day as_of, after Fader, Hardie & Lee (2005),
 * "Counting Your Customers" the Easy Way. An order day is a day with orders > 0.
 */
extern BtydResult btyd_summarise(const void *bytes, size_t length, int32_t as_of, double unit_days,
								 BtydSummary *summary);

#endif
