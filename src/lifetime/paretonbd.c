/*
 * paretonbd.c
 *	  The Pareto/NBD model.
 *
 * Customers order at a rate that is gamma (r, alpha) distributed among them, and die at a rate that
 * is gamma (s, beta) distributed, independently of their orders.
 *
 *	Schmittlein, Morrison & Colombo 1987, Counting your customers, Management Science 33(1)
 *	Fader, Hardie & Lee 2005b, RFM and CLV, J. of Marketing Research 42(4)
 *	Fader & Hardie 2005, A note on deriving the Pareto/NBD model (note 009)
 *
 * The papers' A0, a difference of two hypergeometric functions that differ in form with alpha < beta
 * and alpha > beta, is the integral over the time of death
 *
 *	s * integral from tx to T of (alpha + u)^-(r + x) (beta + u)^-(s + 1) du,
 *
 * and is computed as that: positive, the same for any alpha and beta, and its derivatives by the
 * parameters are moments under the same integrand.
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
	S,
	BETA
};

/*
 * The integrand of a death at u = tx + nearest * (exp(y) - 1), against its value at tx:
 * exp(linear * y) times the power of the factor whose zero lies farther off, y from 0.
 */
typedef struct Death
{
	double nearest;  /* min(alpha, beta) + tx */
	double farthest; /* max(alpha, beta) + tx */
	double linear;
	double power;
	double constant;
	double until; /* y at T */
} Death;

static Death
death(const double *theta, double x, double tx, double T)
{
	Death d;

	d.nearest = fmin(theta[ALPHA], theta[BETA]) + tx;
	d.farthest = fmax(theta[ALPHA], theta[BETA]) + tx;
	if (theta[BETA] <= theta[ALPHA])
	{
		d.linear = -theta[S];
		d.power = -(theta[R] + x);
		d.constant = 0;
	}
	else
	{
		d.linear = 1 - (theta[R] + x);
		d.power = -(theta[S] + 1);
		d.constant = log(d.nearest / d.farthest);
	}
	d.until = log1p((T - tx) / d.nearest);
	return d;
}

static double
log_death(const void *self, double y, double *slope)
{
	const Death *d = self;
	double passed = d->nearest * expm1(y);

	*slope = d->linear + d->power * (d->nearest + passed) / (d->farthest + passed);
	return d->linear * y + d->power * log1p(passed / d->farthest);
}

/* ln of the likelihood of a death before T, over (alpha + tx)^-(r + x) (beta + tx)^-s */
static double
log_dead(const double *theta, double x, double tx, double T, NodeVisitor visit, void *state)
{
	Death d = death(theta, x, tx, T);
	Interval over = {.high = d.until};

	return log(theta[S]) + d.constant + log_integral(log_death, &d, over, visit, state);
}

/* the same of being alive at T */
static double
log_alive(const double *theta, double x, double tx, double T)
{
	return -(theta[R] + x) * log1p((T - tx) / (theta[ALPHA] + tx)) -
		   theta[S] * log1p((T - tx) / (theta[BETA] + tx));
}

static double
p_alive(const double *theta, double x, double tx, double T)
{
	return 1 / (1 + exp(log_dead(theta, x, tx, T, NULL, NULL) - log_alive(theta, x, tx, T)));
}

/* Fader, Hardie & Lee 2005b, with the limit at s = 1 and without loss of digits near it */
static double
orders_alive(const double *theta, double x, double tx, double T, double t)
{
	double since = log1p(t / (theta[BETA] + T));

	(void) tx;
	return (theta[R] + x) / (theta[ALPHA] + T) * (theta[BETA] + T) * since *
		   decay_mean((theta[S] - 1) * since);
}

static double
orders_new(const double *theta, double t)
{
	return orders_alive(theta, 0, 0, 0, t);
}

/* n orders by the time of death u, integrated over v = ln u */
typedef struct Count
{
	const double *theta;
	double n;
} Count;

static double
log_count(const void *self, double v, double *slope)
{
	const Count *count = self;
	const double *theta = count->theta;
	double u = exp(v);

	*slope = 1 + count->n - (theta[R] + count->n) * u / (theta[ALPHA] + u) -
			 (theta[S] + 1) * u / (theta[BETA] + u);
	return v - theta[R] * log1p(u / theta[ALPHA]) -
		   (count->n > 0 ? count->n * log1p(theta[ALPHA] / u) : 0) -
		   theta[S] * log1p(u / theta[BETA]) - log(theta[BETA] + u);
}

