-- Maximum likelihood. What the fits find is checked against published data here, and against CDNOW in
-- test/t/060_lifetime.pl.

-- contracts: Fader & Hardie 2007 print 0.704, 1.182 and 0.668, 3.806
CREATE TEMP TABLE cohort (name text, survivors bigint[]);
INSERT INTO cohort VALUES ('regular', '{1000, 631, 468, 382, 326, 289, 262, 241}'), ('high end', '{1000, 869, 743, 653, 593, 551, 517, 491}');
SELECT name, round((m -> 'params' ->> 'alpha')::numeric, 3) AS alpha, round((m -> 'params' ->> 'beta')::numeric, 3) AS beta,
	round((m ->> 'loglik')::numeric, 1) AS loglik, m ->> 'customers' AS customers, m ->> 'converged' AS converged, m -> 'notes' AS notes
FROM (SELECT name, clv_fit_sbg(period::int - 1, s)::jsonb AS m FROM cohort, unnest(survivors) WITH ORDINALITY u(s, period) GROUP BY name) f;

-- Several cohorts share their parameters, each for as long as it is known; added up they would tell another story.
CREATE TEMP TABLE contract AS SELECT name, period::int - 1 AS period, s FROM (VALUES ('2023', '{1000, 869, 743, 653, 593}'::bigint[]),
	('2024', '{800, 690, 601}'), ('2025', '{1200, 1010}')) c(name, survivors), unnest(survivors) WITH ORDINALITY u(s, period);
