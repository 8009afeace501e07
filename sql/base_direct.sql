-- Writers bring orders to their customers without a plan. What the executor would have seen to is seen to:
-- what the owner has added to the tables of the base works as it does for any other statement.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE sale (customer bigint, day date, amount numeric, cost numeric);
INSERT INTO sale SELECT i % 50, date '2026-01-01' + i % 40, i, i / 2.0 FROM generate_series(1, 500) i;
SELECT customer_value.create_base('shop', cuts => '{0.4,0.7}', rules => '{"segments": [{"name": "large", "from": 60}, {"name": "small"}],
	"criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [10000, 100]]}]}');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', cost => 'cost');
SELECT customer_value.rebalance('shop', '2026-02-15');

-- every kind of statement against the same in plain SQL
CREATE VIEW differ AS
SELECT coalesce(c.customer_id, s.customer) AS customer, c.value, s.value AS recomputed
FROM shop.customer c FULL JOIN (SELECT customer, customer_value(day, amount, cost) AS value FROM sale WHERE customer IS NOT NULL AND day IS NOT NULL AND amount IS NOT NULL GROUP BY 1) s
	ON s.customer = c.customer_id
WHERE c.value IS DISTINCT FROM coalesce(s.value, '{}') OR c.basis <> amount(c.value)
	OR c.segment IS DISTINCT FROM segment_of(facts(c.value, greatest('2026-02-15', last_order(c.value))), (SELECT rules FROM shop.settings));
INSERT INTO sale VALUES (7, '2026-02-15', 12.5, NULL);
INSERT INTO sale VALUES (1000, '2026-02-15', 90000, 1);
INSERT INTO sale SELECT i % 60, date '2026-01-01' + i % 70, i - 20, NULL FROM generate_series(1, 300) i;
INSERT INTO sale VALUES (NULL, '2026-02-15', 1, 1), (3, NULL, 1, 1), (3, '2026-02-15', NULL, 1);
INSERT INTO sale VALUES (NULL, '2026-02-15', 1, 1);
UPDATE sale SET amount = amount * 2, day = day + 1 WHERE customer < 20;
UPDATE sale SET customer = customer + 5 WHERE customer BETWEEN 20 AND 30;
UPDATE sale SET customer = customer;
DELETE FROM sale WHERE customer % 3 = 0;
DELETE FROM sale WHERE customer = 1000;
SELECT * FROM differ;
SELECT * FROM customer_value.verify('shop');
SELECT customer_id, value, abc_class, segment FROM shop.customer WHERE customer_id = 1000;
SELECT what, old_value, new_value, reason FROM shop.change WHERE customer_id = 1000 ORDER BY change_id;

-- more rows than work_mem holds
SET work_mem = '64kB';
INSERT INTO sale SELECT i % 997, date '2026-01-01' + i % 100, i % 77, NULL FROM generate_series(1, 20000) i;
UPDATE sale SET amount = amount + 0.01 WHERE customer % 2 = 0;
RESET work_mem;
SELECT count(*) FROM differ;

-- columns, constraints and indexes of the owner's
ALTER TABLE shop.customer ADD note text DEFAULT 'new', ADD twice numeric GENERATED ALWAYS AS (basis * 2) STORED;
UPDATE shop.customer SET note = 'known' WHERE customer_id = 1;
CREATE UNIQUE INDEX ON shop.customer (customer_id, basis);
CREATE INDEX ON shop.customer (basis) WHERE abc_class = 'A';
INSERT INTO sale VALUES (1, '2026-02-16', 1000, 1), (2000, '2026-02-16', 1000, 1);
SELECT customer_id, note, twice = 2 * basis AS twice FROM shop.customer WHERE customer_id IN (1, 2000) ORDER BY 1;
SELECT * FROM differ;
SET enable_seqscan = off;
SELECT customer_id, twice = 2 * basis AS twice FROM shop.customer WHERE basis = (SELECT basis FROM shop.customer WHERE customer_id = 1) AND abc_class = 'A' AND customer_id = 1;
RESET enable_seqscan;
ALTER TABLE shop.customer ADD CONSTRAINT not_so_much CHECK (basis < 1000000);
INSERT INTO sale VALUES (1, '2026-02-16', 1000000, 1);
INSERT INTO sale VALUES (1, '2026-02-16', 100, 1);
SELECT * FROM differ;
ALTER TABLE shop.customer DROP CONSTRAINT not_so_much;

-- triggers of the owner's, before and after, for rows and for statements, and on the queue
CREATE TABLE seen (what text, customer bigint);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.seen VALUES (TG_ARGV[0], CASE WHEN TG_LEVEL = 'ROW' THEN NEW.customer_id END); RETURN NEW; END$$;
CREATE TRIGGER a BEFORE UPDATE ON shop.customer FOR EACH ROW EXECUTE FUNCTION see('before row');
CREATE TRIGGER b AFTER UPDATE OF basis ON shop.customer FOR EACH ROW EXECUTE FUNCTION see('after row, basis');
CREATE TRIGGER c AFTER UPDATE OF note ON shop.customer FOR EACH ROW EXECUTE FUNCTION see('after row, note');
CREATE TRIGGER d AFTER INSERT ON shop.queue FOR EACH ROW EXECUTE FUNCTION see('queue row');
INSERT INTO sale VALUES (1, '2026-02-17', 1, 1), (2, '2026-02-17', 1, 1);
SELECT * FROM seen ORDER BY 1, 2;
TRUNCATE seen;
CREATE TRIGGER e AFTER UPDATE ON shop.customer FOR EACH STATEMENT EXECUTE FUNCTION see('statement');
INSERT INTO sale VALUES (1, '2026-02-17', 1, 1), (2, '2026-02-17', 1, 1);
SELECT * FROM seen ORDER BY 1, 2;
SELECT * FROM differ;
DROP TRIGGER a ON shop.customer; DROP TRIGGER b ON shop.customer; DROP TRIGGER c ON shop.customer; DROP TRIGGER e ON shop.customer;
DROP TRIGGER d ON shop.queue;
-- one that keeps rows out has its way
CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
CREATE TRIGGER keep_out BEFORE UPDATE ON shop.customer FOR EACH ROW EXECUTE FUNCTION keep_out();
INSERT INTO sale VALUES (1, '2026-02-17', 1, 1);
SELECT count(*) FROM differ;
DROP TRIGGER keep_out ON shop.customer;
SELECT customer_value.rebuild('shop');
SELECT * FROM differ;

-- foreign keys to customers
CREATE TABLE letter (customer bigint REFERENCES shop.customer);
INSERT INTO letter VALUES (1);
INSERT INTO sale VALUES (1, '2026-02-18', 1, 1);
DROP TABLE letter;

-- row security does not hold up the owner
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
INSERT INTO sale VALUES (1, '2026-02-18', 1, 1);
ALTER TABLE shop.customer DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
SELECT * FROM differ;

-- a transaction with one snapshot, savepoints, and statements that fire several triggers
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO sale VALUES (1, '2026-02-18', 1, 1);
UPDATE sale SET amount = 3 WHERE customer = 1 AND amount = 1;
COMMIT;
BEGIN;
INSERT INTO sale VALUES (1, '2026-02-19', 10, 1), (3000, '2026-02-19', 10, 1);
SAVEPOINT s;
INSERT INTO sale VALUES (1, '2026-02-19', 20, 1), (3001, '2026-02-19', 10, 1);
ROLLBACK TO s;
DELETE FROM sale WHERE customer = 3000;
COMMIT;
SELECT * FROM differ;
MERGE INTO sale USING (VALUES (1, 5), (2, 6), (4000, 7)) v(customer, amount) ON sale.customer = v.customer
WHEN MATCHED AND sale.customer = 1 THEN DELETE
WHEN MATCHED THEN UPDATE SET amount = v.amount
WHEN NOT MATCHED THEN INSERT VALUES (v.customer, '2026-02-20', v.amount);
WITH gone AS (DELETE FROM sale WHERE customer = 2 RETURNING *), came AS (INSERT INTO sale SELECT 2, day, amount, cost FROM gone RETURNING *)
UPDATE sale SET amount = amount + 1 WHERE customer = 4;
SELECT * FROM differ;
SELECT * FROM customer_value.verify('shop');

-- rights that the owner of the base no longer has
CREATE ROLE base_direct_owner;
CREATE ROLE base_direct_writer;
GRANT CREATE ON DATABASE contrib_regression TO base_direct_owner;
GRANT ALL ON SCHEMA public TO base_direct_owner;
SET ROLE base_direct_owner;
CREATE TABLE own_sale (customer bigint, day date, amount numeric);
GRANT INSERT ON own_sale TO base_direct_writer;
SELECT customer_value.create_base('own');
SELECT customer_value.track_orders('own', 'own_sale', 'customer', 'day', 'amount');
SET ROLE base_direct_writer;
INSERT INTO own_sale VALUES (1, '2026-02-20', 1);
RESET ROLE;
REVOKE UPDATE ON own.customer FROM base_direct_owner;
SET ROLE base_direct_writer;
INSERT INTO own_sale VALUES (1, '2026-02-20', 1);
RESET ROLE;
GRANT UPDATE ON own.customer TO base_direct_owner;
SET ROLE base_direct_writer;
INSERT INTO own_sale VALUES (1, '2026-02-20', 1);
RESET ROLE;
SELECT customer_id, value FROM own.customer;
SELECT customer_value.drop_base('own');
DROP TABLE own_sale;
REVOKE ALL ON SCHEMA public FROM base_direct_owner;
REVOKE ALL ON DATABASE contrib_regression FROM base_direct_owner;
DROP ROLE base_direct_owner, base_direct_writer;

-- queued: the same changes, in the queue
SELECT customer_value.untrack('shop', 'sale');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', cost => 'cost', mode => 'queued');
SELECT customer_value.rebalance('shop', '2026-02-15') >= 0 AS rebalanced;
INSERT INTO sale VALUES (1, '2026-02-21', 5, NULL), (1, '2026-02-21', 5, NULL), (5000, '2026-02-21', 5, 1);
UPDATE sale SET amount = 6 WHERE customer = 5000;
UPDATE sale SET amount = amount WHERE customer = 5000;
SELECT customer_id, value FROM shop.queue ORDER BY customer_id, value::text;
SELECT customer_value.rebalance('shop', '2026-02-15') >= 0 AS rebalanced;
SELECT * FROM differ;
DROP VIEW differ;
SELECT customer_value.drop_base('shop');
DROP TABLE sale, seen;
DROP FUNCTION see(), keep_out();
