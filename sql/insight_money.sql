-- Money over time.
CREATE TEMP TABLE account (name text, cv customer_value);
INSERT INTO account VALUES ('steady', '{2025-01-10 1 100,2025-02-10 1 150.25,2025-03-10 1 50}'), ('leaves', '{2025-01-31 1 80}'),
	('returns', '{2025-01-01 1 30,2025-04-02 1 40.005}'), ('late', '{2025-03-01 2 70,2025-03-31 0 -20}'), ('refunded', '{2025-02-01 1 10,2025-02-28 0 -10}'),
	('after', '{2025-06-01 1 999}'), ('empty', '{}'), ('unknown', NULL);
SELECT m.* FROM (SELECT revenue_movements(cv, 'month', '2025-06-01') AS rows FROM account) s, unnest(rows) m;
SELECT m.* FROM (SELECT revenue_movements(cv, 'quarter', '2025-07-01') AS rows FROM account) s, unnest(rows) m;
SELECT revenue_movements(cv, 'month', '2025-01-01') IS NULL AS nothing_yet FROM account;
SELECT revenue_movements(cv, 'month', '2025-06-01') IS NULL AS no_rows FROM account WHERE false;
-- A return in a period of its own is negative revenue.
SELECT m.* FROM (SELECT revenue_movements('{2025-01-10 1 100,2025-02-10 0 -30,2025-03-01 1 30}', 'month', '2025-04-01') AS rows) s, unnest(rows) m;

-- Against plain SQL, in any order and by any number of workers.
CREATE TABLE movement_ledger AS SELECT c AS customer, (SELECT customer_value(date '2024-01-01' + (c * 37 + i * i * 11) % 700, ((c * i) % 977 - 100) * 0.125)
	FROM generate_series(1, 1 + c % 9) i) AS cv FROM generate_series(1, 5000) c;
WITH month AS (SELECT n, (date '2024-01-01' + n * interval '1 month')::date AS month FROM generate_series(0, 22) n),
revenue AS (SELECT customer, month.n, coalesce(sum(amount), 0) AS now FROM movement_ledger CROSS JOIN month LEFT JOIN LATERAL (SELECT amount FROM ledger(cv) WHERE day >= month AND day < month + interval '1 month') AS l ON true GROUP BY 1, 2),
moved AS (SELECT *, coalesce(lag(now) OVER w, 0) AS before, coalesce(bool_or(now <> 0) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false) AS known FROM revenue WINDOW w AS (PARTITION BY customer ORDER BY n)),
expected AS (SELECT n, sum(before) AS opening, coalesce(sum(now) FILTER (WHERE NOT known), 0) AS new, coalesce(sum(now) FILTER (WHERE known AND before = 0), 0) AS reactivated,
	coalesce(sum(now - before) FILTER (WHERE before <> 0 AND now > before AND now <> 0), 0) AS expanded, coalesce(sum(now - before) FILTER (WHERE before <> 0 AND now < before AND now <> 0), 0) AS contracted,
	coalesce(sum(-before) FILTER (WHERE now = 0), 0) AS churned, sum(now) AS closing FROM moved GROUP BY n)
SELECT count(*) AS months, bool_and((m.opening, m.new, m.reactivated, m.expanded, m.contracted, m.churned, m.closing) = (e.opening, e.new, e.reactivated, e.expanded, e.contracted, e.churned, e.closing)) AS agree,
	bool_and(m.opening + m.new + m.reactivated + m.expanded + m.contracted + m.churned = m.closing) AS exact
FROM (SELECT revenue_movements(cv, 'month', '2025-12-01') AS rows FROM movement_ledger) s, unnest(rows) m JOIN month ON month.month = m.period JOIN expected e USING (n);
CREATE TEMP TABLE serial AS SELECT revenue_movements(cv, 'week', '2025-12-01' ORDER BY customer DESC) AS rows FROM movement_ledger;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 3;
SELECT revenue_movements(cv, 'week', '2025-12-01') = (SELECT rows FROM serial) AS same FROM movement_ledger;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
DROP TABLE movement_ledger;

-- Wrong input is named.
SELECT revenue_movements(cv, 'month', NULL) FROM account;
SELECT revenue_movements(cv, 'fortnight', '2025-06-01') FROM account;
SELECT revenue_movements(cv, NULL, '2025-06-01') FROM account;
SELECT revenue_movements(cv, 'day', 'infinity') FROM account;
SELECT revenue_movements(cv, CASE name WHEN 'late' THEN 'day' ELSE 'month' END, '2025-06-01') FROM account;
SELECT revenue_movements('{0001-01-01 1 1}', 'day', '5874897-01-01');

-- Variability of demand: as the coefficient of variation in plain SQL says, empty periods counted.
SELECT name, xyz_class(cv, '2025-05-01', 'month') AS class, round(variation::numeric, 4) AS variation
FROM (VALUES ('steady', customer_value '{2025-01-10 1 10,2025-02-10 1 12,2025-03-10 1 9,2025-04-10 1 10}'), ('half', '{2025-01-10 1 1,2025-02-10 1 3,2025-03-10 1 1,2025-04-10 1 3}'),
	('one in two', '{2025-01-10 1 5,2025-03-10 1 5}'), ('once', '{2025-01-10 1 5,2025-05-01 1 100}'), ('refunded', '{2025-01-10 1 5,2025-02-10 0 -5}'),
	('new', '{2025-04-10 1 5}'), ('later', '{2025-05-01 1 5}'), ('unknown', NULL)) AS v(name, cv),
	LATERAL (SELECT stddev_pop(x) / nullif(avg(x), 0) AS variation FROM (SELECT coalesce(amount(cv, m::date, (m + interval '1 month')::date), 0) AS x FROM generate_series(date_trunc('month', (SELECT min(day) FROM ledger(cv))), '2025-04-01'::timestamp, '1 month') m) AS p) AS s;
SELECT xyz_class('{2025-04-10 1 5}', '2025-05-01', 'fortnight');
SELECT xyz_class('{2025-04-10 1 5}', 'infinity', 'day');
