-- Covariates that are constant in time. test/t/060_lifetime.pl has the published fit.

-- What a model with covariates says: the customer's own parameters are those of Fader & Hardie 2007.
CREATE TEMP TABLE model AS SELECT m::clv_model AS m FROM (VALUES
	('{"model": "pareto/nbd", "params": {"r": 0.5, "alpha": 10, "s": 0.6, "beta": 12}, "covariates": {"alpha": [0.3, -1], "beta": [0.2, 0.5]}, "spend": {"p": 6, "q": 4, "v": 15}}'),
	('{"model": "bg/nbd", "params": {"r": 0.5, "alpha": 10, "a": 0.6, "b": 2.5}, "covariates": {"alpha": [0.3, -1], "a": [0.2, 0.5], "b": [0, 0.1]}, "spend": {"p": 6, "q": 4, "v": 15}}')) v(m);
SELECT m FROM model;
SELECT clv_model_for(m, '{1, 2}') FROM model;
SELECT (clv_model_for(m, '{1, 2}')::jsonb #>> '{params,alpha}')::float8 = 10 * exp(-(0.3 - 2)) AS alpha,
	(clv_model_for(m, '{1, 2}')::jsonb #>> '{params,beta}')::float8 = 12 * exp(-(0.2 + 1)) AS beta,
	round((clv_model_for(m, '{1, 2}')::jsonb #>> '{params,a}')::numeric, 9) = round((0.6 * exp(0.2 + 1.0))::numeric, 9) AS a,
	(clv_model_for(m, '{1, 2}')::jsonb #>> '{params,b}')::float8 = 2.5 * exp(0.2) AS b,
	clv_model_for(m, '{0, 0}')::jsonb -> 'params' = m::jsonb -> 'params' AS none
FROM model;
-- for all functions
WITH one AS (SELECT customer_value(d::date, 10) AS cv FROM unnest('{2025-01-01, 2025-02-01, 2025-03-10}'::text[]) d)
SELECT round(p_alive(cv, clv_model_for(m, z), '2025-12-31')::numeric, 6) AS p_alive, round(expected_orders(cv, clv_model_for(m, z), '1 year', '2025-12-31')::numeric, 6) AS expected_orders,
	round(clv(cv, clv_model_for(m, z), as_of => '2025-12-31')::numeric, 6) AS clv
FROM one, model, (VALUES ('{0, 0}'::float8[]), ('{1, 0}'), ('{0, -1}')) v(z) ORDER BY 1, 2;
-- and none without them
\set VERBOSITY terse
SELECT p_alive(customer_value_of('2025-01-01', 1), m, '2025-12-31') FROM model;
SELECT expected_orders((1, 5, 10, 3)::btyd_summary, m, 5) FROM model;
SELECT clv(customer_value_of('2025-01-01', 1), m) FROM model;
SELECT expected_orders_new(m, 5) FROM model;
SELECT clv_range(customer_value_of('2025-01-01', 1), m) FROM model;
SELECT clv_total(customer_value_of('2025-01-01', 1), m) FROM model;
SELECT * FROM clv_simulate((SELECT m FROM model LIMIT 1), 2, '2025-12-31');
SELECT customer_value.create_base('without', basis => 'clv', model => (SELECT m FROM model LIMIT 1));
SELECT clv_model_for(m, '{1}') FROM model;
SELECT clv_model_for(m, '{1, NULL}') FROM model;
SELECT clv_model_for(m, '{1, NaN}') FROM model;
SELECT clv_model_for(m, '{1, -Infinity}') FROM model;
SELECT clv_model_for(m, '{1, 2000}') FROM model;
SELECT clv_model_for(m, '{}') FROM model;
SELECT clv_model_for(m, '{{1, 2}, {3, 4}}') FROM model;
SELECT clv_model_for(m, '{1, 1e300}') FROM model;
SELECT clv_model_for(clv_model_for(m, '{1, 2}'), '{1, 2}') FROM model;
SELECT clv_model_for(m, NULL) IS NULL AS unknown FROM model;

-- What is read is checked.
CREATE FUNCTION pg_temp.try(part text, model text DEFAULT 'pareto/nbd') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN format('{"model": "%s", "params": {"r": 0.5, "alpha": 10, "%s": 0.6, "%s": 12}, %s}', model, CASE model WHEN 'pareto/nbd' THEN 's' ELSE 'a' END,
		CASE model WHEN 'pareto/nbd' THEN 'beta' ELSE 'b' END, part)::clv_model::text;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT part, pg_temp.try(part) FROM unnest(ARRAY['"covariates": {"alpha": [1], "beta": [2], "std_errors": {"alpha": [0.1], "beta": [null]}}',
	'"covariates": 1', '"covariates": {}', '"covariates": {"alpha": [1]}', '"covariates": {"alpha": [1], "beta": [2, 3]}', '"covariates": {"alpha": [], "beta": []}',
	'"covariates": {"alpha": [null], "beta": [2]}', '"covariates": {"alpha": ["1"], "beta": [2]}', '"covariates": {"alpha": [1e400], "beta": [2]}', '"covariates": {"alpha": [1], "beta": [2], "s": [1]}',
	'"covariates": {"alpha": [1,2,3,4,5,6,7,8,9], "beta": [1,2,3,4,5,6,7,8,9]}', '"covariates": {"alpha": [1], "beta": [2], "std_errors": {"alpha": [-1], "beta": [1]}}',
	'"covariates": {"alpha": [1], "beta": [2], "std_errors": {"alpha": [1]}}', '"covariates": {"alpha": [1], "beta": [2]}, "covariance": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]']) part;
SELECT pg_temp.try('"covariates": {"alpha": [1], "beta": [2]}', 'mbg/nbd');
SELECT pg_temp.try('"covariates": {"alpha": [1], "a": [2]}', 'bg/nbd');

-- Fits: customers of two kinds, of which one orders more and leaves earlier, and of an age.
CREATE TEMP TABLE buyer AS
SELECT kind, customer * 2 + kind AS customer, customer * 7 % 40 AS age, customer_value(at, amount) AS cv
FROM (VALUES (0, 24, 60), (1, 12, 15)) k(kind, alpha, beta), LATERAL clv_simulate(format('{"model": "pareto/nbd", "params": {"r": 2, "alpha": %s, "s": 1.5, "beta": %s}, "spend": {"p": 6, "q": 4, "v": 15}}', alpha, beta)::clv_model,
	400, '2025-06-30', 3 + kind, '2024-01-01') o
GROUP BY kind, customer;
CREATE TEMP TABLE fitted AS SELECT name, clv_fit(cv, name, '2025-06-30', ARRAY[kind, age]::float8[]) AS m FROM buyer, unnest('{pareto/nbd,bg/nbd}'::text[]) name GROUP BY name;
SELECT name, m::jsonb -> 'converged' AS converged, m::jsonb -> 'customers' AS customers, jsonb_array_length(m::jsonb -> 'covariance') AS unknowns,
	(m::jsonb ->> 'loglik')::float8 - (without::jsonb ->> 'loglik')::float8 > 20 AS better,
	(m::jsonb #>> '{covariates,beta,0}')::float8 / (m::jsonb #>> '{covariates,std_errors,beta,0}')::float8 > 2 AS kind_leaves,
	m::text = m::text::clv_model::text AS round_trip, m::text = m::jsonb::clv_model::text AS by_jsonb
FROM fitted JOIN (SELECT name, clv_fit(cv, name, '2025-06-30') AS without FROM buyer, unnest('{pareto/nbd,bg/nbd}'::text[]) name GROUP BY name) w USING (name) ORDER BY 1 DESC;
-- The likelihood is the sum over customers of that of their own models, and a maximum of it.
SELECT name, abs(sum(clv_loglik(btyd(cv, '2025-06-30'), clv_model_for(m, ARRAY[kind, age]))) / (m::jsonb ->> 'loglik')::float8 - 1) < 1e-12 AS loglik
FROM buyer, fitted GROUP BY name, m ORDER BY 1 DESC;
WITH moved AS (
	SELECT name, path, step, m, jsonb_set(m::jsonb, path, to_jsonb((m::jsonb #>> path)::float8 + step * (m::jsonb #>> CASE path[1] WHEN 'params' THEN '{std_errors}'::text[] || path[2] ELSE '{covariates,std_errors}'::text[] || path[2:] END)::float8))::clv_model AS changed
	FROM fitted, (VALUES ('{params,r}'::text[]), ('{params,alpha}'), ('{params,s}'), ('{params,beta}'), ('{covariates,alpha,0}'), ('{covariates,alpha,1}'), ('{covariates,beta,0}'), ('{covariates,beta,1}')) p(path), (VALUES (-0.1), (0.1)) s(step) WHERE name = 'pareto/nbd')
SELECT path, bool_and(loglik < (m ->> 'loglik')::float8) AS maximum
FROM (SELECT path, step, m::jsonb AS m, sum(clv_loglik(btyd(cv, '2025-06-30'), clv_model_for(changed, ARRAY[kind, age]))) AS loglik FROM moved, buyer GROUP BY path, step, m::jsonb) f
GROUP BY path ORDER BY 1;
-- What is measured in other units, or from elsewhere, has the same effect.
SELECT name, round(((x #>> '{covariates,beta,1}')::numeric * 1000 / (m::jsonb #>> '{covariates,beta,1}')::numeric), 6) AS beta, round((x ->> 'loglik')::numeric - (m::jsonb ->> 'loglik')::numeric, 6) AS loglik
FROM fitted JOIN (SELECT name, clv_fit(cv, name, '2025-06-30', ARRAY[kind, 1000 * age - 300]::float8[])::jsonb AS x FROM buyer, unnest('{pareto/nbd}'::text[]) name GROUP BY name) f USING (name);
-- any order of rows; in weeks and in days; with the spend model of means
SELECT (SELECT clv_fit(cv, 'pareto/nbd', '2025-06-30', ARRAY[kind, age]::float8[] ORDER BY md5(customer::text)) FROM buyer)::text = m::text AS any_order,
	round((d #>> '{params,alpha}')::numeric / (m::jsonb #>> '{params,alpha}')::numeric, 6) AS days, round((d #>> '{covariates,beta,0}')::numeric - (m::jsonb #>> '{covariates,beta,0}')::numeric, 6) AS the_same, d #>> '{spend,of}' AS spend
FROM fitted, (SELECT clv_fit(cv, 'pareto/nbd', '2025-06-30', '1 day', 'means', ARRAY[kind, age]::float8[])::jsonb AS d FROM buyer) f WHERE name = 'pareto/nbd';
SELECT clv_fit(cv, 'pareto/nbd', '2025-06-30', '{1}') AS nobody FROM buyer WHERE false;

-- what cannot be fitted
SELECT clv_fit(cv, 'mbg/nbd', '2025-06-30', ARRAY[kind]::float8[]) FROM buyer;
SELECT clv_fit(cv, 'pareto/nbd', '2025-06-30', ARRAY[kind, 3]::float8[]) FROM buyer;
SELECT clv_fit(cv, 'bg/nbd', '2025-06-30', ARRAY[kind, 1 - kind]::float8[]) FROM buyer;
SELECT clv_fit(cv, 'bg/nbd', '2025-06-30', CASE customer WHEN 9 THEN ARRAY[kind] ELSE ARRAY[kind, age] END::float8[] ORDER BY customer) FROM buyer;
SELECT clv_fit(cv, 'bg/nbd', '2025-06-30', ARRAY[NULLIF(kind, 1)]::float8[]) FROM buyer;
SELECT clv_fit(cv, 'bg/nbd', '2025-06-30', NULL::float8[]) FROM buyer;
SELECT clv_fit(cv, 'bg/nbd', '2025-06-30', ARRAY[CASE kind WHEN 1 THEN 'NaN'::float8 ELSE 0 END]::float8[]) FROM buyer;
SELECT clv_fit(cv, 'bg/nbd', '2025-06-30', ARRAY[CASE kind WHEN 1 THEN 'Infinity'::float8 ELSE 0 END]::float8[]) FROM buyer;
SELECT clv_fit(cv, 'bg/nbd', '2025-06-30', ARRAY[1, 2, 3, 4, 5, 6, 7, 8, kind]::float8[]) FROM buyer;
SELECT clv_fit(cv, 'bg/nbd', '2025-06-30', '{}'::float8[]) FROM buyer;
SELECT clv_fit(cv, 'pareto/nbd', '2025-06-30', ARRAY[kind + 1e6]::float8[]) FROM buyer;
\set VERBOSITY default
SELECT p_alive(cv, (SELECT m FROM fitted WHERE name = 'bg/nbd'), '2025-06-30') FROM buyer;
