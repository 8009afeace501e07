-- The type customer_value: from orders to ledgers, text and jsonb, arithmetic, figures.
\set VERBOSITY default
SET DateStyle = 'ISO, MDY';

-- one order
SELECT customer_value_of(date '2026-01-01', 59.90) AS date,
	customer_value_of(timestamp '2026-01-01 23:59:59.999999', 59.90) AS "timestamp",
	customer_value_of(timestamp '1999-12-31 23:59:59.999999', 1) AS before_2000,
	customer_value_of(date '2026-01-01', 59.90, 20) AS with_cost;
SELECT customer_value_of(date '2026-01-01', 0) AS free_order,
	customer_value_of(date '2026-01-01', -5) AS refund,
	customer_value_of(date '2026-01-01', -5, -2) AS refund_with_cost,
	customer_value_of(date '2026-01-01', 5, 0) AS no_cost,
	customer_value_of(date '2026-01-01', 5, NULL) AS unknown_cost;
SELECT customer_value_of(NULL::date, 1) IS NULL AND customer_value_of(date '2026-01-01', NULL) IS NULL
	AND customer_value_of(NULL::date, 1, 1) IS NULL AND customer_value_of(date '2026-01-01', NULL, 1) IS NULL AS null_is_null;

-- a timestamptz falls on its UTC day, whatever the session's zone
SET TimeZone = 'Pacific/Auckland';
SELECT customer_value_of(timestamptz '2026-01-01 23:30+00', 1), customer_value_of(timestamptz '2026-01-02 01:30+02', 1),
	customer_value_of(timestamptz '2026-01-01 12:00+00', 1, 1);
RESET TimeZone;

-- many orders
CREATE TABLE purchase (customer int, day date, amount numeric, cost numeric);
INSERT INTO purchase VALUES
	(1, '2026-03-01', 10, 4), (1, '2026-01-01', 20.50, NULL), (1, '2026-03-01', -3, -1), (1, '2026-02-10', 0, NULL),
	(2, '2025-12-31', 99.99, NULL), (2, '2025-12-31', 0.01, NULL),
	(3, '2026-01-05', NULL, 1), (3, NULL, 5, 1),
	(4, '2026-01-05', -7, NULL);
SELECT customer, customer_value(day, amount) FROM purchase GROUP BY customer ORDER BY customer;
SELECT customer, customer_value(day, amount, cost) FROM purchase GROUP BY customer ORDER BY customer;
SELECT customer_value(day::timestamp + '23 hours', amount) = customer_value(day, amount) AS timestamps,
	customer_value((day::timestamp + '23 hours') AT TIME ZONE 'UTC', amount) = customer_value(day, amount) AS timestamptzs,
	customer_value(day::timestamp + '1 hour', amount, cost) = customer_value(day, amount, cost) AS timestamps_cost,
	customer_value((day::timestamp + '1 hour') AT TIME ZONE 'UTC', amount, cost) = customer_value(day, amount, cost) AS timestamptzs_cost
FROM purchase;
SELECT customer_value(day, amount) IS NULL AS none, sum(customer_value_of(day, amount)) IS NULL AS none_to_add FROM purchase WHERE false;
-- the sum of the orders' ledgers is the ledger of the orders
SELECT sum(customer_value_of(day, amount, cost)) = customer_value(day, amount, cost) AS same FROM purchase;

-- text: any order of days, repeated days, white space
SELECT '{}'::customer_value, ' { } '::customer_value, '{2026-01-01 1 0,2026-01-01 -1 0}'::customer_value AS cancelled;
SELECT E' {\t2026-02-03  1 20 12.50\n,2026-01-01 2 5.99e1 , 2026-02-03 +1 .5 00.25 3 } '::customer_value;
SELECT '{2026-01-01 1 5 3 1,2026-01-02 0 -5 3 1,2026-01-03 0 5 0 2,2026-01-04 -2 0 1 -2,2026-01-05 0 0 0 1,2026-01-06 3 1 1 2}'::customer_value;
-- the calendar's ends, and that of the year 1
SELECT '{4714-11-24 BC 1 1,0001-12-31 BC 1 1,0001-01-01 1 1,1900-02-28 1 1,2000-02-29 1 1,10000-01-01 1 1,5874897-12-31 1 1}'::customer_value;
SELECT count(*) AS days, bool_and(customer_value_of(day, 1)::text = format('{%s 1 1}', day)) AS as_date_writes
FROM (SELECT date '4714-11-24 BC' + (i * 1009) AS day FROM generate_series(0, 8000) i
	UNION ALL SELECT date '5874897-12-31' - i * 100003 FROM generate_series(0, 8000) i
	UNION ALL SELECT date '1895-01-01' + i FROM generate_series(0, 8000) i) d;
