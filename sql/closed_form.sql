-- Lifetime value without a fitted model.
-- The textbook forms, by position and by name.
SELECT round(clv(100, 0.8, 0.1)::numeric, 10) AS at_end,
	round(clv(100, 0.8, 0.1, first => 'start')::numeric, 10) AS at_start,
	round(clv(margin => 100, retention => 0.8, discount => 0.1)::numeric, 10) AS by_name,
	round(clv(100, 0.8, 0.1, NULL, 'start')::numeric, 10) AS by_position;
-- The margin multiple r / (1 + d - r) at a discount of 12 % (Gupta & Lehmann 2003).
SELECT r AS retention, round(clv(1, r, 0.12)::numeric, 2) AS multiple
FROM unnest('{0.6,0.7,0.8,0.9}'::float8[]) r;

-- A finite horizon is the same series, cut off: against the sum written out.
SELECT count(*) AS cases,
	bool_and(abs(clv(40, r, d, n) - at_end) <= 1e-12 * at_end) AS end_fits,
	bool_and(abs(clv(40, r, d, n, 'start') - at_start) <= 1e-12 * at_start) AS start_fits
FROM unnest('{0,0.3,0.9,1}'::float8[]) r, unnest('{-0.2,0,0.1,2}'::float8[]) d, unnest('{1,2,30}'::int[]) n,
	LATERAL (SELECT coalesce(sum(40 * power(r, t) / power(1 + d, t)), 0) AS at_end,
		sum(40 * power(r, t - 1) / power(1 + d, t - 1)) AS at_start FROM generate_series(1, n) t) AS series;
SELECT clv(40, 0.9, 0.1, periods => 0) AS no_period, clv(40, 1, 0, 12) AS free_of_interest,
	clv(40, 0, 0.1) AS never_renewed, clv(40, 0, 0.1, first => 'start') AS once, clv(-40, 0, 0.1) AS no_minus_zero;
-- Where retention meets 1 + discount the limit is taken, and nothing jumps beside it.
SELECT abs(clv(1, 1 - e, 0, 1000, 'start') / 1000 - (1 - 499.5 * e)) < 1e-9 AS smooth
FROM unnest('{0,1e-17,1e-15,1e-12,1e-9}'::float8[]) e;
SELECT round(clv(1, 0.8, -0.2, 5)::numeric, 10) AS limit_itself;
-- Many periods come to the endless horizon.
SELECT clv(100, 0.8, 0.1, 100000) = clv(100, 0.8, 0.1) AS same;
-- The types that shops have: integer, numeric.
SELECT round(clv(250::int, 0.75::numeric, 0.08::numeric, 5::int)::numeric, 6) AS mixed;

-- NULL in, NULL out, but for periods.
SELECT clv(NULL, 0.8, 0.1) IS NULL AS margin, clv(1, NULL, 0.1) IS NULL AS retention,
	clv(1, 0.8, NULL) IS NULL AS discount, clv(1, 0.8, 0.1, 3, NULL) IS NULL AS first,
	clv(1, 0.8, 0.1, NULL) = clv(1, 0.8, 0.1) AS periods;

-- Wrong input is named.
SELECT clv('NaN', 0.8, 0.1);
\echo :LAST_ERROR_SQLSTATE
SELECT clv('Infinity', 0.8, 0.1);
SELECT clv(100, 'NaN', 0.1);
SELECT clv(100, -0.1, 0.1);
SELECT clv(100, 1.01, 0.1);
SELECT clv(100, 0.8, '-Infinity');
SELECT clv(100, 0.8, -1);
SELECT clv(100, 0.8, 0.1, -1);
SELECT clv(100, 0.8, 0.1, first => 'middle');
SELECT clv(100, 1, 0);
SELECT clv(100, 0.8, -0.2);
SELECT clv(100, 0.7, -0.3);
SELECT clv(100, 0.8, -0.3);
SELECT clv(1e308, 0.8, -0.19);
SELECT clv(1, 1, -0.9, 1000);
\echo :LAST_ERROR_SQLSTATE

-- Cash flows, the first of them now.
SELECT round(clv('{-100,60,60}', 0.1)::numeric, 10) AS present_value,
	clv(cash_flows => ARRAY[1, 2, 4]::float8[], discount => 1) AS by_name,
	clv(ARRAY[5]::float8[], 0.7) AS now_alone, clv('{}', 0.1) AS none, clv('{1,2,3}', 0) AS plain_sum,
	clv('[5:6]={1,1}', 1) AS any_lower_bound;
-- A contract is a row of cash flows.
SELECT abs(clv(array_agg(40 * power(0.9::float8, t) ORDER BY t), 0.1) - clv(40, 0.9, 0.1, 20, 'start')) < 1e-9 AS agree
FROM generate_series(0, 19) t;
SELECT clv(NULL::float8[], 0.1) IS NULL AS flows, clv('{1}'::float8[], NULL) IS NULL AS discount;
SELECT clv('{1,NULL}', 0.1);
\echo :LAST_ERROR_SQLSTATE
SELECT clv('{{1,2},{3,4}}', 0.1);
\echo :LAST_ERROR_SQLSTATE
SELECT clv('{1,Infinity}', 0.1);
SELECT clv('{NaN}', 0.1);
SELECT clv('{1}', -1);
SELECT clv('{1}'::float8[], 'NaN');
SELECT clv('{0,1e308}', -0.99);
