/* sources: concentration/cutoffs.c concentration/curve.c support/select.c support/decimal.c */
/*
 * concentration_test.c
 *	  Stored cut-offs, the class of a value, and the mathematics of the curve.
 */
#include <math.h>
#include <string.h>

#include "support/select.h"
#include "concentration/curve.h"
#include "concentration/cutoffs.h"
#include "unit.h"

#define ROUNDS 20000
#define MOST 200
#define ROOM (ABC_MOST_BYTES + 50 * (ABC_MOST_CLASSES + 1))

static AbcCutoffs
random_cutoffs(void)
{
	AbcCutoffs cutoffs;
	wide limit;

	memset(&cutoffs, 0, sizeof(cutoffs));
	cutoffs.is_float = unit_below(2);
	cutoffs.is_computed = unit_below(3) == 0;
	cutoffs.cuts = cutoffs.is_computed ? 2 : 1 + (int) unit_below(ABC_MOST_CUTS);
	cutoffs.customers = 1 + (int64_t) unit_below(1000);
	cutoffs.scale = cutoffs.is_float ? 0 : (int) unit_below(12);
	cutoffs.total.mantissa = cutoffs.is_float ? 0 : 1 + (wide) unit_random();
	cutoffs.total.scale = cutoffs.is_float ? 0 : cutoffs.scale;
	cutoffs.float_total = cutoffs.is_float ? 1 + (double) unit_random() : 0;
	for (int i = 0; i < cutoffs.cuts && !cutoffs.is_computed; i++)
		cutoffs.cut[i] = (Decimal){(wide) (i + 1) * 1000 + (wide) unit_below(1000), 5};

	/* falling, with empty classes among them, and the last class down to anything */
	limit = cutoffs.is_float ? double_key(1e10) : (wide) unit_below(1000000) + 1000000;
	for (int i = 0; i < cutoffs.cuts; i++)
	{
		cutoffs.limit[i] = limit;
		limit -= unit_below(3) ? (wide) unit_below(30000) : 0;
	}
	cutoffs.limit[cutoffs.cuts] = unit_below(2) ? limit : -(wide) unit_below(1000);
	return cutoffs;
}

/* Some of them with long numbers. */
static AbcCutoffs
random_long_cutoffs(void)
{
	static const char digits[] = "the form of a long number is the caller's";
	AbcCutoffs cutoffs = random_cutoffs();

	if (cutoffs.is_float || unit_below(2))
		return cutoffs;
	cutoffs.is_long = true;
	cutoffs.scale = 0;
	cutoffs.long_total = (AbcLongNumber){digits, (uint32_t) unit_below(sizeof(digits))};
	for (int i = 0; i <= cutoffs.cuts; i++)
		cutoffs.long_limit[i] = (AbcLongNumber){digits, (uint32_t) unit_below(sizeof(digits))};
	return cutoffs;
}

static bool
stored_form_round_trips(void)
{
	for (int round = 0; round < ROUNDS; round++)
	{
		AbcCutoffs cutoffs = random_long_cutoffs(), back;
		char bytes[ROOM], again[ROOM];
		size_t n;

		unit_require(abc_problem(&cutoffs) == NULL);
		abc_canonical(&cutoffs);
		unit_require(abc_problem(&cutoffs) == NULL);
		n = abc_pack(&cutoffs, bytes);
		unit_require(n <= abc_most_bytes(&cutoffs) && abc_unpack(bytes, n, &back));
		unit_require(abc_problem(&back) == NULL);
		abc_canonical(&back);
		unit_require(abc_pack(&back, again) == n && memcmp(bytes, again, n) == 0);
		unit_require(back.float_total == cutoffs.float_total);
		unit_require(back.is_long || decimal_compare(back.total, cutoffs.total) == 0);
		for (int i = 0; i <= back.cuts && back.is_long; i++)
			unit_require(back.long_limit[i].length == cutoffs.long_limit[i].length &&
						 abc_class_is_empty(&back, i) == abc_class_is_empty(&cutoffs, i));
	}
	return true;
}

static bool
damage_is_seen_or_harmless(void)
{
	for (int round = 0; round < ROUNDS; round++)
	{
		AbcCutoffs cutoffs = random_long_cutoffs(), back;
		char bytes[ROOM];
		size_t n = abc_pack(&cutoffs, bytes), length = unit_below(4) ? n : unit_below(n + 1);
		char *damaged = malloc(length ? length : 1);

		memcpy(damaged, bytes, length);
		for (int i = 0; i < 3 && length > 0; i++)
			damaged[unit_below(unit_below(2) ? length : (length < 40 ? length : 40))] ^=
				(char) (1 << unit_below(8));
		if (abc_unpack(damaged, length, &back) && abc_problem(&back) == NULL)
		{
			abc_canonical(&back);
			n = abc_pack(&back, bytes);
			unit_require(abc_is_long(bytes) == back.is_long);
			unit_require(back.is_long || abc_class_of_decimal(bytes, (Decimal){1, 0}) <= back.cuts);
			unit_require(back.is_long || abc_class_of_double(bytes, 0.5) <= back.cuts);
		}
		free(damaged);
	}
	return true;
}

