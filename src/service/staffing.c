/*
 * staffing.c
 *	  The SQL functions on staffing: erlang_c, erlang_a, service_level, average_wait and agents_required.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/float.h"

#include "support/compat.h"
#include "service/erlang.h"

#define SECONDS_PER_HOUR 3600.0

PG_FUNCTION(service_erlang_c);
PG_FUNCTION(service_erlang_a);
PG_FUNCTION(service_level);
PG_FUNCTION(service_average_wait);
PG_FUNCTION(service_agents_required);

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static int32
get_agents(FunctionCallInfo fcinfo)
{
	int32 agents = PG_GETARG_INT32(0);

	if (agents < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("agents must not be negative, but are %d", agents)));
	return agents;
}

/* An argument that is a rate or a time: finite, and not negative. */
static double
get_quantity(FunctionCallInfo fcinfo, int n, const char *name)
{
	double quantity = PG_GETARG_FLOAT8(n);

	if (!isfinite(quantity) || quantity < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be finite and not negative, not %s", name,
							   float8out_internal(quantity))));
	return quantity;
}

/* An argument that is a time and not 0. */
static double
get_time(FunctionCallInfo fcinfo, int n, const char *name)
{
	double time = get_quantity(fcinfo, n, name);

	if (time == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be positive", name)));
	return time;
}

/* The mean time a call takes, argument n, and the traffic that argument n - 1, calls an hour, brings. */
static double
get_traffic(FunctionCallInfo fcinfo, int n, double *handle)
{
	double calls = get_quantity(fcinfo, n - 1, "calls_per_hour");
	double traffic;

	*handle = get_time(fcinfo, n, "handle_seconds");
	traffic = calls * *handle / SECONDS_PER_HOUR;
	if (!isfinite(traffic))
		float_overflow_error();
	return traffic;
}

/*
 * erlang_c(agents int, traffic float8) returns float8: the probability that a call has to wait
 */
Datum
service_erlang_c(PG_FUNCTION_ARGS)
{
	int32 agents = get_agents(fcinfo);
	double traffic = get_quantity(fcinfo, 1, "traffic");

	PG_RETURN_FLOAT8(erlang_wait_probability(agents, traffic, check_interrupts));
}

/*
 * erlang_a(agents int, traffic float8, handle_seconds float8, patience_seconds float8)
 * returns (wait_probability float8, abandoned float8, average_wait float8)
 */
Datum
service_erlang_a(PG_FUNCTION_ARGS)
{
	int32 agents = get_agents(fcinfo);
	double traffic = get_quantity(fcinfo, 1, "traffic");
	double handle = get_time(fcinfo, 2, "handle_seconds");
	double patience = get_time(fcinfo, 3, "patience_seconds");
	ErlangAbandonment result;
	Datum values[3];
	bool nulls[3] = {false};
	TupleDesc columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE ||
		columns->natts != lengthof(values))
		elog(ERROR, "return type must be a row of three");
	if (!erlang_abandonment(agents, traffic, handle, patience, check_interrupts, &result))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("traffic, handle_seconds and patience_seconds are out of proportion"),
				 errhint("Where callers wait as long as it takes, use erlang_c.")));
	values[0] = Float8GetDatum(result.wait_probability);
	values[1] = Float8GetDatum(result.abandoned);
	values[2] = Float8GetDatum(result.average_wait);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/*
 * service_level(agents int, calls_per_hour float8, handle_seconds float8, target_seconds float8)
 * returns float8: the share of calls answered within target_seconds
 */
Datum
service_level(PG_FUNCTION_ARGS)
{
	int32 agents = get_agents(fcinfo);
	double handle;
	double traffic = get_traffic(fcinfo, 2, &handle);
	double target = get_quantity(fcinfo, 3, "target_seconds");
	double wait = erlang_wait_probability(agents, traffic, check_interrupts);

	PG_RETURN_FLOAT8(erlang_service_level(wait, agents, traffic, handle, target));
}

/*
 * average_wait(agents int, calls_per_hour float8, handle_seconds float8) returns float8: seconds
 */
Datum
service_average_wait(PG_FUNCTION_ARGS)
{
	int32 agents = get_agents(fcinfo);
	double handle;
	double traffic = get_traffic(fcinfo, 2, &handle);
	double wait = erlang_wait_probability(agents, traffic, check_interrupts);

	PG_RETURN_FLOAT8(erlang_average_wait(wait, agents, traffic, handle));
}

/*
 * agents_required(calls_per_hour float8, handle_seconds float8, target_level float8,
 *		target_seconds float8, shrinkage float8) returns int
 */
Datum
service_agents_required(PG_FUNCTION_ARGS)
{
	double handle;
	double traffic = get_traffic(fcinfo, 1, &handle);
	double level = PG_GETARG_FLOAT8(2);
	double target = get_quantity(fcinfo, 3, "target_seconds");
	double shrinkage = PG_GETARG_FLOAT8(4);
	int32 agents;

	if (!(level > 0 && level < 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("target_level must lie between 0 and 1, both excluded, but is %s",
							   float8out_internal(level))));
	if (!(shrinkage >= 0 && shrinkage < 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("shrinkage must be at least 0 and less than 1, but is %s",
							   float8out_internal(shrinkage))));
	agents = erlang_agents(traffic, handle, level, target, check_interrupts);
	if (agents >= 0)
		agents = erlang_with_shrinkage(agents, shrinkage);
	if (agents < 0)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("number of agents required is out of range for type integer")));
	PG_RETURN_INT32(agents);
}