/* Alive at t with n orders, or dead before with as many: Fader & Hardie 2006, note 012. */
static double
probability(const double *theta, int32_t n, double t)
{
	Count count = {theta, n};
	Interval over = {.low_open = true};
	double dead;

	if (t == 0)
		return n == 0;
	over.high = log(t);
	over.low = -40 + log(fmin(theta[ALPHA] / (theta[R] + n + 1), theta[BETA] / (theta[S] + 1)));
	dead = log(theta[S]) + log_integral(log_count, &count, over, NULL, NULL);
	if (n > 0)
		dead -= log(n) + log_beta(theta[R], n);
	return exp(dead) + exp(negbin_log_probability(theta[R], theta[ALPHA], n, t) -
						   theta[S] * log1p(t / theta[BETA]));
}

/* Of a customer that is alive, rates and drop-out are gamma distributed still. */
static double
probability_alive(const double *theta, double x, double tx, double T, int32_t n, double t)
{
	double now[] = {theta[R] + x, theta[ALPHA] + T, theta[S], theta[BETA] + T};

	(void) tx;
	return probability(now, n, t);
}

static double
alive_until(const double *theta, double x, double tx, double T, double t)
{
	(void) tx;
	(void) x;
	return exp(-theta[S] * log1p(t / (theta[BETA] + T)));
}

/* the chance of living on for u, times u twice, over v = ln u */
typedef struct Square
{
	double s;
	double since;
} Square;

static double
log_square(const void *self, double v, double *slope)
{
	const Square *square = self;
	double u = exp(v);

	*slope = 2 - square->s * u / (square->since + u);
	return 2 * v - square->s * log1p(u / square->since);
}

/* Given its rate, orders are as many pairs as the square of the time until death or t, of which the mean
 * is the integral of 2 u times the chance of living until u. */
static double
pairs_alive(const double *theta, double x, double tx, double T, double t)
{
	Square square = {theta[S], theta[BETA] + T};
	Interval over = {.low_open = true};
	double shape = theta[R] + x, rate = theta[ALPHA] + T;

	(void) tx;
	if (t == 0)
		return 0;
	over.high = log(t);
	over.low = fmin(over.high, log(square.since / (theta[S] + 1))) - 40;
	return 2 * shape * (shape + 1) / (rate * rate) *
		   exp(log_integral(log_square, &square, over, NULL, NULL));
}

/* the discounted chance of living on for u, over v = ln u; u itself may be infinite */
typedef struct Residual
{
	double s;
	double log_since;
	double log_rate;
} Residual;

static double
log_residual(const void *self, double v, double *slope)
{
	const Residual *residual = self;
	double discount = exp(v + residual->log_rate);
	double w = v - residual->log_since;

	*slope = 1 - discount - residual->s / (1 + exp(-w));
	return v - discount - residual->s * (w > 0 ? w + log1p(exp(-w)) : log1p(exp(w)));
}

/*
 * DERT of Fader, Hardie & Lee 2005b, given that the customer is alive: their confluent
 * hypergeometric function of the second kind is this integral.
 */
static double
residual_alive(const double *theta, double x, double T, double d)
{
	double since = theta[BETA] + T;
	Residual residual = {theta[S], log(since), log(d)};
	Interval over = {.low_open = true};
	double rate = (theta[R] + x) / (theta[ALPHA] + T);

	if (d == 0)
		return theta[S] > 1 ? rate * since / (theta[S] - 1) : INFINITY;
	over.low = -40 + fmin(-residual.log_rate, log(since / theta[S]));
	over.high = log(1000) - residual.log_rate; /* exp(-1000) is 0 */
	return rate * exp(log_integral(log_residual, &residual, over, NULL, NULL));
}

static double
loglik(const double *theta, double x, double tx, double T)
{
	return log_gamma_step(theta[R], x) - theta[R] * log1p(tx / theta[ALPHA]) -
		   x * log(theta[ALPHA] + tx) - theta[S] * log1p(tx / theta[BETA]) +
		   log_add(log_alive(theta, x, tx, T), log_dead(theta, x, tx, T, NULL, NULL));
}

/* The moments of the derivatives of ln integrand under the integrand. */
typedef struct Moments
{
	const double *theta;
	double x;
	double tx;
	double nearest;
	double weight;
	Jet sum;
} Moments;

