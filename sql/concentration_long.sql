-- Numerics of any length: what needs more than 38 digits at a common scale is decided as exactly.

CREATE TABLE long_value (shop int, customer serial, v numeric);
INSERT INTO long_value (shop, v) VALUES
	-- what ledgers hold: up to 9 decimal places, sums of up to 30 digits
	(1, 9e29), (1, 0.000000001), (1, NULL), (1, -5),
	-- what a model forecasts years later
	(2, 120.5), (2, 1e-41), (2, 80), (2, 0), (2, 1e-41),
	-- 39 digits, and what is missing to 80 % is the last of them
	(3, 799999999999999999999999999999.999999999), (3, 0.000000001), (3, 199999999999999999999999999999), (3, 1),
	(4, 800000000000000000000000000000), (4, 0.000000001), (4, 199999999999999999999999999999), (4, 0.999999999),
	-- far beyond
	(5, 1e1000), (5, 3e-1000), (5, 2e-1000), (5, -1e500 - 1e-500), (5, -1e-600),
	-- only the sum is too long
	(6, 6e37), (6, 6e37), (6, 1);

-- The classes, by the aggregate, by the window and by definition.
SELECT shop, abc_cutoffs(v) FROM long_value WHERE shop <> 5 GROUP BY shop ORDER BY shop;
SELECT shop, customer, c AS class, c = abc_class_of(v, abc_cutoffs) AS scalar, u AS up_to,
	c = CASE WHEN v <= 0 THEN 'C' WHEN above < 0.80 * total THEN 'A' WHEN above < 0.95 * total THEN 'B' ELSE 'C' END AS crossing_right,
	u = CASE WHEN v <= 0 THEN 'C' WHEN above + peers <= 0.80 * total THEN 'A' WHEN above + peers <= 0.95 * total THEN 'B' ELSE 'C' END AS up_to_right
