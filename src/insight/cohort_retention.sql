-- insight/cohort_retention: who came back, by when they began

CREATE TYPE @extschema@.cohort_cell AS (
	cohort date,
	period int,
	customers bigint,
	active bigint,
	retention float8,
	complete boolean
);
COMMENT ON TYPE @extschema@.cohort_cell IS
'a cohort in a period: first day of the period in which its customers ordered first, periods since then, customers in all, customers who ordered in this period, their share, and whether the period is over';

CREATE FUNCTION @extschema@.insight_cohort_accumulate(internal, @extschema@.customer_value) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_cohort_accumulate(internal, @extschema@.customer_value) IS 'transition function of cohort_retention(customer_value)';

CREATE FUNCTION @extschema@.insight_cohort_accumulate(internal, @extschema@.customer_value, text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_cohort_accumulate(internal, @extschema@.customer_value, text) IS 'transition function of cohort_retention(customer_value, text)';

CREATE FUNCTION @extschema@.insight_cohort_accumulate(internal, @extschema@.customer_value, text, date) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_cohort_accumulate(internal, @extschema@.customer_value, text, date) IS 'transition function of cohort_retention(customer_value, text, date)';

CREATE FUNCTION @extschema@.insight_cohort_accumulate(internal, @extschema@.customer_value, date) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'insight_cohort_accumulate_until';
COMMENT ON FUNCTION @extschema@.insight_cohort_accumulate(internal, @extschema@.customer_value, date) IS 'transition function of cohort_retention(customer_value, date)';

CREATE FUNCTION @extschema@.insight_cohort_merge(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_cohort_merge(internal, internal) IS 'combine function of cohort_retention';

CREATE FUNCTION @extschema@.insight_cohort_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_cohort_serialise(internal) IS 'serialisation function of cohort_retention';

CREATE FUNCTION @extschema@.insight_cohort_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_cohort_deserialise(bytea, internal) IS 'deserialisation function of cohort_retention; every byte is checked';

CREATE FUNCTION @extschema@.insight_cohort_final(internal) RETURNS @extschema@.cohort_cell[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_cohort_final(internal) IS 'final function of cohort_retention';

CREATE AGGREGATE @extschema@.cohort_retention(cv @extschema@.customer_value) (
	SFUNC = @extschema@.insight_cohort_accumulate, STYPE = internal, FINALFUNC = @extschema@.insight_cohort_final,
	COMBINEFUNC = @extschema@.insight_cohort_merge, SERIALFUNC = @extschema@.insight_cohort_serialise,
	DESERIALFUNC = @extschema@.insight_cohort_deserialise, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.cohort_retention(@extschema@.customer_value) IS
'by month of the first order: how many customers ordered again in each later month (Kumar & Reinartz 2018), 0 included, up to the last month with orders, which is not taken for complete; unnest() makes rows of it; NULL if there is no order';

CREATE AGGREGATE @extschema@.cohort_retention(cv @extschema@.customer_value, unit text) (
	SFUNC = @extschema@.insight_cohort_accumulate, STYPE = internal, FINALFUNC = @extschema@.insight_cohort_final,
	COMBINEFUNC = @extschema@.insight_cohort_merge, SERIALFUNC = @extschema@.insight_cohort_serialise,
	DESERIALFUNC = @extschema@.insight_cohort_deserialise, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.cohort_retention(@extschema@.customer_value, text) IS
'the same by day, week (from Monday), month, quarter or year of the calendar';

CREATE AGGREGATE @extschema@.cohort_retention(cv @extschema@.customer_value, unit text, until date) (
	SFUNC = @extschema@.insight_cohort_accumulate, STYPE = internal, FINALFUNC = @extschema@.insight_cohort_final,
	COMBINEFUNC = @extschema@.insight_cohort_merge, SERIALFUNC = @extschema@.insight_cohort_serialise,
	DESERIALFUNC = @extschema@.insight_cohort_deserialise, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.cohort_retention(@extschema@.customer_value, text, date) IS
'the same of the orders before the day until, with a row of 0 for every period up to there in which nobody ordered; complete is false where the period is not over by then';

CREATE AGGREGATE @extschema@.cohort_retention(cv @extschema@.customer_value, until date) (
	SFUNC = @extschema@.insight_cohort_accumulate, STYPE = internal, FINALFUNC = @extschema@.insight_cohort_final,
	COMBINEFUNC = @extschema@.insight_cohort_merge, SERIALFUNC = @extschema@.insight_cohort_serialise,
	DESERIALFUNC = @extschema@.insight_cohort_deserialise, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.cohort_retention(@extschema@.customer_value, date) IS 'the same by month';
