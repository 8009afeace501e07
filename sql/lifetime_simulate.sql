-- Simulated orders, and expected against actual ones. Whether simulated customers give their model back is
-- checked in test/t/060_lifetime.pl.
CREATE TEMP TABLE model AS
SELECT m::jsonb ->> 'model' AS name, m FROM unnest(ARRAY[
	'{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 4, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}',
	'{"model": "mbg/nbd", "params": {"r": 0.8, "alpha": 4, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}',
	'{"model": "pareto/nbd", "params": {"r": 0.8, "alpha": 4, "s": 0.9, "beta": 12}, "spend": {"p": 6, "q": 4, "v": 15}}',
	'{"model": "bg/bb", "params": {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8}}']::clv_model[]) m;
SELECT name, count(DISTINCT customer), min(customer), max(customer), count(*) > 1000 AS repeated, min(at) >= '2025-01-01' AS begins,
	max(first) < '2025-04-03' AS first_orders_early, max(at) > '2025-12-20' AND max(at) < '2026-01-01' AS ends, min(amount) > 0 AS pays, max(scale(amount)) AS scale
FROM model, LATERAL (SELECT *, min(at) OVER (PARTITION BY customer) AS first FROM clv_simulate(m, 1000, '2025-12-31', 1, '2025-01-01')) s GROUP BY name ORDER BY 1;
-- the same seed, the same orders, whoever else there is; another seed, others
SELECT name, (SELECT md5(string_agg(x::text, ',')) FROM clv_simulate(m, 50, '2025-12-31', 3) x) = (SELECT md5(string_agg(x::text, ',')) FROM clv_simulate(m, 80, '2025-12-31', 3) x WHERE customer <= 50) AS same,
	(SELECT md5(string_agg(x::text, ',')) FROM clv_simulate(m, 50, '2025-12-31', 3) x) <> (SELECT md5(string_agg(x::text, ',')) FROM clv_simulate(m, 50, '2025-12-31', 4) x) AS another
FROM model ORDER BY 1;
SELECT DISTINCT amount FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/bb'), 50, '2025-12-31') ORDER BY 1;
SELECT count(*) FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/nbd'), 0, '2025-12-31');
SELECT count(*) FROM clv_simulate(NULL, 10, '2025-12-31');
SELECT count(*), min(at)::date, max(at)::date FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/nbd'), 1, '2025-12-31', 1, '2025-12-31');
SELECT count(*) FROM clv_simulate('{"model": "pareto/nbd", "params": {"r": 0.0001, "alpha": 100000, "s": 0.0001, "beta": 0.0001}}', 100, '2025-12-31');

-- tracking
CREATE TEMP TABLE ledger AS
SELECT customer, customer_value(at, amount) AS v FROM clv_simulate((SELECT m FROM model WHERE name = 'pareto/nbd'), 2000, '2025-12-31', 1, '2025-01-01') GROUP BY customer;
SELECT period, until, abs(expected / actual - 1) < 0.15 AS near, actual = (SELECT sum(order_days(until(v, t.until + 1)) - 1) FROM ledger WHERE first_order(v) <= t.until) AS actual,
	abs(expected / (SELECT sum(expected_orders_new(m, (t.until - first_order(v)) / 7.0)) FROM ledger, model WHERE name = 'pareto/nbd' AND first_order(v) <= t.until) - 1) < 1e-12 AS expected
FROM unnest((SELECT clv_tracking(v, m, '2025-12-31', '2 months') FROM ledger, model WHERE name = 'pareto/nbd')) t;
SELECT count(*), max(until) FROM unnest((SELECT clv_tracking(v, m, '2025-06-30') FROM ledger, model WHERE name = 'bg/nbd')) t;
SELECT unnest(clv_tracking('{2025-01-01 1 5, 2025-01-03 2 7}', m, '2025-01-01')) FROM model WHERE name = 'mbg/nbd';
SELECT clv_tracking(v, m, '2024-06-30') FROM ledger, model WHERE name = 'bg/nbd';
SELECT clv_tracking(v, m, '2025-06-30') FROM ledger, model WHERE false;
SELECT clv_tracking(NULL, m, '2025-06-30') FROM model WHERE name = 'bg/nbd';

-- Wrong input
\set VERBOSITY terse
SELECT count(*) FROM clv_simulate('{"model": "sbg", "params": {"alpha": 1, "beta": 1}}', 10, '2025-12-31');
SELECT count(*) FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/nbd'), -1, '2025-12-31');
SELECT count(*) FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/nbd'), 1, 'infinity');
SELECT count(*) FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/nbd'), 1, '2025-12-31', 1, '-infinity');
SELECT count(*) FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/nbd'), 1, '2025-12-31', 1, '2026-01-01');
SELECT count(*) FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/nbd'), 1, '2025-12-31', 1, '0125-01-01');
SELECT count(*) FROM clv_simulate((SELECT m FROM model WHERE name = 'bg/nbd'), 1, '5000000-12-31', 1);
SELECT clv_tracking(v, '{"model": "sbg", "params": {"alpha": 1, "beta": 1}}', '2025-06-30') FROM ledger;
SELECT clv_tracking(v, m, '2025-06-30') FROM ledger, model WHERE name = 'bg/bb';
SELECT clv_tracking(v, m, '2025-06-30') FROM ledger, model WHERE name <> 'bg/bb';
SELECT clv_tracking(v, m, 'infinity') FROM ledger, model WHERE name = 'bg/nbd';
SELECT clv_tracking(v, m, '9000-01-01') FROM ledger, model WHERE name = 'bg/nbd';
SELECT clv_tracking(v, m, '2300-01-01', '1 day') FROM ledger, model WHERE name = 'bg/nbd';
SELECT clv_tracking(v, m, NULL) FROM ledger, model WHERE name = 'bg/nbd';
SELECT clv_tracking(v, m, '2025-06-30', '0 days') FROM ledger, model WHERE name = 'bg/nbd';
SELECT clv_tracking(v, m, '2025-06-30', '-1 days') FROM ledger, model WHERE name = 'bg/nbd';
