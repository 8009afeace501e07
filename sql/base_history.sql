-- What a base said in the past, who moved, and what rules would do.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale VALUES (1, '2026-01-01', 800), (1, '2026-01-20', 100), (2, '2026-01-02', 400), (3, '2026-01-03', 50), (4, '2026-01-04', 20);
SELECT customer_value.create_base('shop', key => 'integer', rules =>
	'{"segments": [{"name": "gold", "from": 60}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop', '2026-01-31');

-- History as of fixed moments, so that the answers can be known beforehand.
UPDATE shop.customer SET added = '2026-01-30 12:00+00';
UPDATE shop.cutoffs SET history_since = '2026-01-31 12:00+00';
INSERT INTO sale VALUES (3, '2026-02-10', 5000), (5, '2026-02-10', 30);
UPDATE shop.change SET changed_at = '2026-02-10 12:00+00';
UPDATE shop.customer SET added = '2026-02-10 12:00+00' WHERE customer_id = 5;
SELECT customer_value.rebalance('shop', '2026-02-28');
UPDATE shop.change SET changed_at = '2026-02-28 23:59+00' WHERE changed_at > '2026-02-10 12:00+00';
DELETE FROM sale WHERE customer = 3 AND amount = 5000;
UPDATE shop.change SET changed_at = '2026-03-05 12:00+00' WHERE changed_at > '2026-02-28 23:59+00';
SELECT customer_id, what, old_value, new_value, reason, changed_at AT TIME ZONE 'UTC' AS changed_at FROM shop.change ORDER BY customer_id, changed_at, what;

SELECT * FROM customer_value.migration('shop', '2026-02-01', '2026-03-01');
SELECT * FROM customer_value.migration('shop', '2026-02-01') WHERE what = 'segment';
SELECT * FROM customer_value.migration('shop', '2026-01-01', '2026-01-31');
-- only those came that were not there from the beginning; within a moment, nobody moves
SELECT what, sum(customers) FROM customer_value.migration('shop', '-infinity') WHERE old_value IS NULL GROUP BY what;
SELECT count(*) FROM customer_value.migration('shop', '2026-03-01', '2026-03-01') WHERE old_value IS DISTINCT FROM new_value;
SELECT count(*) FROM customer_value.migration('shop', '2026-03-01', '2026-02-01');
SELECT count(*) FROM customer_value.migration('shop', NULL);

-- What it said on a day, and what its settings make of that day.
SELECT * FROM customer_value_internal.standing_on('shop', '2026-01-30');
SELECT * FROM customer_value_internal.standing_on('shop', '2026-01-31');
SELECT * FROM customer_value_internal.standing_on('shop', '2026-02-27');
SELECT * FROM customer_value_internal.standing_on('shop', '2026-02-28');
SELECT customer_id, said_class, said_segment FROM customer_value_internal.standing_on('shop', '2100-01-01')
EXCEPT SELECT customer_id::text, abc_class, segment FROM shop.customer;
SELECT * FROM customer_value_internal.standing_on('shop', '2026-02-28', 3);
SELECT * FROM customer_value_internal.standing_on('shop', '2026-02-28', '3');
SELECT * FROM customer_value_internal.standing_on('shop', '2026-02-28', 33);
SELECT * FROM customer_value_internal.standing_on('shop', '2026-02-28', 'three');
SELECT * FROM customer_value_internal.standing_on('shop', 'infinity');
-- the day's cut-offs are those of plain SQL over the day's orders
SELECT customer_id, abc_class, abc_class(o.amount) OVER () FROM customer_value_internal.standing_on('shop', '2026-01-10') d
JOIN (SELECT customer, sum(amount) AS amount FROM sale WHERE day <= '2026-01-10' GROUP BY 1) o ON o.customer::text = d.customer_id ORDER BY 1;

