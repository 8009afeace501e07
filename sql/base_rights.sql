-- Who writes orders gains no right on a base, whatever he prepares, and nobody else does.
SET client_min_messages = warning;
\set VERBOSITY terse
-- calls that fail
CREATE FUNCTION attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE ROLE base_owner;
CREATE ROLE base_writer;
CREATE ROLE base_reader;
CREATE ROLE base_mallory;
GRANT CREATE ON DATABASE :"DBNAME" TO base_owner, base_mallory;

-- A base and a table whose names are as hostile as can be, one of them as long as can be.
CREATE SCHEMA "s $sql$ %s" AUTHORIZATION base_owner;
SET ROLE base_owner;
CREATE TABLE "s $sql$ %s"."select ""%I"" $$ 'q' \ ÄÖÜ 0123456789012345678901234567890123456"
	("user" int, "a""b %L" date, "$sql$" numeric, "\'" numeric, "AS" text);
SELECT format('%I.%I', n.nspname, c.relname) AS orders FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname ~ '^select' \gset
INSERT INTO :orders SELECT i % 10, '2026-01-01', i % 10 * i, 1, 'x' FROM generate_series(1, 100) i;
SELECT customer_value.create_base('B "x" $sql$ %s \ '' ä 01234567890123456789012345', rules =>
	'{"segments": [{"name": "gold''%s", "from": 60}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
SELECT nspname AS base, quote_ident(nspname) AS schema FROM pg_namespace WHERE nspname ~ '^B "x"' \gset
SELECT customer_value.track_orders(:'base', :'orders', 'user', 'a"b %L', '$sql$', '\''',
	filter => $f$"select ""%I"" $$ 'q' \ ÄÖÜ 0123456789012345678901234567890123456"."AS" = 'x' OR "AS" = '\' -- so be it$f$);
INSERT INTO :orders SELECT i % 11, '2026-01-02', i, 1, CASE WHEN i % 2 = 0 THEN '\' END FROM generate_series(1, 100) i;
UPDATE :orders SET "$sql$" = "$sql$" + 1 WHERE "user" = 4;
DELETE FROM :orders WHERE "user" = 3;
SELECT customer_value.rebalance(:'base', '2026-01-02');
SELECT * FROM customer_value.verify(:'base');
SELECT customers, sources, triggers_enabled, problems FROM customer_value.status(:'base');
SELECT customer_value.override(:'base', 1, 'gold''%s', 'why % "not"', current_date + 3);
SELECT customer_value.merge_customers(:'base', 1, 2);
SELECT customer_value.forget(:'base', 5, '%s');
SELECT customer_value.track_contacts(:'base', :'orders', 'user', 'a"b %L', 'AS', complaint => 'x%''s');
SELECT customer_id, basis, segment FROM :schema.customer WHERE customer_id IN (1, 2, 5, 9) ORDER BY 1;
SELECT count(*) > 0 AS told FROM customer_value_internal.standing_on(:'base', '2026-01-02'), customer_value.migration(:'base', '2026-01-01'), customer_value.simulate(:'base', NULL);
SELECT count(*) FROM customer_value.check_source(:'orders', 'user', 'a"b %L', '$sql$');
SELECT customer_value.rebuild(:'base');
-- and a base that is renamed to something worse
SELECT format('ALTER SCHEMA %I RENAME TO %I', :'base', '"; --') \gexec
TRUNCATE :orders;
INSERT INTO :orders VALUES (2, '2026-01-01', 5, 1, 'x'), (5, '2026-01-01', 5, 1, 'x');
SELECT customer_id, basis FROM """; --".customer WHERE customer_id IN (1, 2, 5);
SELECT * FROM customer_value.verify('"; --');
SELECT position('&quot;; --: customer value' IN """; --".report()) > 0 AS reported;
SELECT customer_value.untrack('"; --', name) FROM customer_value_internal.sources('"; --');
SELECT customer_value.drop_base('"; --');
SELECT count(*) FROM pg_trigger WHERE tgrelid = :'orders'::regclass;
DROP SCHEMA "s $sql$ %s" CASCADE;

-- A writer who may only write.
CREATE SCHEMA trade;
GRANT USAGE ON SCHEMA trade TO PUBLIC;
CREATE TABLE trade.orders (customer_id int, day date, amount numeric, note text);
SELECT customer_value.create_base('shop', notify => true);
SELECT customer_value.track_orders('shop', 'trade.orders', 'customer_id', 'day', 'amount', filter => $$note IS DISTINCT FROM 'void'$$);
SELECT customer_value.rebalance('shop', '2026-01-01');
GRANT INSERT ON trade.orders TO base_writer;
RESET ROLE;
GRANT pg_read_all_data TO base_reader;
GRANT CREATE ON SCHEMA public TO base_writer;
SET ROLE base_writer;
INSERT INTO trade.orders VALUES (1, '2026-01-01', 10, NULL), (1, '2026-01-01', 10, 'void'), (2, '2026-01-01', 20, NULL);
-- what there is to be called
SELECT c, attempt('SELECT ' || c) FROM unnest(ARRAY[
	$$* FROM shop.customer$$, $$* FROM shop.queue$$, $$* FROM shop.change$$, $$shop.report()$$, $$* FROM shop.routing$$, $$NULL::shop.source_1$$,
	$$* FROM customer_value_internal.sources('shop')$$, $$customer_value_internal.recomputed('shop')$$, $$customer_value_internal.ledger_query('shop', 1)$$,
	$$customer_value_internal.in_force('shop')$$, $$* FROM customer_value.verify('shop')$$, $$* FROM customer_value.status('shop')$$,
	$$* FROM customer_value_internal.standing_on('shop', '2026-01-01')$$, $$* FROM customer_value.migration('shop', '2026-01-01')$$,
	$$* FROM customer_value.simulate('shop', NULL)$$, $$* FROM customer_value.value_to_next_class('shop', 1)$$,
	$$customer_value.report('shop')$$, $$customer_value.rebalance('shop')$$, $$customer_value.rebuild('shop')$$, $$customer_value_internal.fold('shop')$$,
	$$customer_value_internal.recompute('shop', true)$$, $$customer_value_internal.stop_writers('shop')$$, $$customer_value_internal.change_keys('shop')$$,
	$$customer_value_internal.set_override('shop', '1', 'x')$$, $$customer_value.override('shop', 1, 'x', 'x', '2200-01-01')$$,
	$$customer_value.forget('shop', 1, 'x')$$, $$customer_value.merge_customers('shop', 1, 2)$$, $$customer_value.unmerge_customers('shop', 1, 2)$$,
	$$customer_value.refresh_outlook('shop')$$, $$customer_value.upgrade_base('shop')$$, $$customer_value.untrack('shop', 'trade.orders')$$,
	$$customer_value_internal.drop_service('shop')$$, $$customer_value.drop_base('shop')$$, $$customer_value.create_base('mine')$$,
	$$customer_value.check_source('trade.orders', 'customer_id', 'day', 'amount')$$,
	$$customer_value.track_contacts('shop', 'trade.orders', 'customer_id', 'day', 'note')$$]) c;

-- What he can put in the way: operators, functions, casts, tables of the same names, settings.
CREATE FUNCTION trap(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE OPERATOR = (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = trap);
CREATE OPERATOR + (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = trap);
CREATE OPERATOR <> (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = trap);
CREATE FUNCTION sum(anyelement) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE DOMAIN pg_temp.customer_value AS text;
CREATE DOMAIN pg_temp.numeric AS text;
CREATE TEMP TABLE customer (customer_id int);
CREATE TEMP TABLE new_orders (customer_id int, day date, amount numeric, note text);
CREATE TEMP TABLE pg_class (oid oid, relname name);
CREATE TEMP TABLE cutoffs AS SELECT 1 AS keys;
SET search_path = public, pg_temp, pg_catalog;
SET customer_value.reason = 'mine';
SET row_security = off;
DO $$BEGIN SET standard_conforming_strings = off; SET escape_string_warning = off; EXCEPTION WHEN OTHERS THEN NULL; /* from 19 on there is no such choice */ END$$;
SET transform_null_equals = on;
SET constraint_exclusion = on;
SET default_transaction_isolation = 'serializable';
SET default_transaction_deferrable = on;
SET lock_timeout = '10s';
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Pacific/Kiritimati';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SET plpgsql.extra_errors = 'all';
SET quote_all_identifiers = on;
SET default_tablespace = '';
SET enable_seqscan = off;
SET plan_cache_mode = force_custom_plan;
INSERT INTO trade.orders VALUES (1, '2.1.2026', 1000, 'a\\'), (1, '2026-01-01', 10, 'void'), (3, '2026-01-01', 7, NULL);
RESET ALL;
SET client_min_messages = warning;
RESET ROLE;
SELECT customer_id, basis, abc_class FROM shop.customer ORDER BY 1;
SELECT customer_id, what, new_value, reason FROM shop.change ORDER BY changed_at, customer_id;
SELECT * FROM customer_value.verify('shop');
SELECT count(*) FROM shop.queue;
DROP OWNED BY base_writer;

-- A filter means what it meant to the owner of the base, whatever the settings of the writer.
SET ROLE base_owner;
CREATE TABLE trade.visit (customer_id int, day date, amount numeric, note text, at timestamptz, price float8);
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Europe/Berlin';
SET transform_null_equals = on;
SET extra_float_digits = -15;
SELECT customer_value.track_orders('shop', 'trade.visit', 'customer_id', 'day', 'amount',
	filter => $$day < '2.1.2026' AND at >= '1.1.2026' AND note = NULL AND (at AT TIME ZONE 'UTC')::date > '31.12.2025' AND price = 0.1$$);
RESET ALL;
SET client_min_messages = warning;
SELECT filter FROM customer_value_internal.sources('shop') WHERE name = 'trade.visit';
INSERT INTO trade.visit VALUES (7, '2026-01-01', 1, NULL, '2026-01-01 00:00Z', 0.1), (7, '2026-01-02', 2, NULL, '2026-01-01 00:00Z', 0.1),
	(7, '2026-01-01', 4, '', '2026-01-01 00:00Z', 0.1), (7, '2026-01-01', 8, NULL, '2025-12-31 23:30Z', 0.1);
SELECT basis FROM shop.customer WHERE customer_id = 7;
SET TimeZone = 'Pacific/Kiritimati';
SELECT * FROM customer_value.verify('shop');
RESET TimeZone;
SELECT customer_value.untrack('shop', 'trade.visit');
DROP TABLE trade.visit;
RESET ROLE;

-- Rules, row security and constraints of the base's owner bind its triggers no more than him; and a
-- constraint that fails tells the writer nothing of the base but its name.
GRANT USAGE ON SCHEMA trade TO base_writer;
GRANT INSERT, DELETE, TRUNCATE, SELECT ON trade.orders TO base_writer;
SET ROLE base_owner;
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.customer FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.queue ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.queue FORCE ROW LEVEL SECURITY;
RESET ROLE;
ALTER TABLE trade.orders OWNER TO base_owner;
ALTER TABLE trade.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE trade.orders FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON trade.orders TO base_writer USING (customer_id = 1) WITH CHECK (customer_id IN (1, 9));
SET ROLE base_writer;
INSERT INTO trade.orders VALUES (9, '2026-01-02', 1), (1, '2026-01-03', 2);
DELETE FROM trade.orders WHERE amount = 10 AND note IS NULL;
RESET ROLE;
SELECT customer_id, basis FROM shop.customer ORDER BY 1;
SET ROLE base_writer;
TRUNCATE trade.orders;
RESET ROLE;
SELECT customer_id, basis FROM shop.customer ORDER BY 1;
ALTER TABLE shop.customer ADD CHECK (basis <> 77);
CREATE UNIQUE INDEX ON shop.customer (basis) WHERE basis > 1000;
SET ROLE base_writer;
\set VERBOSITY default
\set SHOW_CONTEXT never
INSERT INTO trade.orders VALUES (9, '2026-01-02', 77);
INSERT INTO trade.orders VALUES (9, '2026-01-02', 5000), (1, '2026-01-03', 5000);
\set VERBOSITY terse
RESET ROLE;
ALTER TABLE shop.customer DROP CONSTRAINT customer_basis_check;
DROP INDEX shop.customer_basis_idx;
ALTER TABLE shop.customer NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
ALTER TABLE shop.queue NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
ALTER TABLE trade.orders NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
SELECT * FROM customer_value.verify('shop');

-- What may be read may be read, and what may be written, written; neither is more than it was.
GRANT pg_write_all_data TO base_writer;
SET ROLE base_writer;
INSERT INTO trade.orders VALUES (1, '2026-01-01', 10, NULL);
SELECT attempt('SELECT ' || c) FROM unnest(ARRAY['* FROM shop.customer', $$customer_value.rebalance('shop')$$]) c;
RESET ROLE;
SET ROLE base_reader;
SELECT customer_id, basis FROM shop.customer ORDER BY 1;
SELECT customers FROM customer_value.status('shop');
SELECT count(*) FROM customer_value_internal.standing_on('shop', '2026-01-01');
SELECT position('<html' IN shop.report()) > 0 AS report;
SELECT attempt(c) FROM unnest(ARRAY[$$SELECT customer_value.rebalance('shop')$$, $$SELECT * FROM customer_value.verify('shop')$$,
	$$UPDATE shop.customer SET basis = 1$$, $$INSERT INTO trade.orders VALUES (1)$$]) c;
RESET ROLE;
REVOKE pg_write_all_data FROM base_writer;

-- A trigger of a base that is put on another table by hand: it writes to nothing but what belongs to the
-- table's owner, in a schema of his, and takes whatever the table looks like.
CREATE SCHEMA shared;
GRANT ALL ON SCHEMA shared TO base_owner, base_mallory;
SET ROLE base_owner;
CREATE TABLE shared.customer (customer_id int, bucket int, basis numeric, abc_class text, segment text, facts jsonb);
GRANT INSERT, TRIGGER ON shared.customer TO base_mallory;
SET ROLE base_mallory;
CREATE FUNCTION shared.trap() RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE TABLE shared.queue (customer_id int, trap int DEFAULT shared.trap());
CREATE TABLE shared.change (customer_id int, what text, old_value text, new_value text, reason text, trap int DEFAULT shared.trap());
CREATE TABLE shared.settings (notify boolean);
GRANT ALL ON shared.queue, shared.change, shared.settings TO base_owner;
CREATE TRIGGER record AFTER INSERT ON shared.customer FOR EACH ROW EXECUTE FUNCTION customer_value_internal.record_change();
SET ROLE base_owner;
ALTER TABLE shared.customer DISABLE TRIGGER ALL;
SELECT attempt('ALTER TABLE shared.customer ENABLE TRIGGER record; SET ROLE base_mallory; INSERT INTO shared.customer VALUES (1, 2, 3); RESET ROLE');
RESET ROLE;
ALTER SCHEMA shared OWNER TO base_owner;
SET ROLE base_mallory;
CREATE SCHEMA mallory;
CREATE TABLE mallory.customer (customer_id text, bucket int, basis int, abc_class int, segment int);
CREATE TABLE mallory.queue (customer_id text);
CREATE TABLE mallory.settings (notify boolean);
CREATE TABLE mallory.change (customer_id text, what text, old_value text, new_value text, reason text);
CREATE TRIGGER record AFTER INSERT OR UPDATE ON mallory.customer FOR EACH ROW EXECUTE FUNCTION customer_value_internal.record_change();
SELECT attempt('INSERT INTO mallory.customer VALUES (9, 1, 2, 3, 4)');
ALTER TABLE mallory.customer ALTER abc_class TYPE text, ALTER segment TYPE text;
SELECT attempt('INSERT INTO mallory.customer VALUES (9, 1, 2, ''A'')');
ALTER TABLE mallory.customer ADD facts jsonb;
INSERT INTO mallory.customer (customer_id, facts) VALUES (NULL, '{}'), ('x', '{}');
ALTER TABLE mallory.customer ALTER customer_id TYPE int USING 7;
INSERT INTO mallory.customer (customer_id, facts) VALUES (8, '{}');
SELECT * FROM mallory.queue;
INSERT INTO mallory.customer VALUES (9, 1, 2, 'B', NULL);
UPDATE mallory.customer SET abc_class = 'A' WHERE customer_id = 9;
SET customer_value.reason = 'date';
SELECT attempt('INSERT INTO mallory.customer VALUES (9, 1, 2, 3, 4)');
RESET customer_value.reason;
ALTER TABLE mallory.customer ALTER customer_id TYPE text;
INSERT INTO mallory.customer VALUES ('y', 1, 2, 'B', NULL);
UPDATE mallory.customer SET abc_class = 'A' WHERE customer_id = 'y';
CREATE FUNCTION mallory.nothing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
CREATE TRIGGER nothing BEFORE INSERT ON mallory.change FOR EACH ROW EXECUTE FUNCTION mallory.nothing();
UPDATE mallory.customer SET segment = 'kept out' WHERE customer_id = 'y';
UPDATE mallory.customer SET segment = NULL WHERE customer_id = 'y';
SELECT * FROM mallory.change;
-- a schema that looks like a base, one table of which is another's
CREATE TYPE mallory.source_1 AS ENUM ();
CREATE TABLE mallory.cutoffs (keys text);
CREATE TABLE mallory.orders (customer_id int, day date, amount numeric);
CREATE TRIGGER fake AFTER INSERT ON mallory.orders REFERENCING NEW TABLE AS new_orders
	FOR EACH STATEMENT WHEN (NULL::mallory.source_1 IS NULL) EXECUTE FUNCTION customer_value_internal.track_change();
SELECT attempt('INSERT INTO mallory.orders VALUES (1)');
RESET ROLE;
ALTER TABLE mallory.customer OWNER TO base_owner;
SET ROLE base_mallory;
SELECT attempt('INSERT INTO mallory.orders VALUES (1)');
RESET ROLE;
DROP SCHEMA shared, mallory CASCADE;

-- The owner of a source who is not that of the base gives a column a type of his own.
GRANT base_mallory TO base_owner;
SET ROLE base_mallory;
CREATE SCHEMA mallory;
CREATE TABLE mallory.orders (customer_id int, day date, amount numeric);
SET ROLE base_owner;
SELECT customer_value.track_orders('shop', 'mallory.orders', 'customer_id', 'day', 'amount');
GRANT USAGE ON SCHEMA shop TO base_mallory;
SET ROLE base_mallory;
INSERT INTO mallory.orders VALUES (9, '2026-01-04', 90);
CREATE TYPE mallory.money AS (x int);
CREATE FUNCTION mallory.trap(mallory.money) RETURNS numeric LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE CAST (mallory.money AS numeric) WITH FUNCTION mallory.trap(mallory.money) AS IMPLICIT;
SELECT attempt('ALTER TABLE mallory.orders ALTER amount TYPE mallory.money USING NULL');
BEGIN;
DROP TRIGGER shop_track_columns ON mallory.orders;
ALTER TABLE mallory.orders ALTER amount TYPE mallory.money USING NULL;
SELECT attempt($$INSERT INTO mallory.orders VALUES (9, '2026-01-04', '(1)')$$);
CREATE TRIGGER shop_track_columns AFTER UPDATE OF customer_id, day, amount ON mallory.orders
	FOR EACH STATEMENT WHEN (NULL::shop.source_2 IS NOT NULL) EXECUTE FUNCTION customer_value_internal.track_change();
COMMENT ON TRIGGER shop_track_columns ON mallory.orders IS 'as good as it was';
SELECT attempt($$INSERT INTO mallory.orders VALUES (9, '2026-01-04', '(1)')$$);
RESET ROLE;
SELECT attempt($$SELECT * FROM customer_value.verify('shop')$$);
ROLLBACK;
-- and a base whose owner has lost the rights of the source's owner
RESET ROLE;
REVOKE base_mallory FROM base_owner;
DISCARD PLANS;
SELECT attempt($$INSERT INTO mallory.orders VALUES (9, '2026-01-04', 90)$$);
SET ROLE base_owner;
SELECT problems FROM customer_value.status('shop');
SELECT customer_value.rebalance('shop', '2026-01-01') IS NOT NULL AS goes_on;
SELECT customer_value.untrack('shop', 'mallory.orders');
SELECT * FROM customer_value.verify('shop');
RESET ROLE;
INSERT INTO mallory.orders VALUES (9, '2026-01-04', 90);
SELECT count(*) FROM shop.customer WHERE basis = 90;

-- The right to call functions may be taken away; the triggers go on as long as the owner of the base has it.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA customer_value FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA customer_value TO base_owner;
SET ROLE base_writer;
SELECT attempt($$SELECT customer_value.rebalance('shop')$$);
INSERT INTO trade.orders VALUES (4, '2026-01-01', 10, NULL);
RESET ROLE;
SELECT customer_id, basis FROM shop.customer WHERE customer_id = 4;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA customer_value TO PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA customer_value FROM base_owner;

-- A base that changes hands, with its sources or without.
CREATE ROLE base_heir;
SELECT customer_value.rebalance('shop', '2026-01-01');
REASSIGN OWNED BY base_owner TO base_heir;
SET ROLE base_writer;
INSERT INTO trade.orders VALUES (4, '2026-01-01', 10, NULL);
RESET ROLE;
SELECT customer_id, basis FROM shop.customer WHERE customer_id = 4;
SET ROLE base_owner;
SELECT attempt($$SELECT customer_value.rebalance('shop')$$);
SET ROLE base_heir;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.drop_base('shop');
RESET ROLE;

DROP FUNCTION attempt;
DROP SCHEMA trade, mallory CASCADE;
REVOKE CREATE ON DATABASE :"DBNAME" FROM base_owner, base_mallory;
DROP OWNED BY base_owner, base_heir, base_writer, base_mallory, base_reader;
DROP ROLE base_owner, base_heir, base_writer, base_mallory, base_reader;
