-- Orders from read_orders, on standard input: what is wrong with them is shown, what cannot count is left out.
SET timezone = 'UTC';
CREATE TEMP TABLE imported (customer_id text, ordered_at timestamptz, amount numeric);
\copy imported FROM pstdin WITH (FORMAT csv)
CREATE TABLE orders (
	order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	customer_id text,
	ordered_at timestamp,
	amount numeric
);
INSERT INTO orders (customer_id, ordered_at, amount)
SELECT customer_id, ordered_at, CASE WHEN scale(amount) > 9 THEN round(amount, 9) ELSE amount END FROM imported;

\echo
\echo '0. What is to be known of these orders before they are tracked: check_source() has found this.'
CREATE TEMP TABLE found AS SELECT * FROM customer_value.check_source('orders', 'customer_id', 'ordered_at', 'amount');
SELECT count(*) > 0 AS any_found FROM found \gset
\if :any_found
SELECT finding, rows, round(100 * share::numeric, 2) AS "share, %", example FROM found;
\else
\echo 'Nothing.'
\endif
DELETE FROM orders WHERE customer_id IS NULL OR ordered_at IS NULL OR amount IS NULL;
ALTER TABLE orders ALTER customer_id SET NOT NULL, ALTER ordered_at SET NOT NULL, ALTER amount SET NOT NULL;
