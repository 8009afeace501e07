/* sources: lifetime/special.c lifetime/quadrature.c lifetime/jet.c lifetime/negbin.c lifetime/annuity.c lifetime/bgnbd.c lifetime/cnbd.c lifetime/paretonbd.c lifetime/bgbb.c lifetime/gammagamma.c lifetime/kept.c lifetime/sbg.c lifetime/fit.c lifetime/outlook.c */
/*
 * lifetime_test.c
 *	  The lifetime models against a table in 50 digits, against each other and against differences.
 */
#include <math.h>
#include <string.h>

#include "lifetime/annuity.h"
#include "lifetime/fit.h"
#include "lifetime/gammagamma.h"
#include "lifetime/kept.h"
#include "lifetime/method.h"
#include "lifetime/outlook.h"
#include "lifetime/sbg.h"
#include "lifetime/special.h"
#include "unit.h"

#define ROUNDS 3000

static const Method *const methods[] = {&bgnbd_method, &mbgnbd_method, &paretonbd_method,
										&bgbb_method};
#define METHODS 4

enum
{
	P_ALIVE,
	ORDERS,
	ORDERS_NEW,
	LOGLIK,
	PROBABILITY,
	RESIDUAL, /* at 0.002 a unit; -1 where the model has none */
	RESULTS
};

static const struct
{
	const char *model;
	double theta[JET_PARAMETERS];
	int frequency;
	double recency;
	double age;
	double horizon;
	int n;
	double expected[RESULTS];
} table[] = {
#include "lifetime_table.h"
};
#define ROWS (sizeof(table) / sizeof(table[0]))

static void
breathe(void)
{
}

static bool
near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance * fabs(b);
}

static const Method *
method_of(const char *name)
{
	for (int i = 0; i < METHODS; i++)
		if (strcmp(methods[i]->name, name) == 0)
			return methods[i];
	abort();
}

static bool
extreme_customers(void)
{
	static const char *const what[] = {"p_alive", "orders",      "new",
									   "loglik",  "probability", "residual"};
	double worst = 0;
	bool good = true;

	for (size_t i = 0; i < ROWS; i++)
	{
		const Method *m = method_of(table[i].model);
		const double *theta = table[i].theta;
		double x = table[i].frequency, tx = table[i].recency, T = table[i].age;
		double t = table[i].horizon;
		double results[RESULTS] = {
			m->p_alive(theta, x, tx, T),
			m->orders_alive(theta, x, tx, T, t),
			m->orders_new(theta, t),
			m->loglik(theta, x, tx, T),
			m->probability(theta, table[i].n, t),
			m->residual_alive ? m->residual_alive(theta, x, T, 0.002) : -1,
		};

		for (int k = 0; k < RESULTS; k++)
		{
			double expected = table[i].expected[k];
			/* the logarithm of a sum that is nearly 1 has the digits of the sum */
			double least = k == LOGLIK ? 1e-4 : 1e-290;
			double error = fabs(results[k] - expected) / fmax(fabs(expected), least);

			if (!(error <= 1e-9))
			{
				printf("# row %zu, %s, %s: %.17g instead of %.17g\n", i + 1, table[i].model,
					   what[k], results[k], expected);
				good = false;
			}
			worst = fmax(worst, error);
		}
	}
	printf("# %zu rows, worst relative error %.1e\n", ROWS, worst);
	return good;
}

static const struct
{
	const char *model;
	double theta[JET_PARAMETERS];
	int frequency;
	double age;
	double horizon;
	int n;
	double expected[2]; /* alive until then, and n orders until then */
} future[] = {
#include "lifetime_future_table.h"
};

static bool
futures_of_the_living(void)
{
	double worst = 0;
	bool good = true;

	for (size_t i = 0; i < sizeof(future) / sizeof(future[0]); i++)
	{
		const Method *m = method_of(future[i].model);
		const double *theta = future[i].theta;
		double x = future[i].frequency, T = future[i].age, t = future[i].horizon;
		double results[2] = {m->alive_until(theta, x, 0, T, t),
							 m->probability_alive(theta, x, 0, T, future[i].n, t)};

		for (int k = 0; k < 2; k++)
		{
			double expected = future[i].expected[k];
			double error = fabs(results[k] - expected) / fmax(expected, 1e-280);

			if (!(error <= 1e-9))
			{
				printf("# row %zu, %s, %s: %.17g instead of %.17g\n", i + 1, future[i].model,
					   k ? "probability" : "alive", results[k], expected);
				good = false;
			}
			worst = fmax(worst, error);
		}
	}
	printf("# worst relative error %.1e\n", worst);
	return good;
}

