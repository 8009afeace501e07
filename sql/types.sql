-- Types as people have them: amounts and costs of any type of number, and what ORMs and drivers do with values of ours.
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA trade;

-- A float is its shortest decimal, rounded to 9 fractional digits.
SELECT customer_value_of(date '2026-01-01', x) FROM unnest('{0.1,0.30000000000000004,19.99,-5.005,1e15,123456789012345.67,1e22,0.0000000015,4e-10,-4e-10,5e-324,1e-7,2.5e-9}'::float8[]) x;
SELECT customer_value_of(date '2026-01-01', x) FROM unnest('{0.1,19.99,-5.005,16777217,123456789,3e9,1e-7,1e-45}'::real[]) x;
SELECT customer_value_of(date '2026-01-01', 5::smallint, 0.1::real), customer_value_of(timestamp '2026-01-01', 9007199254740993, 0.3::float8),
	customer_value_of(timestamptz '2026-01-01 12:00Z', 12345678901234567890.123456789, 1::real);
SELECT customer_value_of('2026-01-01', '12.50', NULL), customer_value_of(date '2026-01-01', NULL) IS NULL;
CREATE DOMAIN trade.price AS float8;
SELECT customer_value_of(date '2026-01-01', 0.1::trade.price), customer_value(d, p::trade.price, 0.7::real) FROM (VALUES (date '2026-01-01', 0.1), ('2026-01-01', 0.2)) v(d, p);
-- as the decimal that the server writes
SELECT count(*) FROM (SELECT (sin(i) * 10 ^ (i % 30 - 12))::float8 AS x FROM generate_series(1, 20000) i) s
WHERE amount(customer_value_of(date '2026-01-01', x)) <> round(x::text::numeric, 9);
SELECT count(*) FROM (SELECT (sin(i) * 10 ^ (i % 30 - 12))::real AS x FROM generate_series(1, 20000) i) s
WHERE amount(customer_value_of(date '2026-01-01', x)) <> round(x::text::numeric, 9);
SELECT count(*) FROM generate_series(-200000, 2000000, 77) i WHERE amount(customer_value_of(date '2026-01-01', i / 100::float8)) <> i / 100::numeric;