SELECT round((m #>> '{params,alpha}')::numeric, 4) AS alpha, round((m #>> '{params,beta}')::numeric, 4) AS beta, round((m ->> 'loglik')::numeric, 4) AS loglik, m ->> 'customers' AS customers, m ->> 'converged' AS converged, m -> 'notes' AS notes
FROM (SELECT clv_fit_sbg(period, s, name)::jsonb AS m FROM contract) f;
SELECT clv_fit_sbg(period, s, name)::text = clv_fit_sbg(period, s, name::int ORDER BY md5(name || period))::text AS any_order_any_type,
	clv_fit_sbg(period, s, name)::text = clv_fit_sbg(period, s, make_date(name::int, 1, 1))::text AS dates,
	(clv_fit_sbg(period, s, true) FILTER (WHERE name = '2023'))::text = (clv_fit_sbg(period, s) FILTER (WHERE name = '2023'))::text AS one_cohort,
	clv_fit_sbg(NULL, s, name) AS nobody
FROM contract;

-- opportunities: Fader, Hardie & Shang 2010 print 1.204, 0.750, 0.657, 2.783
CREATE TEMP TABLE donor (frequency int, recency int, customers int);
INSERT INTO donor VALUES (6, 6, 1203), (5, 6, 728), (4, 6, 512), (3, 6, 357), (2, 6, 234), (1, 6, 129), (5, 5, 335), (4, 5, 284), (3, 5, 225),
	(2, 5, 173), (1, 5, 119), (4, 4, 240), (3, 4, 181), (2, 4, 155), (1, 4, 78), (3, 3, 322), (2, 3, 255), (1, 3, 129), (2, 2, 613), (1, 2, 277),
	(1, 1, 1091), (0, 0, 3464);
SELECT p.key, round(p.value::numeric, 3) AS value, round((m -> 'std_errors' ->> p.key)::numeric, 3) AS std_error
FROM (SELECT clv_fit_bgbb(frequency, recency, 6)::jsonb AS m FROM donor, generate_series(1, customers)) f, jsonb_each_text(m -> 'params') p ORDER BY 1;
SELECT clv_fit_bgbb(frequency, recency, 6)::text = clv_fit((frequency, recency, 6, NULL)::btyd_summary, 'bg/bb')::text AS same
FROM donor, generate_series(1, customers);

-- Customers as they might be: the same in every order of rows, in weeks and in days, and at a maximum.
CREATE TEMP TABLE customer AS
SELECT i, (f, CASE WHEN f = 0 THEN 0 WHEN gone AND f < 3 THEN 1 + i * 31 % (age * 2 / 3) ELSE age - i * 17 % 50 END, age, 10 + i % 31 * (1 + i % 7))::btyd_summary AS s
FROM (SELECT i, 150 + i % 83 AS age, i * 7 % 10 < 6 AS gone, floor(-ln(1 - i * 0.6180339 % 1) * (1 + i % 5))::int AS f FROM generate_series(1, 3000) i) x;
CREATE TEMP TABLE fitted AS
SELECT name, clv_fit(s, name, '1 day') AS m FROM customer, unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) name GROUP BY name;
SELECT name, m::jsonb -> 'customers' AS customers, m::jsonb #> '{spend,customers}' AS spenders, m::jsonb -> 'unit_days' AS unit_days, m::jsonb -> 'converged' AS converged,
	m::jsonb -> 'notes' AS notes FROM fitted ORDER BY 1;
SELECT name, m::text = (SELECT clv_fit(s, name, '1 day' ORDER BY md5(i::text)) FROM customer)::text AS any_order FROM fitted ORDER BY 1;
SELECT name, max(abs(w.value::float8 * CASE WHEN p.key IN ('alpha', 'beta') THEN 7 ELSE 1 END / p.value::float8 - 1)) < 1e-9 AS weeks_are_days
FROM fitted, LATERAL (SELECT clv_fit(((s).frequency, (s).recency / 7, (s).age / 7, (s).mean_spend)::btyd_summary, name) AS weeks FROM customer) x,
	jsonb_each_text(m::jsonb -> 'params') p JOIN LATERAL jsonb_each_text(weeks::jsonb -> 'params') w USING (key) GROUP BY 1 ORDER BY 1;
SELECT name, key, abs((m::jsonb #>> ARRAY['covariance', i, i])::float8 / (s.value::float8 / (m::jsonb #>> ARRAY['params', key])::float8) ^ 2 - 1) < 1e-9 AS covariance_holds_std_error
FROM fitted, jsonb_each_text(m::jsonb -> 'std_errors') s JOIN (VALUES ('r', '0'), ('alpha', '1'), ('a', '2'), ('s', '2'), ('b', '3'), ('beta', '3')) p(key, i) USING (key) ORDER BY 1, 2;
SELECT name, m::text = m::text::clv_model::text AS returns FROM fitted ORDER BY 1;
SELECT name, abs(sum(clv_loglik(s, m)) / (m::jsonb ->> 'loglik')::float8 - 1) < 1e-12 AS loglik_is_the_sum FROM fitted, customer GROUP BY name, m::text, m::jsonb ORDER BY 1;
SELECT name, p.key, sum(clv_loglik(s, jsonb_set(m::jsonb, ARRAY['params', p.key], to_jsonb(p.value::float8 * 1.001))::clv_model)) < (m::jsonb ->> 'loglik')::float8 AS less_above,
	sum(clv_loglik(s, jsonb_set(m::jsonb, ARRAY['params', p.key], to_jsonb(p.value::float8 / 1.001))::clv_model)) < (m::jsonb ->> 'loglik')::float8 AS less_below,
	abs(sum(clv_loglik(s, jsonb_set(m::jsonb, ARRAY['params', p.key], to_jsonb(p.value::float8 * 1.0001))::clv_model)) -
		sum(clv_loglik(s, jsonb_set(m::jsonb, ARRAY['params', p.key], to_jsonb(p.value::float8 / 1.0001))::clv_model))) / 0.0002 / count(*) < 1e-8 AS no_slope
FROM fitted, customer, jsonb_each_text(m::jsonb -> 'params') p GROUP BY name, m::text, m::jsonb, p.key, p.value ORDER BY 1, 2;

-- Ledgers: those without orders by as_of are left out.
CREATE TEMP TABLE ledger AS
SELECT i, customer_value(date '2024-01-01' + i % 50 + k * (3 + i % 17), 5 + (i * k) % 40) AS v
FROM generate_series(1, 500) i, LATERAL generate_series(0, CASE WHEN i % 3 = 0 THEN 0 ELSE i % 8 END) k GROUP BY i;
SELECT clv_fit(v, 'bg/nbd', '2024-06-30')::text = clv_fit(v, 'bg/nbd', '2024-06-30', '1 week')::text AS weeks_by_default,
	clv_fit(v, 'bg/nbd', '2024-06-30')::jsonb -> 'params' = clv_fit(btyd(v, '2024-06-30'), 'bg/nbd')::jsonb -> 'params' AS as_summaries
FROM ledger;
SELECT clv_fit(v, 'bg/nbd', '2024-06-30') ::jsonb - '{params,std_errors,covariance,loglik,spend,notes}'::text[] FROM (SELECT v FROM ledger UNION ALL VALUES (NULL), ('{}'), ('{2024-07-01 1 5}'::customer_value)) x(v);
SELECT round(((m -> 'params' ->> 'alpha')::float8 * 7 / (d -> 'params' ->> 'alpha')::float8)::numeric, 9) AS same
FROM (SELECT clv_fit(v, 'pareto/nbd', '2024-06-30')::jsonb AS m, clv_fit(v, 'pareto/nbd', '2024-06-30', '1 day')::jsonb AS d FROM ledger) x;

-- Nobody: NULL
SELECT clv_fit(v, 'bg/nbd', '2024-06-30') FROM ledger WHERE false;
SELECT clv_fit(v, 'bg/nbd', '2023-06-30') FROM ledger;
SELECT clv_fit(NULL::btyd_summary, 'bg/nbd'), clv_fit_bgbb(NULL, 1, 2), clv_fit_sbg(NULL, 1);

-- One customer, customers all alike, and customers who never leave: a model, with what it does not show.
SELECT name, m::jsonb -> 'converged' AS converged, m::jsonb -> 'notes' AS notes, p_alive((4, 12, 12, 10)::btyd_summary, m)::numeric(6, 4) AS p_alive,
	expected_orders((4, 12, 12, 10)::btyd_summary, m, 12)::numeric(6, 3) AS expected_orders, expected_spend((4, 12, 12, 10)::btyd_summary, m)::numeric(6, 3) AS expected_spend
FROM (SELECT name, clv_fit((4, 10, 12, 10)::btyd_summary, name) AS m FROM unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) name GROUP BY 1) x ORDER BY 1;
SELECT name, m::jsonb -> 'notes' AS notes, p_alive((4, 12, 12, 10)::btyd_summary, m)::numeric(6, 4) AS p_alive,
	expected_orders((4, 12, 12, 10)::btyd_summary, m, 12)::numeric(6, 3) AS expected_orders, expected_spend((4, 12, 12, 10)::btyd_summary, m)::numeric(6, 3) AS expected_spend
FROM (SELECT name, clv_fit((4, 12, 12, 10)::btyd_summary, name) AS m FROM generate_series(1, 100), unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) name GROUP BY 1) x ORDER BY 1;
SELECT name, m::jsonb -> 'notes' AS notes, p_alive((4, 12, 12, 10)::btyd_summary, m)::numeric(6, 4) AS p_alive,
	expected_orders((4, 12, 12, 10)::btyd_summary, m, 12)::numeric(6, 3) AS expected_orders
FROM (SELECT name, clv_fit((1 + i % 9, 12, 12, 10 + i % 7)::btyd_summary, name) AS m FROM generate_series(1, 100) i, unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) name GROUP BY 1) x ORDER BY 1;
-- spend that goes with frequency, or is none
SELECT clv_fit((i % 5, CASE WHEN i % 5 > 0 THEN 5 + i % 9 ELSE 0 END, 16 + i % 11, 10 * (i % 5) + i % 7)::btyd_summary, 'bg/nbd')::jsonb -> 'notes' FROM generate_series(1, 500) i;
SELECT m::jsonb -> 'notes' AS notes, m::jsonb -> 'spend' AS spend FROM (SELECT clv_fit((i % 5, CASE WHEN i % 5 > 0 THEN 5 + i % 9 ELSE 0 END, 16 + i % 11, -1)::btyd_summary, 'bg/nbd') AS m
	FROM generate_series(1, 500) i) x;
