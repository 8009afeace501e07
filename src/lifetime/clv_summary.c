/*
 * clv_summary.c
 *	  What the models know of a customer, from a btyd_summary or from a ledger.
 */
#include "lifetime/clv_summary.h"

#include <math.h>

#include "access/htup_details.h"
#include "utils/typcache.h"

#include "support/compat.h"

enum
{
	FREQUENCY,
	RECENCY,
	AGE,
	MEAN_SPEND,
	FIELDS
};

static void
require(bool good, const char *message)
{
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("btyd_summary: %s", message)));
}

void
clv_summary_check(const BtydSummary *summary, bool whole)
{
	require(summary->frequency >= 0, "frequency must not be negative");
	require(isfinite(summary->recency) && isfinite(summary->age) && isfinite(summary->mean_spend),
			"recency, age and mean_spend must be finite");
	require(summary->age <= CLV_MAX_AGE, "age must not be greater than 1e9");
	require(summary->recency >= 0, "recency must not be negative");
	require(summary->recency <= summary->age, "recency must not be greater than age");
	require(summary->frequency > 0 || summary->recency == 0,
			"recency must be 0 where frequency is");
	require(summary->frequency == 0 || summary->age > 0,
			"age must be greater than 0 where frequency is");
	if (whole)
	{
		require(summary->recency == floor(summary->recency) && summary->age == floor(summary->age),
				"recency and age must be whole numbers of opportunities");
		require(summary->age <= CLV_MAX_OPPORTUNITIES,
				"age must not be greater than 100000 opportunities");
		require(summary->frequency <= summary->recency,
				"frequency must not be greater than recency, which counts opportunities");
	}
}

bool
clv_summary_get(Datum record, bool whole, BtydSummary *summary)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(record);
	TupleDesc columns =
		lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple;
	Datum values[FIELDS];
	bool nulls[FIELDS];

	if (columns->natts != FIELDS)
		elog(ERROR, "type btyd_summary has %d fields", columns->natts);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, columns, values, nulls);
	ReleaseTupleDesc(columns);
	if (nulls[FREQUENCY] || nulls[RECENCY] || nulls[AGE])
		return false;
	summary->frequency = DatumGetInt32(values[FREQUENCY]);
	summary->recency = DatumGetFloat8(values[RECENCY]);
	summary->age = DatumGetFloat8(values[AGE]);
	summary->mean_spend = nulls[MEAN_SPEND] ? 0 : DatumGetFloat8(values[MEAN_SPEND]);
	clv_summary_check(summary, whole);
	return true;
}

bool
clv_summary_of(const CustomerValue *value, DateADT as_of, double unit_days, BtydSummary *summary)
{
	SampleSpend spend;

	return clv_customer_of(value, as_of, unit_days, summary, &spend);
}

bool
clv_customer_of(const CustomerValue *value, DateADT as_of, double unit_days, BtydSummary *summary,
				SampleSpend *spend)
{
	OrderDays order = customer_value_read_orders(value, as_of);
	bool known = order.count > 0;

	if (known)
	{
		btyd_summarise(&order, as_of, unit_days, summary);
		*spend = sample_spend(&order);
	}
	pfree(order.days);
	return known;
}