SET DateStyle = 'German, DMY';
SELECT '{2026-02-03 1 5}'::customer_value, '{2026-02-03 1 5}'::customer_value::jsonb;
SET DateStyle = 'ISO, MDY';

-- text: errors
SELECT ''::customer_value;
SELECT '{'::customer_value;
SELECT '{2026-01-01 1 1'::customer_value;
SELECT '{2026-01-01 1 1,}'::customer_value;
SELECT '{2026-01-01 1 1} x'::customer_value;
SELECT '{2026-01-01}'::customer_value;
SELECT '{2026-01-01 1}'::customer_value;
SELECT '{2026-01-01 1.5 1}'::customer_value;
SELECT '{2026-01-01 1 1 1 1 1}'::customer_value;
SELECT '{2026-01-01 1 NaN}'::customer_value;
SELECT '{2026-01-01 1 1 Infinity}'::customer_value;
SELECT '{26-01-01 1 1}'::customer_value;
SELECT '{2026-1-1 1 1}'::customer_value;
SELECT '{infinity 1 1}'::customer_value;
SELECT '{2026-02-29 1 1}'::customer_value;
SELECT '{2026-13-01 1 1}'::customer_value;
SELECT '{0000-01-01 1 1}'::customer_value;
SELECT '{4714-11-23 BC 1 1}'::customer_value;
SELECT '{5874898-01-01 1 1}'::customer_value;
SELECT '{2026-01-01 1 0.0000000001}'::customer_value;
SELECT '{2026-01-01 2147483648 1}'::customer_value;
SELECT '{2026-01-01 1 1 1 99999999999}'::customer_value;
SELECT '{2026-01-01 2147483647 1,2026-01-01 1 1}'::customer_value;
SELECT '{2026-01-01 1 1000000000000000000000000000000}'::customer_value;
SELECT '{2026-01-01 1 100000000000000000000000000000000000000000000}'::customer_value;

-- jsonb
SELECT cv::jsonb, cv::jsonb::customer_value = cv AS back
FROM (VALUES ('{}'::customer_value), ('{0044-03-15 BC 2 59.9,2026-02-03 1 20 12.5,2026-02-04 0 -5 0 3}')) v (cv);
SELECT '[{"day": "2026-02-03", "orders": 2, "amount": 1e1, "cost": 1}, {"day": "2026-02-03", "orders": 0, "amount": -1.0, "cost": null}]'::jsonb::customer_value;
SELECT '{}'::jsonb::customer_value;
SELECT '1'::jsonb::customer_value;
SELECT '[1]'::jsonb::customer_value;
SELECT '[[]]'::jsonb::customer_value;
SELECT '[{}]'::jsonb::customer_value;
SELECT '[{"day": 1, "orders": 1, "amount": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-30", "orders": 1, "amount": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03 12:00", "orders": 1, "amount": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": 1.5, "amount": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": 3000000000, "amount": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": "1", "amount": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": 1, "amount": "1"}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": 1, "amount": 1, "cost": [1]}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": 1, "amount": 1, "costed": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": 1, "amount": 1}, {"day": "2026-02-03", "orders": 1, "amount": 1, "price": 1}]'::jsonb::customer_value;
SELECT '[{"day": "2026-02-03", "orders": 1, "amount": 0.0000000001}]'::jsonb::customer_value;
SELECT ('[{"day": "2026-02-03", "orders": 1, "amount": 1' || repeat('0', 200) || '}]')::jsonb::customer_value;

-- arithmetic
SELECT a + b AS sum, a - b AS difference, - a AS minus, (a + b) - b = a AS undone, a - a AS nothing, a <> b AS differ
FROM (VALUES ('{2026-01-01 1 10.25,2026-02-01 1 5 2}'::customer_value, '{2026-01-01 2 1.75,2026-03-01 1 7 3}'::customer_value)) v (a, b);
SELECT '{2026-01-01 1 1}'::customer_value = '{2026-01-01 1 1.00}' AS scale_does_not_matter,
	'{2026-01-01 1 1}'::customer_value = '{2026-01-01 1 1 0}' AS no_cost_is_unknown_cost;
