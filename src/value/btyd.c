/*
 * btyd.c
 *	  The buy-till-you-die summary of a ledger. Plain C: knows nothing of PostgreSQL.
 */
#include "value/btyd.h"

BtydResult
btyd_summarise(const void *bytes, size_t length, int32_t as_of, double unit_days,
			   BtydSummary *summary)
{
	LedgerReader reader;
	LedgerDay day;
	int32_t first = 0, last = 0;
	int32_t order_days = 0;
	Decimal spent = {0, 0};

	ledger_open(&reader, bytes, length);
	spent.scale = reader.scale;
	while (ledger_next(&reader, &day) && day.day <= as_of)
	{
		if (day.orders <= 0)
			continue;
		if (order_days++ == 0)
			first = day.day;
		else
			spent.mantissa += day.amount;
		last = day.day;
	}
	if (reader.damaged)
		return BTYD_DAMAGED;
	if (order_days == 0)
		return BTYD_NO_ORDERS;

	summary->frequency = order_days - 1;
	summary->recency = ((double) last - first) / unit_days;
	summary->age = ((double) as_of - first) / unit_days;
	summary->mean_spend =
		order_days > 1 ? decimal_to_double(decimal_normalise(spent)) / (order_days - 1) : 0;
	return BTYD_FINE;
}
