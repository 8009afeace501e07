-- Facts that the rules cannot take count as absent in a base, whose other customers they must not stop.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE person (id int PRIMARY KEY, potential float8, size numeric, vip text);
SELECT customer_value.create_base('shop', key => 'integer');
SELECT customer_value.track_facts('shop', 'person', 'id', '{potential,size,vip}');
INSERT INTO person VALUES (1, 'NaN', 10, 'yes'), (2, 80, 'Infinity', 'yes'), (3, 80, 1e300, 'no'), (4, 90, 0, NULL), (5, NULL, 10 ^ 400::numeric, NULL);
UPDATE shop.settings SET rules = '{"segments": [{"name": "gold", "from": 50}, {"name": "rest"}], "must": [{"segment": "gold", "when": {"vip": {"is": true}}}],
	"criteria": [{"fact": "potential", "weight": 1, "points": [[0, 0], [100, 100]]}, {"fact": "size", "weight": 1, "points": [[0, 0], [10, 100]]}]}';
SELECT customer_value.rebalance('shop', '2026-01-01');
INSERT INTO person VALUES (6, '-Infinity', 5, 'perhaps');
UPDATE shop.customer SET facts = '[1]' WHERE customer_id = 4;
SELECT customer_id, score, segment FROM shop.customer ORDER BY 1;
SELECT * FROM customer_value.verify('shop');
SELECT sum(customers) AS customers FROM customer_value.simulate('shop', (SELECT rules FROM shop.settings));
-- who asks about one of them is told
SELECT segment_of(c.facts, s.rules) FROM shop.customer c, shop.settings s WHERE c.customer_id = 1;
SELECT customer_value.drop_base('shop');
DROP TABLE person;

-- A page of customers that all came at the beginning of time.
CREATE TABLE sale (customer int, day date, amount numeric);
SELECT customer_value.create_base('shop', key => 'integer');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
INSERT INTO sale VALUES (1, '4714-11-24 BC', 5), (2, '4714-11-24 BC', 7);
SELECT customer_value.rebalance('shop', '2026-01-01');
SELECT length(shop.report()) > 1000 AS page;
SELECT customer_value.drop_base('shop');
DROP TABLE sale;
