/*
 * rates.c
 *	  Rates over customers and over ratings: retention, churn, repeat, NPS, CSAT, loyalty.
 *
 * All of them are a sum of whole numbers over a count. The state is the two in a bigint[], which is
 * exact, a base type (so that a distributed database can merge it) and two integers to add up.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/date.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "value/value.h"

/* of ratings */
#define LEAST_RECOMMENDATION 0
#define MOST_RECOMMENDATION 10
#define LEAST_PROMOTER 9
#define MOST_DETRACTOR 6
#define LEAST_SATISFACTION 1
#define DEFAULT_SATISFIED 4
#define DEFAULT_MOST_SATISFACTION 5

PG_FUNCTION(insight_retention_accumulate);
PG_FUNCTION(insight_repeat_accumulate);
PG_FUNCTION(insight_nps_accumulate);
PG_FUNCTION(insight_csat_accumulate);
PG_FUNCTION(insight_loyalty_accumulate);
PG_FUNCTION(insight_rate_merge);
PG_FUNCTION(insight_rate_final);
PG_FUNCTION(insight_churn_final);
PG_FUNCTION(insight_percent_final);
PG_FUNCTION(insight_loyalty_final);

typedef struct Rate
{
	int64 count;
	int64 sum;
} Rate;

#define RATE_MEMBERS 2

/* The members of a state, which may come from an aggregate that somebody else has declared. */
static Rate *
rate_of(ArrayType *state)
{
	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] != RATE_MEMBERS || ARR_HASNULL(state) ||
		ARR_ELEMTYPE(state) != INT8OID)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("state of a rate must be an array of %d integers", RATE_MEMBERS)));
	return (Rate *) ARR_DATA_PTR(state);
}

/* The state, which the executor keeps for us to change in place; refuses to be called by hand. */
static ArrayType *
rate_state(FunctionCallInfo fcinfo)
{
	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("state of a rate must not be null")));
	return PG_GETARG_ARRAYTYPE_P(0);
}

static void
rate_add(Rate *rate, int64 count, int64 sum)
{
	if (__builtin_add_overflow(rate->count, count, &rate->count) ||
		__builtin_add_overflow(rate->sum, sum, &rate->sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("bigint out of range")));
}

/* A bound of a period from argument n: NULL is none. */
static int32
get_bound(FunctionCallInfo fcinfo, int n, int32 none)
{
	return PG_ARGISNULL(n) ? none : PG_GETARG_DATEADT(n);
}

static void
check_period(int32 since, int32 before, const char *since_name, const char *before_name)
{
	if (since >= before)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period is empty: %s must be earlier than %s", since_name, before_name)));
}

/* The figures of a period. */
static LedgerTotals
totals_of(const CustomerValue *value, int32 since, int32 before)
{
	LedgerTotals totals;

	if (!ledger_total(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), since, before, &totals))
		ledger_require(LEDGER_DAMAGED);
	return totals;
}

/*
 * insight_retention_accumulate(bigint[], customer_value, since date, before date
 *		[, cohort_since date]) returns bigint[]
 *
 * Counts a customer who ordered in [cohort_since, since), and who did again in [since, before).
 */
Datum
insight_retention_accumulate(PG_FUNCTION_ARGS)
{
	ArrayType *state = rate_state(fcinfo);
	int32 cohort_since =
		PG_NARGS() > 4 ? get_bound(fcinfo, 4, LEDGER_SINCE_EVER) : LEDGER_SINCE_EVER;
	int32 before = get_bound(fcinfo, 3, LEDGER_FOR_EVER);
	int32 since;
	CustomerValue *value;

	if (PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("since must not be null")));
	since = PG_GETARG_DATEADT(2);
	if (DATE_NOT_FINITE(since))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("since must be finite, not %s",
							   DATE_IS_NOEND(since) ? "infinity" : "-infinity")));
	check_period(since, before, "since", "before");
	check_period(cohort_since, since, "cohort_since", "since");
	if (PG_ARGISNULL(1))
		PG_RETURN_ARRAYTYPE_P(state);

	value = PG_GETARG_CUSTOMER_VALUE(1);
	if (totals_of(value, cohort_since, since).order_days > 0)
		rate_add(rate_of(state), 1, totals_of(value, since, before).order_days > 0);
	PG_FREE_IF_COPY(value, 1);
	PG_RETURN_ARRAYTYPE_P(state);
}

/*
 * insight_repeat_accumulate(bigint[], customer_value [, since date, before date]) returns bigint[]
 *
 * Counts a customer who ordered in the period, and who did so more than once.
 */
Datum
insight_repeat_accumulate(PG_FUNCTION_ARGS)
{
	ArrayType *state = rate_state(fcinfo);
	bool bounded = PG_NARGS() > 2;
	int32 since = bounded ? get_bound(fcinfo, 2, LEDGER_SINCE_EVER) : LEDGER_SINCE_EVER;
	int32 before = bounded ? get_bound(fcinfo, 3, LEDGER_FOR_EVER) : LEDGER_FOR_EVER;
	CustomerValue *value;
	LedgerTotals totals;

	check_period(since, before, "since", "before");
	if (PG_ARGISNULL(1))
		PG_RETURN_ARRAYTYPE_P(state);

	value = PG_GETARG_CUSTOMER_VALUE(1);
	totals = totals_of(value, since, before);
	if (totals.orders > 0)
		rate_add(rate_of(state), 1, totals.orders > 1);
	PG_FREE_IF_COPY(value, 1);
	PG_RETURN_ARRAYTYPE_P(state);
}

