/*
 * clv_fit.c
 *	  The aggregates clv_fit and clv_fit_bgbb.
 *
 * The state of a buy-till-you-die model is the distinct (frequency, recency, age) with counts, and
 * for the spend model the (frequency, mean spend) of each customer with repeat orders, 16 bytes
 * each. Both are sorted before the fit, so that neither the order of rows nor the number of workers
 * changes a digit.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "lifetime/clv_model.h"
#include "lifetime/clv_summary.h"

/* A model fitted to fewer customers with repeat orders says that it guesses. */
#define FEWEST_REPEATS 30

#define STATE_VERSION 1
#define CORRELATION_NOTED 0.3

PG_FUNCTION(clv_fit_accumulate_summary);
PG_FUNCTION(clv_fit_accumulate_ledger);
PG_FUNCTION(clv_fit_accumulate_bgbb);
PG_FUNCTION(clv_fit_combine);
PG_FUNCTION(clv_fit_serialise);
PG_FUNCTION(clv_fit_deserialise);
PG_FUNCTION(clv_fit_final);

/* no padding: it is hashed as bytes */
typedef struct ObservationKey
{
	double recency;
	double age;
	int64 frequency;
} ObservationKey;

typedef struct ObservationEntry
{
	ObservationKey key;
	int64 count;
	uint32 hash;
	char status;
} ObservationEntry;

#define SH_PREFIX observations
#define SH_ELEMENT_TYPE ObservationEntry
#define SH_KEY_TYPE ObservationKey
#define SH_KEY key
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) &key, sizeof(ObservationKey))
#define SH_EQUAL(table, a, b) (memcmp(&a, &b, sizeof(ObservationKey)) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct FitState
{
	ClvKind kind;
	DateADT as_of; /* DATEVAL_NOEND if the rows do not tell */
	/* ledgers are kept in days, and everything else in the units it comes in */
	bool in_days;
	double unit_days;
	observations_hash *observations;
	Spending *spending;
	size_t spenders;
	size_t room;
} FitState;

#define FIRST_ROOM 64

static void
breathe(void)
{
	CHECK_FOR_INTERRUPTS();
}

static FitState *
state_make(MemoryContext context)
{
	FitState *state = MemoryContextAllocZero(context, sizeof(FitState));

	state->observations = observations_create(context, 256, NULL);
	state->room = FIRST_ROOM;
	state->spending = MemoryContextAlloc(context, state->room * sizeof(Spending));
	return state;
}

static void
state_add(FitState *state, const BtydSummary *summary, int64 count)
{
	/* adding 0 makes one of the two zeros */
	ObservationKey key = {summary->recency + 0.0, summary->age + 0.0, summary->frequency};
	bool found;
	ObservationEntry *entry = observations_insert(state->observations, key, &found);

	entry->count = found ? entry->count + count : count;
}

static void
state_add_spending(FitState *state, Spending spending)
{
	if (state->spenders == state->room)
	{
		state->room *= 2;
		state->spending = repalloc_huge(state->spending, state->room * sizeof(Spending));
	}
	state->spending[state->spenders++] = spending;
}

/* A customer's row; the gamma-gamma model is one of positive means. */
static void
state_add_customer(FitState *state, const BtydSummary *summary)
{
	state_add(state, summary, 1);
	if (summary->frequency > 0 && summary->mean_spend > 0 && state->kind != CLV_BGBB)
		state_add_spending(state, (Spending){summary->mean_spend, summary->frequency});
}

/* The state, made in the first call; the arguments that have to be the same in all rows are. */
static FitState *
get_state(FunctionCallInfo fcinfo, bool in_days, ClvKind kind, DateADT as_of, double unit_days)
{
	FitState *state;

	if (!PG_ARGISNULL(0))
	{
		state = (FitState *) PG_GETARG_POINTER(0);
		if (state->kind != kind || state->as_of != as_of || state->unit_days != unit_days)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("model, as_of and unit must be the same in all rows")));
		return state;
	}
	state = state_make(aggregate_context(fcinfo));
	state->in_days = in_days;
	state->kind = kind;
	state->as_of = as_of;
	state->unit_days = unit_days;
	return state;
}

static ClvKind
get_kind(FunctionCallInfo fcinfo, int n)
{
	text *name;

	if (PG_ARGISNULL(n))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be NULL")));
	name = PG_GETARG_TEXT_PP(n);
	return clv_kind_by_name(VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name));
}

/* Argument n if there is one, and a week if not. */
static double
get_unit_days(FunctionCallInfo fcinfo, int n)
{
	double days;

	if (PG_NARGS() <= n)
		return 7;
	if (PG_ARGISNULL(n))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("unit must not be NULL")));
	days = clv_interval_days(PG_GETARG_INTERVAL_P(n), "unit");
	if (days == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unit must not be 0")));
	return days;
}

