-- Regular buyers: the models bg/cnbd-k and mbg/cnbd-k.

SET extra_float_digits = 0;

-- With k = 1 they are bg/nbd and mbg/nbd in every figure.
CREATE TEMP TABLE customer AS
SELECT i, sum(customer_value_of(date '2024-01-01' + day, 10 + i * day % 17)) AS v
FROM generate_series(1, 400) i, LATERAL (SELECT DISTINCT i % 60 + n * (5 + i * 37 % 29) + n * n * i % 3 AS day
	FROM generate_series(0, i * 13 % 11) n) d GROUP BY i;
CREATE TEMP TABLE pair AS
SELECT name, clv_fit(v, name || '/nbd', '2024-09-30') AS one,
	clv_fit(v, name || '/cnbd-k', '2024-09-30', 1) AS other
FROM customer, (VALUES ('bg'), ('mbg')) n(name) GROUP BY name;
SELECT name, other::jsonb #> '{params,k}' AS k,
	(one::jsonb - '{model,params,notes}'::text[]) = (other::jsonb - '{model,params,notes}'::text[]) AS same_fit,
	bool_and(abs((one::jsonb #>> ARRAY['params', p])::float8 / (other::jsonb #>> ARRAY['params', p])::float8 - 1) < 1e-9) AS same_params
FROM pair, unnest('{r,alpha,a,b}'::text[]) p GROUP BY 1, 2, 3 ORDER BY 1;
CREATE TEMP TABLE figure AS
SELECT name, what, x, y FROM pair, LATERAL (VALUES
	('new', expected_orders_new(one, interval '90 days'), expected_orders_new(other, interval '90 days')),
	('probability, new', order_probability(one, 2, interval '90 days'), order_probability(other, 2, interval '90 days'))) f(what, x, y)
UNION ALL SELECT name, what, x, y FROM pair, customer, LATERAL (VALUES
	('p_alive', p_alive(v, one, '2024-10-15'), p_alive(v, other, '2024-10-15')),
	('alive until', p_alive(v, one, '2024-10-15', '90 days'), p_alive(v, other, '2024-10-15', '90 days')),
	('orders', expected_orders(v, one, '90 days', '2024-10-15'), expected_orders(v, other, '90 days', '2024-10-15')),
	('probability', order_probability(v, one, 3, '90 days', '2024-10-15'), order_probability(v, other, 3, '90 days', '2024-10-15')),
	('clv', clv(v, one, '1 year', 0.1, 1, '2024-10-15'), clv(v, other, '1 year', 0.1, 1, '2024-10-15')),
	('loglik', clv_loglik(btyd(v, '2024-10-15'), one), clv_loglik(btyd(v, '2024-10-15'), other)),
	('low', (clv_range(v, one, '1 year', 0.1, 1, '2024-10-15', 0.9)).low, (clv_range(v, other, '1 year', 0.1, 1, '2024-10-15', 0.9)).low),
	('high', (clv_range(v, one, '1 year', 0.1, 1, '2024-10-15', 0.9)).high, (clv_range(v, other, '1 year', 0.1, 1, '2024-10-15', 0.9)).high)) f(what, x, y);
SELECT name, what, count(*), bool_and(abs(x - y) <= 1e-9 * abs(x)) AS same FROM figure GROUP BY 1, 2 ORDER BY 1, 2;

-- 1,000 customers that order every 27 to 33 days, of which 5 % leave after each order: of those silent for 38
-- days and more none comes back, which models of random orders do not see.
CREATE TEMP TABLE regular AS
SELECT c, sum(customer_value_of(date '2023-01-01' + day::int, 20)) AS v
FROM (SELECT c, c % 30 + sum(CASE WHEN n = 0 THEN 0 ELSE 27 + abs(hashint8(c * 1000 + n)) % 7 END) OVER w AS day,
		bool_and(n = 0 OR abs(hashint8(c * 1000 + n + 500000000)) % 100 >= 5) OVER w AS stays
	FROM generate_series(1, 1000) c, generate_series(0, 24) n WINDOW w AS (PARTITION BY c ORDER BY n)) o
WHERE stays AND day <= 540 GROUP BY c;
CREATE TEMP TABLE fitted AS SELECT name, clv_fit(v, name, '2023-09-30') AS model
FROM regular, unnest('{mbg/nbd,bg/cnbd-k,mbg/cnbd-k}'::text[]) name WHERE first_order(v) < '2023-10-01' GROUP BY name;
SELECT name, model::jsonb #> '{params,k}' AS k, CASE WHEN silent < 50 THEN '38 to 49' ELSE '50 to 74' END AS silent_days, count(*) > 10 AS enough,
	count(*) FILTER (WHERE order_days(v, '2023-10-01', '2025-01-01') > 0) AS came_back, round(avg(p_alive(v, model, '2023-09-30'))::numeric, 2) AS p_alive
FROM regular, fitted, LATERAL (SELECT date '2023-09-30' - last_order(until(v, '2023-10-01')) AS silent) d WHERE silent BETWEEN 38 AND 74 GROUP BY 1, 2, 3 ORDER BY 1, 3;
-- of those that are due, too: the next order comes about 30 days after the last one
SELECT date '2023-09-30' - last_order(until(v, '2023-10-01')) AS silent_days, count(*) > 5 AS enough,
	round(avg(expected_orders(v, model, '10 days', '2023-09-30'))::numeric, 1) AS expected
FROM regular, fitted WHERE name = 'mbg/cnbd-k' AND date '2023-09-30' - last_order(until(v, '2023-10-01')) IN (1, 10, 22, 26) GROUP BY 1 ORDER BY 1;

-- The fit finds what was simulated, k too.
CREATE TEMP TABLE simulated AS
SELECT name, customer, customer_value(at, amount) AS v
FROM (VALUES ('bg/cnbd-k', 3), ('mbg/cnbd-k', 2)) n(name, k),
	LATERAL clv_simulate(format('{"model": "%s", "params": {"k": %s, "r": 1.2, "alpha": 2.5, "a": 0.6, "b": 1.8}, "spend": {"p": 6.25, "q": 3.74, "v": 15.45}}',
		name, k)::clv_model, 8000, '2024-12-31', 7, '2023-01-01') GROUP BY 1, 2;
CREATE TEMP TABLE found AS SELECT name, clv_fit(v, name, '2024-12-31') AS model FROM simulated GROUP BY 1;
SELECT name, model::jsonb #> '{params,k}' AS k, p.key, truth, abs((p.value::float8 - truth) / (model::jsonb #>> ARRAY['std_errors', p.key])::float8) < 3 AS found
FROM found, jsonb_each_text(model::jsonb -> 'params') p, (VALUES ('r', 1.2), ('alpha', 2.5), ('a', 0.6), ('b', 1.8)) t(key, truth)
WHERE p.key = t.key ORDER BY 1, 3;
-- what was expected in the second year came
SELECT name, count(*) AS customers, abs(sum(expected_orders(v, m, '1 year', '2023-12-31')) / sum(order_days(v, '2024-01-01', '2025-01-01')) - 1) < 0.03 AS right_on_the_whole,
	abs(avg(order_probability(v, m, 0, '1 year', '2023-12-31')) - avg((order_days(v, '2024-01-01', '2025-01-01') = 0)::int)) < 0.01 AS silent,
	abs(sum(p_alive(v, m, '2023-12-31', '90 days')) / sum(p_alive(v, m, '2023-12-31')) - 1) BETWEEN 0.1 AND 0.5 AS fewer_later
FROM simulated JOIN (SELECT name, clv_fit(v, name, '2023-12-31') AS m FROM simulated GROUP BY 1) f USING (name) WHERE first_order(v) < '2024-01-01' GROUP BY 1 ORDER BY 1;
SELECT name, (t).low < (t).expected AND (t).expected < (t).high AS within, amount BETWEEN (t).low AND (t).high AS covered
FROM (SELECT name, clv_total(v, m, '1 year', 0, 1, '2023-12-31') AS t, sum(amount(v, '2024-01-01', '2025-01-01')) AS amount
	FROM simulated JOIN (SELECT name, clv_fit(v, name, '2023-12-31') AS m FROM simulated GROUP BY 1) f USING (name) WHERE first_order(v) < '2024-01-01' GROUP BY 1) s ORDER BY 1;
SELECT model, round(avg(abs(expected_orders / actual_orders - 1))::numeric, 1) AS error
FROM (SELECT clv_backtest(v, '{mbg/cnbd-k}', '{2024-01-01,2024-07-01}', '180 days') AS scores FROM simulated WHERE name = 'mbg/cnbd-k') b, unnest(scores) GROUP BY 1;

-- A sample, in any order of rows and in any unit, tells the same.
SELECT name, clv_fit(v, name, '2024-12-31')::text = clv_fit(v, name, '2024-12-31' ORDER BY md5(customer::text))::text AS any_order,
	clv_fit(v, name, '2024-12-31')::text = clv_fit(clv_sample(v), name, '2024-12-31')::text AS sample,
	clv_fit(clv_sample(v), name, '2024-12-31', k => 2)::text = clv_fit(v, name, '2024-12-31', 2)::text AS given,
	clv_fit(v, name, '2024-12-31', '1 week', 'means', 2)::text = clv_fit(clv_sample(v), name, '2024-12-31', spend => 'means', k => 2)::text AS all_options,
	clv_fit(v, name, '2024-12-31', '1 week', 2)::text = clv_fit(v, name, '2024-12-31', 2)::text AS unit_alone,
	clv_fit(v, name, '2024-12-31', NULL::int)::text = clv_fit(v, name, '2024-12-31')::text AS null_is_the_best
FROM simulated GROUP BY name ORDER BY name;
SELECT name, abs((clv_fit(v, name, '2024-12-31', '1 day')::jsonb #>> '{params,alpha}')::float8 / 7 / (clv_fit(v, name, '2024-12-31')::jsonb #>> '{params,alpha}')::float8 - 1) < 1e-9 AS any_unit,
	abs((clv_fit(v, name, '2024-12-31', '1 day')::jsonb ->> 'loglik')::float8 + ln(7) * sum(order_days(v) - 1) - (clv_fit(v, name, '2024-12-31')::jsonb ->> 'loglik')::float8) < 1e-6 AS density
FROM simulated GROUP BY name ORDER BY name;

-- Of summaries the gaps are not known, but what they add up to.
SELECT abs(clv_loglik(btyd(v, '2024-09-30'), '{"model": "mbg/cnbd-k", "params": {"k": 3, "r": 0.8, "alpha": 3, "a": 0.6, "b": 1.8}}')) < 1e9 AS finite, count(*) FROM customer GROUP BY 1;
SELECT abs((m ->> 'loglik')::float8 - l) < 1e-6 * abs(l) AS adds_up, m #> '{params,k}' AS k
FROM (SELECT clv_fit(btyd(v, '2024-09-30'), 'mbg/cnbd-k', '1 week', 2)::jsonb AS m FROM customer) f,
	LATERAL (SELECT sum(clv_loglik(btyd(v, '2024-09-30'), (m - 'notes')::clv_model)) AS l FROM customer) s;
SELECT clv_fit((2, 0, 5, 10)::btyd_summary, 'mbg/cnbd-k')::jsonb #> '{params,k}' AS k;
SELECT clv_fit((2, 0, 5, 10)::btyd_summary, 'mbg/cnbd-k', '1 day', 3);

-- what cannot be
SELECT clv_fit(v, 'mbg/cnbd-k', '2024-09-30', 0) FROM customer;
SELECT clv_fit(v, 'bg/cnbd-k', '2024-09-30', 13) FROM customer;
SELECT clv_fit(clv_sample(v), 'bg/cnbd-k', '2024-09-30', k => -1) FROM customer;
SELECT clv_fit(v, 'mbg/nbd', '2024-09-30', 2) FROM customer;
SELECT clv_fit(btyd(v, '2024-09-30'), 'pareto/nbd', '1 week', 2) FROM customer;
SELECT clv_fit(v, 'mbg/cnbd-k', '2024-09-30', i % 2 + 1) FROM customer;
SELECT clv_fit(v, 'mbg/cnbd', '2024-09-30') FROM customer;
SELECT '{"model": "mbg/cnbd-k", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "mbg/cnbd-k", "params": {"k": 0, "r": 1, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "mbg/cnbd-k", "params": {"k": 13, "r": 1, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "mbg/cnbd-k", "params": {"k": 1.5, "r": 1, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "mbg/cnbd-k", "params": {"k": "NaN", "r": 1, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "mbg/nbd", "params": {"k": 1, "r": 1, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "bg/cnbd-k", "params": {"k": 2, "r": 1, "alpha": 1.5, "a": 1, "b": 1}}'::clv_model;
SELECT residual_orders(v, other, 0.1) FROM customer, pair LIMIT 1;
