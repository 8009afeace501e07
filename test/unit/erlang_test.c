/* sources: service/erlang.c */
/*
 * erlang_test.c
 *	  The Erlang C queue against its textbook formula, with factorials in logarithms.
 */
#include <math.h>

#include "service/erlang.h"
#include "unit.h"

#define ROUNDS 400

static double
random_between(double low, double high)
{
	return low + (high - low) * ((double) (unit_random() >> 11) / (double) (UINT64_C(1) << 53));
}

/* a^n / n! * n / (n - a), over itself plus the sum of a^k / k! below n */
static long double
textbook(int agents, long double traffic)
{
	long double top =
		agents * logl(traffic) - lgammal(agents + 1.0L) + logl(agents / (agents - traffic));
	long double sum = 1;

	for (int k = 0; k < agents; k++)
		sum += expl(k * logl(traffic) - lgammal(k + 1.0L) - top);
	return 1 / sum;
}

static bool
is_the_textbook(int most, double tolerance)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		int agents = 1 + (int) unit_below(most);
		double traffic = agents * random_between(0.001, 0.9999);
		double wait = erlang_wait_probability(agents, traffic, NULL);
		double expected = (double) textbook(agents, traffic);

		unit_require(wait >= 0 && wait <= 1);
		unit_require(fabs(wait - expected) <= tolerance * expected + 1e-300);
	}
	return true;
}

static bool
required_is_the_least(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		double traffic = random_between(0, 200), handle = random_between(1, 600);
		double level = random_between(0.01, 0.999), target = random_between(0, 120);
		int agents = erlang_agents(traffic, handle, level, target, NULL);
		double wait = erlang_wait_probability(agents, traffic, NULL);
		double less = erlang_wait_probability(agents - 1, traffic, NULL);

		unit_require(erlang_service_level(wait, agents, traffic, handle, target) >= level);
		unit_require(erlang_service_level(less, agents - 1, traffic, handle, target) < level);
	}
	return true;
}

static bool
limits_hold(void)
{
	unit_require(erlang_wait_probability(0, 0, NULL) == 1);
	unit_require(erlang_wait_probability(1, 0, NULL) == 0);
	unit_require(erlang_wait_probability(INT32_MAX, 1e-300, NULL) == 0);
	unit_require(erlang_wait_probability(5, 5, NULL) == 1);
	unit_require(erlang_wait_probability(5, 1e300, NULL) == 1);
	unit_require(erlang_agents(0, 1, 0.5, 1, NULL) == 0);
	unit_require(erlang_agents(1e300, 1, 0.5, 1, NULL) == -1);
	unit_require(isinf(erlang_average_wait(1, 5, 5, 180)));
	return true;
}

static bool
shrinkage_rounds_up(void)
{
	for (int agents = 0; agents < 2000; agents++)
	{
		for (int percent = 0; percent < 100; percent++)
		{
			int exact = (agents * 100 + (100 - percent) - 1) / (100 - percent);

			unit_require(erlang_with_shrinkage(agents, percent / 100.0) == exact);
		}
	}
	unit_require(erlang_with_shrinkage(INT32_MAX, 0.5) == -1);
	return true;
}

/* State by state, from an idle centre on. */
static bool
abandonment_is_state_by_state(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		int agents = 1 + (int) unit_below(60);
		double traffic = agents * random_between(0.01, 2), leaving = random_between(0.05, 5);
		long double weight = 1, all = 1, wait = 0, queue = 0;
		ErlangAbandonment got;

		for (int k = 1; k < 20000; k++)
		{
			weight *= traffic / (k <= agents ? k : agents + (k - agents) * (long double) leaving);
			all += weight;
			wait += k >= agents ? weight : 0;
			queue += k >= agents ? (k - agents) * weight : 0;
		}
		unit_require(erlang_abandonment(agents, traffic, leaving, 1, NULL, &got));
		unit_require(fabs(got.wait_probability - (double) (wait / all)) < 1e-12);
		unit_require(fabs(got.abandoned - (double) (queue / all * leaving / traffic)) < 1e-12);
		unit_require(fabs(got.average_wait - (double) (queue / all * leaving / traffic)) < 1e-12);
	}
	return true;
}

int
main(void)
{
	unit_result(is_the_textbook(150, 1e-12), "the probability of waiting is that of the textbook");
	unit_result(is_the_textbook(10000, 1e-9), "and so it is for thousands of agents");
	unit_result(required_is_the_least(), "one agent less than required misses the level");
	unit_result(abandonment_is_state_by_state(), "hanging up agrees with its states");
	unit_result(limits_hold(), "limits hold");
	unit_result(shrinkage_rounds_up(), "shrinkage rounds up, and only what is not whole");
	return unit_done();
}