static Datum
return_state(FunctionCallInfo fcinfo, FitState *state)
{
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * clv_fit_accumulate(internal, s btyd_summary, model text [, unit interval]) returns internal
 */
Datum
clv_fit_accumulate_summary(PG_FUNCTION_ARGS)
{
	FitState *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	BtydSummary summary;
	ClvKind kind;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
		return return_state(fcinfo, state);
	kind = get_kind(fcinfo, 2);
	if (kind == CLV_SBG)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model sbg is fitted to contracts"), errhint("Use clv_fit_sbg.")));
	if (!clv_summary_get(PG_GETARG_DATUM(1), kind == CLV_BGBB, &summary))
		return return_state(fcinfo, state);
	state = get_state(fcinfo, false, kind, DATEVAL_NOEND, get_unit_days(fcinfo, 3));
	state_add_customer(state, &summary);
	PG_RETURN_POINTER(state);
}

/*
 * clv_fit_accumulate(internal, cv customer_value, model text, as_of date [, unit interval])
 * returns internal
 */
Datum
clv_fit_accumulate_ledger(PG_FUNCTION_ARGS)
{
	FitState *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	BtydSummary summary;
	DateADT as_of;
	ClvKind kind;
	double unit_days;

	aggregate_context(fcinfo);
	kind = get_kind(fcinfo, 2);
	if (kind == CLV_BGBB || kind == CLV_SBG)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model %s is not fitted to ledgers", clv_kinds[kind].name),
						errhint("Use %s.", kind == CLV_SBG ? "clv_fit_sbg" : "clv_fit_bgbb")));
	if (PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("as_of must not be NULL")));
	as_of = customer_value_as_of(PG_GETARG_DATUM(3));
	/* as far as the text of a model goes */
	if (as_of < date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE ||
		as_of > date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("as_of must be in the years 1 to 9999")));
	unit_days = get_unit_days(fcinfo, 4);
	if (PG_ARGISNULL(1) || !clv_summary_of(PG_GETARG_CUSTOMER_VALUE(1), as_of, 1, &summary))
		return return_state(fcinfo, state);
	state = get_state(fcinfo, true, kind, as_of, unit_days);
	state_add_customer(state, &summary);
	PG_RETURN_POINTER(state);
}

/*
 * clv_fit_bgbb_accumulate(internal, frequency int, recency int, periods int) returns internal
 */
Datum
clv_fit_accumulate_bgbb(PG_FUNCTION_ARGS)
{
	FitState *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	BtydSummary summary = {0};

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return return_state(fcinfo, state);
	summary.frequency = PG_GETARG_INT32(1);
	summary.recency = PG_GETARG_INT32(2);
	summary.age = PG_GETARG_INT32(3);
	clv_summary_check(&summary, true);
	state = get_state(fcinfo, false, CLV_BGBB, DATEVAL_NOEND, 7);
	state_add_customer(state, &summary);
	PG_RETURN_POINTER(state);
}

/*
 * clv_fit_combine(internal, internal) returns internal
 */
Datum
clv_fit_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	FitState *a = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	FitState *b = PG_ARGISNULL(1) ? NULL : (FitState *) PG_GETARG_POINTER(1);
	observations_iterator iterator;
	ObservationEntry *entry;

	if (b == NULL)
		return return_state(fcinfo, a);
	if (a == NULL)
	{
		a = state_make(context);
		a->kind = b->kind;
		a->as_of = b->as_of;
		a->in_days = b->in_days;
		a->unit_days = b->unit_days;
	}
	else if (a->kind != b->kind || a->as_of != b->as_of || a->in_days != b->in_days ||
			 a->unit_days != b->unit_days)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("model, as_of and unit must be the same in all rows")));
	observations_start_iterate(b->observations, &iterator);
	while ((entry = observations_iterate(b->observations, &iterator)) != NULL)
	{
		BtydSummary summary = {(int32) entry->key.frequency, entry->key.recency, entry->key.age, 0};

		state_add(a, &summary, entry->count);
	}
	for (size_t i = 0; i < b->spenders; i++)
		state_add_spending(a, b->spending[i]);
	PG_RETURN_POINTER(a);
}

#define SERIALISED_OBSERVATION 28
#define SERIALISED_SPENDING 12

/*
 * clv_fit_serialise(internal) returns bytea
 */
