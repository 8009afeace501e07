/*
 * clv_fit.c
 *	  The aggregates clv_fit and clv_fit_bgbb, and the function clv_fit of a sample.
 *
 * The state of a model fitted to ledgers is their sample (sample.h). That of summaries is the distinct
 * (frequency, recency, age) with counts, and for the spend model the (frequency, mean spend) of each
 * customer with repeat orders. All is sorted before the fit, so that neither the order of rows nor
 * the number of workers changes a digit.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "lifetime/clv_fit.h"
#include "lifetime/clv_summary.h"

#define STATE_VERSION 3

PG_FUNCTION(clv_fit_accumulate_summary);
PG_FUNCTION(clv_fit_accumulate_ledger);
PG_FUNCTION(clv_fit_accumulate_bgbb);
PG_FUNCTION(clv_fit_combine);
PG_FUNCTION(clv_fit_serialise);
PG_FUNCTION(clv_fit_deserialise);
PG_FUNCTION(clv_fit_final);
PG_FUNCTION(clv_fit_of_sample);

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
	FitOptions options; /* as_of is DATEVAL_NOEND for summaries, which do not tell it */
	/* of ledgers */
	SampleBuilder *sample;
	double *covariates; /* rows as of clv_fit_covariates, with options.covariates */
	size_t covariate_rows;
	size_t covariate_room;
	/* of summaries */
	observations_hash *observations;
	Spending *spending;
	size_t spenders;
	size_t room;
} FitState;

#define FIRST_ROOM 64

static FitState *
state_make(MemoryContext context, const FitOptions *options)
{
	FitState *state = MemoryContextAllocZero(context, sizeof(FitState));

	state->options = *options;
	if (options->as_of != DATEVAL_NOEND)
	{
		state->sample = sample_builder_make(context);
		if (options->covariates > 0)
		{
			state->covariate_room = FIRST_ROOM;
			state->covariates = MemoryContextAlloc(
				context,
				FIRST_ROOM * (options->covariates + COVARIATE_ROW_EXTRA) * sizeof(double));
		}
		return state;
	}
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
	if (summary->frequency > 0 && summary->mean_spend > 0 && state->options.kind != CLV_BGBB)
		state_add_spending(
			state, (Spending){summary->mean_spend * summary->frequency, 1, summary->frequency});
}

/* Room for so many more customers with covariates; returns where the first goes. */
static double *
add_covariate_rows(FitState *state, size_t n)
{
	size_t length = state->options.covariates + COVARIATE_ROW_EXTRA;

	while (state->covariate_room < state->covariate_rows + n)
	{
		state->covariate_room *= 2;
		state->covariates =
			repalloc_huge(state->covariates, state->covariate_room * length * sizeof(double));
	}
	state->covariate_rows += n;
	return state->covariates + (state->covariate_rows - n) * length;
}

static void
require_same(const FitOptions *a, const FitOptions *b)
{
	if (a->kind != b->kind || a->spend != b->spend || a->as_of != b->as_of ||
		a->unit_days != b->unit_days || a->k != b->k)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model, as_of, unit, spend and k must be the same in all rows")));
	if (a->covariates != b->covariates)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("all customers must have the same number of covariates, not %d and %d",
							   Min(a->covariates, b->covariates),
							   Max(a->covariates, b->covariates))));
}

/* The state, made in the first call; the arguments that have to be the same in all rows are. */
static FitState *
get_state(FunctionCallInfo fcinfo, const FitOptions *options)
{
	FitState *state;

	if (PG_ARGISNULL(0))
		return state_make(aggregate_context(fcinfo), options);
	state = (FitState *) PG_GETARG_POINTER(0);
	require_same(&state->options, options);
	return state;
}

static void
require_not_null(FunctionCallInfo fcinfo, int n, const char *what)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", what)));
}

static ClvKind
get_kind(FunctionCallInfo fcinfo, int n)
{
	text *name;

	require_not_null(fcinfo, n, "model");
	name = PG_GETARG_TEXT_PP(n);
	return clv_kind_by_name(VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name));
}

