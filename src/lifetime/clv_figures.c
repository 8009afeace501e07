/*
 * clv_figures.c
 *	  What a model says of a customer: P(alive), expected orders and spend, lifetime value.
 *
 * Each function is there for ledgers, where horizons are intervals, and for summaries, where they
 * are numbers of units.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "support/compat.h"
#include "lifetime/clv_discounted.h"
#include "lifetime/clv_summary.h"
#include "lifetime/sbg.h"

#define MAX_UNITS 1e12

PG_FUNCTION(clv_p_alive_ledger);
PG_FUNCTION(clv_p_alive_summary);
PG_FUNCTION(clv_p_alive_until_ledger);
PG_FUNCTION(clv_p_alive_until_summary);
PG_FUNCTION(clv_expected_orders_ledger);
PG_FUNCTION(clv_expected_orders_summary);
PG_FUNCTION(clv_expected_spend_ledger);
PG_FUNCTION(clv_expected_spend_as_of);
PG_FUNCTION(clv_expected_spend_summary);
PG_FUNCTION(clv_ledger);
PG_FUNCTION(clv_summary);
PG_FUNCTION(clv_residual_orders_ledger);
PG_FUNCTION(clv_residual_orders_summary);
PG_FUNCTION(clv_residual_value);
PG_FUNCTION(clv_loglik);
PG_FUNCTION(clv_expected_orders_new_interval);
PG_FUNCTION(clv_expected_orders_new_units);
PG_FUNCTION(clv_order_probability_ledger);
PG_FUNCTION(clv_order_probability_summary);
PG_FUNCTION(clv_order_probability_interval);
PG_FUNCTION(clv_order_probability_units);
PG_FUNCTION(clv_retention);
PG_FUNCTION(clv_survival);
PG_FUNCTION(clv_residual_lifetime);

static void
require_number(bool good, const char *what, const char *should, double value)
{
	if (!good)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be %s, not %g", what, should, value)));
}

/* A horizon in units of the model. */
static double
get_units(FunctionCallInfo fcinfo, int n)
{
	double units = PG_GETARG_FLOAT8(n);

	require_number(units >= 0 && units <= MAX_UNITS, "horizon", "from 0 to 1e12 units", units);
	return units;
}

/* A horizon in days. */
static double
get_days(FunctionCallInfo fcinfo, int n)
{
	double days = clv_interval_days(PG_GETARG_INTERVAL_P(n), "horizon");

	if (days > CLV_MAX_HORIZON_DAYS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("horizon must not be longer than 1000 years")));
	return days;
}

/* The method of a model for ledgers, whose time goes by in days. */
static const Method *
ledger_method(const ClvModel *model, const char *what)
{
	const Method *method = clv_model_method(model, what);

	if (model->kind == CLV_BGBB)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model bg/bb counts opportunities, which a ledger does not tell"),
						errhint("Use the function of btyd_summary.")));
	return method;
}

/* The summary of argument 0, a ledger, in the model's units; false if it has no order by as_of. */
static bool
get_ledger(FunctionCallInfo fcinfo, const ClvModel *model, int as_of, BtydSummary *summary)
{
	return clv_summary_of(PG_GETARG_CUSTOMER_VALUE(0), customer_value_as_of(PG_GETARG_DATUM(as_of)),
						  model->unit_days, summary);
}

/* The same, and what the customer spent. */
static bool
get_customer(FunctionCallInfo fcinfo, const ClvModel *model, int as_of, BtydSummary *summary,
			 SampleSpend *spend)
{
	return clv_customer_of(PG_GETARG_CUSTOMER_VALUE(0), customer_value_as_of(PG_GETARG_DATUM(as_of)),
						   model->unit_days, summary, spend);
}

static bool
get_summary(FunctionCallInfo fcinfo, const ClvModel *model, BtydSummary *summary)
{
	return clv_summary_get(PG_GETARG_DATUM(0), model->kind == CLV_BGBB, summary);
}

/*
 * What costs the time is what is expected of a living customer, which depends on frequency and age
 * alone, of which even millions of customers have few; and under pareto/nbd P(alive), of which
 * customers without a repeat order have few. So figures are kept, as long as model, horizon and
 * discount stay the same.
 */
