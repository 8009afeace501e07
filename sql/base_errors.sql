-- What a live base refuses, and how it says so.
SET client_min_messages = warning;
CREATE ROLE base_owner;
CREATE ROLE base_other;
CREATE SCHEMA trade;
CREATE TABLE trade.orders (customer_id int, day date, amount numeric, price money, note text, stamp time, big bigint);
CREATE VIEW trade.orders_view AS SELECT * FROM trade.orders;
CREATE MATERIALIZED VIEW trade.orders_matview AS SELECT * FROM trade.orders;
CREATE TEMP TABLE orders_temp (LIKE trade.orders);
CREATE UNLOGGED TABLE trade.orders_unlogged (LIKE trade.orders);
CREATE TABLE trade.orders_parted (LIKE trade.orders) PARTITION BY RANGE (day);
CREATE TABLE trade.orders_part PARTITION OF trade.orders_parted DEFAULT;
CREATE TABLE trade.orders_child () INHERITS (trade.orders_unlogged);
CREATE TABLE trade.parent (LIKE trade.orders);
CREATE TABLE trade.child () INHERITS (trade.parent);
CREATE SEQUENCE trade.numbers;

-- Calls that fail, with SQLSTATE, message, detail and hint.
CREATE FUNCTION attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n    ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
\pset format unaligned
\pset tuples_only on

SELECT attempt('SELECT customer_value.' || c) FROM unnest(ARRAY[
	$$create_base(NULL)$$, $$create_base('')$$, $$create_base('pg_shop')$$, $$create_base('trade')$$, $$create_base(repeat('ä', 25)::name)$$,
	$$create_base('shop', key => 'date')$$, $$create_base('shop', key => 'varchar')$$, $$create_base('shop', key => 'no_type')$$, $$create_base('shop', key => NULL)$$,
	$$create_base('shop', basis => 'profit')$$, $$create_base('shop', basis => 'clv')$$,
	$$create_base('shop', basis => 'clv', period => '1 year', model => '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "spend": {"p": 6, "q": 4, "v": 15}}')$$,
	$$create_base('shop', basis => 'clv', model => '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}}')$$,
	$$create_base('shop', basis => 'clv', model => '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "spend": {"p": 6, "q": 0.9, "v": 15}}')$$,
	$$create_base('shop', period => '-1 day')$$, $$create_base('shop', period => '0')$$,
	$$create_base('shop', cuts => '{0.9,0.8}')$$, $$create_base('shop', cuts => '{}')$$, $$create_base('shop', cuts => '{0.5,1}')$$, $$create_base('shop', cuts => NULL)$$,
	$$create_base('shop', hysteresis => 1)$$, $$create_base('shop', hysteresis => -0.1)$$, $$create_base('shop', hysteresis => 'NaN')$$, $$create_base('shop', notify => NULL)$$, $$create_base('shop', rules => '{"segments": []}')$$]) c;
SELECT attempt('SELECT customer_value.' || c) FROM unnest(ARRAY[
	$$track_orders('shop', 'trade.orders', 'customer_id', 'day', 'amount')$$,
	$$track_orders('trade', 'trade.orders', 'customer_id', 'day', 'amount')$$,
	$$untrack('shop', 'trade.orders')$$, $$rebalance('shop')$$, $$verify('shop')$$, $$rebuild('shop')$$, $$drop_base('trade')$$, $$drop_base(NULL)$$]) c;
