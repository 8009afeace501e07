-- Sources in partitions, which come and go.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE SCHEMA trade;
-- two levels, and partitions whose columns are in another order and have other numbers
CREATE TABLE trade.orders (id int, customer int, day date, amount numeric(12,2), note text) PARTITION BY RANGE (day);
CREATE TABLE trade.jan (note text, gone int, amount numeric(12,2), day date NOT NULL, id int, customer int);
ALTER TABLE trade.jan DROP COLUMN gone;
ALTER TABLE trade.orders ATTACH PARTITION trade.jan FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE trade.feb PARTITION OF trade.orders FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY HASH (customer);
CREATE TABLE trade.feb_0 PARTITION OF trade.feb FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE trade.feb_1 PARTITION OF trade.feb FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE trade.rest PARTITION OF trade.orders DEFAULT;
INSERT INTO trade.orders SELECT i, i % 10, '2026-01-20'::date + i, i FROM generate_series(1, 60) i;

-- What differs, by the base's own account and by plain SQL, in one line each.
CREATE FUNCTION wrong(base text DEFAULT 'shop') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT concat_ws(' ', v.customer, v.what, v.stored, '|', v.recomputed) FROM customer_value.verify(base) v WHERE v.what = 'value' OR v.customer IS NULL;
	RETURN QUERY EXECUTE format('SELECT concat_ws('' '', ''really'', customer, l.n, l.amount, ''|'', o.n, o.amount)
		FROM (SELECT customer_id AS customer, orders(sum(value)) AS n, amount(sum(value)) AS amount
			FROM (SELECT customer_id, value FROM %1$I.customer UNION ALL SELECT customer_id, value FROM %1$I.queue) x GROUP BY 1) l
		FULL JOIN (SELECT customer::bigint, count(*) FILTER (WHERE amount >= 0) AS n, sum(amount) AS amount FROM trade.orders GROUP BY 1) o USING (customer)
		WHERE (l.n, l.amount) IS DISTINCT FROM (coalesce(o.n, 0), coalesce(o.amount, 0)) ORDER BY customer', base);
END
$$;
CREATE FUNCTION problems(base text DEFAULT 'shop') RETURNS SETOF text LANGUAGE sql AS 'SELECT unnest(problems) FROM customer_value.status(base)';
CREATE VIEW marks AS SELECT tgrelid::regclass, count(*) FROM pg_trigger WHERE tgname ~ '_track_' GROUP BY 1 ORDER BY tgrelid::regclass::text COLLATE "C";

SELECT customer_value.create_base('shop');
SELECT customer_value.create_base('quick');
SELECT customer_value.track_orders('shop', 'trade.feb_0', 'customer', 'day', 'amount');
SELECT customer_value.track_orders('shop', 'trade.feb', 'customer', 'day', 'amount');
SELECT customer_value.track_orders('shop', 'trade.orders', 'customer', 'day', 'amount');
SELECT customer_value.track_orders('quick', 'trade.orders', 'customer', 'day', 'amount', mode => 'queued');
SELECT * FROM marks;
SELECT wrong();
SELECT wrong('quick');
SELECT triggers_enabled, problems FROM customer_value.status('shop');

-- Every way to write, through the whole, a level in between, and a partition.
INSERT INTO trade.orders VALUES (101, 1, '2026-01-02', 1), (102, 1, '2026-02-02', 2), (103, 1, '2026-05-05', 3);
INSERT INTO trade.feb VALUES (104, 2, '2026-02-03', 4), (105, 3, '2026-02-03', 5);
INSERT INTO trade.jan (id, customer, day, amount) VALUES (106, 4, '2026-01-03', 6);
INSERT INTO trade.rest VALUES (107, 5, '2026-12-03', 7), (108, 5, '2025-12-03', 8);
SELECT wrong();
COPY trade.orders FROM stdin WITH (FORMAT csv);
111,6,2026-01-04,9,copied
112,6,2026-02-04,10,copied
\.
COPY trade.jan (id, customer, day, amount) FROM stdin WITH (FORMAT csv);
113,7,2026-01-04,11
\.
SELECT wrong();
UPDATE trade.orders SET amount = amount + 1 WHERE id < 20;
UPDATE trade.orders SET day = '2026-02-20' WHERE id BETWEEN 1 AND 5; -- to another partition
UPDATE trade.orders SET day = '2026-03-20', customer = 8 WHERE id BETWEEN 100 AND 104;
UPDATE trade.feb SET customer = customer + 1 WHERE id > 20; -- to another partition below feb
UPDATE trade.feb_1 SET amount = -amount;
UPDATE trade.rest SET amount = amount * 2 WHERE id > 55;
DELETE FROM trade.orders WHERE id % 7 = 0;
DELETE FROM trade.feb WHERE id % 11 = 0;
DELETE FROM trade.rest WHERE id % 13 = 0;
SELECT wrong();
MERGE INTO trade.orders o USING (VALUES (1, date '2026-02-20', 0), (2, date '2026-02-20', 5), (900, date '2026-01-09', 1), (901, date '2026-06-09', 2)) AS n(id, day, amount)
ON o.id = n.id AND o.day = n.day
WHEN MATCHED AND n.amount = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET amount = n.amount, day = '2026-01-30'
WHEN NOT MATCHED THEN INSERT VALUES (n.id, 9, n.day, n.amount);
SELECT wrong();
CREATE UNIQUE INDEX ON trade.orders (id, day, customer);
INSERT INTO trade.orders VALUES (900, 9, '2026-01-09', 50), (902, 9, '2026-02-09', 50) ON CONFLICT (id, day, customer) DO UPDATE SET amount = excluded.amount;
WITH moved AS (DELETE FROM trade.jan WHERE id < 10 RETURNING *)
INSERT INTO trade.rest (id, customer, day, amount) SELECT id, customer, day + 100, amount FROM moved;
SELECT wrong();
-- through foreign keys
CREATE TABLE trade.person (customer int PRIMARY KEY);
INSERT INTO trade.person SELECT generate_series(0, 39);
ALTER TABLE trade.orders ADD FOREIGN KEY (customer) REFERENCES trade.person ON DELETE CASCADE ON UPDATE CASCADE;
DELETE FROM trade.person WHERE customer = 3;
UPDATE trade.person SET customer = 40 WHERE customer = 4;
SELECT wrong();
-- the whole is truncated, and parts
BEGIN;
TRUNCATE trade.feb_0;
SELECT wrong();
TRUNCATE trade.feb, trade.jan;
SELECT wrong();
ROLLBACK;
BEGIN;
TRUNCATE trade.orders;
SELECT wrong();
SELECT count(*), count(*) FILTER (WHERE value <> '{}') FROM shop.customer;
INSERT INTO trade.orders VALUES (1, 1, '2026-01-02', 1), (2, 2, '2026-02-02', 2);
SAVEPOINT s;
TRUNCATE trade.orders;
ROLLBACK TO s;
SELECT wrong();
ROLLBACK;
SELECT wrong();
SELECT wrong('quick');

-- A new partition: what is written through the whole counts at once, the rest from the next rebalance on.
CREATE TABLE trade.mar PARTITION OF trade.orders FOR VALUES FROM ('2027-03-01') TO ('2027-04-01');
SELECT problems();
INSERT INTO trade.orders VALUES (201, 1, '2027-03-01', 100), (202, 2, '2027-03-01', 100), (203, 21, '2027-03-01', 100), (204, 1, '2026-01-01', 3);
SELECT what, recomputed FROM customer_value.verify('shop');
SELECT customer_id, orders(value) FROM shop.customer WHERE customer_id = 21;
SELECT source, customer_id, amount(value) FROM shop.ahead ORDER BY 2;
UPDATE trade.orders SET amount = amount + 1, customer = 5 WHERE id = 202;
DELETE FROM trade.orders WHERE id = 203;
UPDATE trade.orders SET day = '2027-03-09' WHERE id = 204; -- into the new partition
INSERT INTO trade.mar VALUES (205, 1, '2027-03-02', 1000), (206, 22, '2027-03-02', 1000);
DELETE FROM trade.mar WHERE id = 201;
SELECT wrong();
SELECT customer_value.rebalance('shop', '2026-03-01') > 0;
SELECT wrong();
SELECT problems();
SELECT count(*) FROM shop.ahead;
INSERT INTO trade.mar VALUES (207, 1, '2027-03-02', 1000);
INSERT INTO trade.orders VALUES (208, 1, '2027-03-02', 1000);
SELECT wrong();
SELECT customer_value.track_partitions('quick');
SELECT customer_value.track_partitions('quick');
SELECT wrong('quick');
-- attached, with rows, below another level; changed back and forth before the rebalance
CREATE TABLE trade.apr (LIKE trade.orders) PARTITION BY LIST (customer);
CREATE TABLE trade.apr_1 PARTITION OF trade.apr FOR VALUES IN (1);
CREATE TABLE trade.apr_rest PARTITION OF trade.apr DEFAULT;
INSERT INTO trade.apr SELECT i, i % 3, '2027-04-01', i FROM generate_series(300, 320) i;
ALTER TABLE trade.orders ATTACH PARTITION trade.apr FOR VALUES FROM ('2027-04-01') TO ('2027-05-01');
INSERT INTO trade.orders VALUES (321, 1, '2027-04-02', 1), (322, 2, '2027-04-02', 1), (323, 23, '2027-04-02', 1);
INSERT INTO trade.apr VALUES (324, 24, '2027-04-02', 1);
UPDATE trade.orders SET amount = amount + 1 WHERE day >= '2027-04-01';
SELECT problems();
SELECT customer_value.track_partitions('shop'), customer_value.track_partitions('quick');
SELECT wrong();
SELECT wrong('quick');
CREATE TABLE trade.apr_2 PARTITION OF trade.apr FOR VALUES IN (25); -- the whole is not altered
INSERT INTO trade.orders VALUES (325, 25, '2027-04-02', 1), (326, 25, '2026-01-02', 1);
INSERT INTO trade.apr VALUES (327, 25, '2027-04-02', 1);
INSERT INTO trade.apr_2 VALUES (328, 25, '2027-04-02', 1);
SELECT customer_id, amount(value) FROM shop.ahead;
SELECT orders(value) FROM shop.customer WHERE customer_id = 25;
SELECT customer_value.rebalance('shop', '2026-03-01') IS NOT NULL, customer_value.rebalance('quick', '2026-03-01') IS NOT NULL;
SELECT wrong();
SELECT wrong('quick');
-- gone again before a rebalance has seen it; truncated, by itself and with the whole
CREATE TABLE trade.may PARTITION OF trade.orders FOR VALUES FROM ('2027-05-01') TO ('2027-06-01');
INSERT INTO trade.orders VALUES (401, 1, '2027-05-02', 1);
ALTER TABLE trade.orders DETACH PARTITION trade.may;
INSERT INTO trade.may VALUES (402, 1, '2027-05-02', 1);
SELECT count(*) FROM wrong();
SELECT customer_value.track_partitions('shop');
SELECT wrong();
ALTER TABLE trade.orders ATTACH PARTITION trade.may FOR VALUES FROM ('2027-05-01') TO ('2027-06-01');
INSERT INTO trade.orders VALUES (403, 1, '2027-05-02', 1);
TRUNCATE trade.may;
INSERT INTO trade.orders VALUES (404, 1, '2027-05-02', 1);
INSERT INTO trade.may VALUES (405, 1, '2027-05-02', 1);
BEGIN;
TRUNCATE trade.orders;
SELECT count(*) FROM shop.customer WHERE value <> '{}';
SELECT count(*) FROM shop.ahead;
SELECT customer_value.track_partitions('shop');
SELECT wrong();
ROLLBACK;
SELECT customer_value.rebuild('shop');
SELECT wrong();
SELECT problems();
DROP TABLE trade.may;
SELECT problems();
SELECT customer_value.rebuild('shop');
SELECT wrong();
SELECT problems();

-- A former partition counts until the next rebalance, with what is written to it meanwhile.
ALTER TABLE trade.orders DETACH PARTITION trade.mar;
ALTER TABLE trade.orders DETACH PARTITION trade.apr;
INSERT INTO trade.mar VALUES (501, 1, '2027-03-05', 1);
INSERT INTO trade.apr VALUES (502, 1, '2027-04-05', 1);
DELETE FROM trade.apr_1 WHERE id = 320;
TRUNCATE trade.apr_rest;
CREATE TABLE trade.apr_3 PARTITION OF trade.apr FOR VALUES IN (26);
INSERT INTO trade.apr VALUES (503, 26, '2027-04-05', 1);
ALTER TABLE trade.orders RENAME TO sale;
ALTER TABLE trade.sale RENAME COLUMN amount TO net;
SELECT problems();
SELECT customer_value.rebalance('shop', '2026-03-01') > 0;
SELECT problems();
ALTER TABLE trade.sale RENAME COLUMN net TO amount;
ALTER TABLE trade.sale RENAME TO orders;
SELECT wrong();
SELECT * FROM marks; -- quick still has its own
INSERT INTO trade.mar VALUES (504, 1, '2027-03-05', 1);
ALTER TABLE trade.orders ATTACH PARTITION trade.mar FOR VALUES FROM ('2027-03-01') TO ('2027-04-01');
SELECT customer_value.track_partitions('shop'), customer_value.track_partitions('quick');
SELECT wrong();
SELECT wrong('quick');

-- Names go round, triggers are disabled and dropped, partitions are dropped.
ALTER TABLE trade.mar RENAME TO mar_old;
CREATE TABLE trade.mar PARTITION OF trade.orders FOR VALUES FROM ('2028-03-01') TO ('2028-04-01');
INSERT INTO trade.mar VALUES (601, 1, '2028-03-01', 1);
SELECT problems();
SELECT customer_value.track_partitions('shop'), customer_value.track_partitions('quick');
SELECT wrong();
SELECT partitions FROM shop.source;
ALTER TABLE trade.mar DISABLE TRIGGER shop_track_insert;
SELECT problems();
ALTER TABLE trade.mar ENABLE TRIGGER shop_track_insert;
DROP TRIGGER shop_track_insert ON trade.mar;
DROP TRIGGER shop_track_update ON trade.mar;
DROP TRIGGER shop_track_delete ON trade.mar;
DROP TRIGGER shop_track_truncate ON trade.mar;
DROP TRIGGER shop_track_columns ON trade.mar;
INSERT INTO trade.mar VALUES (602, 1, '2028-03-01', 1);
INSERT INTO trade.orders VALUES (603, 1, '2028-03-01', 1);
SELECT customer_value.rebalance('shop', '2026-03-01') IS NOT NULL;
SELECT problems();
SELECT wrong();
CREATE TABLE trade.next PARTITION OF trade.orders FOR VALUES FROM ('2028-04-01') TO ('2028-05-01');
INSERT INTO trade.next VALUES (604, 1, '2028-04-01', 1);
SELECT customer_value.track_partitions('shop');
SELECT customer_value.rebuild('shop');
SELECT wrong();
SELECT problems();
INSERT INTO trade.mar VALUES (605, 1, '2028-03-01', 1);
SELECT wrong();
DROP TABLE trade.mar_old;
SELECT problems();
SELECT customer_value.rebuild('shop') > 0;
SELECT wrong();
SELECT problems();

-- What cannot be followed.
CREATE UNLOGGED TABLE trade.fleeting PARTITION OF trade.orders FOR VALUES FROM ('2029-01-01') TO ('2029-02-01');
SELECT problems();
INSERT INTO trade.orders VALUES (701, 1, '2029-01-01', 1);
SELECT wrong();
SELECT customer_value.create_base('third');
SELECT customer_value.track_orders('third', 'trade.orders', 'customer', 'day', 'amount');
DROP TABLE trade.fleeting;
SELECT customer_value.rebuild('shop');
-- a source that becomes a partition
CREATE TABLE trade.single (LIKE trade.orders);
SELECT customer_value.track_orders('third', 'trade.single', 'customer', 'day', 'amount');
ALTER TABLE trade.orders ATTACH PARTITION trade.single FOR VALUES FROM ('2029-01-01') TO ('2029-02-01');
SELECT problems('third');
ALTER TABLE trade.orders DETACH PARTITION trade.single;

-- Merged and forgotten customers, and a filter.
CREATE TABLE trade.jun PARTITION OF trade.orders FOR VALUES FROM ('2029-06-01') TO ('2029-07-01');
INSERT INTO trade.orders VALUES (801, 1, '2029-06-01', 1), (802, 2, '2029-06-01', 1);
INSERT INTO trade.jun VALUES (803, 1, '2029-06-01', 1), (804, 2, '2029-06-01', 1);
SELECT customer_value.merge_customers('shop', 1, 2);
INSERT INTO trade.orders VALUES (805, 2, '2029-06-01', 1);
INSERT INTO trade.jun VALUES (806, 2, '2029-06-01', 1);
SELECT * FROM customer_value.verify('shop') WHERE what = 'value' OR customer IS NULL;
CREATE TABLE trade.jul PARTITION OF trade.orders FOR VALUES FROM ('2029-07-01') TO ('2029-08-01');
INSERT INTO trade.orders VALUES (807, 2, '2029-07-01', 1);
INSERT INTO trade.jul VALUES (808, 2, '2029-07-01', 1);
SELECT customer_value.unmerge_customers('shop', 1, 2);
SELECT wrong();
SELECT customer_value.untrack('third', 'trade.single');
SELECT customer_value.track_orders('third', 'trade.orders', 'customer', 'day', 'amount', filter => 'orders.note IS DISTINCT FROM ''void''');
INSERT INTO trade.jul VALUES (809, 30, '2029-07-01', 1, 'void'), (810, 30, '2029-07-01', 1, NULL);
SELECT orders(value) FROM third.customer WHERE customer_id = 30;
CREATE TABLE trade.aug PARTITION OF trade.orders FOR VALUES FROM ('2029-08-01') TO ('2029-09-01');
INSERT INTO trade.orders VALUES (811, 30, '2029-08-01', 1, 'void'), (812, 30, '2029-08-01', 1, NULL);
INSERT INTO trade.aug VALUES (813, 30, '2029-08-01', 1, 'void'), (814, 30, '2029-08-01', 1, NULL);
SELECT customer_value.forget('third', 29, 'nobody');
SELECT customer_value.track_partitions('third');
SELECT orders(value) FROM third.customer WHERE customer_id = 30;

-- What was a partition of a table that is gone is no trouble to its writers.
CREATE TABLE trade.other (LIKE trade.orders) PARTITION BY RANGE (day);
CREATE TABLE trade.other_1 PARTITION OF trade.other DEFAULT;
SELECT customer_value.track_orders('third', 'trade.other', 'customer', 'day', 'amount');
INSERT INTO trade.other_1 VALUES (1, 50, '2026-01-01', 1);
ALTER TABLE trade.other DETACH PARTITION trade.other_1;
DROP TABLE trade.other;
INSERT INTO trade.other_1 VALUES (1, 50, '2026-01-01', 1);
SELECT problems('third');
SELECT customer_value.rebalance('third', '2026-03-01') IS NOT NULL;
SELECT orders(value) FROM third.customer WHERE customer_id = 50;
SELECT customer_value.untrack('third', 'trade.other');
SELECT orders(value) FROM third.customer WHERE customer_id = 50;
DROP TABLE trade.other_1;
SELECT customer_value.drop_base('shop'), customer_value.drop_base('quick'), customer_value.drop_base('third');
SELECT * FROM marks;

-- Rights: a partition of another role counts, but is followed only if the base's owner has the rights of that role.
CREATE ROLE partition_owner;
CREATE ROLE base_owner;
CREATE ROLE base_stranger;
GRANT ALL ON SCHEMA trade TO base_owner, partition_owner, base_stranger;
GRANT ALL ON ALL TABLES IN SCHEMA trade TO base_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO base_owner;
ALTER TABLE trade.orders OWNER TO base_owner;
SET ROLE base_owner;
SELECT customer_value.create_base('own');
SELECT customer_value.track_orders('own', 'trade.orders', 'customer', 'day', 'amount');
RESET ROLE;
SELECT format('ALTER TABLE %s OWNER TO base_owner', relid) FROM pg_partition_tree('trade.orders') WHERE level > 0 \gexec
SET ROLE base_owner;
SELECT customer_value.track_orders('own', 'trade.orders', 'customer', 'day', 'amount');
RESET ROLE;
CREATE TABLE trade.sep PARTITION OF trade.orders FOR VALUES FROM ('2029-09-01') TO ('2029-10-01');
ALTER TABLE trade.sep OWNER TO partition_owner;
SET ROLE base_owner;
INSERT INTO trade.orders VALUES (901, 1, '2029-09-01', 1);
SELECT customer_value.rebalance('own', '2026-03-01') > 0;
SELECT problems('own');
SELECT customer_value.track_partitions('own');
RESET ROLE;
GRANT partition_owner TO base_owner;
SET ROLE partition_owner;
INSERT INTO trade.sep VALUES (902, 1, '2029-09-01', 1);
SELECT customer_value.track_partitions('own');
SET ROLE base_owner;
SELECT customer_value.track_partitions('own');
SET ROLE partition_owner;
INSERT INTO trade.sep VALUES (903, 1, '2029-09-01', 1);
RESET ROLE;
SELECT wrong('own');
-- a stranger's table is neither a partition nor a former one
GRANT USAGE ON SCHEMA own TO base_stranger;
SET ROLE base_stranger;
CREATE TABLE trade.fake (customer int, day date, amount numeric) PARTITION BY LIST (customer);
CREATE TABLE trade.fake_1 PARTITION OF trade.fake DEFAULT;
INSERT INTO trade.fake VALUES (1, '2026-01-01', 1000000);
CREATE TRIGGER fake AFTER INSERT ON trade.fake_1 REFERENCING NEW TABLE AS new_orders
	FOR EACH STATEMENT WHEN (NULL::own.source_1 IS NULL) EXECUTE FUNCTION customer_value_internal.track_change('partition');
INSERT INTO trade.fake_1 VALUES (1, '2026-01-01', 1000000);
RESET ROLE;
SELECT customer_value.track_partitions('own');
SELECT wrong('own');
SELECT relation FROM customer_value_internal.partitions('own') WHERE relation::text ~ 'fake';
DROP TABLE trade.fake;

-- nor does the base's owner run what a stranger put into the keys of a level that is his
DROP INDEX trade.orders_id_day_customer_idx;
CREATE FUNCTION trade.spy(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'run as %', current_user; RETURN $1; END$$;
CREATE TABLE trade.theirs PARTITION OF trade.orders FOR VALUES FROM ('2030-01-01') TO ('2031-01-01') PARTITION BY LIST (trade.spy(customer));
ALTER TABLE trade.theirs OWNER TO base_stranger;
CREATE TABLE trade.theirs_1 PARTITION OF trade.theirs FOR VALUES IN (1);
SELECT problems('own');
INSERT INTO trade.orders VALUES (903, 1, '2030-01-01', 1);
DROP TABLE trade.theirs;
SELECT customer_value.rebuild('own');
-- nor is a partition of another role one any more when it is detached
ALTER TABLE trade.orders DETACH PARTITION trade.sep;
SET ROLE partition_owner;
INSERT INTO trade.sep VALUES (904, 1, '2029-09-01', 1);
RESET ROLE;
SELECT problems('own');
SELECT customer_value.rebuild('own');
SELECT wrong('own');
-- a table that changes hands takes its partitions along
ALTER TABLE trade.orders OWNER TO base_stranger;
INSERT INTO trade.jan (id, customer, day, amount) VALUES (998, 1, '2026-01-01', 1);
INSERT INTO trade.orders VALUES (999, 1, '2026-01-01', 1);
SELECT problems('own');
ALTER TABLE trade.orders OWNER TO base_owner;
INSERT INTO trade.jan (id, customer, day, amount) VALUES (997, 1, '2026-01-01', 1);
SELECT wrong('own');
SELECT customer_value.untrack('own', 'trade.orders');
SELECT * FROM marks;
SELECT customer_value.drop_base('own');

DROP SCHEMA trade CASCADE;
DROP VIEW marks;
DROP FUNCTION wrong, problems;
REVOKE CREATE ON DATABASE :"DBNAME" FROM base_owner;
DROP ROLE partition_owner, base_owner, base_stranger;
