/* sources: insight/rhythm.c insight/effect.c value/ledger.c support/decimal.c */
/*
 * insight_test.c
 *	  Rhythms against gaps counted one by one, correlations against the textbook sums.
 */
#include <math.h>
#include <string.h>

#include "insight/effect.h"
#include "insight/rhythm.h"
#include "unit.h"

#define ROUNDS 20000
#define MOST_DAYS 40

static double
random_between(double low, double high)
{
	return low + (high - low) * ((double) (unit_random() >> 11) / (double) (UINT64_C(1) << 53));
}

/* The bytes of a ledger with one row on each of some random days, a few of them without an order. */
static size_t
random_ledger(int32_t *days, int *count, uint8_t *bytes, size_t room)
{
	LedgerDay rows[MOST_DAYS];
	Ledger ledger = {rows, 0, 0};
	LedgerLayout layout;
	int32_t day = (int32_t) unit_below(1000) - 500;

	*count = 0;
	for (int n = (int) unit_below(MOST_DAYS); n > 0; n--)
	{
		bool order = unit_below(8) != 0;
		LedgerDay row = {day, order, 0, order ? 5 : -5, 0};

		if (ledger_append(&ledger, row, 0) != LEDGER_FINE)
			return 0;
		if (order)
			days[(*count)++] = day;
		day += 1 + (int32_t) unit_below(100);
	}
	if (ledger_settle(&ledger) != LEDGER_FINE || ledger_measure(&ledger, &layout) != LEDGER_FINE ||
		layout.size > room)
		return 0;
	ledger_write(&ledger, &layout, bytes);
	return layout.size;
}

static bool
rhythms_are_counted(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		uint8_t bytes[MOST_DAYS * 16];
		int32_t days[MOST_DAYS];
		int count, seen = 0;
		int32_t as_of = (int32_t) unit_below(3000) - 700;
		size_t length = random_ledger(days, &count, bytes, sizeof(bytes));
		double mean, variance = 0;
		Rhythm rhythm;

		unit_require(length > 0);
		while (seen < count && days[seen] <= as_of)
			seen++;
		unit_require(rhythm_of(bytes, length, as_of, &rhythm));
		unit_require(rhythm.order_days == seen);
		if (seen < 2)
			continue;
		mean = (double) (days[seen - 1] - days[0]) / (seen - 1);
		unit_require(rhythm.last == days[seen - 1]);
		unit_require(fabs(rhythm.gap - mean) < 1e-12 * mean);
		if (seen < 3)
			continue;
		for (int d = 1; d < seen; d++)
			variance += pow(days[d] - days[d - 1] - mean, 2) / (seen - 2);
		unit_require(fabs(rhythm.regularity - 1 / (1 + variance / (mean * mean))) < 1e-12);
	}
	return true;
}

static bool
damage_is_seen(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		uint8_t bytes[24];
		size_t length = unit_below(sizeof(bytes));
		Rhythm rhythm;

		for (size_t b = 0; b < length; b++)
			bytes[b] = (uint8_t) unit_random();
		if (rhythm_of(bytes, length, 1000, &rhythm))
			unit_require(rhythm.order_days >= 0 && rhythm.regularity >= 0 &&
						 rhythm.regularity <= 1);
	}
	return true;
}

static bool
correlations_are_the_textbook(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		double x[30], y[30], correlation, low, high;
		size_t n = 4 + unit_below(27);
		double scale = pow(10, random_between(-300, 300)), slope = random_between(-2, 2);
		long double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;

		for (size_t k = 0; k < n; k++)
		{
			x[k] = random_between(-1, 1);
			y[k] = slope * x[k] + random_between(-1, 1);
			mx += x[k] / (long double) n;
			my += y[k] / (long double) n;
		}
		for (size_t k = 0; k < n; k++)
		{
			xx += (x[k] - mx) * (x[k] - mx);
			yy += (y[k] - my) * (y[k] - my);
			xy += (x[k] - mx) * (y[k] - my);
			x[k] *= scale;
		}
		unit_require(effect_correlation(x, y, n, &correlation));
		unit_require(fabsl(correlation - xy / sqrtl(xx * yy)) < 1e-10L);
		effect_interval(correlation, n, &low, &high);
		unit_require(-1 <= low && low <= correlation && correlation <= high && high <= 1);
	}
	return true;
}

static bool
intervals_are_fishers(void)
{
	double low, high;

	/* r = 0.5 of 103 pairs: tanh(0.549306 -+ 0.1959964) */
	effect_interval(0.5, 103, &low, &high);
	unit_require(fabs(low - 0.3393075) < 1e-6);
	unit_require(fabs(high - 0.6323382) < 1e-6);
	return true;
}

int
main(void)
{
	unit_result(rhythms_are_counted(), "rhythms are those counted gap by gap");
	unit_result(damage_is_seen(), "noise is refused or has a rhythm within its bounds");
	unit_result(correlations_are_the_textbook(), "correlations are the textbook's, at any scale");
	unit_result(intervals_are_fishers(), "intervals are Fisher's");
	return unit_done();
}
