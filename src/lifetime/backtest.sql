-- lifetime/backtest: how well models would have forecast

CREATE TYPE @extschema@.clv_score AS (
	model text,
	origin date,
	customers bigint,
	expected_orders float8,
	actual_orders bigint,
	expected_amount float8,
	actual_amount numeric,
	mae float8,
	rmse float8,
	top_tenth float8,
	brier float8
);
COMMENT ON TYPE @extschema@.clv_score IS
'how well a model, fitted to what was known at the end of the day origin, forecast the time after it: order days and amounts of all customers known then, expected and actual; mean absolute and root mean square error of the order days of a customer; share of the best tenth by actual amount that is in the best tenth by expected amount; Brier score of ordering again';

CREATE FUNCTION @extschema@.clv_backtest_scores(ledgers @extschema@.customer_value[], models text[], origins date[], horizon interval) RETURNS @extschema@.clv_score[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	days int := round(extract(year FROM horizon) * 365.25 + extract(month FROM horizon) * 365.25 / 12 + extract(day FROM horizon)
		+ extract(epoch FROM horizon - make_interval(years => extract(year FROM horizon)::int, months => extract(month FROM horizon)::int,
			days => extract(day FROM horizon)::int)) / 86400);
	span interval := make_interval(days => days);
	of text;
	origin date;
	fitted @extschema@.clv_model;
	score @extschema@.clv_score;
	result @extschema@.clv_score[] := '{}';
BEGIN
	IF days < 1 THEN
		RAISE invalid_parameter_value USING MESSAGE = format('horizon must be at least a day, not %s', horizon);
	END IF;
	IF days > 365250 THEN
		RAISE invalid_parameter_value USING MESSAGE = 'horizon must not be longer than 1000 years';
	END IF;
	IF cardinality(models) = 0 OR cardinality(origins) = 0 THEN
		RAISE invalid_parameter_value USING MESSAGE = 'models and origins must not be empty';
	END IF;
	FOREACH origin IN ARRAY origins LOOP
		IF NOT isfinite(origin) OR NOT EXISTS (SELECT FROM unnest(ledgers) v WHERE @extschema@.first_order(v) <= origin) THEN
			RAISE invalid_parameter_value USING MESSAGE = format('origin %s must be a day on or after the first order', origin);
		END IF;
		FOREACH of IN ARRAY models LOOP
			fitted := NULL;
			IF of NOT IN ('as before', 'all alike') THEN
				SELECT @extschema@.clv_fit(v, of, origin) INTO fitted FROM unnest(ledgers) v;
			END IF;
			WITH customer AS MATERIALIZED (
				SELECT v, @extschema@.order_days(v, origin + 1, origin + 1 + days) AS orders,
					@extschema@.amount(v, origin + 1, origin + 1 + days) AS amount,
					@extschema@.order_days(v, origin + 1 - days, origin + 1) AS orders_before,
					@extschema@.amount(v, origin + 1 - days, origin + 1)::float8 AS amount_before
				FROM unnest(ledgers) v WHERE @extschema@.first_order(v) <= origin
			), before AS (
				SELECT avg(orders_before)::float8 AS orders, avg(amount_before) AS amount, avg((orders_before > 0)::int)::float8 AS again FROM customer
			), forecast AS MATERIALIZED (
				SELECT c.orders, c.amount,
					CASE of WHEN 'as before' THEN c.orders_before::float8 WHEN 'all alike' THEN b.orders
						ELSE @extschema@.expected_orders(v, fitted, span, origin) END AS expected_orders,
					CASE of WHEN 'as before' THEN c.amount_before WHEN 'all alike' THEN b.amount
						ELSE @extschema@.clv(v, fitted, span, 0, 1, origin) END AS expected_amount,
					CASE of WHEN 'as before' THEN (c.orders_before > 0)::int WHEN 'all alike' THEN b.again
						ELSE 1 - @extschema@.order_probability(v, fitted, 0, span, origin) END AS again
				FROM customer c, before b
			), ranked AS (
				SELECT ceil(count(*) OVER () / 10.0) AS tenth,
					rank() OVER (ORDER BY amount DESC) AS actual_rank, count(*) OVER (PARTITION BY amount) AS actual_ties,
					rank() OVER (ORDER BY expected_amount DESC) AS named_rank, count(*) OVER (PARTITION BY expected_amount) AS named_ties
				FROM forecast
			)
			SELECT of, origin, count(*), sum(expected_orders), sum(orders), sum(expected_amount), sum(amount), avg(abs(expected_orders - orders)),
				sqrt(avg((expected_orders - orders) ^ 2)),
				-- of customers that are equal, each is in the best tenth with the same chance
				(SELECT sum(least(1, greatest(0, (tenth - actual_rank + 1) / actual_ties)) * least(1, greatest(0, (tenth - named_rank + 1) / named_ties)))
					/ max(tenth) FROM ranked),
				avg((again - (orders > 0)::int) ^ 2)
			INTO score FROM forecast;
			result := result || score;
		END LOOP;
	END LOOP;
	RETURN result;
END $$;
COMMENT ON FUNCTION @extschema@.clv_backtest_scores(@extschema@.customer_value[], text[], date[], interval) IS 'what clv_backtest returns, from an array of the ledgers';

CREATE FUNCTION @extschema@.clv_backtest_accumulate(internal, @extschema@.customer_value, text[], date[], interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_backtest_accumulate(internal, @extschema@.customer_value, text[], date[], interval) IS 'transition function of clv_backtest';

CREATE FUNCTION @extschema@.clv_backtest_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_backtest_combine(internal, internal) IS 'combine function of clv_backtest';

CREATE FUNCTION @extschema@.clv_backtest_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_backtest_serialise(internal) IS 'serialisation function of clv_backtest';

CREATE FUNCTION @extschema@.clv_backtest_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_backtest_deserialise(bytea, internal) IS 'deserialisation function of clv_backtest';

CREATE FUNCTION @extschema@.clv_backtest_final(internal) RETURNS @extschema@.clv_score[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_backtest_final(internal) IS 'final function of clv_backtest: fits and scores';

CREATE AGGREGATE @extschema@.clv_backtest(cv @extschema@.customer_value, models text[], origins date[], horizon interval) (
	SFUNC = @extschema@.clv_backtest_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_backtest_final,
	COMBINEFUNC = @extschema@.clv_backtest_combine,
	SERIALFUNC = @extschema@.clv_backtest_serialise,
	DESERIALFUNC = @extschema@.clv_backtest_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_backtest(@extschema@.customer_value, text[], date[], interval) IS
'fits each model to what was known at the end of each origin, and scores what it forecast against what came in the horizon after it (a month is 365.25/12 days, rounded to days); the models are those of clv_fit on ledgers, as before (each customer does what it did in the same time before the origin) and all alike (each does what they did on average); unnest it to look at';
