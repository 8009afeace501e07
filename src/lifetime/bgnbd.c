/*
 * bgnbd.c
 *	  The BG/NBD and the MBG/NBD model.
 *
 * Customers order at a rate that is gamma (r, alpha) distributed among them, and may drop out for
 * good after each order with a probability that is beta (a, b) distributed. In BG/NBD the first
 * order is not followed by such a chance (so that a customer without a repeat order is alive with
 * certainty: that is the model), in MBG/NBD it is.
 *
 *	Fader, Hardie & Lee 2005a, "Counting your customers" the easy way, Marketing Science 24(2)
 *	Fader, Hardie & Lee 2008, Computing P(alive) using the BG/NBD model (note 021)
 *	Fader & Hardie 2013, Overcoming the BG/NBD model's #NUM! error problem (note 027)
 *	Batislam, Denizel & Filiztekin 2007, Empirical validation and comparison of models for customer
 *	base analysis, Int. J. of Research in Marketing 24(3), with the correction of 2008
 */
#include <math.h>

#include "lifetime/method.h"
#include "lifetime/negbin.h"
#include "lifetime/quadrature.h"
#include "lifetime/special.h"

enum
{
	R,
	ALPHA,
	A,
	B
};

/* the times that a customer with x repeat orders has survived a chance to drop out */
#define SURVIVED(modified, x) ((modified) ? (x) + 1 : (x))

/* ln of the odds of having died at tx against being alive at T; of likelihoods, not densities */
static inline double
log_odds_dead(const double *theta, bool modified, double x, double tx, double T)
{
	return log(theta[A] / (theta[B] + SURVIVED(modified, x) - 1)) +
		   (theta[R] + x) * log1p((T - tx) / (theta[ALPHA] + tx));
}

static inline double
p_alive(const double *theta, bool modified, double x, double tx, double T)
{
	if (SURVIVED(modified, x) == 0)
		return 1;
	return 1 / (1 + exp(log_odds_dead(theta, modified, x, tx, T)));
}

/* Orders until drop-out, integrated over the drop-out probability; see orders_alive */
typedef struct OrdersIntegrand
{
	double shape; /* of the order rate */
	double z;
	double a;
	double b;
} OrdersIntegrand;

static double
log_orders(const void *self, double u, double *slope)
{
	const OrdersIntegrand *f = self;
	double p = 1 / (1 + exp(-u));
	double q = 1 / (1 + exp(u));
	double log_p = u < 0 ? u - log1p(exp(u)) : -log1p(exp(-u));
	double log_q = u < 0 ? -log1p(exp(u)) : -u - log1p(exp(-u));
	double y = f->shape * log1p(p * f->z);
	/* y / (exp(y) - 1), which is 1 at 0 and 0 at infinity */
	double ratio = y < 1e-8 ? 1 - 0.5 * y : y / expm1(y);
	double per_y = y > 0 ? p * f->z / ((1 + p * f->z) * log1p(p * f->z)) : 1;

	if (y > 700)
		ratio = 0;
	*slope = f->a * q - f->b * p + q * (ratio * per_y - 1);
	return f->a * log_p + f->b * log_q + log(-expm1(-y)) - log_p;
}

/*
 * Orders within t of a customer that is alive now and whose rate is gamma (shape, rate), its
 * drop-out probability beta (a, b): with n orders offered by the rate it makes
 * 1 + q + ... + q^(n-1) of them, q = 1 - p, so
 *
 *	sum over n of P(n) S(n),  S(n) = sum over j < n of (b)_j / (a + b)_j.
 *
 * This is equation (10) of Fader, Hardie & Lee 2005a with its 2F1 written as a sum of positive
 * terms; (a + b - 1) / (a - 1) has cancelled, so that a near 1 and a + b < 1 are like any other. Where
 * the sum is long, the same expectation is integrated over p instead: E[(1 - (1 + pz)^-shape) / p].
 */
#define SUM_UP_TO_W 0.98
#define SUM_UP_TO_MEAN 500.0

static double
orders_while_alive(double shape, double rate, double a, double b, double t)
{
	double z = t / rate;
	double w = t / (rate + t);

	if (t == 0)
		return 0;
	if (w < SUM_UP_TO_W && shape * z < SUM_UP_TO_MEAN)
	{
		double probability = exp(-shape * log1p(z));
		double made = 0, chance = 1, sum = 0;

		for (double n = 0;; n++)
		{
			double term;

			probability *= w * (shape + n) / (n + 1);
			made += chance;
			chance *= (b + n) / (a + b + n);
			term = probability * made;
			sum += term;
			/* from here on the terms fall at least as fast as a geometric series */
			if (!(term > 1e-17 * (1 - w) * sum) && n > shape * z)
				return sum;
		}
	}
	else
	{
		OrdersIntegrand f = {shape, z, a, b};
		Interval over = {.low_open = true, .high_open = true};

		over.low = -40 - log1p(a + b + (shape + 1) * z);
		over.high = 40 + log1p(a + b + shape);
		return exp(log_integral(log_orders, &f, over, NULL, NULL) - log_beta(a, b));
	}
}