/* from 10^low to 10^high */
static double
random_between(double low, double high)
{
	return pow(10, low + (high - low) * (double) unit_below(1000001) / 1e6);
}

static bool
derivatives_are_differences(void)
{
	for (int round = 0; round < ROUNDS; round++)
	{
		const Method *m = methods[round % METHODS];
		Observation o = {.count = 1, .frequency = (int32_t) unit_below(10)};
		double theta[JET_PARAMETERS];
		Jet jet;

		o.age = o.frequency + 1.0 + (double) unit_below(40);
		o.recency = o.frequency == 0
						? 0
						: o.frequency + (double) unit_below((uint64_t) (o.age - o.frequency) + 1);
		for (int i = 0; i < m->parameters; i++)
			theta[i] = random_between(-1, 1.5);
		m->loglik_jet(theta, &o, 1, breathe, &jet);
		unit_require(near(jet.value, m->loglik(theta, o.frequency, o.recency, o.age), 1e-11));
		for (int i = 0; i < m->parameters; i++)
		{
			double h = 1e-5 * theta[i], kept = theta[i];
			Jet up, down;

			theta[i] = kept + h;
			m->loglik_jet(theta, &o, 1, breathe, &up);
			theta[i] = kept - h;
			m->loglik_jet(theta, &o, 1, breathe, &down);
			theta[i] = kept;
			unit_require(fabs((up.value - down.value) / (2 * h) - jet.gradient[i]) <
						 1e-7 * (1 + fabs(jet.value) / kept));
			for (int j = 0; j < m->parameters; j++)
			{
				double second = i <= j ? jet.hessian[i][j] : jet.hessian[j][i];

				unit_require(fabs((up.gradient[j] - down.gradient[j]) / (2 * h) - second) <
							 1e-6 * (1 + fabs(jet.gradient[j]) / kept + fabs(second)));
			}
		}
	}
	return true;
}

/* Both ways to compute a thing agree on either side of where the code changes over. */
static bool
no_jumps(void)
{
	for (int round = 0; round < ROUNDS; round++)
	{
		const Method *m = methods[round % 2];
		double theta[JET_PARAMETERS];
		double T = random_between(-1, 4), x = (double) unit_below(30);
		double t, slope;

		for (int i = 0; i < JET_PARAMETERS; i++)
			theta[i] = random_between(-4, 5);
		/* what the change of t alone makes */
		slope = 1e-10 + 4e-12 * theta[2];
		/* w = t / (alpha + T + t) = 0.98, and shape * z = 500 */
		t = (theta[1] + T) * 49;
		unit_require(near(m->orders_alive(theta, x, 0, T, t * (1 - 1e-12)),
						  m->orders_alive(theta, x, 0, T, t * (1 + 1e-12)), 1e-10));
		unit_require(near(m->alive_until(theta, x, 0, T, t * (1 - 1e-12)),
						  m->alive_until(theta, x, 0, T, t * (1 + 1e-12)), slope));
		t = (theta[1] + T) * 500 / (theta[0] + x);
		unit_require(near(m->alive_until(theta, x, 0, T, t * (1 - 1e-12)),
						  m->alive_until(theta, x, 0, T, t * (1 + 1e-12)), slope));
		unit_require(near(m->orders_alive(theta, x, 0, T, t * (1 - 1e-12)),
						  m->orders_alive(theta, x, 0, T, t * (1 + 1e-12)), 1e-10));
		unit_require(near(beta_annuity(theta[2], theta[3], 0.01, 1000),
						  beta_annuity(theta[2], theta[3], 0.01, 1000 * (1 + 1e-15)), 1e-10));
	}
	return true;
}

