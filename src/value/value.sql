-- value: the type customer_value

CREATE TYPE @extschema@.customer_value;

CREATE FUNCTION @extschema@.customer_value_in(cstring) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION @extschema@.customer_value_out(@extschema@.customer_value) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION @extschema@.customer_value_recv(internal) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION @extschema@.customer_value_send(@extschema@.customer_value) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE @extschema@.customer_value (
	INPUT = @extschema@.customer_value_in,
	OUTPUT = @extschema@.customer_value_out,
	RECEIVE = @extschema@.customer_value_recv,
	SEND = @extschema@.customer_value_send,
	INTERNALLENGTH = variable,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.customer_value IS
'the purchase ledger of a customer: for each day the number of orders, the net amount and, where known, the cost; written {date orders amount [cost [costed]],...}';
COMMENT ON FUNCTION @extschema@.customer_value_in(cstring) IS
'reads {date orders amount [cost [costed]],...}: days in any order, repeated days add up; costed is the number of rows with a known cost, by default that of the orders';
COMMENT ON FUNCTION @extschema@.customer_value_out(@extschema@.customer_value) IS
'writes {date orders amount [cost [costed]],...}: exact, and the same under all settings';
COMMENT ON FUNCTION @extschema@.customer_value_recv(internal) IS 'reads the binary form, every byte of which is checked';
COMMENT ON FUNCTION @extschema@.customer_value_send(@extschema@.customer_value) IS 'writes the binary form';

-- casts

CREATE FUNCTION @extschema@.customer_value_to_jsonb(@extschema@.customer_value) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_to_jsonb(@extschema@.customer_value) IS
'array of {"day", "orders", "amount"}, with "cost" and "costed" (rows with a known cost) where any cost is known';

CREATE FUNCTION @extschema@.customer_value_from_jsonb(jsonb) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_from_jsonb(jsonb) IS
'reads an array of {"day", "orders", "amount" [, "cost" [, "costed"]]}; anything else is an error';

CREATE CAST (@extschema@.customer_value AS jsonb) WITH FUNCTION @extschema@.customer_value_to_jsonb(@extschema@.customer_value) AS ASSIGNMENT;
COMMENT ON CAST (@extschema@.customer_value AS jsonb) IS 'array of {"day", "orders", "amount" [, "cost", "costed"]}';
CREATE CAST (jsonb AS @extschema@.customer_value) WITH FUNCTION @extschema@.customer_value_from_jsonb(jsonb);
COMMENT ON CAST (jsonb AS @extschema@.customer_value) IS 'array of {"day", "orders", "amount" [, "cost" [, "costed"]]}';

-- arithmetic

CREATE FUNCTION @extschema@.customer_value_pl(@extschema@.customer_value, @extschema@.customer_value) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_pl(@extschema@.customer_value, @extschema@.customer_value) IS 'adds two ledgers day by day, exactly';

CREATE FUNCTION @extschema@.customer_value_mi(@extschema@.customer_value, @extschema@.customer_value) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_mi(@extschema@.customer_value, @extschema@.customer_value) IS 'subtracts a ledger day by day, exactly: (a + b) - b = a';

CREATE FUNCTION @extschema@.customer_value_um(@extschema@.customer_value) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_um(@extschema@.customer_value) IS 'the ledger that takes this one back: a + (- a) is empty';

CREATE OPERATOR @extschema@.+ (LEFTARG = @extschema@.customer_value, RIGHTARG = @extschema@.customer_value, FUNCTION = @extschema@.customer_value_pl, COMMUTATOR = OPERATOR(@extschema@.+));
COMMENT ON OPERATOR @extschema@.+ (@extschema@.customer_value, @extschema@.customer_value) IS 'adds two ledgers day by day, exactly';
CREATE OPERATOR @extschema@.- (LEFTARG = @extschema@.customer_value, RIGHTARG = @extschema@.customer_value, FUNCTION = @extschema@.customer_value_mi);
COMMENT ON OPERATOR @extschema@.- (@extschema@.customer_value, @extschema@.customer_value) IS 'subtracts a ledger day by day, exactly';
CREATE OPERATOR @extschema@.- (RIGHTARG = @extschema@.customer_value, FUNCTION = @extschema@.customer_value_um);
COMMENT ON OPERATOR @extschema@.- (NONE, @extschema@.customer_value) IS 'the ledger that takes this one back';

-- from orders to ledgers; amounts and costs are numbers of any type, told apart at run time, so that there is no cast on
-- the way that loses digits, and money and text are refused with the cast to write

CREATE FUNCTION @extschema@.customer_value_of(at date, amount "any") RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_date';
COMMENT ON FUNCTION @extschema@.customer_value_of(date, "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order';

CREATE FUNCTION @extschema@.customer_value_accumulate(internal, date, "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_date';
COMMENT ON FUNCTION @extschema@.customer_value_accumulate(internal, date, "any") IS 'transition function of customer_value(date, "any")';

CREATE FUNCTION @extschema@.customer_value_of(at date, amount "any", cost "any") RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_date';
COMMENT ON FUNCTION @extschema@.customer_value_of(date, "any", "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order; a NULL cost is not known';

CREATE FUNCTION @extschema@.customer_value_accumulate(internal, date, "any", "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_date';
COMMENT ON FUNCTION @extschema@.customer_value_accumulate(internal, date, "any", "any") IS 'transition function of customer_value(date, "any", "any")';

CREATE FUNCTION @extschema@.customer_value_of(at timestamp, amount "any") RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_timestamp';
COMMENT ON FUNCTION @extschema@.customer_value_of(timestamp, "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order';

CREATE FUNCTION @extschema@.customer_value_accumulate(internal, timestamp, "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_timestamp';
COMMENT ON FUNCTION @extschema@.customer_value_accumulate(internal, timestamp, "any") IS 'transition function of customer_value(timestamp, "any")';

CREATE FUNCTION @extschema@.customer_value_of(at timestamp, amount "any", cost "any") RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_timestamp';
COMMENT ON FUNCTION @extschema@.customer_value_of(timestamp, "any", "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order; a NULL cost is not known';

CREATE FUNCTION @extschema@.customer_value_accumulate(internal, timestamp, "any", "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_timestamp';
COMMENT ON FUNCTION @extschema@.customer_value_accumulate(internal, timestamp, "any", "any") IS 'transition function of customer_value(timestamp, "any", "any")';

CREATE FUNCTION @extschema@.customer_value_of(at timestamptz, amount "any") RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_timestamp';
COMMENT ON FUNCTION @extschema@.customer_value_of(timestamptz, "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order; its day is that of UTC';

CREATE FUNCTION @extschema@.customer_value_accumulate(internal, timestamptz, "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_timestamp';
COMMENT ON FUNCTION @extschema@.customer_value_accumulate(internal, timestamptz, "any") IS 'transition function of customer_value(timestamptz, "any")';

CREATE FUNCTION @extschema@.customer_value_of(at timestamptz, amount "any", cost "any") RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_timestamp';
COMMENT ON FUNCTION @extschema@.customer_value_of(timestamptz, "any", "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order; a NULL cost is not known; its day is that of UTC';

CREATE FUNCTION @extschema@.customer_value_accumulate(internal, timestamptz, "any", "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_timestamp';
COMMENT ON FUNCTION @extschema@.customer_value_accumulate(internal, timestamptz, "any", "any") IS 'transition function of customer_value(timestamptz, "any", "any")';

CREATE FUNCTION @extschema@.customer_value_accumulate(internal, @extschema@.customer_value) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_value';
COMMENT ON FUNCTION @extschema@.customer_value_accumulate(internal, @extschema@.customer_value) IS 'transition function of sum(customer_value)';

CREATE FUNCTION @extschema@.customer_value_merge(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_merge(internal, internal) IS 'combine function of the aggregates that return customer_value';

CREATE FUNCTION @extschema@.customer_value_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_serialise(internal) IS 'serialisation function of the aggregates that return customer_value';

CREATE FUNCTION @extschema@.customer_value_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_deserialise(bytea, internal) IS 'deserialisation function of the aggregates that return customer_value; every byte is checked';

CREATE FUNCTION @extschema@.customer_value_final(internal) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.customer_value_final(internal) IS 'final function of the aggregates that return customer_value';

CREATE AGGREGATE @extschema@.customer_value(at date, amount "any") (
	SFUNC = @extschema@.customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = @extschema@.customer_value_final,
	COMBINEFUNC = @extschema@.customer_value_merge,
	SERIALFUNC = @extschema@.customer_value_serialise,
	DESERIALFUNC = @extschema@.customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.customer_value(date, "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order';

CREATE AGGREGATE @extschema@.customer_value(at date, amount "any", cost "any") (
	SFUNC = @extschema@.customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = @extschema@.customer_value_final,
	COMBINEFUNC = @extschema@.customer_value_merge,
	SERIALFUNC = @extschema@.customer_value_serialise,
	DESERIALFUNC = @extschema@.customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.customer_value(date, "any", "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order; a NULL cost is not known';

CREATE AGGREGATE @extschema@.customer_value(at timestamp, amount "any") (
	SFUNC = @extschema@.customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = @extschema@.customer_value_final,
	COMBINEFUNC = @extschema@.customer_value_merge,
	SERIALFUNC = @extschema@.customer_value_serialise,
	DESERIALFUNC = @extschema@.customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.customer_value(timestamp, "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order';

CREATE AGGREGATE @extschema@.customer_value(at timestamp, amount "any", cost "any") (
	SFUNC = @extschema@.customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = @extschema@.customer_value_final,
	COMBINEFUNC = @extschema@.customer_value_merge,
	SERIALFUNC = @extschema@.customer_value_serialise,
	DESERIALFUNC = @extschema@.customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.customer_value(timestamp, "any", "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order; a NULL cost is not known';

CREATE AGGREGATE @extschema@.customer_value(at timestamptz, amount "any") (
	SFUNC = @extschema@.customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = @extschema@.customer_value_final,
	COMBINEFUNC = @extschema@.customer_value_merge,
	SERIALFUNC = @extschema@.customer_value_serialise,
	DESERIALFUNC = @extschema@.customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.customer_value(timestamptz, "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order; the day is that of UTC';

CREATE AGGREGATE @extschema@.customer_value(at timestamptz, amount "any", cost "any") (
	SFUNC = @extschema@.customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = @extschema@.customer_value_final,
	COMBINEFUNC = @extschema@.customer_value_merge,
	SERIALFUNC = @extschema@.customer_value_serialise,
	DESERIALFUNC = @extschema@.customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.customer_value(timestamptz, "any", "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order; a NULL cost is not known; the day is that of UTC';

CREATE AGGREGATE @extschema@.sum(@extschema@.customer_value) (
	SFUNC = @extschema@.customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = @extschema@.customer_value_final,
	COMBINEFUNC = @extschema@.customer_value_merge,
	SERIALFUNC = @extschema@.customer_value_serialise,
	DESERIALFUNC = @extschema@.customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.sum(@extschema@.customer_value) IS
'the sum of ledgers, exact in any order; NULL if there is none';

-- what a ledger says; a period is [since, before), and a bound that is NULL is none

CREATE FUNCTION @extschema@.orders(cv @extschema@.customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_orders';
COMMENT ON FUNCTION @extschema@.orders(@extschema@.customer_value, date, date) IS 'number of orders in [since, before)';

CREATE FUNCTION @extschema@.order_days(cv @extschema@.customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_order_days';
COMMENT ON FUNCTION @extschema@.order_days(@extschema@.customer_value, date, date) IS 'number of days with orders in [since, before)';

CREATE FUNCTION @extschema@.amount(cv @extschema@.customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_amount';
COMMENT ON FUNCTION @extschema@.amount(@extschema@.customer_value, date, date) IS 'net amount in [since, before)';

CREATE FUNCTION @extschema@.cost(cv @extschema@.customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_cost';
COMMENT ON FUNCTION @extschema@.cost(@extschema@.customer_value, date, date) IS 'sum of the known costs in [since, before); NULL if none is known';

CREATE FUNCTION @extschema@.margin(cv @extschema@.customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_margin';
COMMENT ON FUNCTION @extschema@.margin(@extschema@.customer_value, date, date) IS 'amount less the known costs in [since, before); NULL if no cost is known';

CREATE FUNCTION @extschema@.first_order(cv @extschema@.customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS date
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_first_order';
COMMENT ON FUNCTION @extschema@.first_order(@extschema@.customer_value, date, date) IS 'first day with orders in [since, before)';

CREATE FUNCTION @extschema@.last_order(cv @extschema@.customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS date
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_last_order';
COMMENT ON FUNCTION @extschema@.last_order(@extschema@.customer_value, date, date) IS 'last day with orders in [since, before)';

CREATE FUNCTION @extschema@.mean_order(cv @extschema@.customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_mean_order';
COMMENT ON FUNCTION @extschema@.mean_order(@extschema@.customer_value, date, date) IS 'amount / orders in [since, before); NULL without orders';

CREATE FUNCTION @extschema@.until(cv @extschema@.customer_value, before date) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_until';
COMMENT ON FUNCTION @extschema@.until(@extschema@.customer_value, date) IS 'the ledger as it stood before a day: the days before it';

CREATE FUNCTION @extschema@.since(cv @extschema@.customer_value, since date) RETURNS @extschema@.customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_since';
COMMENT ON FUNCTION @extschema@.since(@extschema@.customer_value, date) IS 'the ledger from a day on: that day and those after it';

CREATE FUNCTION @extschema@.ledger(cv @extschema@.customer_value)
RETURNS TABLE (day date, orders int, amount numeric, cost numeric)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'customer_value_ledger';
COMMENT ON FUNCTION @extschema@.ledger(@extschema@.customer_value) IS
'the days of a ledger as rows, earliest first; cost is NULL on days of which none is known';

CREATE TYPE @extschema@.btyd_summary AS (
	frequency int,
	recency float8,
	age float8,
	mean_spend float8
);
COMMENT ON TYPE @extschema@.btyd_summary IS
'buy-till-you-die summary of a customer: repeat order days, time from the first to the last order day, time from the first order day to the day of view, mean net amount of the repeat order days';

CREATE FUNCTION @extschema@.btyd(cv @extschema@.customer_value, as_of date, unit interval DEFAULT '1 week') RETURNS @extschema@.btyd_summary
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_btyd';
COMMENT ON FUNCTION @extschema@.btyd(@extschema@.customer_value, date, interval) IS
'buy-till-you-die summary (Fader, Hardie & Lee 2005) up to and including as_of, times in units (a month is 365.25/12 days); NULL without orders by then';

CREATE FUNCTION @extschema@.facts(cv @extschema@.customer_value, as_of date) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_facts';
COMMENT ON FUNCTION @extschema@.facts(@extschema@.customer_value, date) IS
'what rule sets ask of a ledger up to and including as_of: orders, order_days, amount, amount_12m, cost, margin, margin_12m, mean_order, recency_days, tenure_days, interval_days; what is not defined is left out';
