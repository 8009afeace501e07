-- lifetime/simulate: customers as a model says, and how a model fits

CREATE FUNCTION @extschema@.clv_simulate(model @extschema@.clv_model, customers int, until date, seed bigint DEFAULT 0, since date DEFAULT NULL)
RETURNS TABLE (customer int, at timestamp, amount numeric)
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_simulate(@extschema@.clv_model, int, date, bigint, date) IS
'orders of customers 1 to customers until the end of the day until, drawn from the model; first orders are spread evenly over the first quarter of the days from since (by default 365 days before until); the same seed gives the same orders; amounts come from the spend model, to the cent, and are 1 without one';

CREATE TYPE @extschema@.clv_track AS (
	period int,
	until date,
	expected float8,
	actual bigint
);
COMMENT ON TYPE @extschema@.clv_track IS
'repeat order days of all customers from the first order of all until the end of a period: expected by a model, and actual';

CREATE FUNCTION @extschema@.clv_tracking_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_tracking_combine(internal, internal) IS 'combine function of clv_tracking';

CREATE FUNCTION @extschema@.clv_tracking_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_tracking_serialise(internal) IS 'serialisation function of clv_tracking';

CREATE FUNCTION @extschema@.clv_tracking_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_tracking_deserialise(bytea, internal) IS 'deserialisation function of clv_tracking';

CREATE FUNCTION @extschema@.clv_tracking_final(internal) RETURNS @extschema@.clv_track[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_tracking_final(internal) IS 'final function of clv_tracking';

CREATE FUNCTION @extschema@.clv_tracking_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, date) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_tracking_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, date) IS 'transition function of clv_tracking(customer_value, clv_model, date)';

CREATE AGGREGATE @extschema@.clv_tracking(cv @extschema@.customer_value, model @extschema@.clv_model, until date) (
	SFUNC = @extschema@.clv_tracking_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_tracking_final,
	COMBINEFUNC = @extschema@.clv_tracking_combine,
	SERIALFUNC = @extschema@.clv_tracking_serialise,
	DESERIALFUNC = @extschema@.clv_tracking_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_tracking(@extschema@.customer_value, @extschema@.clv_model, date) IS
'cumulative repeat order days of all customers by week, from the first order of all until the day until: expected by the model for new customers, and actual; unnest it to look at';

CREATE FUNCTION @extschema@.clv_tracking_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, date, interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_tracking_accumulate(internal, @extschema@.customer_value, @extschema@.clv_model, date, interval) IS 'transition function of clv_tracking(customer_value, clv_model, date, interval)';

CREATE AGGREGATE @extschema@.clv_tracking(cv @extschema@.customer_value, model @extschema@.clv_model, until date, period interval) (
	SFUNC = @extschema@.clv_tracking_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_tracking_final,
	COMBINEFUNC = @extschema@.clv_tracking_combine,
	SERIALFUNC = @extschema@.clv_tracking_serialise,
	DESERIALFUNC = @extschema@.clv_tracking_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_tracking(@extschema@.customer_value, @extschema@.clv_model, date, interval) IS
'as clv_tracking(cv, model, until), by periods of that length (a month is 365.25/12 days)';
