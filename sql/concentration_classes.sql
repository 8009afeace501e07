-- abc_class and abc_cutoffs against plain SQL, at the edges, and on wrong input.
-- hashint4 and not random(), whose numbers may change with the server's version.
CREATE TABLE customer AS
SELECT id, id % 7 AS shop,
	CASE WHEN r < 0.05 THEN NULL WHEN r < 0.10 THEN 0 WHEN r < 0.15 THEN -round((x * 100)::numeric, 2)
		WHEN id % 7 = 3 THEN round((x * 5)::numeric) -- hardly any different values
		WHEN id % 7 = 4 THEN 7.77
		WHEN id % 7 = 5 THEN -1
		ELSE round(exp(x * 12)::numeric, 3) END AS v
FROM (SELECT id, (hashint4(id) & 65535) / 65536.0 AS r, (hashint4(-id) & 65535) / 65536::float8 AS x FROM generate_series(1, 2000) id) d;
ALTER TABLE customer ADD b bigint, ADD f float8;
-- eighths add up exactly as float8 too, so that plain SQL gives the same in any order
UPDATE customer SET b = v * 1000, f = round(v * 8) / 8;

-- A row of every partition and type: the class by plain SQL. What is greater is what lies in the groups of peers before.
CREATE VIEW by_sql AS
SELECT kind, shop, id, v,
	CASE WHEN v IS NULL THEN NULL WHEN v <= 0 THEN 'C' WHEN above < 0.80 * total THEN 'A' WHEN above < 0.95 * total THEN 'B' ELSE 'C' END AS crossing,
	CASE WHEN v IS NULL THEN NULL WHEN v <= 0 THEN 'C' WHEN above + peers <= 0.80 * total THEN 'A' WHEN above + peers <= 0.95 * total THEN 'B' ELSE 'C' END AS up_to,
	CASE WHEN v IS NULL THEN NULL WHEN v <= 0 THEN 'Z' ELSE chr(65 + (SELECT count(*)::int FROM generate_series(1, 25) i WHERE above >= i / 26.0::numeric(30,20) * total)) END AS letters