static inline double
orders_alive(const double *theta, bool modified, double x, double T, double t)
{
	return orders_while_alive(theta[R] + x, theta[ALPHA] + T, theta[A],
							  theta[B] + SURVIVED(modified, x), t);
}

static inline double
orders_new(const double *theta, bool modified, double t)
{
	return p_alive(theta, modified, 0, 0, 0) * orders_alive(theta, modified, 0, 0, t);
}

/* Alive after n orders, or dropped out after the n-th: Fader, Hardie & Lee 2005a, (8). */
static double
probability(const double *theta, bool modified, int32_t n, double t)
{
	double survived = SURVIVED(modified, (double) n);
	double result = exp(log_beta_step(theta[A], theta[B], 0, survived) +
						negbin_log_probability(theta[R], theta[ALPHA], n, t));

	if (survived > 0)
		result += exp(log_beta_step(theta[A], theta[B], 1, survived - 1)) *
				  negbin_at_least(theta[R], theta[ALPHA], n, t);
	return result;
}

/* Of a customer that is alive, the next chance to drop out comes with the next order, as for a new one
 * under BG/NBD. */
static inline double
probability_alive(const double *theta, bool modified, double x, double T, int32_t n, double t)
{
	double now[] = {theta[R] + x, theta[ALPHA] + T, theta[A], theta[B] + SURVIVED(modified, x)};

	return probability(now, false, n, t);
}

/* Staying alive through the orders of a time, integrated over the drop-out probability */
static double
log_survival(const void *self, double u, double *slope)
{
	const OrdersIntegrand *f = self;
	double p = 1 / (1 + exp(-u));
	double q = 1 / (1 + exp(u));
	double log_p = u < 0 ? u - log1p(exp(u)) : -log1p(exp(-u));
	double log_q = u < 0 ? -log1p(exp(u)) : -u - log1p(exp(-u));

	*slope = f->a * q - f->b * p - f->shape * p * q * f->z / (1 + p * f->z);
	return f->a * log_p + f->b * log_q - f->shape * log1p(p * f->z);
}

/*
 * A customer offered n orders is alive after them with (b)_n / (a + b)_n, and n is negative binomial:
 * the sum is a 2F1 of positive terms; where it is long, E[(1 + pz)^-shape] is integrated over p
 * instead, as in orders_while_alive.
 */
static inline double
alive_until(const double *theta, bool modified, double x, double T, double t)
{
	double shape = theta[R] + x;
	double a = theta[A], b = theta[B] + SURVIVED(modified, x);
	double z = t / (theta[ALPHA] + T);
	double w = z / (1 + z);

	if (t == 0)
		return 1;
	if (w < SUM_UP_TO_W && shape * z < SUM_UP_TO_MEAN)
	{
		double term = exp(-shape * log1p(z));
		double sum = term;

		for (double n = 0; term > 1e-17 * (1 - w) * sum || n <= shape * z; n++)
		{
			term *= w * (shape + n) / (n + 1) * (b + n) / (a + b + n);
			sum += term;
		}
		return fmin(1, sum);
	}
	else
	{
		OrdersIntegrand f = {shape, z, a, b};
		Interval over = {.low_open = true, .high_open = true};

		over.low = -40 - log1p(a + b + (shape + 1) * z);
		over.high = 40 + log1p(a + b + shape);
		return fmin(1, exp(log_integral(log_survival, &f, over, NULL, NULL) - log_beta(a, b)));
	}
}

/* The chance of at least two orders by y = t / rate, of a gamma (k, rate) customer that lives. */
static double
at_least_two(double k, double y)
{
	double direct = 1 - exp(-k * log1p(y)) * (1 + k * y / (1 + y));
	double w = y / (1 + y), term, sum = 0;

	if (direct > 1e-4)
		return direct;
	/* the terms of the sum instead, of which there are few */
	term = 0.5 * k * (k + 1) * w * w * exp(-k * log1p(y));
	for (double n = 2; term > 1e-17 * sum; n++)
	{
		sum += term;
		term *= w * (k + n) / (n + 1);
	}
	return sum;
}

