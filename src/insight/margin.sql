-- insight/margin: what customers leave behind, level by level and all together

CREATE FUNCTION @extschema@.contribution_margin(revenue numeric, product_cost numeric, order_cost numeric DEFAULT 0,
	customer_cost numeric DEFAULT 0, segment_cost numeric DEFAULT 0,
	OUT level_1 numeric, OUT level_2 numeric, OUT level_3 numeric, OUT level_4 numeric, OUT rate numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT i, ii, iii, iii - segment_cost, (iii - segment_cost) / nullif(revenue, 0)
	FROM (SELECT revenue - product_cost) AS first (i),
		LATERAL (SELECT i - order_cost) AS second (ii),
		LATERAL (SELECT ii - customer_cost) AS third (iii);
END;
COMMENT ON FUNCTION @extschema@.contribution_margin(numeric, numeric, numeric, numeric, numeric) IS
'contribution margins of a customer (Köhler 2008): I = net revenue - product costs; II = I - costs of its orders (freight, payment, returns); III = II - costs of the customer (visits, service, mailings); IV = III - its part of what its segment costs (key account management); rate = IV / revenue, NULL without revenue. From a cost that is NULL, not known, on, margins are NULL';

CREATE FUNCTION @extschema@.contribution_margin(cv @extschema@.customer_value, since date, before date, cost_per_order numeric DEFAULT 0,
	customer_cost numeric DEFAULT 0, segment_cost numeric DEFAULT 0,
	OUT level_1 numeric, OUT level_2 numeric, OUT level_3 numeric, OUT level_4 numeric, OUT rate numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT m.level_1, m.level_2, m.level_3, m.level_4, m.rate
	FROM @extschema@.contribution_margin(@extschema@.amount(cv, since, before), @extschema@.cost(cv, since, before),
		cost_per_order * @extschema@.orders(cv, since, before), customer_cost, segment_cost) m;
END;
COMMENT ON FUNCTION @extschema@.contribution_margin(@extschema@.customer_value, date, date, numeric, numeric, numeric) IS
'contribution margins of a ledger in [since, before): revenue and product costs are the ledger''s, order costs so much an order; NULL where no product cost is known; a bound that is NULL is none';

CREATE FUNCTION @extschema@.insight_whale_accumulate(internal, float8) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_whale_accumulate(internal, float8) IS 'transition function of whale_curve(float8)';

CREATE FUNCTION @extschema@.insight_whale_accumulate(internal, float8, int) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_whale_accumulate(internal, float8, int) IS 'transition function of whale_curve(float8, int)';

CREATE FUNCTION @extschema@.insight_whale_merge(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_whale_merge(internal, internal) IS 'combine function of whale_curve';

CREATE FUNCTION @extschema@.insight_whale_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_whale_serialise(internal) IS 'serialisation function of whale_curve';

CREATE FUNCTION @extschema@.insight_whale_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_whale_deserialise(bytea, internal) IS 'deserialisation function of whale_curve; every byte is checked';

CREATE FUNCTION @extschema@.insight_whale_final(internal) RETURNS float8[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_whale_final(internal) IS 'final function of whale_curve';

CREATE AGGREGATE @extschema@.whale_curve(margin float8) (
	SFUNC = @extschema@.insight_whale_accumulate, STYPE = internal, FINALFUNC = @extschema@.insight_whale_final,
	COMBINEFUNC = @extschema@.insight_whale_merge, SERIALFUNC = @extschema@.insight_whale_serialise,
	DESERIALFUNC = @extschema@.insight_whale_deserialise, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.whale_curve(float8) IS
'share of the total margin that the most profitable 0, 1, … 100 % of the customers bring (Kaplan & Narayanan 2001): rises above 1 where others bring losses, and ends at 1; NULL margins are ignored; NULL unless the total is positive';

CREATE AGGREGATE @extschema@.whale_curve(margin float8, points int) (
	SFUNC = @extschema@.insight_whale_accumulate, STYPE = internal, FINALFUNC = @extschema@.insight_whale_final,
	COMBINEFUNC = @extschema@.insight_whale_merge, SERIALFUNC = @extschema@.insight_whale_serialise,
	DESERIALFUNC = @extschema@.insight_whale_deserialise, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.whale_curve(float8, int) IS
'the same at the most profitable 0/points, 1/points, … of the customers, linear between whole customers';
