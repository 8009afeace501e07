-- The main job, told step by step. Expects orders (customer_id text, ordered_at timestamp, amount numeric).
\set QUIET on
\pset null '-'
SELECT least(max(ordered_at)::date, current_date) AS today, count(*) AS n FROM orders \gset

\echo
\echo '1. Orders become ledgers: one datum a customer holds every order, exactly.'
CREATE TABLE value AS
SELECT customer_id, customer_value(ordered_at, amount) AS value FROM orders GROUP BY customer_id;
SELECT count(*) AS customers, :n AS rows, sum(orders(value)) AS orders, round(sum(amount(value)), 2) AS amount,
	round(avg(pg_column_size(value)), 1) AS bytes_a_ledger
FROM value;
SELECT customer_id, orders(value), round(amount(value), 2) AS amount, first_order(value), last_order(value)
FROM value ORDER BY amount(value) DESC, customer_id LIMIT 5;

\echo '2. How the business is spread: who carries it?'
SELECT round(100 * pareto_share(amount(value))::numeric, 1) AS "top 20 % hold, %",
	round(100 * pareto_population(amount(value))::numeric, 1) AS "80 % is held by top, %",
	round(gini(amount(value))::numeric, 3) AS gini
FROM value;
SELECT class, count(*) AS customers, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS "customers, %",
	round(sum(amount), 2) AS amount, round(100 * sum(amount) / sum(sum(amount)) OVER (), 1) AS "amount, %"
FROM (SELECT amount(value) AS amount, abc_class(amount(value)) OVER () AS class FROM value) AS classed
GROUP BY class ORDER BY class;

\echo '3. The same ledgers give recency, frequency and monetary value, scored and named.'
SELECT rfm_segment(r, f, m) AS segment, count(*) AS customers, round(sum(amount), 2) AS amount
FROM (
	SELECT rfm_score(last_order(value) - date '2000-01-01') OVER () AS r, rfm_score(orders(value)) OVER () AS f,
		rfm_score(amount(value)) OVER () AS m, amount(value) AS amount
	FROM value WHERE orders(value) > 0
) AS scored
GROUP BY 1 ORDER BY amount DESC;

\echo '4. A rule set of one''s own, its limits taken from the data here, and why it says what it says.'
SELECT greatest(round(percentile_cont(0.9) WITHIN GROUP (ORDER BY amount(value))::numeric, 2), 1) AS high,
	greatest(round(percentile_cont(0.99) WITHIN GROUP (ORDER BY amount(value))::numeric, 2), 1) AS top
FROM value \gset
SELECT jsonb_build_object(
	'segments', '[{"name": "individual", "from": 60}, {"name": "standard"}]'::jsonb,
	'grey', 5,
	'must', jsonb_build_array(jsonb_build_object('segment', 'individual',
		'when', jsonb_build_object('amount', jsonb_build_object('min', :top)))),
	'criteria', jsonb_build_array(
		jsonb_build_object('fact', 'amount_12m', 'weight', 5,
			'points', jsonb_build_array('[0, 0]'::jsonb, jsonb_build_array(:high, 100))),
		'{"fact": "recency_days", "weight": 2, "points": [[0, 100], [90, 50], [365, 0]]}'::jsonb,
		'{"fact": "orders", "weight": 1, "points": [[1, 0], [20, 100]]}'::jsonb)) AS rules \gset
SELECT segment_of(value, :'rules'::segment_rules, :'today') AS segment, count(*) AS customers,
	round(sum(amount(value)), 2) AS amount
FROM value GROUP BY 1 ORDER BY 1;
SELECT step, fact, value, round(points::numeric, 1) AS points, weight, round(contribution::numeric, 2) AS contribution, outcome
FROM explain_segment(
	(SELECT facts(value, :'today') FROM value ORDER BY amount(value) < :top DESC, amount(value) DESC, customer_id LIMIT 1),
	:'rules'::segment_rules);

\echo '5. Live: a base of its own follows the orders table from now on.'
SELECT customer_value.create_base('shop', key => 'text', rules => :'rules'::segment_rules) \g /dev/null
SELECT customer_value.track_orders('shop', 'public.orders', customer => 'customer_id', at => 'ordered_at', amount => 'amount') \g /dev/null
SELECT customer_value.rebalance('shop', :'today') AS "customers classed";
SELECT abc_class, segment, count(*) AS customers, round(sum(basis), 2) AS amount
FROM shop.customer GROUP BY 1, 2 ORDER BY 1, 2;

\echo '6. An order arrives, and the customer it belongs to is reclassified in the same transaction.'
SELECT customer_id AS somebody FROM shop.customer ORDER BY abc_class = 'C' AND segment = 'standard' DESC, basis DESC, customer_id LIMIT 1 \gset
SELECT customer_id, orders(value), round(basis, 2) AS basis, abc_class, round(score::numeric, 1) AS score, segment
FROM shop.customer WHERE customer_id = :'somebody';
\set order 'INSERT INTO orders (customer_id, ordered_at, amount) VALUES (' :'somebody' ', ' :'today' ', ' :top ')'
\echo :order
BEGIN;
:order;
SELECT customer_id, orders(value), round(basis, 2) AS basis, abc_class, round(score::numeric, 1) AS score, segment
FROM shop.customer WHERE customer_id = :'somebody';
SELECT what, old_value, new_value, reason FROM shop.change WHERE customer_id = :'somebody' ORDER BY changed_at DESC, what LIMIT 2;
ROLLBACK;
\echo 'It is rolled back, since it was invented: all is again as it was.'
\echo

\echo '7. Nothing is taken on trust: everything is recomputed from the orders and compared.'
SELECT count(*) AS differences FROM customer_value.verify('shop');

\echo '8. What follows: how each is to be served, whom to keep, how many people it takes.'
SELECT customer_value.refresh_outlook('shop', :'today') AS "customers looked at" \g /dev/null
SELECT customer_id, segment, abc_class, queue, priority, max_wait, action FROM shop.routing WHERE customer_id = :'somebody';
SELECT customer_id, segment, abc_class, round(o.clv::numeric, 2) AS expected, round(100 * o.p_alive::numeric, 1) AS "alive, %",
	round(o.at_stake::numeric, 2) AS at_stake
FROM shop.outlook o JOIN shop.customer USING (customer_id) ORDER BY o.at_stake DESC NULLS LAST, customer_id LIMIT 3;
SELECT segment, queue, customers, agents FROM shop.staffing;

\echo '9. All of it at a glance, on one page.'
\pset format unaligned
\pset tuples_only on
\o :report
SELECT shop.report(nullif(:'currency', ''));
\o