FROM (
	SELECT kind, shop, id, v,
		coalesce(sum(greatest(v, 0)) OVER (PARTITION BY kind, shop ORDER BY v DESC NULLS LAST GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS above,
		sum(greatest(v, 0)) OVER (PARTITION BY kind, shop, v) AS peers,
		sum(greatest(v, 0)) OVER (PARTITION BY kind, shop) AS total
	FROM (SELECT 'numeric' AS kind, shop, id, v FROM customer UNION ALL SELECT 'bigint', shop, id, b FROM customer
		UNION ALL SELECT 'float8', shop, id, f::numeric FROM customer) k) d;
CREATE VIEW ours AS
SELECT 'numeric' AS kind, shop, id, abc_class(v) OVER w AS crossing, abc_class(v, '{0.8,0.95}', 'up_to') OVER w AS up_to,
	abc_class(v, (SELECT array_agg(i / 26.0::numeric(30,20) ORDER BY i) FROM generate_series(1, 25) i)) OVER w AS letters
FROM customer WINDOW w AS (PARTITION BY shop)
UNION ALL
SELECT 'bigint', shop, id, abc_class(b) OVER w, abc_class(b, '{0.8,0.95}', 'up_to') OVER w,
	abc_class(b, (SELECT array_agg(i / 26.0::numeric(30,20) ORDER BY i) FROM generate_series(1, 25) i)) OVER w
FROM customer WINDOW w AS (PARTITION BY shop ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING)
UNION ALL
SELECT 'float8', shop, id, abc_class(f) OVER w, abc_class(f, boundary => 'up_to') OVER w,
	abc_class(f, (SELECT array_agg(i / 26.0::numeric(30,20) ORDER BY i) FROM generate_series(1, 25) i)) OVER w
FROM customer WINDOW w AS (PARTITION BY shop);

SELECT kind, count(*) AS rows, count(s.crossing) AS classed,
	count(*) FILTER (WHERE s.crossing IS DISTINCT FROM o.crossing) AS crossing_differ,
	count(*) FILTER (WHERE s.up_to IS DISTINCT FROM o.up_to) AS up_to_differ,
	count(*) FILTER (WHERE s.letters IS DISTINCT FROM o.letters) AS letters_differ
FROM by_sql s JOIN ours o USING (kind, shop, id) GROUP BY kind ORDER BY kind;
SELECT shop, crossing, count(*) FROM ours WHERE kind = 'numeric' AND crossing IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2;

-- The scalar under the aggregate's cut-offs is the window function's answer.
SELECT count(*) FILTER (WHERE abc_class_of(v, cv) IS DISTINCT FROM n.crossing) AS numeric,
	count(*) FILTER (WHERE abc_class_of(b, cb) IS DISTINCT FROM i.crossing) AS bigint,
	count(*) FILTER (WHERE abc_class_of(f, cf) IS DISTINCT FROM d.crossing) AS float8
FROM customer
JOIN (SELECT shop, abc_cutoffs(v) AS cv, abc_cutoffs(b, '{0.80,0.95}') AS cb, abc_cutoffs(f) AS cf FROM customer GROUP BY shop) c USING (shop)
JOIN ours n ON n.id = customer.id AND n.kind = 'numeric'
JOIN ours i ON i.id = customer.id AND i.kind = 'bigint'
JOIN ours d ON d.id = customer.id AND d.kind = 'float8'
WHERE customer.shop <> 5;
SELECT shop, abc_cutoffs(v) FROM customer GROUP BY shop ORDER BY shop;
SELECT shop, abc_cutoffs(v, '{0.5}'), abc_cutoffs(f, '{0.1,0.2,0.3}') FROM customer WHERE shop IN (1, 3) GROUP BY shop ORDER BY shop;
SELECT c.shop, abc_cutoffs(v)::text::abc_cutoffs = abc_cutoffs(v) AS round_trip,
	(abc_cutoffs(v)::jsonb ->> 'total')::numeric = sum(v) FILTER (WHERE v > 0) AS total,
	(abc_cutoffs(v)::jsonb ->> 'customers')::int = count(v) AS customers
FROM customer c GROUP BY shop ORDER BY shop;

-- Ten customers of 0.1: sums of 0.1 as float8 would miss 0.8. Here they meet it, and in numeric as well.
SELECT string_agg(numeric, '') AS numeric, string_agg(up_to, '') AS up_to, string_agg(float8, '') AS float8, string_agg(bigint, '') AS bigint
FROM (SELECT abc_class(0.1 + i * 0.0::numeric) OVER () AS numeric, abc_class(0.1, '{0.8,0.95}', 'up_to') OVER () AS up_to,
	abc_class(0.1::float8) OVER () AS float8, abc_class(1::bigint) OVER () AS bigint FROM generate_series(1, 10) i) d;
-- The first holds exactly 0.8 of the total: that is no less, so the next two are in B, and up to 0.8 is the first alone.
SELECT v, abc_class(v) OVER () AS numeric, abc_class(v::float8) OVER () AS float8,
	abc_class(v, '{0.8,0.95}', 'up_to') OVER () AS up_to, abc_class(v::float8, '{0.8,0.95}', 'up_to') OVER () AS float8_up_to
FROM unnest('{0.8,0.1,0.1}'::numeric[]) v ORDER BY v DESC;
SELECT v, abc_class(v) OVER (), abc_class(v, '{0.8,0.9}', 'up_to') OVER () AS up_to
FROM unnest('{0.5,0.3,0.12,0.08}'::numeric[]) v ORDER BY v DESC;
-- Cuts may have many digits; these two differ from 0.8 in the 37th.
SELECT v, abc_class(v, '{0.7999999999999999999999999999999999999}') OVER () AS below,
	abc_class(v, '{0.8}') OVER () AS at, abc_class(v, '{0.8000000000000000000000000000000000001}') OVER () AS beyond
FROM unnest('{80,19,1}'::numeric[]) v ORDER BY v DESC;

-- One customer, none, nothing above 0, one with nearly all, all equal.
SELECT abc_class(5::numeric) OVER () AS one, abc_class(5::numeric, '{0.8}', 'up_to') OVER () AS one_up_to,
	abc_class(0::numeric) OVER () AS zero, abc_class(-5::bigint) OVER () AS negative, abc_class(0::float8) OVER () AS zero_float,
	abc_class(NULL::numeric) OVER () AS nothing;
SELECT abc_cutoffs(5::numeric), abc_cutoffs(5::bigint, '{0.5}'), abc_cutoffs(0.1::float8);
SELECT abc_cutoffs(v), abc_cutoffs(v, '{0.5}'), abc_cutoffs_computed(v) FROM unnest('{0,-1,NULL}'::numeric[]) v;
SELECT abc_cutoffs(v), abc_cutoffs(v, '{0.5}'), abc_cutoffs_computed(v) FROM (SELECT 1::float8 AS v WHERE false) d;
SELECT v, abc_class(v) OVER (), abc_class(v, '{0.8,0.95}', 'up_to') OVER () AS up_to FROM unnest('{90,6,4}'::bigint[]) v;
SELECT abc_cutoffs(7) , abc_cutoffs(v) FROM unnest('{7,7,7}'::bigint[]) v;

-- Wide numbers: beyond 64 bits, many decimal places, and more than 38 digits altogether.
SELECT v, abc_class(v) OVER (), abc_class(v, '{0.8,0.95}', 'up_to') OVER () AS up_to, abc_class_of(v, (SELECT abc_cutoffs(w) FROM unnest(ARRAY[v, 1]) w))
FROM unnest('{12345678901234567890123456789,1234567890123456789012345678.5,0.000000001,1,-1e20}'::numeric[]) v ORDER BY v DESC;
SELECT abc_cutoffs(v) FROM unnest('{12345678901234567890123456789,1234567890123456789012345678.5,0.000000001,1,-1e20}'::numeric[]) v;
-- whether they fit does not depend on their order
SELECT abc_cutoffs(v) FROM unnest('{0.000000001,-1e20,1,1234567890123456789012345678.5,12345678901234567890123456789}'::numeric[]) v;
SELECT abc_cutoffs(v) FROM unnest('{0.000000001,99999999999999999999999999}'::numeric[]) v, generate_series(1, 200);
SELECT abc_cutoffs(v) FROM unnest('{1,0.00000000000000000000000000000000000001}'::numeric[]) v;
SELECT abc_cutoffs(v) FROM unnest('{10,0.00000000000000000000000000000000000001}'::numeric[]) v;
SELECT abc_cutoffs(v) FROM unnest('{1,1e-39}'::numeric[]) v;
SELECT abc_cutoffs(v) FROM unnest('{1e38,1}'::numeric[]) v;
SELECT abc_cutoffs(6e37::numeric) FROM generate_series(1, 2);
SELECT abc_class(6e37::numeric) OVER () FROM generate_series(1, 2);
SELECT abc_cutoffs(9223372036854775807) FROM generate_series(1, 1000);
-- float8 from end to end of its range
SELECT v, abc_class(v) OVER () FROM unnest('{1.7e308,1.7e308,1e300,1,5e-324,0,-1.7e308}'::float8[]) v;
SELECT abc_cutoffs(v) FROM unnest('{1e308,1,5e-324,-0.0,-1.7e308}'::float8[]) v;
SELECT abc_cutoffs(v) FROM unnest('{1.7e308,1.7e308}'::float8[]) v;
SELECT abc_cutoffs(v) FROM unnest('{5e-324,5e-324,1e-323}'::float8[]) v;

-- Computed limits: break-even before Pareto point, the other way round, all equal.
SELECT abc_cutoffs_computed(v) FROM unnest('{70,10,10,5,5,0,-1.5}'::numeric[]) v;
SELECT abc_cutoffs_computed(v), abc_cutoffs_computed(v::bigint), abc_cutoffs_computed(v::numeric) FROM generate_series(1, 100) v;
SELECT abc_cutoffs_computed(v) FROM unnest('{5,5,5}'::float8[]) v;
-- the definition, by SQL: nearest points on the curve of those who have most
WITH ranked AS (
	SELECT shop, v, count(*) OVER all_of AS n, avg(greatest(v, 0)) OVER all_of AS mean,
		row_number() OVER down::numeric / count(*) OVER all_of AS x, sum(greatest(v, 0)) OVER down / sum(greatest(v, 0)) OVER all_of AS y
	FROM customer WHERE v IS NOT NULL AND shop IN (0, 1, 2, 3, 6)
	WINDOW all_of AS (PARTITION BY shop), down AS (PARTITION BY shop ORDER BY v DESC ROWS UNBOUNDED PRECEDING)),
break_even AS (SELECT shop, min(v) AS v, max(x) AS x FROM ranked WHERE v >= mean GROUP BY shop),
pareto AS (SELECT DISTINCT ON (shop) shop, v FROM ranked ORDER BY shop, x * x + (1 - y) * (1 - y), x),
submarginal AS (SELECT DISTINCT ON (shop) shop, r.v FROM ranked r JOIN break_even e USING (shop)
	ORDER BY shop, (r.x - e.x) * (r.x - e.x) + (1 - r.y) * (1 - r.y), r.x)
SELECT shop, greatest(e.v, p.v) AS a, s.v AS b,
	greatest(e.v, p.v) = (c::jsonb #>> '{classes,0,from}')::numeric AS a_agrees,
	s.v = coalesce(c::jsonb #>> '{classes,1,from}', c::jsonb #>> '{classes,0,from}')::numeric AS b_agrees
FROM break_even e JOIN pareto p USING (shop) JOIN submarginal s USING (shop)
JOIN (SELECT shop, abc_cutoffs_computed(v) AS c FROM customer GROUP BY shop) c USING (shop) ORDER BY shop;

-- Wrong input.
SELECT abc_class(v) OVER () FROM unnest('{1,NaN}'::numeric[]) v;
SELECT abc_class(v) OVER () FROM unnest('{1,Infinity}'::numeric[]) v;
SELECT abc_class(v) OVER () FROM unnest('{1,-Infinity}'::float8[]) v;
SELECT abc_cutoffs(v) FROM unnest('{1,NaN}'::float8[]) v;
SELECT abc_cutoffs(v) FROM unnest('{1,Infinity}'::float8[]) v;
SELECT abc_cutoffs(v) FROM unnest('{1,-Infinity}'::numeric[]) v;
SELECT abc_cutoffs_computed(v) FROM unnest('{1,NaN}'::numeric[]) v;
SELECT abc_class(1, '{}') OVER ();
SELECT abc_class(1, '{0.95,0.8}') OVER ();
SELECT abc_class(1, '{0.8,0.80}') OVER ();
SELECT abc_class(1, '{0,0.8}') OVER ();
SELECT abc_class(1, '{0.8,1}') OVER ();
SELECT abc_class(1, '{-0.5}') OVER ();
SELECT abc_class(1, '{NaN}') OVER ();
SELECT abc_class(1, '{0.8,NULL}') OVER ();
SELECT abc_class(1, '{{0.8,0.9},{0.91,0.92}}') OVER ();
SELECT abc_class(1, (SELECT array_agg(i / 100.0) FROM generate_series(1, 26) i)) OVER ();
SELECT abc_class(1, '{0.123456789012345678901234567890123456789}') OVER ();
SELECT abc_class(1, NULL) OVER ();
SELECT abc_class(1, boundary => NULL) OVER ();
SELECT abc_class(1, '{0.8}', 'exact') OVER ();
SELECT abc_class(i, ARRAY[i / 10.0]) OVER () FROM generate_series(1, 3) i;
SELECT i, abc_class(i, ARRAY[i % 2 / 10.0 + 0.5]) OVER (PARTITION BY i % 2) FROM generate_series(1, 4) i ORDER BY i;
SELECT abc_class(1);
SELECT abc_cutoffs(1, '{}');
SELECT abc_cutoffs(1, '{0.95,0.8}');
SELECT abc_cutoffs(1, '{0,0.8}');
SELECT abc_cutoffs(1, NULL);
SELECT abc_cutoffs(i, ARRAY[i / 10.0]) FROM generate_series(1, 3) i;

-- The server lets nobody call the support functions by hand.
\set VERBOSITY terse
DO $$
DECLARE
	call text;
BEGIN
	FOREACH call IN ARRAY ARRAY['concentration_add(NULL::internal, 1.0)', 'concentration_combine(NULL::internal, NULL::internal)',
		'concentration_serialize(NULL::internal)', 'concentration_deserialize(''\x00'', NULL::internal)', 'abc_cutoffs_final(NULL::internal)'] LOOP
		BEGIN
			EXECUTE 'SELECT ' || call;
			RAISE NOTICE '% ran', call;
		EXCEPTION WHEN cannot_coerce OR feature_not_supported OR undefined_function THEN
			RAISE NOTICE '% refused', call; -- how it is said depends on the server's minor version
		END;
	END LOOP;
END
$$;
DROP TABLE customer CASCADE;