static bool
classes_are_found(void)
{
	for (int round = 0; round < ROUNDS; round++)
	{
		AbcCutoffs cutoffs = random_cutoffs();
		char bytes[ABC_MOST_BYTES];
		wide key =
			cutoffs.limit[unit_below((uint64_t) cutoffs.cuts + 1)] + (wide) unit_below(3) - 1;
		int expected = 0, scale = cutoffs.scale;

		while (expected < cutoffs.cuts && key < cutoffs.limit[expected])
			expected++;
		abc_canonical(&cutoffs);
		abc_pack(&cutoffs, bytes);
		if (cutoffs.is_float)
			unit_require(abc_class_of_double(bytes, double_of_key((int64_t) key)) == expected);
		else
		{
			Decimal value = {key, scale}, finer = {key * 1000000, scale + 6};

			unit_require(abc_class_of_decimal(bytes, value) == expected);
			unit_require(abc_class_of_decimal(bytes, finer) == expected);
			unit_require(abc_class_of_decimal(bytes, decimal_normalise(value)) == expected);
			unit_require(abc_class_of_double(bytes, decimal_to_double(value)) == expected);
		}
	}
	return true;
}

static bool
near(double a, long double b)
{
	return fabsl(a - b) < 1e-13L;
}

/* as the definitions say, customer by customer, in long double */
static bool
measures_are_right(void)
{
	for (int round = 0; round < ROUNDS / 10; round++)
	{
		double value[MOST];
		int n = 1 + (int) unit_below(MOST), points = 1 + (int) unit_below(30);
		long double total = 0, ranked = 0, squares = 0, sum = 0;
		double share[31];
		CurveMoments moments = {.customers = n};
		CurveLorenz lorenz = {.customers = n, .points = points, .share = share};

		for (int i = 0; i < n; i++)
			value[i] = (double) (int64_t) (exp((double) unit_below(1000) / 100) * 8) / 8 - 1;
		value[0] += 1;
		for (int i = 1; i < n; i++)
			for (int k = i; k > 0 && value[k - 1] > value[k]; k--)
			{
				double t = value[k];

				value[k] = value[k - 1];
				value[k - 1] = t;
			}
		for (int i = 0; i < n; i++)
		{
			total += value[i];
			ranked += (long double) (i + 1) * value[i];
			squares += (long double) value[i] * value[i];
		}
		lorenz.total = (double) total;

		/* in steps of equal values */
		for (int i = 0, next; i < n; i = next)
		{
			for (next = i; next < n && value[next] == value[i]; next++)
				;
			curve_moments_add(&moments, value[i], next - i);
			curve_lorenz_add(&lorenz, value[i], next - i);
		}
		curve_lorenz_finish(&lorenz);
		unit_require(near(curve_gini(&moments), 2 * ranked / (n * total) - (n + 1.0L) / n));
		unit_require(near(curve_herfindahl(&moments), squares / (total * total)));
		for (int i = 0, k = 0; i <= points; i++)
		{
			long double rank = (long double) n * i / points;

			for (; k < n && k + 1 <= rank; k++)
				sum += value[k];
			unit_require(near(share[i], (sum + (k < n ? (rank - k) * value[k] : 0)) / total));
		}
	}
	return true;
}

/* the nearest points, customer by customer */
static bool
computed_limits_are_right(void)
{
	for (int round = 0; round < ROUNDS / 10; round++)
	{
		int value[MOST], n = 1 + (int) unit_below(MOST), pareto = 0, even = 1, submarginal = 0;
		double total = 0, sum = 0, best = INFINITY, a, b;
		double x[MOST], y[MOST];
		CurveAbc abc = {.customers = n};

		for (int i = 0; i < n; i++)
			value[i] = (int) exp((double) unit_below(1000) / (double) (100 + unit_below(300)));
		for (int i = 1; i < n; i++)
			for (int k = i; k > 0 && value[k - 1] < value[k]; k--)
			{
				int t = value[k];

				value[k] = value[k - 1];
				value[k - 1] = t;
			}
		for (int i = 0; i < n; i++)
			total += value[i];
		abc.total = total;
		for (int i = 0, next; i < n; i = next)
		{
			for (next = i; next < n && value[next] == value[i]; next++)
				;
			curve_abc_add(&abc, value[i], next - i);
		}
		curve_abc_finish(&abc, &a, &b);

		for (int i = 0; i < n; i++)
		{
			sum += value[i];
			x[i] = (i + 1.0) / n;
			y[i] = sum / total;
			if ((double) value[i] * n >= total)
				even = i + 1;
			if (x[i] * x[i] + (1 - y[i]) * (1 - y[i]) < best - 1e-12)
			{
				best = x[i] * x[i] + (1 - y[i]) * (1 - y[i]);
				pareto = i + 1;
			}
		}
		best = INFINITY;
		for (int i = 0; i < n; i++)
		{
			double dx = x[i] - (double) even / n, distance = dx * dx + (1 - y[i]) * (1 - y[i]);

			if (distance < best - 1e-12)
			{
				best = distance;
				submarginal = i + 1;
			}
		}
		pareto = pareto < even ? pareto : even;
		unit_require(a >= pareto && value[(int) a - 1] == value[pareto - 1]);
		unit_require(b >= submarginal && value[(int) b - 1] == value[submarginal - 1]);
	}
	return true;
}

int
main(void)
{
	unit_result(stored_form_round_trips(), "cut-offs survive being stored");
	unit_result(damage_is_seen_or_harmless(), "damaged cut-offs are refused or are others");
	unit_result(classes_are_found(), "values are in the class whose limit they reach");
	unit_result(measures_are_right(),
				"Gini, Herfindahl and Lorenz curve are what they are defined as");
	unit_result(computed_limits_are_right(), "computed limits are the nearest points");
	return unit_done();
}