typedef struct Kept
{
	double frequency; /* -1: none kept */
	double recency;
	double age;
	double figure;
} Kept;

typedef struct KeptTable
{
	uint32 slots; /* a power of 2 */
	uint32 used;
	Kept *kept;
} KeptTable;

typedef struct Memory
{
	MemoryContext context;
	uint8 kind;
	double theta[METHOD_THETA];
	double unit_days;
	double days;
	double discount;
	KeptTable orders;
	KeptTable alive;
} Memory;

#define FIRST_SLOTS 16
#define MAX_SLOTS 16384
#define PLACES 8 /* where one may be kept */

/* An empty table of so many slots; what it held before is the caller's. */
static void
begin_table(const Memory *memory, KeptTable *table, uint32 slots)
{
	/* nothing half done where memory runs out */
	table->slots = 0;
	table->used = 0;
	table->kept = NULL;
	table->kept = MemoryContextAlloc(memory->context, slots * sizeof(Kept));
	table->slots = slots;
	for (uint32 i = 0; i < slots; i++)
		table->kept[i].frequency = -1;
}

static void
forget(const Memory *memory, KeptTable *table)
{
	Kept *old = table->kept;

	begin_table(memory, table, FIRST_SLOTS);
	if (old)
		pfree(old);
}

static Memory *
get_memory(FunctionCallInfo fcinfo, const ClvModel *model, double days, double discount)
{
	Memory *memory = fcinfo->flinfo->fn_extra;

	if (memory == NULL)
	{
		memory = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Memory));
		memory->context = fcinfo->flinfo->fn_mcxt;
		fcinfo->flinfo->fn_extra = memory;
	}
	if (memory->orders.slots == 0 || memory->alive.slots == 0 || memory->kind != model->kind ||
		memory->days != days || memory->discount != discount ||
		memory->unit_days != model->unit_days ||
		memcmp(memory->theta, model->theta, sizeof(memory->theta)) != 0)
	{
		memory->kind = model->kind;
		memcpy(memory->theta, model->theta, sizeof(memory->theta));
		memory->unit_days = model->unit_days;
		memory->days = days;
		memory->discount = discount;
		forget(memory, &memory->orders);
		forget(memory, &memory->alive);
	}
	return memory;
}

/* Where the figure of such a customer is, or else where to put it. */
static Kept *
place_of(const KeptTable *table, const Kept *key)
{
	uint64 age, recency;
	uint32 hash;

	memcpy(&age, &key->age, sizeof(age));
	memcpy(&recency, &key->recency, sizeof(recency));
	hash = hash_combine(hash_combine(murmurhash32((uint32) age ^ (uint32) (age >> 32)),
									 murmurhash32((uint32) recency ^ (uint32) (recency >> 32))),
						murmurhash32((uint32) key->frequency));
	for (uint32 i = 0; i < PLACES; i++)
	{
		Kept *kept = &table->kept[(hash + i) & (table->slots - 1)];

		if (kept->frequency < 0 || (kept->frequency == key->frequency && kept->age == key->age &&
									kept->recency == key->recency))
			return kept;
	}
	/* where all are taken, any of them goes */
	return &table->kept[(hash + table->used % PLACES) & (table->slots - 1)];
}

static void
grow(const Memory *memory, KeptTable *table)
{
	KeptTable old = *table;

	begin_table(memory, table, 4 * old.slots);
	for (uint32 i = 0; i < old.slots; i++)
		if (old.kept[i].frequency >= 0)
		{
			*place_of(table, &old.kept[i]) = old.kept[i];
			table->used++;
		}
	pfree(old.kept);
}

/* Finds the figure of such a customer; false if it is yet to be put there. */
static bool
find_kept(const Memory *memory, KeptTable *table, Kept key, Kept **place)
{
	if (table->used > table->slots / 2 && table->slots < MAX_SLOTS)
		grow(memory, table);
	*place = place_of(table, &key);
	if ((*place)->frequency == key.frequency && (*place)->age == key.age &&
		(*place)->recency == key.recency)
		return true;
	table->used++;
	**place = key;
	return false;
}

/* What the future of a customer that is alive depends on. */
static Kept
future_key(const Method *method, const BtydSummary *s)
{
	return (Kept){s->frequency, method->phases ? s->recency : 0, s->age, 0};
}

