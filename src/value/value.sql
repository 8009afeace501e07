-- value: the type customer_value

CREATE TYPE customer_value;

CREATE FUNCTION customer_value_in(cstring) RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION customer_value_out(customer_value) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION customer_value_recv(internal) RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION customer_value_send(customer_value) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE customer_value (
	INPUT = customer_value_in,
	OUTPUT = customer_value_out,
	RECEIVE = customer_value_recv,
	SEND = customer_value_send,
	INTERNALLENGTH = variable,
	STORAGE = extended
);

COMMENT ON TYPE customer_value IS
'the purchase ledger of a customer: for each day the number of orders, the net amount and, where known, the cost; written {date orders amount [cost [costed]],...}';
COMMENT ON FUNCTION customer_value_in(cstring) IS
'reads {date orders amount [cost [costed]],...}: days in any order, repeated days add up; costed is the number of rows with a known cost, by default that of the orders';
COMMENT ON FUNCTION customer_value_out(customer_value) IS
'writes {date orders amount [cost [costed]],...}: exact, and the same under all settings';
COMMENT ON FUNCTION customer_value_recv(internal) IS 'reads the binary form, every byte of which is checked';
COMMENT ON FUNCTION customer_value_send(customer_value) IS 'writes the binary form';

-- casts

CREATE FUNCTION customer_value_to_jsonb(customer_value) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_to_jsonb(customer_value) IS
'array of {"day", "orders", "amount"}, with "cost" and "costed" (rows with a known cost) where any cost is known';

CREATE FUNCTION customer_value_from_jsonb(jsonb) RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_from_jsonb(jsonb) IS
'reads an array of {"day", "orders", "amount" [, "cost" [, "costed"]]}; anything else is an error';

CREATE CAST (customer_value AS jsonb) WITH FUNCTION customer_value_to_jsonb(customer_value) AS ASSIGNMENT;
COMMENT ON CAST (customer_value AS jsonb) IS 'array of {"day", "orders", "amount" [, "cost", "costed"]}';
CREATE CAST (jsonb AS customer_value) WITH FUNCTION customer_value_from_jsonb(jsonb);
COMMENT ON CAST (jsonb AS customer_value) IS 'array of {"day", "orders", "amount" [, "cost" [, "costed"]]}';

-- arithmetic

CREATE FUNCTION customer_value_pl(customer_value, customer_value) RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_pl(customer_value, customer_value) IS 'adds two ledgers day by day, exactly';

CREATE FUNCTION customer_value_mi(customer_value, customer_value) RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_mi(customer_value, customer_value) IS 'subtracts a ledger day by day, exactly: (a + b) - b = a';

CREATE FUNCTION customer_value_um(customer_value) RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_um(customer_value) IS 'the ledger that takes this one back: a + (- a) is empty';

CREATE OPERATOR + (LEFTARG = customer_value, RIGHTARG = customer_value, FUNCTION = customer_value_pl, COMMUTATOR = +);
COMMENT ON OPERATOR + (customer_value, customer_value) IS 'adds two ledgers day by day, exactly';
CREATE OPERATOR - (LEFTARG = customer_value, RIGHTARG = customer_value, FUNCTION = customer_value_mi);
COMMENT ON OPERATOR - (customer_value, customer_value) IS 'subtracts a ledger day by day, exactly';
CREATE OPERATOR - (RIGHTARG = customer_value, FUNCTION = customer_value_um);
COMMENT ON OPERATOR - (NONE, customer_value) IS 'the ledger that takes this one back';

-- from orders to ledgers; amounts and costs are numbers of any type, told apart at run time, so that there is no cast on
-- the way that loses digits, and money and text are refused with the cast to write

