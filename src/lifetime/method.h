/*
 * method.h
 *	  What every buy-till-you-die model answers. Plain C: knows nothing of PostgreSQL.
 *
 * A customer is known by x, the repeat order days (frequency), tx, when the last of them was
 * (recency), and T, for how long it has been known (age); all times count from its first order in
 * one unit. Given that it is still alive at T, tx tells no more, so what is expected of it is
 * P(alive | x, tx, T) times something of x and T alone; but where orders come regularly
 * (cnbd.c), tx tells when the next one is due.
 */
#ifndef CUSTOMER_VALUE_METHOD_H
#define CUSTOMER_VALUE_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lifetime/jet.h"

/* So many customers share one summary. */
typedef struct Observation
{
	double recency;
	double age;
	int64_t count;
	int32_t frequency;
} Observation;

/* Regular customers order after so many phases, at most. */
#define METHOD_MOST_PHASES 12

/* theta of a model: the parameters that are fitted, and behind them the number of phases, k, of those that
 * have phases. */
#define METHOD_K JET_PARAMETERS
#define METHOD_THETA (JET_PARAMETERS + 1)

typedef struct Method
{
	const char *name;
	int parameters;
	const char *parameter[JET_PARAMETERS];
	bool phases; /* has k, and tx tells of the future of a customer that is alive */

	/* probability that the customer is alive at T */
	double (*p_alive)(const double *theta, double x, double tx, double T);
	/* of a customer that is alive at T: the orders expected in (T, T + t], the probability of exactly n
	 * of them, and that of being alive at T + t too, whatever it does until then */
	double (*orders_alive)(const double *theta, double x, double tx, double T, double t);
	double (*probability_alive)(const double *theta, double x, double tx, double T, int32_t n,
								double t);
	double (*alive_until)(const double *theta, double x, double tx, double T, double t);
	/* and the expectation of n (n - 1), n being its orders in (T, T + t]; NULL where ledgers have none */
	double (*pairs_alive)(const double *theta, double x, double tx, double T, double t);
	/* repeat orders expected of a new customer until t, and the probability of n */
	double (*orders_new)(const double *theta, double t);
	double (*probability)(const double *theta, int32_t n, double t);
	/* expected discounted orders without end, at rate d per unit, given alive at T; may be NULL */
	double (*residual_alive)(const double *theta, double x, double T, double d);
	/* ln likelihood of one customer; with phases that of the summary, see cnbd_log_regularity */
	double (*loglik)(const double *theta, double x, double tx, double T);

	/* Adds up the log-likelihood of observations that are sorted by frequency. Calls breathe now
	 * and then, which may not return. */
	void (*loglik_jet)(const double *theta, const Observation *observations, size_t n,
					   void (*breathe)(void), Jet *total);

	/* where the search begins, given the mean frequency and the mean age; and its limits */
	void (*start)(double frequency, double age, double *theta);
	double lower[JET_PARAMETERS];
	double upper[JET_PARAMETERS];
	int scale[JET_PARAMETERS]; /* 1: the parameter is a time and changes with the unit */

	/* in words, what data whose maximum lies there do not show, ages being at most 1; or NULL */
	const char *(*boundary)(const double *theta);
} Method;

extern const Method bgnbd_method;
extern const Method mbgnbd_method;
extern const Method bgcnbd_method;
extern const Method mbgcnbd_method;
extern const Method paretonbd_method;
extern const Method bgbb_method;

/*
 * What phases add to the ln likelihood of a customer of which only the summary is known: x gaps of k phases
 * that add up to tx against x gaps of one. Where the gaps themselves are known, it is (k - 1) times the
 * sum of their logarithms less x ln (k - 1)! instead, which is not in loglik_jet.
 */
extern double cnbd_log_regularity(double k, double x, double tx);

/* after so many summaries of a fit, breathe is called */
#define BREATHE_EVERY 4096

#endif
