-- Figures of customers under given models. Customers of CDNOW, whose figures two Python and R packages
-- agree on; the parameters are those that these packages found.
CREATE TEMP TABLE model AS
SELECT m::jsonb ->> 'model' AS name, m FROM unnest(ARRAY[
	'{"model": "bg/nbd", "params": {"r": 0.24259292827982198, "alpha": 4.413532265271817, "a": 0.7928859664406002, "b": 2.4257523826255123},
	  "spend": {"p": 6.248802496077898, "q": 3.744588460922642, "v": 15.447748064920148}}',
	'{"model": "mbg/nbd", "params": {"r": 0.5248377255676664, "alpha": 6.1829884791339715, "a": 0.8913562809311414, "b": 1.6140000256721279},
	  "spend": {"p": 6.248802496077898, "q": 3.744588460922642, "v": 15.447748064920148}}',
	'{"model": "pareto/nbd", "params": {"r": 0.5532754989210982, "alpha": 10.577611830706267, "s": 0.6062135726725273, "beta": 11.667911204634002},
	  "spend": {"p": 6.248802496077898, "q": 3.744588460922642, "v": 15.447748064920148}}']::clv_model[]) m;
CREATE TEMP TABLE customer (id int, s btyd_summary);
INSERT INTO customer VALUES
	(6, (7, 29.43, 38.86, 73.74)), (16, (0, 0, 38.86, NULL)), (59, (1, 38.43, 38.43, 6.49)), (157, (29, 37.71, 38, 26.26)),
	(244, (5, 5.14, 37.29, 194.86));
SELECT name, id, p_alive(s, m)::numeric(12, 10), expected_orders(s, m, 39)::numeric(13, 10), expected_spend(s, m)::numeric(13, 9)
FROM model, customer ORDER BY 1, 2;

-- published: expected orders of this customer 1.226 under bg/nbd, 25.46 of the other one under pareto/nbd
SELECT round(expected_orders((2, 30.43, 38.86, NULL)::btyd_summary,
	'{"model": "bg/nbd", "params": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}}', 39)::numeric, 3);
SELECT round(expected_orders((26, 30.86, 31, NULL)::btyd_summary,
	'{"model": "pareto/nbd", "params": {"r": 0.55315, "alpha": 10.57633, "s": 0.60623, "beta": 11.67150}}', 52)::numeric, 2);
-- published: repeat orders of a new customer until week t
SELECT t, round(expected_orders_new('{"model": "bg/nbd", "params": {"r": 0.24259, "alpha": 4.41353, "a": 0.79289, "b": 2.42575}}', t)::numeric, 4)
FROM unnest('{0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0}'::float8[]) t;
-- DERT at 15 % a year against its definition, summed over weeks
SELECT id, round(residual_orders(s, m, 0.0027)::numeric, 6) AS dert,
	round((SELECT sum((expected_orders(s, m, t) - expected_orders(s, m, t - 1)) * exp(-0.0027 * (t - 0.5))) FROM generate_series(1, 6000) t)::numeric, 3) AS summed
FROM customer, model WHERE name = 'pareto/nbd' ORDER BY id;

-- probabilities of n orders add up, their mean is the expectation
SELECT name, round(sum(p)::numeric, 6) AS sum, round(sum(n * p)::numeric, 4) AS mean, round(expected_orders_new(m, '39 weeks'::interval)::numeric, 4) AS expected
FROM model, LATERAL (SELECT n, order_probability(m, n, 39) AS p FROM generate_series(0, 300) n) x GROUP BY name, m::text, expected_orders_new(m, '39 weeks'::interval) ORDER BY 1;
SELECT order_probability(m, 3, '39 weeks'::interval) = order_probability(m, 3, 39) AS same FROM model;

-- The functions on ledgers are those on summaries.
CREATE TEMP TABLE ledger (id int, v customer_value);
INSERT INTO ledger VALUES
	(1, '{1997-01-01 1 29.33, 1997-01-18 1 29.73, 1997-08-02 1 14.96, 1997-12-12 1 26.48}'),
	(2, '{1997-02-03 1 10}'), (3, '{1997-09-30 1 10}'), (4, '{1997-10-01 1 5}'), (5, '{}'), (6, NULL);
SELECT name, id, p_alive(v, m, '1997-09-30')::numeric(9, 8), p_alive(v, m, '1997-09-30') = p_alive(btyd(v, '1997-09-30'), m) AS p_alive,
	expected_orders(v, m, '39 weeks', '1997-09-30') = expected_orders(btyd(v, '1997-09-30'), m, 39) AS expected_orders,
	expected_spend(until(v, '1997-10-01'), m) = expected_spend(btyd(v, '1997-09-30'), m) AS expected_spend
