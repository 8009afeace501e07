-- Who may create triggers on a table does not make it a source of a base, nor change what is one.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE ROLE planted_owner;
CREATE ROLE planted_mallory;
GRANT CREATE ON DATABASE :"DBNAME" TO planted_owner;
SET ROLE planted_owner;
CREATE SCHEMA plant;
CREATE TABLE plant.orders (id int, day date, amount numeric, tax numeric);
CREATE TABLE plant.salary (id int, day date, amount numeric);
CREATE TABLE plant.parts (id int, day date, amount numeric) PARTITION BY LIST (id);
CREATE TABLE plant.part PARTITION OF plant.parts DEFAULT;
CREATE TABLE plant.person (id int PRIMARY KEY, age int);
CREATE TABLE plant.patient (id int PRIMARY KEY, age int);
SELECT customer_value.create_base('planted');
SELECT customer_value.track_orders('planted', 'plant.orders', 'id', 'day', 'amount');
SELECT customer_value.track_orders('planted', 'plant.parts', 'id', 'day', 'amount');
SELECT customer_value.track_facts('planted', 'plant.person', 'id', '{age}');
INSERT INTO plant.orders VALUES (1, '2026-01-01', 10, 2);
INSERT INTO plant.parts VALUES (1, '2026-01-01', 5);
INSERT INTO plant.person VALUES (1, 40);
INSERT INTO plant.salary VALUES (1, '2026-01-01', 9999), (2, '2026-01-01', 9999);
INSERT INTO plant.patient VALUES (2, 50);
GRANT USAGE ON SCHEMA plant, planted TO planted_mallory;
GRANT TRIGGER ON plant.salary, plant.orders, plant.part, plant.patient, plant.person TO planted_mallory;
CREATE FUNCTION plant.stand() RETURNS TABLE (names text, tables bigint, customers bigint, amount numeric, facts text, problems text[]) LANGUAGE sql AS $$
	SELECT string_agg(s.name, ', ' ORDER BY s.source), count(*), (SELECT count(*) FROM planted.customer), (SELECT sum(c.basis) FROM planted.customer c),
		(SELECT string_agg(f.name, ', ') FROM customer_value_internal.fact_sources('planted') f), (SELECT t.problems FROM customer_value.status('planted') t)
	FROM customer_value_internal.sources('planted') s$$;
SELECT * FROM plant.stand();

-- another table
SET ROLE planted_mallory;
CREATE TRIGGER a AFTER INSERT ON plant.salary REFERENCING NEW TABLE AS new_orders FOR EACH STATEMENT
	WHEN (NULL::planted.source_1 IS NULL) EXECUTE FUNCTION customer_value_internal.track_change();
CREATE TRIGGER b AFTER UPDATE OF id, day, amount ON plant.salary FOR EACH STATEMENT
	WHEN (NULL::planted.source_1 IS NOT NULL) EXECUTE FUNCTION customer_value_internal.track_change();
CREATE TRIGGER a AFTER UPDATE OF id, age ON plant.patient FOR EACH STATEMENT
	WHEN (NULL::planted.facts_1 IS NOT NULL) EXECUTE FUNCTION customer_value_internal.track_change();
COMMENT ON TRIGGER a ON plant.salary IS 'mine';
CREATE TRIGGER c AFTER UPDATE OF id, day, amount ON plant.salary FOR EACH STATEMENT
	WHEN (NULL::planted.source_2 IS NOT NULL) EXECUTE FUNCTION customer_value_internal.track_change('partition');
SET ROLE planted_owner;
SELECT * FROM plant.stand();
SELECT customer_value.rebuild('planted');
SELECT customer_value.rebalance('planted', '2026-02-01') > 0 AS rebalanced;
SELECT * FROM customer_value.verify('planted');
SELECT * FROM plant.stand();
INSERT INTO plant.salary VALUES (3, '2026-01-01', 9999);
INSERT INTO plant.orders VALUES (1, '2026-01-02', 10, 2);
-- not even where the source is gone
BEGIN;
DROP TABLE plant.orders;
SELECT * FROM plant.stand();
ROLLBACK;
-- nor where it is renamed, and bears no comments any more
ALTER TABLE plant.orders RENAME TO sale;
SELECT names FROM plant.stand();
ALTER TABLE plant.sale RENAME TO orders;
BEGIN;
SELECT format('COMMENT ON TRIGGER %I ON %s IS NULL', tgname, tgrelid::regclass) FROM pg_trigger WHERE tgname ~ '^planted_' AND tgrelid = 'plant.orders'::regclass ORDER BY tgname \gexec
SELECT names FROM plant.stand();
ROLLBACK;
DROP TRIGGER a ON plant.salary;
DROP TRIGGER b ON plant.salary;
DROP TRIGGER c ON plant.salary;
DROP TRIGGER a ON plant.patient;

-- the source, to be read by other columns, or counted twice
SET ROLE planted_mallory;
CREATE TRIGGER z AFTER UPDATE OF id, day, tax ON plant.orders FOR EACH STATEMENT
	WHEN (NULL::planted.source_1 IS NOT NULL) EXECUTE FUNCTION customer_value_internal.track_change();
CREATE TRIGGER z AFTER INSERT ON plant.part REFERENCING NEW TABLE AS new_orders FOR EACH STATEMENT
	WHEN (NULL::planted.source_2 IS NULL) EXECUTE FUNCTION customer_value_internal.track_change('partition');
CREATE TRIGGER z AFTER UPDATE OF id, age ON plant.person FOR EACH STATEMENT
	WHEN (NULL::planted.facts_1 IS NOT NULL) EXECUTE FUNCTION customer_value_internal.track_change();
SET ROLE planted_owner;
INSERT INTO plant.orders VALUES (1, '2026-01-02', 10, 2);
INSERT INTO plant.part VALUES (1, '2026-01-02', 10);
INSERT INTO plant.person VALUES (7, 40);
SELECT * FROM plant.stand();
SELECT customer_value.rebuild('planted');
SELECT amount FROM plant.stand();
DROP TRIGGER z ON plant.orders;
DROP TRIGGER z ON plant.part;
DROP TRIGGER z ON plant.person;
INSERT INTO plant.orders VALUES (1, '2026-01-02', 10, 2);
INSERT INTO plant.part VALUES (1, '2026-01-02', 10);
SELECT * FROM customer_value.verify('planted');
SELECT * FROM plant.stand();

SELECT customer_value.drop_base('planted');
DROP SCHEMA plant CASCADE;
RESET ROLE;
REVOKE CREATE ON DATABASE :"DBNAME" FROM planted_owner;
DROP ROLE planted_owner, planted_mallory;
