-- How well models would have forecast: customers that are as bg/nbd says, so that it forecasts better than the naive.
CREATE TEMP TABLE shop AS SELECT customer, customer_value(at, amount) AS v
FROM clv_simulate('{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 20, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}', 2000, '2025-12-31', 5, '2022-01-01') GROUP BY 1;
CREATE TEMP TABLE score AS SELECT s.* FROM (SELECT clv_backtest(v, '{bg/nbd,as before,all alike}', '{2024-06-30,2024-12-31}', '1 year') AS all FROM shop) b, unnest("all") s;
SELECT model, origin, customers, actual_orders, round(actual_amount, 2) AS actual_amount, round(expected_orders::numeric, 1) AS expected_orders,
	round(mae::numeric, 4) AS mae, round(rmse::numeric, 4) AS rmse, round(top_tenth::numeric, 3) AS top_tenth, round(brier::numeric, 4) AS brier FROM score ORDER BY 2, 1;
SELECT s.origin, m.rmse < s.rmse AS better, m.brier < s.brier AS surer, m.top_tenth >= s.top_tenth AS names FROM score m JOIN score s USING (origin) WHERE m.model = 'bg/nbd' AND s.model <> 'bg/nbd' ORDER BY 1, s.model;
-- each figure from its definition
SELECT s.model, s.expected_orders = f.o AS expected_orders, abs(s.expected_amount / f.a - 1) < 1e-12 AS expected_amount, abs(s.mae / f.mae - 1) < 1e-12 AS mae, abs(s.rmse / f.rmse - 1) < 1e-12 AS rmse, abs(s.brier / f.brier - 1) < 1e-12 AS brier
FROM score s, LATERAL (SELECT sum(e) AS o, sum(e * expected_spend(v, m, '2024-12-31')) AS a, avg(abs(e - n)) AS mae, sqrt(avg((e - n) ^ 2)) AS rmse, avg((p - (n > 0)::int) ^ 2) AS brier
	FROM (SELECT v, m, expected_orders(v, m, '365 days', '2024-12-31') AS e, order_days(v, '2025-01-01', '2026-01-01') AS n, 1 - order_probability(v, m, 0, '365 days', '2024-12-31') AS p
		FROM shop, (SELECT clv_fit(v, 'bg/nbd', '2024-12-31') AS m FROM shop) x ORDER BY v) y) f WHERE model = 'bg/nbd' AND origin = '2024-12-31';
-- any order of rows; customers without orders by then are not among those scored
SELECT clv_backtest(v, '{mbg/nbd,all alike}', '{2024-12-31}', '6 months') = clv_backtest(v, '{mbg/nbd,all alike}', '{2024-12-31}', '6 months' ORDER BY md5(customer::text)) AS any_order FROM shop;
SELECT (unnest(clv_backtest(v, '{as before,all alike}', '{2024-03-31}', '30 days'))).* FROM (VALUES ('{2024-03-02 1 10, 2024-04-01 1 20}'::customer_value), ('{2024-03-31 1 5, 2024-04-30 2 7}'), ('{2024-04-02 1 9}'), ('{}'), (NULL)) x(v);
SELECT clv_backtest(v, '{bg/nbd}', '{2024-12-31}', '1 year') FROM shop WHERE false;
SELECT clv_backtest(NULL, '{bg/nbd}', '{2024-12-31}', '1 year');

-- Wrong input
\set VERBOSITY terse
SELECT clv_backtest(v, '{bg/nbd}', '{2021-12-31}', '1 year') FROM shop;
SELECT clv_backtest(v, '{bg/nbd}', '{infinity}', '1 year') FROM shop;
SELECT clv_backtest(v, '{bg/nbd}', '{2024-12-31}', '0 days') FROM shop;
SELECT clv_backtest(v, '{bg/nbd}', '{2024-12-31}', '-1 year') FROM shop;
SELECT clv_backtest(v, '{bg/nbd}', '{2024-12-31}', '1001 years') FROM shop;
SELECT clv_backtest(v, '{}', '{2024-12-31}', '1 year') FROM shop;
SELECT clv_backtest(v, '{bg/nbd}', '{}', '1 year') FROM shop;
SELECT clv_backtest(v, '{bg/nbd,NULL}', '{2024-12-31}', '1 year') FROM shop;
SELECT clv_backtest(v, NULL, '{2024-12-31}', '1 year') FROM shop;
SELECT clv_backtest(v, '{nbd}', '{2024-12-31}', '1 year') FROM shop;
SELECT clv_backtest(v, '{bg/nbd}', '{2024-12-31}', make_interval(days => customer)) FROM shop;
