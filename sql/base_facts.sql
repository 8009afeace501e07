-- Tables of facts: columns that become facts of customers.
SET client_min_messages = warning;
\set VERBOSITY terse
SET timezone = 'Europe/Berlin';
CREATE SCHEMA trade;
CREATE TYPE trade.mood AS ENUM ('sad', 'glad');
CREATE TABLE trade.orders (customer int, day date, amount numeric);
CREATE TABLE trade.person (id int PRIMARY KEY, name text, employees int, satisfaction real, industry varchar(20), vip boolean, since date,
	seen timestamptz, met timestamp, mood trade.mood, code char(5), size numeric GENERATED ALWAYS AS (employees * 1.5) STORED);
INSERT INTO trade.orders SELECT i, '2026-01-01', i * 100 FROM generate_series(1, 9) i;
INSERT INTO trade.person (id, name, employees, satisfaction, industry) SELECT i, 'n' || i, i * 100, i / 10::real, CASE WHEN i % 2 = 0 THEN 'public' END FROM generate_series(1, 6) i;
INSERT INTO trade.person (id, name, employees) VALUES (50, 'no customer yet', 500), (51, 'unknown', NULL);
SELECT customer_value.create_base('shop', rules => '{"segments": [{"name": "individual", "from": 60}, {"name": "standard"}],
	"criteria": [{"fact": "employees", "weight": 1, "points": [[0, 0], [500, 100]]}, {"fact": "satisfaction", "weight": 1, "points": [[0, 0], [1, 100]]},
		{"fact": "industry", "weight": 1, "points": {"public": 100}, "else": 0}, {"fact": "mine", "weight": 1, "points": [[0, 0], [1, 100]]}]}');
