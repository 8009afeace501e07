/*
 * cnbd.c
 *	  The BG/CNBD-k and the MBG/CNBD-k model: customers that order regularly.
 *
 * As BG/NBD and MBG/NBD (bgnbd.c), but the time between two orders of a customer is the sum of k
 * phases, each exponential with the customer's rate, so that orders come the more regularly the
 * greater k is. The rate, of phases, is gamma (r, alpha) distributed among customers. With k = 1 the
 * models are those of bgnbd.c.
 *
 *	Platzer & Reutterer 2016, Ticking away the moments: timing regularity helps to better predict
 *	customer activity, Marketing Science 35(5)
 *	Reutterer, Platzer & Schröder 2021, Leveraging purchase regularity for predicting customer
 *	behavior the easy way, Int. J. of Research in Marketing 38(1)
 *
 * The papers approximate the orders to come for k > 1. Here they are exact: phases are without
 * memory, so that of a living customer the future depends on the rate and on the number of phases
 * that have passed since the last order, and given that number the rate is again gamma distributed.
 */
#include <math.h>

#include "lifetime/method.h"
#include "lifetime/negbin.h"
#include "lifetime/special.h"

enum
{
	R,
	ALPHA,
	A,
	B,
	K
};

/* the times that a customer with x repeat orders has survived a chance to drop out */
#define SURVIVED(modified, x) ((modified) ? (x) + 1 : (x))

/* What is known of a customer that is alive at T: the chance that j phases have passed since the last
 * order, with which the rate is gamma (shape + j, rate), and the drop-out probability, beta (a, b). */
typedef struct Phases
{
	double passed[METHOD_MOST_PHASES];
	double shape;
	double rate;
	double a;
	double b;
	/* of at most k - 1 phases in (tx, T] against none */
	double odds;
	int k;
} Phases;

static Phases
phases_at(const double *theta, bool modified, double x, double tx, double T)
{
	Phases now = {.k = (int) theta[K]};
	double term = 1, part;

	now.shape = theta[R] + now.k * x;
	now.rate = theta[ALPHA] + T;
	now.a = theta[A];
	now.b = theta[B] + SURVIVED(modified, x);
	part = (T - tx) / now.rate;
	for (int j = 0; j < now.k; j++)
	{
		now.passed[j] = term;
		now.odds += term;
		term *= part * (now.shape + j) / (j + 1);
	}
	for (int j = 0; j < now.k; j++)
		now.passed[j] /= now.odds;
	return now;
}

static inline double
p_alive(const double *theta, bool modified, double x, double tx, double T)
{
	Phases now;

	if (SURVIVED(modified, x) == 0)
		return 1;
	now = phases_at(theta, modified, x, tx, T);
	return 1 / (1 + exp(log(now.a / (now.b - 1)) +
						now.shape * log1p((T - tx) / (theta[ALPHA] + tx)) - log(now.odds)));
}

/* Of a living customer: orders expected, n (n - 1) of them, and the chance to be alive at the end. */
typedef struct Future
{
	double orders;
	double pairs;
	double alive;
} Future;

/*
 * With m orders offered a customer makes the sum of S(j) over 0 <= j < m of them, S(j) = (b)_j / (a + b)_j
 * being the chance to survive j, has 2 j S(j) over 1 <= j < m pairs, and is alive with S(m). The phases
 * since the last order are a mixture of k negative binomials, whose terms come one from the other;
 * their scale is that of the sum, so that none needs to be known and none is lost to underflow.
 *
 * Where the sum is very long, with horizons of some 10,000 times alpha, orders are taken to come at
 * random at 1/k of the rate of phases, which the integrals of bgnbd.c can do: an approximation.
 */
#define MOST_TERMS 1e6
#define SCALE_DOWN 1e-200

static Future
future(const Phases *now, double t)
{
	double z = t / now->rate;
	double w = z / (1 + z);
	double term[METHOD_MOST_PHASES];
	double total = 0, made = 0, pairs = 0, survived = 1, m = 0;
	Future sum = {0};

	if (t == 0)
		return (Future){.alive = 1};
	if (2 * now->shape * z + 40 * (1 + z) > MOST_TERMS)
	{
		double theta[] = {now->shape, now->rate * now->k, now->a, now->b};

		for (int j = 1; j < now->k; j++)
			theta[0] += j * now->passed[j];
		return (Future){bgnbd_method.orders_alive(theta, 0, 0, 0, t),
						bgnbd_method.pairs_alive(theta, 0, 0, 0, t),
						bgnbd_method.alive_until(theta, 0, 0, 0, t)};
	}
	for (int j = 0; j < now->k; j++)
		term[j] = now->passed[j] * exp(-j * log1p(z));
	for (double phases = 0, left = now->k;; phases++)
	{
		double p = 0;

		for (int j = 0; j < now->k && j <= phases; j++)
		{
			p += term[j];
			term[j] *= w * (now->shape + phases) / (phases - j + 1);
		}
		if (left-- == 0)
		{
			left = now->k - 1;
			made += survived;
			pairs += 2 * m * survived;
			survived *= (now->b + m) / (now->a + now->b + m);
			m++;
		}
		total += p;
		sum.orders += p * made;
		sum.pairs += p * pairs;
		sum.alive += p * survived;
		if (phases > 2 * now->shape * z + 4 * now->k)
		{
			double least = 1e-17 * (1 - w);

			if (!(p > least * total) && !(p * made > least * sum.orders) &&
				!(p * pairs > least * sum.pairs) && !(p * survived > least * sum.alive))
				break;
		}
		if (p > 1 / SCALE_DOWN)
		{
			for (int j = 0; j < now->k; j++)
				term[j] *= SCALE_DOWN;
			total *= SCALE_DOWN;
			sum.orders *= SCALE_DOWN;
			sum.pairs *= SCALE_DOWN;
			sum.alive *= SCALE_DOWN;
		}
	}
	return (Future){sum.orders / total, sum.pairs / total, fmin(1, sum.alive / total)};
}