static double
unit_days(Datum unit)
{
	double days = clv_interval_days(DatumGetIntervalP(unit), "unit");

	if (days == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unit must not be 0")));
	return days;
}

static DateADT
get_as_of(FunctionCallInfo fcinfo, int n)
{
	DateADT as_of;

	require_not_null(fcinfo, n, "as_of");
	as_of = customer_value_as_of(PG_GETARG_DATUM(n));
	/* as far as the text of a model goes */
	if (as_of < date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE ||
		as_of > date2j(9999, 12, 31) - POSTGRES_EPOCH_JDATE)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("as_of must be in the years 1 to 9999")));
	return as_of;
}

/*
 * A text is what the spend model is of. An untyped literal after as_of is taken for a text, too, so that
 * what begins like an interval is read as the unit.
 */
static void
read_spend_of(Datum argument, FitOptions *options)
{
	char *name = TextDatumGetCString(argument);

	if (strcmp(name, "means") == 0)
		options->spend = CLV_SPEND_MEANS;
	else if (strcmp(name, "orders") == 0)
		options->spend = CLV_SPEND_ORDERS;
	else if (strchr("0123456789+-.@P", name[0]) && name[0] != '\0')
		options->unit_days = unit_days(DirectFunctionCall3(
			interval_in, CStringGetDatum(name), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	else
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("spend must be orders or means, not \"%s\"", name)));
}

static int
get_k(int32 k, ClvKind kind)
{
	if (!clv_kinds[kind].method->phases)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model %s has no k", clv_kinds[kind].name),
						errhint("The models bg/cnbd-k and mbg/cnbd-k have.")));
	if (k < 1 || k > METHOD_MOST_PHASES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("k must be from 1 to %d, not %d", METHOD_MOST_PHASES, k)));
	return k;
}

static void
require_covariate_kind(ClvKind kind)
{
	if (covariate_effects(clv_kinds[kind].method)->count == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model %s has no covariates", clv_kinds[kind].name),
						errhint("The models bg/nbd and pareto/nbd have.")));
}

/* The optional arguments from n on, which aggregates have in any combination: by their types; z has room for
 * covariates. */
static void
read_options(FunctionCallInfo fcinfo, int n, FitOptions *options, double *z)
{
	for (; n < PG_NARGS(); n++)
	{
		Oid type = get_fn_expr_argtype(fcinfo->flinfo, n);

		switch (type)
		{
			case INTERVALOID:
				require_not_null(fcinfo, n, "unit");
				options->unit_days = unit_days(PG_GETARG_DATUM(n));
				break;
			case TEXTOID:
				require_not_null(fcinfo, n, "spend");
				read_spend_of(PG_GETARG_DATUM(n), options);
				break;
			case INT4OID:
				if (!PG_ARGISNULL(n))
					options->k = get_k(PG_GETARG_INT32(n), options->kind);
				break;
			case FLOAT8ARRAYOID:
				require_covariate_kind(options->kind);
				require_not_null(fcinfo, n, "covariates");
				options->covariates = clv_read_covariates(PG_GETARG_ARRAYTYPE_P(n), z);
				break;
			default:
				elog(ERROR, "unexpected argument of type %u", type);
		}
	}
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
	FitOptions options = {.as_of = DATEVAL_NOEND, .unit_days = 7, .spend = CLV_SPEND_MEANS};
	BtydSummary summary;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
		return return_state(fcinfo, state);
	options.kind = get_kind(fcinfo, 2);
	if (options.kind == CLV_SBG)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model sbg is fitted to contracts"), errhint("Use clv_fit_sbg.")));
	if (!clv_summary_get(PG_GETARG_DATUM(1), options.kind == CLV_BGBB, &summary))
		return return_state(fcinfo, state);
	read_options(fcinfo, 3, &options, NULL);
	state = get_state(fcinfo, &options);
	state_add_customer(state, &summary);
	PG_RETURN_POINTER(state);
}

static void
require_ledger_kind(ClvKind kind)
{
	if (kind == CLV_BGBB || kind == CLV_SBG)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model %s is not fitted to ledgers", clv_kinds[kind].name),
						errhint("Use %s.", kind == CLV_SBG ? "clv_fit_sbg" : "clv_fit_bgbb")));
}