/* Whatever the parameters, an answer that can be. */
static bool
answers_are_sane(void)
{
	for (int round = 0; round < 2 * ROUNDS; round++)
	{
		const Method *m = methods[round % METHODS];
		double theta[JET_PARAMETERS];
		double x = (double) unit_below(round % 3 ? 5 : 3000);
		double T = x + (double) unit_below(10000),
			   tx = x == 0 ? 0 : x + (double) unit_below((uint64_t) (T - x) + 1);
		double t = round % 5 ? (double) unit_below(1000) : random_between(-6, 9);
		double p, orders, wide = round % 2 ? 15 : 5;
		int32_t n = (int32_t) unit_below(50);

		if (m == &bgbb_method)
		{
			T = fmin(T, 400);
			tx = fmin(tx, T);
			x = fmin(x, tx);
			t = fmin(floor(t), 500);
		}
		for (int i = 0; i < m->parameters; i++)
			theta[i] = random_between(-wide, wide);
		p = m->p_alive(theta, x, tx, T);
		unit_require(p >= 0 && p <= 1);
		orders = m->orders_alive(theta, x, tx, T, t);
		unit_require(orders >= 0 && isfinite(orders));
		/* beyond 1e9 digits are lost, but not the sense */
		unit_require(m->orders_alive(theta, x, tx, T, 2 * t) >=
					 orders * (1 - (wide > 5 ? 1e-3 : 1e-9)));
		unit_require(m->orders_new(theta, t) >= 0);
		unit_require(isfinite(m->loglik(theta, x, tx, T)));
		p = m->alive_until(theta, x, tx, T, t);
		unit_require(p >= 0 && p <= 1);
		p = m->probability_alive(theta, x, tx, T, n, t);
		unit_require(p >= 0 && p <= 1 + 1e-9);
		p = m->probability(theta, n, t);
		unit_require(p >= 0 && p <= 1 + 1e-9);
		if (m->residual_alive)
			unit_require(m->residual_alive(theta, x, T, 0.01) >= 0);
	}
	return true;
}

static bool
probabilities_add_up(void)
{
	for (int round = 0; round < 200; round++)
	{
		const Method *m = methods[round % METHODS];
		double theta[JET_PARAMETERS];
		double sum = 0, mean = 0;

		for (int i = 0; i < m->parameters; i++)
			theta[i] = random_between(0, 1);
		for (int32_t n = 0; n < 600; n++)
		{
			double p = m->probability(theta, n, 12);

			sum += p;
			mean += n * p;
		}
		unit_require(near(sum, 1, 1e-6));
		unit_require(near(mean, m->orders_new(theta, 12), 1e-4));
	}
	return true;
}

/* Table 1 of Fader, Hardie & Shang 2010: frequency, recency, customers in six years */
static const int32_t donations[][3] = {
	{6, 6, 1203}, {5, 6, 728}, {4, 6, 512},  {3, 6, 357}, {2, 6, 234}, {1, 6, 129},
	{5, 5, 335},  {4, 5, 284}, {3, 5, 225},  {2, 5, 173}, {1, 5, 119}, {4, 4, 240},
	{3, 4, 181},  {2, 4, 155}, {1, 4, 78},   {3, 3, 322}, {2, 3, 255}, {1, 3, 129},
	{2, 2, 613},  {1, 2, 277}, {1, 1, 1091}, {0, 0, 3464}};
#define DONATIONS (sizeof(donations) / sizeof(donations[0]))

static bool
published_donations(void)
{
	Observation o[DONATIONS], room[DONATIONS];
	Fit fit;

	for (size_t i = 0; i < DONATIONS; i++)
		o[i] = (Observation){donations[i][1], 6, donations[i][2], donations[i][0]};
	fit_method(&bgbb_method, NULL, o, DONATIONS, room, breathe, &fit);
	unit_require(fit.converged && fit.note == NULL);
	unit_require(fabs(fit.theta[0] - 1.204) < 0.0005 && fabs(fit.theta[1] - 0.750) < 0.0005);
	unit_require(fabs(fit.theta[2] - 0.657) < 0.0005 && fabs(fit.theta[3] - 2.783) < 0.0005);
	unit_require(fabs(fit.loglik + 33225.6) < 0.05);
	return true;
}

/* Pairs of orders against the probabilities of n orders, which agree with 50 digits. */
static bool
pairs_add_up(void)
{
	for (int round = 0; round < 300; round++)
	{
		const Method *m = methods[round % 3];
		double theta[JET_PARAMETERS], sum = 0;
		double x = (double) unit_below(12), T = x + (double) unit_below(50),
			   t = random_between(-3, 1.5);

		for (int i = 0; i < JET_PARAMETERS; i++)
			theta[i] = random_between(-1, 1);
		theta[1] = random_between(0.7, 1.5);
		for (int n = 2; n < 1500; n++)
		{
			double term = (double) n * (n - 1) * m->probability_alive(theta, x, 0, T, n, t);

			sum += term;
			if (n > 4 * (theta[0] + x) * t / (theta[1] + T) + 20 && term < 1e-14 * sum)
				break;
		}
		unit_require(near(m->pairs_alive(theta, x, 0, T, t), sum, 1e-8));
	}
	/* both ways to compute them agree on either side of where the code changes over */
	for (int round = 0; round < ROUNDS; round++)
	{
		const Method *m = methods[round % 2];
		double theta[JET_PARAMETERS];
		double T = random_between(-1, 4), x = (double) unit_below(30), t;

		for (int i = 0; i < JET_PARAMETERS; i++)
			theta[i] = random_between(-4, 5);
		t = (theta[1] + T) * fmin(49, 500 / (theta[0] + x));
		unit_require(near(m->pairs_alive(theta, x, 0, T, t * (1 - 1e-12)),
						  m->pairs_alive(theta, x, 0, T, t * (1 + 1e-12)), 1e-9));
	}
	return true;
}

