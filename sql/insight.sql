-- Insight: rates, cohorts, portfolio, margins, rhythm and effects.
CREATE TEMP TABLE client (name text, cv customer_value);
INSERT INTO client VALUES
	('yearly',  '{2024-03-01 1 100,2025-03-01 1 100,2026-03-01 1 100}'),
	('gone',    '{2024-05-01 1 50}'),
	('twice',   '{2025-06-01 2 80,2025-06-20 1 20}'),
	('back',    '{2024-01-15 1 10,2026-01-20 1 30}'),
	('new',     '{2026-02-02 1 70}'),
	('refund',  '{2025-07-01 0 -5}'),
	('empty',   '{}'),
	('unknown', NULL);

-- Retention at any date, in its two cohort forms, against SQL on the orders themselves.
CREATE TEMP VIEW client_order AS SELECT name, l.day FROM client, ledger(cv) l WHERE l.orders > 0;
SELECT since, retention_rate(cv, since, before), round(churn_rate(cv, since, before)::numeric, 12) AS churn_rate, retention_rate(cv, since, before, cohort) AS of_last_year,
	(SELECT count(*) FILTER (WHERE again) / nullif(count(*), 0)::float8
	 FROM (SELECT bool_or(day >= since AND day < before) AS again FROM client_order GROUP BY name HAVING min(day) < since) c) AS in_sql,
	(SELECT count(*) FILTER (WHERE again) / nullif(count(*), 0)::float8
	 FROM (SELECT bool_or(day >= since AND day < before) AS again FROM client_order GROUP BY name
		HAVING bool_or(day >= cohort AND day < since)) c) AS in_sql_of_last_year
FROM client, (VALUES (date '2023-01-01', date '2024-01-01', date '2022-01-01'), ('2024-01-01', '2025-01-01', '2023-01-01'),
	('2025-01-01', '2026-01-01', '2024-01-01'), ('2026-01-01', '2027-01-01', '2025-01-01')) AS period(since, before, cohort)
GROUP BY since, before, cohort ORDER BY since;
SELECT retention_rate(cv, '2025-01-01', NULL) = retention_rate(cv, '2025-01-01', 'infinity') AS endless,
	retention_rate(cv, '2025-01-01', NULL, NULL) = retention_rate(cv, '2025-01-01', NULL) AS any_cohort FROM client;
SELECT repeat_rate(cv) AS ever, repeat_rate(cv, '2025-01-01', '2026-01-01') AS in_2025, repeat_rate(cv, '2027-01-01', NULL) AS never FROM client;
SELECT retention_rate(cv, '2025-01-01', '2026-01-01') IS NULL AS no_rows FROM client WHERE false;
SELECT retention_rate(cv, '2026-01-01', '2026-01-01') FROM client;
\echo :LAST_ERROR_SQLSTATE
SELECT churn_rate(cv, '2026-01-01', '2027-01-01', '2026-01-01') FROM client;
SELECT churn_rate(cv, NULL, '2027-01-01') FROM client;
SELECT churn_rate(cv, '-infinity', '2027-01-01') FROM client;
SELECT repeat_rate(cv, '2026-01-02', '2026-01-01') FROM client;

-- Ratings.
SELECT nps(r) AS nps FROM unnest('{10,9,9,8,7,6,0,NULL}'::int[]) r;
SELECT nps(r) AS best, csat(r / 2) AS csat, csat(r, 9, 10) AS of_ten FROM unnest('{10,9,9,8}'::int[]) r;
SELECT csat(r) FROM unnest('{1,2,3,4,5}'::int[]) r;
SELECT loyalty_index(a, b, c) FROM (VALUES (10, 10, 10), (5, 5, 5), (9, 0, NULL), (0, 0, 3)) AS t(a, b, c);
SELECT nps(NULL) IS NULL AND csat(NULL) IS NULL AND loyalty_index(1, NULL, 1) IS NULL AS nulls;
SELECT nps(11);
\echo :LAST_ERROR_SQLSTATE
SELECT csat(0);
SELECT csat(6);
SELECT csat(6, 11, 10);
SELECT csat(6, NULL, 10);
SELECT loyalty_index(1, 2, -1);