/* Pairs of orders until drop-out, integrated over the drop-out probability */
static double
log_pairs(const void *self, double u, double *slope)
{
	const OrdersIntegrand *f = self;
	double p = 1 / (1 + exp(-u));
	double q = 1 / (1 + exp(u));
	double log_p = u < 0 ? u - log1p(exp(u)) : -log1p(exp(-u));
	double log_q = u < 0 ? -log1p(exp(u)) : -u - log1p(exp(-u));
	double y = p * f->z;
	double two = at_least_two(f->shape, y);
	double rise = f->shape * (f->shape + 1) * y / (1 + y) / (1 + y) * exp(-f->shape * log1p(y));

	/* near 0, rise y / two is 2 */
	*slope = f->a * q - (f->b + 1) * p - 2 * q + q * (two > 0 ? rise * y / two : 2);
	if (!(two > 0))
		return (f->a - 2) * log_p + (f->b + 1) * log_q + log(0.5 * f->shape * (f->shape + 1)) +
			   2 * (log_p + log(f->z));
	return (f->a - 2) * log_p + (f->b + 1) * log_q + log(two);
}

/*
 * The expectation of n (n - 1) over orders made, as in orders_while_alive: with m orders offered it is
 * the sum over 1 <= j < m of 2 j (b)_j / (a + b)_j; given the drop-out probability, 2 q / p^2 times the
 * chance of at least two orders at the rate p.
 */
static inline double
pairs_alive(const double *theta, bool modified, double x, double T, double t)
{
	double shape = theta[R] + x;
	double a = theta[A], b = theta[B] + SURVIVED(modified, x);
	double z = t / (theta[ALPHA] + T);
	double w = z / (1 + z);

	if (t == 0)
		return 0;
	if (w < SUM_UP_TO_W && shape * z < SUM_UP_TO_MEAN)
	{
		double probability = exp(-shape * log1p(z)) * w * shape;
		double made = 0, chance = 1, sum = 0;

		for (double n = 1;; n++)
		{
			double term;

			probability *= w * (shape + n) / (n + 1);
			chance *= (b + n - 1) / (a + b + n - 1);
			made += 2 * n * chance;
			term = probability * made;
			sum += term;
			if (!(term > 1e-17 * (1 - w) * sum) && n > 2 * shape * z + 2)
				return sum;
		}
	}
	else
	{
		OrdersIntegrand f = {shape, z, a, b};
		Interval over = {.low_open = true, .high_open = true};

		over.low = -40 - log1p(a + b + (shape + 1) * z);
		over.high = 40 + log1p(a + b + shape);
		return 2 * exp(log_integral(log_pairs, &f, over, NULL, NULL) - log_beta(a, b));
	}
}

/* ln likelihood of x orders until tx and none from there until t, as long as alive */
static double
log_orders_made(const double *theta, double x, double t)
{
	return log_gamma_step(theta[R], x) - theta[R] * log1p(t / theta[ALPHA]) -
		   x * log(theta[ALPHA] + t);
}

static double
loglik(const double *theta, bool modified, double x, double tx, double T)
{
	double survived = SURVIVED(modified, x);
	double alive = log_orders_made(theta, x, T) + log_beta_step(theta[A], theta[B], 0, survived);

	if (survived == 0)
		return alive;
	return log_add(alive, log_orders_made(theta, x, tx) +
							  log_beta_step(theta[A], theta[B], 1, survived - 1));
}

static void
loglik_jet(const double *theta, bool modified, const Observation *o, size_t n,
		   void (*breathe)(void), Jet *total)
{
	Jet common = {0};
	int32_t x = -1;

	*total = (Jet){0};
	for (size_t i = 0; i < n; i++)
	{
		Jet alive = {0}, dead = {0}, either;
		double survived = SURVIVED(modified, o[i].frequency);

		if (i % BREATHE_EVERY == 0)
			breathe();
		if (o[i].frequency != x)
		{
			x = o[i].frequency;
			common = (Jet){0};
			jet_add_gamma(&common, R, theta[R], x);
			jet_add_beta(&common, A, theta[A], theta[B], 0, survived);
		}
		jet_add_rate(&alive, R, theta[R], theta[ALPHA], x, o[i].age);
		if (survived == 0)
			either = alive;
		else
		{
			double beta = theta[B] + survived - 1;

			jet_add_rate(&dead, R, theta[R], theta[ALPHA], x, o[i].recency);
			dead.value += log(theta[A] / beta);
			dead.gradient[A] = 1 / theta[A];
			dead.gradient[B] = -1 / beta;
			dead.hessian[A][A] = -1 / (theta[A] * theta[A]);
			dead.hessian[B][B] = 1 / (beta * beta);
			jet_log_add(&alive, &dead, &either);
		}
		jet_add(&either, &common, 1);
		jet_add(total, &either, (double) o[i].count);
	}
}

static void
start(double frequency, double age, double *theta)
{
	theta[R] = 0.5;
	theta[ALPHA] = 0.5 * age / frequency;
	theta[A] = 0.5;
	theta[B] = 2;
}

