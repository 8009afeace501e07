-- What check_source finds in a table of orders before it is tracked.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE SCHEMA trade;
CREATE TABLE trade.orders (customer text, at timestamptz, amount numeric);
-- a table in good order: nothing
SELECT * FROM customer_value.check_source('trade.orders', 'customer', 'at', 'amount');
INSERT INTO trade.orders SELECT 'c' || i % 37, timestamptz '2025-01-01 12:00+00' + (i % 300) * interval '1 day' + i * interval '1 s', 20 + i % 50
FROM generate_series(1, 1000) i;
SELECT * FROM customer_value.check_source('trade.orders', 'customer', 'at', 'amount');
-- each fault once, or the number of times it says
INSERT INTO trade.orders VALUES
	(NULL, '2025-02-01', 10), (NULL, '2025-02-01', NULL), ('', '2025-02-01', 11), ('  ', '2025-02-01', 11),
	('a', NULL, 10), ('a', 'infinity', 10), ('a', '-infinity', 10), ('a', '1899-12-31 23:59+00', 10), ('a', '1753-01-01', 10), ('a', '0044-03-15 BC', 10),
	('a', '9999-12-31', 10), ('a', '2025-02-01', NULL),
	('a', '2025-02-01', 'NaN'), ('a', '2025-02-01', 'Infinity'), ('a', '2025-02-01', '-Infinity'),
	('a', '2025-02-01', 1e30), ('a', '2025-02-01', 0.0123456789), ('a', '2025-02-02', 0.1000000000000), ('b', '2025-02-03', 1e28 + 0.125),
	('a', '2025-02-01', 0), ('a', '2025-02-01', -12.5), ('b', '2025-02-01', 4499999), ('b', '2025-02-01', -4499999),
	('d', '2025-02-01', 5), ('d', '2025-02-01', 5.00), ('d', '2025-02-01', 5.0), ('e', '2025-02-02', 5), ('e', '2025-02-02', 5);
DELETE FROM trade.orders WHERE at >= '2025-03-10 00:00+00' AND at < '2025-03-20 00:00+00' OR at >= '2025-05-01 00:00+00' AND at < '2025-05-07 00:00+00';
SET datestyle = 'German';
SELECT finding, rows, round(share::numeric, 4) AS share, example FROM customer_value.check_source('trade.orders', 'customer', 'at', 'amount');
RESET datestyle;
-- what it finds is what the ledger refuses
SELECT customer_value_of(date '2025-01-01', amount) FROM trade.orders WHERE amount = 1e28 + 0.125;
DELETE FROM trade.orders WHERE amount IN ('NaN', 'Infinity', '-Infinity') OR amount >= 1e30 OR scale(trim_scale(amount)) > 9
	OR NOT isfinite(at) OR amount = 1e28 + 0.125;
SELECT finding, rows FROM customer_value.check_source('trade.orders', 'customer', 'at', 'amount') WHERE finding IN ('infinite date', 'amount not a number');
SELECT orders(customer_value(at, amount)) FROM trade.orders;
-- a table that orders come to once a quarter has no gaps
CREATE TABLE trade.quarterly AS SELECT i AS customer, date '2000-01-01' + 91 * n AS day, 100 AS amount FROM generate_series(1, 3) i, generate_series(1, 40) n;
SELECT * FROM customer_value.check_source('trade.quarterly', 'customer', 'day', 'amount');

-- Views and domains, columns of types that cannot be tracked, tables in all of whose rows something is missing.
CREATE DOMAIN trade.money AS numeric CHECK (VALUE > -100);
CREATE VIEW trade.odd AS SELECT 1.5::float8 AS "the customer", '2025-01-01'::text AS "the day", 5::trade.money AS fine, '5'::text AS amount, float8 'NaN' AS price;
SELECT * FROM customer_value.check_source('trade.odd', 'the customer', 'the day', 'amount');
SELECT * FROM customer_value.check_source('trade.odd', 'amount', 'the day', 'fine');
SELECT * FROM customer_value.check_source('trade.odd', 'amount', 'the day', 'price');
CREATE TABLE trade.empty_orders AS SELECT NULL::int AS customer, NULL::date AS day, NULL::int AS amount FROM generate_series(1, 3);
SELECT * FROM customer_value.check_source('trade.empty_orders', 'customer', 'day', 'amount');
SELECT * FROM customer_value.check_source('trade.empty_orders', 'customer', 'no_day', 'amount');
SELECT * FROM customer_value.check_source('trade.empty_orders', 'customer', 'day', NULL);

-- sizes that no calculation here may fail on
INSERT INTO trade.quarterly SELECT 4, '2000-01-01', NULL;
ALTER TABLE trade.quarterly ALTER amount TYPE numeric;
INSERT INTO trade.quarterly SELECT i, date '2002-01-01' + 91 * i, ('1e' || 100 * i)::numeric FROM generate_series(-20, 20) i;
UPDATE trade.quarterly SET amount = 1e29 WHERE amount = 100 AND customer = 1;
UPDATE trade.quarterly SET amount = 1e-29 WHERE amount = 100;
SELECT finding, rows FROM customer_value.check_source('trade.quarterly', 'customer', 'day', 'amount') WHERE finding LIKE 'amount%';
-- Whoever may read the table may check it, and nobody else.
CREATE ROLE base_reader;
GRANT USAGE ON SCHEMA trade TO base_reader;
GRANT SELECT ON trade.quarterly TO base_reader;
SET ROLE base_reader;
SELECT count(*) FROM customer_value.check_source('trade.quarterly', 'customer', 'day', 'amount');
SELECT count(*) FROM customer_value.check_source('trade.orders', 'customer', 'at', 'amount');
RESET ROLE;
DROP SCHEMA trade CASCADE;
DROP ROLE base_reader;
