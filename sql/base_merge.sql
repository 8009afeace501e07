-- Two records of one person become one customer and two again; customers are forgotten.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE SCHEMA trade;
CREATE TABLE trade.sale (customer int, day date, amount numeric);
CREATE TABLE trade.refund (customer int, day date, amount numeric);
INSERT INTO trade.sale SELECT i, date '2026-01-01' + i, i * i * 10 FROM generate_series(1, 9) i;
INSERT INTO trade.refund VALUES (2, '2026-01-20', -7), (5, '2026-01-20', -7);
SELECT customer_value.create_base('shop', key => 'integer', rules =>
	'{"segments": [{"name": "gold", "from": 60}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
SELECT customer_value.track_orders('shop', 'trade.sale', 'customer', 'day', 'amount');
SELECT customer_value.track_orders('shop', 'trade.refund', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop', '2026-02-01');
UPDATE shop.customer SET facts = '{"employees": 7}' WHERE customer_id = 2;
SELECT customer_value.rebalance('shop', '2026-02-01');
CREATE TABLE trade.before AS SELECT customer_id, value, facts, basis, abc_class, score, segment FROM shop.customer;

SELECT customer_value.merge_customers('shop', 5, 2);
SELECT customer_id, value, basis FROM shop.customer WHERE customer_id IN (2, 5);
SELECT customer_id, merged_into, facts, merged_by = session_user AS merged_by FROM shop.merged;
SELECT * FROM customer_value.verify('shop');
-- orders on either key, in one statement or several, all kinds of them
INSERT INTO trade.sale VALUES (2, '2026-02-02', 100), (5, '2026-02-02', 10), (2, '2026-02-03', 1000), (77, '2026-02-03', 1);
UPDATE trade.sale SET customer = 2 WHERE customer = 4;
UPDATE trade.sale SET customer = 5 WHERE customer = 2 AND amount = 100;
UPDATE trade.sale SET amount = amount + 1 WHERE customer = 2 AND amount = 1000;
DELETE FROM trade.sale WHERE customer = 5 AND amount = 10;
SELECT customer_id, value, basis FROM shop.customer WHERE customer_id IN (2, 4, 5);
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.merge_customers('shop', '5', '6');
SELECT customer_value.rebalance('shop', '2026-02-01');
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.rebuild('shop');
TRUNCATE trade.refund;
SELECT * FROM customer_value.verify('shop');
INSERT INTO trade.refund VALUES (2, '2026-01-20', -7), (5, '2026-01-20', -7);
-- and apart again, each with his own
SELECT customer_value.unmerge_customers('shop', 5, 2);
SELECT customer_id, value, facts, basis FROM shop.customer WHERE customer_id IN (2, 5, 6) ORDER BY 1;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.unmerge_customers('shop', '5', '6');
SELECT * FROM customer_value.verify('shop');
DELETE FROM trade.sale WHERE day >= '2026-02-02';
UPDATE trade.sale SET customer = 4 WHERE customer = 2 AND day = '2026-01-05';
DELETE FROM shop.customer WHERE customer_id = 77;
SELECT customer_value.rebalance('shop', '2026-02-01');
SELECT * FROM customer_value.verify('shop');
SELECT * FROM trade.before EXCEPT SELECT customer_id, value, facts, basis, abc_class, score, segment FROM shop.customer;
SELECT customer_id, what, old_value, new_value, reason FROM shop.change WHERE reason LIKE '%merge' ORDER BY changed_at;

-- What cannot be merged.
SELECT customer_value.merge_customers('shop', 1, 2);
SELECT customer_value.merge_customers('shop', 1, 1);
SELECT customer_value.merge_customers('shop', 1, 2);
SELECT customer_value.merge_customers('shop', 2, 3);
SELECT customer_value.unmerge_customers('shop', 1, 3);
SELECT customer_value.merge_customers('shop', 3, 1);
SELECT customer_value.merge_customers('shop', 3, 99);
SELECT customer_value.merge_customers('shop', 99, 3);
SELECT customer_value.merge_customers('shop', 3, NULL);
SELECT customer_value.merge_customers('shop', 'x', 'y');
SELECT customer_value.unmerge_customers('shop', 2, 1);
SELECT customer_value.unmerge_customers('shop', 3, 4);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT customer_value.merge_customers('shop', 3, 4);
ROLLBACK;

-- Forgotten, with the record merged into him: nothing is left but that it was done.
SELECT customer_value.override('shop', 1, 'gold', 'x', current_date + 10);
SELECT customer_value.forget('shop', 2, 'asked for it on 2 February');
SELECT count(*) FROM shop.customer WHERE customer_id IN (1, 2);
SELECT count(*) FROM shop.change WHERE customer_id IN (1, 2);
SELECT (SELECT count(*) FROM shop.merged) AS merged, (SELECT count(*) FROM shop.override) AS override, (SELECT count(*) FROM shop.queue) AS queue;
SELECT octet_length(token), reason, forgotten_at = now() AS forgotten_at, forgotten_by = session_user AS forgotten_by FROM shop.forgotten;
SELECT count(DISTINCT token) FROM shop.forgotten;
SELECT * FROM customer_value.verify('shop');
-- his orders count no more, earlier and later ones; those of others do
INSERT INTO trade.sale VALUES (1, '2026-02-02', 100), (2, '2026-02-02', 10), (3, '2026-02-03', 1000);
UPDATE trade.sale SET amount = amount + 1 WHERE customer <= 3;
UPDATE trade.sale SET customer = 3 WHERE customer = 2 AND day = '2026-02-02';
DELETE FROM trade.sale WHERE customer = 1 AND day = '2026-02-02';
SELECT customer_value.rebalance('shop', '2026-02-01');
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.rebuild('shop');
SELECT customer_id, value FROM shop.customer WHERE customer_id <= 3;
SELECT customer_value.untrack('shop', 'trade.refund');
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.forget('shop', 2, 'again');
SELECT customer_value.forget('shop', 99, 'x');
SELECT customer_value.forget('shop', 3, '');
SELECT customer_value.forget('shop', NULL, 'x');
SELECT customer_value.forget('shop', 'x', 'x');
-- only the owner may
CREATE ROLE base_reader;
GRANT pg_read_all_data, pg_write_all_data TO base_reader;
SET ROLE base_reader;
SELECT customer_value.forget('shop', 3, 'x');
SELECT customer_value.merge_customers('shop', 3, 4);
SELECT customer_value.unmerge_customers('shop', 3, 4);
-- while any writer's orders go where they should, and nowhere
INSERT INTO trade.sale VALUES (2, '2026-02-02', 10), (3, '2026-02-03', 1000);
RESET ROLE;
DROP ROLE base_reader;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.drop_base('shop');

-- Keys of other types: numbers that are equal are one.
CREATE TABLE trade.visit (id uuid, name text, n numeric, day date, amount int);
INSERT INTO trade.visit VALUES ('00000000-0000-0000-0000-000000000001', 'ada', 1.5, '2026-01-01', 10), ('00000000-0000-0000-0000-000000000002', 'bob''s', 2.50, '2026-01-01', 1),
	('00000000-0000-0000-0000-000000000003', '42', 3, '2026-01-01', 2);
SELECT customer_value.create_base('keys', key => 'numeric');
SELECT customer_value.track_orders('keys', 'trade.visit', 'n', 'day', 'amount');
SELECT customer_value.merge_customers('keys', 1.50, 2.5);
SELECT customer_value.forget('keys', 3.00, 'x');
INSERT INTO trade.visit (n, day, amount) VALUES (2.500, '2026-01-02', 3), (3.0, '2026-01-02', 3);
SELECT customer_id, basis FROM keys.customer;
SELECT * FROM customer_value.verify('keys');
SELECT customer_value.drop_base('keys');
SELECT customer_value.create_base('keys', key => 'text');
SELECT customer_value.track_orders('keys', 'trade.visit', 'name', 'day', 'amount');
SELECT customer_value.merge_customers('keys', 'ada', 'bob''s');
SELECT customer_value.merge_customers('keys', 'ada', '42');
SELECT customer_value.unmerge_customers('keys', 'ada', '42');
SELECT customer_value.forget('keys', 42, 'x');
SELECT customer_id, basis FROM keys.customer;
SELECT * FROM customer_value.verify('keys');
SELECT customer_value.drop_base('keys');
SELECT customer_value.create_base('keys', key => 'uuid');
SELECT customer_value.track_orders('keys', 'trade.visit', 'id', 'day', 'amount');
SELECT customer_value.merge_customers('keys', '00000000-0000-0000-0000-000000000001', uuid '00000000-0000-0000-0000-000000000002');
SELECT customer_value.forget('keys', uuid '00000000-0000-0000-0000-000000000003', 'x');
SELECT customer_id, basis FROM keys.customer;
SELECT * FROM customer_value.verify('keys');
SELECT customer_value.drop_base('keys');
DROP SCHEMA trade CASCADE;

-- The same with a queued source: what waits in the queue goes along.
CREATE SCHEMA trade;
CREATE TABLE trade.sale (customer int, day date, amount numeric);
INSERT INTO trade.sale SELECT i, date '2026-01-01' + i, i * i * 10 FROM generate_series(1, 9) i;
SELECT customer_value.create_base('shop', key => 'integer', rules => '{"segments": [{"name": "vip", "from": 60}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
SELECT customer_value.track_orders('shop', 'trade.sale', 'customer', 'day', 'amount', mode => 'queued');
SELECT customer_value.rebalance('shop', '2026-02-01');
INSERT INTO trade.sale VALUES (1, '2026-02-02', 1), (2, '2026-02-02', 2), (3, '2026-02-02', 3), (4, '2026-02-02', 4);
SELECT customer_value.merge_customers('shop', 1, 2);
SELECT customer_value.forget('shop', 3, 'x');
SELECT * FROM customer_value.verify('shop');
INSERT INTO trade.sale VALUES (1, '2026-02-03', 10), (2, '2026-02-03', 20), (3, '2026-02-03', 30), (4, '2026-02-03', 40);
SELECT customer_id, value FROM shop.queue ORDER BY customer_id, value::text;
SELECT customer_value.override('shop', 4, 'vip', 'x', current_date + 10);
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.unmerge_customers('shop', 1, 2);
INSERT INTO trade.sale VALUES (1, '2026-02-04', 100), (2, '2026-02-04', 200), (3, '2026-02-04', 300);
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.rebalance('shop', '2026-02-01');
SELECT customer_id, value, segment, abc_class FROM shop.customer WHERE customer_id < 5 ORDER BY 1;
SELECT count(*) FROM (SELECT abc_class, abc_class(basis) OVER () AS answer FROM shop.customer) c WHERE abc_class IS DISTINCT FROM answer;
SELECT count(*) FROM shop.customer;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.drop_base('shop');
DROP SCHEMA trade CASCADE;

-- The history of a record that is one again ends where it stands.
CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale VALUES (1, '2026-01-01', 100), (2, '2026-01-01', 60), (3, '2026-01-01', 5);
SELECT customer_value.create_base('shop', cuts => '{0.5}');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop', '2026-01-31');
SELECT customer_value.merge_customers('shop', 3, 1);
SELECT customer_value.unmerge_customers('shop', 3, 1);
SELECT customer_id, what, old_value, new_value, reason FROM shop.change ORDER BY change_id;
SELECT customer_id, abc_class FROM shop.customer ORDER BY 1;
SELECT customer_value.drop_base('shop');
DROP TABLE sale;
