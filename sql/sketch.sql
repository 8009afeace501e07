-- The mergeable summary of concentration.

-- What it counts: values, by buckets; 0 and less as 0; NULL not at all.
SELECT concentration_sketch(v) FROM (VALUES (100), (101), (2), (0), (-5), (NULL)) AS t(v);
SELECT concentration_sketch(v) FROM (VALUES (100::bigint), (101), (2), (0), (-5), (NULL)) AS t(v);
SELECT concentration_sketch(v) FROM (VALUES (100::numeric), (101.0), (2.00), (0), (-5), (NULL)) AS t(v);
SELECT concentration_sketch(v) IS NULL AS none FROM (VALUES (NULL::float8)) AS t(v);
SELECT concentration_sketch(v) IS NULL AS none FROM (SELECT 1.0 AS v WHERE false) AS t;
SELECT concentration_sketch(v) FROM (VALUES (0.0), (-1)) AS t(v);
-- The ends of its range: less than 2^-30 counts as 0, 2^97 is too much.
SELECT concentration_sketch(v) FROM (VALUES (9.3e-10::float8), (9.4e-10), (1e-300), (-1e300), (1.58e29)) AS t(v);
SELECT concentration_sketch(v) FROM (VALUES (1e-60), (-1e60), (-1e400), (123456789012345678901234567890123456789012345e-20)) AS t(v);
SELECT concentration_sketch(1.6e29::float8);
\echo :LAST_ERROR_SQLSTATE
SELECT concentration_sketch(158456325028528675187087900672);
SELECT concentration_sketch(1e40);
SELECT concentration_sketch(9223372036854775807::bigint);
SELECT concentration_sketch('NaN'::float8);
\echo :LAST_ERROR_SQLSTATE
SELECT concentration_sketch('Infinity'::float8);
SELECT concentration_sketch('-Infinity'::float8);
SELECT concentration_sketch('NaN'::numeric);
SELECT concentration_sketch('Infinity'::numeric);
SELECT concentration_sketch('-Infinity'::numeric);

-- The accuracy asked for is rounded down to one that bits give.
SELECT accuracy, concentration_sketch(100::float8, accuracy) FROM unnest('{0.25,0.2,0.1,0.01,0.001,0.000061035156250}'::float8[]) AS accuracy
GROUP BY accuracy ORDER BY accuracy DESC;
SELECT concentration_sketch(v, 0.05) = concentration_sketch(v::bigint, 0.05) AND
	concentration_sketch(v, 0.05) = concentration_sketch(v::float8, 0.05) AS same FROM generate_series(1, 1000::numeric) v;
SELECT concentration_sketch(1.0, 0.3);
\echo :LAST_ERROR_SQLSTATE
SELECT concentration_sketch(1.0, 0.00001);
SELECT concentration_sketch(1.0, 0);
SELECT concentration_sketch(1.0, 'NaN');
SELECT concentration_sketch(1.0, NULL);
SELECT concentration_sketch(1.0, CASE v WHEN 1 THEN 0.01 ELSE 0.02 END) FROM generate_series(1, 2) v;
SELECT concentration_sketch(1.0, CASE v WHEN 1 THEN 0.01 END) FROM generate_series(1, 2) v;

-- Values of all kinds, the same in each run.
CREATE TABLE customer AS
SELECT kind, i, CASE WHEN i % 23 = 0 THEN 0 ELSE CASE kind
	WHEN 'uniform' THEN 10 + 990 * u
	WHEN 'pareto' THEN power(1 - u, -1 / 1.16)
	WHEN 'lognormal' THEN exp(5 + 2 * sqrt(-2 * ln(1 - u)) * cos(2 * pi() * w))
	WHEN 'equal' THEN 12.34
	WHEN 'huge range' THEN exp(u * 80 - 20) END END AS v
FROM unnest('{uniform,pareto,lognormal,equal,huge range}'::text[]) AS kind, generate_series(1, 1000) AS i,
	LATERAL (SELECT (i * 7919 % 10007) / 10007.0::float8 AS u, (i * 104729 % 10009) / 10009.0::float8 AS w) AS random;
CREATE TABLE sketch AS SELECT kind, concentration_sketch(v) AS s FROM customer GROUP BY kind;

-- Text, jsonb and binary lose nothing.
SELECT bool_and(s::text::concentration_sketch = s) AS text, bool_and(s::jsonb::concentration_sketch = s) AS jsonb,
	bool_and((s::jsonb)::text::concentration_sketch = s) AS jsonb_text, max(pg_column_size(s)) < 8000 AS small
