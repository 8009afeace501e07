-- The live customer base: what is written to a tracked table arrives in the base at once, and the
-- base can always be recomputed.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE ROLE base_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO base_owner;
CREATE SCHEMA trade AUTHORIZATION base_owner;
CREATE SCHEMA elsewhere AUTHORIZATION base_owner;
SET ROLE base_owner;

CREATE TABLE trade.orders (id int PRIMARY KEY, customer_id int, ordered_at timestamptz, amount numeric(12,2), cost numeric, status text DEFAULT 'paid');
INSERT INTO trade.orders (id, customer_id, ordered_at, amount)
SELECT i, i % 10, timestamptz '2026-01-01 12:00+00' + (i % 50) * interval '1 day', (i % 10) * (i % 10) FROM generate_series(1, 200) i;

SELECT customer_value.create_base('shop', key => 'bigint');
SELECT customer_value.track_orders('shop', 'trade.orders', customer => 'customer_id', at => 'ordered_at', amount => 'amount');
-- What the base has to be, from the orders by plain SQL.
CREATE VIEW trade.difference AS
SELECT coalesce(customer_id, o.id) AS customer, c.n AS stored_orders, o.n AS orders, c.amount AS stored_amount, o.amount
FROM (SELECT customer_id, public.orders(value) AS n, public.amount(value) AS amount FROM shop.customer) c
FULL JOIN (SELECT customer_id AS id, count(*) FILTER (WHERE amount >= 0) AS n, sum(amount) AS amount
	FROM trade.orders WHERE customer_id IS NOT NULL AND ordered_at IS NOT NULL AND amount IS NOT NULL GROUP BY 1) o ON c.customer_id = o.id
WHERE (c.n, c.amount) IS DISTINCT FROM (coalesce(o.n, 0), coalesce(o.amount, 0));

SELECT customer_id, orders(value), basis, abc_class FROM shop.customer ORDER BY 1;
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT customer_id, basis, abc_class FROM shop.customer ORDER BY 1;
SELECT * FROM shop.summary;
SELECT * FROM customer_value.verify('shop');
SELECT count(*), what, reason FROM shop.change GROUP BY 2, 3;
TRUNCATE shop.change;

-- Each kind of statement.
INSERT INTO trade.orders VALUES (301, 3, '2026-03-01 10:00+00', 5000), (302, 99, '2026-03-02 10:00+00', 1), (303, 3, '2026-03-01 10:00+00', -20),
	(304, NULL, '2026-03-01 10:00+00', 4), (305, 5, NULL, 3), (306, 5, '2026-03-02 10:00+00', NULL), (307, 98, NULL, 7);
SELECT customer_id, value, basis, abc_class FROM shop.customer WHERE customer_id > 90;
UPDATE trade.orders SET status = 'sent' WHERE customer_id = 3;
UPDATE trade.orders SET customer_id = 2 WHERE id = 302;
UPDATE trade.orders SET amount = amount + 0.05, ordered_at = ordered_at + interval '1 day' WHERE customer_id IN (1, 2);
UPDATE trade.orders SET customer_id = NULL WHERE id = 1;
DELETE FROM trade.orders WHERE customer_id = 7;
INSERT INTO trade.orders VALUES (2, 8, '2026-02-01 10:00+00', 11), (308, 8, '2026-02-01 10:00+00', 12)
ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, customer_id = excluded.customer_id;
MERGE INTO trade.orders o USING (VALUES (3, 30), (4, 40), (309, 9)) v(id, amount) ON o.id = v.id
WHEN MATCHED AND v.id = 3 THEN DELETE
WHEN MATCHED THEN UPDATE SET amount = v.amount
WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.amount, '2026-02-03 00:00+00', v.amount);
COPY trade.orders (id, customer_id, ordered_at, amount) FROM stdin;
310	6	2026-02-03 00:00+00	0.01
311	97	2026-02-03 00:00+00	0
\.
INSERT INTO trade.orders SELECT * FROM trade.orders WHERE false;
SELECT customer_id, orders(value), basis, abc_class FROM shop.customer ORDER BY 1;
SELECT * FROM trade.difference;
SELECT * FROM customer_value.verify('shop');
SELECT customer_id, what, old_value, new_value, reason FROM shop.change ORDER BY customer_id, changed_at;