FROM model, ledger ORDER BY 1, 2;

-- clv: orders month by month, discounted to the month's end
SELECT name, id, round(clv(v, m, '1 year', 0.1, 0.5, '1997-09-30')::numeric, 6) AS clv, round((
	SELECT expected_spend(until(v, '1997-10-01'), m) * 0.5 * sum((expected_orders(s, m, k * 365.25 / 84) - expected_orders(s, m, (k - 1) * 365.25 / 84)) * 1.1 ^ (-k / 12.0))
	FROM btyd(v, '1997-09-30') s, generate_series(1, 12) k)::numeric, 6) AS summed
FROM model, ledger WHERE id < 3 ORDER BY 1, 2;
SELECT clv(v, m, discount => 0, as_of => '1997-09-30')::numeric(12, 8) = (expected_orders(v, m, '1 year', '1997-09-30') * expected_spend(until(v, '1997-10-01'), m))::numeric(12, 8) AS undiscounted,
	clv(v, m, '0 days', as_of => '1997-09-30') AS nothing, round((clv(v, m, '45 days', as_of => '1997-09-30') / clv(v, m, '1 mon', as_of => '1997-09-30'))::numeric, 4) AS longer
FROM model, ledger WHERE id = 1 ORDER BY name;
-- horizon, discount and as_of have defaults
SELECT clv(v, m) = clv(v, m, '1 year', 0.10, 1.0, current_date) AS clv, p_alive(v, m) = p_alive(v, m, current_date) AS p_alive,
	expected_orders(v, m, '1 year') = expected_orders(v, m, '12 months', current_date) AS expected_orders
FROM model, ledger WHERE id = 1;
-- a model per row, and many of them in turn
SELECT count(*) FROM (SELECT expected_orders(v, m, '39 weeks', '1997-09-30') AS a, expected_orders(btyd(v, '1997-09-30'), m, 39) AS b
	FROM generate_series(1, 20), ledger, model WHERE id < 4) x WHERE a <> b;
SELECT count(*), count(*) FILTER (WHERE a <> b) AS different FROM (
	SELECT expected_orders(v, m, '52 weeks', '2020-12-31') AS a, expected_orders(btyd(v, '2020-12-31'), m, 52) AS b
	FROM model, generate_series(0, 9999) d, LATERAL (SELECT customer_value_of(date '2020-12-31' - d, 1)) l(v) WHERE name = 'bg/nbd') x;

-- Alive at the end of a time, whatever the customer does until then: not the same as having been silent until then.
SELECT round(p_alive((5, 20, 30, NULL)::btyd_summary, m, 26)::numeric, 4) AS whatever, round(p_alive((5, 20, 56, NULL)::btyd_summary, m)::numeric, 4) AS silent
FROM (VALUES ('{"model": "pareto/nbd", "params": {"r": 0.8, "alpha": 9, "s": 0.8, "beta": 12}}'::clv_model)) x(m);
CREATE TEMP VIEW any_model AS SELECT * FROM model
	UNION ALL SELECT 'bg/bb', '{"model": "bg/bb", "params": {"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}}'::clv_model;
CREATE TEMP VIEW any_customer AS SELECT name, m, s FROM any_model, unnest(ARRAY[(0, 0, 30, NULL), (3, 17, 30, NULL), (12, 29, 30, NULL)]::btyd_summary[]) s;
-- silence for another 7 units tells what the likelihoods do; probabilities add up, and their mean is the expectation
SELECT name, (s).frequency, round(order_probability(s, m, 0, 7)::numeric, 10) AS none,
	abs(order_probability(s, m, 0, 7) / exp(clv_loglik(((s).frequency, (s).recency, 37, NULL)::btyd_summary, m) - clv_loglik(s, m)) - 1) < 1e-9 AS as_likelihoods,
	round((SELECT sum(order_probability(s, m, n, 7)) FROM generate_series(0, 150) n)::numeric, 8) AS sum,
	round((SELECT sum(n * order_probability(s, m, n, 7)) FROM generate_series(1, 150) n)::numeric, 6) = round(expected_orders(s, m, 7)::numeric, 6) AS mean,
	round(p_alive(s, m, 7)::numeric, 10) AS alive, p_alive(s, m, 0) = p_alive(s, m) AS now, p_alive(s, m, 7) <= p_alive(s, m, 6) AS falls
