/*
 * clv_summary.h
 *	  What the models know of a customer, from a btyd_summary or from a ledger.
 */
#ifndef CUSTOMER_VALUE_CLV_SUMMARY_H
#define CUSTOMER_VALUE_CLV_SUMMARY_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/date.h"

#include "lifetime/clv_model.h"
#include "value/btyd.h"
#include "value/value.h"

/* no summary is older, and under bg/bb none has had more opportunities */
#define CLV_MAX_AGE 1e9
#define CLV_MAX_OPPORTUNITIES 100000

/* Checks that such a customer can be; whole: frequency, recency and age count opportunities. */
extern void clv_summary_check(const BtydSummary *summary, bool whole);

/* The fields of a btyd_summary, checked; false if one that is needed is NULL. mean_spend may be
 * NULL for customers without repeat orders, and is 0 then. */
extern bool clv_summary_get(Datum record, bool whole, BtydSummary *summary);

/* Of a ledger up to and including as_of, in units; false if there is no order by then. */
extern bool clv_summary_of(const CustomerValue *value, DateADT as_of, double unit_days,
						   BtydSummary *summary);

/* The same, and what the customer spent. */
extern bool clv_customer_of(const CustomerValue *value, DateADT as_of, double unit_days,
							BtydSummary *summary, SampleSpend *spend);

#endif
