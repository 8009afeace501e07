-- Pareto share and population, Gini, Herfindahl and Lorenz curve against their definitions in SQL.
-- hashint4 and not random(), whose numbers may change with the server's version.
CREATE TABLE customer AS
SELECT id, id % 6 AS shop,
	CASE WHEN r < 0.05 THEN NULL WHEN r < 0.10 THEN 0 WHEN r < 0.15 THEN -round((x * 100)::numeric, 2)
		WHEN id % 6 = 3 THEN round((x * 5)::numeric) -- hardly any different values
		WHEN id % 6 = 4 THEN 7.77
		ELSE round(exp(x * 12)::numeric, 2) END AS v
FROM (SELECT id, (hashint4(id) & 65535) / 65536.0 AS r, (hashint4(-id) & 65535) / 65536::float8 AS x FROM generate_series(1, 3000) id) d;
ALTER TABLE customer ADD b bigint, ADD f float8;
UPDATE customer SET b = v * 100, f = v;

-- With x rising, negative values being 0: the definitions in numeric. Shares by the piecewise linear Lorenz curve.
CREATE VIEW ranked AS
SELECT shop, x, row_number() OVER up AS i, sum(x) OVER up AS cumulated, count(*) OVER all_of AS n, sum(x) OVER all_of AS total
FROM (SELECT shop, greatest(v, 0) AS x FROM customer WHERE v IS NOT NULL) d
WINDOW all_of AS (PARTITION BY shop), up AS (PARTITION BY shop ORDER BY x ROWS UNBOUNDED PRECEDING);
CREATE FUNCTION lorenz(of_shop int, p numeric) RETURNS numeric AS $$
	SELECT coalesce((SELECT sum(x) FROM ranked WHERE shop = of_shop AND i <= p * n), 0) / total
		+ coalesce((SELECT x * (p * n - floor(p * n)) FROM ranked WHERE shop = of_shop AND i = floor(p * n) + 1), 0) / total
	FROM ranked WHERE shop = of_shop AND i = 1
$$ LANGUAGE sql;
CREATE VIEW by_sql AS
SELECT shop,
	2 * sum(i * x) / (max(n) * max(total)) - (max(n) + 1.0) / max(n) AS gini,
	sum(x * x) / (max(total) * max(total)) AS herfindahl,
	1 - lorenz(shop, 0.8) AS share_20, 1 - lorenz(shop, 0.987) AS share_1
FROM ranked GROUP BY shop;

CREATE FUNCTION near(a float8, b float8) RETURNS boolean AS $$ SELECT abs(a - b) < 1e-12 $$ LANGUAGE sql;
SELECT s.shop, near(s.gini, n.gini) AS gini, near(n.gini, d.gini) AND near(n.gini, i.gini) AS types,
	near(s.herfindahl, n.herfindahl) AS herfindahl, near(n.herfindahl, d.herfindahl) AND near(n.herfindahl, i.herfindahl) AS types,
	near(s.share_20, n.share_20) AND near(s.share_20, i.share_20) AND near(s.share_20, d.share_20) AS share_20,
	near(s.share_1, n.share_1) AND near(s.share_1, i.share_1) AND near(s.share_1, d.share_1) AS share_1,
	near(0.2, n.population) AND near(0.2, i.population) AND near(0.2, d.population) AS population
FROM by_sql s
JOIN (SELECT shop, gini(v), herfindahl(v), pareto_share(v) AS share_20, pareto_share(v, 0.013) AS share_1,
	(SELECT pareto_population(w.v, pareto_share(c.v, 0.2)) FROM customer w WHERE w.shop = c.shop) AS population FROM customer c GROUP BY shop) n USING (shop)
JOIN (SELECT shop, gini(b), herfindahl(b), pareto_share(b) AS share_20, pareto_share(b, 0.013) AS share_1,
	(SELECT pareto_population(w.b, pareto_share(c.b, 0.2)) FROM customer w WHERE w.shop = c.shop) AS population FROM customer c GROUP BY shop) i USING (shop)
JOIN (SELECT shop, gini(f), herfindahl(f), pareto_share(f) AS share_20, pareto_share(f, 0.013) AS share_1,
	(SELECT pareto_population(w.f, pareto_share(c.f, 0.2)) FROM customer w WHERE w.shop = c.shop) AS population FROM customer c GROUP BY shop) d USING (shop)
ORDER BY shop;
SELECT shop, round(gini(v)::numeric, 6) AS gini, round(herfindahl(v)::numeric, 6) AS herfindahl, round(pareto_share(v)::numeric, 6) AS share,
	round(pareto_population(v)::numeric, 6) AS population
FROM customer GROUP BY shop ORDER BY shop;

-- Population is the inverse of share, at every share.
SELECT count(*) FILTER (WHERE near(share, (SELECT pareto_share(v, population) FROM customer WHERE shop = 1))) AS agree
FROM (SELECT i / 20.0 AS share, (SELECT pareto_population(v, i / 20.0) FROM customer WHERE shop = 1) AS population FROM generate_series(1, 20) i) d;

