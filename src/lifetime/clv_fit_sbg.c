/*
 * clv_fit_sbg.c
 *	  The aggregate clv_fit_sbg: the survivors of one or of several cohorts of contracts.
 *
 * The state is the survivors by cohort, which is known by the text of its value, and period. Cohorts
 * share the parameters and nothing else, so that the likelihood needs no more than how many customers
 * of all cohorts were lost at each renewal, and how many are still there at the last of theirs.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "lifetime/clv_model.h"
#include "lifetime/sbg.h"

#define STATE_VERSION 1
#define MAX_PERIODS 100000
#define MAX_CUSTOMERS INT64CONST(1000000000000000)

PG_FUNCTION(clv_fit_sbg_accumulate);
PG_FUNCTION(clv_fit_sbg_combine);
PG_FUNCTION(clv_fit_sbg_serialise);
PG_FUNCTION(clv_fit_sbg_deserialise);
PG_FUNCTION(clv_fit_sbg_final);

typedef struct Cohort
{
	const char *name; /* "" where there is only one */
	uint32 hash;
	char status;
	int32 periods;    /* room */
	int64 *survivors; /* -1 where unknown */
} Cohort;

#define SH_PREFIX cohorts
#define SH_ELEMENT_TYPE Cohort
#define SH_KEY_TYPE const char *
#define SH_KEY name
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), (int) strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static void
breathe(void)
{
	CHECK_FOR_INTERRUPTS();
}

static Cohort *
get_cohort(cohorts_hash *state, const char *name)
{
	bool found;
	Cohort *cohort = cohorts_insert(state, name, &found);

	if (!found)
	{
		cohort->periods = 0;
		cohort->survivors = NULL;
		cohort->name = MemoryContextStrdup(state->ctx, name);
	}
	return cohort;
}

/* errdetail, but for the only cohort */
static int
cohort_detail(const Cohort *cohort)
{
	return cohort->name[0] == '\0' ? 0 : errdetail("This is so in cohort %s.", cohort->name);
}

static void
add_survivors(cohorts_hash *state, const char *name, int32 period, int64 survivors)
{
	Cohort *cohort;

	if (period < 0 || period > MAX_PERIODS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("period must be from 0 to %d, not %d", MAX_PERIODS, period)));
	if (survivors < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("survivors must not be negative, not " INT64_FORMAT, survivors)));
	if (survivors > MAX_CUSTOMERS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("survivors must be at most 1e15, not " INT64_FORMAT, survivors)));
	cohort = get_cohort(state, name);
	if (period >= cohort->periods)
	{
		int32 periods = Max(period + 1, 2 * cohort->periods);

		cohort->survivors = cohort->survivors
								? repalloc(cohort->survivors, periods * sizeof(int64))
								: MemoryContextAlloc(state->ctx, periods * sizeof(int64));
		for (int32 i = cohort->periods; i < periods; i++)
			cohort->survivors[i] = -1;
		cohort->periods = periods;
	}
	if (cohort->survivors[period] >= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("period %d is there more than once", period), cohort_detail(cohort),
						cohort->name[0] == '\0'
							? errhint("Of several cohorts, name the cohort in the third argument.")
							: 0));
	cohort->survivors[period] = survivors;
}

/*
 * clv_fit_sbg_accumulate(internal, period int, survivors bigint [, cohort anyelement])
 * returns internal
 *
 * Rows with a period or survivors that are NULL are ignored.
 */
Datum
clv_fit_sbg_accumulate(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	cohorts_hash *state = PG_ARGISNULL(0) ? NULL : (cohorts_hash *) PG_GETARG_POINTER(0);
	char *name = NULL;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (PG_NARGS() > 3)
	{
		Oid output;
		bool varlena;

		if (PG_ARGISNULL(3))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("cohort must not be null")));
		getTypeOutputInfo(get_fn_expr_argtype(fcinfo->flinfo, 3), &output, &varlena);
		name = OidOutputFunctionCall(output, PG_GETARG_DATUM(3));
	}
	if (state == NULL)
		state = cohorts_create(context, 16, NULL);
	add_survivors(state, name ? name : "", PG_GETARG_INT32(1), PG_GETARG_INT64(2));
	PG_RETURN_POINTER(state);
}

/*
 * clv_fit_sbg_combine(internal, internal) returns internal
 */
Datum
clv_fit_sbg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	cohorts_hash *a = PG_ARGISNULL(0) ? NULL : (cohorts_hash *) PG_GETARG_POINTER(0);
	cohorts_hash *b = PG_ARGISNULL(1) ? NULL : (cohorts_hash *) PG_GETARG_POINTER(1);
	cohorts_iterator iterator;
	Cohort *cohort;

	if (a == NULL && b == NULL)
		PG_RETURN_NULL();
	if (a == NULL)
		a = cohorts_create(context, 16, NULL);
	if (b == NULL)
		PG_RETURN_POINTER(a);
	cohorts_start_iterate(b, &iterator);
	while ((cohort = cohorts_iterate(b, &iterator)) != NULL)
		for (int32 i = 0; i < cohort->periods; i++)
			if (cohort->survivors[i] >= 0)
				add_survivors(a, cohort->name, i, cohort->survivors[i]);
	PG_RETURN_POINTER(a);
}

