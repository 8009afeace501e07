/*
 * order_days.c
 *	  The order days of a ledger, with what the customer kept of each.
 */
#include "value/order_days.h"

/*
 * Returns open like brackets that the order days before them close, last order first. So one walk from the
 * last day back does it, with what is still to be set off.
 */
static void
set_off(OrderDays *order)
{
	wide open = 0;

	for (size_t i = order->count; i-- > 0;)
	{
		OrderDay *day = &order->days[i];

		open += day->returned;
		if (day->amount < 0)
		{
			open -= day->amount;
			day->amount = 0;
		}
		else
		{
			wide off = open < day->amount ? open : day->amount;

			day->amount -= off;
			open -= off;
		}
	}
}

bool
order_days_read(const void *bytes, size_t length, int32_t as_of, OrderDays *order)
{
	LedgerReader reader;
	LedgerDay day;
	bool returns = false;

	ledger_open(&reader, bytes, length);
	order->count = 0;
	order->scale = reader.scale;
	while (ledger_next(&reader, &day) && day.day <= as_of)
	{
		returns |= day.amount < 0;
		if (day.orders > 0)
			order->days[order->count++] = (OrderDay){day.day, day.amount, 0};
		else if (day.amount < 0 && order->count > 0)
			order->days[order->count - 1].returned -= day.amount;
	}
	if (reader.damaged)
		return false;
	if (returns)
		set_off(order);
	return true;
}