static inline double
orders_new(const double *theta, bool modified, double t)
{
	Phases now = phases_at(theta, modified, 0, 0, 0);

	return p_alive(theta, modified, 0, 0, 0) * future(&now, t).orders;
}

/* Of a living customer: that n orders are offered and survived, or that the n-th of more is the last. */
static double
probability_of(const Phases *now, int32_t n, double t)
{
	double exactly = 0, at_least = 0;

	for (int j = 0; j < now->k; j++)
	{
		double phases = (double) now->k * n - j;

		for (int i = 0; i < now->k; i++)
			if (phases + i >= 0)
				exactly += now->passed[j] *
						   exp(negbin_log_probability(now->shape + j, now->rate, phases + i, t));
		if (n > 0)
			at_least += now->passed[j] * negbin_at_least(now->shape + j, now->rate, phases, t);
	}
	return exactly * exp(log_beta_step(now->a, now->b, 0, n)) +
		   (n > 0 ? at_least * exp(log_beta_step(now->a, now->b, 1, n - 1)) : 0);
}

static inline double
probability(const double *theta, bool modified, int32_t n, double t)
{
	Phases now = phases_at(theta, modified, 0, 0, 0);
	double alive = p_alive(theta, modified, 0, 0, 0);

	return alive * probability_of(&now, n, t) + (n == 0 ? 1 - alive : 0);
}

/* ln likelihood of k x phases until tx and fewer than k from there until t, as long as alive */
static double
log_phases(const double *theta, double phases, double t)
{
	return log_gamma_step(theta[R], phases) - theta[R] * log1p(t / theta[ALPHA]) -
		   phases * log(theta[ALPHA] + t);
}

double
cnbd_log_regularity(double k, double x, double tx)
{
	return x > 0 ? (k - 1) * x * log(tx) - log_gamma_step(x, (k - 1) * x) : 0;
}

static double
loglik(const double *theta, bool modified, double x, double tx, double T)
{
	Phases now = phases_at(theta, modified, x, tx, T);
	double survived = SURVIVED(modified, x), phases = now.k * x;
	double result = log_phases(theta, phases, T) + log(now.odds) +
					log_beta_step(theta[A], theta[B], 0, survived);

	if (survived > 0)
		result = log_add(result, log_phases(theta, phases, tx) +
									 log_beta_step(theta[A], theta[B], 1, survived - 1));
	return result + cnbd_log_regularity(now.k, x, tx);
}

/* What the number of phases makes of shape, for all customers with the same frequency: (shape)_j / j!
 * and the first and minus the second derivative of its logarithm. */
typedef struct Rising
{
	double value[METHOD_MOST_PHASES];
	double slope[METHOD_MOST_PHASES];
	double bend[METHOD_MOST_PHASES];
} Rising;

static void
rise(double shape, int k, Rising *rising)
{
	rising->value[0] = 1;
	rising->slope[0] = rising->bend[0] = 0;
	for (int j = 1; j < k; j++)
	{
		double inverse = 1 / (shape + j - 1);

		rising->value[j] = rising->value[j - 1] * (shape + j - 1) / j;
		rising->slope[j] = rising->slope[j - 1] + inverse;
		rising->bend[j] = rising->bend[j - 1] + inverse * inverse;
	}
}

