-- Service on a live base: treatment, routing, staffing, outlook and the views on them.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
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
SELECT '{"model": "bg/nbd", "params": {"r": 0.25, "alpha": 4.4, "a": 0.8, "b": 2.4}, "loglik": -1,
	"customers": 22, "unit_days": 7, "as_of": "2026-01-01", "spend": {"p": 6.25, "q": 3.74, "v": 15.45, "loglik": -1, "customers": 22}, "converged": true, "notes": ["by hand"]}' AS model \gset
SELECT customer_value.refresh_outlook('shop', model => :'model') AS customers;
-- The loss to expect: the value if still a customer times 1 - p_alive; in doubt is who lies between the limits, lost who lies below.
SELECT count(*) AS customers, bool_and(abs(o.at_stake - clv(c.value, :'model', as_of => o.as_of) / p_alive(c.value, :'model', o.as_of) * (1 - p_alive(c.value, :'model', o.as_of))) < 1e-9) AS stake
FROM shop.outlook o JOIN shop.customer c USING (customer_id) WHERE orders(c.value) > 0;
CREATE VIEW stages AS SELECT stage, array_agg(customer_id ORDER BY customer_id) AS customers, bool_and(at_stake <= previous) AS falling, min(round(p_alive::numeric, 3)) AS least, max(round(p_alive::numeric, 3)) AS most
FROM (SELECT 'at risk' AS stage, *, lag(at_stake) OVER () AS previous FROM shop.at_risk UNION ALL SELECT 'lost', *, lag(at_stake) OVER () FROM shop.lost) r GROUP BY stage;
SELECT * FROM stages ORDER BY stage;
UPDATE shop.settings SET at_risk_from = 0.6, at_risk_to = 0.75;
SELECT * FROM stages ORDER BY stage;
UPDATE shop.settings SET at_risk_from = DEFAULT, at_risk_to = DEFAULT;
\set VERBOSITY terse
UPDATE shop.settings SET at_risk_to = 0.1 RETURNING at_risk_to;
UPDATE shop.settings SET at_risk_from = 'NaN' RETURNING at_risk_from;
UPDATE shop.settings SET at_risk_to = 1.5 RETURNING at_risk_to;
\set VERBOSITY default
DROP VIEW stages;
-- One who is 99 % there has little at stake, one of the same value who is almost surely gone nearly all of it.
SELECT p, customer_value_internal.at_stake(p, 1000 * p) AS at_stake FROM unnest('{1,0.99,0.5,0.2,0.01,1e-9,0}'::float8[]) p;
SELECT customer_value_internal.at_stake(0.5, 'Infinity'), customer_value_internal.at_stake(0.5, 1e-320), customer_value_internal.at_stake(1e-199, 1e100);
SELECT customer_id, unseen, potential FROM shop.development;
-- Nobody is overdue where no contacts are tracked: they are not known, and that is said.
SELECT count(*) AS due FROM shop.contact_due;
SELECT action, reason, count(*) FROM shop.next_action WHERE action NOT IN ('offer', 'remind', 'win back', 'win over') OR reason LIKE '%contact%' GROUP BY 1, 2 ORDER BY 1, 2;
BEGIN;
UPDATE shop.treatment SET contact_every = '30 days' WHERE segment = 'standard';
SELECT customer_id, action, reason FROM shop.next_action WHERE reason LIKE '%contact%';
ROLLBACK;
SELECT outlook_as_of = as_of AS same_day, model, model_customers, model_converged, notes FROM customer_value.status('shop');
CREATE TABLE phone (client int, at timestamptz, channel text, why text, who text, stars int);
SELECT customer_value.track_contacts('shop', 'phone', 'client', 'at', 'channel', 'why', 'who', 'stars');
SELECT customer_value.refresh_outlook('shop', model => :'model') AS customers;
SELECT notes FROM customer_value.status('shop');
SELECT customer_id, contact_every, days_overdue FROM shop.contact_due LIMIT 3;
SELECT action, array_agg(customer_id ORDER BY customer_id) AS customers FROM shop.next_action GROUP BY action ORDER BY action;
SELECT customer_id, reason FROM shop.next_action WHERE customer_id = 100;

-- A contact takes the customer off the list at once, and sets the next date.
SELECT customer_id AS first FROM shop.contact_due LIMIT 1 \gset
INSERT INTO phone VALUES (:first, now(), 'phone', 'hello', 'ann', 5);
SELECT count(*) AS still_due FROM shop.contact_due WHERE customer_id = :first;
SELECT customer_value.refresh_outlook('shop', model => model) AS customers FROM shop.outlook_model;
SELECT contact_due - current_date AS days FROM shop.outlook WHERE customer_id = :first;

-- Who has orders is not won over, though no model says what it is worth; who is worth infinitely much is counted beside the sum.
SELECT customer_value.refresh_outlook('shop', model => '{"model": "bg/nbd", "params": {"r": 0.25, "alpha": 4.4, "a": 0.8, "b": 2.4}, "unit_days": 7,
	"spend": {"p": 6.25, "q": 0.9, "v": 15.45}}') AS customers;
SELECT clv = 'Infinity' AS infinite, at_stake, count(*) FROM shop.outlook GROUP BY 1, 2 ORDER BY 3, 2 LIMIT 5;
DELETE FROM sale WHERE client = 20 AND day > (SELECT min(day) FROM sale WHERE client = 20);
SELECT customer_value.refresh_outlook('shop', model => '{"model": "bg/nbd", "params": {"r": 0.25, "alpha": 4.4, "a": 0.8, "b": 2.4}, "unit_days": 7,
	"spend": {"p": 6.25, "q": 0.9, "v": 15.45}}') AS customers;
SELECT customer_id, clv, at_stake, p_alive FROM shop.outlook WHERE clv = 'Infinity';
SELECT sum(expected_left_out) AS left_out, sum(expected_value) < 'Infinity' AS finite FROM shop.overview;
SELECT notes FROM customer_value.status('shop');
UPDATE shop.outlook SET p_alive = NULL, clv = NULL, at_stake = NULL, unseen = 5;
SELECT action, array_agg(customer_id ORDER BY customer_id) AS customers FROM shop.next_action WHERE customer_id IN (20, 100) GROUP BY action ORDER BY action;
SELECT sum(expected_left_out) AS left_out, sum(expected_value) FROM shop.overview;

-- Without a model, and where none fits, the rest of the outlook stands.
DELETE FROM sale;
SET client_min_messages = warning;
SELECT customer_value.refresh_outlook('shop') AS customers;
SELECT count(*) AS at_risk FROM shop.at_risk;
SELECT model IS NULL AS none, notes FROM shop.outlook_model;
SELECT customer_value.refresh_outlook('shop', 'infinity');
SELECT customer_value.refresh_outlook('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT customer_value.drop_base('shop');
SELECT count(*) AS left_over FROM pg_class WHERE relnamespace::regnamespace::text IN ('shop', 'energy');
DROP TABLE energy_bill, sale, phone;