SELECT count(*) AS distinct_ledgers
FROM (SELECT DISTINCT format('{2026-01-01 %s %s}', i % 10, i % 20)::customer_value AS cv FROM generate_series(1, 100) i) s;
SELECT cv, count(*) FROM (VALUES ('{2026-01-01 1 1.0}'::customer_value), ('{2026-01-01 1 1}'), ('{}')) v (cv) GROUP BY cv ORDER BY count(*);
CREATE TABLE part (cv customer_value) PARTITION BY HASH (cv);
CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO part SELECT format('{2026-01-01 1 %s}', i)::customer_value FROM generate_series(1, 100) i;
SELECT count(*) AS found FROM part WHERE cv = '{2026-01-01 1 77}';
DROP TABLE part;
-- group laws on random ledgers
SELECT setseed(0.25);
CREATE TABLE random_ledger AS
SELECT i, sum(cv) AS cv FROM (
	SELECT i, CASE WHEN random() < 0.3 THEN - one ELSE one END AS cv FROM (
		SELECT i, customer_value_of(date '2025-01-01' + (random() * 20)::int,
				round(((random() - 0.2) * 10 ^ (random() * 12))::numeric, (random() * 9)::int),
				CASE WHEN random() < 0.3 THEN round((random() * 1000)::numeric, (random() * 5)::int) END) AS one
		FROM generate_series(1, 300) i, generate_series(1, 12) k) s) s GROUP BY i;
SELECT count(*) AS pairs,
	bool_and((a.cv + b.cv) - b.cv = a.cv) AS undone,
	bool_and(a.cv + b.cv = b.cv + a.cv) AS commutes,
	bool_and((a.cv + b.cv) + c.cv = a.cv + (b.cv + c.cv)) AS associates,
	bool_and(a.cv - b.cv = - (b.cv - a.cv)) AS opposite,
	bool_and(a.cv + '{}' = a.cv AND a.cv - a.cv = '{}') AS neutral,
	bool_and(amount(a.cv + b.cv) = amount(a.cv) + amount(b.cv) AND orders(a.cv - b.cv) = orders(a.cv) - orders(b.cv)) AS figures_add,
	bool_and(a.cv::text::customer_value = a.cv AND a.cv::jsonb::customer_value = a.cv) AS round_trips,
	bool_and(until(a.cv, '2025-01-11') + since(a.cv, '2025-01-11') = a.cv) AS parts
FROM random_ledger a JOIN random_ledger b ON b.i = (a.i * 7) % 300 + 1 JOIN random_ledger c ON c.i = (a.i * 11) % 300 + 1;
SELECT (SELECT sum(cv) FROM random_ledger) = (SELECT sum(cv ORDER BY i DESC) FROM random_ledger) AS any_order;

-- sizes: 20 order days in at most 160 bytes, with costs, too
SELECT max(pg_column_size(without_cost)) <= 100 AS without_cost, max(pg_column_size(with_cost)) <= 160 AS with_cost FROM (
	SELECT customer_value(day, amount) AS without_cost, customer_value(day, amount, amount * 0.5) AS with_cost FROM (
		SELECT c, date '2020-01-01' + k * 70 + (random() * 50)::int AS day, round((random() * 5000)::numeric, 1) AS amount
		FROM generate_series(1, 200) c, generate_series(1, 20) k) o GROUP BY c) s;

-- figures
CREATE VIEW shop AS SELECT '{2025-01-15 1 100 60,2025-06-01 2 50.50,2025-12-31 0 -20,2026-01-01 1 0 1,2026-02-01 -1 -10}'::customer_value AS cv;
SELECT orders(cv), order_days(cv), amount(cv), cost(cv), margin(cv), first_order(cv), last_order(cv), mean_order(cv) FROM shop;
SELECT since, before, orders(cv, since, before), order_days(cv, since, before) AS days, amount(cv, since, before), cost(cv, since, before), margin(cv, since, before),
	first_order(cv, since, before), last_order(cv, since, before), mean_order(cv, since, before)
FROM shop, (VALUES ('2025-01-15'::date, '2025-06-01'::date), ('2025-06-01', '2026-01-01'), ('2026-01-01', NULL), (NULL, '2025-06-01'), (NULL, NULL),
	('-infinity', 'infinity'), ('2025-12-31', '2026-01-01'), ('2026-01-01', '2025-01-01'), ('infinity', NULL)) v (since, before);
SELECT amount(cv, before => '2025-06-01'), amount(cv, since => '2025-06-01'), amount(NULL, '2025-06-01') IS NULL AS of_null FROM shop;
SELECT until(cv, '2025-06-01'), since(cv, '2026-01-01'), until(cv, '-infinity'), since(cv, '-infinity') = cv AS everything FROM shop;
SELECT l.* FROM shop, ledger(cv) l;
SELECT ledger(cv) FROM shop LIMIT 2;
SELECT count(*) FROM ledger('{}');
SELECT orders('{}'), order_days('{}'), amount('{}'), cost('{}'), margin('{}'), first_order('{}'), last_order('{}'), mean_order('{}');

