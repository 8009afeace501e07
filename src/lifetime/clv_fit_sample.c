/*
 * clv_fit_sample.c
 *	  From a sample of customers to a model, and what is to be said of it.
 */
#include "lifetime/clv_fit.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "support/compat.h"
#include "lifetime/special.h"

#define CORRELATION_NOTED 0.3

/* A model fitted to fewer customers with repeat orders says that it guesses. */
#define FEWEST_REPEATS 30

static void
breathe(void)
{
	CHECK_FOR_INTERRUPTS();
}

static ClvModel *
note_fit(ClvModel *model, const Fit *fit, const char *const *names, int parameters,
		 const char *what)
{
	if (!fit->converged)
	{
		model->flags &= ~CLV_CONVERGED;
		model =
			clv_model_add_note(model, psprintf("the fit of the %s model did not converge", what));
	}
	if (fit->note)
		return clv_model_add_note(model, fit->note);
	for (int i = 0; i < parameters; i++)
		if (fit->limit[i] != 0)
			model = clv_model_add_note(
				model, psprintf("parameter %s of the %s model is at its %s limit: the likelihood "
								"still rises there",
								names[i], what, fit->limit[i] < 0 ? "lower" : "upper"));
	return model;
}

static void
copy_covariance(const Fit *fit, double covariance[][JET_PARAMETERS])
{
	for (int i = 0; i < JET_PARAMETERS; i++)
		memcpy(covariance[i], fit->covariance[i], JET_PARAMETERS * sizeof(double));
}

ClvModel *
clv_model_of_fit(ClvKind kind, double unit_days, int64 customers, const Fit *fit)
{
	const ClvKindInfo *info = &clv_kinds[kind];
	ClvModel *model = clv_model_make(kind, unit_days);

	memcpy(model->theta, fit->theta, info->parameters * sizeof(double));
	model->theta[METHOD_K] = fit->k;
	memcpy(model->std_error, fit->std_error, info->parameters * sizeof(double));
	if (fit->known)
	{
		copy_covariance(fit, model->covariance);
		model->flags |= CLV_HAS_COVARIANCE;
	}
	model->loglik = fit->loglik;
	model->customers = customers;
	model->flags |= CLV_HAS_STD_ERRORS | CLV_HAS_LOGLIK | CLV_HAS_CUSTOMERS | CLV_HAS_CONVERGED |
				   CLV_CONVERGED;
	return note_fit(model, fit, info->parameter, info->parameters, info->name);
}

/* Fits the share of orders kept, where it is neither none nor all. */
static ClvModel *
fit_kept(FitData *data, ClvModel *model)
{
	static const char *const names[] = {"a", "b"};
	Fit fit;

	if (data->kept.n == 0 || data->kept.lost[0] == 0)
		return model;
	kept_fit(&data->kept, &fit);
	memcpy(model->kept, fit.theta, sizeof(model->kept));
	model->flags |= CLV_HAS_KEPT;
	return note_fit(model, &fit, names, KEPT_PARAMETERS, "kept");
}