SELECT customer_value.create_base('shop', key => 'integer');
SELECT attempt('SELECT customer_value.create_base(''shop'')');
SELECT attempt(format('SELECT customer_value.track_orders(''shop'', ''%s'', ''customer_id'', ''day'', ''amount'')', t))
FROM unnest('{trade.orders_view,trade.orders_matview,orders_temp,trade.orders_unlogged,trade.orders_part,trade.parent,trade.child,trade.numbers,trade.nothing}'::text[]) t;
SELECT attempt(format('SELECT customer_value.track_orders(''shop'', ''trade.orders'', %s)', c)) FROM unnest(ARRAY[
	$$'customer', 'day', 'amount'$$, $$'big', 'day', 'amount'$$, $$'note', 'day', 'amount'$$, $$'ctid', 'day', 'amount'$$,
	$$'customer_id', 'stamp', 'amount'$$, $$'customer_id', 'note', 'amount'$$, $$'customer_id', 'day', 'price'$$, $$'customer_id', 'day', 'note'$$,
	$$'customer_id', 'day', NULL$$, $$'customer_id', 'day', 'amount', 'price'$$, $$'customer_id', 'day', 'amount', 'amount'$$,
	$$'customer_id', 'day', 'amount', filter => 'amount'$$, $$'customer_id', 'day', 'amount', filter => 'no_column > 1'$$,
	$$'customer_id', 'day', 'amount', filter => ''$$, $$'customer_id', 'day', 'amount', filter => 'sum(amount) > 1'$$,
	$$'customer_id', 'day', 'amount', filter => 'day > current_date'$$, $$'customer_id', 'day', 'amount', filter => 'note::date > day'$$,
	$$'customer_id', 'day', 'amount', filter => 'customer_id IN (SELECT customer_id FROM trade.parent)'$$, $$'customer_id', 'day', 'amount', filter => 'tableoid = 1'$$,
	$$'customer_id', 'day', 'amount', filter => 'true), (true'$$,
	$$'customer_id', 'day', 'amount', filter => 'true) FROM trade.parent WHERE (true'$$, $$'customer_id', 'day', 'amount', filter => 'true); SELECT (true'$$,
	$$'customer_id', 'day', 'amount', filter => '$1'$$, $$'customer_id', 'day', 'amount', filter => 'generate_series(1, 2) = 1'$$,
	$$'customer_id', 'day', 'amount', mode => NULL$$, $$'customer_id', 'day', 'amount', mode => 'later'$$]) c;
SELECT attempt('SELECT customer_value.track_orders(''shop'', ''trade.orders'', ''customer_id'', ''day'', ''amount'')');
SELECT attempt('SELECT customer_value.track_orders(''shop'', ''trade.orders'', ''customer_id'', ''day'', ''amount'')');
SELECT attempt('SELECT customer_value.untrack(''shop'', ''trade.parent'')');
SELECT attempt('SELECT customer_value.untrack(''shop'', NULL)');
SELECT attempt('SELECT customer_value.rebalance(''shop'', ''infinity'')');

-- Virtual generated columns came with PostgreSQL 18; triggers do not see what they are.
DO $$
BEGIN
	IF current_setting('server_version_num')::int >= 180000 THEN
		EXECUTE 'CREATE TABLE trade.computed (customer_id int, day date, price float8, amount int, virtual numeric GENERATED ALWAYS AS (price::numeric))';
		IF attempt('SELECT customer_value.track_orders(''shop'', ''trade.computed'', ''customer_id'', ''day'', ''virtual'')') !~ '^0A000.*make it STORED'
			OR attempt('SELECT customer_value.track_orders(''shop'', ''trade.computed'', ''customer_id'', ''day'', ''amount'', filter => ''virtual > 1'')') !~ '^0A000 a filter cannot' THEN
			RAISE 'a virtual generated column was taken';
		END IF;
	END IF;
END
$$;

-- What the ledger refuses, the writer is told; nothing is lost.
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''2026-01-01'', 10)');
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''2026-01-01'', ' || v || ')') FROM unnest('{''NaN'',''Infinity'',1e40,0.0000000001}'::text[]) v;
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''infinity'', 1)');
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''4714-11-24 BC'', 1)');
SELECT customer_id, value FROM shop.customer;
SELECT * FROM customer_value.verify('shop');

-- Neither at an isolation level with one snapshot for the whole transaction.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT attempt('SELECT customer_value.rebalance(''shop'')');
SELECT attempt('SELECT customer_value.rebuild(''shop'')');
SELECT attempt('SELECT customer_value.untrack(''shop'', ''trade.orders'')');
SELECT attempt('SELECT customer_value.track_orders(''shop'', ''trade.parent'', ''customer_id'', ''day'', ''amount'')');
COMMIT;

