-- The days of a base: one base day for all of it, in a time zone of its own, whatever that of the session is.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SET datestyle = 'ISO';
CREATE TABLE sale (id int PRIMARY KEY, client int, at timestamptz, amount numeric);
INSERT INTO sale VALUES (1, 1, '2026-01-31 22:30Z', 10), (2, 1, '2026-01-31 23:30Z', 20), (3, 2, '2026-06-30 21:59:59Z', 5), (4, 2, '2026-06-30 22:00Z', 7);

-- Which zones there are: names alone, no offsets, however they are written.
SELECT customer_value.create_base('shop', key => 'int', time_zone => 'Europe/Berln');
\echo :LAST_ERROR_SQLSTATE
SELECT customer_value.create_base('shop', key => 'int', time_zone => 'CEST');
SELECT customer_value.create_base('shop', key => 'int', time_zone => 'Berlin1');
SELECT customer_value.create_base('shop', key => 'int', time_zone => NULL);
SELECT customer_value.create_base('shop', key => 'int');
SELECT time_zone FROM shop.settings;
UPDATE shop.settings SET time_zone = 'UTC+2';

-- What is said before anything is tracked is in force from the first row on.
UPDATE shop.settings SET time_zone = 'Europe/Berlin';
SELECT customer_value.track_orders('shop', 'sale', 'client', 'at', 'amount');
SELECT customer_id, value FROM shop.customer ORDER BY 1;
SELECT customer_value.rebalance('shop', '2026-07-31') AS moved;
SELECT settings_in_force FROM customer_value.status('shop');

-- Writers in whatever zone: inserted, moved and deleted on the days of the base.
SET timezone = 'Pacific/Kiritimati';
INSERT INTO sale VALUES (5, 3, '2026-03-01 00:30+01', 1);
SET timezone = 'Pacific/Pago_Pago';
INSERT INTO sale VALUES (6, 3, '2026-03-01 00:30+01', 2), (7, 3, '2026-03-02 00:30+02', 2);
UPDATE sale SET at = '2026-04-01 00:30+02' WHERE id = 6;
DELETE FROM sale WHERE id = 7;
RESET timezone;
SELECT value FROM shop.customer WHERE customer_id = 3;
SELECT * FROM customer_value.verify('shop');

-- Another zone comes into force with the next rebalance, for the ledgers and for writers whose plans are there already.
UPDATE shop.settings SET time_zone = 'america/los_angeles';
SELECT settings_in_force FROM customer_value.status('shop');
INSERT INTO sale VALUES (8, 4, '2026-05-01 05:00Z', 3);
SELECT value AS as_in_force FROM shop.customer WHERE customer_id = 4;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.rebalance('shop', '2026-07-31') AS moved;
SELECT settings_in_force FROM customer_value.status('shop');
INSERT INTO sale VALUES (9, 4, '2026-05-01 08:00Z', 4);
SELECT customer_id, value FROM shop.customer ORDER BY 1;
SELECT * FROM customer_value.verify('shop');
-- A period that begins on another day then moves classes, for a reason of its own.
INSERT INTO sale VALUES (11, 6, '2026-07-10 12:00Z', 6);
UPDATE shop.settings SET period = '1 month';
SELECT customer_value.rebalance('shop', '2026-08-01') AS moved;
SELECT customer_id, basis, abc_class FROM shop.customer WHERE customer_id = 2;
UPDATE shop.settings SET time_zone = 'Europe/Berlin';
SELECT customer_value.rebalance('shop', '2026-08-01') AS moved;
SELECT customer_id, basis, abc_class FROM shop.customer WHERE customer_id = 2;
SELECT old_value, new_value, reason FROM shop.change WHERE reason = 'time zone';
SELECT customer_value.rebuild('shop') AS wrong;
SELECT as_of FROM shop.cutoffs;
SELECT * FROM customer_value.verify('shop');
-- rebuild brings it into force as well; queued changes are not counted in two zones; facts are moments of it
CREATE TABLE fact (client int PRIMARY KEY, seen timestamptz);
INSERT INTO fact VALUES (1, '2026-01-31 23:30Z');
SELECT customer_value.track_facts('shop', 'fact', 'client', '{seen}');
SELECT customer_value.untrack('shop', 'sale');
SELECT customer_value.track_orders('shop', 'sale', 'client', 'at', 'amount', mode => 'queued');
INSERT INTO sale VALUES (10, 5, '2026-06-30 22:30Z', 9);
UPDATE shop.settings SET time_zone = 'UTC';
SELECT facts FROM shop.customer WHERE customer_id = 1;
SELECT customer_value.rebuild('shop') AS wrong;
SELECT customer_id, value, facts FROM shop.customer ORDER BY 1;
SELECT * FROM customer_value.verify('shop');

-- Today is today in the zone of the base: sessions at both ends of the world agree, and the base day does not move back.
SET timezone = 'Pacific/Kiritimati';
SELECT customer_value.rebalance('shop') IS NOT NULL AS done;
CREATE TEMP TABLE base_day AS SELECT as_of FROM shop.cutoffs;
SET timezone = 'Pacific/Pago_Pago';
SELECT customer_value.rebalance('shop') IS NOT NULL AS done;
SELECT f.as_of = b.as_of AS same, f.as_of = (now() AT TIME ZONE 'UTC')::date AS today FROM shop.cutoffs f, base_day b;
UPDATE shop.settings SET time_zone = 'Pacific/Kiritimati';
SELECT customer_value.rebalance('shop', NULL) IS NOT NULL AS done;
SELECT as_of = (now() AT TIME ZONE 'Pacific/Kiritimati')::date AS today FROM shop.cutoffs;
RESET timezone;
SELECT customer_value.create_base('far', time_zone => 'Pacific/Kiritimati');
SELECT as_of = (now() AT TIME ZONE 'Pacific/Kiritimati')::date AS today FROM far.cutoffs;
SELECT customer_value.drop_base('far');
SELECT customer_value.drop_base('shop');
DROP TABLE sale, fact;
