SET jit = off; -- the queries of this test are many and small
-- Time alone moves customers: an order leaves the period, or the last 12 months. due says when, and a
-- rebalance on a later day looks at those who are due.
SET client_min_messages = warning;
\set VERBOSITY terse
-- The first base day on which something changes: with one before it, nothing does.
SELECT p AS period, d AS day, x.due, (x.due - p)::date > d AS changes, (x.due - 1 - p)::date > d AS earlier
FROM unnest('{1 month,12 months,1 year 1 day,1 day,90 days,1 month 36 hours,1 hour}'::interval[]) WITH ORDINALITY AS u(p, n),
	unnest('{2024-01-31,2024-02-29,2023-02-28,2024-03-30}'::date[]) d,
	LATERAL (SELECT customer_value_internal.due_day(customer_value_of(d, 1), '-infinity', p, NULL) AS due) x
ORDER BY n, d;
SELECT count(*) FILTER (WHERE (due - p)::date <= d OR (due - 1 - p)::date > d) AS wrong, count(*) AS tried
FROM unnest('{1 month,2 months,12 months,1 year,1 month -3 days,7 days,1 day 23:59:59,400 days}'::interval[]) p, generate_series(0, 1500) i, LATERAL (SELECT date '2023-01-01' + i AS d) AS d,
	LATERAL (SELECT customer_value_internal.due_day(customer_value_of(d, 1), '-infinity', p, NULL) AS due) x;
-- the 12 months of facts begin a day later; refunds leave as orders do; what is before since has left
SELECT count(*) FILTER (WHERE facts(v, due) ->> 'amount_12m' <> '0' OR facts(v, due - 1) ->> 'amount_12m' <> '1') AS wrong
FROM generate_series(0, 800) i, LATERAL (SELECT customer_value_of(date '2023-01-01' + i, 1) AS v) v,
	LATERAL (SELECT customer_value_internal.due_day(v, '-infinity', NULL, last_order(v)) AS due) x;
SELECT customer_value_internal.due_day(v, '2024-01-01', '1 month', NULL) AS period, customer_value_internal.due_day(v, '2024-01-20', '1 month', NULL) AS later,
	customer_value_internal.due_day(v, '2024-02-01', '1 month', NULL) AS refund, customer_value_internal.due_day(v, NULL, NULL, '2024-02-20') AS year,
	customer_value_internal.due_day(v, '2024-01-01', '1 month', '2024-02-20') AS first_of_both, customer_value_internal.due_day(v, NULL, NULL, NULL) IS NULL AS never
FROM (SELECT customer_value(day, amount) FROM (VALUES (date '2023-02-10', 5), ('2024-01-10', 5), ('2024-01-25', 7), ('2024-02-20', -1)) o(day, amount)) s(v);
SELECT customer_value_internal.due_day('{}', NULL, '1 month', '2024-01-01') IS NULL AS empty, customer_value_internal.due_day(NULL, NULL, '1 month', '2024-01-01') IS NULL AS none,
	customer_value_internal.due_day('{5874897-12-31 1 1}', NULL, '1 month', NULL) IS NULL AS never, customer_value_internal.due_day('{2024-01-01 1 1}', NULL, '10000000 days', NULL) AS far;

