-- abc_summary against plain SQL over abc_class, at the edges, on long numbers, on sketches and on wrong input.
-- hashint4 and not random(), whose numbers may change with the server's version.
CREATE TABLE summed AS
SELECT id, id % 7 AS shop,
	CASE WHEN r < 0.05 THEN NULL WHEN r < 0.10 THEN 0 WHEN r < 0.15 THEN -round((x * 100)::numeric, 2)
		WHEN id % 7 = 3 THEN round((x * 5)::numeric) -- hardly any different values
		WHEN id % 7 = 4 THEN 7.77
		WHEN id % 7 = 5 THEN round(exp(x * 12)::numeric, 3) * 1e40 + 1e-10 -- more than 38 digits
		ELSE round(exp(x * 12)::numeric, 3) END AS v
FROM (SELECT id, (hashint4(id) & 65535) / 65536.0 AS r, (hashint4(-id) & 65535) / 65536::float8 AS x FROM generate_series(1, 2000) id) d;
ALTER TABLE summed ADD b bigint, ADD f float8;
-- eighths add up exactly as float8 too
UPDATE summed SET b = v * 1000, f = round(v * 8) / 8 WHERE shop <> 5;

-- Every way of calling it against the classes of the rows, added up by SQL.
CREATE VIEW classed AS
SELECT 'numeric' AS kind, shop, v, abc_class(v) OVER w AS crossing, abc_class(v, '{0.8,0.95}', 'up_to') OVER w AS up_to, abc_class(v, '{0.1,0.2,0.3,0.9,0.999}') OVER w AS six
FROM summed WINDOW w AS (PARTITION BY shop)
UNION ALL SELECT 'bigint', shop, b, abc_class(b) OVER w, abc_class(b, '{0.8,0.95}', 'up_to') OVER w, abc_class(b, '{0.1,0.2,0.3,0.9,0.999}') OVER w
FROM summed WHERE shop <> 5 WINDOW w AS (PARTITION BY shop)
UNION ALL SELECT 'float8', shop, f::numeric, abc_class(f) OVER w, abc_class(f, '{0.8,0.95}', 'up_to') OVER w, abc_class(f, '{0.1,0.2,0.3,0.9,0.999}') OVER w
FROM summed WHERE shop <> 5 WINDOW w AS (PARTITION BY shop);
CREATE VIEW by_sql AS
SELECT kind, shop, way, class, count(*) AS customers, count(*)::float8 / n AS customer_share, sum(greatest(v, 0)) AS value,
	sum(greatest(v, 0)) / total AS value_share, min(v) AS smallest, max(v) AS largest
FROM (SELECT *, count(*) OVER w AS n, sum(greatest(v, 0)) OVER w AS total FROM classed WHERE v IS NOT NULL WINDOW w AS (PARTITION BY kind, shop)) c,
	LATERAL (VALUES ('crossing', crossing), ('up_to', up_to), ('six', six)) way(way, class)
GROUP BY kind, shop, way, class, n, total;
CREATE VIEW ours AS
SELECT kind, shop, way, s.*
FROM (SELECT 'numeric' AS kind, shop, abc_summary(v) AS crossing, abc_summary(v, '{0.8,0.95}', 'up_to') AS up_to, abc_summary(v, '{0.1,0.2,0.3,0.9,0.999}') AS six FROM summed GROUP BY shop
	UNION ALL SELECT 'bigint', shop, abc_summary(b), abc_summary(b, '{0.8,0.95}', 'up_to'), abc_summary(b, '{0.1,0.2,0.3,0.9,0.999}', 'crossing') FROM summed WHERE shop <> 5 GROUP BY shop
	UNION ALL SELECT 'float8', shop, abc_summary(f), abc_summary(f, '{0.8,0.95}', 'up_to'), abc_summary(f, '{0.1,0.2,0.3,0.9,0.999}') FROM summed WHERE shop <> 5 GROUP BY shop) d,
	LATERAL (VALUES ('crossing', crossing), ('up_to', up_to), ('six', six)) way(way, summary), unnest(summary) s;
CREATE VIEW agreement AS
SELECT kind, way, count(DISTINCT shop) AS shops, count(*) AS classes,
	count(*) FILTER (WHERE s.class IS NULL) AS empty, -- which SQL has no row for
	count(*) FILTER (WHERE CASE WHEN s.class IS NULL
		THEN NOT (o.customers = 0 AND o.customer_share = 0 AND o.value = 0 AND o.value_share = 0 AND num_nulls(o.smallest, o.largest) = 2)
		ELSE (s.customers, s.value, s.smallest, s.largest) IS DISTINCT FROM (o.customers, o.value, o.smallest, o.largest)
			OR NOT (abs(s.customer_share - o.customer_share) < 1e-15 AND abs(s.value_share - o.value_share) < 1e-15) END) AS differ
FROM by_sql s FULL JOIN ours o USING (kind, shop, way, class) GROUP BY kind, way ORDER BY kind, way;
SELECT * FROM agreement;
SELECT class, customers, round(customer_share::numeric, 4) AS customer_share, value, round(value_share::numeric, 4) AS value_share, smallest, largest
FROM ours WHERE kind = 'numeric' AND way = 'crossing' AND shop IN (0, 3, 4) ORDER BY shop, class;