FROM sketch;
SELECT bool_and(concentration_sketch::text = concentration_sketch::text::concentration_sketch::text) AS text
FROM (SELECT concentration_sketch(v, 0.0001) FROM customer GROUP BY kind) AS fine;
\getenv abs_builddir PG_ABS_BUILDDIR
\set filename :abs_builddir '/results/sketch.data'
CREATE TABLE copy (LIKE sketch);
COPY sketch TO :'filename' (FORMAT binary);
COPY copy FROM :'filename' (FORMAT binary);
SELECT bool_and(copy.s = sketch.s) AS binary FROM copy JOIN sketch USING (kind);
-- Wrong binary: bytes of a bytea are sent as they are.
CREATE TABLE bytes (b bytea);
CREATE FUNCTION receive(b bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	filename text := current_setting('sketch.filename');
BEGIN
	TRUNCATE bytes;
	INSERT INTO bytes VALUES (b);
	TRUNCATE copy;
	EXECUTE format('COPY bytes TO %L (FORMAT binary)', filename);
	EXECUTE format('COPY copy (s) FROM %L (FORMAT binary)', filename);
	RETURN (SELECT s FROM copy);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT set_config('sketch.filename', :'filename', false) IS NOT NULL AS set;
SELECT what, receive(b) FROM (VALUES
	('a sketch', '\x010006020102'::bytea),
	('nothing', '\x'), ('truncated', '\x0100'), ('no zeros', '\x010006'), ('no count', '\x0100060201'),
	('another version', '\x020006020102'), ('flags', '\x010106020102'), ('no bits', '\x010000020102'), ('too many bits', '\x01000e020102'),
	('no distance', '\x010006020002'), ('no customers', '\x010006020100'), ('beyond the last bucket', '\x01000602c13f02'),
	('the last bucket', '\x01000602c03f02'), ('a longer way to write', '\x01000602818002'), ('no end', '\x01000602ffffffffffffffffffff'),
	('more than 64 bits', '\x01000602018080808080808080807f')) AS wrong(what, b);
SELECT s::jsonb->'accuracy' AS accuracy, s::jsonb->'zero' AS zero, jsonb_array_length(s::jsonb->'buckets') AS buckets
FROM sketch WHERE kind = 'equal';
-- Members in any order, values anywhere within their buckets, negative counts.
SELECT '{"buckets": [[100, 3], [7e3, -2]], "zero": -1, "accuracy": 0.01}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": []}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 9223372036854775807, "buckets": [[1, -9223372036854775808]]}'::concentration_sketch;
-- Wrong text.
SELECT 'nonsense'::concentration_sketch;
SELECT ''::concentration_sketch;
SELECT '[]'::concentration_sketch;
\echo :LAST_ERROR_SQLSTATE
SELECT '3'::concentration_sketch;
SELECT '{}'::concentration_sketch;
SELECT '{"accuracy": "fine", "zero": 0, "buckets": []}'::concentration_sketch;
SELECT '{"accuracy": 0.5, "zero": 0, "buckets": []}'::concentration_sketch;
SELECT '{"accuracy": 1e-9, "zero": 0, "buckets": []}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "buckets": []}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0.5, "buckets": []}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 9223372036854775808, "buckets": []}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": 1}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": {}}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [], "more": 1}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [1]}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [[1, 2, 3]]}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [["1", 2]]}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [[1, 2], [2, 1.5]]}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [[1, 0]]}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [[0, 1]]}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [[1e30, 1]]}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [[2, 1], [1, 1]]}'::concentration_sketch;
SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [[100, 1], [100.5, 1]]}'::concentration_sketch;
SELECT '[1]'::jsonb::concentration_sketch;

-- Merging: exact, in any order, and undone by subtraction.
SELECT kind, (SELECT sum(part) FROM (SELECT concentration_sketch(v) AS part FROM customer c WHERE c.kind = k.kind GROUP BY i % 7) AS parts)
	= (SELECT s FROM sketch WHERE kind = k.kind) AS same
FROM (SELECT DISTINCT kind FROM customer) AS k ORDER BY kind;
SELECT a.kind, b.kind, (a.s + b.s) - b.s = a.s AS undone, a.s + b.s = b.s + a.s AS any_order, -(a.s - b.s) = b.s - a.s AS negated,
	(a.s = b.s) = (a.kind = b.kind) AS equal, (a.s <> b.s) = (a.kind <> b.kind) AS unequal