/* jet += ln of the odds of at most k - 1 phases in (tx, T] against none */
static void
add_odds(Jet *jet, const Rising *rising, int k, double alpha, double tx, double T)
{
	double inverse = 1 / (alpha + T), part = (T - tx) * inverse, power = 1;
	double sum = 0, slope = 0, square = 0, bend = 0, j_sum = 0, j_square = 0, both = 0;

	for (int j = 0; j < k; j++)
	{
		double term = rising->value[j] * power;

		sum += term;
		slope += term * rising->slope[j];
		square += term * rising->slope[j] * rising->slope[j];
		bend += term * rising->bend[j];
		j_sum += term * j;
		j_square += term * j * j;
		both += term * j * rising->slope[j];
		power *= part;
	}
	slope /= sum;
	j_sum /= sum;
	jet->value += log(sum);
	jet->gradient[R] += slope;
	jet->gradient[ALPHA] -= j_sum * inverse;
	jet->hessian[R][R] += (square - bend) / sum - slope * slope;
	jet->hessian[R][ALPHA] -= (both / sum - slope * j_sum) * inverse;
	jet->hessian[ALPHA][ALPHA] += (j_sum + j_square / sum - j_sum * j_sum) * inverse * inverse;
}

static void
loglik_jet(const double *theta, bool modified, const Observation *o, size_t n,
		   void (*breathe)(void), Jet *total)
{
	int k = (int) theta[K];
	Jet common = {0};
	Rising rising;
	int32_t x = -1;

	*total = (Jet){0};
	for (size_t i = 0; i < n; i++)
	{
		Jet alive = {0}, dead = {0}, either;
		double survived = SURVIVED(modified, o[i].frequency);
		double phases = (double) k * o[i].frequency;

		if (i % BREATHE_EVERY == 0)
			breathe();
		if (o[i].frequency != x)
		{
			x = o[i].frequency;
			common = (Jet){0};
			jet_add_gamma(&common, R, theta[R], phases);
			jet_add_beta(&common, A, theta[A], theta[B], 0, survived);
			rise(theta[R] + phases, k, &rising);
		}
		jet_add_rate(&alive, R, theta[R], theta[ALPHA], phases, o[i].age);
		if (k > 1)
			add_odds(&alive, &rising, k, theta[ALPHA], o[i].recency, o[i].age);
		if (survived == 0)
			either = alive;
		else
		{
			double beta = theta[B] + survived - 1;

			jet_add_rate(&dead, R, theta[R], theta[ALPHA], phases, o[i].recency);
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
	bgnbd_method.start(frequency, age, theta);
}

static const char *
boundary(const double *theta)
{
	return bgnbd_method.boundary(theta);
}

/* The functions of one of the two models. */
#define MODEL(prefix, modified) \
	static double prefix##_p_alive(const double *theta, double x, double tx, double T) \
	{ \
		return p_alive(theta, modified, x, tx, T); \
	} \
	static double prefix##_orders_alive(const double *theta, double x, double tx, double T, double t) \
	{ \
		Phases now = phases_at(theta, modified, x, tx, T); \
		return future(&now, t).orders; \
	} \
	static double prefix##_probability_alive(const double *theta, double x, double tx, double T, \
											 int32_t n, double t) \
	{ \
		Phases now = phases_at(theta, modified, x, tx, T); \
		return probability_of(&now, n, t); \
	} \
	static double prefix##_alive_until(const double *theta, double x, double tx, double T, double t) \
	{ \
		Phases now = phases_at(theta, modified, x, tx, T); \
		return future(&now, t).alive; \
	} \
	static double prefix##_pairs_alive(const double *theta, double x, double tx, double T, double t) \
	{ \
		Phases now = phases_at(theta, modified, x, tx, T); \
		return future(&now, t).pairs; \
	} \
	static double prefix##_orders_new(const double *theta, double t) \
	{ \
		return orders_new(theta, modified, t); \
	} \
	static double prefix##_probability(const double *theta, int32_t n, double t) \
	{ \
		return probability(theta, modified, n, t); \
	} \
	static double prefix##_loglik(const double *theta, double x, double tx, double T) \
	{ \
		return loglik(theta, modified, x, tx, T); \
	} \
	static void prefix##_loglik_jet(const double *theta, const Observation *o, size_t n, \
									void (*breathe)(void), Jet *total) \
	{ \
		loglik_jet(theta, modified, o, n, breathe, total); \
	} \
	const Method prefix##_method = { \
		.name = METHOD_NAME_##prefix, \
		.parameters = 4, \
		.parameter = {"r", "alpha", "a", "b"}, \
		.phases = true, \
		.p_alive = prefix##_p_alive, \
		.orders_alive = prefix##_orders_alive, \
		.probability_alive = prefix##_probability_alive, \
		.alive_until = prefix##_alive_until, \
		.pairs_alive = prefix##_pairs_alive, \
		.orders_new = prefix##_orders_new, \
		.probability = prefix##_probability, \
		.loglik = prefix##_loglik, \
		.loglik_jet = prefix##_loglik_jet, \
		.start = start, \
		.lower = {1e-5, 1e-9, 1e-6, 1e-6}, \
		.upper = {1e5, 1e9, 1e6, 1e6}, \
		.scale = {0, 1, 0, 0}, \
		.boundary = boundary, \
	}

#define METHOD_NAME_bgcnbd "bg/cnbd-k"
#define METHOD_NAME_mbgcnbd "mbg/cnbd-k"

MODEL(bgcnbd, false);
MODEL(mbgcnbd, true);