-- buy till you die: customers of CDNOW until 1997-09-30, in weeks
SELECT (btyd('{1997-01-01 1 29.33,1997-01-18 1 29.73,1997-08-02 1 14.96,1997-12-12 1 26.48}', '1997-09-30')).*;
SELECT (btyd('{1997-01-01 1 29.33}', '1997-09-30')).*;
SELECT (btyd('{1997-01-01 2 29.33,1997-01-02 0 -5,1997-01-08 2 10,1997-01-15 1 -0.5}', '1997-01-15', '1 day')).*;
SELECT btyd('{1997-01-01 1 29.33}', '1996-12-31') IS NULL AS before_the_first, btyd('{}', '1997-01-01') IS NULL AS empty,
	btyd('{1997-01-01 0 -5}', '1997-09-30') IS NULL AS refunds_only;
SELECT unit, (btyd('{1996-01-01 1 1,1998-01-01 1 1,2000-01-01 1 2}', '2000-01-01', unit)).*
FROM (VALUES ('1 month'::interval), ('1 year'), ('12 hours'), ('1 year -5 days')) v (unit);
SELECT btyd('{1997-01-01 1 1}', '1997-09-30', '0');
SELECT btyd('{1997-01-01 1 1}', '1997-09-30', '1 day -25 hours');
SELECT btyd('{1997-01-01 1 1}', 'infinity');

-- facts
SELECT as_of, jsonb_pretty(facts(cv, as_of)) FROM shop, (VALUES ('2026-01-15'::date), ('2026-01-14'), ('2025-05-31'), ('2024-12-31')) v (as_of);
SELECT facts('{2023-02-28 1 1,2023-03-01 1 2,2024-02-29 1 4}', '2024-02-29') -> 'amount_12m' AS leap_day,
	facts('{2023-02-28 1 1,2023-03-01 1 2,2024-02-29 1 4}', '2024-02-28') -> 'amount_12m' AS day_before,
	facts('{2024-02-28 1 1,2024-02-29 1 2,2025-02-28 1 4}', '2025-02-28') -> 'amount_12m' AS year_after,
	facts('{4714-11-24 BC 1 1}', '4714-12-01 BC') -> 'amount_12m' AS first_days, facts('{5874897-12-31 1 1}', '5874897-12-31') -> 'amount_12m' AS last_day;
SELECT bool_and((facts(cv, d) ->> 'amount_12m')::numeric = amount(cv, (d - interval '12 months')::date + 1, d + 1)
	AND (facts(cv, d) ->> 'recency_days')::int = d - last_order(cv, before => d + 1)
	AND facts(cv, d) = facts(until(cv, d + 1), d)) AS as_the_accessors
FROM shop, generate_series(0, 800) i, LATERAL (SELECT date '2024-06-01' + i AS d) s;
SELECT facts('{}', '2026-01-01');
SELECT facts('{}', 'infinity');

-- wrong input
SELECT customer_value_of(date 'infinity', 1);
SELECT customer_value_of(timestamp '-infinity', 1);
SELECT customer_value_of(timestamptz 'infinity', 1);
SELECT customer_value_of(date '2026-01-01', 'NaN');
SELECT customer_value_of(date '2026-01-01', 'Infinity');
SELECT customer_value_of(date '2026-01-01', '-Infinity');
SELECT customer_value_of(date '2026-01-01', 1, 'NaN');
SELECT customer_value_of(date '2026-01-01', 1.0000000001);
SELECT customer_value_of(date '2026-01-01', 1, 0.12345678901);
SELECT customer_value_of(date '2026-01-01', 1e30);
SELECT customer_value_of(date '2026-01-01', 1e200);
SELECT customer_value(d, 'NaN'::numeric) FROM (VALUES (date '2026-01-01')) v (d);
SELECT customer_value(date '-infinity', 1::numeric);
-- nine fractional digits and thirty in all
SELECT customer_value_of(date '2026-01-01', 1.0000000010000) AS nine_digits, amount(customer_value_of(date '2026-01-01', 999999999999999999999.999999999)) AS thirty_digits,
	amount(customer_value_of(date '2026-01-01', -1e30 + 1)) AS least;
