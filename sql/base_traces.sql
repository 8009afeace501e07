-- Gone without a trace; and what becomes of a base when things are renamed or dropped under it.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY, customer int, day date, amount numeric, note text);
CREATE TABLE refund (customer int, day date, amount numeric);
CREATE TABLE call (customer int, at timestamptz, channel text);
INSERT INTO sale (customer, day, amount) SELECT i % 10, '2026-01-01', i FROM generate_series(1, 100) i;

-- Every row of every catalog, but for what VACUUM and a table's first trigger leave there.
CREATE FUNCTION catalogs() RETURNS TABLE (name regclass, n bigint, digest text) LANGUAGE plpgsql AS $$
BEGIN
	FOR name IN SELECT c.oid FROM pg_class c
		WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared AND c.relname !~ '^pg_(statistic|largeobject)' LOOP
		RETURN QUERY EXECUTE format('SELECT %L::regclass, count(*), md5(string_agg(t.text, '','' ORDER BY t.text)) FROM (SELECT %s AS text FROM %s c) t', name,
			CASE WHEN name = 'pg_class'::regclass
				THEN $sql$(to_jsonb(c) - '{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid,relhastriggers}'::text[])::text$sql$
				ELSE 'c::text' END, name);
	END LOOP;
	RETURN QUERY SELECT 'pg_shdepend'::regclass, count(*), NULL FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database());
