/* sources: lifetime/special.c lifetime/quadrature.c lifetime/jet.c lifetime/negbin.c lifetime/bgnbd.c lifetime/cnbd.c lifetime/fit.c */
/*
 * cnbd_test.c
 *	  Models of regular buyers against a table in 50 digits, against those of random ones and against
 *	  differences.
 */
#include <math.h>
#include <string.h>

#include "lifetime/fit.h"
#include "lifetime/method.h"
#include "unit.h"

#define ROUNDS 1000

static const Method *const methods[] = {&bgcnbd_method, &mbgcnbd_method};
static const Method *const random_methods[] = {&bgnbd_method, &mbgnbd_method};

enum
{
	P_ALIVE,
	LOGLIK,
	ORDERS,
	PAIRS,
	ALIVE_UNTIL,
	PROBABILITY,
	ORDERS_NEW,
	PROBABILITY_NEW,
	RESULTS
};

static const struct
{
	const char *model;
	double theta[METHOD_THETA];
	int frequency;
	double recency;
	double age;
	double horizon;
	int n;
	double expected[RESULTS];
} table[] = {
#include "cnbd_table.h"
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

static double
random_between(double low, double high)
{
	double p = (double) unit_below(1000001) / 1e6;

	return pow(10, low + p * (high - low));
}

static void
compute(const Method *m, const double *theta, double x, double tx, double T, double t, int n,
		double *results)
{
	results[P_ALIVE] = m->p_alive(theta, x, tx, T);
	results[LOGLIK] = m->loglik(theta, x, tx, T);
	results[ORDERS] = m->orders_alive(theta, x, tx, T, t);
	results[PAIRS] = m->pairs_alive(theta, x, tx, T, t);
	results[ALIVE_UNTIL] = m->alive_until(theta, x, tx, T, t);
	results[PROBABILITY] = m->probability_alive(theta, x, tx, T, n, t);
	results[ORDERS_NEW] = m->orders_new(theta, t);
	results[PROBABILITY_NEW] = m->probability(theta, n, t);
}

static bool
fifty_digits(void)
{
	double worst = 0;
	bool good = true;

	for (size_t i = 0; i < ROWS; i++)
	{
		const Method *m = methods[strcmp(table[i].model, "mbg/cnbd-k") == 0];
		double results[RESULTS];

		compute(m, table[i].theta, table[i].frequency, table[i].recency, table[i].age,
				table[i].horizon, table[i].n, results);
		for (int k = 0; k < RESULTS; k++)
		{
			/* a logarithm near 0 has the digits of its argument, and the table ends at 1e-35 */
			double error = fabs(results[k] - table[i].expected[k]) /
						   fmax(fabs(table[i].expected[k]), k == LOGLIK ? 1e-4 : 1e-25);

			if (!(error <= 1e-9))
			{
				printf("# row %zu, figure %d: %.17g instead of %.17g\n", i + 1, k, results[k],
					   table[i].expected[k]);
				good = false;
			}
			worst = fmax(worst, error);
		}
	}
	printf("# %zu rows, worst relative error %.1e\n", ROWS, worst);
	return good;
}

/* With one phase the models are those of random orders. */
static bool
one_phase(void)
{
	for (int round = 0; round < ROUNDS; round++)
	{
		double theta[METHOD_THETA] = {0}, ours[RESULTS], others[RESULTS];
		double x = (double) unit_below(round % 10 == 0 ? 2000 : 20), T = random_between(-1, 4);
		double tx = x > 0 ? T * (double) (1 + unit_below(100)) / 100 : 0, t = random_between(-2, 4);
		int n = (int) unit_below(10);

		for (int i = 0; i < METHOD_K; i++)
			theta[i] = random_between(-2, 2);
		theta[METHOD_K] = 1;
		compute(methods[round % 2], theta, x, tx, T, t, n, ours);
		compute(random_methods[round % 2], theta, x, tx, T, t, n, others);
		for (int i = 0; i < RESULTS; i++)
			unit_require(fabs(ours[i] - others[i]) <= 1e-9 * fmax(fabs(others[i]), 1e-200) +
													   (i == LOGLIK ? 1e-12 : 0));
	}
	return true;
}

/* Figures of any customer are such that can be; the chances of all numbers of orders are 1. */
static bool
can_be(void)
{
	for (int round = 0; round < ROUNDS; round++)
	{
		const Method *m = methods[round % 2];
		double theta[METHOD_THETA], results[RESULTS];
		double x = (double) unit_below(40), T = random_between(-1, 3);
		double tx = x > 0 ? T * (double) (1 + unit_below(100)) / 100 : 0, t = random_between(-2, 2);

		for (int i = 0; i < METHOD_K; i++)
			theta[i] = random_between(-1, 3);
		theta[METHOD_K] = 1 + (double) unit_below(METHOD_MOST_PHASES);
		compute(m, theta, x, tx, T, t, (int) unit_below(5), results);
		for (int i = 0; i < RESULTS; i++)
			unit_require(isfinite(results[i]) && (i == LOGLIK || results[i] >= 0));
		unit_require(results[P_ALIVE] <= 1 && results[ALIVE_UNTIL] <= 1);
		unit_require(results[PROBABILITY] <= 1 + 1e-12 && results[PROBABILITY_NEW] <= 1 + 1e-12);
		/* longer is more */
		unit_require(m->orders_alive(theta, x, tx, T, 2 * t) >= results[ORDERS] * (1 - 1e-12));
		unit_require(m->alive_until(theta, x, tx, T, 2 * t) <= results[ALIVE_UNTIL] * (1 + 1e-12));
	}
	for (int round = 0; round < 200; round++)
	{
		const Method *m = methods[round % 2];
		double theta[METHOD_THETA], x = (double) unit_below(8), T = 10, tx = x > 0 ? x : 0;
		double t = random_between(-1, 1), all = 0, mean = 0;

		for (int i = 0; i < METHOD_K; i++)
			theta[i] = random_between(-1, 1);
		theta[1] = random_between(0.7, 1.5);
		theta[METHOD_K] = 1 + (double) unit_below(METHOD_MOST_PHASES);
		for (int n = 0; n < 300; n++)
		{
			double p = m->probability_alive(theta, x, tx, T, n, t);

			all += p;
			mean += n * p;
		}
		unit_require(near(all, 1, 1e-9));
		unit_require(near(m->orders_alive(theta, x, tx, T, t), mean, 1e-8));
	}
	return true;
}

/* Gradient and curvature of the likelihood against differences of it. */
static bool
slopes(void)
{
	for (int round = 0; round < 400; round++)
	{
		const Method *m = methods[round % 2];
		double theta[METHOD_THETA];
		Observation o[5];
		Jet jet;
		double log_regularity = 0, sum = 0;

		for (int i = 0; i < METHOD_K; i++)
			theta[i] = random_between(-1, 1);
		theta[METHOD_K] = 1 + (double) unit_below(METHOD_MOST_PHASES);
		for (int i = 0; i < 5; i++)
		{
			double age = random_between(0, 2);

			o[i] = (Observation){i == 0 ? 0 : age * (double) (1 + unit_below(100)) / 100, age, 1 + i, 2 * i};
			sum += o[i].count * m->loglik(theta, o[i].frequency, o[i].recency, o[i].age);
			log_regularity +=
				(double) o[i].count * cnbd_log_regularity(theta[METHOD_K], o[i].frequency, o[i].recency);
		}
		m->loglik_jet(theta, o, 5, breathe, &jet);
		unit_require(fabs(jet.value + log_regularity - sum) <= 1e-11 * (fabs(sum) + fabs(log_regularity)));
		for (int i = 0; i < METHOD_K; i++)
		{
			double kept = theta[i], step = 1e-4 * kept;
			Jet up, down;

			theta[i] = kept + step;
			m->loglik_jet(theta, o, 5, breathe, &up);
			theta[i] = kept - step;
			m->loglik_jet(theta, o, 5, breathe, &down);
			theta[i] = kept;
			unit_require(fabs((up.value - down.value) / (2 * step) - jet.gradient[i]) <=
						 1e-5 * (fabs(jet.gradient[i]) + 1 / kept));
			for (int j = 0; j < METHOD_K; j++)
			{
				double second = i <= j ? jet.hessian[i][j] : jet.hessian[j][i];

				unit_require(fabs((up.gradient[j] - down.gradient[j]) / (2 * step) - second) <=
							 1e-5 * (fabs(second) + 1 / (kept * theta[j])));
			}
		}
	}
	return true;
}

int
main(void)
{
	unit_result(fifty_digits(), "figures of regular buyers agree with 50 digits to 1e-9");
	unit_result(one_phase(), "with k = 1 regular buyers are random ones");
	unit_result(can_be(), "figures of regular buyers are possible ones, and chances add up");
	unit_result(slopes(), "likelihood of regular buyers: slopes and curvature are those of differences");
	return unit_done();
}
