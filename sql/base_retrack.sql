-- A tracked column gets another type: the same ledgers, no history.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (customer int, day date, amount int, note text);
INSERT INTO sale SELECT i % 20, '2026-01-01', i FROM generate_series(1, 100) i;
SELECT customer_value.create_base('shop');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', filter => 'note IS NULL');
SELECT customer_value.rebalance('shop', '2026-01-01') > 0 AS classed;
CREATE TABLE before AS SELECT * FROM shop.customer;
CREATE TABLE history AS SELECT count(*) FROM shop.change;
ALTER TABLE sale ALTER customer TYPE bigint;
BEGIN;
DROP TRIGGER shop_track_columns ON sale;
ALTER TABLE sale ALTER customer TYPE bigint, ALTER amount TYPE numeric;
SELECT customer_value.retrack('shop', 'sale');
COMMIT;
SELECT count(*) AS changed FROM ((TABLE before EXCEPT TABLE shop.customer) UNION ALL (TABLE shop.customer EXCEPT TABLE before)) c;
SELECT count = (SELECT count(*) FROM shop.change) AS same_history FROM history;
INSERT INTO sale VALUES (3000000000, '2026-01-02', 0.5), (1, '2026-01-02', 1);
SELECT customer_id, amount(value) FROM shop.customer WHERE customer_id IN (1, 3000000000) ORDER BY 1;
SELECT problems FROM customer_value.status('shop');
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.rebalance('shop', '2026-01-02') >= 0 AS rebalanced;

-- Other names, rows that were written meanwhile, triggers that are gone.
ALTER TABLE sale RENAME TO orders;
ALTER TABLE orders RENAME day TO at;
DROP TRIGGER shop_track_insert ON orders;
INSERT INTO orders VALUES (1, '2026-01-02', 1);
SELECT customer_value.retrack('shop', 'orders');
SELECT table_name, at FROM shop.source;
SELECT problems FROM customer_value.status('shop');
SELECT * FROM customer_value.verify('shop');

-- What it is not for.
SELECT customer_value.retrack('shop', 'before');
SELECT customer_value.retrack('shop', NULL);
BEGIN;
DROP TRIGGER shop_track_columns ON orders;
ALTER TABLE orders ALTER amount TYPE text;
SELECT customer_value.retrack('shop', 'orders');
ROLLBACK;
SELECT customer_value.drop_base('shop');
DROP TABLE orders, before, history;
