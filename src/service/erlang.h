/*
 * erlang.h
 *	  How many people it takes to answer calls: the Erlang C queue. Plain C: knows nothing of
 *	  PostgreSQL.
 *
 * Traffic is the work that arrives in a unit of time, in units of work (erlang): calls an hour times
 * seconds a call / 3600. Calls come at random (Poisson), take exponential times, wait in one queue
 * and do not hang up: Erlang (1917), "Solution of some problems in the theory of probabilities of
 * significance in automatic telephone exchanges"; Cooper (1981), "Introduction to queueing theory".
 */
#ifndef CUSTOMER_VALUE_ERLANG_H
#define CUSTOMER_VALUE_ERLANG_H

#include <stdbool.h>
#include <stdint.h>

/* Called now and then in long loops, so that the caller can be interrupted; may be NULL. */
typedef void (*ErlangPause)(void);

/*
 * The probability that a call has to wait, for agents >= 0 and a finite traffic >= 0; 1 where the
 * queue grows without limit, that is where agents are no more than traffic. Takes time in
 * proportion to the number of agents, at most.
 */
extern double erlang_wait_probability(int32_t agents, double traffic, ErlangPause pause);

/*
 * The share of calls answered within target, 0 where the queue grows without limit; wait is that
 * probability; handle, the mean time a call takes, is positive, target is not negative, both in the
 * same unit.
 */
extern double erlang_service_level(double wait, int32_t agents, double traffic, double handle,
								   double target);

/* The mean time until a call is answered, in the unit of handle; infinite where the queue is. */
extern double erlang_average_wait(double wait, int32_t agents, double traffic, double handle);

/*
 * The smallest number of agents whose service level is at least level, which lies between 0 and 1;
 * 0 if there is no traffic, -1 if it is more than an int32_t holds.
 */
extern int32_t erlang_agents(double traffic, double handle, double level, double target,
							 ErlangPause pause);

/* The number of people to employ so that agents are there when a share (below 1) is not; -1 as above. */
extern int32_t erlang_with_shrinkage(int32_t agents, double shrinkage);

/* What becomes of the calls where callers hang up. */
typedef struct ErlangAbandonment
{
	double wait_probability; /* the share of calls that are not answered at once */
	double abandoned;        /* the share whose callers hang up */
	double
		average_wait; /* of all calls, until they are answered or given up, in the unit of handle */
} ErlangAbandonment;

/*
 * Erlang A, the queue M/M/n + M: as above, but a caller hangs up after an exponential time with the
 * mean patience. Mandelbaum & Zeltyn (2007), "Service engineering in action: the Palm/Erlang-A queue".
 * agents >= 0, traffic >= 0, handle and patience positive, all finite; false where it would take more
 * than some 10^8 steps, which patience or traffic out of all proportion do.
 */
extern bool erlang_abandonment(int32_t agents, double traffic, double handle, double patience,
							   ErlangPause pause, ErlangAbandonment *result);

#endif