FROM (SELECT shop, customer, v, abc_class(v) OVER (PARTITION BY shop) AS c, abc_class(v, '{0.8,0.95}', 'up_to') OVER (PARTITION BY shop) AS u,
	sum(greatest(v, 0)) OVER (PARTITION BY shop) AS total, sum(v) OVER (PARTITION BY shop, v) AS peers,
	coalesce(sum(v) FILTER (WHERE v > 0) OVER (PARTITION BY shop ORDER BY v DESC GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS above
	FROM long_value WHERE v IS NOT NULL) w JOIN (SELECT shop, abc_cutoffs(v) FROM long_value GROUP BY shop) k USING (shop) ORDER BY shop, v DESC, customer;
SELECT c::jsonb #>> '{classes,0,from}' = (1e1000)::text AS a, (c::jsonb ->> 'total')::numeric = 1e1000 + 5e-1000 AS total,
	(c::jsonb #>> '{classes,2,from}')::numeric = -1e500 - 1e-500 AS least FROM (SELECT abc_cutoffs(v) AS c FROM long_value WHERE shop = 5) d;
SELECT shop, abc_cutoffs_computed(v) FROM long_value WHERE shop <> 5 GROUP BY shop ORDER BY shop;

-- The measures against plain SQL.
SELECT shop, abs(gini(v) - gini) < 1e-12 AS gini, abs(herfindahl(v) - herfindahl) < 1e-12 AS herfindahl,
	pareto_share(v), pareto_population(v), lorenz_curve(v, 4)
FROM long_value JOIN (SELECT shop, 2 * sum(i * v) / (count(*) * sum(v)) - (count(*) + 1.0) / count(*) AS gini, sum(v * v) / (sum(v) * sum(v)) AS herfindahl
	FROM (SELECT shop, greatest(v, 0) AS v, row_number() OVER (PARTITION BY shop ORDER BY v) AS i FROM long_value WHERE v IS NOT NULL) d GROUP BY shop) d USING (shop)
GROUP BY shop, gini, herfindahl ORDER BY shop;
SELECT pareto_share(v, 0.5), pareto_population(v, 0), pareto_population(v, 1) FROM long_value WHERE shop = 5;
SELECT gini(v * 10::numeric ^ 40) = gini(v) AS unit_free FROM long_value WHERE shop = 5;

-- The order of the rows does not matter, nor whether the numbers became long by a value or by the sum.
SELECT bool_and(a = b AND a = c) AS same FROM (SELECT abc_cutoffs(v ORDER BY v) AS a, abc_cutoffs(v ORDER BY v DESC) AS b, abc_cutoffs(v ORDER BY customer) AS c
	FROM long_value GROUP BY shop) d;
SELECT abc_cutoffs(v) = abc_cutoffs(v ORDER BY v) AS same FROM unnest('{1,9e37,1e-5,9e37,1e-20}'::numeric[]) v;

-- As a type: text, jsonb, equality; one form, whichever way it came.
SELECT shop, c::text::abc_cutoffs = c AS text, c::jsonb::text::abc_cutoffs = c AS jsonb, c = abc_cutoffs AS equal
FROM (SELECT shop, abc_cutoffs(v) AS c FROM long_value GROUP BY shop) k JOIN (SELECT shop, abc_cutoffs(v) FROM (SELECT shop, trim_scale(v * 1.000) AS v FROM long_value ORDER BY v) d GROUP BY shop) l USING (shop) ORDER BY shop;
SELECT '{"kind": "numeric", "method": "cuts", "customers": 2, "total": 1e40, "classes": [{"class": "A", "cut": 0.5, "from": 1e39}, {"class": "B", "from": -1e50}]}'::abc_cutoffs;
SELECT '{"kind": "numeric", "method": "cuts", "customers": 2, "total": -1e40, "classes": [{"class": "A", "cut": 0.5, "from": 1e39}, {"class": "B", "from": -1e50}]}'::abc_cutoffs;
SELECT '{"kind": "numeric", "method": "cuts", "customers": 2, "total": 1e40, "classes": [{"class": "A", "cut": 0.5, "from": 1e39}, {"class": "B", "from": 1e50}]}'::abc_cutoffs;
SELECT '{"kind": "numeric", "method": "cuts", "customers": 2, "total": 1e40, "classes": [{"class": "A", "cut": 0.5, "from": 0}, {"class": "B", "from": -1e50}]}'::abc_cutoffs;

-- The class of a value of any length and kind, under long cut-offs and others.
SELECT abc_class_of(9e29, c), abc_class_of(9e29 - 1e-50, c), abc_class_of(1e-9, c) AS c, abc_class_of(1e300, c), abc_class_of(-1e300, c),
	abc_class_of(9e29::float8, c), abc_class_of(8.9e29::float8, c), abc_class_of(7::bigint, c), abc_class_of(7::float8, c), abc_class_of(-7::bigint, c)
FROM (SELECT abc_cutoffs(v) AS c FROM long_value WHERE shop = 1) k;
SELECT abc_class_of(70 + 1e-100, c), abc_class_of(70 - 1e-100, c), abc_class_of(1e100, c), abc_class_of(-1e100, c) FROM (SELECT abc_cutoffs(v) AS c FROM unnest('{70,20,10}'::numeric[]) v) k;
SELECT abc_class_of(1e100, c), abc_class_of(1e-100 + 1e-200, c), abc_class_of(-1e1000, c), abc_class_of(1e1000, c) FROM (SELECT abc_cutoffs(v) AS c FROM unnest('{70,20,10}'::float8[]) v) k;
-- held by the class before
SELECT x, string_agg(abc_class_of(x * 1e29, c, p, 0.1), ' ' ORDER BY p) AS "held by A B C"
FROM (SELECT abc_cutoffs(v, '{0.5}') AS c FROM (SELECT 9e29 UNION ALL SELECT 3e29 + 1e-10) u(v)) k, unnest('{9.9,9.899999999999,8.1,8.099999999999}'::numeric[]) x, unnest('{A,B,C}'::text[]) p
GROUP BY x ORDER BY x DESC;

-- RFM scores too.
SELECT v, rfm_score(v, 3) OVER (ORDER BY v) FROM unnest('{1e30,1e-30,5,5,-1e50,1e-30,7}'::numeric[]) v;

-- A limit is where numeric itself ends.
SELECT abc_cutoffs(v) FROM (SELECT ('9e131071')::numeric AS v FROM generate_series(1, 2)) d;
DROP TABLE long_value;
