/*
 * clv_total.c
 *	  The aggregate clv_total and the function clv_range: values to come, with their interval.
 *
 * The state is each customer's summary and spend, 40 bytes; it is sorted at the end, so that neither
 * the order of rows nor the number of workers changes a digit.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "support/interval_days.h"
#include "lifetime/clv_discounted.h"
#include "lifetime/clv_summary.h"
#include "lifetime/outlook.h"

#define STATE_VERSION 1
#define FIRST_ROOM 64
#define SERIALISED_CUSTOMER 28
#define COLUMNS 3

PG_FUNCTION(clv_total_accumulate);
PG_FUNCTION(clv_total_combine);
PG_FUNCTION(clv_total_serialise);
PG_FUNCTION(clv_total_deserialise);
PG_FUNCTION(clv_total_final);
PG_FUNCTION(clv_range);

/* What is asked for, the same in all rows. */
typedef struct Question
{
	double days;
	double discount;
	double margin_rate;
	double level;
	DateADT as_of;
} Question;

typedef struct TotalState
{
	ClvModel *model;
	Question question;
	OutlookCustomer *customers;
	size_t n;
	size_t room;
} TotalState;

static void
breathe(void)
{
	CHECK_FOR_INTERRUPTS();
}

static void
require(bool good, const char *what, const char *should, double value)
{
	if (!good)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be %s, not %g", what, should, value)));
}

static void
check_question(const Question *q)
{
	require(q->days >= 0 && q->days <= CLV_MAX_HORIZON_DAYS, "horizon", "at most 1000 years",
			q->days);
	require(q->discount > -1 && isfinite(q->discount), "discount", "finite and greater than -1",
			q->discount);
	require(q->margin_rate >= 0 && isfinite(q->margin_rate), "margin_rate",
			"finite and not negative", q->margin_rate);
	require(q->level > 0 && q->level < 1, "level", "between 0 and 1", q->level);
}

static void
check_model(const ClvModel *model)
{
	const Method *method = clv_model_method(model, "an interval");

	if (method->pairs_alive == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model %s does not tell an interval", method->name)));
	if (!(model->flags & CLV_HAS_SPEND))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the clv_model has no spend model"),
						errhint("Its member \"spend\" holds p, q and v.")));
	if (!(model->flags & CLV_HAS_COVARIANCE) || !(model->flags & CLV_HAS_SPEND_COVARIANCE))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the clv_model does not tell how sure its parameters are"),
				 errhint("Its members \"covariance\" come from clv_fit, unless the data leave a "
						 "parameter open.")));
}

/* The arguments from n on: horizon, discount, margin_rate, as_of, level. Aggregates have no defaults, so
 * that those that are not there are filled in here. */
static Question
get_question(FunctionCallInfo fcinfo, int n)
{
	Question question = {MEAN_DAYS_PER_YEAR, 0.1, 1, 0.9, 0};

	for (int i = n; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("horizon, discount, margin_rate, as_of and level must not be null")));
	if (PG_NARGS() > n)
		question.days = clv_interval_days(PG_GETARG_INTERVAL_P(n), "horizon");
	if (PG_NARGS() > n + 1)
		question.discount = PG_GETARG_FLOAT8(n + 1);
	if (PG_NARGS() > n + 2)
		question.margin_rate = PG_GETARG_FLOAT8(n + 2);
	question.as_of =
		PG_NARGS() > n + 3 ? customer_value_as_of(PG_GETARG_DATUM(n + 3)) : GetSQLCurrentDate();
	if (PG_NARGS() > n + 4)
		question.level = PG_GETARG_FLOAT8(n + 4);
	check_question(&question);
	return question;
}

/* The customer of a ledger; false without orders by as_of. */
static bool
get_customer(const CustomerValue *value, const ClvModel *model, DateADT as_of,
			 OutlookCustomer *customer)
{
	BtydSummary s;
	SampleSpend spend;

	if (!clv_customer_of(value, as_of, model->unit_days, &s, &spend))
		return false;
	*customer = (OutlookCustomer){s.recency, s.age, spend.again, 1, s.frequency, s.frequency};
	if (model->spend_of == CLV_SPEND_ORDERS)
	{
		customer->spent = spend.sum;
		customer->share =
			model->flags & CLV_HAS_KEPT ? kept_share(model->kept, spend.kept, spend.days) : 1;
		customer->paid = spend.kept;
	}
	return true;
}

