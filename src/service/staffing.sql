-- service/staffing: how many people it takes to answer calls

CREATE FUNCTION @extschema@.erlang_c(agents int, traffic float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'service_erlang_c';

COMMENT ON FUNCTION @extschema@.erlang_c(int, float8) IS
'probability that a call has to wait (Erlang 1917): traffic in erlang, that is calls an hour × seconds a call / 3600; 1 where agents are no more than traffic';

CREATE FUNCTION @extschema@.erlang_a(agents int, traffic float8, handle_seconds float8, patience_seconds float8,
	OUT wait_probability float8, OUT abandoned float8, OUT average_wait float8)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'service_erlang_a';

COMMENT ON FUNCTION @extschema@.erlang_a(int, float8, float8, float8) IS
'where callers hang up after patience_seconds in the mean (Erlang A; Mandelbaum & Zeltyn 2007): the share of calls that have to wait, the share that is given up, and the mean seconds that a call waits, until it is answered or given up; traffic in erlang';

CREATE FUNCTION @extschema@.service_level(agents int, calls_per_hour float8, handle_seconds float8,
	target_seconds float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'service_level';

COMMENT ON FUNCTION @extschema@.service_level(int, float8, float8, float8) IS
'share of calls answered within target_seconds (Erlang C), handle_seconds being the mean time a call takes; 0 where too few agents let the queue grow without limit';

CREATE FUNCTION @extschema@.average_wait(agents int, calls_per_hour float8, handle_seconds float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'service_average_wait';

COMMENT ON FUNCTION @extschema@.average_wait(int, float8, float8) IS
'mean seconds until a call is answered (Erlang C), over all calls; infinite where too few agents let the queue grow without limit';

CREATE FUNCTION @extschema@.agents_required(calls_per_hour float8, handle_seconds float8, target_level float8,
	target_seconds float8, shrinkage float8 DEFAULT 0) RETURNS int
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'service_agents_required';

COMMENT ON FUNCTION @extschema@.agents_required(float8, float8, float8, float8, float8) IS
'fewest agents who answer a share target_level of the calls within target_seconds (Erlang C), divided by 1 - shrinkage, the share of paid time spent elsewhere, and rounded up; 0 without calls';