-- The trigger functions, called in other ways.
SELECT attempt('SELECT customer_value_internal.track_change()');
SELECT attempt('SELECT customer_value_internal.record_change()');
CREATE TRIGGER wrong AFTER INSERT ON trade.parent FOR EACH ROW EXECUTE FUNCTION customer_value_internal.track_change();
SELECT attempt('INSERT INTO trade.parent VALUES (1)');
DROP TRIGGER wrong ON trade.parent;
CREATE TRIGGER wrong AFTER INSERT ON trade.parent FOR EACH STATEMENT EXECUTE FUNCTION customer_value_internal.track_change();
SELECT attempt('INSERT INTO trade.parent VALUES (1)');
DROP TRIGGER wrong ON trade.parent;
CREATE TRIGGER wrong AFTER INSERT ON trade.parent REFERENCING NEW TABLE AS new_orders FOR EACH STATEMENT EXECUTE FUNCTION customer_value_internal.track_change();
SELECT attempt('INSERT INTO trade.parent VALUES (1)');
DROP TRIGGER wrong ON trade.parent;
CREATE TRIGGER wrong AFTER INSERT ON trade.parent REFERENCING NEW TABLE AS new_orders FOR EACH STATEMENT WHEN (1 = 1) EXECUTE FUNCTION customer_value_internal.track_change();
SELECT attempt('INSERT INTO trade.parent VALUES (1)');
DROP TRIGGER wrong ON trade.parent;
CREATE TRIGGER wrong BEFORE INSERT ON trade.parent FOR EACH ROW EXECUTE FUNCTION customer_value_internal.record_change();
SELECT attempt('INSERT INTO trade.parent VALUES (1)');
DROP TRIGGER wrong ON trade.parent;
CREATE TRIGGER wrong AFTER INSERT ON trade.parent FOR EACH ROW EXECUTE FUNCTION customer_value_internal.record_change();
SELECT attempt('INSERT INTO trade.parent VALUES (1)');
DROP TRIGGER wrong ON trade.parent;

-- Whoever may use the base's schema can name it in a trigger on a table of his own; the base does not listen.
GRANT USAGE ON SCHEMA shop TO base_other;
GRANT USAGE, CREATE ON SCHEMA trade TO base_other;
SET ROLE base_other;
CREATE TABLE trade.fake (customer_id int, day date, amount numeric);
CREATE TRIGGER fake AFTER INSERT ON trade.fake REFERENCING NEW TABLE AS new_orders
	FOR EACH STATEMENT WHEN (NULL::shop.source_1 IS NULL) EXECUTE FUNCTION customer_value_internal.track_change();
CREATE TRIGGER fake_columns AFTER UPDATE OF customer_id, day, amount ON trade.fake
	FOR EACH STATEMENT WHEN (NULL::shop.source_1 IS NULL) EXECUTE FUNCTION customer_value_internal.track_change();
SELECT public.attempt('INSERT INTO trade.fake VALUES (1, ''2026-01-01'', 1000000)');
-- nor does it answer those who do not own it
SELECT public.attempt('SELECT customer_value.' || c) FROM unnest(ARRAY[
	$$track_orders('shop', 'trade.fake', 'customer_id', 'day', 'amount')$$, $$untrack('shop', 'trade.orders')$$,
	$$rebalance('shop')$$, $$verify('shop')$$, $$rebuild('shop')$$, $$drop_base('shop')$$, $$create_base('other')$$]) c;
RESET ROLE;
-- an owner of a base does not thereby own tables of others
GRANT CREATE ON DATABASE :"DBNAME" TO base_other;
GRANT SELECT ON trade.parent TO base_other;
SET ROLE base_other;
SELECT customer_value.create_base('other');
SELECT public.attempt('SELECT customer_value.track_orders(''other'', ''trade.parent'', ''customer_id'', ''day'', ''amount'')');
SELECT customer_value.drop_base('other');
RESET ROLE;
-- A table that changes hands is a source no longer, unless its new owner owns the base.
ALTER TABLE trade.orders OWNER TO base_other;
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''2026-01-01'', 1)');
SELECT stored, recomputed FROM customer_value.verify('shop') WHERE customer IS NULL;
ALTER TABLE trade.orders OWNER TO CURRENT_USER;
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''2026-01-01'', 1)');
-- A base in several hands, or in pieces.
BEGIN;
ALTER TABLE shop.customer OWNER TO base_other;
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''2026-01-01'', 1)');
SELECT attempt('SELECT customer_value.rebalance(''shop'')');
ROLLBACK;
BEGIN;
DROP TABLE shop.cutoffs CASCADE;
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''2026-01-01'', 1)');
SELECT attempt('SELECT customer_value.rebalance(''shop'')');
ROLLBACK;
BEGIN;
DELETE FROM shop.cutoffs;
SELECT attempt('INSERT INTO trade.orders VALUES (1, ''2026-01-01'', 1)');
SELECT attempt('SELECT customer_value.rebalance(''shop'')');
ROLLBACK;
SELECT customer_value.drop_base('shop');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('trade.orders'::regclass, 'trade.fake'::regclass);

DROP SCHEMA trade CASCADE;
DROP FUNCTION attempt;
REVOKE CREATE ON DATABASE :"DBNAME" FROM base_other;
DROP ROLE base_owner, base_other;
