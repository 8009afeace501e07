-- A shop to play with: 3,000 customers over two years, the same on every machine. Rates and basket
-- sizes are about lognormal, so that few customers carry most of the business; customers come and go.
SELECT setseed(0.1848) \g /dev/null
CREATE TABLE orders (
	order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	customer_id text NOT NULL,
	ordered_at timestamp NOT NULL,
	amount numeric NOT NULL
);
INSERT INTO orders (customer_id, ordered_at, amount)
WITH customer AS MATERIALIZED (
	SELECT id, timestamp '2024-01-01' + random() * interval '600 days' AS first,
		exp(1.6 * (random() + random() + random() + random() - 2)) AS basket,
		exp(1.6 * (random() + random() + random() + random() - 2)) AS orders_a_month,
		-ln(1 - random()) * 500 AS days_of_life
	FROM generate_series(1, 3000) AS id
), basket AS MATERIALIZED (
	SELECT id, first + (n - 1) * (0.8 + 0.4 * random()) * interval '30 days' / orders_a_month AS at,
		round((60 * basket * exp(random() + random() + random() - 1.5))::numeric, 2) AS amount
	FROM customer, generate_series(1, 200) AS n
	WHERE (n - 1) * 30 / orders_a_month <= days_of_life
)
SELECT to_char(id, 'FM"C"0000'), at, amount FROM basket WHERE at < '2026-01-01' ORDER BY at, id;
-- one order in fifty comes back
INSERT INTO orders (customer_id, ordered_at, amount)
SELECT customer_id, least(ordered_at + interval '9 days', '2025-12-31'), -amount FROM orders WHERE order_id % 50 = 0;
