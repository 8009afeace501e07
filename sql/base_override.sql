-- A segment set by hand: honoured by trigger, rebalance and verify, and ended in time.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale VALUES (1, '2026-01-01', 800), (2, '2026-01-02', 400), (3, '2026-01-03', 50);
SELECT customer_value.create_base('shop', key => 'integer', rules =>
	'{"segments": [{"name": "gold", "from": 60}, {"name": "standard"}], "grey": 10, "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop', current_date);
SELECT customer_value.override('shop', 3, 'gold', 'sister of the boss', current_date + 10);
SELECT customer_value.override('shop', '1', 'standard', 'asked for it', current_date + 20);
SELECT customer_id, segment, override, round(score) AS score FROM shop.customer ORDER BY 1;
SELECT * FROM customer_value.verify('shop');
-- neither orders nor a rebalance nor other rules move him, but class and score follow
INSERT INTO sale VALUES (3, current_date, 10), (1, current_date, 150);
SELECT customer_value.rebalance('shop', current_date + 9);
UPDATE shop.settings SET rules = '{"segments": [{"name": "gold", "from": 95}, {"name": "standard"}], "grey": 10, "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}';
SELECT * FROM customer_value.simulate('shop', (SELECT rules FROM shop.settings));
SELECT customer_value.rebalance('shop', current_date + 9);
SELECT customer_id, segment, override, round(score) AS score FROM shop.customer ORDER BY 1;
SELECT * FROM customer_value.verify('shop');
-- its day comes; one in the grey zone does not keep what was set by hand
UPDATE shop.settings SET rules = '{"segments": [{"name": "gold", "from": 10}, {"name": "standard"}], "grey": 10, "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}';
SELECT customer_value.rebalance('shop', current_date + 9);
SELECT customer_value.rebalance('shop', current_date + 10);
SELECT customer_id, segment, override, round(score) AS score FROM shop.customer ORDER BY 1;
SELECT * FROM customer_value.verify('shop');
-- another takes its place, and it is ended by hand
SELECT customer_value.override('shop', 1, 'gold', 'better so', current_date + 30);
SELECT customer_value.end_override('shop', 1);
SELECT customer_value.end_override('shop', 1);
SELECT customer_id, segment, override FROM shop.customer WHERE customer_id = 1;
SELECT customer_id, segment, reason, until - current_date AS days, set_by = session_user AS set_by, ended_at IS NOT NULL AS ended, ended_by = session_user AS ended_by
FROM shop.override ORDER BY set_at, until;
SELECT customer_id, old_value, new_value, reason FROM shop.change WHERE what = 'segment' AND old_value IS NOT NULL ORDER BY changed_at;
SELECT * FROM customer_value.verify('shop');

-- Never for ever by accident, and never without a reason.
SELECT customer_value.override('shop', 2, 'gold', 'x', NULL);
SELECT customer_value.override('shop', 2, 'gold', 'x', 'infinity');
SELECT customer_value.override('shop', 2, 'gold', 'x', current_date);
SELECT customer_value.override('shop', 2, 'gold', 'x', current_date + 10);
SELECT customer_value.override('shop', 2, 'gold', ' ', current_date + 20);
SELECT customer_value.override('shop', 2, 'gold', NULL, current_date + 20);
SELECT customer_value.override('shop', 2, 'silver', 'x', current_date + 20);
SELECT customer_value.override('shop', 2, NULL, 'x', current_date + 20);
SELECT customer_value.override('shop', 9, 'gold', 'x', current_date + 20);
SELECT customer_value.override('shop', 'x', 'gold', 'x', current_date + 20);
SELECT customer_value.override('no_base', 2, 'gold', 'x', current_date + 20);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT customer_value.override('shop', 2, 'gold', 'x', current_date + 20);
ROLLBACK;
CREATE ROLE base_reader;
GRANT pg_read_all_data TO base_reader;
SET ROLE base_reader;
SELECT customer_value.override('shop', 2, 'gold', 'x', current_date + 20);
SELECT customer_value.end_override('shop', 2);
RESET ROLE;
DROP ROLE base_reader;

-- A customer set by hand does not leave with his orders, and comes to nothing when the override ends.
SELECT customer_value.override('shop', 2, 'gold', 'x', current_date + 20);
SELECT customer_value.untrack('shop', 'sale');
SELECT customer_id, value, segment, override FROM shop.customer;
SELECT customer_value.rebalance('shop', current_date + 20);
SELECT customer_id, value, segment, override FROM shop.customer;
SELECT customer_value.drop_base('shop');
-- another key
SELECT customer_value.create_base('shop', key => 'text', rules => '{"segments": [{"name": "vip", "from": 60}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
ALTER TABLE sale ALTER customer TYPE text;
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
SELECT customer_value.override('shop', 2, 'vip', 'x', current_date + 20);
SELECT customer_id, segment, override FROM shop.customer WHERE customer_id = '2';
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.drop_base('shop');
DROP TABLE sale;