FROM any_customer ORDER BY 1, 2;
-- alive at the end is alive after silence, or after orders of which the last kept the customer
SELECT name, p_alive(s, m, 7) >= order_probability(s, m, 0, 7) * p_alive(((s).frequency, (s).recency, 37, NULL)::btyd_summary, m) AS at_least FROM any_customer GROUP BY 1, 2 ORDER BY 1;
SELECT name, id, p_alive(v, m, '1997-09-30', '39 weeks') = p_alive(btyd(v, '1997-09-30'), m, 39) AS p_alive,
	order_probability(v, m, 2, '39 weeks', '1997-09-30') = order_probability(btyd(v, '1997-09-30'), m, 2, 39) AS order_probability,
	expected_spend(v, m, '1997-09-30') = expected_spend(btyd(v, '1997-09-30'), m) AS expected_spend,
	abs(residual_orders(v, m, 0.15, '1997-09-30') / residual_orders(btyd(v, '1997-09-30'), m, ln(1.15) * 7 / 365.25) - 1) < 1e-12 AS residual_orders,
	abs(residual_value(v, m, 0.15, 0.4, '1997-09-30') / residual_orders(v, m, 0.15, '1997-09-30') / expected_spend(v, m, '1997-09-30') / 0.4 - 1) < 1e-12 AS residual_value
FROM model, ledger WHERE name = 'pareto/nbd' ORDER BY 1, 2;
-- what came after the day of view is not seen, by expected_spend as by clv
SELECT round(expected_spend(v, m)::numeric, 2) AS all, round(expected_spend(v, m, '1997-09-30')::numeric, 2) AS as_of,
	round((clv(v, m, '1 year', 0, 1, '1997-09-30') / expected_orders(v, m, '1 year', '1997-09-30'))::numeric, 2) AS in_clv, expected_spend(v, m, '1996-12-31') AS before
FROM model, (VALUES ('{1997-01-01 1 29.33, 1997-01-18 1 29.73, 1997-08-02 1 14.96, 1997-12-12 1 900}'::customer_value)) x(v) WHERE name = 'bg/nbd';
-- the same with the defaults
SELECT order_probability(v, m, 0, '1 year') = order_probability(v, m, 0, '1 year', current_date) AS order_probability,
	residual_orders(v, m, 0.1) = residual_orders(v, m, 0.1, current_date) AS residual_orders, residual_value(v, m, 0.1) = residual_value(v, m, 0.1, 1, current_date) AS residual_value
FROM model, ledger WHERE id = 1 AND name = 'pareto/nbd';

-- clv of a summary, with the published parameters, in 12 months at 1 % a month
SELECT round(clv((2, 30.43, 38.86, 22.35)::btyd_summary, m, 365.25 / 7, ln(1.01) / (365.25 / 84))::numeric, 2) AS clv
FROM (VALUES ('{"model": "bg/nbd", "params": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, "spend": {"p": 6.25, "q": 3.74, "v": 15.44}}'::clv_model)) x(m);
SELECT name, id, abs(clv(v, m, '1 year', 0.1, 1, '1997-09-30') / clv(btyd(v, '1997-09-30'), m, 365.25 / 7, ln(1.1) * 7 / 365.25) - 1) < 1e-12 AS as_of_ledgers,
	clv(btyd(v, '1997-09-30'), m, 0, 0.1) AS nothing
FROM model, ledger WHERE id < 3 ORDER BY 1, 2;

-- contracts: the high-end cohort; residual lifetimes against their definition
WITH m AS (SELECT '{"model": "sbg", "params": {"alpha": 0.668, "beta": 3.806}}'::clv_model AS m)
SELECT period, round(retention(m, period)::numeric, 4) AS retention, round(survival(m, period)::numeric, 4) AS survival,
	round(residual_lifetime(m, period, 0.1)::numeric, 4) AS residual_lifetime,
	round((SELECT sum(survival(m, k) / survival(m, period - 1) / 1.1 ^ (k - period)) FROM generate_series(period, 400) k)::numeric, 4) AS summed
FROM m, generate_series(1, 5) period;
SELECT survival(m, 0), residual_lifetime(m, 1, 0) FROM (SELECT '{"model": "sbg", "params": {"alpha": 0.668, "beta": 3.806}}'::clv_model) x(m);
SELECT round(residual_lifetime('{"model": "sbg", "params": {"alpha": 3, "beta": 4}}', 1, 0)::numeric, 10);