static const char *
boundary(const double *theta)
{
	if (theta[A] < 1e-4 * theta[B])
		return "no drop-out can be seen in these data";
	if (theta[A] > 1e3 && theta[B] > 1e3)
		return "customers do not differ in their chance to drop out";
	if (theta[R] > 1e3)
		return "customers do not differ in their order rate";
	return NULL;
}

static double
bgnbd_p_alive(const double *theta, double x, double tx, double T)
{
	return p_alive(theta, false, x, tx, T);
}

static double
bgnbd_orders_alive(const double *theta, double x, double tx, double T, double t)
{
	(void) tx;
	return orders_alive(theta, false, x, T, t);
}

static double
bgnbd_probability_alive(const double *theta, double x, double tx, double T, int32_t n, double t)
{
	(void) tx;
	return probability_alive(theta, false, x, T, n, t);
}

static double
bgnbd_alive_until(const double *theta, double x, double tx, double T, double t)
{
	(void) tx;
	return alive_until(theta, false, x, T, t);
}

static double
bgnbd_pairs_alive(const double *theta, double x, double tx, double T, double t)
{
	(void) tx;
	return pairs_alive(theta, false, x, T, t);
}

static double
bgnbd_orders_new(const double *theta, double t)
{
	return orders_new(theta, false, t);
}

static double
bgnbd_probability(const double *theta, int32_t n, double t)
{
	return probability(theta, false, n, t);
}

static double
bgnbd_loglik(const double *theta, double x, double tx, double T)
{
	return loglik(theta, false, x, tx, T);
}

static void
bgnbd_loglik_jet(const double *theta, const Observation *o, size_t n, void (*breathe)(void),
				 Jet *total)
{
	loglik_jet(theta, false, o, n, breathe, total);
}

static double
mbgnbd_p_alive(const double *theta, double x, double tx, double T)
{
	return p_alive(theta, true, x, tx, T);
}

static double
mbgnbd_orders_alive(const double *theta, double x, double tx, double T, double t)
{
	(void) tx;
	return orders_alive(theta, true, x, T, t);
}

static double
mbgnbd_probability_alive(const double *theta, double x, double tx, double T, int32_t n, double t)
{
	(void) tx;
	return probability_alive(theta, true, x, T, n, t);
}

static double
mbgnbd_alive_until(const double *theta, double x, double tx, double T, double t)
{
	(void) tx;
	return alive_until(theta, true, x, T, t);
}

static double
mbgnbd_pairs_alive(const double *theta, double x, double tx, double T, double t)
{
	(void) tx;
	return pairs_alive(theta, true, x, T, t);
}

static double
mbgnbd_orders_new(const double *theta, double t)
{
	return orders_new(theta, true, t);
}

static double
mbgnbd_probability(const double *theta, int32_t n, double t)
{
	return probability(theta, true, n, t);
}

static double
mbgnbd_loglik(const double *theta, double x, double tx, double T)
{
	return loglik(theta, true, x, tx, T);
}

static void
mbgnbd_loglik_jet(const double *theta, const Observation *o, size_t n, void (*breathe)(void),
				  Jet *total)
{
	loglik_jet(theta, true, o, n, breathe, total);
}

#define LIMITS \
	.lower = {1e-5, 1e-9, 1e-6, 1e-6}, .upper = {1e5, 1e9, 1e6, 1e6}, .scale = {0, 1, 0, 0}

const Method bgnbd_method = {
	.name = "bg/nbd",
	.parameters = 4,
	.parameter = {"r", "alpha", "a", "b"},
	.p_alive = bgnbd_p_alive,
	.orders_alive = bgnbd_orders_alive,
	.probability_alive = bgnbd_probability_alive,
	.alive_until = bgnbd_alive_until,
	.pairs_alive = bgnbd_pairs_alive,
	.orders_new = bgnbd_orders_new,
	.probability = bgnbd_probability,
	.loglik = bgnbd_loglik,
	.loglik_jet = bgnbd_loglik_jet,
	.start = start,
	LIMITS,
	.boundary = boundary,
};

const Method mbgnbd_method = {
	.name = "mbg/nbd",
	.parameters = 4,
	.parameter = {"r", "alpha", "a", "b"},
	.p_alive = mbgnbd_p_alive,
	.orders_alive = mbgnbd_orders_alive,
	.probability_alive = mbgnbd_probability_alive,
	.alive_until = mbgnbd_alive_until,
	.pairs_alive = mbgnbd_pairs_alive,
	.orders_new = mbgnbd_orders_new,
	.probability = mbgnbd_probability,
	.loglik = mbgnbd_loglik,
	.loglik_jet = mbgnbd_loglik_jet,
	.start = start,
	LIMITS,
	.boundary = boundary,
};
