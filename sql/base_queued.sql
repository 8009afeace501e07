-- Queued sources: writers append net changes to the queue, rebalance folds them in, and ledgers and
-- queue together are the orders at all times.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (id int PRIMARY KEY, customer int, day date, amount numeric);
CREATE TABLE refund (id int PRIMARY KEY, customer int, day date, amount numeric);
INSERT INTO sale SELECT i, i % 5, '2026-01-01', i * i FROM generate_series(1, 20) i;
SELECT customer_value.create_base('shop');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', mode => 'queued');
SELECT customer_value.track_orders('shop', 'refund', 'customer', 'day', 'amount');
SELECT source, name, mode, triggers FROM customer_value_internal.sources('shop');
SELECT customer_value.rebalance('shop', '2026-01-01');
SELECT customer_id, basis, abc_class FROM shop.customer ORDER BY 1;
TRUNCATE shop.change;

-- Every kind of statement goes into the queue, and nothing else changes.
INSERT INTO sale VALUES (101, 1, '2026-02-01', 5000), (102, 77, '2026-02-01', 1), (103, 1, '2026-02-02', 7), (104, NULL, '2026-02-02', 7);
UPDATE sale SET customer = 2 WHERE id = 1;
UPDATE sale SET day = day WHERE id = 2;
UPDATE sale SET amount = amount + 0.5 WHERE id IN (3, 4);
DELETE FROM sale WHERE id IN (5, 10);
INSERT INTO sale VALUES (2, 3, '2026-02-01', 2), (105, 78, '2026-02-01', 2) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount;
SELECT customer_id, value FROM shop.queue ORDER BY 1, value::text;
SELECT customer_id, basis, abc_class FROM shop.customer ORDER BY 1;
SELECT * FROM customer_value.verify('shop');
INSERT INTO refund VALUES (1, 2, '2026-02-02', -3), (2, 90, '2026-02-02', -3);
SELECT * FROM customer_value.verify('shop');

-- What is lost from the queue is missed.
BEGIN;
DELETE FROM shop.queue WHERE customer_id = 77;
SELECT * FROM customer_value.verify('shop');
ROLLBACK;

-- Folded in: classes and history as if it had been immediate.
SELECT customer_value.rebalance('shop', '2026-01-01');
SELECT count(*) FROM shop.queue;
SELECT customer_id, basis, abc_class, abc_class(basis) OVER () FROM shop.customer ORDER BY 1;
SELECT customer_id, old_value, new_value, reason FROM shop.change ORDER BY customer_id, changed_at;
SELECT * FROM customer_value.verify('shop');

-- Changes that cancel each other out, and what is rolled back.
INSERT INTO sale VALUES (200, 99, '2026-02-01', 5);
DELETE FROM sale WHERE id = 200;
BEGIN;
INSERT INTO sale VALUES (201, 1, '2026-02-01', 5);
SAVEPOINT s;
INSERT INTO sale VALUES (202, 1, '2026-02-01', 50);
ROLLBACK TO s;
COMMIT;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.rebalance('shop', '2026-01-01');
SELECT customer_id, value FROM shop.customer WHERE customer_id IN (1, 99) ORDER BY 1;

-- TRUNCATE, rebuild and untrack with changes still queued.
INSERT INTO sale VALUES (301, 1, '2026-02-01', 5);
TRUNCATE sale;
SELECT * FROM customer_value.verify('shop');
INSERT INTO sale VALUES (302, 1, '2026-02-01', 5), (303, 55, '2026-02-01', 5);
SELECT customer_value.rebuild('shop') AS wrong_ledgers;
SELECT * FROM customer_value.verify('shop');
SELECT customer_id, value FROM shop.customer WHERE value <> '{}' ORDER BY 1;
INSERT INTO sale VALUES (304, 1, '2026-02-01', 5), (305, 56, '2026-02-01', 5);
SELECT customer_value.untrack('shop', 'sale');
SELECT customer_id, value FROM shop.customer ORDER BY 1;
SELECT count(*) FROM shop.queue;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.drop_base('shop');
DROP TABLE sale, refund;