-- Cohorts, with the periods in which nobody came.
SELECT (unnest(cohort_retention(cv, 'year'))).* FROM client;
SELECT cohort, count(*), sum(active) FROM (SELECT (unnest(cohort_retention(cv))).* FROM client) c GROUP BY cohort ORDER BY cohort;
SELECT unit, cohort, period, active FROM unnest('{day,week,Quarter}'::text[]) unit,
	LATERAL (SELECT (unnest(cohort_retention(cv, unit))).* FROM (VALUES (customer_value '{2024-12-30 1 1,2025-01-06 1 1}')) AS v(cv)) AS c WHERE active > 0 ORDER BY unit, period;
SELECT cohort_retention(cv) IS NULL AS no_orders FROM client WHERE name IN ('refund', 'empty', 'unknown');
SELECT cohort_retention(cv) IS NULL AS no_rows FROM client WHERE false;
-- A group that died looks no better than one that lives: until a day that is the same for all, zeros up to there.
SELECT campaign, cohort, period, customers, active, retention, complete
FROM (SELECT campaign, cohort_retention(cv, 'month', '2025-07-31') AS cells
	FROM (VALUES ('A', customer_value '{2025-04-05 1 10,2025-07-05 1 10}'), ('B', '{2025-04-08 1 10,2025-05-08 1 10}')) AS b(campaign, cv)
	GROUP BY campaign) AS r, unnest(cells) AS c ORDER BY campaign, cohort, period;
SELECT until, (SELECT array_agg((period, active, complete) ORDER BY period) FROM unnest(cells)) AS cells
FROM (SELECT until, cohort_retention('{2025-04-05 1 10,2025-06-30 1 10,2025-07-05 1 10}', until) AS cells
	FROM unnest('{2025-04-05,2025-04-06,2025-05-01,2025-06-30,2025-07-01,2025-07-02,2025-09-01,NULL}'::date[]) until GROUP BY until) AS r ORDER BY until;
SELECT unit, (SELECT array_agg((cohort, period, active, complete) ORDER BY period) FROM unnest(cells)) AS cells
FROM (SELECT unit, cohort_retention('{2025-12-29 1 10}', unit, '2026-01-05') AS cells FROM unnest('{day,week,quarter,year}'::text[]) unit GROUP BY unit) AS r ORDER BY unit;
SELECT cohort_retention(cv, 'year', NULL) = cohort_retention(cv, 'year') AS null_is_none, cohort_retention(cv, '2020-01-01'::date) IS NULL AS nobody_yet,
	cohort_retention(until(cv, '2025-06-15'), 'year', '2025-06-15') = cohort_retention(cv, 'year', '2025-06-15') AS as_if_before FROM client;
SELECT cohort_retention(cv, 'month', 'infinity') FROM client;
\echo :LAST_ERROR_SQLSTATE
SELECT cohort_retention(cv, 'month', CASE name WHEN 'new' THEN date '2025-01-01' ELSE '2025-01-02' END) FROM client;
SELECT cohort_retention('{0001-01-01 1 1}', 'day', '5874897-01-01');
-- Against date_trunc, over centuries and before Christ.
SELECT unit, bool_and(cohort = date_trunc(unit, day::timestamp)::date AND customers = 1 AND retention = 1) AS same
FROM unnest('{day,week,month,quarter,year}'::text[]) unit,
	(SELECT date '2000-01-01' + i AS day FROM generate_series(-900000, 900000, 4567) i) AS d,
	LATERAL (SELECT (unnest(cohort_retention(cv, unit))).* FROM (VALUES (customer_value_of(day, 1))) AS v(cv)) AS c