/*
 * clv_fit_accumulate(internal, cv customer_value, model text, as_of date [, unit interval]
 * [, spend text]) returns internal
 */
Datum
clv_fit_accumulate_ledger(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	FitState *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	FitOptions options = {.unit_days = 7, .spend = CLV_SPEND_ORDERS};
	OrderDays order;
	double z[MOST_COVARIATES];

	options.kind = get_kind(fcinfo, 2);
	require_ledger_kind(options.kind);
	options.as_of = get_as_of(fcinfo, 3);
	read_options(fcinfo, 4, &options, z);
	if (PG_ARGISNULL(1))
		return return_state(fcinfo, state);
	order = customer_value_read_orders(PG_GETARG_CUSTOMER_VALUE(1), options.as_of);
	if (order.count == 0)
		return return_state(fcinfo, state);
	if (state == NULL)
		state = state_make(context, &options);
	else
		require_same(&state->options, &options);
	sample_builder_add_order_days(state->sample, &order);
	if (options.covariates > 0)
	{
		double *row = add_covariate_rows(state, 1);
		int first = order.days[0].day, last = order.days[order.count - 1].day;

		memcpy(row, z, options.covariates * sizeof(double));
		row += options.covariates;
		row[0] = (double) order.count - 1;
		row[1] = (double) last - first;
		row[2] = (double) options.as_of - first;
	}
	pfree(order.days);
	PG_RETURN_POINTER(state);
}

/*
 * clv_fit_bgbb_accumulate(internal, frequency int, recency int, periods int) returns internal
 */