SELECT customer_value.track_orders('shop', 'trade.orders', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop', '2026-03-01');
UPDATE shop.customer SET facts = '{"mine": 1, "note": "by hand"}' WHERE customer_id IN (1, 9);

CREATE VIEW facts AS SELECT customer_id AS id, facts, round(score) AS score, segment, orders(value) FROM shop.customer ORDER BY 1;
CREATE FUNCTION wrong() RETURNS SETOF text LANGUAGE sql AS $$SELECT concat_ws(' ', customer, what, stored, '|', recomputed) FROM customer_value.verify('shop')$$;
CREATE FUNCTION reasons() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', customer_id, what, old_value, '>', new_value, reason) FROM shop.change WHERE changed_at >= now() ORDER BY changed_at, customer_id, what$$;

-- what is refused
SELECT customer_value.track_facts('shop', 'trade.orders', 'customer', '{amount}');
SELECT customer_value.track_facts('shop', 'trade.person', 'name', '{employees}');
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{}');
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{employees,NULL}');
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{employees,employees}');
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{ctid}');
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{nothing}');
CREATE TABLE trade.odd (id int, doc jsonb, employees int, part int) PARTITION BY LIST (id);
SELECT customer_value.track_facts('shop', 'trade.odd', 'id', '{employees}');
DROP TABLE trade.odd;
CREATE TABLE trade.odd (id int, doc jsonb, employees int);
CREATE UNIQUE INDEX ON trade.odd (id) WHERE id > 5;
CREATE UNIQUE INDEX ON trade.odd (id, employees);
CREATE UNIQUE INDEX ON trade.odd ((id + 0));
ALTER TABLE trade.odd ADD UNIQUE (id) DEFERRABLE;
SELECT customer_value.track_facts('shop', 'trade.odd', 'id', '{employees}');
CREATE UNIQUE INDEX ON trade.odd (id);
SELECT customer_value.track_facts('shop', 'trade.odd', 'id', '{doc}');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{employees}');
ROLLBACK;
CREATE VIEW trade.odd_view AS SELECT * FROM trade.odd;
SELECT customer_value.track_facts('shop', 'trade.odd_view', 'id', '{employees}');

-- taken in, with their types; whoever has a fact is a customer
SELECT customer_value.track_facts('shop', 'public.facts', 'id', '{employees}');
SELECT customer_value.track_facts('shop', source => 'trade.person', customer => 'id', facts => '{employees,satisfaction,industry}');
SELECT * FROM facts;
SELECT wrong();
SELECT customer_value.track_facts('shop', 'trade.odd', 'id', '{employees}');
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{vip}');
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT wrong();
SELECT customers, sources, triggers_enabled, problems FROM customer_value.status('shop');

-- every way to write, in the writer's transaction
BEGIN;
UPDATE trade.person SET employees = 600, name = 'x' WHERE id = 1;
INSERT INTO trade.person (id, employees, industry) VALUES (7, 500, 'public'), (60, 1, 'retail');
DELETE FROM trade.person WHERE id = 6;
UPDATE trade.person SET employees = NULL, satisfaction = NULL WHERE id = 2;
UPDATE trade.person SET name = 'y';
SELECT * FROM facts WHERE id IN (1, 2, 6, 7, 60);
SELECT reasons();
COMMIT;
SELECT wrong();
UPDATE trade.person SET id = 8 WHERE id = 5; -- another customer's now
SELECT * FROM facts WHERE id IN (1, 3, 5, 8);
INSERT INTO trade.person (id, employees) VALUES (4, 11), (61, 12) ON CONFLICT (id) DO UPDATE SET employees = excluded.employees;
MERGE INTO trade.person p USING (VALUES (1, 0), (4, 99), (62, 5)) AS n(id, employees) ON p.id = n.id
WHEN MATCHED AND n.employees = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET employees = n.employees
WHEN NOT MATCHED THEN INSERT (id, employees) VALUES (n.id, n.employees);
COPY trade.person (id, employees) FROM stdin WITH (FORMAT csv);
63,63
64,
\.
WITH gone AS (DELETE FROM trade.person WHERE id = 60 RETURNING *)
UPDATE trade.person SET employees = gone.employees FROM gone WHERE person.id = 61;
SELECT * FROM facts;
SELECT wrong();
-- an order of one who is known by his facts alone
INSERT INTO trade.orders VALUES (50, '2026-02-01', 5000);
SELECT * FROM facts WHERE id = 50;
BEGIN;
TRUNCATE trade.person;
SELECT * FROM facts WHERE facts IS NOT NULL;
SELECT wrong();
ROLLBACK;
SELECT wrong();

-- another table, other types; a moment is that of UTC, a NaN is none
INSERT INTO trade.odd VALUES (1, NULL, 1);
ALTER TABLE trade.odd ADD COLUMN rate numeric, ADD COLUMN day date, ADD COLUMN at timestamptz, ADD COLUMN met timestamp, ADD COLUMN mood trade.mood,
	ADD COLUMN code char(5), ADD COLUMN vip boolean, ADD COLUMN exact float8, ADD COLUMN double numeric GENERATED ALWAYS AS (rate * 2) STORED;
SELECT customer_value.track_facts('shop', 'trade.odd', 'id', '{rate,day,at,met,mood,code,vip,exact,double}');
SET extra_float_digits = 0;
SET datestyle = 'SQL, DMY';
UPDATE trade.odd SET rate = 1.50, day = '2026-02-03', at = '2026-02-03 00:30+01', met = '2026-02-03 12:00', mood = 'glad', code = 'ab', vip = true, exact = 0.1::float8 + 0.2;
RESET datestyle;
RESET extra_float_digits;
SELECT jsonb_pretty(facts) FROM facts WHERE id = 1;
SELECT wrong();
-- what rules cannot take is absent to them, and status says so
SELECT rules AS before FROM shop.cutoffs \gset
UPDATE shop.settings SET rules = '{"segments": [{"name": "a", "from": 60}, {"name": "b"}], "criteria": [{"fact": "code", "weight": 1, "points": [[0, 0], [1, 100]]}]}';
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT problems FROM customer_value.status('shop');
UPDATE shop.settings SET rules = :'before';
SELECT customer_value.rebalance('shop', '2026-03-01') > 0 AS moved;

-- Renamed, altered, dropped.
ALTER TABLE trade.odd RENAME COLUMN rate TO share;
ALTER TABLE trade.odd RENAME TO even;
UPDATE trade.even SET share = 2;
SELECT facts -> 'rate', facts -> 'double' FROM facts WHERE id = 1;
SELECT wrong();
ALTER TABLE trade.even DROP COLUMN vip;
ALTER TABLE trade.even DROP CONSTRAINT odd_id_key;
BEGIN;
DROP INDEX trade.odd_id_idx1;
SELECT wrong();
UPDATE trade.even SET share = 3;
ROLLBACK;
BEGIN;
ALTER TABLE trade.even DROP COLUMN vip CASCADE;
SELECT wrong();
UPDATE trade.even SET share = 3;
ROLLBACK;
BEGIN;
ALTER TABLE trade.even DISABLE TRIGGER shop_facts_update;
UPDATE trade.even SET share = 4;
SELECT wrong();
SELECT customer_value.rebuild('shop');
ALTER TABLE trade.even ENABLE TRIGGER shop_facts_update;
SELECT wrong();
ROLLBACK;

-- Facts by hand are put right by rebuild, others stay.
UPDATE shop.customer SET facts = facts || '{"employees": 7, "mine": 0.5}' WHERE customer_id = 2;
SELECT wrong();
SELECT customer_value.rebuild('shop');
SELECT * FROM facts WHERE id = 2;
SELECT wrong();

-- Merged, unmerged, forgotten.
SELECT customer_value.merge_customers('shop', 4, 7);
UPDATE trade.person SET employees = 77 WHERE id = 7;
DELETE FROM trade.person WHERE id = 4;
SELECT * FROM facts WHERE id IN (4, 7);
SELECT wrong();
SELECT customer_value.unmerge_customers('shop', 4, 7);
SELECT * FROM facts WHERE id IN (4, 7);
SELECT wrong();
SELECT customer_value.forget('shop', 7, 'on request');
UPDATE trade.person SET employees = 78 WHERE id = 7;
SELECT * FROM facts WHERE id = 7;
SELECT wrong();

-- A table of orders and of facts at once, untracked as one.
CREATE TABLE trade.account (id int PRIMARY KEY, opened date, deposit numeric, branch text);
INSERT INTO trade.account VALUES (1, '2026-01-05', 10, 'north'), (70, '2026-01-05', 10, 'south');
SELECT customer_value.track_orders('shop', 'trade.account', 'id', 'opened', 'deposit');
SELECT customer_value.track_facts('shop', 'trade.account', 'id', '{branch}');
UPDATE trade.account SET branch = 'west', deposit = 20;
SELECT id, facts ->> 'branch' AS branch, orders FROM facts WHERE id IN (1, 70);
SELECT wrong();
SELECT customer_value.untrack('shop', 'account');
SELECT id, facts ->> 'branch' AS branch, orders FROM facts WHERE id IN (1, 70);
SELECT wrong();

-- Untracked: its facts leave, and who is known by nothing else.
SELECT customer_value.untrack('shop', 'trade.person');
SELECT * FROM facts;
SELECT wrong();
SELECT tgrelid::regclass, count(*) FROM pg_trigger WHERE tgname ~ '^shop_' GROUP BY 1 ORDER BY tgrelid::regclass::text;
DROP TABLE trade.even CASCADE;
SELECT problems FROM customer_value.status('shop');
SELECT customer_value.untrack('shop', 'trade.odd');
SELECT * FROM facts;
SELECT wrong();

-- Rights: who writes facts needs no right on the base, and only its owner tracks.
CREATE ROLE facts_owner;
CREATE ROLE facts_writer;
GRANT USAGE, CREATE ON SCHEMA trade TO facts_owner;
GRANT USAGE ON SCHEMA trade, shop TO facts_writer;
GRANT ALL ON trade.person TO facts_writer;
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{employees}');
SET ROLE facts_writer;
UPDATE trade.person SET employees = 5 WHERE id = 2;
SELECT * FROM shop.customer;
SELECT customer_value.track_facts('shop', 'trade.person', 'id', '{industry}');
SELECT customer_value.untrack('shop', 'trade.person');
CREATE TEMP TABLE fake (id int, employees int);
CREATE TRIGGER fake AFTER INSERT ON fake REFERENCING NEW TABLE AS new_facts FOR EACH STATEMENT WHEN (NULL::shop.facts_3 IS NULL) EXECUTE FUNCTION customer_value_internal.track_change();
INSERT INTO fake VALUES (1, 1);
RESET ROLE;
SELECT id, facts FROM facts WHERE id = 2;
ALTER TABLE trade.person OWNER TO facts_owner;
UPDATE trade.person SET employees = 6 WHERE id = 2;
SELECT wrong();
ALTER TABLE trade.person OWNER TO CURRENT_USER;
SELECT wrong();

DROP VIEW facts;
SELECT customer_value.drop_base('shop');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'trade.person'::regclass;

DROP FUNCTION wrong, reasons;
DROP TABLE fake;
DROP SCHEMA trade CASCADE;
DROP ROLE facts_owner, facts_writer;