Datum
clv_fit_serialise(PG_FUNCTION_ARGS)
{
	FitState *state;
	observations_iterator iterator;
	ObservationEntry *entry;
	StringInfoData out;
	double size;

	aggregate_context(fcinfo);
	state = (FitState *) PG_GETARG_POINTER(0);
	size = 64 + (double) state->observations->members * SERIALISED_OBSERVATION +
		   (double) state->spenders * SERIALISED_SPENDING;
	if (size > (double) MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("state of clv_fit is too large to be sent between processes"),
						errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
	pq_begintypsend(&out);
	enlargeStringInfo(&out, (int) size);
	pq_sendbyte(&out, STATE_VERSION);
	pq_sendbyte(&out, state->kind);
	pq_sendbyte(&out, state->in_days);
	pq_sendint32(&out, (uint32) state->as_of);
	pq_sendfloat8(&out, state->unit_days);
	pq_sendint32(&out, state->observations->members);
	pq_sendint64(&out, state->spenders);
	observations_start_iterate(state->observations, &iterator);
	while ((entry = observations_iterate(state->observations, &iterator)) != NULL)
	{
		pq_sendint32(&out, (uint32) entry->key.frequency);
		pq_sendfloat8(&out, entry->key.recency);
		pq_sendfloat8(&out, entry->key.age);
		pq_sendint64(&out, entry->count);
	}
	for (size_t i = 0; i < state->spenders; i++)
	{
		pq_sendint32(&out, (uint32) state->spending[i].frequency);
		pq_sendfloat8(&out, state->spending[i].mean);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

static void
require_state(bool good)
{
	if (!good)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid state of clv_fit")));
}

/*
 * clv_fit_deserialise(bytea, internal) returns internal
 */
Datum
clv_fit_deserialise(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData in;
	FitState *state = state_make(context);
	uint32 observed;
	int64 spenders;
	int kind;

	in.data = VARDATA_ANY(bytes);
	in.len = in.maxlen = (int) VARSIZE_ANY_EXHDR(bytes);
	in.cursor = 0;
	require_state(pq_getmsgbyte(&in) == STATE_VERSION);
	kind = pq_getmsgbyte(&in);
	require_state(kind < CLV_SBG);
	state->kind = (ClvKind) kind;
	state->in_days = pq_getmsgbyte(&in) != 0;
	state->as_of = (DateADT) pq_getmsgint(&in, 4);
	state->unit_days = pq_getmsgfloat8(&in);
	require_state(state->unit_days > 0 && isfinite(state->unit_days));
	observed = pq_getmsgint(&in, 4);
	spenders = pq_getmsgint64(&in);
	require_state(spenders >= 0 && spenders <= PG_INT32_MAX &&
				  (int64) observed * SERIALISED_OBSERVATION + spenders * SERIALISED_SPENDING ==
					  in.len - in.cursor);
	for (uint32 i = 0; i < observed; i++)
	{
		BtydSummary summary = {0};
		int64 count;

		summary.frequency = (int32) pq_getmsgint(&in, 4);
		summary.recency = pq_getmsgfloat8(&in);
		summary.age = pq_getmsgfloat8(&in);
		count = pq_getmsgint64(&in);
		require_state(count > 0);
		clv_summary_check(&summary, kind == CLV_BGBB);
		state_add(state, &summary, count);
	}
	for (int64 i = 0; i < spenders; i++)
	{
		Spending spending;

		spending.frequency = (int32) pq_getmsgint(&in, 4);
		spending.mean = pq_getmsgfloat8(&in);
		require_state(spending.frequency > 0 && spending.mean > 0 && isfinite(spending.mean));
		state_add_spending(state, spending);
	}
	pq_getmsgend(&in);
	PG_RETURN_POINTER(state);
}

static int
compare_observations(const void *a, const void *b)
{
	const Observation *x = a, *y = b;

	if (x->frequency != y->frequency)
		return x->frequency < y->frequency ? -1 : 1;
	if (x->recency != y->recency)
		return x->recency < y->recency ? -1 : 1;
	return (x->age > y->age) - (x->age < y->age);
}

static int
compare_spending(const void *a, const void *b)
{
	const Spending *x = a, *y = b;

	if (x->frequency != y->frequency)
		return x->frequency < y->frequency ? -1 : 1;
	return (x->mean > y->mean) - (x->mean < y->mean);
}

static ClvModel *
note_fit(ClvModel *model, const Fit *fit, const char *const *names, int parameters,
		 const char *what)
{
	if (!fit->converged)
		model =
			clv_model_add_note(model, psprintf("the fit of the %s model did not converge", what));
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

ClvModel *
clv_model_of_fit(ClvKind kind, double unit_days, int64 customers, const Fit *fit)
{
	const ClvKindInfo *info = &clv_kinds[kind];
	ClvModel *model = clv_model_make(kind, unit_days);

	memcpy(model->theta, fit->theta, info->parameters * sizeof(double));
	memcpy(model->std_error, fit->std_error, info->parameters * sizeof(double));
	if (fit->known)
	{
		memcpy(model->covariance, fit->covariance, sizeof(model->covariance));
		model->flags |= CLV_HAS_COVARIANCE;
	}
	model->loglik = fit->loglik;
	model->customers = customers;
	model->flags |= CLV_HAS_STD_ERRORS | CLV_HAS_LOGLIK | CLV_HAS_CUSTOMERS | CLV_HAS_CONVERGED;
	if (fit->converged)
		model->flags |= CLV_CONVERGED;
	return note_fit(model, fit, info->parameter, info->parameters, info->name);
}

/* Fits the spend model beside the other one. */
static ClvModel *
fit_spending(const FitState *state, ClvModel *model)
{
	static const char *const names[] = {"p", "q", "v"};
	Size size = state->spenders * sizeof(Spending);
	Spending *spending;
	double correlation;
	Fit fit;

	if (state->spenders == 0)
		return state->kind == CLV_BGBB
				   ? model
				   : clv_model_add_note(model, "no spend model: no customer with repeat orders has "
											   "a positive mean spend");
	spending = MemoryContextAllocHuge(CurrentMemoryContext, size);
	memcpy(spending, state->spending, size);
	qsort(spending, state->spenders, sizeof(Spending), compare_spending);
	correlation = gammagamma_correlation(spending, state->spenders);
	gammagamma_fit(spending, state->spenders, breathe, &fit);
	pfree(spending);

	memcpy(model->spend, fit.theta, sizeof(model->spend));
	memcpy(model->spend_std_error, fit.std_error, sizeof(model->spend_std_error));
	if (fit.known)
	{
		memcpy(model->spend_covariance, fit.covariance, sizeof(model->spend_covariance));
		model->flags |= CLV_HAS_SPEND_COVARIANCE;
	}
	model->spend_loglik = fit.loglik;
	model->spend_customers = (int64) state->spenders;
	model->flags |=
		CLV_HAS_SPEND | CLV_HAS_SPEND_STD_ERRORS | CLV_HAS_SPEND_LOGLIK | CLV_HAS_SPEND_CUSTOMERS;
	if (!fit.converged)
		model->flags &= ~CLV_CONVERGED;
	model = note_fit(model, &fit, names, GAMMAGAMMA_PARAMETERS, "spend");
	if (fit.theta[1] <= 1)
		model =
			clv_model_add_note(model, "the spend model has no mean (q is not above 1): expected "
									  "spend is infinite where little is known");
	if (fabs(correlation) > CORRELATION_NOTED)
		model = clv_model_add_note(
			model, psprintf("spend and frequency correlate (%.2f): the spend model takes them for "
							"independent",
							correlation));
	return model;
}

/*
 * clv_fit_final(internal) returns clv_model
 */
Datum
clv_fit_final(PG_FUNCTION_ARGS)
{
	FitState *state;
	Observation *observations;
	observations_iterator iterator;
	ObservationEntry *entry;
	ClvModel *model;
	Fit fit;
	size_t n = 0;
	double unit;
	int64 customers = 0;
	int64 repeats = 0;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FitState *) PG_GETARG_POINTER(0);

	unit = state->in_days ? state->unit_days : 1;
	/* twice as much, the second half being for the fit to work in */
	observations = MemoryContextAllocHuge(
		CurrentMemoryContext, 2 * (Size) state->observations->members * sizeof(Observation));
	observations_start_iterate(state->observations, &iterator);
	while ((entry = observations_iterate(state->observations, &iterator)) != NULL)
	{
		observations[n++] = (Observation){entry->key.recency / unit, entry->key.age / unit,
										  entry->count, (int32) entry->key.frequency};
		customers += entry->count;
		repeats += entry->key.frequency > 0 ? entry->count : 0;
	}
	if (repeats == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no model can be fitted: no customer has ordered again"),
				 errdetail("There are " INT64_FORMAT " customers, all without a repeat order.",
						   customers)));
	qsort(observations, n, sizeof(Observation), compare_observations);
	fit_method(clv_kinds[state->kind].method, observations, n, observations + n, breathe, &fit);
	pfree(observations);

	model = clv_model_of_fit(state->kind, state->unit_days, customers, &fit);
	if (state->as_of != DATEVAL_NOEND)
	{
		model->as_of = state->as_of;
		model->flags |= CLV_HAS_AS_OF;
	}
	if (repeats < FEWEST_REPEATS)
		model = clv_model_add_note(
			model, psprintf("a guess: fitted to fewer than %d repeat customers (" INT64_FORMAT ")",
							FEWEST_REPEATS, repeats));
	PG_RETURN_POINTER(fit_spending(state, model));
}
