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

/* the share of a sum that may be left out */
#define NEGLIGIBLE 1e-18

/* the square of how many lengths of the queue may be likely */
#define MOST_SPREAD 1e14

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

/* 1/B(agents) */
static double
inverse_loss_of(int32_t agents, double traffic, ErlangPause pause)
{
	double inverse_loss = 1;

	for (int64_t n = 1; n <= agents && isfinite(inverse_loss); n++)
	{
		inverse_loss = 1 + (double) n / traffic * inverse_loss;
		pause_at(n, pause);
	}
	return inverse_loss;
}

double
erlang_wait_probability(int32_t agents, double traffic, ErlangPause pause)
{
	if (agents <= traffic)
		return 1;
	return wait_probability(inverse_loss_of(agents, traffic, pause), agents, traffic);
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

/*
 * The lengths of the queue, j = 0, 1, 2 ..., have probabilities in the ratio
 *
 *	  w(j) / w(j - 1) = traffic / (agents + j · handle / patience)
 *
 * They are summed from the likeliest one on to either side, so that nothing overflows; the states
 * with a free agent weigh w(0) · (1/B - 1).
 */
typedef struct QueueLengths
{
	double first; /* w(0) */
	double sum;
	double weighted; /* sum of j · w(j) */
} QueueLengths;

static QueueLengths
queue_lengths(double agents, double traffic, double leaving, ErlangPause pause)
{
	double mode = agents < traffic ? floor((traffic - agents) / leaving) : 0;
	QueueLengths lengths = {0, 1, mode};
	double weight = 1;
	int64_t step = 0;

	for (double j = mode; j > 0 && weight > NEGLIGIBLE * NEGLIGIBLE; j--)
	{
		weight *= (agents + j * leaving) / traffic;
		lengths.sum += weight;
		lengths.weighted += (j - 1) * weight;
		pause_at(++step, pause);
	}
	lengths.first = weight; /* or what is as good as 0 */
	weight = 1;
	for (double j = mode + 1;; j++)
	{
		double ratio = traffic / (agents + j * leaving);
		double rest = 1 / (1 - ratio); /* later ratios are smaller */

		weight *= ratio;
		lengths.sum += weight;
		lengths.weighted += j * weight;
		if (ratio < 1 && weight * rest * (j + rest) <= NEGLIGIBLE * lengths.weighted)
			return lengths;
		pause_at(++step, pause);
	}
}

bool
erlang_abandonment(int32_t agents, double traffic, double handle, double patience,
				   ErlangPause pause, ErlangAbandonment *result)
{
	double leaving = handle / patience;
	QueueLengths lengths;
	double all, waiting;

	if (agents == 0 || traffic == 0)
	{
		bool wait = agents == 0;

		*result = (ErlangAbandonment){wait, wait, wait ? patience : 0};
		return true;
	}
	if (!(traffic / leaving <= MOST_SPREAD) || !(leaving <= MOST_SPREAD))
		return false;
	lengths = queue_lengths(agents, traffic, leaving, pause);
	all = lengths.sum + lengths.first * (inverse_loss_of(agents, traffic, pause) - 1);
	waiting = lengths.weighted / all; /* the mean length of the queue; Little's law does the rest */
	*result = (ErlangAbandonment){lengths.sum / all, waiting * (leaving / traffic),
								  waiting * (handle / traffic)};
	return true;
}