FROM sketch a JOIN sketch b ON a.kind <= b.kind ORDER BY 1, 2;
SELECT a.s - a.s AS nothing, -(a.s - a.s) = a.s - a.s AS nothing_again FROM sketch a WHERE kind = 'pareto';
SELECT -s FROM sketch WHERE kind = 'equal';
SELECT sum(s) IS NULL AS none FROM sketch WHERE false;
SELECT sum(s) = (SELECT concentration_sketch(v) FROM customer) AS all_in_one FROM sketch;
SELECT concentration_sketch(1.0) + concentration_sketch(1.0, 0.1);
\echo :LAST_ERROR_SQLSTATE
SELECT sum(s) FROM (SELECT concentration_sketch(1.0, 0.1) UNION ALL SELECT concentration_sketch(1.0, 0.001)) AS t(s);
SELECT s + s FROM (SELECT '{"accuracy": 0.01, "zero": 0, "buckets": [[1, 9223372036854775807]]}'::concentration_sketch AS s) AS t;
\echo :LAST_ERROR_SQLSTATE
SELECT -s FROM (SELECT '{"accuracy": 0.01, "zero": -9223372036854775808, "buckets": []}'::concentration_sketch AS s) AS t;
-- Hashed: grouping, joining.
SELECT count(*) AS distinct_sketches FROM (SELECT s FROM (SELECT s FROM sketch UNION ALL SELECT s + s - s FROM sketch) AS twice GROUP BY s) AS t;

-- Measures on it. Empty, or nothing held: NULL.
SELECT s, abc_cutoffs(s) IS NULL AS abc, abc_cutoffs_computed(s) IS NULL AS computed, pareto_share(s) IS NULL AS share,
	pareto_population(s) IS NULL AS population, gini(s) IS NULL AS gini, herfindahl(s) IS NULL AS herfindahl, lorenz_curve(s, 4) IS NULL AS lorenz
FROM (VALUES ('{"accuracy": 0.01, "zero": 0, "buckets": []}'::concentration_sketch), ('{"accuracy": 0.01, "zero": 3, "buckets": []}')) AS t(s);
SELECT gini(NULL::concentration_sketch) IS NULL AS gini;
-- One customer, all equal.
SELECT round(gini(s)::numeric, 10) AS gini, round(herfindahl(s)::numeric, 10) AS herfindahl, round(pareto_share(s)::numeric, 10) AS share,
	round(pareto_population(s)::numeric, 10) AS population, lorenz_curve(s, 2), abc_cutoffs(s), abc_cutoffs_computed(s)
FROM (SELECT concentration_sketch(v) AS s FROM unnest('{{12},{12}}'::numeric[]) AS v UNION ALL SELECT concentration_sketch(3.0)) AS t;
-- Against the exact functions, within the bounds that the documentation gives.
CREATE FUNCTION moved(share float8, accuracy float8) RETURNS float8
IMMUTABLE RETURN share * (1 + accuracy) / ((1 - share) * (1 - accuracy) + share * (1 + accuracy));
CREATE TABLE accuracy AS SELECT kind, concentration_sketch(v, asked) AS s, a
FROM customer, (VALUES (0.25, 0.25), (0.01, 0.0078125)) AS v(asked, a) GROUP BY kind, asked, a;
SELECT kind, a, bool_and(abs(pareto_share(s, p) - exact) <= 2 * a * exact * (1 - exact) / (1 - a) + 1e-12) AS share,
	bool_and(abs(pareto_share(s, p) - exact) <= a / (2 * (1 - a)) + 1e-12) AS share_at_all,
	bool_and(pareto_population(s, p) BETWEEN less - 1e-12 AND more + 1e-12) AS population
FROM accuracy, unnest('{0,0.01,0.2,0.5,0.8,0.999}'::float8[]) AS p, LATERAL (
	SELECT pareto_share(v, p) AS exact, pareto_population(v, moved(p, -a)) AS less, pareto_population(v, moved(p, a)) AS more
	FROM customer c WHERE c.kind = accuracy.kind) AS e
GROUP BY kind, a ORDER BY kind, a;
SELECT kind, a, abs(gini(s) - g) <= least(a / (1 - a), 2 * a * (1 - g) / (1 - a)) + 1e-12 AS gini,
	abs(herfindahl(s) / h - 1) <= 4 * a / (1 - a) ^ 2 AS herfindahl,
	(SELECT bool_and(abs(x - y) <= a / (2 * (1 - a)) + 1e-12) FROM unnest(lorenz_curve(s, 20), l) AS t(x, y)) AS lorenz
