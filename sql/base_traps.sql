-- Whoever calls a function on a base gives its owner no rights: all that the owner has put there runs as
-- the owner, and cannot become anybody else.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE FUNCTION attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
-- every function on a base is one of the entry points, but for those that only take keys of other types
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'customer_value'::regnamespace AND p.proargnames[1] = 'base' AND p.proname <> 'create_base'
	AND p.prosrc NOT LIKE 'customer\_value\_as\_owner%' AND p.prokind = 'f'
	AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) t WHERE t::regtype::text LIKE 'any%');
-- and each returns what its work does
SELECT p.oid::regprocedure FROM pg_proc p
LEFT JOIN pg_proc w ON w.pronamespace = 'customer_value_internal'::regnamespace AND w.proname = p.proname AND w.proargtypes = p.proargtypes
WHERE p.prosrc LIKE 'customer\_value\_as\_owner%' AND (pg_get_function_result(p.oid), p.provolatile, p.proparallel)
	IS DISTINCT FROM (pg_get_function_result(w.oid), w.provolatile, w.proparallel);

CREATE ROLE trap_owner;
CREATE ROLE trap_monitor;
GRANT CREATE ON DATABASE :"DBNAME" TO trap_owner;
CREATE SCHEMA trap AUTHORIZATION trap_owner;
SET ROLE trap_owner;
CREATE TABLE trap.orders (customer_id int, day date, amount numeric, note text);
CREATE TABLE trap.person (id int UNIQUE, employees int);
CREATE TABLE trap.contact (customer_id int, at date, place text);
INSERT INTO trap.orders SELECT i % 10, date '2026-01-01' + i % 9, i FROM generate_series(1, 60) i;
INSERT INTO trap.person SELECT i, i FROM generate_series(1, 5) i;
SELECT customer_value.create_base('evil', rules => '{"segments": [{"name": "big", "from": 60}, {"name": "small"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [200, 100]]}]}');
SELECT customer_value.track_orders('evil', 'trap.orders', 'customer_id', 'day', 'amount');

