/*
 * sbg.c
 *	  The shifted-beta-geometric model of contracts.
 */
#include "lifetime/sbg.h"

#include <math.h>

#include "lifetime/annuity.h"
#include "lifetime/special.h"

enum
{
	ALPHA,
	BETA
};

double
sbg_survival(const double *theta, double period)
{
	return exp(log_gamma_step(theta[BETA], period) -
			   log_gamma_step(theta[ALPHA] + theta[BETA], period));
}

double
sbg_retention(const double *theta, double period)
{
	return (theta[BETA] + period - 1) / (theta[ALPHA] + theta[BETA] + period - 1);
}

double
sbg_residual_lifetime(const double *theta, double period, double discount)
{
	return (1 + discount) *
		   beta_annuity(theta[ALPHA], theta[BETA] + period - 1, discount, INFINITY);
}

typedef struct Cohort
{
	const int64_t *survivors;
	size_t n;
	void (*breathe)(void);
} Cohort;

static void
loglik_jet(const double *theta, void *data, Jet *total)
{
	const Cohort *cohort = data;

	*total = (Jet){0};
	cohort->breathe();
	for (size_t t = 1; t <= cohort->n; t++)
	{
		Jet term = {0};
		bool staying = t == cohort->n;
		double customers = (double) (staying ? cohort->survivors[t - 1]
											 : cohort->survivors[t - 1] - cohort->survivors[t]);

		/* lost at renewal t, or still there after the last one */
		jet_add_beta(&term, ALPHA, theta[ALPHA], theta[BETA], staying ? 0 : 1, (double) t - 1);
		jet_add(total, &term, customers);
	}
}

void
sbg_fit(const int64_t *survivors, size_t n, void (*breathe)(void), Fit *fit)
{
	static const double lower[] = {1e-6, 1e-6};
	static const double upper[] = {1e6, 1e6};
	Cohort cohort = {survivors, n, breathe};

	fit->theta[ALPHA] = 1;
	fit->theta[BETA] = 1;
	fit_maximise(loglik_jet, &cohort, SBG_PARAMETERS, lower, upper, (double) survivors[0], fit);
}
