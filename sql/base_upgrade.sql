-- A base made by another version of the extension is refused, and says what to do.
SET client_min_messages = warning;
CREATE TABLE sale (customer int, day date, amount numeric);
SELECT customer_value.create_base('shop');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop');
SELECT layout = customer_value_internal.layout() AS layout FROM shop.settings;
SELECT customer_value.upgrade_base('shop') = customer_value_internal.layout() AS upgraded;
INSERT INTO sale VALUES (1, '2026-01-01', 10);
UPDATE shop.settings SET layout = 0;
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT customer_value.rebalance('shop');
\set VERBOSITY terse
SELECT customer_value.upgrade_base('shop');
UPDATE shop.settings SET layout = 1000000;
\set VERBOSITY default
SELECT * FROM customer_value.verify('shop');
\set VERBOSITY terse
SELECT * FROM customer_value.value_to_next_class('shop', 1);
SELECT customer_value.drop_base('shop');
SELECT customer_value.upgrade_base('shop');
-- a writer whose trigger has yet to be prepared
DELETE FROM sale;
UPDATE shop.settings SET layout = customer_value_internal.layout();
DELETE FROM sale;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.upgrade_base('no_base');
CREATE ROLE base_reader;
GRANT USAGE ON SCHEMA shop TO base_reader;
GRANT SELECT ON shop.customer, shop.cutoffs TO base_reader;
SET ROLE base_reader;
SELECT customer_value.upgrade_base('shop');
-- who may not read the settings may still ask what he may
SELECT count(*) FROM customer_value.value_to_next_class('shop', 1);
RESET ROLE;
BEGIN;
DELETE FROM shop.settings;
SELECT customer_value.upgrade_base('shop');
ROLLBACK;
SELECT customer_value.drop_base('shop');
DROP OWNED BY base_reader;
DROP ROLE base_reader;
DROP TABLE sale;