-- What is rolled back is gone.
BEGIN;
INSERT INTO trade.orders VALUES (400, 1, '2026-03-01', 7);
SAVEPOINT s;
INSERT INTO trade.orders VALUES (401, 1, '2026-03-01', 70), (402, 1000, '2026-03-01', 70);
ROLLBACK TO s;
INSERT INTO trade.orders VALUES (403, 2, '2026-03-01', 7);
COMMIT;
SELECT * FROM customer_value.verify('shop');

-- After a rebalance every class is what the stateless function says.
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT customer_value.rebalance('shop', '2026-03-01') AS nothing_left;
SELECT customer_id, abc_class, abc_class(basis) OVER () FROM shop.customer ORDER BY 1;
SELECT customer_id, what, old_value, new_value, reason FROM shop.change WHERE reason = 'cut-off' ORDER BY customer_id;
SELECT * FROM customer_value.verify('shop');

-- A change by hand has its own reason, and verify sees it.
UPDATE shop.customer SET abc_class = 'A' WHERE customer_id = 0;
SET customer_value.reason = 'contract';
UPDATE shop.customer SET value = '{2026-01-01 1 7}', basis = 1 WHERE customer_id = 1;
UPDATE shop.customer SET abc_class = 'B' WHERE customer_id = 4;
RESET customer_value.reason;
DELETE FROM shop.customer WHERE customer_id = 97;
SELECT customer_id, what, old_value, new_value, reason FROM shop.change ORDER BY changed_at DESC, customer_id LIMIT 3;
SELECT customer, what, CASE WHEN what <> 'value' THEN stored END AS stored, recomputed FROM customer_value.verify('shop') WHERE what <> 'value' OR customer = '97';
SELECT customer_value.rebuild('shop');
SELECT * FROM customer_value.verify('shop');

-- A second source, with a filter, whose column amount is an integer and whose table has an odd name.
CREATE TABLE trade."Odd ""Orders""" (customer_id int, "the day" date, amount int, cost numeric, status text);
INSERT INTO trade."Odd ""Orders""" VALUES (1, '2026-02-10', 100, 60, 'paid'), (1, '2026-02-11', 500, 60, 'open'), (77, '2026-02-11', 10, NULL, 'paid');
SELECT customer_value.track_orders('shop', 'trade."Odd ""Orders"""', 'customer_id', 'the day', 'amount', cost => 'cost', filter => $$status = 'paid' -- or so$$);
SELECT customer_id, cost(value), amount(value) FROM shop.customer WHERE customer_id IN (1, 77) ORDER BY 1;
UPDATE trade."Odd ""Orders""" SET status = 'paid' WHERE amount = 500;
INSERT INTO trade."Odd ""Orders""" SELECT i, '2026-02-10', i, i / 2.0, CASE WHEN i % 2 = 0 THEN 'paid' END FROM generate_series(1, 20) i;
SELECT * FROM customer_value.verify('shop');

-- Tables, columns and the base itself may be renamed.
ALTER TABLE trade."Odd ""Orders""" RENAME TO sale;
ALTER TABLE trade.sale RENAME customer_id TO who;
ALTER TABLE trade.orders RENAME amount TO total;
DROP VIEW trade.difference;
ALTER TABLE trade.orders SET SCHEMA elsewhere;
ALTER SCHEMA shop RENAME TO "The Shop";
INSERT INTO trade.sale VALUES (2, '2026-02-10', 100, 60, 'paid');
UPDATE elsewhere.orders SET total = total * 2 WHERE customer_id = 6;
DELETE FROM trade.sale WHERE who = 3;
SELECT source, name, relation, customer, at, amount, cost, filter, triggers FROM customer_value_internal.sources('The Shop');
SELECT * FROM customer_value.verify('The Shop');
ALTER TABLE elsewhere.orders SET SCHEMA trade;
ALTER SCHEMA "The Shop" RENAME TO shop;

