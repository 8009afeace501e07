-- fits of ledgers, of summaries, of opportunities and of contracts
SELECT clv_fit(customer_value_of(day, amount) + customer_value_of(day + 1 + customer % 97, 5 + customer % 13) + customer_value_of(day + customer % 7 * 20, 9), 'bg/nbd', '2027-06-30') FROM purchase
SELECT clv_fit(customer_value_of(day, amount) + customer_value_of(day + 1 + customer % 97, 5 + customer % 13) + customer_value_of(day + customer % 7 * 20, 9), 'mbg/nbd', '2026-10-01', '1 month') FROM purchase
SELECT customer % 3, clv_fit((customer % 6, CASE WHEN customer % 6 = 0 THEN 0 ELSE 1 + customer % 11 END, 12 + customer % 17, CASE WHEN amount > 0 THEN amount END)::btyd_summary, 'pareto/nbd') FROM purchase GROUP BY 1 ORDER BY 1
SELECT clv_fit_bgbb(customer % 6, CASE WHEN customer % 6 = 0 THEN 0 ELSE 6 + customer % 7 END, 12) FROM purchase
SELECT clv_fit_sbg((ctid::text::point)[0]::int, (1000 - 3 * (ctid::text::point)[0])::bigint) FROM purchase WHERE (ctid::text::point)[1] = 1
SELECT clv_fit_sbg((ctid::text::point)[0]::int / 2, (1000 - (ctid::text::point)[0])::bigint, (ctid::text::point)[0]::int % 2) FROM purchase WHERE (ctid::text::point)[1] = 1
SELECT clv_fit(customer_value_of(day, amount) + customer_value_of(day + 9, 5), 'bg/nbd', '2027-06-30') FILTER (WHERE customer = 17) FROM purchase
SELECT clv_tracking(customer_value_of(day, amount) + customer_value_of(day + 1 + customer % 97, 5), '{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 4, "a": 0.8, "b": 2.5}, "notes": ["größer"]}', '2027-06-30', '1 month') FROM purchase
SELECT clv_total(customer_value_of(day, amount) + customer_value_of(day + 1 + customer % 97, 5), '{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 4, "a": 0.8, "b": 2.5}, "covariance": [[0.01,0,0,0],[0,0.01,0,0],[0,0,0.01,0],[0,0,0,0.01]], "spend": {"p": 6, "q": 4, "v": 15, "covariance": [[0.01,0,0],[0,0.01,0],[0,0,0.01]]}}', '1 year', 0.1, 1, '2027-06-30') FROM purchase
SELECT clv_sample(customer_value_of(day, amount) + customer_value_of(day + 9, 5)) FROM purchase
SELECT clv_fit(customer_value_of(day, amount) + customer_value_of(day + 9, 5), 'bg/nbd', '2027-06-30', 'means') FROM purchase
SELECT clv_fit(customer_value_of(day, amount) + customer_value_of(day + 1 + customer % 97, 5), 'pareto/nbd', '2027-06-30', ARRAY[customer % 2, customer % 7]::float8[]) FROM purchase
SELECT clv_backtest(customer_value_of(day, amount) + customer_value_of(day + 1 + customer % 97, 5), '{bg/nbd, as before}', '{2026-01-01, 2026-09-01}', '3 months') FROM purchase