/* Fits the spend model beside the other one. */
static ClvModel *
fit_spending(FitData *data, const FitOptions *options, ClvModel *model)
{
	static const char *const names[] = {"p", "q", "v"};
	bool orders = options->spend == CLV_SPEND_ORDERS;
	Spending *room = data->spending + data->spenders;
	double correlation;
	int64 customers = 0;
	Fit fit;

	if (options->kind == CLV_BGBB)
		return model;
	if (data->spenders == 0)
		return clv_model_add_note(
			model, orders ? "no spend model: no customer has kept an order"
						  : "no spend model: no customer with repeat orders has a positive mean spend");
	for (size_t i = 0; i < data->spenders; i++)
		customers += data->spending[i].count;
	correlation = gammagamma_correlation(data->spending, data->spenders);
	if (orders)
		gammagamma_fit_orders(data->spending, data->spenders, data->log_spend, room, breathe, &fit);
	else
		gammagamma_fit_means(data->spending, data->spenders, room, breathe, &fit);

	model->spend_of = options->spend;
	memcpy(model->spend, fit.theta, sizeof(model->spend));
	memcpy(model->spend_std_error, fit.std_error, sizeof(model->spend_std_error));
	if (fit.known)
	{
		copy_covariance(&fit, model->spend_covariance);
		model->flags |= CLV_HAS_SPEND_COVARIANCE;
	}
	model->spend_loglik = fit.loglik;
	model->spend_customers = customers;
	model->flags |=
		CLV_HAS_SPEND | CLV_HAS_SPEND_STD_ERRORS | CLV_HAS_SPEND_LOGLIK | CLV_HAS_SPEND_CUSTOMERS;
	model = note_fit(model, &fit, names, GAMMAGAMMA_PARAMETERS, "spend");
	if (orders)
		model = fit_kept(data, model);
	if (fabs(correlation) > CORRELATION_NOTED)
		model = clv_model_add_note(
			model, psprintf("spend and frequency correlate (%.2f): the spend model takes them for "
							"independent",
							correlation));
	return model;
}

/* The numbers of phases to try; summaries do not tell the gaps, but what they add up to. */
static FitPhases
get_phases(const FitData *data, const FitOptions *options)
{
	FitPhases phases = {1, METHOD_MOST_PHASES, {0}};
	double orders = 0;

	if (options->k > 0)
		phases.from = phases.to = options->k;
	for (size_t i = 0; i < data->n; i++)
		orders += (double) data->observations[i].count * data->observations[i].frequency;
	for (int k = Max(phases.from, 2); k <= phases.to; k++)
		if (options->as_of != DATEVAL_NOEND)
			phases.log_gaps[k] = (k - 1) * data->log_gaps - orders * log_gamma(k);
		else
			for (size_t i = 0; i < data->n; i++)
				phases.log_gaps[k] += (double) data->observations[i].count *
									  cnbd_log_regularity(k, data->observations[i].frequency,
														  data->observations[i].recency);
	if (isinf(phases.log_gaps[phases.from]))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("no model with k greater than 1 can be fitted: recency must be "
							   "greater than 0 where frequency is")));
	return phases;
}

ClvModel *
clv_fit_data(FitData *data, const FitOptions *options)
{
	int64 customers = 0;
	int64 repeats = 0;
	const Method *method = clv_kinds[options->kind].method;
	ClvModel *model;
	FitPhases phases;
	Fit fit;

	for (size_t i = 0; i < data->n; i++)
	{
		customers += data->observations[i].count;
		repeats += data->observations[i].frequency > 0 ? data->observations[i].count : 0;
	}
	if (repeats == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no model can be fitted: no customer has ordered again"),
				 errdetail("There are " INT64_FORMAT " customers, all without a repeat order.",
						   customers)));
	if (method->phases)
		phases = get_phases(data, options);
	fit_method(method, method->phases ? &phases : NULL, data->observations, data->n,
			   data->observations + data->n, breathe, &fit);
	model = clv_model_of_fit(options->kind, options->unit_days, customers, &fit);
	if (repeats < FEWEST_REPEATS)
		model = clv_model_add_note(
			model, psprintf("a guess: fitted to fewer than %d repeat customers (" INT64_FORMAT ")",
							FEWEST_REPEATS, repeats));
	if (customers == 1)
		model = clv_model_add_note(model, "fitted to one customer: it says nothing of how "
										  "customers differ");
	else if (data->observations[0].frequency > 0)
		model = clv_model_add_note(model, "fitted without one-time buyers: it holds for customers "
										  "who have ordered again, not for new ones");
	if (options->as_of != DATEVAL_NOEND)
	{
		model->as_of = options->as_of;
		model->flags |= CLV_HAS_AS_OF;
	}
	return fit_spending(data, options, model);
}

