/*
 * btyd.c
 *	  The buy-till-you-die summary of a ledger. Plain C: knows nothing of PostgreSQL.
 */
#include "value/btyd.h"

double
btyd_spent(const OrderDays *order, size_t first)
{
	Decimal spent = {0, order->scale};

	for (size_t i = first; i < order->count; i++)
		spent.mantissa += order->days[i].amount;
	return decimal_to_double(spent);
}

void
btyd_summarise(const OrderDays *order, int32_t as_of, double unit_days, BtydSummary *summary)
{
	int32_t first = order->days[0].day;
	int32_t last = order->days[order->count - 1].day;

	summary->frequency = (int32_t) order->count - 1;
	summary->recency = ((double) last - first) / unit_days;
	summary->age = ((double) as_of - first) / unit_days;
	summary->mean_spend =
		summary->frequency > 0 ? btyd_spent(order, 1) / summary->frequency : 0;
}