-- Simulated is what then happens.
SELECT * FROM customer_value.simulate('shop', '{"segments": [{"name": "gold", "from": 30}, {"name": "silver", "from": 4}, {"name": "standard"}],
	"criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
UPDATE shop.settings SET rules = '{"segments": [{"name": "gold", "from": 30}, {"name": "silver", "from": 4}, {"name": "standard"}],
	"criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}';
SELECT customer_value.rebalance('shop', '2026-02-28');
SELECT * FROM customer_value.migration('shop', '2026-03-06') WHERE what = 'segment';
SELECT * FROM customer_value.simulate('shop', NULL);
SELECT * FROM customer_value.simulate('shop', '{"segments": 1}');

-- What is missing to the next class.
SELECT * FROM customer_value.value_to_next_class('shop', 3);
SELECT * FROM customer_value.value_to_next_class('shop', '1');
SELECT customer_id, n.* FROM shop.customer, customer_value.value_to_next_class('shop', customer_id) n ORDER BY 1;
-- an order of just that takes him there
INSERT INTO sale SELECT 3, '2026-03-10', missing FROM customer_value.value_to_next_class('shop', 3);
SELECT customer_id, abc_class FROM shop.customer WHERE customer_id = 3;
SELECT * FROM customer_value.value_to_next_class('shop', 99);
SELECT * FROM customer_value.value_to_next_class('shop', 'x');

-- Customers who left, and keys of other types.
SELECT customer_value.untrack('shop', 'sale');
SELECT what, old_value, new_value, customers FROM customer_value.migration('shop', '2026-03-06') WHERE what = 'class';
SELECT customer_id, said_class FROM customer_value_internal.standing_on('shop', '2026-02-28');
SELECT customer_value.drop_base('shop');
CREATE TABLE visit (id uuid, name text, n numeric, day date, amount int);
INSERT INTO visit VALUES ('00000000-0000-0000-0000-000000000001', 'ada', 1.5, '2026-01-01', 10), ('00000000-0000-0000-0000-000000000002', 'bob', 2.50, '2026-01-01', 1),
	('00000000-0000-0000-0000-000000000003', '42', 3, '2026-01-01', 2);
SELECT customer_value.create_base('keys', key => 'uuid');
SELECT customer_value.track_orders('keys', 'visit', 'id', 'day', 'amount');
SELECT customer_value.rebalance('keys', '2026-01-01');
SELECT n.* FROM visit, customer_value.value_to_next_class('keys', id) n WHERE name = 'bob';
SELECT said_class, abc_class FROM customer_value_internal.standing_on('keys', '2026-01-01', uuid '00000000-0000-0000-0000-000000000002');
SELECT customer_value.drop_base('keys');
SELECT customer_value.create_base('keys', key => 'text');
SELECT customer_value.track_orders('keys', 'visit', 'name', 'day', 'amount');
SELECT n.* FROM customer_value.value_to_next_class('keys', 'bob') n;
SELECT customer_value.rebalance('keys', '2026-01-01');
SELECT n.* FROM customer_value.value_to_next_class('keys', 'bob') n;
SELECT n.* FROM customer_value.value_to_next_class('keys', varchar 'bob') n;
SELECT n.* FROM customer_value.value_to_next_class('keys', 42) n;
SELECT customer_value.drop_base('keys');
SELECT customer_value.create_base('keys', key => 'numeric');
SELECT customer_value.track_orders('keys', 'visit', 'n', 'day', 'amount');
SELECT customer_value.rebalance('keys', '2026-01-01');
SELECT n.* FROM customer_value.value_to_next_class('keys', 2.5) n;

-- Whoever may read the tables of a base may ask, and nobody else.
CREATE ROLE base_reader;
SET ROLE base_reader;
\set VERBOSITY sqlstate
SELECT * FROM customer_value.migration('keys', '2026-01-01');
SELECT * FROM customer_value_internal.standing_on('keys', '2026-01-01');
SELECT * FROM customer_value.simulate('keys', NULL);
SELECT * FROM customer_value.value_to_next_class('keys', 1);
\set VERBOSITY terse
SELECT * FROM customer_value.value_to_next_class('no_base', 1);
RESET ROLE;
GRANT pg_read_all_data TO base_reader;
SET ROLE base_reader;
SELECT what, new_value, customers FROM customer_value.migration('keys', '2026-01-01');
SELECT customer_id, abc_class FROM customer_value_internal.standing_on('keys', '2026-01-01');
SELECT customers FROM customer_value.simulate('keys', NULL);
SELECT abc_class FROM customer_value.value_to_next_class('keys', 3);
RESET ROLE;
DROP ROLE base_reader;
SELECT customer_value.drop_base('keys');
DROP TABLE sale, visit;