/* How many customers have kept, sent back and made more than j orders. */
static KeptCounts
count_kept(const Sample *sample)
{
	KeptCounts counts = {0};
	double *all;

	for (size_t i = 0; i < sample->spend_count; i++)
		counts.n = Max(counts.n, (size_t) sample->spends[i].days);
	all = MemoryContextAllocExtended(CurrentMemoryContext, 3 * counts.n * sizeof(double),
									 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	counts.kept = all;
	counts.lost = all + counts.n;
	counts.made = all + 2 * counts.n;
	for (size_t i = 0; i < sample->spend_count; i++)
	{
		const SampleSpend *spend = &sample->spends[i];

		if (spend->kept > 0)
			counts.kept[spend->kept - 1] += (double) spend->count;
		if (spend->kept < spend->days)
			counts.lost[spend->days - spend->kept - 1] += (double) spend->count;
		counts.made[spend->days - 1] += (double) spend->count;
	}
	for (size_t j = counts.n - 1; j-- > 0;)
	{
		counts.kept[j] += counts.kept[j + 1];
		counts.lost[j] += counts.lost[j + 1];
		counts.made[j] += counts.made[j + 1];
	}
	return counts;
}

static int
compare_spending(const void *a, const void *b)
{
	const Spending *x = a, *y = b;

	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	return (x->sum > y->sum) - (x->sum < y->sum);
}

/* What the spend model is fitted to: the order days kept, or the repeat order days. */
static void
take_spending(const Sample *sample, ClvSpendOf of, FitData *data)
{
	data->spending = MemoryContextAllocHuge(
		CurrentMemoryContext, 2 * (sample->spend_count + 1) * sizeof(Spending));
	for (size_t i = 0; i < sample->spend_count; i++)
	{
		const SampleSpend *spend = &sample->spends[i];
		Spending spending = {spend->sum, spend->count, spend->kept};

		if (of == CLV_SPEND_MEANS)
			spending = (Spending){spend->again, spend->count, spend->days - 1};
		if (spending.sum > 0)
			data->spending[data->spenders++] = spending;
	}
	qsort(data->spending, data->spenders, sizeof(Spending), compare_spending);
}

ClvModel *
clv_fit_sample(const Sample *sample, const FitOptions *options)
{
	FitData data = {0};
	double gaps = 0;
	int64 customers;

	if (!sample_customers(sample, &customers))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("no model can be fitted to a clv_sample with less than no customers"),
						errdetail("More has been taken away from it than was in it.")));
	if (customers == 0)
		return NULL;
	if (sample_last_day(sample) > options->as_of)
	{
		char last[LEDGER_DATE_BUFFER];

		ledger_print_date(sample_last_day(sample), last);
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("as_of must not lie before an order of the sample"),
						errdetail("The last order is of %s.", last),
						errhint("Make the sample from until(cv, as_of + 1).")));
	}

	data.observations = MemoryContextAllocHuge(
		CurrentMemoryContext, 2 * sample->history_count * sizeof(Observation));
	for (size_t i = 0; i < sample->history_count; i++)
	{
		const SampleHistory *history = &sample->histories[i];

		data.observations[data.n++] =
			(Observation){((double) history->last - history->first) / options->unit_days,
						  ((double) options->as_of - history->first) / options->unit_days,
						  history->count, history->days - 1};
	}
	data.log_spend = (double) sample->log_spend * 1e-18;
	for (size_t i = 0; i < data.n; i++)
		gaps += (double) data.observations[i].count * data.observations[i].frequency;
	data.log_gaps = (double) sample->log_gaps * 1e-18 - gaps * log(options->unit_days);
	take_spending(sample, options->spend, &data);
	if (options->spend == CLV_SPEND_ORDERS)
		data.kept = count_kept(sample);
	return clv_fit_data(&data, options);
}