-- Workers hand over what they have in buckets: many rows, and the same rows.
CREATE TABLE many AS SELECT i % 2 AS shop, CASE WHEN i % 11 = 0 THEN -i ELSE (hashint4(i) & 1048575) / 8.0 END AS v FROM generate_series(1, 60000) i;
CREATE FUNCTION summary_of_many() RETURNS TABLE (kind text, summary abc_class_summary[]) LANGUAGE sql AS $$
	SELECT 'numeric', abc_summary(v, '{0.5,0.8,0.95}', 'up_to') FROM many UNION ALL
	SELECT 'bigint', abc_summary((v * 8)::bigint, '{0.5,0.8,0.95}', 'up_to') FROM many UNION ALL
	SELECT 'float8', abc_summary(v::float8, '{0.5,0.8,0.95}', 'up_to') FROM many
$$;
CREATE TABLE serial AS SELECT * FROM summary_of_many();
ALTER TABLE many SET (parallel_workers = 2);
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT abc_summary(v) FROM many;
SELECT p.kind, p.summary = s.summary AS same FROM summary_of_many() p JOIN serial s USING (kind) ORDER BY 1;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SELECT kind, bool_and((s.customers, s.smallest, s.largest, s.value) = (c.customers, c.smallest, c.largest, c.value)) AS agrees
FROM serial, unnest(summary) s JOIN (SELECT class, count(*) AS customers, min(v) AS smallest, max(v) AS largest, sum(greatest(v, 0)) AS value
	FROM (SELECT v, abc_class(v, '{0.5,0.8,0.95}', 'up_to') OVER () AS class FROM many) d GROUP BY class) c USING (class) WHERE kind <> 'bigint' GROUP BY kind ORDER BY kind;

-- One customer, none, nothing above 0, one with nearly all, all equal.
SELECT * FROM unnest((SELECT abc_summary(5::bigint)));
SELECT * FROM unnest((SELECT abc_summary(5::bigint, '{0.8}', 'up_to')));
SELECT abc_summary(v), abc_summary(v::bigint, '{0.5}'), abc_summary(v::float8, '{0.5}', 'up_to') FROM unnest('{0,-1,NULL}'::numeric[]) v;
SELECT abc_summary(v) FROM (SELECT 1::float8 AS v WHERE false) d;
SELECT * FROM unnest((SELECT abc_summary(v) FROM unnest('{90,6,4,-1.5,-7.25,NULL}'::numeric[]) v));
SELECT * FROM unnest((SELECT abc_summary(v) FROM unnest('{90,-1.5,-7.25,NULL}'::numeric[]) v));
SELECT * FROM unnest((SELECT abc_summary(v) FROM unnest('{90,-1.5,-7.25,NULL}'::float8[]) v));
SELECT * FROM unnest((SELECT abc_summary(v) FROM unnest('{7,7,7}'::bigint[]) v));
-- negative numbers of any length, alone and beside others; a sum that only double precision has
SELECT * FROM unnest((SELECT abc_summary(v, '{0.5}') FROM unnest('{1,-1e50,-2e60}'::numeric[]) v));
SELECT * FROM unnest((SELECT abc_summary(v, '{0.5}') FROM unnest('{1e50,-1e50,-2}'::numeric[]) v));
SELECT class, customers, value::float8, value_share, smallest::float8, largest::float8 FROM unnest((SELECT abc_summary(v, '{0.5}') FROM unnest('{1e300,1,5e-324,0}'::float8[]) v));
SELECT * FROM unnest((SELECT abc_summary(v, '{0.5}') FROM unnest('{0.1,0.2,0.7}'::float8[]) v));

-- From a sketch: as many customers, and shares and bounds that are off by no more than the accuracy.
SELECT shop, s.class, abs(s.customers - e.customers) <= 0.03 * n AS customers, abs(s.value_share - e.value_share) < 0.02 AS value_share,
	s.smallest <= greatest(e.smallest, 0) * 1.03 AND s.largest >= e.largest * 0.97 AS bounds
FROM (SELECT shop, count(v) AS n, abc_summary(concentration_sketch(v), boundary => 'up_to') AS sketch, abc_summary(v, '{0.8,0.95}', 'up_to') AS exact FROM summed WHERE shop IN (0, 1) GROUP BY shop) d,
	unnest(sketch) s JOIN LATERAL unnest(exact) e USING (class) ORDER BY shop, class;
SELECT sum(s.customers) = min(n) AS customers, round(sum(s.value_share)::numeric, 12) AS value_share, count(*) FILTER (WHERE s.largest < s.smallest) AS turned
FROM (SELECT count(v) AS n, abc_summary(concentration_sketch(v), '{0.1,0.2,0.9}') AS sketch FROM summed WHERE shop = 0) d, unnest(sketch) s;
SELECT s.class, s.customers, s.value_share, s.smallest <= 5 AND s.largest > 5 AS around FROM unnest(abc_summary((SELECT concentration_sketch(5.0)))) s;
SELECT abc_summary(concentration_sketch(0.0)), abc_summary(concentration_sketch(NULL::numeric)) FROM generate_series(1, 3);

-- Wrong input.
SELECT abc_summary(v) FROM unnest('{1,NaN}'::numeric[]) v;
SELECT abc_summary(v) FROM unnest('{1,Infinity}'::float8[]) v;
SELECT abc_summary(v) FROM unnest('{1.7e308,1.7e308}'::float8[]) v;
SELECT abc_summary(1, '{0.95,0.8}');
SELECT abc_summary(1, '{0.8}', 'upto');
SELECT abc_summary(1, '{0.8}', NULL);
SELECT abc_summary(1, '{0.8}', CASE i WHEN 1 THEN 'up_to' ELSE 'crossing' END) FROM generate_series(1, 2) i;
SELECT abc_summary(1, ARRAY[i / 3.0]) FROM generate_series(1, 2) i;
SELECT abc_summary(concentration_sketch(1.0), '{0.8}', 'upto');
DROP FUNCTION summary_of_many;
DROP TABLE summed, many, serial CASCADE;
