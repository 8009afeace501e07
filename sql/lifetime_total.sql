-- Values to come with their intervals. Coverage of more shops is reported in the README.
CREATE TEMP VIEW truth AS SELECT '{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 20, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}'::clv_model AS m;
CREATE TEMP TABLE shop AS SELECT seed, customer, customer_value(at, amount) AS v
FROM truth, generate_series(1, 60) seed, LATERAL clv_simulate(m, 500, '2025-12-31', seed, '2022-01-01') GROUP BY 1, 2;
CREATE TEMP TABLE fitted AS SELECT seed, clv_fit(until(v, '2025-01-01'), 'bg/nbd', '2024-12-31') AS m FROM shop GROUP BY 1;
CREATE TEMP TABLE total AS SELECT seed, clv_total(v, m, '1 year', 0, 1, '2024-12-31') AS t, sum(clv(v, m, '1 year', 0, 1, '2024-12-31')) AS expected,
	sum(amount(v, '2025-01-01', '2026-01-01')) AS actual FROM shop JOIN fitted USING (seed) GROUP BY 1;
-- of sixty shops 54 are to be inside, with a standard deviation of 2.3
SELECT count(*), count(*) FILTER (WHERE actual BETWEEN (t).low AND (t).high) BETWEEN 48 AND 60 AS covered,
	bool_and(abs((t).expected / expected - 1) < 1e-9) AS as_clv, abs(sum((t).expected) / sum(actual) - 1) < 0.05 AS near FROM total;
-- a wider level is a wider interval; the margin rate scales; discounts shrink
SELECT (a).low < (b).low AND (a).high > (b).high AND (a).expected = (b).expected AS wider, abs((c).high / (b).high / 0.25 - 1) < 1e-12 AS margin, (d).expected < (b).expected AS discounted
FROM (SELECT clv_total(v, m, '1 year', 0, 1, '2024-12-31', 0.99) AS a, clv_total(v, m, '1 year', 0, 1, '2024-12-31', 0.9) AS b,
	clv_total(v, m, '1 year', 0, 0.25, '2024-12-31') AS c, clv_total(v, m, '1 year', 0.1, 1, '2024-12-31') AS d FROM shop JOIN fitted USING (seed) WHERE seed = 1) x;
-- any order of rows, and the models
SELECT name, (a) = (b) AS any_order, (a).low > 0 AND (a).low < (a).expected AND (a).expected < (a).high AS inside
FROM unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) name, LATERAL (SELECT clv_fit(until(v, '2025-01-01'), name, '2024-12-31') AS m FROM shop WHERE seed = 2) f,
	LATERAL (SELECT clv_total(v, m, '1 year', 0.1, 1, '2024-12-31') AS a, clv_total(v, m, '1 year', 0.1, 1, '2024-12-31' ORDER BY md5(customer::text)) AS b FROM shop WHERE seed = 2) x ORDER BY 1;
-- one customer: the same as a total of one, and more certain the more it has ordered
SELECT bool_and(clv_range(v, m, '1 year', 0.1, 1, '2024-12-31') = t) AS total_of_one, bool_and(abs((t).expected - clv(v, m, '1 year', 0.1, 1, '2024-12-31')) < 1e-9) AS as_clv,
	bool_and((t).low >= 0 AND (t).high >= (t).low) AS ordered
FROM (SELECT v, m, clv_total(v, m, '1 year', 0.1, 1, '2024-12-31') AS t FROM shop JOIN fitted USING (seed) WHERE seed = 3 GROUP BY customer, v, m) x;
-- how often single customers come to lie above
SELECT avg((amount(v, '2025-01-01', '2026-01-01') > (clv_range(v, m, '1 year', 0, 1, '2024-12-31')).high)::int) BETWEEN 0.035 AND 0.065 AS above
FROM shop JOIN fitted USING (seed) WHERE seed <= 20;
-- the defaults
SELECT clv_total(v, m) = clv_total(v, m, '1 year', 0.1, 1, current_date, 0.9) AS a, clv_total(v, m, '6 months') = clv_total(v, m, '6 months', 0.1) AS b,
	clv_total(v, m, '6 months', 0.1, 1) = clv_total(v, m, '6 months', 0.1, 1, current_date) AS c FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT bool_and(clv_range(v, m) = clv_range(v, m, level => 0.9, as_of => current_date)) FROM shop JOIN fitted USING (seed) WHERE seed = 1;
-- nobody, nothing, and no time
SELECT clv_total(v, m, '1 year', 0, 1, '2020-01-01') AS nobody, clv_total(v, m, '0 days', 0, 1, '2024-12-31') AS no_time, clv_total(v, m, '1 year', 0, 0, '2024-12-31') AS no_margin
FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_range('{}', m), clv_range(NULL, m), clv_range('{2024-01-01 1 5}', m, NULL) FROM fitted WHERE seed = 1;
-- where the spend model has no variance, the interval has no upper end
SELECT clv_range('{2024-01-01 1 5}', jsonb_set(m::jsonb, '{spend,q}', '1.5')::clv_model, '1 year', 0, 1, '2024-12-31') IS NOT NULL AS is,
	(clv_range('{2024-01-01 1 5}', jsonb_set(jsonb_set(m::jsonb, '{spend,q}', '1.5'), '{spend,of}', '"means"')::clv_model, '1 year', 0, 1, '2024-12-31')).high AS high FROM fitted WHERE seed = 1;

-- Wrong input
\set VERBOSITY terse
SELECT clv_total(v, m, '-1 days', 0, 1, '2024-12-31') FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, m, '1001 years', 0, 1, '2024-12-31') FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, m, '1 year', -1, 1, '2024-12-31') FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, m, '1 year', 0, -1, '2024-12-31') FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, m, '1 year', 0, 'NaN', '2024-12-31') FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, m, '1 year', 0, 1, 'infinity') FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, m, '1 year', 0, 1, '2024-12-31', 1) FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, m, '1 year', 0, 1, '2024-12-31', 'NaN') FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, m, '1 year', 0, 1, '2024-12-31', NULL) FROM shop JOIN fitted USING (seed) WHERE seed = 1;
SELECT clv_total(v, NULL) FROM shop;
SELECT clv_total(v, m, '1 year', 0, 1, '2024-12-31') FROM shop JOIN fitted USING (seed) WHERE seed < 3;
SELECT clv_total(v, m) FROM shop, truth;
SELECT clv_total(v, (m::jsonb - 'spend')::clv_model) FROM shop, fitted;
SELECT clv_total(v, '{"model": "sbg", "params": {"alpha": 1, "beta": 1}}') FROM shop;
SELECT clv_range('{2024-01-01 1 5}', '{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}}');