SELECT clv_fit_sbg(p, 100)::jsonb -> 'notes' FROM generate_series(0, 5) p;

-- Wrong input
\set VERBOSITY terse
SELECT clv_fit((0, 0, 10 + i, NULL)::btyd_summary, 'bg/nbd') FROM generate_series(1, 10) i;
SELECT clv_fit(v, 'pareto/nbd', '2024-01-01') FROM ledger;
SELECT clv_fit(v, 'nbd', '2024-06-30') FROM ledger;
SELECT clv_fit(v, NULL, '2024-06-30') FROM ledger;
SELECT clv_fit(v, 'bg/bb', '2024-06-30') FROM ledger;
SELECT clv_fit(v, 'sbg', '2024-06-30') FROM ledger;
SELECT clv_fit(btyd(v, '2024-06-30'), 'sbg') FROM ledger;
SELECT clv_fit(btyd(v, '2024-06-30', '1 month'), 'bg/bb') FROM ledger;
SELECT clv_fit(v, 'bg/nbd', NULL) FROM ledger;
SELECT clv_fit(v, 'bg/nbd', 'infinity') FROM ledger;
SELECT clv_fit(v, 'bg/nbd', '10000-01-01') FROM ledger;
SELECT clv_fit(v, 'bg/nbd', '2024-06-30', '0 days') FROM ledger;
SELECT clv_fit(v, 'bg/nbd', '2024-06-30', '-1 days') FROM ledger;
SELECT clv_fit(v, 'bg/nbd', '2024-06-30', NULL) FROM ledger;
SELECT clv_fit(v, CASE WHEN i = 300 THEN 'mbg/nbd' ELSE 'bg/nbd' END, '2024-06-30') FROM ledger;
SELECT clv_fit(v, 'bg/nbd', date '2024-06-30' + i % 2) FROM ledger;
SELECT clv_fit((2, 1, 'NaN', 4)::btyd_summary, 'bg/nbd');
SELECT clv_fit_bgbb(3, 2, 6);
SELECT clv_fit_bgbb(3, 7, 6);
SELECT clv_fit_bgbb(-1, 7, 6);
SELECT clv_fit_bgbb(0, 0, 6);
SELECT clv_fit_sbg(p, 100 - p) FROM unnest('{0, 1, 3}'::int[]) p;
SELECT clv_fit_sbg(p, 100 + p) FROM unnest('{0, 1, 3}'::int[]) p;
SELECT clv_fit_sbg(p, 100 + p) FROM generate_series(0, 3) p;
SELECT clv_fit_sbg(p, 100) FROM unnest('{0, 1, 1}'::int[]) p;
SELECT clv_fit_sbg(0, 100);
SELECT clv_fit_sbg(p, 0) FROM generate_series(0, 3) p;
SELECT clv_fit_sbg(-1, 100);
SELECT clv_fit_sbg(0, -100);
SELECT clv_fit_sbg(1000000000, 100);
SELECT clv_fit_sbg(period, s) FROM contract;
SELECT clv_fit_sbg(period, s, NULLIF(name, '2024')) FROM contract;
SELECT clv_fit_sbg(period, CASE WHEN name = '2024' AND period = 2 THEN 700 ELSE s END, name) FROM contract;
SELECT clv_fit_sbg(period, s, name) FROM contract WHERE name <> '2024' OR period <> 1;
SELECT clv_fit_sbg(period, s, 'all'::text) FROM contract;
SELECT clv_fit_sbg(0, s, s) FROM contract;
SELECT clv_fit_sbg(0, 1000000000000001, 1);
SELECT clv_fit_sbg(0, 900000000000000, i) FROM generate_series(1, 2) i;