FROM accuracy, LATERAL (SELECT gini(v) AS g, herfindahl(v) AS h, lorenz_curve(v, 20) AS l FROM customer c WHERE c.kind = accuracy.kind) AS e
ORDER BY kind, a;
SELECT kind, a, bool_and(at >= more AND at <= less) AS cutoff, bool_and(customers = 1000) AS customers, bool_and(abs(sum / total - 1) <= a) AS total
FROM accuracy, unnest('{0.3,0.8,0.95}'::numeric[]) AS cut, LATERAL (
	SELECT (abc_cutoffs(v, ARRAY[moved(cut::float8, a)::numeric])::jsonb #>> '{classes,0,from}')::float8 / (1 + 2 * a) AS more,
		(abc_cutoffs(v, ARRAY[moved(cut::float8, -a)::numeric])::jsonb #>> '{classes,0,from}')::float8 AS less, sum(v) AS total
	FROM customer c WHERE c.kind = accuracy.kind) AS e, LATERAL (
	SELECT (j #>> '{classes,0,from}')::float8 AS at, (j ->> 'customers')::int AS customers, (j ->> 'total')::float8 AS sum
	FROM (SELECT abc_cutoffs(s, ARRAY[cut])::jsonb AS j) AS t) AS sketched
GROUP BY kind, a ORDER BY kind, a;
-- All of the total takes all who have a value, even where the sum's rounding swallows it.
SELECT kind, pareto_share(s, 1) AS share, pareto_population(s, 1) AS population FROM sketch ORDER BY kind;
-- Applied, A holds what it has to, but for the bound, and the customers of a bucket share a class.
SELECT kind, sum(v) FILTER (WHERE class = 'A') / sum(v) >= moved(0.8, -0.0078125) AS a_holds_80, bool_and(class = 'C' OR v > 0) AS zeros_in_c
FROM (SELECT kind, v, abc_class_of(v, cutoffs) AS class
	FROM customer JOIN (SELECT kind, abc_cutoffs(s) AS cutoffs FROM sketch OFFSET 0) AS c USING (kind)) AS classified
GROUP BY kind ORDER BY kind;
SELECT kind, bool_and(abs(x / y - 1) < 0.02) AS computed
FROM sketch, LATERAL (SELECT abc_cutoffs_computed(v) AS e FROM customer c WHERE c.kind = sketch.kind) AS e,
	LATERAL (SELECT (abc_cutoffs_computed(s)::jsonb #>> path)::float8 AS x, (e::jsonb #>> path)::float8 AS y
	FROM (VALUES ('{classes,0,from}'::text[]), ('{classes,1,from}')) AS p(path)) AS limits
GROUP BY kind ORDER BY kind;
DROP TABLE accuracy;
-- A difference that takes away what was not there has no measures.
SELECT gini(a.s - b.s) FROM sketch a, sketch b WHERE a.kind = 'pareto' AND b.kind = 'uniform';
\echo :LAST_ERROR_SQLSTATE
SELECT abc_cutoffs('{"accuracy": 0.01, "zero": -1, "buckets": [[1, 5]]}'::concentration_sketch);
SELECT herfindahl('{"accuracy": 0.01, "zero": 9223372036854775807, "buckets": [[1, 5]]}'::concentration_sketch);
-- Wrong arguments.
SELECT pareto_share(s, 1.1) FROM sketch;
\echo :LAST_ERROR_SQLSTATE
SELECT pareto_share(s, 'NaN') FROM sketch;
SELECT pareto_population(s, -0.1) FROM sketch;
SELECT lorenz_curve(s, 0) FROM sketch;
SELECT abc_cutoffs(s, '{0.9,0.8}') FROM sketch;
SELECT abc_cutoffs(s, '{}') FROM sketch;

-- The state is kept while its sketch is taken again and again.
SELECT v, concentration_sketch(v) OVER (ORDER BY v) FROM unnest('{1,2,400}'::float8[]) AS v;
-- Support functions cannot be called by hand.
DO $$
DECLARE
	call text;
BEGIN
	FOREACH call IN ARRAY ARRAY['concentration_sketch_final(NULL::internal)', 'concentration_sketch_deserialise(''\x00'', NULL::internal)'] LOOP
		BEGIN
			EXECUTE 'SELECT ' || call;
			RAISE NOTICE '% ran', call;
		EXCEPTION WHEN cannot_coerce OR feature_not_supported OR undefined_function THEN
			RAISE NOTICE '% refused', call; -- how it is said depends on the server's minor version
		END;
	END LOOP;
END
$$;

-- Parts that share no customer merge to the whole; merged months count a customer once a month and make the business look more even.
CREATE TEMP TABLE monthly AS
SELECT c AS customer, c % 4 AS region, m AS month, 1000.0 / c AS revenue FROM generate_series(1, 200) c, generate_series(1, 12) m WHERE m % (1 + c % 5) = 0;
SELECT round(pareto_share(revenue)::numeric, 4) AS exact, (SELECT round(pareto_share(sum(s))::numeric, 3) FROM (
		SELECT concentration_sketch(revenue) AS s FROM (SELECT region, sum(revenue) AS revenue FROM monthly GROUP BY region, customer) r GROUP BY region) r) AS regions,
	(SELECT round(pareto_share(sum(s))::numeric, 3) FROM (SELECT concentration_sketch(revenue) AS s FROM monthly GROUP BY month) m) AS months
FROM (SELECT sum(revenue) AS revenue FROM monthly GROUP BY customer) c;

DROP FUNCTION receive, moved;
DROP TABLE customer, sketch, copy, bytes;