-- opportunities: five years on, published are 3.75 gifts of who gave in all of six years, 0.07 of who never did
SELECT round(p_alive(s, m)::numeric, 2), round(expected_orders(s, m, 5)::numeric, 2), round(residual_orders(s, m, ln(1.1))::numeric, 2)
FROM (VALUES ('{"model": "bg/bb", "params": {"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}}'::clv_model)) x(m),
	unnest(ARRAY[(6, 6, 6, NULL), (1, 6, 6, NULL), (5, 5, 6, NULL), (0, 0, 6, NULL)]::btyd_summary[]) s;

-- the far ends of what is allowed
SELECT name, expected_orders((0, 0, 0, NULL)::btyd_summary, m, 0), expected_orders((3, 1, 5, 1)::btyd_summary, m, 1e-320) >= 0 AS tiny,
	expected_orders((3, 1, 5, 1)::btyd_summary, m, 1e12) > 1 AS long, order_probability(m, 2147483647, 39) AS many, expected_orders_new(m, '1000 years'::interval) > 1 AS thousand_years
FROM model ORDER BY 1;
SELECT round(expected_orders_new(m, 1e12)::numeric, 3) FROM (VALUES ('{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 3, "delta": 4}}'::clv_model)) x(m);

-- A spend model without a mean says so; who buys nothing is worth nothing all the same.
SELECT expected_spend((0, 0, 5, NULL)::btyd_summary, m), expected_spend((3, 4, 5, 20)::btyd_summary, m),
	expected_spend((3, 4, 5, -20)::btyd_summary, m) = expected_spend((3, 4, 5, 0)::btyd_summary, m) AS negative_is_nothing,
	clv(customer_value_of(date '2000-01-01', 1), m, '0 days', as_of => '2000-01-01')
FROM (VALUES ('{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "spend": {"p": 2, "q": 0.9, "v": 10}}'::clv_model)) x(m);

-- NULL for NULL
SELECT p_alive((NULL, 1, 2, 3)::btyd_summary, m), expected_orders((1, NULL, 2, 3)::btyd_summary, m, 1), clv_loglik(NULL, m),
	expected_orders((1, 1, 2, 3)::btyd_summary, m, NULL), residual_orders((1, 1, NULL, 3)::btyd_summary, m, 0.1)
FROM model WHERE name = 'pareto/nbd';

-- Wrong input
\set VERBOSITY terse
SELECT p_alive((-1, 0, 2, 3)::btyd_summary, m) FROM model LIMIT 1;
SELECT p_alive((1, 3, 2, 3)::btyd_summary, m) FROM model LIMIT 1;
SELECT p_alive((1, -1, 2, 3)::btyd_summary, m) FROM model LIMIT 1;
SELECT p_alive((0, 1, 2, 3)::btyd_summary, m) FROM model LIMIT 1;
SELECT p_alive((1, 0, 0, 3)::btyd_summary, m) FROM model LIMIT 1;
SELECT p_alive((1, 1, 'NaN', 3)::btyd_summary, m) FROM model LIMIT 1;
SELECT p_alive((1, 1, 'Infinity', 3)::btyd_summary, m) FROM model LIMIT 1;
SELECT expected_spend((1, 1, 2, '-Infinity')::btyd_summary, m) FROM model LIMIT 1;
SELECT p_alive((1, 1.5, 2, 3)::btyd_summary, '{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}}');
SELECT p_alive((3, 2, 2, 3)::btyd_summary, '{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}}');
SELECT p_alive((1, 1, 1e10, 3)::btyd_summary, m) FROM model LIMIT 1;
SELECT p_alive((3, 5, 100001, 3)::btyd_summary, '{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}}');
SELECT order_probability('{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}}', 1, 100001);
SELECT expected_orders((1, 1, 2, 3)::btyd_summary, m, -1) FROM model LIMIT 1;
SELECT expected_orders((1, 1, 2, 3)::btyd_summary, m, 'NaN') FROM model LIMIT 1;
SELECT expected_orders((1, 1, 2, 3)::btyd_summary, m, 'Infinity') FROM model LIMIT 1;
SELECT residual_orders((1, 1, 2, 3)::btyd_summary, m, 0.1) FROM model WHERE name = 'bg/nbd';
SELECT residual_orders((1, 1, 2, 3)::btyd_summary, m, -0.1) FROM model WHERE name = 'pareto/nbd';
SELECT residual_orders((1, 1, 2, 3)::btyd_summary, m, 0) FROM model WHERE name = 'pareto/nbd';
SELECT order_probability(m, -1, 39) FROM model LIMIT 1;
SELECT expected_orders(v, m, '-1 day', '1997-09-30') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT expected_orders(v, m, '1001 years', '1997-09-30') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT expected_orders(v, m, '1 day', 'infinity') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT clv(v, m, discount => -1, as_of => '1997-09-30') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT clv(v, m, discount => 'NaN', as_of => '1997-09-30') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT clv(v, m, margin_rate => 'Infinity', as_of => '1997-09-30') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT clv(v, '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}}', as_of => '1997-09-30') FROM ledger WHERE id = 1;
SELECT clv(v, '{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}, "spend": {"p": 2, "q": 3, "v": 10}}', as_of => '1997-09-30') FROM ledger WHERE id = 1;
SELECT p_alive(v, '{"model": "sbg", "params": {"alpha": 1, "beta": 1}}') FROM ledger WHERE id = 1;
SELECT retention(m, 1) FROM model LIMIT 1;
SELECT retention('{"model": "sbg", "params": {"alpha": 1, "beta": 1}}', 0);
SELECT survival('{"model": "sbg", "params": {"alpha": 1, "beta": 1}}', -1);
SELECT residual_lifetime('{"model": "sbg", "params": {"alpha": 1, "beta": 1}}', 1, -0.1);
-- discounts beyond what 1 / discount and exp(discount) can hold: the limits, by the power laws that lead there
SELECT name, residual_orders((2, 10, 20, 3)::btyd_summary, m, d) AS dert
FROM (VALUES ('bg/bb', '{"model": "bg/bb", "params": {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.78}}'::clv_model)) x(name, m),
	unnest('{745,746,1000,1.7e308}'::float8[]) d;
