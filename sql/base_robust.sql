-- Whatever a base accepts, it can be worked with for ever.
SET client_min_messages = warning;
\set VERBOSITY terse

-- A publication of all tables stops nothing: each has a key, or all of a row is its identity.
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int, day date, amount numeric);
SELECT customer_value.create_base('shop', rules => '{"segments": [{"name": "gold", "from": 50}, {"name": "standard"}],
	"criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r' AND c.relreplident <> 'f'
	AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary);
SET client_min_messages = error; -- the server's wal_level does not matter here
CREATE PUBLICATION everything FOR ALL TABLES;
SET client_min_messages = warning;
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', mode => 'queued');
INSERT INTO sale (customer, day, amount) SELECT i, '2026-01-01', 100 * i FROM generate_series(1, 9) i;
SELECT customer_value.rebalance('shop', '2026-01-01');
UPDATE sale SET amount = 1 WHERE customer = 9;
DELETE FROM sale WHERE customer = 8;
SELECT customer_value.rebalance('shop', '2026-01-02') > 0 AS moved;
SELECT customer_value.override('shop', 7, 'standard', 'asked for it', '2100-01-01');
SELECT customer_value.override('shop', 7, 'gold', 'or not', '2100-01-01');
INSERT INTO shop.call_volume VALUES (NULL, 'A', 1, 9, 10);
INSERT INTO shop.touchpoint_target VALUES ('shop', NULL, 'A', 10);
UPDATE shop.call_volume SET calls = 11;
DELETE FROM shop.touchpoint_target;
SELECT customer_value.merge_customers('shop', 1, 2);
SELECT customer_value.forget('shop', 3, 'on request');
SELECT customer_value.rebuild('shop');
SELECT customer_value.refresh_outlook('shop', '2026-01-02', '{"model": "mbg/nbd", "params": {"r": 0.7, "alpha": 10, "a": 0.5, "b": 0.86}, "spend": {"p": 5.1, "q": 4.1, "v": 21.5}}');
SELECT customer_id, what, old_value, new_value, reason FROM shop.change ORDER BY change_id;
SELECT * FROM customer_value.verify('shop');
DROP PUBLICATION everything;
SELECT customer_value.drop_base('shop');
DROP TABLE sale;