/*
 * clv_fit_sbg_serialise(internal) returns bytea: a version byte, and of each number its cohort,
 * period and survivors
 */
Datum
clv_fit_sbg_serialise(PG_FUNCTION_ARGS)
{
	cohorts_hash *state;
	cohorts_iterator iterator;
	Cohort *cohort;
	StringInfoData out;

	aggregate_context(fcinfo);
	state = (cohorts_hash *) PG_GETARG_POINTER(0);
	pq_begintypsend(&out);
	pq_sendbyte(&out, STATE_VERSION);
	cohorts_start_iterate(state, &iterator);
	while ((cohort = cohorts_iterate(state, &iterator)) != NULL)
		for (int32 i = 0; i < cohort->periods; i++)
			if (cohort->survivors[i] >= 0)
			{
				pq_sendbytes(&out, cohort->name, (int) strlen(cohort->name) + 1);
				pq_sendint32(&out, (uint32) i);
				pq_sendint64(&out, cohort->survivors[i]);
			}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/*
 * clv_fit_sbg_deserialise(bytea, internal) returns internal
 */
Datum
clv_fit_sbg_deserialise(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	cohorts_hash *state = cohorts_create(context, 16, NULL);
	StringInfoData in;

	/* a copy with a terminator, which strings are looked for up to */
	initStringInfo(&in);
	appendBinaryStringInfo(&in, VARDATA_ANY(bytes), (int) VARSIZE_ANY_EXHDR(bytes));
	if (pq_getmsgbyte(&in) != STATE_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid state of clv_fit_sbg")));
	while (in.cursor < in.len)
	{
		const char *name = pq_getmsgrawstring(&in);
		int32 period = (int32) pq_getmsgint(&in, 4);

		add_survivors(state, name, period, pq_getmsgint64(&in));
	}
	PG_RETURN_POINTER(state);
}

/* How many periods are known of a cohort: at least one, and all up to the last. */
static int32
check_cohort(const Cohort *cohort)
{
	int32 n = cohort->periods;

	while (n > 0 && cohort->survivors[n - 1] < 0)
		n--;
	for (int32 i = 0; i < n; i++)
	{
		if (cohort->survivors[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("survivors of period %d are missing", i), cohort_detail(cohort)));
		if (i > 0 && cohort->survivors[i] > cohort->survivors[i - 1])
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("survivors must not rise, but do in period %d", i),
							cohort_detail(cohort)));
	}
	return n;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp((*(Cohort *const *) a)->name, (*(Cohort *const *) b)->name);
}

/*
 * clv_fit_sbg_final(internal) returns clv_model
 */
Datum
clv_fit_sbg_final(PG_FUNCTION_ARGS)
{
	cohorts_hash *state;
	cohorts_iterator iterator;
	Cohort *cohort, **sorted;
	SbgPeriod *periods;
	int64 customers = 0, lost = 0;
	int32 most = 0;
	uint32 n = 0;
	Fit fit;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (cohorts_hash *) PG_GETARG_POINTER(0);
	if (state->members == 0)
		PG_RETURN_NULL();
	/* by name, so that it is the same cohort that an error names */
	sorted = palloc(state->members * sizeof(Cohort *));
	cohorts_start_iterate(state, &iterator);
	while ((cohort = cohorts_iterate(state, &iterator)) != NULL)
		sorted[n++] = cohort;
	qsort(sorted, n, sizeof(Cohort *), compare_names);
	for (uint32 i = 0; i < n; i++)
		most = Max(most, sorted[i]->periods);
	periods = palloc0(most * sizeof(SbgPeriod));
	most = 0;
	for (uint32 i = 0; i < n; i++)
	{
		int32 known = check_cohort(sorted[i]);
		const int64 *survivors = sorted[i]->survivors;

		for (int32 t = 1; t < known; t++)
			periods[t].lost += survivors[t - 1] - survivors[t];
		periods[known - 1].stayed += survivors[known - 1];
		customers += survivors[0];
		lost += survivors[0] - survivors[known - 1];
		if (customers > MAX_CUSTOMERS)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("there must be at most 1e15 customers in all cohorts")));
		most = Max(most, known);
	}
	if (most < 2 || customers == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("no model can be fitted: survivors of periods 0 and 1 are needed")));
	sbg_fit(periods, (size_t) most, customers, breathe, &fit);
	if (lost == 0)
		fit.note = "no customer has been lost in these data";
	else if (fit.theta[0] > 1e3 && fit.theta[1] > 1e3)
		fit.note = "customers do not differ in their chance to be lost";
	PG_RETURN_POINTER(clv_model_of_fit(CLV_SBG, 7, customers, &fit));
}