-- A tracked column is neither dropped nor converted unawares; one in a filter is missed when the next row comes.
ALTER TABLE trade.sale DROP COLUMN amount;
ALTER TABLE trade.sale ALTER amount TYPE bigint;
BEGIN;
ALTER TABLE trade.sale RENAME status TO state;
INSERT INTO trade.sale VALUES (2, '2026-02-10', 100, 60, 'paid');
ROLLBACK;
BEGIN;
ALTER TABLE trade.sale DROP COLUMN amount CASCADE;
SELECT * FROM customer_value.verify('shop') WHERE customer IS NULL;
SAVEPOINT s;
INSERT INTO trade.sale VALUES (2, '2026-02-10', 60, 'paid');
ROLLBACK TO s;
SELECT customer_value.untrack('shop', 'trade.sale');
INSERT INTO trade.sale VALUES (2, '2026-02-10', 60, 'paid');
ROLLBACK;

-- Triggers that are disabled are missed.
ALTER TABLE trade.sale DISABLE TRIGGER shop_track_insert;
INSERT INTO trade.sale VALUES (2, '2026-02-10', 1, 60, 'paid');
SELECT customer, what, stored, recomputed FROM customer_value.verify('shop') WHERE what NOT IN ('value', 'basis');
ALTER TABLE trade.sale ENABLE TRIGGER shop_track_insert;
SELECT customer_value.rebuild('shop');

-- TRUNCATE, and a source that is dropped.
TRUNCATE trade.orders;
SELECT * FROM customer_value.verify('shop');
SELECT customer_id, value FROM shop.customer WHERE customer_id IN (0, 1) ORDER BY 1;
DROP TABLE trade.sale;
SELECT what, stored, recomputed FROM customer_value.verify('shop') WHERE customer IS NULL;
SELECT count(*) > 0 AS differences FROM customer_value.verify('shop');
SELECT customer_value.untrack('shop', 'sale');
SELECT customer_value.untrack('shop', 'Odd "Orders"');
SELECT customer_value.untrack('shop', '"Odd ""Orders"""');
SELECT * FROM shop.customer;
SELECT * FROM customer_value.verify('shop');

-- All values below 0: the last class.
INSERT INTO trade.orders (id, customer_id, ordered_at, total) VALUES (1, 1, '2026-03-01', -1), (2, 2, '2026-03-01', 0);
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT customer_id, basis, abc_class FROM shop.customer ORDER BY 1;
SELECT customer_value.untrack('shop', 'trade.orders');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'trade.orders'::regclass;

-- What depends on a base keeps it from being dropped; the triggers do not.
SELECT customer_value.track_orders('shop', 'trade.orders', 'customer_id', 'ordered_at', 'total');
CREATE VIEW trade.important AS SELECT * FROM shop.customer WHERE abc_class = 'A';
SELECT customer_value.drop_base('shop');
DROP VIEW trade.important;
SELECT customer_value.drop_base('shop');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'trade.orders'::regclass;
SELECT count(*) AS schemas FROM pg_namespace WHERE nspname = 'shop';
-- nor does a base that is dropped by hand leave any behind
SELECT customer_value.create_base('shop');
SELECT customer_value.track_orders('shop', 'trade.orders', 'customer_id', 'ordered_at', 'total');
DROP SCHEMA shop CASCADE;
INSERT INTO trade.orders (id, customer_id, ordered_at, total) VALUES (3, 1, '2026-03-01', 1);

RESET ROLE;
DROP SCHEMA trade, elsewhere CASCADE;
REVOKE CREATE ON DATABASE :"DBNAME" FROM base_owner;
DROP ROLE base_owner;