typedef struct Discounted
{
	const ClvModel *model;
	const Question *question;
} Discounted;

static double
discounted(const void *self, const double *theta, double x, double tx, double T)
{
	const Discounted *d = self;

	return clv_discounted_orders(d->model, theta, x, tx, T, d->question->days,
								 log1p(d->question->discount) / MEAN_DAYS_PER_YEAR);
}

static Datum
make_result(FunctionCallInfo fcinfo, const ClvModel *model, const Question *question,
			const OutlookCustomer *customers, size_t n)
{
	Discounted self = {model, question};
	OutlookModel m = {
		.method = clv_kinds[model->kind].method,
		.theta = model->theta,
		.covariance = model->covariance,
		.spend = model->spend,
		.spend_covariance = model->spend_covariance,
		.horizon = question->days / model->unit_days,
		.discounted = discounted,
		.self = &self,
		.margin_rate = question->margin_rate,
		.level = question->level,
		.breathe = breathe,
	};
	Outlook outlook = outlook_total(&m, customers, n);
	Datum values[COLUMNS] = {Float8GetDatum(outlook.expected), Float8GetDatum(outlook.low),
							 Float8GetDatum(outlook.high)};
	bool nulls[COLUMNS] = {false};
	TupleDesc columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
}

static TotalState *
state_make(MemoryContext context, const ClvModel *model, const Question *question)
{
	TotalState *state = MemoryContextAllocZero(context, sizeof(TotalState));

	state->model = MemoryContextAlloc(context, VARSIZE(model));
	memcpy(state->model, model, VARSIZE(model));
	state->question = *question;
	state->room = FIRST_ROOM;
	state->customers = MemoryContextAlloc(context, state->room * sizeof(OutlookCustomer));
	return state;
}

static void
state_add(TotalState *state, OutlookCustomer customer)
{
	if (state->n == state->room)
	{
		state->room *= 2;
		state->customers = repalloc_huge(state->customers, state->room * sizeof(OutlookCustomer));
	}
	state->customers[state->n++] = customer;
}

static void
require_same(const TotalState *state, const ClvModel *model, const Question *q)
{
	const Question *p = &state->question;

	if (p->days != q->days || p->discount != q->discount || p->margin_rate != q->margin_rate ||
		p->level != q->level || p->as_of != q->as_of || VARSIZE(state->model) != VARSIZE(model) ||
		memcmp(state->model, model, VARSIZE(model)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model, horizon, discount, margin_rate, as_of and level must be the same "
						"in all rows")));
}

/*
 * clv_total_accumulate(internal, cv customer_value, model clv_model [, horizon interval [, discount float8
 * [, margin_rate float8 [, as_of date [, level float8]]]]]) returns internal
 */
Datum
clv_total_accumulate(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TotalState *state = PG_ARGISNULL(0) ? NULL : (TotalState *) PG_GETARG_POINTER(0);
	OutlookCustomer customer;
	const ClvModel *model;
	Question question;

	if (PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be null")));
	model = PG_GETARG_CLV_MODEL(2);
	question = get_question(fcinfo, 3);
	if (state == NULL)
	{
		check_model(model);
		state = state_make(context, model, &question);
	}
	else
		require_same(state, model, &question);
	if (!PG_ARGISNULL(1) &&
		get_customer(PG_GETARG_CUSTOMER_VALUE(1), model, question.as_of, &customer))
		state_add(state, customer);
	PG_RETURN_POINTER(state);
}

/*
 * clv_total_combine(internal, internal) returns internal
 */
Datum
clv_total_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	TotalState *a = PG_ARGISNULL(0) ? NULL : (TotalState *) PG_GETARG_POINTER(0);
	TotalState *b = PG_ARGISNULL(1) ? NULL : (TotalState *) PG_GETARG_POINTER(1);

	if (a == NULL && b == NULL)
		PG_RETURN_NULL();
	if (b == NULL)
		PG_RETURN_POINTER(a);
	if (a == NULL)
		a = state_make(context, b->model, &b->question);
	else
		require_same(a, b->model, &b->question);
	for (size_t i = 0; i < b->n; i++)
		state_add(a, b->customers[i]);
	PG_RETURN_POINTER(a);
}

/*
 * clv_total_serialise(internal) returns bytea
 */