CREATE FUNCTION customer_value_of(at date, amount "any") RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_date';
COMMENT ON FUNCTION customer_value_of(date, "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order';

CREATE FUNCTION customer_value_accumulate(internal, date, "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_date';
COMMENT ON FUNCTION customer_value_accumulate(internal, date, "any") IS 'transition function of customer_value(date, "any")';

CREATE FUNCTION customer_value_of(at date, amount "any", cost "any") RETURNS customer_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_date';
COMMENT ON FUNCTION customer_value_of(date, "any", "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order; a NULL cost is not known';

CREATE FUNCTION customer_value_accumulate(internal, date, "any", "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_date';
COMMENT ON FUNCTION customer_value_accumulate(internal, date, "any", "any") IS 'transition function of customer_value(date, "any", "any")';

CREATE FUNCTION customer_value_of(at timestamp, amount "any") RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_timestamp';
COMMENT ON FUNCTION customer_value_of(timestamp, "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order';

CREATE FUNCTION customer_value_accumulate(internal, timestamp, "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_timestamp';
COMMENT ON FUNCTION customer_value_accumulate(internal, timestamp, "any") IS 'transition function of customer_value(timestamp, "any")';

CREATE FUNCTION customer_value_of(at timestamp, amount "any", cost "any") RETURNS customer_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_timestamp';
COMMENT ON FUNCTION customer_value_of(timestamp, "any", "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order; a NULL cost is not known';

CREATE FUNCTION customer_value_accumulate(internal, timestamp, "any", "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_timestamp';
COMMENT ON FUNCTION customer_value_accumulate(internal, timestamp, "any", "any") IS 'transition function of customer_value(timestamp, "any", "any")';

CREATE FUNCTION customer_value_of(at timestamptz, amount "any") RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_timestamp';
COMMENT ON FUNCTION customer_value_of(timestamptz, "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order; its day is that of UTC';

CREATE FUNCTION customer_value_accumulate(internal, timestamptz, "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_timestamp';
COMMENT ON FUNCTION customer_value_accumulate(internal, timestamptz, "any") IS 'transition function of customer_value(timestamptz, "any")';

CREATE FUNCTION customer_value_of(at timestamptz, amount "any", cost "any") RETURNS customer_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_of_timestamp';
COMMENT ON FUNCTION customer_value_of(timestamptz, "any", "any") IS
'one order as a ledger; NULL if at or amount is NULL; a negative amount is no order; a NULL cost is not known; its day is that of UTC';

CREATE FUNCTION customer_value_accumulate(internal, timestamptz, "any", "any") RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_timestamp';
COMMENT ON FUNCTION customer_value_accumulate(internal, timestamptz, "any", "any") IS 'transition function of customer_value(timestamptz, "any", "any")';

CREATE FUNCTION customer_value_accumulate(internal, customer_value) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_accumulate_value';
COMMENT ON FUNCTION customer_value_accumulate(internal, customer_value) IS 'transition function of sum(customer_value)';

CREATE FUNCTION customer_value_merge(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_merge(internal, internal) IS 'combine function of the aggregates that return customer_value';

CREATE FUNCTION customer_value_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_serialise(internal) IS 'serialisation function of the aggregates that return customer_value';

CREATE FUNCTION customer_value_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_deserialise(bytea, internal) IS 'deserialisation function of the aggregates that return customer_value; every byte is checked';

CREATE FUNCTION customer_value_final(internal) RETURNS customer_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION customer_value_final(internal) IS 'final function of the aggregates that return customer_value';

CREATE AGGREGATE customer_value(at date, amount "any") (
	SFUNC = customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = customer_value_final,
	COMBINEFUNC = customer_value_merge,
	SERIALFUNC = customer_value_serialise,
	DESERIALFUNC = customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_value(date, "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order';

CREATE AGGREGATE customer_value(at date, amount "any", cost "any") (
	SFUNC = customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = customer_value_final,
	COMBINEFUNC = customer_value_merge,
	SERIALFUNC = customer_value_serialise,
	DESERIALFUNC = customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_value(date, "any", "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order; a NULL cost is not known';

CREATE AGGREGATE customer_value(at timestamp, amount "any") (
	SFUNC = customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = customer_value_final,
	COMBINEFUNC = customer_value_merge,
	SERIALFUNC = customer_value_serialise,
	DESERIALFUNC = customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_value(timestamp, "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order';

CREATE AGGREGATE customer_value(at timestamp, amount "any", cost "any") (
	SFUNC = customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = customer_value_final,
	COMBINEFUNC = customer_value_merge,
	SERIALFUNC = customer_value_serialise,
	DESERIALFUNC = customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_value(timestamp, "any", "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order; a NULL cost is not known';

CREATE AGGREGATE customer_value(at timestamptz, amount "any") (
	SFUNC = customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = customer_value_final,
	COMBINEFUNC = customer_value_merge,
	SERIALFUNC = customer_value_serialise,
	DESERIALFUNC = customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_value(timestamptz, "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order; the day is that of UTC';

CREATE AGGREGATE customer_value(at timestamptz, amount "any", cost "any") (
	SFUNC = customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = customer_value_final,
	COMBINEFUNC = customer_value_merge,
	SERIALFUNC = customer_value_serialise,
	DESERIALFUNC = customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_value(timestamptz, "any", "any") IS
'the ledger of these orders; rows with NULL at or amount are ignored, NULL if no other; a negative amount is no order; a NULL cost is not known; the day is that of UTC';

CREATE AGGREGATE sum(customer_value) (
	SFUNC = customer_value_accumulate,
	STYPE = internal,
	SSPACE = 96,
	FINALFUNC = customer_value_final,
	COMBINEFUNC = customer_value_merge,
	SERIALFUNC = customer_value_serialise,
	DESERIALFUNC = customer_value_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE sum(customer_value) IS
'the sum of ledgers, exact in any order; NULL if there is none';

-- what a ledger says; a period is [since, before), and a bound that is NULL is none

CREATE FUNCTION orders(cv customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_orders';
COMMENT ON FUNCTION orders(customer_value, date, date) IS 'number of orders in [since, before)';

CREATE FUNCTION order_days(cv customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_order_days';
COMMENT ON FUNCTION order_days(customer_value, date, date) IS 'number of days with orders in [since, before)';

CREATE FUNCTION amount(cv customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_amount';
COMMENT ON FUNCTION amount(customer_value, date, date) IS 'net amount in [since, before)';

CREATE FUNCTION cost(cv customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_cost';
COMMENT ON FUNCTION cost(customer_value, date, date) IS 'sum of the known costs in [since, before); NULL if none is known';

CREATE FUNCTION margin(cv customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_margin';
COMMENT ON FUNCTION margin(customer_value, date, date) IS 'amount less the known costs in [since, before); NULL if no cost is known';

CREATE FUNCTION first_order(cv customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS date
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_first_order';
COMMENT ON FUNCTION first_order(customer_value, date, date) IS 'first day with orders in [since, before)';

CREATE FUNCTION last_order(cv customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS date
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_last_order';
COMMENT ON FUNCTION last_order(customer_value, date, date) IS 'last day with orders in [since, before)';

CREATE FUNCTION mean_order(cv customer_value, since date DEFAULT NULL, before date DEFAULT NULL) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_mean_order';
COMMENT ON FUNCTION mean_order(customer_value, date, date) IS 'amount / orders in [since, before); NULL without orders';

CREATE FUNCTION until(cv customer_value, before date) RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_until';
COMMENT ON FUNCTION until(customer_value, date) IS 'the ledger as it stood before a day: the days before it';

CREATE FUNCTION since(cv customer_value, since date) RETURNS customer_value
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_since';
COMMENT ON FUNCTION since(customer_value, date) IS 'the ledger from a day on: that day and those after it';

CREATE FUNCTION ledger(cv customer_value)
RETURNS TABLE (day date, orders int, amount numeric, cost numeric)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'customer_value_ledger';
COMMENT ON FUNCTION ledger(customer_value) IS
'the days of a ledger as rows, earliest first; cost is NULL on days of which none is known';

CREATE TYPE btyd_summary AS (
	frequency int,
	recency float8,
	age float8,
	mean_spend float8
);
COMMENT ON TYPE btyd_summary IS
'buy-till-you-die summary of a customer: repeat order days, time from the first to the last order day, time from the first order day to the day of view, mean net amount of the repeat order days';

CREATE FUNCTION btyd(cv customer_value, as_of date, unit interval DEFAULT '1 week') RETURNS btyd_summary
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_btyd';
COMMENT ON FUNCTION btyd(customer_value, date, interval) IS
'buy-till-you-die summary (Fader, Hardie & Lee 2005) up to and including as_of, times in units (a month is 365.25/12 days); NULL without orders by then';

CREATE FUNCTION facts(cv customer_value, as_of date) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_facts';
COMMENT ON FUNCTION facts(customer_value, date) IS
'what rule sets ask of a ledger up to and including as_of: orders, order_days, amount, amount_12m, cost, margin, margin_12m, mean_order, recency_days, tenure_days, interval_days; what is not defined is left out';