static double
p_alive(Memory *memory, const Method *method, const BtydSummary *s)
{
	Kept *kept;

	if (memory->kind != CLV_PARETONBD)
		return method->p_alive(memory->theta, s->frequency, s->recency, s->age);
	if (!find_kept(memory, &memory->alive, (Kept){s->frequency, s->recency, s->age, 0}, &kept))
		kept->figure = method->p_alive(memory->theta, s->frequency, s->recency, s->age);
	return kept->figure;
}

/*
 * p_alive(cv customer_value, model clv_model, as_of date) returns float8
 */
Datum
clv_p_alive_ledger(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = ledger_method(model, "p_alive");
	BtydSummary s;

	if (!get_ledger(fcinfo, model, 2, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(p_alive(get_memory(fcinfo, model, 0, 0), method, &s));
}

/*
 * p_alive(s btyd_summary, model clv_model) returns float8
 */
Datum
clv_p_alive_summary(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = clv_model_method(model, "p_alive");
	BtydSummary s;

	if (!get_summary(fcinfo, model, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(method->p_alive(model->theta, s.frequency, s.recency, s.age));
}

/*
 * p_alive(cv customer_value, model clv_model, as_of date, horizon interval) returns float8
 */
Datum
clv_p_alive_until_ledger(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = ledger_method(model, "p_alive");
	double days = get_days(fcinfo, 3);
	Memory *memory;
	Kept *kept;
	BtydSummary s;

	if (!get_ledger(fcinfo, model, 2, &s))
		PG_RETURN_NULL();
	memory = get_memory(fcinfo, model, days, 0);
	if (!find_kept(memory, &memory->orders, future_key(method, &s), &kept))
		kept->figure =
			method->alive_until(model->theta, s.frequency, s.recency, s.age, days / model->unit_days);
	PG_RETURN_FLOAT8(p_alive(memory, method, &s) * kept->figure);
}

/*
 * p_alive(s btyd_summary, model clv_model, horizon float8) returns float8
 */
Datum
clv_p_alive_until_summary(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = clv_model_method(model, "p_alive");
	double units = get_units(fcinfo, 2);
	BtydSummary s;

	if (!get_summary(fcinfo, model, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(method->p_alive(model->theta, s.frequency, s.recency, s.age) *
					 method->alive_until(model->theta, s.frequency, s.recency, s.age, units));
}

/*
 * expected_orders(cv customer_value, model clv_model, horizon interval, as_of date) returns float8
 */
Datum
clv_expected_orders_ledger(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = ledger_method(model, "expected_orders");
	double days = get_days(fcinfo, 2);
	Memory *memory;
	Kept *kept;
	BtydSummary s;

	if (!get_ledger(fcinfo, model, 3, &s))
		PG_RETURN_NULL();
	memory = get_memory(fcinfo, model, days, 0);
	if (!find_kept(memory, &memory->orders, future_key(method, &s), &kept))
		kept->figure =
			method->orders_alive(model->theta, s.frequency, s.recency, s.age, days / model->unit_days);
	PG_RETURN_FLOAT8(p_alive(memory, method, &s) * kept->figure);
}

/*
 * expected_orders(s btyd_summary, model clv_model, horizon float8) returns float8
 */
Datum
clv_expected_orders_summary(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = clv_model_method(model, "expected_orders");
	double units = get_units(fcinfo, 2);
	BtydSummary s;

	if (!get_summary(fcinfo, model, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(method->p_alive(model->theta, s.frequency, s.recency, s.age) *
					 method->orders_alive(model->theta, s.frequency, s.recency, s.age, units));
}

/*
 * expected_spend(cv customer_value, model clv_model) returns float8: by all of the ledger
 */
Datum
clv_expected_spend_ledger(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	BtydSummary s;
	SampleSpend spend;

	clv_model_require_spend(model);
	if (!clv_customer_of(PG_GETARG_CUSTOMER_VALUE(0), LEDGER_LAST_DAY, 1, &s, &spend))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(clv_expected_spend(model, &spend));
}

/*
 * expected_spend(cv customer_value, model clv_model, as_of date) returns float8
 */
Datum
clv_expected_spend_as_of(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	BtydSummary s;
	SampleSpend spend;

	clv_model_require_spend(model);
	if (!get_customer(fcinfo, model, 2, &s, &spend))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(clv_expected_spend(model, &spend));
}

/*
 * expected_spend(s btyd_summary, model clv_model) returns float8
 */
Datum
clv_expected_spend_summary(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	BtydSummary s;

	clv_model_require_spend(model);
	if (!get_summary(fcinfo, model, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(clv_expected_spend_of_summary(model, &s));
}

double
clv_discounted_orders(const ClvModel *model, const double *theta, double frequency,
					  double recency, double age, double days, double per_day)
{
	const Method *method = clv_kinds[model->kind].method;
	double months = ceil(days / MEAN_DAYS_PER_MONTH - 1e-9);
	double sum = 0;

	for (double month = 1; month <= months; month++)
	{
		double end = month < months ? month * MEAN_DAYS_PER_MONTH : days;
		double factor = exp(-per_day * end);

		if (month < months)
			factor -= exp(-per_day * fmin((month + 1) * MEAN_DAYS_PER_MONTH, days));
		sum += factor * method->orders_alive(theta, frequency, recency, age, end / model->unit_days);
	}
	return sum;
}

/* What so many orders bring; none or no margin bring nothing, even where the mean spend is infinite. */
static double
value_of(double orders, double spend, double margin_rate)
{
	if (orders == 0 || margin_rate == 0)
		return 0;
	return orders * spend * margin_rate;
}

static void
check_discount(double discount)
{
	require_number(discount > -1 && isfinite(discount), "discount", "finite and greater than -1",
				   discount);
}

static void
check_residual_discount(double discount)
{
	require_number(discount >= 0 && isfinite(discount), "discount", "finite and at least 0",
				   discount);
}

static void
check_margin_rate(double margin_rate)
{
	require_number(isfinite(margin_rate), "margin_rate", "finite", margin_rate);
}

/*
 * clv(cv customer_value, model clv_model, horizon interval, discount float8, margin_rate float8,
 * as_of date) returns float8
 */
Datum
clv_ledger(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = ledger_method(model, "clv");
	double days = get_days(fcinfo, 2);
	double discount = PG_GETARG_FLOAT8(3);
	double margin_rate = PG_GETARG_FLOAT8(4);
	Memory *memory;
	Kept *kept;
	BtydSummary s;
	SampleSpend spend;

	clv_model_require_spend(model);
	check_discount(discount);
	check_margin_rate(margin_rate);
	if (!get_customer(fcinfo, model, 5, &s, &spend))
		PG_RETURN_NULL();
	memory = get_memory(fcinfo, model, days, discount);
	if (!find_kept(memory, &memory->orders, future_key(method, &s), &kept))
		kept->figure = clv_discounted_orders(model, model->theta, s.frequency, s.recency, s.age, days,
											 log1p(discount) / MEAN_DAYS_PER_YEAR);
	PG_RETURN_FLOAT8(value_of(p_alive(memory, method, &s) * kept->figure,
							  clv_expected_spend(model, &spend), margin_rate));
}

/*
 * clv(s btyd_summary, model clv_model, horizon float8, discount float8) returns float8
 *
 * The horizon is in units, and the discount is continuous per unit, as for all summaries; orders are
 * discounted to the end of their month as those of ledgers are.
 */
Datum
clv_summary(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = clv_model_method(model, "clv");
	double days = get_units(fcinfo, 2) * model->unit_days;
	double discount = PG_GETARG_FLOAT8(3);
	BtydSummary s;

	clv_model_require_spend(model);
	require_number(isfinite(discount), "discount", "finite", discount);
	if (model->kind == CLV_BGBB)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model bg/bb counts opportunities, which have no months"),
						errhint("Use expected_orders and expected_spend, or residual_orders.")));
	if (days > CLV_MAX_HORIZON_DAYS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("horizon must not be longer than 1000 years")));
	if (!get_summary(fcinfo, model, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value_of(method->p_alive(model->theta, s.frequency, s.recency, s.age) *
								  clv_discounted_orders(model, model->theta, s.frequency, s.recency, s.age,
														days, discount / model->unit_days),
							  clv_expected_spend_of_summary(model, &s), 1));
}

/* The method of a model that tells orders without end. */
static const Method *
residual_method(const ClvModel *model, const Method *method, const char *what)
{
	if (method->residual_alive == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model %s does not tell %s", clv_kinds[model->kind].name, what),
						errhint("A model pareto/nbd or bg/bb does.")));
	return method;
}

/* Orders still to come of any customer, at a continuous rate per unit. */
static double
residual_orders(const ClvModel *model, const Method *method, double alive, const BtydSummary *s,
				double discount)
{
	if (alive == 0)
		return 0;
	return alive * method->residual_alive(model->theta, s->frequency, s->age, discount);
}

/* The same of argument 0, a ledger, and what is known of it by as_of; NAN without orders by then. */
static double
residual_orders_of_ledger(FunctionCallInfo fcinfo, const ClvModel *model, const char *what,
						  double discount, int as_of, BtydSummary *s, SampleSpend *spend)
{
	const Method *method = residual_method(model, ledger_method(model, what), what);
	Memory *memory;

	check_residual_discount(discount);
	if (!get_customer(fcinfo, model, as_of, s, spend))
		return NAN;
	memory = get_memory(fcinfo, model, 0, discount);
	return residual_orders(model, method, p_alive(memory, method, s), s,
						   log1p(discount) / MEAN_DAYS_PER_YEAR * model->unit_days);
}

/*
 * residual_orders(cv customer_value, model clv_model, discount float8, as_of date) returns float8
 *
 * DERT: orders still to come, without end, discounted at an annual rate as in clv, but from the very
 * time that they come.
 */
Datum
clv_residual_orders_ledger(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	BtydSummary s;
	SampleSpend spend;
	double orders = residual_orders_of_ledger(fcinfo, model, "residual_orders", PG_GETARG_FLOAT8(2),
											  3, &s, &spend);

	if (isnan(orders))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(orders);
}

/*
 * residual_value(cv customer_value, model clv_model, discount float8, margin_rate float8, as_of date)
 * returns float8
 */
Datum
clv_residual_value(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	double margin_rate = PG_GETARG_FLOAT8(3);
	BtydSummary s;
	SampleSpend spend;
	double orders;

	clv_model_require_spend(model);
	check_margin_rate(margin_rate);
	orders = residual_orders_of_ledger(fcinfo, model, "residual_value", PG_GETARG_FLOAT8(2), 4, &s,
									   &spend);
	if (isnan(orders))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value_of(orders, clv_expected_spend(model, &spend), margin_rate));
}

/*
 * residual_orders(s btyd_summary, model clv_model, discount float8) returns float8
 *
 * DERT: orders still to come, without end, discounted continuously per unit.
 */
Datum
clv_residual_orders_summary(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method =
		residual_method(model, clv_model_method(model, "residual_orders"), "residual_orders");
	double discount = PG_GETARG_FLOAT8(2);
	BtydSummary s;

	check_residual_discount(discount);
	if (!get_summary(fcinfo, model, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(residual_orders(
		model, method, method->p_alive(model->theta, s.frequency, s.recency, s.age), &s, discount));
}

/*
 * clv_loglik(s btyd_summary, model clv_model) returns float8
 */
Datum
clv_loglik(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = clv_model_method(model, "clv_loglik");
	BtydSummary s;

	if (!get_summary(fcinfo, model, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(method->loglik(model->theta, s.frequency, s.recency, s.age));
}

/*
 * expected_orders_new(model clv_model, horizon interval) returns float8
 */
Datum
clv_expected_orders_new_interval(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(0);
	const Method *method = clv_model_method(model, "expected_orders_new");

	PG_RETURN_FLOAT8(method->orders_new(model->theta, get_days(fcinfo, 1) / model->unit_days));
}

/*
 * expected_orders_new(model clv_model, horizon float8) returns float8
 */
Datum
clv_expected_orders_new_units(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(0);
	const Method *method = clv_model_method(model, "expected_orders_new");

	PG_RETURN_FLOAT8(method->orders_new(model->theta, get_units(fcinfo, 1)));
}

static int32
get_n(FunctionCallInfo fcinfo, int argument)
{
	int32 n = PG_GETARG_INT32(argument);

	require_number(n >= 0, "n", "at least 0", n);
	return n;
}

/* The horizon of a probability in units, which under bg/bb are gone through one by one. */
static double
probability_units(const ClvModel *model, double units)
{
	if (model->kind == CLV_BGBB)
		require_number(units <= CLV_MAX_OPPORTUNITIES, "horizon", "at most 100000 opportunities",
					   units);
	return units;
}

/* Of a customer with a history: dead and done, or alive. */
static double
probability_of(const ClvModel *model, const Method *method, double alive, const BtydSummary *s,
			   int32 n, double units)
{
	double result = alive * method->probability_alive(model->theta, s->frequency, s->recency, s->age,
													  n, units);

	return n == 0 ? 1 - alive + result : result;
}

/*
 * order_probability(cv customer_value, model clv_model, n int, horizon interval, as_of date)
 * returns float8
 */
Datum
clv_order_probability_ledger(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = ledger_method(model, "order_probability");
	int32 n = get_n(fcinfo, 2);
	double days = get_days(fcinfo, 3);
	BtydSummary s;

	if (!get_ledger(fcinfo, model, 4, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(probability_of(model, method,
									p_alive(get_memory(fcinfo, model, days, 0), method, &s), &s, n,
									days / model->unit_days));
}

/*
 * order_probability(s btyd_summary, model clv_model, n int, horizon float8) returns float8
 */
Datum
clv_order_probability_summary(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(1);
	const Method *method = clv_model_method(model, "order_probability");
	int32 n = get_n(fcinfo, 2);
	double units = probability_units(model, get_units(fcinfo, 3));
	BtydSummary s;

	if (!get_summary(fcinfo, model, &s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(probability_of(
		model, method, method->p_alive(model->theta, s.frequency, s.recency, s.age), &s, n, units));
}

/*
 * order_probability(model clv_model, n int, horizon interval) returns float8
 */
Datum
clv_order_probability_interval(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(0);
	const Method *method = clv_model_method(model, "order_probability");
	int32 n = get_n(fcinfo, 1);

	PG_RETURN_FLOAT8(method->probability(
		model->theta, n, probability_units(model, get_days(fcinfo, 2) / model->unit_days)));
}

/*
 * order_probability(model clv_model, n int, horizon float8) returns float8
 */
Datum
clv_order_probability_units(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_CLV_MODEL(0);
	const Method *method = clv_model_method(model, "order_probability");
	int32 n = get_n(fcinfo, 1);

	PG_RETURN_FLOAT8(
		method->probability(model->theta, n, probability_units(model, get_units(fcinfo, 2))));
}

/* The parameters of a model of contracts. */
static const double *
contract_model(const ClvModel *model, const char *what)
{
	if (model->kind != CLV_SBG)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model %s does not tell %s", clv_kinds[model->kind].name, what),
						errhint("A model sbg does.")));
	return model->theta;
}

static int32
get_period(FunctionCallInfo fcinfo, int32 least)
{
	int32 period = PG_GETARG_INT32(1);

	if (period < least)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("period must be at least %d, not %d", least, period)));
	return period;
}

/*
 * retention(model clv_model, period int) returns float8
 */
Datum
clv_retention(PG_FUNCTION_ARGS)
{
	const double *theta = contract_model(PG_GETARG_CLV_MODEL(0), "retention");

	PG_RETURN_FLOAT8(sbg_retention(theta, get_period(fcinfo, 1)));
}

/*
 * survival(model clv_model, period int) returns float8
 */
Datum
clv_survival(PG_FUNCTION_ARGS)
{
	const double *theta = contract_model(PG_GETARG_CLV_MODEL(0), "survival");

	PG_RETURN_FLOAT8(sbg_survival(theta, get_period(fcinfo, 0)));
}

/*
 * residual_lifetime(model clv_model, period int, discount float8) returns float8
 */
Datum
clv_residual_lifetime(PG_FUNCTION_ARGS)
{
	const double *theta = contract_model(PG_GETARG_CLV_MODEL(0), "residual_lifetime");
	int32 period = get_period(fcinfo, 1);
	double discount = PG_GETARG_FLOAT8(2);

	require_number(discount >= 0 && isfinite(discount), "discount", "finite and at least 0",
				   discount);
	PG_RETURN_FLOAT8(sbg_residual_lifetime(theta, period, discount));
}
