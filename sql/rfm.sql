SET jit = off;
-- Ties share a score; NULL has none and does not count.
SELECT v, rfm_score(v::numeric) OVER () AS numeric, rfm_score(v::bigint) OVER () AS bigint, rfm_score(v::float8) OVER () AS float8,
	rfm_score(v::numeric, 2) OVER () AS halves, rfm_score(v::numeric, 1) OVER () AS one, rfm_score(v::int, 3) OVER (ORDER BY v DESC ROWS CURRENT ROW) AS thirds
FROM unnest('{1,1,1,2,3,5,8,13,21,34,NULL}'::int[]) v ORDER BY v;
SELECT v, rfm_score(v::numeric) OVER () FROM unnest('{7,7,7,NULL}'::int[]) v;
SELECT rfm_score(v::numeric) OVER () AS one_customer, rfm_score(NULL::float8) OVER () AS unknown, rfm_score(v, NULL) OVER () AS no_bins FROM (VALUES (3::bigint)) t(v);
SELECT rfm_score(v) OVER () FROM (SELECT 1::numeric WHERE false) t(v);
SELECT v, rfm_score(v, 3) OVER (), rfm_score(v, 1) OVER () AS one FROM unnest('{-2.5,-2.49,0,0.00,1e-20,1e15}'::numeric[]) v;
SELECT v, rfm_score(v, 4) OVER () FROM unnest('{-1e300,-0,0,1e-300,1e300}'::float8[]) v;
SELECT v, rfm_score(v, 3) OVER () FROM unnest('{-9223372036854775808,0,9223372036854775806,9223372036854775807}'::bigint[]) v;
SELECT v, rfm_score(v, 2) OVER () FROM unnest('{12345678901234567890123456789.5,-12345678901234567890123456789.25,7.125}'::numeric[]) v;
SELECT v, rfm_score(v, 1000) OVER () FROM unnest('{3,1,2}'::bigint[]) v;

-- What is not a number of bins or a value
SELECT rfm_score(1::bigint, 0) OVER ();
SELECT rfm_score(1::bigint, 1001) OVER ();
SELECT rfm_score(v) OVER () FROM unnest('{1,NaN}'::numeric[]) v;
SELECT rfm_score(v) OVER () FROM unnest('{1,-Infinity}'::numeric[]) v;
SELECT rfm_score(v) OVER () FROM unnest('{1,NaN}'::float8[]) v;
SELECT rfm_score(v) OVER () FROM unnest('{1,Infinity}'::float8[]) v;
SELECT rfm_score(v) OVER () FROM unnest('{1e30,1e-30}'::numeric[]) v;

-- Against the formula, per partition
SELECT setseed(0.75);
CREATE TABLE score AS
SELECT (random() * 4)::int AS part, CASE WHEN random() < 0.95 THEN round((random() ^ 3 * 1000)::numeric, (i % 3)) END AS v, (random() * 60)::bigint AS b,
	random() ^ 2 * 1e6 AS f
FROM generate_series(1, 400) i;
-- type-7 quantiles in exact arithmetic
CREATE FUNCTION quantile(x numeric[], i int, bins int) RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN (SELECT CASE WHEN k = n THEN x[n] ELSE ((bins - rest) * x[k] + rest * x[k + 1]) / bins END
	FROM (SELECT cardinality(x) AS n, (cardinality(x) - 1) * i / bins + 1 AS k, (cardinality(x) - 1) * i % bins AS rest) q);
WITH cut AS (
	SELECT bins, part, i, quantile(array_agg(v ORDER BY v) FILTER (WHERE v IS NOT NULL), i, bins) AS v,
		quantile(array_agg(b::numeric ORDER BY b), i, bins) AS b, percentile_cont(i::float8 / bins) WITHIN GROUP (ORDER BY f) AS f
	FROM score, unnest('{2,3,5,7,10}'::int[]) bins, generate_series(1, bins - 1) i GROUP BY bins, part, i),
scored AS (
	SELECT part, v, b, f, bins, rfm_score(v, bins) OVER w AS sv, rfm_score(b, bins) OVER w AS sb, rfm_score(f, bins) OVER w AS sf,
		rfm_score(b::numeric, bins) OVER w AS sn, rfm_score(v::float8, bins) OVER w AS s8
	FROM score, unnest('{2,3,5,7,10}'::int[]) bins WINDOW w AS (PARTITION BY part, bins))
SELECT count(*), count(*) FILTER (WHERE sv = 1 + (SELECT count(*) FROM cut c WHERE c.part = s.part AND c.bins = s.bins AND c.v < s.v)) AS numeric,
	count(*) FILTER (WHERE v IS NULL AND sv IS NULL) AS nulls,
	count(*) FILTER (WHERE sb = 1 + (SELECT count(*) FROM cut c WHERE c.part = s.part AND c.bins = s.bins AND c.b < s.b)) AS bigint,
	count(*) FILTER (WHERE sf = 1 + (SELECT count(*) FROM cut c WHERE c.part = s.part AND c.bins = s.bins AND c.f < s.f)) AS float8,
	count(*) FILTER (WHERE sn = sb AND s8 IS NOT DISTINCT FROM sv) AS same_for_all_types
FROM scored s;
DROP TABLE score;
DROP FUNCTION quantile(numeric[], int, int);

-- The table of segments: every combination, and how many fall into each.
SELECT rfm_segment(r, f, m), count(*), min(r::text || f || m), max(r::text || f || m)
FROM generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m GROUP BY 1 ORDER BY 2 DESC, 1;
SELECT rfm_segment(5, 5, 5), rfm_segment(5, 5, 1), rfm_segment(NULL, 1, 1);
SELECT rfm_segment(0, 1, 1);
SELECT rfm_segment(1, 6, 1);
SELECT rfm_segment(1, 1, -1);