/* Quantiles that mpmath computes in 50 digits, and no jump where the way of computing changes. */
static bool
gamma_quantiles(void)
{
	/* the exponential distribution */
	unit_require(near(gamma_quantile(1, 0.95), -log(0.05), 1e-12));
	unit_require(near(gamma_quantile(1, 1e-9), -log1p(-1e-9), 1e-9));
	for (int i = 1; i < 100; i++)
		unit_require(
			near(gamma_quantile(99999.9, i / 100.0), gamma_quantile(100000.1, i / 100.0), 3e-6));
	for (double shape = 0.01; shape < 1e5; shape *= 3)
		unit_require(gamma_quantile(shape, 0.05) <= gamma_quantile(shape, 0.5) &&
					 gamma_quantile(shape, 0.5) <= shape && isfinite(gamma_quantile(shape, 0.95)));
	unit_require(near(gamma_quantile(0.05, 0.05), 5.5738754818787571728e-27, 1e-9));
	unit_require(near(gamma_quantile(0.05, 0.95), 0.26593230242584129942, 1e-9));
	unit_require(near(gamma_quantile(0.5, 0.05), 0.0019660700000097613657, 1e-9));
	unit_require(near(gamma_quantile(0.5, 0.95), 1.9207294103470629792, 1e-9));
	unit_require(near(gamma_quantile(3, 0.05), 0.81769144716395332652, 1e-9));
	unit_require(near(gamma_quantile(3, 0.95), 6.2957936218719897418, 1e-9));
	unit_require(near(gamma_quantile(40, 0.05), 30.195739194344730834, 1e-9));
	unit_require(near(gamma_quantile(40, 0.95), 50.939736982717940865, 1e-9));
	unit_require(near(gamma_quantile(900, 0.05), 851.2294115070717294, 1e-9));
	unit_require(near(gamma_quantile(900, 0.95), 949.9075491220797053, 1e-9));
	return true;
}

static bool
published_contracts(void)
{
	static const SbgPeriod regular[] = {{0, 0},  {369, 0}, {163, 0}, {86, 0},
										{56, 0}, {37, 0},  {27, 0},  {21, 241}};
	static const SbgPeriod high_end[] = {{0, 0},  {131, 0}, {126, 0}, {90, 0},
										 {60, 0}, {42, 0},  {34, 0},  {26, 491}};
	Fit fit;

	sbg_fit(regular, 8, 1000, breathe, &fit);
	unit_require(fit.converged);
	unit_require(fabs(fit.theta[0] - 0.704) < 0.0005 && fabs(fit.theta[1] - 1.182) < 0.0005);
	sbg_fit(high_end, 8, 1000, breathe, &fit);
	unit_require(fit.converged);
	unit_require(fabs(fit.theta[0] - 0.668) < 0.0005 && fabs(fit.theta[1] - 3.806) < 0.0005);
	return true;
}

static double
residual_by_sum(const double *theta, int period, double discount)
{
	double sum = 0, survival = 1;

	for (int k = period; survival > 1e-18; k++)
	{
		survival *= sbg_retention(theta, k) / (k == period ? 1 : 1 + discount);
		sum += survival;
	}
	return sum;
}

static bool
residual_lifetimes_are_sums(void)
{
	for (int round = 0; round < 300; round++)
	{
		double theta[] = {random_between(-2, 2), random_between(-2, 2)};
		int period = 1 + (int) unit_below(20);

		unit_require(near(sbg_residual_lifetime(theta, period, 0.1),
						  residual_by_sum(theta, period, 0.1), 1e-12));
	}
	return true;
}

