-- insight/revenue_movements: what changed the revenue from one period to the next

CREATE TYPE @extschema@.revenue_movement AS (
	period date,
	opening numeric,
	new numeric,
	reactivated numeric,
	expanded numeric,
	contracted numeric,
	churned numeric,
	closing numeric,
	net_retention float8,
	gross_retention float8
);
COMMENT ON TYPE @extschema@.revenue_movement IS
'revenue of a period (its first day) out of that of the period before: opening + new + reactivated + expanded + contracted + churned = closing, exactly; contracted and churned are negative; net and gross retention are the shares of opening that stay with expansion and without it, NULL where opening is not positive';

CREATE FUNCTION @extschema@.insight_movements_accumulate(internal, @extschema@.customer_value, text, date) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_movements_accumulate(internal, @extschema@.customer_value, text, date) IS 'transition function of revenue_movements';

CREATE FUNCTION @extschema@.insight_movements_merge(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_movements_merge(internal, internal) IS 'combine function of revenue_movements';

CREATE FUNCTION @extschema@.insight_movements_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_movements_serialise(internal) IS 'serialisation function of revenue_movements';

CREATE FUNCTION @extschema@.insight_movements_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_movements_deserialise(bytea, internal) IS 'deserialisation function of revenue_movements; every byte is checked';

CREATE FUNCTION @extschema@.insight_movements_final(internal) RETURNS @extschema@.revenue_movement[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_movements_final(internal) IS 'final function of revenue_movements';

CREATE AGGREGATE @extschema@.revenue_movements(cv @extschema@.customer_value, unit text, until date) (
	SFUNC = @extschema@.insight_movements_accumulate, STYPE = internal, FINALFUNC = @extschema@.insight_movements_final,
	COMBINEFUNC = @extschema@.insight_movements_merge, SERIALFUNC = @extschema@.insight_movements_serialise,
	DESERIALFUNC = @extschema@.insight_movements_deserialise, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.revenue_movements(@extschema@.customer_value, text, date) IS
'revenue by day, week (from Monday), month, quarter or year before the day until, and what moved it: customers new, back after a pause, buying more, less or no more (the revenue bridge of subscription accounting); one row a period from the first revenue on, by unnest(); NULL if there is none';
