/*
 * rhythm.c
 *	  How regularly a customer orders.
 */
#include "insight/rhythm.h"

#include <string.h>

bool
rhythm_of(const void *bytes, size_t length, int32_t as_of, Rhythm *rhythm)
{
	LedgerReader reader;
	LedgerDay day;
	int64_t gaps;
	wide sum = 0, squares = 0; /* exact: 2^24 gaps of 2^32 days at most */

	memset(rhythm, 0, sizeof(*rhythm));
	ledger_open(&reader, bytes, length);
	while (ledger_next(&reader, &day) && day.day <= as_of)
	{
		wide gap = (wide) day.day - rhythm->last;

		if (day.orders <= 0)
			continue;
		if (rhythm->order_days++ > 0)
		{
			sum += gap;
			squares += gap * gap;
		}
		rhythm->last = day.day;
	}
	if (reader.damaged)
		return false;

	gaps = rhythm->order_days - 1;
	if (gaps >= 1)
		rhythm->gap = (double) sum / (double) gaps;
	if (gaps >= 2)
	{
		double variance =
			(double) (gaps * squares - sum * sum) / ((double) gaps * (double) (gaps - 1));

		/* 1 / (1 + v²) */
		rhythm->regularity = rhythm->gap * rhythm->gap / (rhythm->gap * rhythm->gap + variance);
	}
	return true;
}