-- What a trap saw, and whether it got out.
CREATE TABLE trap.seen (what text, who name);
GRANT USAGE ON SCHEMA trap, evil TO PUBLIC;
GRANT INSERT ON trap.seen TO PUBLIC;
CREATE FUNCTION trap.snap(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO trap.seen VALUES (what, current_user);
	BEGIN
		EXECUTE 'SET ROLE NONE';
		INSERT INTO trap.seen VALUES (what || ': out', current_user);
	EXCEPTION WHEN insufficient_privilege THEN
		NULL;
	END;
	RETURN true;
END
$$;
CREATE FUNCTION trap.still(what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN trap.snap(what); END$$;
CREATE FUNCTION trap.fire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM trap.snap('trigger on ' || TG_TABLE_NAME);
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
-- triggers on all tables
SELECT format('CREATE TRIGGER trap BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION trap.fire()', c.oid::regclass)
FROM pg_class c WHERE c.relnamespace = 'evil'::regnamespace AND c.relkind = 'r' ORDER BY c.relname \gexec
-- a check, a default, an index, a rule
ALTER TABLE evil.cutoffs ADD CHECK (trap.still('check'));
ALTER TABLE evil.change ADD trap boolean DEFAULT trap.snap('default');
CREATE INDEX ON evil.customer (trap.still('index' || left(segment, 0)));
CREATE RULE trap AS ON UPDATE TO evil.cutoffs DO ALSO SELECT trap.snap('rule');
-- a type with casts, a domain
CREATE TYPE trap.word AS ENUM ('amount', 'margin', 'orders', 'clv');
CREATE FUNCTION trap.word_text(trap.word) RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM trap.snap('cast'); RETURN textin(enum_out($1)); END$$;
CREATE FUNCTION trap.text_word(text) RETURNS trap.word LANGUAGE plpgsql AS $$BEGIN PERFORM trap.snap('cast'); RETURN (enum_range(NULL::trap.word))[array_position('{amount,margin,orders,clv}', $1)]; END$$;
CREATE CAST (trap.word AS text) WITH FUNCTION trap.word_text AS IMPLICIT;
CREATE CAST (text AS trap.word) WITH FUNCTION trap.text_word AS ASSIGNMENT;
ALTER TABLE evil.cutoffs ALTER basis TYPE trap.word USING trap.text_word(basis);
CREATE DOMAIN trap.number AS numeric CHECK (trap.still('domain'));
ALTER TABLE evil.bucket ALTER basis TYPE trap.number;
-- operators, for who finds them
CREATE FUNCTION trap.same(trap.word, trap.word) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN trap.snap('operator'); END$$;
CREATE OPERATOR evil.= (LEFTARG = trap.word, RIGHTARG = trap.word, FUNCTION = trap.same);
CREATE FUNCTION trap.same(text, trap.word) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN trap.snap('operator'); END$$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = trap.word, FUNCTION = trap.same);
-- views
\set ECHO none
SELECT format('CREATE OR REPLACE VIEW evil.%I AS SELECT * FROM (%s) AS v WHERE trap.snap(%L)', relname, rtrim(pg_get_viewdef(oid), ';'), 'view ' || relname)
FROM pg_class WHERE oid IN ('evil.customer_treatment'::regclass, 'evil.overview'::regclass, 'evil.moved'::regclass) ORDER BY relname \gexec
\set ECHO all
-- row security, on the source too
ALTER TABLE trap.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY trap ON trap.orders USING (trap.snap('policy'));
ALTER TABLE evil.cutoffs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY trap ON evil.cutoffs USING (trap.snap('policy'));
-- what waits for the end of the transaction, when nobody is the owner any more
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON evil.forgotten DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap.fire();
RESET ROLE;
TRUNCATE trap.seen;

CREATE FUNCTION springs(calls text[]) RETURNS TABLE (call text, answer text, sprung boolean) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH call IN ARRAY calls LOOP
		answer := attempt(call);
		SELECT count(*) > 0 INTO sprung FROM trap.seen;
		RETURN NEXT;
		DELETE FROM trap.seen WHERE who = 'trap_owner';
	END LOOP;
END
$$;
SELECT * FROM springs(ARRAY[
	$$SELECT customer_value.rebalance('evil', '2026-02-01')$$, $$SELECT customer_value.status('evil')$$, $$SELECT * FROM customer_value.status('evil')$$,
	$$SELECT customer_value.verify('evil')$$, $$SELECT customer_value.rebuild('evil')$$,
	$$SELECT customer_value.track_facts('evil', 'trap.person', 'id', '{employees}')$$,
	$$SELECT customer_value.track_contacts('evil', 'trap.contact', 'customer_id', 'at', 'place')$$,
	$$SELECT customer_value.refresh_outlook('evil', '2026-02-01')$$, $$SELECT customer_value.report('evil')$$, $$SELECT evil.report()$$,
	$$SELECT customer_value.track_partitions('evil')$$, $$SELECT customer_value.upgrade_base('evil')$$,
	$$SELECT customer_value.override('evil', 1, 'big', 'a test', '2200-01-01')$$, $$SELECT customer_value.end_override('evil', 1)$$,
	$$SELECT customer_value.merge_customers('evil', 1, 2)$$, $$SELECT customer_value.unmerge_customers('evil', 1, 2)$$,
	$$SELECT customer_value.migration('evil', '2026-01-01')$$, $$SELECT customer_value.simulate('evil', NULL)$$,
	$$SELECT customer_value.value_to_next_class('evil', 1)$$,
	$$SELECT customer_value.forget('evil', 3, 'a test')$$,
	$$INSERT INTO trap.orders VALUES (4, '2026-02-01', 5000)$$,
	$$SELECT customer_value.untrack_contacts('evil', 'trap.contact')$$]);
SELECT what, who FROM trap.seen;
DROP TRIGGER later ON evil.forgotten;
SELECT * FROM springs(ARRAY[$$SELECT customer_value.forget('evil', 3, 'a test')$$]);

-- Who only reads gives nothing away either, and is told nothing that it may not read.
SET ROLE trap_monitor;
SELECT attempt($$SELECT customer_value.status('evil')$$);
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA evil TO trap_monitor;
GRANT SELECT, DELETE ON trap.seen TO trap_monitor;
SET ROLE trap_monitor;
SELECT attempt($$SELECT customer_value.status('evil')$$);
RESET ROLE;
ALTER TABLE evil.cutoffs DISABLE ROW LEVEL SECURITY;
SET ROLE trap_monitor;
SELECT * FROM springs(ARRAY[$$SELECT customer_value.status('evil')$$, $$SELECT customer_value.migration('evil', '2026-01-01')$$,
	$$SELECT customer_value.simulate('evil', NULL)$$, $$SELECT customer_value.value_to_next_class('evil', 1)$$, $$SELECT customer_value.report('evil')$$,
	$$SELECT customer_value.rebalance('evil')$$, $$SELECT customer_value.verify('evil')$$]);
SELECT what, who FROM trap.seen;
RESET ROLE;
REVOKE SELECT ON evil.queue FROM trap_monitor;
SET ROLE trap_monitor;
SELECT attempt(c) FROM unnest(ARRAY[$$SELECT customer_value.status('evil')$$, $$SELECT customer_value.value_to_next_class('evil', 1)$$]) c;
RESET ROLE;

-- What the owner's statements and plans say is not shown to those who write.
CREATE ROLE trap_writer;
GRANT INSERT ON trap.orders TO trap_writer;
CREATE POLICY write ON trap.orders FOR INSERT WITH CHECK (true);
SET ROLE trap_owner;
CREATE FUNCTION trap.show() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO trap.seen SELECT s, current_setting(s) FROM unnest('{client_min_messages,debug_print_parse,debug_print_rewritten,debug_print_plan,auto_explain.log_nested_statements}'::text[]) s;
	RETURN NULL;
END
$$;
CREATE TRIGGER show AFTER UPDATE ON evil.customer FOR EACH ROW EXECUTE FUNCTION trap.show();
SET ROLE trap_writer;
SET client_min_messages = notice;
SET debug_print_parse = on;
SET debug_print_rewritten = on;
SET debug_print_plan = on;
SET auto_explain.log_nested_statements = on;
INSERT INTO trap.orders VALUES (4, '2026-02-01', 1);
RESET ALL;
SET client_min_messages = warning;
RESET ROLE;
SELECT what, who FROM trap.seen WHERE what !~ '^(trigger|cast|rule|check|default|domain|index|policy|view)' ORDER BY 1;
SET ROLE trap_owner;
DROP TRIGGER show ON evil.customer;
DROP OPERATOR evil.= (text, trap.word);
DROP OPERATOR evil.= (trap.word, trap.word);
RESET ROLE;

-- The owner of an enum gives it a cast to text, for the owner of a base that takes a fact of that type.
CREATE TYPE trap.mood AS ENUM ('glad', 'sad');
ALTER TYPE trap.mood OWNER TO trap_owner;
CREATE TABLE mood_orders (id int, day date, amount numeric);
CREATE TABLE mood (id int UNIQUE, mood trap.mood);
SET client_min_messages = notice;
SELECT customer_value.create_base('good');
SET client_min_messages = warning;
SELECT customer_value.track_orders('good', 'mood_orders', 'id', 'day', 'amount');
SET ROLE trap_owner;
CREATE FUNCTION trap.mood_text(trap.mood) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE CAST (trap.mood AS text) WITH FUNCTION trap.mood_text AS IMPLICIT;
RESET ROLE;
INSERT INTO mood VALUES (1, 'glad');
SELECT customer_value.track_facts('good', 'mood', 'id', '{mood}');
INSERT INTO mood VALUES (2, 'sad'), (3, NULL);
SELECT customer_id, facts FROM good.customer ORDER BY 1;
SELECT customer_value.verify('good');
SELECT customer_value.drop_base('good');
DROP TABLE mood, mood_orders;

SELECT customer_value.drop_base('evil');
DROP FUNCTION springs, attempt;
DROP SCHEMA trap CASCADE;
REVOKE CREATE ON DATABASE :"DBNAME" FROM trap_owner;
DROP ROLE trap_owner, trap_monitor, trap_writer;
