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

-- One day for all of it: what takes none is of the base day.
CREATE TABLE sale (client int, day date, amount numeric);
INSERT INTO sale SELECT c, date '2011-12-09' - 7 * k - 10 * c, 20 + c FROM generate_series(1, 9) c, generate_series(0, 9) k;
INSERT INTO sale VALUES (1, '2011-12-08', 5);
SELECT customer_value.create_base('shop', key => 'int', time_zone => 'Asia/Tokyo');
SELECT customer_value.track_orders('shop', 'sale', 'client', 'day', 'amount');
SELECT customer_value.rebalance('shop', '2011-12-10') AS moved;
UPDATE shop.treatment SET contact_every = '30 days';
-- contacts of three kinds: a moment, an hour and a day; these two are of the time zone of the base
CREATE TABLE call (client int, at timestamptz, channel text, why text);
CREATE TABLE visit (client int, at timestamp, channel text, why text);
CREATE TABLE letter (client int, at date, channel text, why text);
SELECT customer_value.track_contacts('shop', t::regclass, 'client', 'at', 'channel', 'why') FROM unnest('{call,visit,letter}'::text[]) t;
INSERT INTO call VALUES (1, '2011-12-07 23:30+09', 'phone', 'complaint'), (2, '2011-12-10 23:30+09', 'phone', 'advice'), (3, '2011-12-11 00:30+09', 'phone', 'after the base day');
INSERT INTO visit VALUES (4, '2011-12-10 23:30', 'branch', 'complaint'), (5, '2010-12-10 23:30', 'branch', 'complaint a year ago'), (6, '2010-12-11 00:00', 'branch', 'complaint within the year');
INSERT INTO letter VALUES (7, '2011-11-10', 'mail', 'complaint');
INSERT INTO shop.touchpoint_target (touchpoint, contacts_per_year) VALUES ('phone', 1);
INSERT INTO shop.touchpoint_task (touchpoint, what, who, due) VALUES ('phone', 'x', 'y', '2011-12-09'), ('phone', 'x', 'y', '2011-12-10');
SELECT DISTINCT created FROM shop.touchpoint_task;
CREATE FUNCTION figures() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s', customer_id, day, extract(epoch FROM at)) FROM shop.contact
	UNION ALL SELECT format('%s: %s by %s', touchpoint, contacts, customers) FROM shop.touchpoint_actual
	UNION ALL SELECT format('complaints %s, complainants %s, stayed %s', sum(complaints), sum(complainants), sum(complainants * stay_rate)) FROM shop.complaint_kpi
	UNION ALL SELECT format('%s contacts a year, %s of %s tasks overdue', contacts_per_year, overdue_tasks, open_tasks) FROM shop.touchpoint_gap
	UNION ALL SELECT format('due: %s since %s (%s days)', customer_id, contact_due, days_overdue) FROM shop.contact_due
	UNION ALL SELECT format('outlook of %s for %s', as_of, count(*)) FROM shop.outlook GROUP BY as_of
	UNION ALL SELECT format('standing on %s of %s', d, count(*)) FROM unnest('{2011-12-08,2011-12-10}'::date[]) d, customer_value_internal.standing_on('shop', d) GROUP BY d
	ORDER BY 1$$;
SET client_min_messages = error; -- whether a model fits or not
SELECT customer_value.refresh_outlook('shop') AS customers;
SET client_min_messages = warning;
CREATE TEMP TABLE figure AS SELECT * FROM figures();
TABLE figure;
-- the same in every session, and after the outlook is made anew in it
SET timezone = 'Pacific/Kiritimati';
SELECT * FROM figure EXCEPT ALL SELECT * FROM figures();
SET client_min_messages = error;
SELECT customer_value.refresh_outlook('shop') AS customers;
SET client_min_messages = warning;
SET timezone = 'Pacific/Pago_Pago';
SELECT * FROM figure EXCEPT ALL SELECT * FROM figures();
RESET timezone;
-- an override ends after the base day, whatever today is
UPDATE shop.settings SET rules = '{"segments": [{"name": "gold", "from": 50}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [500, 100]]}]}';
SELECT customer_value.rebalance('shop', '2011-12-10') AS moved;
SELECT customer_value.override('shop', 1, 'gold', 'x', '2011-12-10');
SELECT customer_value.override('shop', c, 'gold', 'x', '2011-12-11') FROM unnest('{1,9}'::int[]) c;

-- Row security on the customers binds who reads the views of the base, but not its owner.
CREATE ROLE regress_days_reader;
GRANT USAGE ON SCHEMA shop TO regress_days_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO regress_days_reader;
GRANT SELECT ON call TO regress_days_reader;
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.customer FOR SELECT TO regress_days_reader USING (customer_id <= 3);
CREATE FUNCTION seen() RETURNS TABLE (view name, rows bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR view IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'v' ORDER BY 1 LOOP
		EXECUTE format('SELECT count(*) FROM shop.%I', view) INTO rows;
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT * FROM seen();
SELECT sum(customers) FROM shop.summary;
SET ROLE regress_days_reader;
SELECT * FROM seen();
SELECT sum(customers) AS summary, (SELECT sum(customers) FROM shop.overview) AS overview, (SELECT sum(customers) FROM shop.staffing) AS staffing FROM shop.summary;
RESET ROLE;
DROP OWNED BY regress_days_reader;
DROP ROLE regress_days_reader;
SELECT customer_value.drop_base('shop');
DROP TABLE sale, call, visit, letter;
DROP FUNCTION figures, seen;
