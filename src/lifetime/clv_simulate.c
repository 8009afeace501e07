/*
 * clv_simulate.c
 *	  Orders of customers who are as a model says, to test with and to teach.
 *
 * Each customer has random numbers of its own, drawn from the seed and its number: who else is
 * simulated makes no difference to it.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "support/compat.h"
#include "lifetime/clv_model.h"
#include "value/value.h"

#define COLUMNS 3
#define DEFAULT_DAYS 365
#define MAX_DAYS 365250
#define MAX_CENTS 1e15

PG_FUNCTION(clv_simulate);

static double
uniform(pg_prng_state *random)
{
	return 1 - pg_prng_double(random); /* never 0 */
}

static double
normal(pg_prng_state *random)
{
	return sqrt(-2 * log(uniform(random))) * cos(2 * M_PI * uniform(random));
}

/*
 * ln of a gamma (shape, 1) number, after Marsaglia & Tsang 2000; in log scale, for a small shape
 * makes numbers that are smaller than any double.
 */
static double
log_gamma_number(pg_prng_state *random, double shape)
{
	double above = shape < 1 ? shape + 1 : shape;
	double d = above - 1.0 / 3;
	double c = 1 / sqrt(9 * d);

	for (;;)
	{
		double x = normal(random);
		double v = 1 + c * x;

		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(uniform(random)) < 0.5 * x * x + d - d * v + d * log(v))
			return log(d * v) + (shape < 1 ? log(uniform(random)) / shape : 0);
	}
}

/* A gamma number of that rate. */
static double
gamma_number(pg_prng_state *random, double shape, double rate)
{
	return exp(log_gamma_number(random, shape)) / rate;
}

static double
beta_number(pg_prng_state *random, double a, double b)
{
	double log_x = log_gamma_number(random, a);

	return 1 / (1 + exp(log_gamma_number(random, b) - log_x));
}

/* One customer, as it goes on. */
typedef struct Life
{
	const ClvModel *model;
	pg_prng_state random;
	double rate;     /* of orders or their phases, or the chance of one at an opportunity */
	double drop_out; /* chance of it at each order or opportunity */
	double death;    /* time of it */
	double time;     /* since the first order, in units */
	double spend_rate;
	double kept; /* chance that an order is */
} Life;

static void
begin_life(Life *life, const ClvModel *model, int64 seed, int32 customer)
{
	const double *theta = model->theta;

	life->model = model;
	life->time = 0;
	life->drop_out = 0;
	life->death = INFINITY;
	pg_prng_seed(&life->random, hash_combine64((uint64) seed, (uint64) customer));
	if (model->kind == CLV_BGBB)
	{
		life->rate = beta_number(&life->random, theta[0], theta[1]);
		life->drop_out = beta_number(&life->random, theta[2], theta[3]);
	}
	else
	{
		life->rate = gamma_number(&life->random, theta[0], theta[1]);
		if (model->kind == CLV_PARETONBD)
			life->death =
				-log(uniform(&life->random)) / gamma_number(&life->random, theta[2], theta[3]);
		else
			life->drop_out = beta_number(&life->random, theta[2], theta[3]);
	}
	life->spend_rate = model->flags & CLV_HAS_SPEND
						   ? gamma_number(&life->random, model->spend[1], model->spend[2])
						   : 0;
	life->kept = model->flags & CLV_HAS_KEPT
					 ? beta_number(&life->random, model->kept[0], model->kept[1])
					 : 1;
	/* a chance to drop out after the first order, too */
	if ((model->kind == CLV_MBGNBD || model->kind == CLV_MBGCNBD) &&
		uniform(&life->random) <= life->drop_out)
		life->death = 0;
}

/* The time of the next order; false if there is none until the end. */
static bool
next_order(Life *life, double end)
{
	if (life->model->kind == CLV_BGBB)
	{
		do
		{
			life->time++;
			if (life->time > end || uniform(&life->random) <= life->drop_out)
				return false;
		} while (uniform(&life->random) > life->rate);
		return true;
	}
	if (clv_kinds[life->model->kind].method->phases)
		life->time += gamma_number(&life->random, life->model->theta[METHOD_K], life->rate);
	else
		life->time -= log(uniform(&life->random)) / life->rate;
	if (!(life->time <= end && life->time <= life->death))
		return false;
	if (life->drop_out > 0 && uniform(&life->random) <= life->drop_out)
		life->death = life->time;
	return true;
}

/* The amount of an order, to the cent, 0 if it is not kept; 1 if the model has no spend. */
static Numeric
order_amount(Life *life)
{
	double cents = 100;

	if (life->model->flags & CLV_HAS_SPEND)
		cents =
			fmin(MAX_CENTS,
				 rint(100 * gamma_number(&life->random, life->model->spend[0], life->spend_rate)));
	if (life->kept < 1 && uniform(&life->random) > life->kept)
		cents = 0;
	return int64_div_fast_to_numeric((int64) cents, 2);
}

/*
 * clv_simulate(model clv_model, customers int, until date, seed bigint, since date)
 * returns table (customer int, at timestamp, amount numeric)
 *
 * First orders are spread evenly over the first quarter of the days from since to until.
 */
Datum
clv_simulate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const ClvModel *model;
	int32 customers;
	DateADT until, since;
	int64 seed, days;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < 4; i++)
		if (PG_ARGISNULL(i))
			return (Datum) 0;
	model = PG_GETARG_CLV_MODEL(0);
	clv_model_method(model, "orders");
	customers = PG_GETARG_INT32(1);
	if (customers < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("customers must not be negative, not %d", customers)));
	until = PG_GETARG_DATEADT(2);
	seed = PG_GETARG_INT64(3);
	if (DATE_NOT_FINITE(until))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("until must be finite, not %s",
							   DATE_IS_NOEND(until) ? "infinity" : "-infinity")));
	since = PG_ARGISNULL(4) ? until - DEFAULT_DAYS : PG_GETARG_DATEADT(4);
	days = DATE_NOT_FINITE(since) ? -1 : (int64) until - since;
	if (days < 0 || days > MAX_DAYS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("since must not be after until, nor more than 1000 years before")));
	if (since < DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE ||
		until + INT64CONST(1) >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("since or until is out of range for timestamp")));

	for (int32 customer = 1; customer <= customers; customer++)
	{
		Life life;
		double first, end;

		begin_life(&life, model, seed, customer);
		first = (double) days / 4 * (1 - uniform(&life.random));
		end = ((double) days + 1 - first) / model->unit_days;
		do
		{
			double day = first + life.time * model->unit_days;
			int64 at = since * USECS_PER_DAY +
					   (int64) fmin(day * USECS_PER_DAY, (double) (days + 1) * USECS_PER_DAY - 1);
			Datum values[COLUMNS] = {Int32GetDatum(customer), TimestampGetDatum(at),
									 NumericGetDatum(order_amount(&life))};
			bool nulls[COLUMNS] = {false};

			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
			pfree(DatumGetPointer(values[2]));
			CHECK_FOR_INTERRUPTS();
		} while (next_order(&life, end));
	}
	return (Datum) 0;
}