-- Day by day over a random history: the base says what the stateless functions say.
CREATE FUNCTION noise(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT abs(hashint4(i) % 10000)$$;
CREATE TABLE sale (id int PRIMARY KEY, customer int, day date, amount numeric);
INSERT INTO sale SELECT i, noise(i) % 120, date '2023-01-01' + noise(-i) % 420, round((noise(i * 7) + 1)::numeric ^ 2 / 1e6 + i % 3, 2) FROM generate_series(1, 1200) i;
SELECT customer_value.create_base('month', period => '1 month'), customer_value.create_base('year', period => '1 year', rules => r.rules, hysteresis => 0.05),
	customer_value.create_base('facts', rules => r.rules)
FROM (SELECT '{"segments": [{"name": "large", "from": 50}, {"name": "small"}], "grey": 3,
	"criteria": [{"fact": "amount_12m", "weight": 1, "points": [[0, 0], [400, 100]]}, {"fact": "orders", "weight": 1, "points": [[0, 0], [30, 100]]}]}'::segment_rules AS rules) r;
SELECT customer_value.track_orders(b, 'sale', 'customer', 'day', 'amount', mode => CASE b WHEN 'month' THEN 'queued' ELSE 'immediate' END) FROM unnest('{month,year,facts}'::name[]) b;
CREATE FUNCTION differences(base name) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	result bigint;
BEGIN
	EXECUTE format($sql$
		SELECT count(*) FILTER (WHERE a.basis <> a.amount OR a.score IS DISTINCT FROM segment_score(a.facts, a.rules) OR (a.hysteresis = 0 AND a.abc_class <> a.answer)
			OR a.due <= a.as_of) + count(*) FILTER (WHERE a.n = 1 AND a.cutoffs <> (SELECT abc_cutoffs(amount(c.value, a.since), a.cuts) FROM %1$I.customer c))
		FROM (SELECT c.*, f.as_of, f.since AS counts_since, f.rules, f.cutoffs, f.hysteresis, s.cuts, coalesce((f.as_of - s.period)::date, '-infinity') AS since,
				row_number() OVER () AS n, amount(c.value, coalesce((f.as_of - s.period)::date, '-infinity')),
				facts(c.value, greatest(f.as_of, (SELECT max(day) FROM ledger(c.value)))) AS facts,
				abc_class(amount(c.value, coalesce((f.as_of - s.period)::date, '-infinity')), s.cuts) OVER () AS answer
			FROM (SELECT customer_id, value, basis, abc_class, score, segment, due FROM %1$I.customer) c, %1$I.cutoffs f, %1$I.settings s) a
		$sql$, base) INTO result;
	RETURN result;
END
$$;
DO $$
DECLARE
	base name;
	day date := '2024-01-24';
	wrong bigint;
BEGIN
	FOR round IN 1..110 LOOP
		-- days one by one over the ends of months and a leap day, then by leaps, a few back
		day := CASE WHEN round <= 70 THEN day + 1 WHEN round = 71 THEN '2025-02-24' WHEN round <= 85 THEN day + 1 WHEN round % 7 = 0 THEN day - 9 ELSE day + noise(round) % 12 END;
		IF round % 5 = 0 THEN
			INSERT INTO sale SELECT 10000 * round + i, noise(round + i) % 130, day - noise(i) % 60, noise(i) / 100.0 - 5 FROM generate_series(1, 4) i;
			UPDATE sale s SET day = s.day - 1 WHERE noise(id + round) < 20;
			DELETE FROM sale WHERE noise(id - round) < 10;
		END IF;
		FOREACH base IN ARRAY '{month,year,facts}'::name[] LOOP
			PERFORM customer_value.rebalance(base, day);
			wrong := differences(base);
			IF wrong > 0 OR round % 20 = 0 AND EXISTS (SELECT FROM customer_value.verify(base)) THEN
				RAISE 'round %, base %, %: % differences', round, base, day, wrong;
			END IF;
		END LOOP;
	END LOOP;
END
$$;
SELECT * FROM customer_value.verify('month');
SELECT * FROM customer_value.verify('year');
SELECT * FROM customer_value.verify('facts');
SELECT what, reason, count(*) > 0 FROM year.change GROUP BY 1, 2 ORDER BY 1, 2;

-- An order at the end of the ledger leaves due alone; one at its beginning, or that goes, does not.
SELECT customer_value.create_base('shop', period => '1 month');
CREATE TABLE bill (id int, customer int, day date, amount numeric);
INSERT INTO bill VALUES (1, 1, '2024-01-10', 5), (2, 1, '2024-01-31', 7), (3, 2, '2024-01-20', 2), (4, 3, '2023-01-20', 2);
SELECT customer_value.track_orders('shop', 'bill', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop', '2024-02-01');
SELECT customer_id, basis, due FROM shop.customer ORDER BY 1;
INSERT INTO bill VALUES (5, 1, '2024-02-01', 1);
SELECT due FROM shop.customer WHERE customer_id = 1;
INSERT INTO bill VALUES (6, 1, '2024-01-05', 1);
SELECT due FROM shop.customer WHERE customer_id = 1;
DELETE FROM bill WHERE id IN (1, 6);
SELECT due FROM shop.customer WHERE customer_id = 1;
SELECT customer_value.rebalance('shop', '2024-02-28');
SELECT customer_id, basis, due FROM shop.customer ORDER BY 1;
SELECT customer_value.rebalance('shop', '2024-03-01');
SELECT customer_id, basis, due FROM shop.customer ORDER BY 1;
-- a day that goes back, another period
SELECT customer_value.rebalance('shop', '2024-02-01');
SELECT customer_id, basis, due FROM shop.customer ORDER BY 1;
UPDATE shop.settings SET period = '30 days';
SELECT settings_in_force FROM customer_value.status('shop');
SELECT customer_value.rebalance('shop', '2024-02-01');
SELECT settings_in_force FROM customer_value.status('shop');
SELECT customer_id, basis, due FROM shop.customer ORDER BY 1;
UPDATE shop.customer SET due = '2030-01-01' WHERE customer_id = 1;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.rebuild('shop') IS NOT NULL AS rebuilt;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.drop_base(b) FROM unnest('{month,year,facts,shop}'::name[]) b;
DROP TABLE sale, bill;
DROP FUNCTION noise, differences;