/* Customers who order every so often and never stop, or all order alike, or are hardly any. */
static bool
poor_data_end_with_a_note(void)
{
	for (int kind = 0; kind < 4; kind++)
		for (int m = 0; m < METHODS; m++)
		{
			Observation o[40], room[40];
			size_t n = kind == 0 ? 1 : kind == 3 ? 2 : 40;
			Fit fit;

			for (size_t i = 0; i < n; i++)
			{
				int32_t x = kind == 1 ? 4 : kind == 3 ? (int32_t) (6 * i) : (int32_t) (i / 5);

				o[i] = (Observation){x == 0 ? 0 : 12, 12, 1, x};
				if (kind == 2 && x > 0)
					o[i].recency = o[i].age;
			}
			fit_method(methods[m], NULL, o, n, room, breathe, &fit);
			for (int i = 0; i < JET_PARAMETERS; i++)
				unit_require(isfinite(fit.theta[i]) && fit.theta[i] > 0);
			unit_require(isfinite(fit.loglik));
			unit_require(fit.converged);
			/* in the first kind, one customer who never ordered again, anything goes */
			unit_require(fit.note != NULL || kind == 0);
		}
	return true;
}

static bool
spend_is_found_again(void)
{
	enum
	{
		N = 20000
	};
	static Spending customers[N], again[N], room[N];
	size_t n = 0;
	double logs = 0;
	Fit fit, orders;

	/* quantiles instead of random numbers, frequency by frequency: v = 15, q = 4, p = 1 and x = 1 make
	 * z = v w / (1 - w) of a beta (1, 4) quantile w */
	for (int i = 0; i < N; i++)
	{
		double w = 1 - pow(1 - (i + 0.5) / N, 1.0 / 4);

		customers[n] = again[n] = (Spending){15 * w / (1 - w), 1, 1};
		logs += log(customers[n++].sum);
	}
	gammagamma_fit_means(customers, n, room, breathe, &fit);
	unit_require(fit.converged);
	unit_require(near(fit.theta[0], 1, 0.01) && near(fit.theta[1], 4, 0.02) &&
				 near(fit.theta[2], 15, 0.03));
	unit_require(near(gammagamma_expected(fit.theta, 0, 0), 5, 0.01));

	/* of one order each, the mean is the order */
	gammagamma_fit_orders(again, n, logs, room, breathe, &orders);
	unit_require(orders.converged && near(orders.loglik, fit.loglik, 1e-11));
	for (int i = 0; i < GAMMAGAMMA_PARAMETERS; i++)
		unit_require(near(orders.theta[i], fit.theta[i], 1e-6));
	return true;
}

/* The beta (2, 1) shares of two orders: none, one and two are kept by 1/6, 2/6 and 3/6 of customers. */
static bool
shares_kept_are_found_again(void)
{
	double kept[] = {5, 3}, lost[] = {3, 1}, made[] = {6, 6};
	KeptCounts counts = {kept, lost, made, 2};
	Fit fit;

	kept_fit(&counts, &fit);
	unit_require(fit.converged);
	unit_require(near(fit.theta[0], 2, 1e-6) && near(fit.theta[1], 1, 1e-6));
	unit_require(near(fit.loglik, log(1.0 / 6) + 2 * log(1.0 / 6) + 3 * log(0.5), 1e-12));
	unit_require(near(kept_share(fit.theta, 2, 2), 0.8, 1e-6));
	return true;
}

int
main(void)
{
	unit_result(extreme_customers(), "extreme customers agree with 50 digits to 1e-9");
	unit_result(futures_of_the_living(),
				"what becomes of the living agrees with 50 digits to 1e-9");
	unit_result(derivatives_are_differences(),
				"derivatives of the likelihoods are what differences say");
	unit_result(no_jumps(), "no jumps where the way of computing changes");
	unit_result(answers_are_sane(), "answers are finite and in range whatever the parameters");
	unit_result(probabilities_add_up(), "probabilities of n orders add up to 1 and to the mean");
	unit_result(pairs_add_up(), "pairs of orders are what the probabilities say");
	unit_result(gamma_quantiles(), "quantiles of the gamma distribution");
	unit_result(published_donations(), "BG/BB: the published figures of the donations");
	unit_result(published_contracts(), "sBG: the published figures of the contracts");
	unit_result(residual_lifetimes_are_sums(), "sBG: residual lifetimes are sums of survival");
	unit_result(poor_data_end_with_a_note(), "data without a maximum end with a note");
	unit_result(spend_is_found_again(), "gamma-gamma: the spend of known customers is found again");
	unit_result(shares_kept_are_found_again(), "beta-binomial: the share of orders kept is found again");
	return unit_done();
}
