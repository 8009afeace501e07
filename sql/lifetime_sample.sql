-- The data of a fit as a value, spend by single orders, and returns.
CREATE TEMP TABLE buyer AS
SELECT c, customer_value(date '2024-01-01' + 20 * i + c % 17, round((20 + c) * (0.9 + 0.2 * ((c * 31 + i * 17) % 101) / 100.0), 2)) AS v
FROM generate_series(0, 199) c, LATERAL generate_series(0, 11 + c % 5) i GROUP BY c;

-- Customers who differ, each within 10 % of the mean: means cannot tell, orders can.
CREATE TEMP TABLE fitted AS
SELECT clv_fit(v, 'bg/nbd', '2024-12-31') AS orders, clv_fit(v, 'bg/nbd', '2024-12-31', 'means') AS means, clv_sample(v) AS s FROM buyer;
SELECT orders::jsonb #>> '{spend,of}' AS of, means::jsonb #>> '{spend,of}' AS of, (orders::jsonb #>> '{spend,p}')::numeric BETWEEN 150 AND 350 AS p,
	(orders::jsonb #>> '{spend,q}')::numeric BETWEEN 2 AND 3 AS q, means::jsonb -> 'notes' AS notes FROM fitted;
SELECT c, round(expected_spend(v, orders)::numeric, 1) AS orders, round(expected_spend(v, means)::numeric, 1) AS means, round(amount(v) / order_days(v), 1) AS mean
FROM buyer, fitted WHERE c IN (0, 100, 199) ORDER BY c;
SELECT clv_fit(v, 'bg/nbd', '2024-12-31', 'orders')::text = (SELECT orders::text FROM fitted) AS by_default,
	clv_fit(v, 'bg/nbd', '2024-12-31', '1 week')::text = (SELECT orders::text FROM fitted) AS unit_in_its_place,
	clv_fit(v, 'bg/nbd', '2024-12-31', interval '1 week', 'means')::text = (SELECT means::text FROM fitted) AS both FROM buyer;

-- The fit of a sample is that of the ledgers, to the last bit, whatever the day of view.
SELECT clv_fit(s, 'bg/nbd', '2024-12-31')::text = orders::text AS orders, clv_fit(s, 'bg/nbd', '2024-12-31', spend => 'means')::text = means::text AS means,
	clv_fit(s, 'pareto/nbd', '2025-06-30', unit => '1 day')::text = (SELECT clv_fit(v, 'pareto/nbd', '2025-06-30', '1 day')::text FROM buyer) AS later FROM fitted;
SELECT clv_fit(clv_sample(until(v, '2024-08-01')), 'bg/nbd', '2024-07-31')::text = clv_fit(v, 'bg/nbd', '2024-07-31')::text AS calibration,
	clv_sample(v ORDER BY md5(c::text)) = (SELECT s FROM fitted) AS any_order FROM buyer;
SELECT sum(s) = (SELECT s FROM fitted) AS merged FROM (SELECT clv_sample(v) AS s FROM buyer GROUP BY c % 7) x;
SELECT s::text::clv_sample = s AS text, s::jsonb::clv_sample = s AS jsonb, s + s - s = s AS added, - (- s) = s AS negated, s < s + s OR s > s + s AS ordered,
	clv_sample_hash(s) = clv_sample_hash(s + s - s) AS hash, s - s FROM fitted;
-- an order moves one customer
SELECT s - one + more = (SELECT clv_sample(CASE WHEN c = 7 THEN v + customer_value_of(date '2024-12-24', 50) ELSE v END) FROM buyer) AS moved
FROM fitted, LATERAL (SELECT clv_sample(v) AS one, clv_sample(v + customer_value_of(date '2024-12-24', 50)) AS more FROM buyer WHERE c = 7) x;
SELECT clv_sample(v) FROM buyer WHERE c < 2;
SELECT clv_sample(v) IS NULL AS nobody FROM (VALUES (NULL), ('{}'::customer_value), ('{2024-01-01 0 -5}')) x(v);
SELECT clv_fit(s - s, 'bg/nbd', '2024-12-31') IS NULL AS nobody FROM fitted;

-- Returns: the same customer, however it is written down; what is more goes back further.
SELECT v, (btyd(v, '2024-03-31')).mean_spend, round(clv(v, '{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 9, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}', as_of => '2024-03-31')::numeric, 2) AS clv
FROM unnest('{"{2024-01-10 1 100,2024-02-10 1 200,2024-02-20 0 -200}","{2024-01-10 1 100,2024-02-10 1 0}","{2024-01-10 1 100,2024-02-10 1 200,2024-02-20 0 -250}"}'::customer_value[]) v;
-- half of what is bought comes back after 14 days: the forecast is of what stays
CREATE TEMP TABLE returner AS
WITH o AS (SELECT customer, at::date AS day, amount, hashint8(customer * 1000003::bigint + extract(doy FROM at)::int) % 2 = 0 AS back
	FROM clv_simulate('{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 9, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}', 3000, '2025-12-31', 3, '2024-07-01'))
SELECT customer, customer_value(day, amount) AS v FROM (SELECT customer, day, amount FROM o UNION ALL SELECT customer, day + 14, -amount FROM o WHERE back) x GROUP BY 1;
SELECT round((sum(expected_orders(v, m, '184 days', '2025-06-30') * expected_spend(until(v, '2025-07-01'), m)) / sum(amount(v, '2025-07-01', '2026-01-01')::float8))::numeric, 1) AS forecast_of_actual
FROM returner, (SELECT clv_fit(v, 'bg/nbd', '2025-06-30') AS m FROM returner) f;

-- a model with a share kept simulates it, and is found again
SELECT round(avg((amount = 0)::int), 1) AS sent_back FROM clv_simulate('{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 9, "a": 0.8, "b": 2.5},
	"spend": {"of": "orders", "p": 6, "q": 4, "v": 15, "kept": {"a": 3, "b": 2}}}', 3000, '2025-12-31', 5);
SELECT round((m #>> '{spend,kept,a}')::numeric) AS a, round((m #>> '{spend,kept,b}')::numeric) AS b, round((m #>> '{spend,p}')::numeric) AS p, round((m #>> '{spend,q}')::numeric) AS q
FROM (SELECT clv_fit(v, 'bg/nbd', '2025-12-31')::jsonb AS m FROM (SELECT customer_value(at, amount) AS v FROM clv_simulate('{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 200, "a": 0.8, "b": 2.5},
	"unit_days": 1, "spend": {"of": "orders", "p": 6, "q": 4, "v": 15, "kept": {"a": 3, "b": 2}}}', 10000, '2025-12-31', 5, '2023-01-01') GROUP BY customer) x) f;

-- q stays above 1, so that the mean is finite
SELECT m::jsonb #>> '{spend,q}' AS q, m::jsonb -> 'notes' AS notes FROM (SELECT clv_fit(customer_value_of(date '2024-01-01' + i % 30, round(10 * (1 - i / 301.0) ^ (-2), 2)) +
	CASE WHEN i % 2 = 0 THEN customer_value_of(date '2024-03-01' + i % 40, round(11 * (1 - i / 301.0) ^ (-2), 2)) ELSE '{}' END, 'mbg/nbd', '2024-06-30') AS m FROM generate_series(1, 300) i) x;

-- Wrong input
\set VERBOSITY terse
SELECT clv_fit(v, 'bg/nbd', '2024-12-31', 'median') FROM buyer;
SELECT clv_fit(s, 'bg/nbd', '2024-06-30') FROM fitted;
SELECT clv_fit(- s, 'bg/nbd', '2024-12-31') FROM fitted;
SELECT clv_fit(s, 'sbg', '2024-12-31') FROM fitted;
SELECT clv_fit(s, NULL, '2024-12-31') FROM fitted;
SELECT clv_fit(s, 'bg/nbd', NULL) FROM fitted;
SELECT '{"version": 2, "histories": [], "spends": [], "log_spend": 0, "log_gaps": 0}'::clv_sample;
SELECT '{"version": 1, "histories": [], "spends": [], "log_spend": 0}'::clv_sample;
SELECT '{"version": 1, "histories": [["2024-01-01", "2023-01-01", 2, 1]], "spends": [], "log_spend": 0, "log_gaps": 0}'::clv_sample;
SELECT '{"version": 1, "histories": [["2024-01-01", "2024-01-01", 1, 1]], "spends": [], "log_spend": 0, "log_gaps": 0}'::clv_sample;
SELECT '{"version": 1, "histories": [], "spends": [[1, 2, 3, 0, 1]], "log_spend": 0, "log_gaps": 0}'::clv_sample;
SELECT ''::clv_sample;
SELECT '[]'::jsonb::clv_sample;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "spend": {"of": "sums", "p": 6, "q": 4, "v": 15}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "spend": {"p": 6, "q": 4, "v": 15, "kept": {"a": 1, "b": 1}}}'::clv_model;
SELECT clv_sample_accumulate(NULL, '{}');