SELECT amount(a + a) FROM (SELECT customer_value_of(date '2026-01-01', 499999999999999999999999999999) AS a) s;
SELECT a + b FROM (SELECT customer_value_of(date '2026-01-01', 5e29) AS a, customer_value_of(date '2026-01-02', 5e29) AS b) s;
SELECT a + b FROM (SELECT customer_value_of(date '2026-01-01', 1e25) AS a, customer_value_of(date '2026-01-02', 0.00001) AS b) s;
SELECT amount(customer_value(date '2026-01-01' + i, 9e28 + i)) FROM generate_series(1, 10) i;
SELECT amount(customer_value(date '2026-01-01' + i, 9e28 + i)) FROM generate_series(1, 12) i;
SELECT amount(customer_value(date '2026-01-01', 9e18 + i)) = sum(9e18 + i) AS beyond_64_bits FROM generate_series(1, 1000) i;
SELECT customer_value(date '2026-01-01', a) FROM (VALUES (9e17), (0.5), (1e-9), (123456789.123456789)) v (a);
-- support functions of the aggregates cannot be called by hand
DO $$
DECLARE
	call text;
BEGIN
	FOREACH call IN ARRAY ARRAY['customer_value_final(NULL::internal)', 'customer_value_deserialise(''\x20'', NULL::internal)'] LOOP
		BEGIN
			EXECUTE 'SELECT ' || call;
			RAISE NOTICE '% ran', call;
		EXCEPTION WHEN cannot_coerce OR feature_not_supported OR undefined_function THEN
			RAISE NOTICE '% refused', call; -- how it is said depends on the server's minor version
		END;
	END LOOP;
END
$$;

-- a million orders on a few days do not take a million entries; the state is not changed by its final function
SELECT orders(cv), order_days(cv), amount(cv) FROM (SELECT customer_value(date '2026-01-01' + i % 3, 1.01) AS cv FROM generate_series(1, 300000) i) s;
SELECT i, customer_value(date '2026-01-01' + (i * 7) % 5, i + 0.1) OVER (ORDER BY i) FROM generate_series(1, 6) i;
SELECT i, customer_value(date '2026-01-01' + (i * 7) % 5, i + 0.1, i) OVER (ORDER BY i DESC) FROM generate_series(1, 6) i;
-- many days, in and out of order, against SQL
SELECT customer_value(date '2000-01-01' + (i * 7919) % 20011, i % 1000) = customer_value(date '2000-01-01' + (i * 7919) % 20011, i % 1000 ORDER BY i DESC) AS any_order,
	(SELECT count(*) FROM ledger(customer_value(date '2000-01-01' + (i * 7919) % 20011, i % 1000))) AS days,
	orders(customer_value(date '2000-01-01' + (i * 7919) % 20011, i % 1000, i % 7)) AS orders,
	cost(customer_value(date '2000-01-01' + (i * 7919) % 20011, i % 1000, i % 7)) = sum(i % 7) AS costs
FROM generate_series(1, 50000) i;

-- many customers in little memory
SET work_mem = '64kB';
SELECT count(*) AS customers, sum(orders(cv)) AS orders, sum(amount(cv)) = sum(a) AS amounts, bool_and(order_days(cv) = d) AS days FROM (
	SELECT i % 7001 AS customer, customer_value(date '2026-01-01' + i / 9000, i * 0.01) AS cv, sum(i * 0.01) AS a, count(DISTINCT i / 9000) AS d
	FROM generate_series(1, 40000) i GROUP BY 1) s;
SET enable_sort = off;
SELECT count(*) AS customers, sum(orders(cv)) AS orders, sum(amount(cv)) = 0.01 * 40000 * 40001 / 2 AS amounts FROM (
	SELECT i % 7001 AS customer, customer_value(date '2026-01-01' + i / 9000, i * 0.01) AS cv FROM generate_series(1, 40000) i GROUP BY 1) s;
RESET enable_sort;
RESET work_mem;

-- errors are of their kind
CREATE FUNCTION pg_temp.sqlstate_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT statement, pg_temp.sqlstate_of('SELECT ' || statement) FROM (VALUES
	($$ '{2026-01-01}'::customer_value $$), ($$ '{2026-02-30 1 1}'::customer_value $$), ($$ '{2026-01-01 1 1e-10}'::customer_value $$),
	($$ '{2026-01-01 1 1e30}'::customer_value $$), ($$ '{2026-01-01 9999999999 1}'::customer_value $$), ($$ '[1]'::jsonb::customer_value $$),
	($$ customer_value_of(date 'infinity', 1) $$), ($$ customer_value_of(date '2026-01-01', 'NaN') $$), ($$ customer_value_of(date '2026-01-01', 1e-10) $$),
	($$ customer_value_of(date '2026-01-01', 1e30) $$), ($$ btyd('{}', '2026-01-01', '-1 day') $$), ($$ btyd('{}', '-infinity') $$), ($$ facts('{}', 'infinity') $$)) v (statement);

DROP VIEW shop;
DROP TABLE purchase, random_ledger;
