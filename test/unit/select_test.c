/* sources: support/select.c support/decimal.c */
/*
 * select_test.c
 *	  Selection and sorting against qsort and a walk down the sorted keys.
 */
#include <math.h>

#include "support/select.h"
#include "unit.h"

#define ROUNDS 500
#define MOST 10000
#define THRESHOLDS 4

static int pauses;

static void
count_pause(void)
{
	pauses++;
}

static int
compare_narrow(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

static int
compare_wide(const void *a, const void *b)
{
	wide x = *(const wide *) a, y = *(const wide *) b;

	return (x > y) - (x < y);
}

/* as many as fit MOST, of a magnitude and with as many ties as this round has it */
static size_t
random_keys(int64_t *narrow, wide *wides, bool positive)
{
	size_t n = 1 + unit_below(unit_below(2) ? 80 : MOST);
	int bits = 1 + (int) unit_below(62);
	int more = (int) unit_below(50);

	for (size_t i = 0; i < n; i++)
	{
		/* some rounds spread over the magnitudes as sales do, some evenly */
		int magnitude = bits & 1 ? bits : 1 + (int) unit_below((uint64_t) bits);

		narrow[i] = (int64_t) (unit_random() >> (64 - magnitude));
		wides[i] = ((wide) narrow[i] << more) + (wide) unit_below(3);
		if (positive)
		{
			narrow[i]++;
			wides[i]++;
		}
		else if (unit_below(2))
		{
			narrow[i] = -narrow[i] - (narrow[i] == 0 ? 0 : (int64_t) unit_below(2));
			wides[i] = -wides[i];
		}
	}
	if (!positive && unit_below(8) == 0)
	{
		narrow[0] = INT64_MIN;
		narrow[n - 1] = INT64_MAX;
	}
	return n;
}

static bool
sorts(void)
{
	static int64_t narrow[MOST], narrow_sorted[MOST];
	static wide wides[MOST], wides_sorted[MOST];

	for (int round = 0; round < ROUNDS; round++)
	{
		size_t n = random_keys(narrow, wides, false);

		memcpy(narrow_sorted, narrow, n * sizeof(*narrow));
		memcpy(wides_sorted, wides, n * sizeof(*wides));
		qsort(narrow_sorted, n, sizeof(*narrow), compare_narrow);
		qsort(wides_sorted, n, sizeof(*wides), compare_wide);
		sort_narrow(narrow, n, count_pause);
		sort_wide(wides, n, NULL);
		unit_require(memcmp(narrow, narrow_sorted, n * sizeof(*narrow)) == 0);
		unit_require(memcmp(wides, wides_sorted, n * sizeof(*wides)) == 0);
	}
	return true;
}

static int
random_thresholds(wide *thresholds, wide limit)
{
	int count = 1 + (int) unit_below(THRESHOLDS);

	for (int i = 0; i < count; i++)
		thresholds[i] =
			1 + (wide) ((((uwide) unit_random() << 64) | unit_random()) % (uwide) limit);
	qsort(thresholds, (size_t) count, sizeof(*thresholds), compare_wide);
	return count;
}

/* what select.h promises, from keys sorted upwards with their weights */
static SelectPoint
answer(const wide *sorted, const wide *weights, size_t n, bool by_count, wide threshold)
{
	SelectPoint point = {0, 0, 0, 0}, next = {0, 0, 0, 0};

	for (size_t i = n; i > 0 && (by_count ? (wide) next.above : next.weight_above) < threshold;)
	{
		point = next;
		point.key = sorted[i - 1];
		for (; i > 0 && sorted[i - 1] == point.key; i--)
		{
			next.above++;
			point.ties++;
			next.weight_above += weights[i - 1];
		}
	}
	return point;
}

static bool
selects_as_promised(SelectKind kind, void *keys, const wide *sorted, const wide *weights, size_t n)
{
	wide thresholds[THRESHOLDS];
	SelectPoint points[THRESHOLDS];
	SelectSurvey survey;
	wide total = 0;

	for (size_t i = 0; i < n; i++)
		total += weights[i];
	select_survey(kind, keys, n, &survey);
	unit_require(survey.total == total && total > 0);

	/* by weight and by count in turn: neither loses a key */
	for (int round = 0; round < 4; round++)
	{
		bool by_count = round & 1;
		int count = random_thresholds(thresholds, by_count ? (wide) n + 1 : total);

		select_points(kind, keys, n, &survey, by_count, thresholds, count, points, count_pause);
		for (int i = 0; i < count; i++)
		{
			SelectPoint right = answer(sorted, weights, n, by_count, thresholds[i]);

			unit_require(points[i].key == right.key && points[i].above == right.above);
			unit_require(points[i].weight_above == right.weight_above);
			unit_require(points[i].ties == right.ties);
		}
	}
	return true;
}

static bool
selects(void)
{
	static int64_t narrow[MOST];
	static wide wides[MOST], sorted[MOST], fixed[MOST];

	for (int round = 0; round < ROUNDS; round++)
	{
		size_t n = random_keys(narrow, wides, true);
		int quantum;

		for (size_t i = 0; i < n; i++)
			sorted[i] = narrow[i];
		qsort(sorted, n, sizeof(*sorted), compare_wide);
		unit_require(selects_as_promised(SELECT_NARROW, narrow, sorted, sorted, n));

		memcpy(sorted, wides, n * sizeof(*wides));
		qsort(sorted, n, sizeof(*sorted), compare_wide);
		unit_require(selects_as_promised(SELECT_WIDE, wides, sorted, sorted, n));

		for (size_t i = 0; i < n; i++)
			narrow[i] = double_key(ldexp((double) narrow[i], (int) (round % 40) - 20));
		for (size_t i = 0; i < n; i++)
			sorted[i] = narrow[i];
		qsort(sorted, n, sizeof(*sorted), compare_wide);
		quantum = double_quantum((int64_t) sorted[n - 1], n);
		for (size_t i = 0; i < n; i++)
			fixed[i] = double_fixed((int64_t) sorted[i], quantum);
		unit_require(selects_as_promised(SELECT_DOUBLE, narrow, sorted, fixed, n));
	}
	return true;
}

/* of any sign, and where weights overflow */
static bool
selects_by_count(void)
{
	static int64_t narrow[MOST], narrow_sorted[MOST];
	static wide wides[MOST], wides_sorted[MOST];
	wide thresholds[THRESHOLDS], found_wide[THRESHOLDS];
	int64_t found[THRESHOLDS];

	for (int round = 0; round < ROUNDS; round++)
	{
		size_t n = random_keys(narrow, wides, false);
		int count = random_thresholds(thresholds, (wide) n + 1);

		for (size_t i = 0; i < n; i++)
			wides[i] *= 8;
		memcpy(narrow_sorted, narrow, n * sizeof(*narrow));
		memcpy(wides_sorted, wides, n * sizeof(*wides));
		qsort(narrow_sorted, n, sizeof(*narrow), compare_narrow);
		qsort(wides_sorted, n, sizeof(*wides), compare_wide);
		select_narrow_by_count(narrow, n, thresholds, count, found, NULL);
		select_wide_by_count(wides, n, thresholds, count, found_wide, NULL);
		for (int i = 0; i < count; i++)
		{
			size_t rank = thresholds[i] > (wide) n ? n : (size_t) thresholds[i];

			unit_require(found[i] == narrow_sorted[n - rank]);
			unit_require(found_wide[i] == wides_sorted[n - rank]);
		}
	}
	return true;
}

static bool
doubles_keep_their_order(void)
{
	static const double special[] = {0.0,      -0.0,     4.9e-324,  -4.9e-324, 1e-310, 1.7e308,
									 -1.7e308, INFINITY, -INFINITY, 1.0,       -1.0,   0.1};

	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		for (size_t k = 0; k < sizeof(special) / sizeof(*special); k++)
		{
			int64_t a = double_key(special[i]), b = double_key(special[k]);

			unit_require((a < b) == (special[i] < special[k]));
			unit_require((a == b) == (special[i] == special[k]));
			unit_require(double_of_key(a) == special[i]);
		}
	for (int round = 0; round < 100 * ROUNDS; round++)
	{
		uint64_t bits = unit_random();
		double value;

		memcpy(&value, &bits, sizeof(value));
		if (!isnan(value))
			unit_require(double_of_key(double_key(value)) == value);
	}
	return true;
}

static bool
fixed_point_is_exact(void)
{
	for (int round = 0; round < 100 * ROUNDS; round++)
	{
		double greatest = ldexp(1 + (double) unit_below(1000), (int) unit_below(2000) - 1000);
		size_t n = (size_t) 1 << unit_below(20);
		int quantum = double_quantum(double_key(greatest), n);
		double value = ldexp(greatest / (1 + (double) unit_below(1000000)), -(int) unit_below(30));
		wide fixed = double_fixed(double_key(value), quantum);

		unit_require(fixed > 0 && fixed <= ((wide) 1 << 126) / (wide) n);
		if (value > 1e-300 && value > greatest * 0x1p-50)
			unit_require(ldexp((double) fixed, quantum - DOUBLE_UNIT_EXPONENT) == value);
	}
	return true;
}

int
main(void)
{
	unit_result(sorts(), "keys are sorted");
	unit_result(selects(), "selection finds what a walk down the sorted keys finds");
	unit_result(selects_by_count(), "ranks are found among keys of any sign");
	unit_result(doubles_keep_their_order(), "doubles and their keys sort alike");
	unit_result(fixed_point_is_exact(), "doubles within 2^-50 of the greatest are added exactly");
	return unit_done();
}
