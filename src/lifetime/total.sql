-- lifetime/total: values to come, with the interval they lie in

CREATE TYPE @extschema@.clv_interval AS (
	expected float8,
	low float8,
	high float8
);
COMMENT ON TYPE @extschema@.clv_interval IS 'a value to come: what is expected, and the limits between which it lies with a given probability';

CREATE FUNCTION @extschema@.clv_range(cv @extschema@.customer_value, model @extschema@.clv_model, horizon interval DEFAULT '1 year', discount float8 DEFAULT 0.10,
	margin_rate float8 DEFAULT 1.0, as_of date DEFAULT current_date, level float8 DEFAULT 0.9) RETURNS @extschema@.clv_interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_range(@extschema@.customer_value, @extschema@.clv_model, interval, float8, float8, date, float8) IS
'lifetime value of the customer from as_of until the horizon, as clv has it, and the limits between which it lies with probability level, parameters and chance being uncertain; the model comes from clv_fit; NULL without orders by as_of';

CREATE FUNCTION @extschema@.clv_total_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_combine(internal, internal) IS 'combine function of clv_total';

CREATE FUNCTION @extschema@.clv_total_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_serialise(internal) IS 'serialisation function of clv_total';

CREATE FUNCTION @extschema@.clv_total_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_deserialise(bytea, internal) IS 'deserialisation function of clv_total';

CREATE FUNCTION @extschema@.clv_total_final(internal) RETURNS @extschema@.clv_interval
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_final(internal) IS 'final function of clv_total';

CREATE FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval, float8, float8, date, float8) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval, float8, float8, date, float8) IS 'transition function of clv_total(customer_value, clv_model, interval, float8, float8, date, float8)';

CREATE AGGREGATE @extschema@.clv_total(cv @extschema@.customer_value, model @extschema@.clv_model, horizon interval, discount float8, margin_rate float8, as_of date, level float8) (
	SFUNC = @extschema@.clv_total_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_total_final,
	COMBINEFUNC = @extschema@.clv_total_combine,
	SERIALFUNC = @extschema@.clv_total_serialise,
	DESERIALFUNC = @extschema@.clv_total_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_total(@extschema@.customer_value, @extschema@.clv_model, interval, float8, float8, date, float8) IS
'lifetime value of all customers together from as_of until the horizon, as the sum of clv, and the limits between which it lies with probability level, from the uncertainty of the parameters and from chance; the model comes from clv_fit; NULL without customers';

CREATE FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval, float8, float8, date) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval, float8, float8, date) IS 'transition function of clv_total(customer_value, clv_model, interval, float8, float8, date)';

CREATE AGGREGATE @extschema@.clv_total(cv @extschema@.customer_value, model @extschema@.clv_model, horizon interval, discount float8, margin_rate float8, as_of date) (
	SFUNC = @extschema@.clv_total_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_total_final,
	COMBINEFUNC = @extschema@.clv_total_combine,
	SERIALFUNC = @extschema@.clv_total_serialise,
	DESERIALFUNC = @extschema@.clv_total_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_total(@extschema@.customer_value, @extschema@.clv_model, interval, float8, float8, date) IS
'as clv_total(cv, model, horizon, discount, margin_rate, as_of, level), with level 0.9';

CREATE FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval, float8, float8) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval, float8, float8) IS 'transition function of clv_total(customer_value, clv_model, interval, float8, float8)';

CREATE AGGREGATE @extschema@.clv_total(cv @extschema@.customer_value, model @extschema@.clv_model, horizon interval, discount float8, margin_rate float8) (
	SFUNC = @extschema@.clv_total_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_total_final,
	COMBINEFUNC = @extschema@.clv_total_combine,
	SERIALFUNC = @extschema@.clv_total_serialise,
	DESERIALFUNC = @extschema@.clv_total_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_total(@extschema@.customer_value, @extschema@.clv_model, interval, float8, float8) IS
'as clv_total(cv, model, horizon, discount, margin_rate, as_of, level), with as_of the current date and level 0.9';

CREATE FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval, float8) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval, float8) IS 'transition function of clv_total(customer_value, clv_model, interval, float8)';

CREATE AGGREGATE @extschema@.clv_total(cv @extschema@.customer_value, model @extschema@.clv_model, horizon interval, discount float8) (
	SFUNC = @extschema@.clv_total_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_total_final,
	COMBINEFUNC = @extschema@.clv_total_combine,
	SERIALFUNC = @extschema@.clv_total_serialise,
	DESERIALFUNC = @extschema@.clv_total_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_total(@extschema@.customer_value, @extschema@.clv_model, interval, float8) IS
'as clv_total(cv, model, horizon, discount, margin_rate, as_of, level), with margin_rate 1, as_of the current date and level 0.9';

CREATE FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, interval) IS 'transition function of clv_total(customer_value, clv_model, interval)';

CREATE AGGREGATE @extschema@.clv_total(cv @extschema@.customer_value, model @extschema@.clv_model, horizon interval) (
	SFUNC = @extschema@.clv_total_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_total_final,
	COMBINEFUNC = @extschema@.clv_total_combine,
	SERIALFUNC = @extschema@.clv_total_serialise,
	DESERIALFUNC = @extschema@.clv_total_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_total(@extschema@.customer_value, @extschema@.clv_model, interval) IS
'as clv_total(cv, model, horizon, discount, margin_rate, as_of, level), with discount 0.10, margin_rate 1, as_of the current date and level 0.9';

CREATE FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_total_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model) IS 'transition function of clv_total(customer_value, clv_model)';

CREATE AGGREGATE @extschema@.clv_total(cv @extschema@.customer_value, model @extschema@.clv_model) (
	SFUNC = @extschema@.clv_total_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_total_final,
	COMBINEFUNC = @extschema@.clv_total_combine,
	SERIALFUNC = @extschema@.clv_total_serialise,
	DESERIALFUNC = @extschema@.clv_total_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_total(@extschema@.customer_value, @extschema@.clv_model) IS
'as clv_total(cv, model, horizon, discount, margin_rate, as_of, level), with a horizon of a year, discount 0.10, margin_rate 1, as_of the current date and level 0.9';
