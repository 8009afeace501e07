-- How a base is, in one row.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (customer int, day date, amount numeric);
CREATE TABLE refund (customer int, day date, amount numeric);
CREATE FUNCTION state() RETURNS TABLE (customers bigint, queued bigint, as_of text, rebalanced boolean, took boolean, drift numeric, settings_in_force boolean,
	sources bigint, triggers_enabled boolean, problems text[])
LANGUAGE sql AS $$SELECT customers, queued, to_char(as_of, 'YYYY-MM-DD'), rebalanced_at >= now(), rebalance_took BETWEEN '0' AND clock_timestamp() - now(), round(drift::numeric, 3),
	settings_in_force, sources, triggers_enabled, problems FROM customer_value.status('shop')$$;
SELECT customer_value.create_base('shop', period => '3 months');
BEGIN;
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT * FROM state();
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', mode => 'queued');
SELECT customer_value.track_orders('shop', 'refund', 'customer', 'day', 'amount');
INSERT INTO sale SELECT i, '2026-03-01', i FROM generate_series(1, 10) i;
SELECT customers, queued, sources, triggers_enabled FROM state();
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT * FROM state();
INSERT INTO refund VALUES (1, '2026-03-01', -1), (10, '2026-03-01', -2.5), (11, '2026-03-01', -2.5);
SELECT customers, drift FROM state();
-- settings that are not in force yet
SAVEPOINT s;
UPDATE shop.settings SET cuts = '{0.5,0.95}';
SELECT settings_in_force FROM state();
ROLLBACK TO s;
UPDATE shop.settings SET period = '1 year';
SELECT settings_in_force FROM state();
ROLLBACK TO s;
UPDATE shop.settings SET basis = 'orders';
SELECT settings_in_force FROM state();
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT drift, settings_in_force FROM state();
COMMIT;

-- what no trigger can see
BEGIN;
ALTER TABLE sale DISABLE TRIGGER shop_track_insert;
ALTER TABLE refund DROP COLUMN amount CASCADE;
CREATE TABLE sale_child () INHERITS (sale);
SELECT sources, triggers_enabled, problems FROM state();
ROLLBACK;
-- another table under its name, row security, rows that a crash takes
BEGIN;
ALTER TABLE sale RENAME TO sale_old;
CREATE TABLE sale (LIKE sale_old);
ALTER TABLE sale_old ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE refund SET UNLOGGED;
SELECT triggers_enabled, problems FROM state();
ROLLBACK;
DROP TABLE refund;
SELECT sources, triggers_enabled, problems FROM state();

-- for all who may read the base
CREATE ROLE base_reader;
SET ROLE base_reader;
SELECT * FROM customer_value.status('shop');
RESET ROLE;
GRANT USAGE ON SCHEMA shop TO base_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO base_reader;
SET ROLE base_reader;
SELECT customers, queued, sources FROM customer_value.status('shop');
RESET ROLE;
SELECT * FROM customer_value.status('none');
SELECT customer_value.drop_base('shop');
DROP TABLE sale;
DROP FUNCTION state;
DROP ROLE base_reader;
