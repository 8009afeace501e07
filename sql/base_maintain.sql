-- All that is due on a base, in one call, each step committed.
\set VERBOSITY terse
CREATE TABLE sale (customer int, day date, amount numeric) PARTITION BY LIST (customer);
CREATE TABLE sale_1 PARTITION OF sale FOR VALUES IN (1, 2, 3);
INSERT INTO sale SELECT 1 + i % 3, current_date - 10 * i, 10 * i FROM generate_series(1, 9) i;
SELECT customer_value.create_base('shop', model => '{"model": "mbg/nbd", "params": {"r": 0.8, "alpha": 9, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}',
	rules => '{"segments": [{"name": "gold", "from": 50}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', mode => 'queued');
CALL customer_value.maintain('shop');
SELECT s.queued, s.as_of = s.outlook_as_of AS same_day, s.problems FROM customer_value.status('shop') s;
SELECT count(*) AS classed FROM shop.customer WHERE abc_class IS NOT NULL;

-- A partition that is new, an override that has ended, a queue that is not empty.
CREATE TABLE sale_4 PARTITION OF sale FOR VALUES IN (4);
INSERT INTO sale_4 VALUES (4, current_date, 5);
INSERT INTO sale VALUES (4, current_date, 5), (1, current_date, 1000);
SELECT customer_value.override('shop', 2, 'gold', 'for a day', '2200-01-01');
UPDATE shop.outlook_model SET as_of = as_of - 1;
UPDATE shop.override SET until = '2026-01-01';
CALL customer_value.maintain('shop');
SELECT customer_id, amount(value), segment, override FROM shop.customer ORDER BY 1;
SELECT count(*) AS outlooks FROM shop.outlook;
SELECT * FROM customer_value.verify('shop');
CALL customer_value.maintain('shop'); -- nothing but a rebalance is due

-- What status calls problems are warnings.
ALTER TABLE sale DISABLE TRIGGER shop_track_insert;
CALL customer_value.maintain('shop');

-- Each step commits, which a transaction around it forbids.
BEGIN;
CALL customer_value.maintain('shop');
ROLLBACK;
CREATE ROLE other;
SET ROLE other;
CALL customer_value.maintain('shop');
RESET ROLE;
CALL customer_value.maintain('none');
CALL customer_value.maintain(NULL);

-- No name means what the caller's search path makes of it.
CREATE SCHEMA trap;
CREATE FUNCTION trap.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'caught'; END$$;
CREATE FUNCTION trap.greater(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'caught'; END$$;
CREATE OPERATOR trap.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = trap.greater);
SET search_path = trap, pg_catalog;
CALL customer_value.maintain('shop');
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA trap CASCADE;
SELECT customer_value.drop_base('shop');
DROP TABLE sale;
DROP ROLE other;