END
$$;
CREATE TABLE catalog_before (name regclass, n bigint, digest text);
CREATE FUNCTION traces() RETURNS TABLE (catalog regclass, rows_more bigint)
LANGUAGE sql AS $$SELECT a.name, a.n - b.n FROM catalogs() a JOIN catalog_before b USING (name) WHERE (a.n, a.digest) IS DISTINCT FROM (b.n, b.digest)$$;
CREATE FUNCTION make_base() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM customer_value.create_base('shop', notify => true, rules =>
		'{"segments": [{"name": "gold", "from": 60}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
	PERFORM customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', filter => 'note IS NULL');
	PERFORM customer_value.track_orders('shop', 'refund', 'customer', 'day', 'amount', mode => 'queued');
	PERFORM customer_value.track_contacts('shop', 'call', 'customer', 'at', 'channel');
	PERFORM customer_value.rebalance('shop', '2026-01-01');
END
$$;
INSERT INTO catalog_before SELECT * FROM catalogs();

-- a base that was used in every way
SELECT make_base();
SELECT count(*) > 5 AS many FROM traces();
INSERT INTO refund VALUES (1, '2026-01-01', -5);
SELECT customer_value.override('shop', 1, 'gold', 'x', current_date + 5);
SELECT customer_value.merge_customers('shop', 2, 3);
SELECT customer_value.forget('shop', 4, 'x');
INSERT INTO shop.touchpoint_task (touchpoint, what, who, due) VALUES ('phone', 'x', 'x', '2026-01-01');
UPDATE shop.settings SET cuts = '{0.5}';
SELECT customer_value.rebalance('shop', '2026-01-02') > 0 AS moved;
SELECT customer_value.rebuild('shop');
SELECT customer_value.untrack('shop', 'sale');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'sale'::regclass;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'refund'::regclass;
SELECT customer_value.drop_base('shop');
SELECT * FROM traces();
-- or dropped with all that it tracks
SELECT make_base();
SELECT customer_value.drop_base('shop');
SELECT * FROM traces();
SELECT make_base();
DROP SCHEMA shop CASCADE;
SELECT * FROM traces();
-- one that was never made
BEGIN;
SELECT make_base();
ROLLBACK;
SELECT * FROM traces();
-- untracked and tracked again
SELECT make_base();
TRUNCATE catalog_before;
INSERT INTO catalog_before SELECT * FROM catalogs();
CREATE TABLE more (LIKE sale);
SELECT customer_value.track_orders('shop', 'more', 'customer', 'day', 'amount');
SELECT customer_value.untrack('shop', 'more');
DROP TABLE more;
SELECT * FROM traces();
-- a tracked table that is dropped takes its triggers along, and untrack the rest
BEGIN;
DROP TABLE sale;
SELECT problems FROM customer_value.status('shop');
SELECT customer_value.untrack('shop', 'sale');
SELECT typname FROM pg_type WHERE typnamespace = 'shop'::regnamespace AND typtype = 'e';
SELECT count(*) FROM shop.customer;
DROP TABLE refund;
SELECT customer_value.drop_base('shop');
SELECT count(*) FROM pg_depend WHERE classid = 'pg_trigger'::regclass AND objid >= 16384;
SELECT count(*) FROM pg_namespace WHERE nspname = 'shop';
ROLLBACK;
-- the extension stays as long as there is a base, and does not take the orders along
DROP EXTENSION customer_value;
BEGIN;
DROP EXTENSION customer_value CASCADE;
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-01-01', 2);
DELETE FROM refund;
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('sale'::regclass, 'refund'::regclass);
SELECT count(*) FROM shop.customer;
DROP SCHEMA shop CASCADE;
SELECT count(*) FROM sale;
ROLLBACK;

-- Everything renamed: all goes on, but for a filter, which says what to do.
ALTER SCHEMA shop RENAME TO "Der Laden";
ALTER TABLE sale RENAME TO verkauf;
ALTER TABLE verkauf RENAME customer TO kunde;
ALTER TABLE verkauf RENAME day TO tag;
CREATE SCHEMA handel;
ALTER TABLE refund SET SCHEMA handel;
ALTER TABLE call RENAME TO anruf;
ALTER TABLE anruf RENAME channel TO kanal;
INSERT INTO verkauf (kunde, tag, amount) VALUES (1, '2026-01-03', 1000);
INSERT INTO handel.refund VALUES (1, '2026-01-03', -100);
INSERT INTO anruf VALUES (1, '2026-01-02', 'phone');
SELECT customer_value.rebalance('Der Laden', '2026-01-03') > 0 AS moved;
SELECT customer_id, basis, abc_class, segment FROM "Der Laden".customer WHERE customer_id = 1;
SELECT name, customer, at, amount, triggers FROM customer_value_internal.sources('Der Laden');
SELECT problems FROM customer_value.status('Der Laden');
SELECT * FROM customer_value.verify('Der Laden');
SELECT abc_class FROM customer_value.value_to_next_class('Der Laden', 1);
SELECT count(*) > 0 AS stood FROM customer_value_internal.standing_on('Der Laden', '2026-01-03');
SELECT count(*) > 0 AS moved FROM customer_value.migration('Der Laden', '2026-01-01');
SELECT count(*) > 0 AS simulated FROM customer_value.simulate('Der Laden', NULL);
SELECT customer_value.override('Der Laden', 5, 'gold', 'x', current_date + 5);
SELECT customer_value.end_override('Der Laden', 5);
SELECT customer_value.merge_customers('Der Laden', 1, 2);
SELECT customer_value.unmerge_customers('Der Laden', 1, 2);
SELECT customer_value.forget('Der Laden', 6, 'x');
SELECT customer_value.upgrade_base('Der Laden') = customer_value_internal.layout() AS upgraded;
SELECT customer_value.rebuild('Der Laden');
SELECT customer_value.refresh_outlook('Der Laden', '2026-01-03',
	'{"model": "bg/nbd", "params": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, "spend": {"p": 6.25, "q": 3.74, "v": 15.44}}') > 0 AS refreshed;
SELECT queue FROM "Der Laden".routing WHERE customer_id = 1;
SELECT touchpoint, contacts FROM "Der Laden".touchpoint_actual;
SELECT count(*) > 0 AS rows FROM "Der Laden".overview;
SELECT position('Der Laden' IN "Der Laden".report()) > 0 AS reported;
INSERT INTO "Der Laden".treatment (segment, queue) VALUES ('bronze', 'x');
-- contacts are read by the names that were given
SELECT customer_value.track_contacts('Der Laden', 'handel.refund', 'customer', 'day', 'amount');
SELECT customer_value.untrack_contacts('Der Laden', 'anruf');
SELECT customer_value.untrack_contacts('Der Laden', 'call');
SELECT customer_value.track_contacts('Der Laden', 'anruf', 'customer', 'at', 'kanal');
SELECT touchpoint FROM "Der Laden".contact;
-- a name of which no more triggers can be made
ALTER SCHEMA "Der Laden" RENAME TO shop_0123456789012345678901234567890123456789012345678901234567;
INSERT INTO verkauf (kunde, tag, amount) VALUES (1, '2026-01-03', 1000);
SELECT customer_value.track_orders('shop_0123456789012345678901234567890123456789012345678901234567', 'anruf', 'customer', 'at', 'customer');
SELECT * FROM customer_value.verify('shop_0123456789012345678901234567890123456789012345678901234567');
ALTER SCHEMA shop_0123456789012345678901234567890123456789012345678901234567 RENAME TO "Der Laden";
-- a column that only the filter names
BEGIN;
ALTER TABLE verkauf RENAME note TO notiz;
SELECT problems FROM customer_value.status('Der Laden');
SAVEPOINT s;
SELECT * FROM customer_value.verify('Der Laden');
ROLLBACK TO s;
\set VERBOSITY default
\set SHOW_CONTEXT never
INSERT INTO verkauf (kunde, tag, amount) VALUES (1, '2026-01-03', 1000);
\set VERBOSITY terse
ROLLBACK TO s;
SELECT customer_value.untrack('Der Laden', 'verkauf');
SELECT customer_value.track_orders('Der Laden', 'verkauf', 'kunde', 'tag', 'amount', filter => 'notiz IS NULL');
SELECT * FROM customer_value.verify('Der Laden');
ROLLBACK;
SELECT customer_value.drop_base('Der Laden');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('verkauf'::regclass, 'handel.refund'::regclass);

-- DROP OWNED takes a base along like anything else of the role.
CREATE ROLE base_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO base_owner;
GRANT CREATE ON SCHEMA public TO base_owner;
SET ROLE base_owner;
CREATE TABLE sale (customer int, day date, amount numeric, note text);
CREATE TABLE refund (LIKE sale);
CREATE TABLE call (customer int, at timestamptz, channel text);
SELECT make_base();
RESET ROLE;
DROP OWNED BY base_owner;
SELECT count(*) FROM pg_namespace WHERE nspname = 'shop';
DROP ROLE base_owner;
DROP SCHEMA handel CASCADE;
DROP TABLE verkauf, anruf, catalog_before;
DROP FUNCTION make_base, traces, catalogs;