-- What is no number is refused with the cast to write; so is what no ledger holds.
CREATE FUNCTION pg_temp.attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
SELECT pg_temp.attempt('SELECT customer_value_of(date ''2026-01-01'', ' || x || ')') FROM unnest(ARRAY['''12.50''::money', '''12''::text', '1, ''12''::varchar', '1, true', '''twelve''',
	'''{1}''::int[]', '''NaN''::float8', '''-Infinity''::real', '1e30::float8', '1e300::float8', '100 / 3.0', '1, 1e-10']) x;
SELECT pg_temp.attempt('SELECT customer_value(d, ''12.50''::money) FROM (VALUES (date ''2026-01-01'')) v(d)');

-- Tracked columns of float and real: the same for insert, update, delete and for all rows at once.
CREATE TABLE trade.orders (id int, customer_id int, at date, amount float8, cost real);
INSERT INTO trade.orders SELECT i, i % 5, date '2026-01-01' + i % 7, i / 10.0, i / 3.0 FROM generate_series(1, 20) i;
SELECT customer_value.create_base('shop', key => 'integer');
SELECT customer_value.track_orders('shop', 'trade.orders', 'customer_id', 'at', 'amount', 'cost');
INSERT INTO trade.orders VALUES (21, 1, '2026-02-01', 0.1, 0.2);
INSERT INTO trade.orders SELECT i, i % 5, '2026-02-02', i * 1.1, i * 1e-8 FROM generate_series(22, 40) i;
SELECT value FROM shop.customer WHERE customer_id = 1;
UPDATE trade.orders SET amount = amount * 1.07, cost = sqrt(cost) WHERE id % 2 = 0;
SELECT count(*) FROM customer_value.verify('shop');
DELETE FROM trade.orders WHERE id > 3;
SELECT customer_id, value FROM shop.customer ORDER BY 1;
TRUNCATE trade.orders;
SELECT DISTINCT value FROM shop.customer;
SELECT pg_temp.attempt('INSERT INTO trade.orders VALUES (1, 1, ''2026-01-01'', ''NaN'')');
SELECT * FROM customer_value.check_source('trade.orders', 'customer_id', 'at', 'amount');
INSERT INTO trade.orders VALUES (1, 1, '2026-01-01', 1e-7 / 3, 1);
SELECT * FROM customer_value.check_source('trade.orders', 'customer_id', 'at', 'amount');
SELECT customer_value.drop_base('shop');
DROP SCHEMA trade CASCADE;

-- Comparison: all that sorts, groups and compares works with values of every type of ours; the order has no meaning.
CREATE TABLE one AS SELECT
	'{2026-01-01 1 5}'::customer_value AS customer_value,
	'{"model": "bg/nbd", "params": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}}'::clv_model AS clv_model,
	'{"segments": [{"name": "A", "from": 62}, {"name": "B"}], "criteria": [{"fact": "orders", "weight": 1, "points": [[0, 0], [9, 100]]}]}'::segment_rules AS segment_rules,
	(SELECT abc_cutoffs(i) FROM generate_series(1, 9) i) AS abc_cutoffs, (SELECT concentration_sketch(i) FROM generate_series(1, 9) i) AS concentration_sketch;
CREATE TABLE other AS SELECT
	'{2026-01-01 1 6}'::customer_value AS customer_value,
	'{"model": "bg/nbd", "params": {"r": 0.244, "alpha": 4.414, "a": 0.793, "b": 2.426}}'::clv_model AS clv_model,
	'{"segments": [{"name": "A", "from": 63}, {"name": "B"}], "criteria": [{"fact": "orders", "weight": 1, "points": [[0, 0], [9, 100]]}]}'::segment_rules AS segment_rules,
	(SELECT abc_cutoffs(i) FROM generate_series(1, 10) i) AS abc_cutoffs, (SELECT concentration_sketch(i) FROM generate_series(1, 10) i) AS concentration_sketch;
CREATE FUNCTION pg_temp.compared(type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format($sql$
		CREATE TEMP TABLE v (x %1$I UNIQUE, y %1$I);
		INSERT INTO v (x) SELECT %1$I FROM one UNION SELECT %1$I FROM other;
		INSERT INTO v (x) SELECT %1$I FROM one ON CONFLICT DO NOTHING;
		UPDATE v SET y = x::text::%1$I;
		INSERT INTO v (y) SELECT y FROM v;
		CREATE INDEX ON v USING hash (y);
		ANALYZE v;
	$sql$, type);
	EXECUTE $sql$
		SELECT concat_ws(' ', count(*), count(x), count(DISTINCT x), count(DISTINCT y),
			(SELECT count(*) FROM (SELECT y FROM v GROUP BY y) g), (SELECT count(*) FROM (SELECT DISTINCT y FROM v) d),
			(SELECT count(*) FROM v a JOIN v b ON a.x = b.y), (SELECT count(*) FROM v a, v b WHERE a.x < b.x), (SELECT count(*) FROM v a, v b WHERE a.x > b.x),
			(SELECT count(*) FROM v a, v b WHERE a.x <= b.x), (SELECT count(*) FROM v a, v b WHERE a.x >= b.x), (SELECT count(*) FROM v a, v b WHERE a.x <> b.x),
			(SELECT bool_and((a.x < b.x) = (b.x > a.x) AND (a.x <= b.x) = NOT a.x > b.x) FROM v a, v b WHERE a.x IS NOT NULL AND b.x IS NOT NULL),
			(SELECT count(*) FROM (SELECT x FROM v WHERE x IS NOT NULL EXCEPT SELECT y FROM v) e),
			(SELECT array_agg(x ORDER BY x) = array_agg(x ORDER BY x DESC) FROM v WHERE x IS NOT NULL))
		FROM v$sql$ INTO result;
	DROP TABLE v;
	RETURN result;
END
$$;
SELECT type, pg_temp.compared(type) FROM unnest('{customer_value,clv_model,segment_rules,abc_cutoffs,concentration_sketch}'::text[]) type;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SET enable_hashagg = off;
SELECT type, pg_temp.compared(type) FROM unnest('{customer_value,clv_model,segment_rules,abc_cutoffs,concentration_sketch}'::text[]) type;
RESET enable_hashjoin;
RESET enable_nestloop;
RESET enable_hashagg;
DROP TABLE one, other;
-- which type of ours has no operator class of one kind
SELECT t.typname, m.amname
FROM pg_type t JOIN pg_depend d ON d.objid = t.oid AND d.classid = 'pg_type'::regclass AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'customer_value',
	pg_am m
WHERE t.typtype = 'b' AND t.typelem = 0 AND m.amname IN ('btree', 'hash')
	AND NOT EXISTS (SELECT FROM pg_opclass c WHERE c.opcintype = t.oid AND c.opcmethod = m.oid AND c.opcdefault)
ORDER BY 1, 2;

-- Drivers that send no types: one cast makes a call unique.
DO $$
DECLARE
	call text;
BEGIN
	FOREACH call IN ARRAY '{"clv($1::float8, $2, $3)","clv($1::customer_value, $2, $3)","p_alive($1::customer_value, $2)",
		"expected_orders($1::customer_value, $2, $3)","expected_spend($1::customer_value, $2)","order_probability($1, $2, $3::interval)",
		"routing_priority($1, $2::interval, $3)","routing_priority($1, $2::float8, $3)","segment_of($1::jsonb, $2)","segment_of($1::customer_value, $2)",
		"customer_value_of($1, $2::numeric)","customer_value_of($1, $2::numeric, $3::numeric)"}'::text[] LOOP
		EXECUTE 'PREPARE untyped AS SELECT ' || call;
		DEALLOCATE untyped;
	END LOOP;
END
$$;

-- A user's own function that a shorter call would match as well is not ours.
CREATE FUNCTION first_order(customer_value) RETURNS date LANGUAGE sql RETURN date '1900-01-01';
CREATE FUNCTION orders(customer_value) RETURNS bigint LANGUAGE sql RETURN -1;
CREATE TABLE own_orders AS SELECT i % 3 AS customer_id, date '2026-01-01' + i AS at, i AS amount FROM generate_series(1, 9) i;
SELECT customer_value.create_base('shop', key => 'integer');
SELECT customer_value.track_orders('shop', 'own_orders', 'customer_id', 'at', 'amount');
SELECT customer_value.rebalance('shop', '2026-02-01');
SELECT min(first_order(value, NULL, NULL)), (SELECT count(*) FROM shop.next_action) >= 0, (SELECT count(*) FROM shop.contact_due) >= 0,
	length(customer_value.report('shop')) > 0, (SELECT count(*) FROM customer_value.migration('shop', '2026-01-01', '2026-02-01')) >= 0 FROM shop.customer;
SELECT customer_value.drop_base('shop');
DROP FUNCTION first_order(customer_value);
DROP FUNCTION orders(customer_value);
DROP TABLE own_orders;