Datum
clv_total_serialise(PG_FUNCTION_ARGS)
{
	TotalState *state;
	StringInfoData out;
	char *model;

	aggregate_context(fcinfo);
	state = (TotalState *) PG_GETARG_POINTER(0);
	model = clv_model_text(state->model);
	if ((double) state->n * SERIALISED_CUSTOMER + (double) strlen(model) + 64 >
		(double) MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("state of clv_total is too large to be sent between processes"),
						errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
	pq_begintypsend(&out);
	enlargeStringInfo(&out, (int) (state->n * SERIALISED_CUSTOMER + strlen(model) + 64));
	pq_sendbyte(&out, STATE_VERSION);
	pq_sendint32(&out, (uint32) strlen(model));
	pq_sendbytes(&out, model, (int) strlen(model));
	pq_sendfloat8(&out, state->question.days);
	pq_sendfloat8(&out, state->question.discount);
	pq_sendfloat8(&out, state->question.margin_rate);
	pq_sendfloat8(&out, state->question.level);
	pq_sendint32(&out, (uint32) state->question.as_of);
	for (size_t i = 0; i < state->n; i++)
	{
		pq_sendint32(&out, (uint32) state->customers[i].frequency);
		pq_sendfloat8(&out, state->customers[i].recency);
		pq_sendfloat8(&out, state->customers[i].age);
		pq_sendfloat8(&out, state->customers[i].spent);
		pq_sendfloat8(&out, state->customers[i].share);
		pq_sendint32(&out, (uint32) state->customers[i].paid);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/*
 * clv_total_deserialise(bytea, internal) returns internal
 */
Datum
clv_total_deserialise(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfoData in;
	TotalState *state;
	const ClvModel *model;
	Question question;
	int length;

	in.data = VARDATA_ANY(bytes);
	in.len = in.maxlen = (int) VARSIZE_ANY_EXHDR(bytes);
	in.cursor = 0;
	if (pq_getmsgbyte(&in) != STATE_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid state of clv_total")));
	length = (int) pq_getmsgint(&in, 4);
	model = clv_model_parse(pnstrdup(pq_getmsgbytes(&in, length), length), NULL);
	check_model(model);
	question.days = pq_getmsgfloat8(&in);
	question.discount = pq_getmsgfloat8(&in);
	question.margin_rate = pq_getmsgfloat8(&in);
	question.level = pq_getmsgfloat8(&in);
	question.as_of = (DateADT) pq_getmsgint(&in, 4);
	check_question(&question);
	state = state_make(context, model, &question);
	while (in.cursor < in.len)
	{
		BtydSummary s = {0};
		double spent, share;
		int32 paid;

		s.frequency = (int32) pq_getmsgint(&in, 4);
		s.recency = pq_getmsgfloat8(&in);
		s.age = pq_getmsgfloat8(&in);
		s.mean_spend = spent = pq_getmsgfloat8(&in);
		clv_summary_check(&s, false);
		share = pq_getmsgfloat8(&in);
		paid = (int32) pq_getmsgint(&in, 4);
		if (!(share >= 0 && share <= 1) || paid < 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
							errmsg("invalid state of clv_total")));
		state_add(state, (OutlookCustomer){s.recency, s.age, spent, share, s.frequency, paid});
	}
	PG_RETURN_POINTER(state);
}

/*
 * clv_total_final(internal) returns clv_interval
 */
Datum
clv_total_final(PG_FUNCTION_ARGS)
{
	TotalState *state;
	OutlookCustomer *sorted;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (TotalState *) PG_GETARG_POINTER(0);
	if (state->n == 0)
		PG_RETURN_NULL();
	sorted = MemoryContextAllocHuge(CurrentMemoryContext, state->n * sizeof(OutlookCustomer));
	memcpy(sorted, state->customers, state->n * sizeof(OutlookCustomer));
	qsort(sorted, state->n, sizeof(OutlookCustomer), outlook_compare);
	return make_result(fcinfo, state->model, &state->question, sorted, state->n);
}

/*
 * clv_range(cv customer_value, model clv_model, horizon interval, discount float8, margin_rate float8,
 * as_of date, level float8) returns clv_interval
 */
Datum
clv_range(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	Question question = get_question(fcinfo, 2);
	OutlookCustomer customer;

	check_model(model);
	if (!get_customer(PG_GETARG_CUSTOMER_VALUE(0), model, question.as_of, &customer))
		PG_RETURN_NULL();
	return make_result(fcinfo, model, &question, &customer, 1);
}
