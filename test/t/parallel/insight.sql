-- rates over customers and over ratings, cohorts, the whale curve; every row a customer with one order or several
SELECT retention_rate(customer_value_of(day, amount) + customer_value_of(day + customer % 400, 1), '2025-09-01', '2026-03-01'), churn_rate(customer_value_of(day, amount) + customer_value_of(day + customer % 400, 1), '2025-09-01', '2026-03-01', '2025-03-01') FROM purchase
SELECT repeat_rate(customer_value_of(day, amount)), repeat_rate(customer_value_of(day, amount) + customer_value_of(day + customer % 400, 1), '2025-09-01', NULL) FROM purchase
SELECT nps((b % 11)::int), csat((b % 5)::int + 1), csat((b % 10)::int + 1, 8, 10), loyalty_index((b % 11)::int, (b / 11 % 11)::int, customer % 11) FROM purchase WHERE b >= 0
SELECT md5(cohort_retention(customer_value_of(day, amount) + customer_value_of(day + customer % 400, 1))::text) FROM purchase
SELECT md5(cohort_retention(customer_value_of(day, amount) + customer_value_of(day + customer % 400, 1), 'week', '2026-02-01')::text), md5(cohort_retention(customer_value_of(day, amount) + customer_value_of(day + customer % 400, 1), date '2026-03-01')::text) FROM purchase
SELECT md5(cohort_retention(customer_value_of(day, amount) + customer_value_of(day + customer % 400, 1), 'week')::text), count(*) FROM purchase
SELECT md5(whale_curve(f - 1000)::text), whale_curve(amount::float8 - 900, 20) FROM purchase
