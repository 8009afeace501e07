/*
 * routing.c
 *	  The SQL functions routing_priority: whose turn it is among those who wait.
 *
 * Fixed priorities let the low ones starve. So a priority grows with the time waited, by
 * PRIORITY_RANGE until the longest wait promised is over: on a scale of priorities from 0 to that,
 * whoever has waited as long as was promised comes before everybody who has just arrived. Between
 * two with the same promise, the difference stays what it was.
 */
#include "postgres.h"

#include <math.h>

#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "support/compat.h"

#define PRIORITY_RANGE 100.0

PG_FUNCTION(service_routing_priority);
PG_FUNCTION(service_routing_priority_interval);

/* The text of an argument that is refused. */
static char *
shown(Datum argument, PGFunction out)
{
	return DatumGetCString(DirectFunctionCall1(out, argument));
}

/*
 * Both functions: waited and max_wait in seconds; out prints these arguments in messages.
 */
static Datum
routing_priority(FunctionCallInfo fcinfo, double waited, double max_wait, PGFunction out)
{
	double priority = PG_GETARG_FLOAT8(0);

	if (!isfinite(priority))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("priority must be finite, not %s", float8out_internal(priority))));
	if (!isfinite(waited) || waited < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("waited must be finite and not negative, not %s",
							   shown(PG_GETARG_DATUM(1), out))));
	if (!isfinite(max_wait) || max_wait <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_wait must be finite and positive, not %s",
							   shown(PG_GETARG_DATUM(2), out))));
	priority += PRIORITY_RANGE * (waited / max_wait);
	if (!isfinite(priority))
		float_overflow_error();
	PG_RETURN_FLOAT8(priority);
}

/*
 * routing_priority(priority float8, waited float8, max_wait float8) returns float8
 */
Datum
service_routing_priority(PG_FUNCTION_ARGS)
{
	return routing_priority(fcinfo, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), float8out);
}

/* Seconds, with 30 days a month as interval comparison has them; infinite for such intervals. */
static double
interval_seconds(const Interval *interval)
{
#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_NOT_FINITE(interval))
		return get_float8_infinity();
#endif
	return ((double) interval->month * DAYS_PER_MONTH + interval->day) * SECS_PER_DAY +
		   (double) interval->time / USECS_PER_SEC;
}

/*
 * routing_priority(priority float8, waited interval, max_wait interval) returns float8
 */
Datum
service_routing_priority_interval(PG_FUNCTION_ARGS)
{
	return routing_priority(fcinfo, interval_seconds(PG_GETARG_INTERVAL_P(1)),
							interval_seconds(PG_GETARG_INTERVAL_P(2)), interval_out);
}
