/*
 * bgbb.c
 *	  The BG/BB model, for orders that can only happen at discrete opportunities.
 *
 * At each opportunity a living customer orders with a probability that is beta (alpha, beta)
 * distributed among customers; before each it is lost with a probability that is beta (gamma,
 * delta) distributed. Frequency and recency count opportunities, age is how many there have been.
 *
 *	Fader, Hardie & Shang 2010, Customer-base analysis in a discrete-time noncontractual setting,
 *	Marketing Science 29(6)
 */
#include <math.h>

#include "lifetime/annuity.h"
#include "lifetime/method.h"
#include "lifetime/special.h"

enum
{
	ALPHA,
	BETA,
	GAMMA,
	DELTA
};

/* ln likelihood of x orders at given ones of the first i opportunities and being alive after them */
static double
log_alive(const double *theta, double x, double i)
{
	return log_beta_step(theta[ALPHA], theta[BETA], x, i - x) +
		   log_beta_step(theta[GAMMA], theta[DELTA], 0, i);
}

/* the same with a loss before opportunity i + 1 */
static double
log_lost(const double *theta, double x, double i)
{
	return log_beta_step(theta[ALPHA], theta[BETA], x, i - x) +
		   log_beta_step(theta[GAMMA], theta[DELTA], 1, i);
}

static double
loglik(const double *theta, double x, double tx, double n)
{
	double sum = log_alive(theta, x, n);

	for (double i = tx; i < n; i++)
		sum = log_add(sum, log_lost(theta, x, i));
	return sum;
}

static double
p_alive(const double *theta, double x, double tx, double n)
{
	return exp(log_alive(theta, x, n) - loglik(theta, x, tx, n));
}

static double
orders_alive(const double *theta, double x, double tx, double n, double t)
{
	(void) tx;
	return (theta[ALPHA] + x) / (theta[ALPHA] + theta[BETA] + n) *
		   beta_annuity(theta[GAMMA], theta[DELTA] + n, 0, floor(t));
}

static double
orders_new(const double *theta, double t)
{
	return orders_alive(theta, 0, 0, 0, t);
}

static double
log_choose(double n, double k)
{
	return k == 0 || k == n ? 0 : -log(n + 1) - log_beta(k + 1, n - k + 1);
}

static double
probability(const double *theta, int32_t x, double t)
{
	double n = floor(t);
	double sum;

	if (x > n)
		return 0;
	sum = exp(log_choose(n, x) + log_alive(theta, x, n));
	for (double i = x; i < n; i++)
		sum += exp(log_choose(i, x) + log_lost(theta, x, i));
	return sum;
}

/* Of a customer that is alive, the chances are beta distributed still. */
static double
probability_alive(const double *theta, double x, double tx, double n, int32_t orders, double t)
{
	double now[] = {theta[ALPHA] + x, theta[BETA] + n - x, theta[GAMMA], theta[DELTA] + n};

	(void) tx;
	return probability(now, orders, t);
}

static double
alive_until(const double *theta, double x, double tx, double n, double t)
{
	(void) tx;
	(void) x;
	return exp(log_beta_step(theta[GAMMA], theta[DELTA] + n, 0, floor(t)));
}

/* the discount rate is continuous per opportunity, as in the other models */
static double
residual_alive(const double *theta, double x, double n, double d)
{
	return (theta[ALPHA] + x) / (theta[ALPHA] + theta[BETA] + n) *
		   beta_annuity(theta[GAMMA], theta[DELTA] + n, expm1(d), INFINITY);
}

static void
loglik_jet(const double *theta, const Observation *o, size_t count, void (*breathe)(void),
		   Jet *total)
{
	*total = (Jet){0};
	for (size_t k = 0; k < count; k++)
	{
		double x = o[k].frequency;
		Jet sum = {0};

		jet_add_beta(&sum, ALPHA, theta[ALPHA], theta[BETA], x, o[k].age - x);
		jet_add_beta(&sum, GAMMA, theta[GAMMA], theta[DELTA], 0, o[k].age);
		breathe();
		for (double i = o[k].recency; i < o[k].age; i++)
		{
			Jet lost = {0}, before = sum;

			jet_add_beta(&lost, ALPHA, theta[ALPHA], theta[BETA], x, i - x);
			jet_add_beta(&lost, GAMMA, theta[GAMMA], theta[DELTA], 1, i);
			jet_log_add(&before, &lost, &sum);
		}
		jet_add(total, &sum, (double) o[k].count);
	}
}

static void
start(double frequency, double age, double *theta)
{
	double share = fmin(0.9, 1.5 * frequency / age);

	theta[ALPHA] = 2 * share;
	theta[BETA] = 2 * (1 - share);
	theta[GAMMA] = 0.5;
	theta[DELTA] = 2;
}

static const char *
boundary(const double *theta)
{
	if (theta[GAMMA] < 1e-4 * theta[DELTA])
		return "no drop-out can be seen in these data";
	if (theta[GAMMA] > 1e3 && theta[DELTA] > 1e3)
		return "customers do not differ in their chance to drop out";
	if (theta[ALPHA] > 1e3 || theta[BETA] > 1e3)
		return "customers do not differ in their chance to order";
	return NULL;
}

const Method bgbb_method = {
	.name = "bg/bb",
	.parameters = 4,
	.parameter = {"alpha", "beta", "gamma", "delta"},
	.p_alive = p_alive,
	.orders_alive = orders_alive,
	.probability_alive = probability_alive,
	.alive_until = alive_until,
	.orders_new = orders_new,
	.probability = probability,
	.residual_alive = residual_alive,
	.loglik = loglik,
	.loglik_jet = loglik_jet,
	.start = start,
	.lower = {1e-6, 1e-6, 1e-6, 1e-6},
	.upper = {1e6, 1e6, 1e6, 1e6},
	.scale = {0, 0, 0, 0},
	.boundary = boundary,
};
