/*
 * erlang.c
 *	  How many people it takes to answer calls: the Erlang C queue.
 *
 * Factorials and powers of the textbook formula leave the range of a double at 171 agents. The
 * inverse of Erlang's loss probability, 1/B, does without them: 1/B(0) = 1 and
 *
 *	  1/B(n) = 1 + n / traffic · 1/B(n - 1)
 *
 * has positive terms only, so that nothing cancels; and C follows from it. Where 1/B leaves the
 * range, nobody has to wait.
 */
#include "service/erlang.h"

#include <math.h>

#define STEPS_BETWEEN_PAUSES (1 << 20)

/* how far from a whole number rounding may bring what is one */
#define WHOLE 1e-9

/*
 * C(n) = 1 / (1/B·(1 - ρ) + ρ), ρ = traffic / n
 */
static double
wait_probability(double inverse_loss, double agents, double traffic)
{
	double load = traffic / agents;

	if (agents <= traffic)
		return 1;
	return 1 / (inverse_loss * ((agents - traffic) / agents) + load);
}

static inline void
pause_at(int64_t step, ErlangPause pause)
{
	if (step % STEPS_BETWEEN_PAUSES == 0 && pause)
		pause();
}

double
erlang_wait_probability(int32_t agents, double traffic, ErlangPause pause)
{
	double inverse_loss = 1;

	if (agents <= traffic)
		return 1;
	for (int64_t n = 1; n <= agents && isfinite(inverse_loss); n++)
	{
		inverse_loss = 1 + (double) n / traffic * inverse_loss;
		pause_at(n, pause);
	}
	return wait_probability(inverse_loss, agents, traffic);
}

double
erlang_service_level(double wait, int32_t agents, double traffic, double handle, double target)
{
	if (agents <= traffic)
		return 0;
	return 1 - wait * exp(-(agents - traffic) * (target / handle));
}

double
erlang_average_wait(double wait, int32_t agents, double traffic, double handle)
{
	if (agents <= traffic)
		return INFINITY;
	return wait * handle / (agents - traffic);
}

int32_t
erlang_agents(double traffic, double handle, double level, double target, ErlangPause pause)
{
	double inverse_loss = 1;

	if (traffic == 0)
		return 0;
	if (traffic >= INT32_MAX)
		return -1;
	for (int32_t n = 1;; n++)
	{
		inverse_loss = 1 + (double) n / traffic * inverse_loss;
		if (n > traffic && erlang_service_level(wait_probability(inverse_loss, n, traffic), n,
												traffic, handle, target) >= level)
			return n;
		if (n == INT32_MAX)
			return -1;
		pause_at(n, pause);
	}
}

int32_t
erlang_with_shrinkage(int32_t agents, double shrinkage)
{
	double people = agents / (1 - shrinkage);
	double whole = nearbyint(people);

	if (fabs(people - whole) > WHOLE * people)
		whole = ceil(people);
	return whole <= INT32_MAX ? (int32_t) whole : -1;
}