-- The Lorenz curve at 11 points, and its ends.
SELECT shop, bool_and(near(l, lorenz(shop, (i - 1) / 10.0))) AS agrees, count(*)
FROM (SELECT shop, lorenz_curve(v, 10) AS curve FROM customer WHERE shop IN (1, 3) GROUP BY shop) d,
	unnest(curve) WITH ORDINALITY AS u(l, i) GROUP BY shop ORDER BY shop;
SELECT lorenz_curve(v, 4), lorenz_curve(v, 1), lorenz_curve(v::bigint, 2), lorenz_curve(v::float8, 8) FROM unnest('{1,2,5,0}'::numeric[]) v;

-- One customer, none, nothing above 0, all equal, one has all.
SELECT gini(5::numeric), herfindahl(5::numeric), pareto_share(5::numeric), pareto_population(5::numeric), lorenz_curve(5::numeric, 2);
SELECT gini(v), herfindahl(v), pareto_share(v), pareto_population(v), lorenz_curve(v, 2) FROM (SELECT 1.0 AS v WHERE false) d;
SELECT gini(v), herfindahl(v), pareto_share(v), pareto_share(v, 0.5), pareto_population(v), pareto_population(v, 0.5), lorenz_curve(v, 2) FROM unnest('{0,-3,NULL}'::numeric[]) v;
SELECT gini(v), herfindahl(v), pareto_share(v), pareto_population(v), lorenz_curve(v, 4) FROM unnest('{7,7,7,7}'::float8[]) v;
SELECT gini(v), herfindahl(v), pareto_share(v), pareto_population(v), lorenz_curve(v, 4) FROM unnest('{8,0,0,-1}'::bigint[]) v;
SELECT pareto_population(v, 1) FROM unnest('{1e20,1e-20,1,0}'::float8[]) v;
SELECT pareto_share(v, 0), pareto_share(v, 1), pareto_share(v, 0.25), pareto_population(v, 0), pareto_population(v, 1), pareto_population(v, 1e-300) FROM unnest('{4,2,2,0}'::numeric[]) v;

-- The order of rows and the magnitude of the numbers change nothing.
SELECT count(DISTINCT (g, h, s, p, l)) FROM (
	SELECT gini(f * 2::float8 ^ k) AS g, herfindahl(f * 2::float8 ^ k) AS h, pareto_share(f * 2::float8 ^ k) AS s, pareto_population(f * 2::float8 ^ k) AS p,
		lorenz_curve(f * 2::float8 ^ k, 7) AS l
	FROM (SELECT f, k FROM customer, generate_series(-900, 900, 600) k ORDER BY hashint4(id + k)) d GROUP BY k) e;
SELECT gini(v), herfindahl(v), pareto_share(v, 0.5), pareto_population(v, 0.9) FROM unnest('{1.7e308,1.7e308,5e-324,1}'::float8[]) v;
SELECT gini(v), herfindahl(v), pareto_share(v, 0.5), pareto_population(v, 0.9) FROM unnest('{30000000000000000000000000000000000000,40000000000000000000000000000000000000,1}'::numeric[]) v;

-- Aggregates of one column and moving frames share one state and leave it as it is.
SELECT id, pareto_share(v) OVER w = (SELECT pareto_share(c.v) FROM customer c WHERE shop = 1 AND c.id <= customer.id) AS share,
	gini(v) OVER w = (SELECT gini(c.v) FROM customer c WHERE shop = 1 AND c.id <= customer.id) AS gini
FROM customer WHERE shop = 1 AND id < 50 WINDOW w AS (ORDER BY id) ORDER BY id;

-- Wrong input.
SELECT gini(v) FROM unnest('{1,NaN}'::numeric[]) v;
SELECT gini(v) FROM unnest('{1,NaN}'::float8[]) v;
SELECT herfindahl(v) FROM unnest('{1,-Infinity}'::numeric[]) v;
SELECT pareto_share(v) FROM unnest('{1,Infinity}'::float8[]) v;
SELECT pareto_population(v) FROM unnest('{1,NaN}'::numeric[]) v;
SELECT lorenz_curve(v, 3) FROM unnest('{1,Infinity}'::float8[]) v;
SELECT pareto_share(1, -0.1);
SELECT pareto_share(1, 1.1);
SELECT pareto_share(1, 'NaN');
SELECT pareto_share(1, NULL);
SELECT pareto_share(i, i / 10.0) FROM generate_series(1, 3) i;
SELECT pareto_population(1, -0.1);
SELECT pareto_population(1, 2);
SELECT pareto_population(1, 'NaN');
SELECT lorenz_curve(1, 0);
SELECT lorenz_curve(1, -1);
SELECT lorenz_curve(1, 1000001);
SELECT lorenz_curve(1, NULL);
SELECT lorenz_curve(1, i) FROM generate_series(1, 2) i;
DROP TABLE customer CASCADE;
DROP FUNCTION near;
