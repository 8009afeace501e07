-- ledgers of orders, with and without cost, and sums of ledgers
SELECT md5(customer_value(day, amount)::text) FROM purchase
SELECT md5(string_agg(k || ' ' || cv::text, ',' ORDER BY k)) FROM (SELECT customer % 5 = 0 AS k, customer_value(day, amount) AS cv FROM purchase GROUP BY 1) s
SELECT md5(customer_value(day, amount, (b % 1000) / 8.0)::text) FROM purchase
SELECT md5(customer_value(day::timestamp + '5 hours', amount, CASE WHEN customer % 3 = 0 THEN amount / 2 END)::text) FROM purchase
SELECT md5(customer_value(day::timestamp AT TIME ZONE 'UTC', amount)::text) FROM purchase
SELECT md5(sum(CASE WHEN customer % 2 = 0 THEN customer_value_of(day, amount) ELSE - customer_value_of(day, amount, 1.5) END)::text) FROM purchase
SELECT customer_value(day, 12345678901234567.123456789 * (customer % 5 - 1)) FROM purchase WHERE day < '2025-01-20'