CREATE FUNCTION pg_temp.dert(discount float8) RETURNS float8 LANGUAGE sql RETURN
	residual_orders((2, 10, 20, 3)::btyd_summary, '{"model": "pareto/nbd", "params": {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67}}', discount);
CREATE FUNCTION pg_temp.derl(discount float8) RETURNS float8 LANGUAGE sql RETURN
	residual_lifetime('{"model": "sbg", "params": {"alpha": 0.668, "beta": 3.806}}', 1, discount);
SELECT pg_temp.dert(d) < 'Infinity' AND pg_temp.derl(d) < 'Infinity' AS finite,
	abs(ln(pg_temp.dert(d) / pg_temp.dert(1e-200)) / ln(d / 1e-200) - (0.606 - 1)) < 1e-9 AS dert,
	abs(ln(pg_temp.derl(d) / pg_temp.derl(1e-200)) / ln(d / 1e-200) - (0.668 - 1)) < 1e-9 AS derl
FROM unnest('{1e-300,1e-308,1e-310,1e-316}'::float8[]) d;
SELECT pg_temp.dert(4.94e-324) > pg_temp.dert(1e-316), pg_temp.derl(4.94e-324) > pg_temp.derl(1e-316), pg_temp.dert(1.7e308) < 1e-300, pg_temp.derl(1.7e308) AS derl;
SELECT p_alive(v, m, '1997-09-30', '-1 days') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT p_alive((1, 1, 2, 3)::btyd_summary, m, -1) FROM model LIMIT 1;
SELECT p_alive(v, m, 'infinity', '1 day') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT order_probability(v, m, -1, '1 day', '1997-09-30') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT order_probability((1, 1, 2, NULL)::btyd_summary, m, 1, 100001) FROM any_model WHERE name = 'bg/bb';
SELECT residual_orders(v, m, 0.1, '1997-09-30') FROM model, ledger WHERE id = 1 AND name = 'mbg/nbd';
SELECT residual_orders(v, m, -0.1, '1997-09-30') FROM model, ledger WHERE id = 1 AND name = 'pareto/nbd';
SELECT residual_value(v, m, 0.1, 'NaN', '1997-09-30') FROM model, ledger WHERE id = 1 AND name = 'pareto/nbd';
SELECT residual_value(v, '{"model": "pareto/nbd", "params": {"r": 1, "alpha": 1, "s": 1, "beta": 1}}', 0.1) FROM ledger WHERE id = 1;
SELECT expected_spend(v, m, 'infinity') FROM model, ledger WHERE id = 1 LIMIT 1;
SELECT clv((1, 1, 2, 3)::btyd_summary, m, -1, 0) FROM model LIMIT 1;
SELECT clv((1, 1, 2, 3)::btyd_summary, m, 1e6, 0) FROM model LIMIT 1;
SELECT clv((1, 1, 2, 3)::btyd_summary, m, 52, 'NaN') FROM model LIMIT 1;
SELECT clv((1, 1, 2, 3)::btyd_summary, '{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}, "spend": {"p": 2, "q": 3, "v": 10}}', 5, 0);
