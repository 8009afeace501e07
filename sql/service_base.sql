-- Service on a live base: treatment, routing, staffing, outlook and the views on them.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE energy_bill (client bigint, day date, amount numeric);
INSERT INTO energy_bill SELECT i, current_date - 30, CASE WHEN i <= 350 THEN 50000 + i ELSE 600 + i / 1000.0 END FROM generate_series(1, 30350) i;
SELECT customer_value.create_base('energy', rules => '{"segments": [{"name": "individual", "from": 60}, {"name": "standard"}],
	"criteria": [{"fact": "amount_12m", "weight": 1, "points": [[0, 0], [20000, 60], [100000, 100]]}]}');
SELECT customer_value.track_orders('energy', 'energy_bill', customer => 'client', at => 'day', amount => 'amount');
SELECT customer_value.rebalance('energy') AS moved;

-- The energy supplier: 350 customers with 6 people, 30,000 with 2.
SELECT segment, queue, customers, agents FROM energy.staffing;
-- Calls by hour, with the promises of the treatment.
INSERT INTO energy.call_volume (segment, weekday, hour, calls)
VALUES ('individual', 1, 9, 20), ('standard', 1, 9, 200), ('standard', 1, 10, 0), (NULL, 2, 9, 100);
SELECT weekday, hour, queue, calls, max_wait, target_level, agents, employed,
	agents = agents_required(calls::float8, 180, target_level, extract(epoch FROM max_wait)::float8) AS by_erlang
FROM energy.staffing_by_hour;
SELECT segment, agents, peak_agents FROM energy.staffing;
SELECT max(employed) > max(agents) AS absent_too FROM energy.staffing_by_hour;

-- Routing: one row a customer, by key; the row for segment and class, else segment, else class, else all others.
SELECT * FROM energy.routing WHERE customer_id = 42;
SELECT queue, count(*), min(priority) AS priority FROM energy.routing GROUP BY queue ORDER BY queue;
INSERT INTO energy.treatment (segment, abc_class, queue, priority, max_wait, sla, customers_per_agent, action)
VALUES ('standard', 'C', 'self service', 10, '10 min', '5 days', 100000, 'point to the web');
SELECT queue, count(*), min(priority) AS priority FROM energy.routing GROUP BY queue ORDER BY queue;
BEGIN;
DELETE FROM energy.treatment WHERE segment IS NOT NULL;
SELECT queue, count(*) FROM energy.routing GROUP BY queue ORDER BY queue;
ROLLBACK;

-- A row that says little takes the rest from the defaults.
INSERT INTO energy.treatment (segment, abc_class, priority) VALUES ('individual', 'B', 95) RETURNING queue, priority, max_wait, sla, discount, customers_per_agent, action;
-- What makes no sense is refused with a message that says what.
\set treat 'INSERT INTO energy.treatment (segment, abc_class, queue, priority, max_wait, sla, customers_per_agent, action) VALUES'
:treat ('vip', NULL, 'q', 1, '1 min', '1 day', 1, 'x');
\echo :LAST_ERROR_SQLSTATE
:treat (NULL, 'D', 'q', 1, '1 min', '1 day', 1, 'x');
:treat (NULL, 'a', 'q', 1, '1 min', '1 day', 1, 'x');
:treat (NULL, 'C', ' ', 1, '1 min', '1 day', 1, 'x');
:treat (NULL, 'C', 'q', 101, '1 min', '1 day', 1, 'x');
:treat (NULL, 'C', 'q', 1, '-1 min', '1 day', 1, 'x');
:treat (NULL, 'C', 'q', 1, '1 min', '0', 1, 'x');
:treat (NULL, 'C', 'q', 1, '1 min', '1 day', 0, 'x');
:treat (NULL, 'C', 'q', 1, '1 min', '1 day', 'NaN', 'x');
:treat (NULL, 'A', 'q', 1, '1 min', '1 day', 1, 'x');
UPDATE energy.treatment SET discount = -0.1;
UPDATE energy.treatment SET discount = 1.5;
UPDATE energy.treatment SET contact_every = '0';
UPDATE energy.treatment SET shrinkage = 1;
UPDATE energy.treatment SET service_level = 0;
UPDATE energy.treatment SET segment = 'vip' WHERE segment = 'standard';
UPDATE energy.treatment SET abc_class = 'C' WHERE segment IS NULL AND abc_class IS NULL;
DELETE FROM energy.treatment;
\echo :LAST_ERROR_SQLSTATE
INSERT INTO energy.call_volume (segment, weekday, hour, calls) VALUES ('vip', 1, 9, 1);
INSERT INTO energy.call_volume (segment, weekday, hour, calls) VALUES (NULL, 1, 24, 1);
INSERT INTO energy.call_volume (segment, weekday, hour, calls) VALUES (NULL, 8, 9, 1);
INSERT INTO energy.call_volume (segment, weekday, hour, calls) VALUES (NULL, 3, 9, -1);
INSERT INTO energy.call_volume (segment, weekday, hour, calls) VALUES (NULL, 2, 9, 1);
SELECT customer_value.drop_base('energy');