/* The rating in argument n, within its scale. */
static int32
get_rating(FunctionCallInfo fcinfo, int n, const char *name, int32 least, int32 most)
{
	int32 rating = PG_GETARG_INT32(n);

	if (rating < least || rating > most)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be from %d to %d, but is %d", name, least, most, rating)));
	return rating;
}

/*
 * insight_nps_accumulate(bigint[], recommendation int) returns bigint[]: 1 for a promoter, -1 for a
 * detractor
 */
Datum
insight_nps_accumulate(PG_FUNCTION_ARGS)
{
	ArrayType *state = rate_state(fcinfo);
	int32 rating;

	if (PG_ARGISNULL(1))
		PG_RETURN_ARRAYTYPE_P(state);
	rating = get_rating(fcinfo, 1, "recommendation", LEAST_RECOMMENDATION, MOST_RECOMMENDATION);
	rate_add(rate_of(state), 1, (rating >= LEAST_PROMOTER) - (rating <= MOST_DETRACTOR));
	PG_RETURN_ARRAYTYPE_P(state);
}

/*
 * insight_csat_accumulate(bigint[], satisfaction int [, satisfied int, most int]) returns bigint[]
 *
 * Counts a rating on a scale from 1 to most, and whether it is at least satisfied.
 */
Datum
insight_csat_accumulate(PG_FUNCTION_ARGS)
{
	ArrayType *state = rate_state(fcinfo);
	int32 satisfied = DEFAULT_SATISFIED, most = DEFAULT_MOST_SATISFACTION;
	int32 rating;

	if (PG_NARGS() > 2)
	{
		if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("satisfied and most must not be null")));
		most = PG_GETARG_INT32(3);
		satisfied = get_rating(fcinfo, 2, "satisfied", LEAST_SATISFACTION, most);
	}
	if (PG_ARGISNULL(1))
		PG_RETURN_ARRAYTYPE_P(state);
	rating = get_rating(fcinfo, 1, "satisfaction", LEAST_SATISFACTION, most);
	rate_add(rate_of(state), 1, rating >= satisfied);
	PG_RETURN_ARRAYTYPE_P(state);
}

/*
 * insight_loyalty_accumulate(bigint[], recommend int, repurchase int, extend int) returns bigint[]
 *
 * Counts a customer who answered all three, and adds the three up.
 */
Datum
insight_loyalty_accumulate(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"recommend", "repurchase", "extend"};
	ArrayType *state = rate_state(fcinfo);
	int64 sum = 0;

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (PG_ARGISNULL(i + 1))
			PG_RETURN_ARRAYTYPE_P(state);
		sum += get_rating(fcinfo, i + 1, names[i], LEAST_RECOMMENDATION, MOST_RECOMMENDATION);
	}
	rate_add(rate_of(state), lengthof(names), sum);
	PG_RETURN_ARRAYTYPE_P(state);
}

/*
 * insight_rate_merge(bigint[], bigint[]) returns bigint[]: the combine function of all rates
 */
Datum
insight_rate_merge(PG_FUNCTION_ARGS)
{
	ArrayType *state = rate_state(fcinfo);
	const Rate *other = rate_of(PG_GETARG_ARRAYTYPE_P(1));

	rate_add(rate_of(state), other->count, other->sum);
	PG_RETURN_ARRAYTYPE_P(state);
}

/* factor × sum / count, NULL for a count of 0 */
static Datum
rate_result(FunctionCallInfo fcinfo, double factor, bool complement)
{
	const Rate *rate = rate_of(PG_GETARG_ARRAYTYPE_P(0));
	double count = (double) rate->count, sum = (double) rate->sum;

	if (rate->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(factor * (complement ? count - sum : sum) / count);
}

/*
 * insight_rate_final(bigint[]) returns float8: a share
 */
Datum
insight_rate_final(PG_FUNCTION_ARGS)
{
	return rate_result(fcinfo, 1, false);
}

/*
 * insight_churn_final(bigint[]) returns float8: the share of the others
 */
Datum
insight_churn_final(PG_FUNCTION_ARGS)
{
	return rate_result(fcinfo, 1, true);
}

/*
 * insight_percent_final(bigint[]) returns float8: from -100 to 100
 */
Datum
insight_percent_final(PG_FUNCTION_ARGS)
{
	return rate_result(fcinfo, 100, false);
}

/*
 * insight_loyalty_final(bigint[]) returns float8: the mean answer, on a scale to 100
 */
Datum
insight_loyalty_final(PG_FUNCTION_ARGS)
{
	return rate_result(fcinfo, 100.0 / MOST_RECOMMENDATION, false);
}
