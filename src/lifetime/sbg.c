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

typedef struct Contracts
{
	const SbgPeriod *periods;
	size_t n;
	void (*breathe)(void);
} Contracts;

static void
loglik_jet(const double *theta, void *data, Jet *total)
{
	const Contracts *contracts = data;

	*total = (Jet){0};
	contracts->breathe();
	for (size_t t = 0; t < contracts->n; t++)
	{
		const SbgPeriod *period = &contracts->periods[t];
		Jet lost = {0}, stayed = {0};

		if (period->lost > 0)
		{
			jet_add_beta(&lost, ALPHA, theta[ALPHA], theta[BETA], 1, (double) t - 1);
			jet_add(total, &lost, (double) period->lost);
		}
		if (period->stayed > 0)
		{
			jet_add_beta(&stayed, ALPHA, theta[ALPHA], theta[BETA], 0, (double) t);
			jet_add(total, &stayed, (double) period->stayed);
		}
	}
}

void
sbg_fit(const SbgPeriod *periods, size_t n, int64_t customers, void (*breathe)(void), Fit *fit)
{
	static const double lower[] = {1e-6, 1e-6};
	static const double upper[] = {1e6, 1e6};
	Contracts contracts = {periods, n, breathe};

	fit->theta[ALPHA] = 1;
	fit->theta[BETA] = 1;
	fit_maximise(loglik_jet, &contracts, SBG_PARAMETERS, lower, upper, (double) customers, fit);
}
