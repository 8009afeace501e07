-- What those who write are told: what is wrong with their statement, and nothing of what the owner of a base has.
SET client_min_messages = warning;
CREATE ROLE told_writer;
CREATE TABLE told_orders (id int, day date, total numeric, "Unit Cost" float8);
CREATE TABLE told_filtered (id int, day date, total numeric, note text);
CREATE TABLE told_person (id int UNIQUE, code text, income numeric);
GRANT INSERT ON told_orders, told_filtered TO told_writer;
GRANT INSERT, UPDATE, SELECT ON told_person TO told_writer;
SELECT customer_value.create_base('told', rules => '{"segments": [{"name": "a", "from": 60}, {"name": "b"}], "criteria": [{"fact": "income", "weight": 1, "points": [[0, 0], [1, 100]]}]}');
SELECT customer_value.track_orders('told', 'told_orders', 'id', 'day', 'total', 'Unit Cost');
SELECT customer_value.track_orders('told', 'told_filtered', 'id', 'day', 'total', filter => $$note <> 'secret'$$);
SELECT customer_value.track_facts('told', 'told_person', 'id', '{code,income}');
SELECT customer_value.rebalance('told', '2026-01-31');
ALTER TABLE told.customer ADD CHECK (basis < 1000);
SET ROLE told_writer;
-- one row, and many
INSERT INTO told_orders VALUES (1, '2026-01-01', 'NaN', 1);
INSERT INTO told_orders SELECT i, '2026-01-01', 1, CASE i WHEN 3 THEN float8 'Infinity' ELSE 1 END FROM generate_series(1, 5) i;
INSERT INTO told_orders VALUES (1, '2026-01-01', 0.12345678901, 1);
INSERT INTO told_orders VALUES (1, 'infinity', 1, 1);
INSERT INTO told_filtered VALUES (1, '2026-01-01', 'NaN', 'x');
INSERT INTO told_orders VALUES (1, '2026-01-01', 1000, 1);
INSERT INTO told_filtered VALUES (1, '2026-01-01', 1000, 'x');
-- of the writer's own functions the context remains
DO $$BEGIN INSERT INTO told_orders VALUES (1, '2026-01-01', 'NaN', 1); END$$;
-- facts that rules cannot take stop nobody
INSERT INTO told_person VALUES (1, 'x', 1e400);
INSERT INTO told_person VALUES (2, 'x', 100);
RESET ROLE;
SELECT customer_value.untrack('told', 'told_person');
ALTER TABLE told_person RENAME income TO wage;
ALTER TABLE told_person RENAME code TO income;
DELETE FROM told_person;
SELECT customer_value.track_facts('told', 'told_person', 'id', '{income}');
SET ROLE told_writer;
INSERT INTO told_person VALUES (3, 'x', 1);
RESET ROLE;
SELECT customer_id, value, facts FROM told.customer ORDER BY 1;
SELECT customer_value.drop_base('told');
DROP TABLE told_orders, told_filtered, told_person;
DROP ROLE told_writer;