Datum
clv_fit_accumulate_bgbb(PG_FUNCTION_ARGS)
{
	FitState *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	FitOptions options = {.kind = CLV_BGBB, .as_of = DATEVAL_NOEND, .unit_days = 7,
						  .spend = CLV_SPEND_MEANS};
	BtydSummary summary = {0};

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return return_state(fcinfo, state);
	summary.frequency = PG_GETARG_INT32(1);
	summary.recency = PG_GETARG_INT32(2);
	summary.age = PG_GETARG_INT32(3);
	clv_summary_check(&summary, true);
	state = get_state(fcinfo, &options);
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
		a = state_make(context, &b->options);
	else
		require_same(&a->options, &b->options);
	if (b->sample)
	{
		Sample sample = sample_builder_sample(b->sample);

		sample_builder_add_sample(a->sample, &sample, 1);
		pfree(sample.histories);
		if (b->covariate_rows > 0)
			memcpy(add_covariate_rows(a, b->covariate_rows), b->covariates,
				   b->covariate_rows * (b->options.covariates + COVARIATE_ROW_EXTRA) *
					   sizeof(double));
		PG_RETURN_POINTER(a);
	}
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

static void
require_sendable(double size)
{
	if (size > (double) MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("state of clv_fit is too large to be sent between processes"),
						errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
}

static void
serialise_summaries(const FitState *state, StringInfo out)
{
	observations_iterator iterator;
	ObservationEntry *entry;
	double size = 64 + (double) state->observations->members * SERIALISED_OBSERVATION +
				  (double) state->spenders * SERIALISED_SPENDING;

	require_sendable(size);
	enlargeStringInfo(out, (int) size);
	pq_sendint32(out, state->observations->members);
	pq_sendint64(out, state->spenders);
	observations_start_iterate(state->observations, &iterator);
	while ((entry = observations_iterate(state->observations, &iterator)) != NULL)
	{
		pq_sendint32(out, (uint32) entry->key.frequency);
		pq_sendfloat8(out, entry->key.recency);
		pq_sendfloat8(out, entry->key.age);
		pq_sendint64(out, entry->count);
	}
	for (size_t i = 0; i < state->spenders; i++)
	{
		pq_sendint32(out, (uint32) state->spending[i].x);
		pq_sendfloat8(out, state->spending[i].sum);
	}
}

static void
require_state(bool good)
{
	if (!good)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid state of clv_fit")));
}

static void
serialise_covariates(const FitState *state, Size sample_size, StringInfo out)
{
	size_t n = state->covariate_rows * (state->options.covariates + COVARIATE_ROW_EXTRA);

	require_sendable(64 + (double) n * sizeof(double) + (double) sample_size);
	enlargeStringInfo(out, (int) (64 + n * sizeof(double)));
	pq_sendint64(out, state->covariate_rows);
	for (size_t i = 0; i < n; i++)
		pq_sendfloat8(out, state->covariates[i]);
}

static void
deserialise_covariates(FitState *state, StringInfo in)
{
	int covariates = state->options.covariates;
	int64 rows = pq_getmsgint64(in);
	double *at;

	require_state(rows > 0 && rows <= (in->len - in->cursor) /
										  (int) ((covariates + COVARIATE_ROW_EXTRA) * sizeof(double)));
	at = add_covariate_rows(state, (size_t) rows);
	for (int64 i = 0; i < rows; i++)
	{
		for (int c = 0; c < covariates; c++)
		{
			*at = pq_getmsgfloat8(in);
			require_state(fabs(*at++) <= GREATEST_COVARIATE);
		}
		for (int e = 0; e < COVARIATE_ROW_EXTRA; e++)
		{
			at[e] = pq_getmsgfloat8(in);
			require_state(at[e] >= 0 && at[e] <= PG_INT32_MAX && at[e] == floor(at[e]));
		}
		/* as many days as orders, at least */
		require_state(at[0] <= at[1] && at[1] <= at[2] && (at[0] > 0) == (at[1] > 0));
		at += COVARIATE_ROW_EXTRA;
	}
}

/*
 * clv_fit_serialise(internal) returns bytea
 */
Datum
clv_fit_serialise(PG_FUNCTION_ARGS)
{
	FitState *state;
	StringInfoData out;

	aggregate_context(fcinfo);
	state = (FitState *) PG_GETARG_POINTER(0);
	pq_begintypsend(&out);
	pq_sendbyte(&out, STATE_VERSION);
	pq_sendbyte(&out, state->options.kind);
	pq_sendbyte(&out, state->options.spend);
	pq_sendbyte(&out, state->options.k);
	pq_sendint32(&out, (uint32) state->options.as_of);
	pq_sendfloat8(&out, state->options.unit_days);
	pq_sendbyte(&out, state->options.covariates);
	if (state->sample)
	{
		Sample sample = sample_builder_sample(state->sample);
		bytea *packed = sample_pack(&sample);

		if (state->options.covariates > 0)
			serialise_covariates(state, VARSIZE(packed), &out);
		pq_sendbytes(&out, VARDATA(packed), (int) VARSIZE(packed) - VARHDRSZ);
		pfree(packed);
		pfree(sample.histories);
	}
	else
		serialise_summaries(state, &out);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

static void
deserialise_summaries(FitState *state, StringInfo in)
{
	uint32 observed = pq_getmsgint(in, 4);
	int64 spenders = pq_getmsgint64(in);

	require_state(spenders >= 0 && spenders <= PG_INT32_MAX &&
				  (int64) observed * SERIALISED_OBSERVATION + spenders * SERIALISED_SPENDING ==
					  in->len - in->cursor);
	for (uint32 i = 0; i < observed; i++)
	{
		BtydSummary summary = {0};
		int64 count;

		summary.frequency = (int32) pq_getmsgint(in, 4);
		summary.recency = pq_getmsgfloat8(in);
		summary.age = pq_getmsgfloat8(in);
		count = pq_getmsgint64(in);
		require_state(count > 0);
		clv_summary_check(&summary, state->options.kind == CLV_BGBB);
		state_add(state, &summary, count);
	}
	for (int64 i = 0; i < spenders; i++)
	{
		Spending spending = {.count = 1};

		spending.x = (int32) pq_getmsgint(in, 4);
		spending.sum = pq_getmsgfloat8(in);
		require_state(spending.x > 0 && spending.sum > 0 && isfinite(spending.sum));
		state_add_spending(state, spending);
	}
	pq_getmsgend(in);
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
	FitOptions options = {0};
	FitState *state;
	int kind, spend;

	in.data = VARDATA_ANY(bytes);
	in.len = in.maxlen = (int) VARSIZE_ANY_EXHDR(bytes);
	in.cursor = 0;
	require_state(pq_getmsgbyte(&in) == STATE_VERSION);
	kind = pq_getmsgbyte(&in);
	require_state(kind < CLV_KINDS && kind != CLV_SBG);
	options.kind = (ClvKind) kind;
	spend = pq_getmsgbyte(&in);
	require_state(spend == CLV_SPEND_MEANS || spend == CLV_SPEND_ORDERS);
	options.spend = (ClvSpendOf) spend;
	options.k = pq_getmsgbyte(&in);
	require_state(options.k <= METHOD_MOST_PHASES);
	options.as_of = (DateADT) pq_getmsgint(&in, 4);
	options.unit_days = pq_getmsgfloat8(&in);
	require_state(options.unit_days > 0 && isfinite(options.unit_days));
	options.covariates = pq_getmsgbyte(&in);
	require_state(options.covariates == 0 ||
				  (options.covariates <= MOST_COVARIATES && options.as_of != DATEVAL_NOEND &&
				   covariate_effects(clv_kinds[kind].method)->count > 0));
	state = state_make(context, &options);
	if (state->sample)
	{
		Sample sample;

		if (options.covariates > 0)
			deserialise_covariates(state, &in);
		sample = sample_unpack(in.data + in.cursor, (size_t) (in.len - in.cursor));

		sample_builder_add_sample(state->sample, &sample, 1);
		pfree(sample.histories);
		pfree(sample.spends);
	}
	else
		deserialise_summaries(state, &in);
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

	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	return (x->sum > y->sum) - (x->sum < y->sum);
}

static ClvModel *
fit_summaries(const FitState *state)
{
	FitData data = {0};
	observations_iterator iterator;
	ObservationEntry *entry;

	data.observations = MemoryContextAllocHuge(
		CurrentMemoryContext, 2 * (Size) state->observations->members * sizeof(Observation));
	observations_start_iterate(state->observations, &iterator);
	while ((entry = observations_iterate(state->observations, &iterator)) != NULL)
		data.observations[data.n++] = (Observation){entry->key.recency, entry->key.age,
													entry->count, (int32) entry->key.frequency};
	qsort(data.observations, data.n, sizeof(Observation), compare_observations);
	data.spenders = state->spenders;
	data.spending = MemoryContextAllocHuge(CurrentMemoryContext,
										   (2 * state->spenders + 1) * sizeof(Spending));
	memcpy(data.spending, state->spending, state->spenders * sizeof(Spending));
	qsort(data.spending, data.spenders, sizeof(Spending), compare_spending);
	return clv_fit_data(&data, &state->options);
}

static ClvModel *
fit_state(const FitState *state, const Sample *sample)
{
	ClvModel *model = clv_fit_sample(sample, &state->options);
	size_t length = state->options.covariates + COVARIATE_ROW_EXTRA;
	double *rows;

	if (state->options.covariates == 0)
		return model;
	require_state((size_t) model->customers == state->covariate_rows);
	rows = MemoryContextAllocHuge(CurrentMemoryContext,
								  state->covariate_rows * length * sizeof(double));
	memcpy(rows, state->covariates, state->covariate_rows * length * sizeof(double));
	return clv_fit_covariates(model, rows, state->covariate_rows, &state->options);
}

/*
 * clv_fit_final(internal) returns clv_model
 */
Datum
clv_fit_final(PG_FUNCTION_ARGS)
{
	FitState *state;
	Sample sample;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FitState *) PG_GETARG_POINTER(0);
	if (state->observations)
		PG_RETURN_POINTER(fit_summaries(state));
	sample = sample_builder_sample(state->sample);
	PG_RETURN_POINTER(fit_state(state, &sample));
}

/*
 * clv_fit(sample clv_sample, model text, as_of date, unit interval, spend text) returns clv_model
 */
Datum
clv_fit_of_sample(PG_FUNCTION_ARGS)
{
	FitOptions options = {0};
	Sample sample;
	ClvModel *model;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	options.kind = get_kind(fcinfo, 1);
	require_ledger_kind(options.kind);
	options.as_of = get_as_of(fcinfo, 2);
	read_options(fcinfo, 3, &options, NULL);
	sample = clv_sample_get(PG_GETARG_DATUM(0));
	model = clv_fit_sample(&sample, &options);
	if (model == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(model);
}