static void
add_moments(void *state, double y, double weight)
{
	Moments *m = state;
	double u = m->tx + m->nearest * expm1(y);
	double b = 1 / (m->theta[BETA] + u);
	Jet here = {0};

	jet_add_rate(&here, R, m->theta[R], m->theta[ALPHA], m->x, u);
	jet_add_rate(&here, S, m->theta[S], m->theta[BETA], 0, u);
	/* the density of the death itself, and the hessian as a moment about 0 */
	here.gradient[BETA] -= b;
	here.hessian[BETA][BETA] += b * b;
	for (int i = 0; i < JET_PARAMETERS; i++)
		for (int j = i; j < JET_PARAMETERS; j++)
			here.hessian[i][j] += here.gradient[i] * here.gradient[j];
	jet_add(&m->sum, &here, weight);
	m->weight += weight;
}

static void
dead_jet(const double *theta, const Observation *o, Jet *dead)
{
	Moments m = {.theta = theta,
				 .x = o->frequency,
				 .tx = o->recency,
				 .nearest = fmin(theta[ALPHA], theta[BETA]) + o->recency};

	dead->value = log_dead(theta, m.x, m.tx, o->age, add_moments, &m) -
				  theta[R] * log1p(m.tx / theta[ALPHA]) - m.x * log(theta[ALPHA] + m.tx) -
				  theta[S] * log1p(m.tx / theta[BETA]);
	for (int i = 0; i < JET_PARAMETERS; i++)
		dead->gradient[i] = m.sum.gradient[i] / m.weight;
	for (int i = 0; i < JET_PARAMETERS; i++)
		for (int j = i; j < JET_PARAMETERS; j++)
			dead->hessian[i][j] =
				m.sum.hessian[i][j] / m.weight - dead->gradient[i] * dead->gradient[j];
	dead->gradient[S] += 1 / theta[S];
	dead->hessian[S][S] -= 1 / (theta[S] * theta[S]);
}

static void
loglik_jet(const double *theta, const Observation *o, size_t n, void (*breathe)(void), Jet *total)
{
	Jet common = {0};
	int32_t x = -1;

	*total = (Jet){0};
	for (size_t i = 0; i < n; i++)
	{
		Jet alive = {0}, dead = {0}, either;

		if (i % BREATHE_EVERY == 0)
			breathe();
		if (o[i].frequency != x)
		{
			x = o[i].frequency;
			common = (Jet){0};
			jet_add_gamma(&common, R, theta[R], x);
		}
		jet_add_rate(&alive, R, theta[R], theta[ALPHA], x, o[i].age);
		jet_add_rate(&alive, S, theta[S], theta[BETA], 0, o[i].age);
		if (o[i].recency < o[i].age)
		{
			dead_jet(theta, &o[i], &dead);
			jet_log_add(&alive, &dead, &either);
		}
		else
			either = alive;
		jet_add(&either, &common, 1);
		jet_add(total, &either, (double) o[i].count);
	}
}

static void
start(double frequency, double age, double *theta)
{
	theta[R] = 0.5;
	theta[ALPHA] = 0.5 * age / frequency;
	theta[S] = 0.5;
	theta[BETA] = age;
}

/* ages are at most 1 during the fit */
static const char *
boundary(const double *theta)
{
	if (theta[S] < 1e-4 * fmin(1, theta[BETA]) || theta[S] < 1e-4 * theta[BETA])
		return "no drop-out can be seen in these data";
	if (theta[S] > 1e3)
		return "customers do not differ in their drop-out rate";
	if (theta[R] > 1e3)
		return "customers do not differ in their order rate";
	return NULL;
}

const Method paretonbd_method = {
	.name = "pareto/nbd",
	.parameters = 4,
	.parameter = {"r", "alpha", "s", "beta"},
	.p_alive = p_alive,
	.orders_alive = orders_alive,
	.probability_alive = probability_alive,
	.alive_until = alive_until,
	.pairs_alive = pairs_alive,
	.orders_new = orders_new,
	.probability = probability,
	.residual_alive = residual_alive,
	.loglik = loglik,
	.loglik_jet = loglik_jet,
	.start = start,
	.lower = {1e-5, 1e-9, 1e-6, 1e-9},
	.upper = {1e5, 1e9, 1e5, 1e9},
	.scale = {0, 1, 0, 1},
	.boundary = boundary,
};