-- The outlook, of customers with a history and of prospects without any order.
CREATE TABLE sale (client int, day date, amount numeric);
INSERT INTO sale SELECT c, current_date - 7 * k - c, 20 + c
FROM generate_series(1, 20) c, generate_series(0, 9) k WHERE c < 15 OR k > 4;
SELECT customer_value.create_base('shop', key => 'int', rules => '{"segments": [{"name": "individual", "from": 60}, {"name": "standard"}],
	"criteria": [{"fact": "amount_12m", "weight": 1, "points": [[0, 0], [500, 100]]}]}');
SELECT customer_value.track_orders('shop', 'sale', customer => 'client', at => 'day', amount => 'amount');
UPDATE shop.treatment SET contact_every = '30 days' WHERE segment = 'individual';
INSERT INTO shop.customer (customer_id, value, facts) VALUES (100, '{}', '{"potential": 90}'), (101, '{}', '{"potential": "much"}');
UPDATE shop.customer SET facts = '{"potential": 70}' WHERE customer_id = 20;
SELECT customer_value.rebalance('shop') > 0 AS moved;
SELECT customer_value.refresh_outlook('shop', model => '{"model": "bg/nbd", "params": {"r": 0.25, "alpha": 4.4, "a": 0.8, "b": 2.4}, "loglik": -1,
	"customers": 22, "unit_days": 7, "as_of": "2026-01-01", "spend": {"p": 6.25, "q": 3.74, "v": 15.45, "loglik": -1, "customers": 22}, "converged": true}') AS customers;
SELECT count(*) AS at_risk, bool_and(abs(at_stake - clv * (1 - p_alive)) < 1e-9) AS stake,
	bool_and(at_stake <= previous) AS falling, min(customer_id) AS first
FROM (SELECT *, lag(at_stake) OVER () AS previous FROM shop.at_risk) r;
SELECT (SELECT array_agg(customer_id ORDER BY customer_id) FROM (SELECT customer_id FROM shop.at_risk LIMIT 6) r) AS those_who_stayed_away;
SELECT customer_id, unseen, potential FROM shop.development;
SELECT customer_id, contact_every, days_overdue FROM shop.contact_due LIMIT 3;
SELECT action, array_agg(customer_id ORDER BY customer_id) AS customers FROM shop.next_action GROUP BY action ORDER BY action;
SELECT customer_id, reason FROM shop.next_action WHERE customer_id = 100;

-- A contact takes the customer off the list at once, and sets the next date.
CREATE TABLE phone (client int, at timestamptz, channel text, why text, who text, stars int);
SELECT customer_value.track_contacts('shop', 'phone', 'client', 'at', 'channel', 'why', 'who', 'stars');
SELECT customer_id AS first FROM shop.contact_due LIMIT 1 \gset
INSERT INTO phone VALUES (:first, now(), 'phone', 'hello', 'ann', 5);
SELECT count(*) AS still_due FROM shop.contact_due WHERE customer_id = :first;
SELECT customer_value.refresh_outlook('shop', model => model) AS customers FROM shop.outlook_model;
SELECT contact_due - current_date AS days FROM shop.outlook WHERE customer_id = :first;

-- Without a model, and where none fits, the rest of the outlook stands.
DELETE FROM sale;
SET client_min_messages = warning;
SELECT customer_value.refresh_outlook('shop') AS customers;
SELECT count(*) AS at_risk FROM shop.at_risk;
SELECT model IS NULL AS none FROM shop.outlook_model;
SELECT customer_value.refresh_outlook('shop', 'infinity');
SELECT customer_value.refresh_outlook('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT customer_value.drop_base('shop');
SELECT count(*) AS left_over FROM pg_class WHERE relnamespace::regnamespace::text IN ('shop', 'energy');
DROP TABLE energy_bill, sale, phone;