GROUP BY unit ORDER BY unit;
SELECT unit, cohort_retention('{4714-11-24 BC 1 1}', unit) AS first, cohort_retention('{5874897-12-31 1 1}', unit) AS last
FROM unnest('{week,month,year}'::text[]) unit GROUP BY unit ORDER BY unit;
SELECT cohort_retention(cv, 'fortnight') FROM client;
\echo :LAST_ERROR_SQLSTATE
SELECT cohort_retention(cv, NULL) FROM client;
SELECT cohort_retention(cv, CASE name WHEN 'new' THEN 'week' ELSE 'day' END) FROM client;
SELECT cohort_retention('{0001-01-01 1 1,5874897-01-01 1 1}', 'day');
\echo :LAST_ERROR_SQLSTATE

-- The portfolio.
SELECT a, p, portfolio_quadrant(a, p) FROM unnest('{20,50}'::int[]) a, unnest('{49.9,80}'::numeric[]) p;
SELECT portfolio_quadrant(0.6, 0.4, '{0.5,0.3}'), portfolio_quadrant(attractiveness => 3, "position" => 4, cuts => ARRAY[4, 4]),
	portfolio_quadrant(NULL, 1) IS NULL AS nulls;
SELECT portfolio_quadrant('NaN', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT portfolio_quadrant(1, 'Infinity');
SELECT portfolio_quadrant(1, 1, '{50}');
SELECT portfolio_quadrant(1, 1, '{50,NULL}');
SELECT portfolio_quadrant(1, 1, '{{1,2}}');
SELECT portfolio_quadrant(1, 1, '{50,NaN}');

-- Contribution margins.
SELECT * FROM contribution_margin(1000, 600, 120, 80, 50);
SELECT level_1, level_4, rate FROM contribution_margin(revenue => 0, product_cost => 10);
SELECT * FROM contribution_margin(1000, 600, NULL);
SELECT * FROM contribution_margin('{2026-01-05 2 100 60,2026-02-01 1 50 20}'::customer_value, '2026-01-01', '2026-02-01', 5, 10, 3);
SELECT * FROM contribution_margin('{2026-01-05 2 100}'::customer_value, NULL, NULL, 5);

-- The whale: two thirds of the customers bring 122 % of the profit, the others lose it again.
SELECT array_agg(round(s::numeric, 10)) AS curve
FROM (SELECT whale_curve(m, 6) AS curve FROM unnest('{50,30,20,10,-5,-15,NULL}'::float8[]) m) w, unnest(curve) s;
SELECT count(*) AS points, round(max(s)::numeric, 4) AS hump
FROM (SELECT whale_curve(m) AS curve FROM unnest('{50,30,20,10,-5,-15}'::numeric[]) m) w, unnest(curve) s;
SELECT whale_curve(m, 2) AS halves FROM unnest('{2,1,1}'::int[]) m;
SELECT (SELECT whale_curve(m) FROM unnest('{-1,1}'::float8[]) m) IS NULL AS nothing, (SELECT whale_curve(m) FROM unnest('{-1,0.5}'::float8[]) m) IS NULL AS losses,
	(SELECT whale_curve(NULL)) IS NULL AS null, (SELECT whale_curve(1) WHERE false) IS NULL AS no_rows, whale_curve(7, 1) AS one;
SELECT whale_curve(m) FROM unnest('{1,NaN}'::float8[]) m;
\echo :LAST_ERROR_SQLSTATE
SELECT whale_curve(m) FROM unnest('{1e308,1e308}'::float8[]) m;
SELECT whale_curve(1, 0);
SELECT whale_curve(1, NULL);
SELECT whale_curve(1, n) FROM unnest('{5,6}'::int[]) n;

-- The next order, by each customer's own rhythm and at any date.
SELECT name, due, gap_days, round(regularity::numeric, 6) AS regularity
FROM (VALUES ('clockwork', customer_value '{2026-01-01 1 1,2026-01-08 2 1,2026-01-15 1 1,2026-01-22 1 1}'),
	('at random', '{2026-01-01 1 1,2026-01-02 1 1,2026-01-22 1 1,2026-01-25 1 1}'),
	('two', '{2026-01-01 1 1,2026-01-08 0 -3,2026-01-15 1 1}'), ('one', '{2026-01-01 1 1}'), ('none', '{}'),
	('far away', '{0001-01-01 1 1,5874897-01-01 1 1}')) AS c(name, cv), next_order(cv, '5874897-12-31');
SELECT as_of, (next_order('{2026-01-01 1 1,2026-01-11 1 1,2026-02-10 1 1}', as_of)).* FROM unnest('{2026-01-05,2026-01-20,2026-03-01}'::date[]) as_of;
SELECT next_order('{}', 'infinity');
\echo :LAST_ERROR_SQLSTATE

-- Effects: y follows x two periods later.
CREATE TEMP TABLE kpi AS SELECT t, sin(t) * 10 + cos(t * 7) AS x, sin(t - 2) * 20 + cos(t * 3) AS y FROM generate_series(1, 40) t;
SELECT lag, n, round(correlation::numeric, 4) AS correlation, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high
FROM generate_series(0, 4) lag, LATERAL (SELECT (kpi_effect(array_agg(x ORDER BY t), array_agg(y ORDER BY t), lag)).* FROM kpi) e;
SELECT abs(correlation - (SELECT corr(a.x, b.y) FROM kpi a JOIN kpi b ON b.t = a.t + 2)) < 1e-12 AS as_corr, low < correlation AND correlation < high AS within
FROM (SELECT (kpi_effect(array_agg(x ORDER BY t), array_agg(y ORDER BY t), 2)).* FROM kpi) e;
-- The ends: perfect, constant, with gaps, at the limits of float8.
SELECT kpi_effect('{1,2,3,4,5,6,7,8,9,10}', '{1,2,3,4,5,6,7,8,9,10}') AS perfect, kpi_effect('{1,2,3,4,5,6,7,8,9,10}', '{1,1,1,1,1,1,1,1,1,1}') AS constant,
	(kpi_effect('{1,2,3,4,5,6,7,8,9,10,NULL}', '{1,2,3,4,5,6,7,8,9,10,11}')).n AS without_null;
SELECT kpi_effect('{1e308,-1e308,1e308,-1e308,1e308,-1e308,1e308,-1e308,1e308,-1e308}', '{1e-308,2e-308,1e-308,2e-308,1e-308,2e-308,1e-308,2e-308,1e-308,2e-308}') AS extremes;
SELECT kpi_effect('{1,2,3,4,5,6,7,8,9,10}', '{1,2,3,4,5,6,7,8,9,10}', 1);
\echo :LAST_ERROR_SQLSTATE
SELECT kpi_effect('{1,2}', '{1}');
SELECT kpi_effect('{1,2}', '{1,2}', -1);
SELECT kpi_effect('{1,NaN}', '{1,2}');
SELECT kpi_effect('{{1,2}}', '{1,2}');
SELECT kpi_effect('{}', '{}', 2147483647);

-- Support functions called by hand.
SELECT insight_retention_accumulate('{0,0}', '{}', '2026-01-01', '2027-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT insight_nps_accumulate('{0,0}', 5);
SELECT insight_rate_merge('{0,0}', '{0,0}');
SELECT insight_rate_final('{4,1}'), insight_rate_final('{0,0}') IS NULL AS nothing;
SELECT insight_rate_final('{1}');
SELECT insight_rate_final('{1,NULL}');
\echo :LAST_ERROR_SQLSTATE
-- A state that somebody else has declared.
CREATE AGGREGATE pg_temp.broken(int) (SFUNC = insight_nps_accumulate, STYPE = bigint[]);
SELECT pg_temp.broken(5);
CREATE AGGREGATE pg_temp.broken(int, int, int) (SFUNC = insight_csat_accumulate, STYPE = bigint[], INITCOND = '{9223372036854775807,0}');
SELECT pg_temp.broken(5, 4, 5);
\echo :LAST_ERROR_SQLSTATE
