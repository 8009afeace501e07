SET jit = off; -- the queries of this test are many and small
-- A base whose classes go by what a model expects of each customer.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (customer int, day timestamp, amount numeric);
INSERT INTO sale SELECT customer, at, amount
FROM clv_simulate('{"model": "mbg/nbd", "params": {"r": 0.8, "alpha": 9, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}', 400, '2025-12-31', 7);
SELECT customer_value.create_base('shop', cuts => '{0.5,0.8,0.95}');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop', '2026-01-01') > 0 AS moved;
INSERT INTO shop.customer (customer_id, value) VALUES (100000, '{}');
INSERT INTO sale VALUES (100001, '2025-12-01', -5); -- a refund alone is no order

-- What the base says against what the functions say.
CREATE VIEW differs AS
SELECT customer_id, c.basis, v.clv
FROM shop.customer c, shop.settings s, shop.cutoffs f,
	LATERAL (SELECT coalesce(round(clv(c.value, s.model, as_of => greatest(f.as_of, last_order(c.value)))::numeric, 9), 0) AS clv) v
WHERE c.basis IS DISTINCT FROM v.clv OR c.abc_class IS NULL;
CREATE VIEW misclassed AS
SELECT * FROM (SELECT customer_id, abc_class, abc_class(c.basis, s.cuts) OVER () AS answer FROM shop.customer c, shop.settings s) a
WHERE abc_class IS DISTINCT FROM answer;

-- From amount to clv: fit, set, rebalance.
UPDATE shop.settings SET basis = 'clv', model = (SELECT clv_fit(value, 'mbg/nbd', '2025-12-31') FROM shop.customer);
SELECT settings_in_force FROM customer_value.status('shop');
SELECT * FROM customer_value.verify('shop') WHERE customer <> '100000';
SELECT customer_value.rebalance('shop', '2026-01-01') > 0 AS moved;
SELECT settings_in_force FROM customer_value.status('shop');
SELECT (SELECT count(*) FROM differs) AS differs, (SELECT count(*) FROM misclassed) AS misclassed;
SELECT what, reason, count(*) > 0 FROM shop.change WHERE reason <> 'order' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT customer_id, basis, abc_class FROM shop.customer WHERE customer_id >= 100000 ORDER BY 1;
SELECT * FROM customer_value.verify('shop');

-- An order counts in its transaction, also one after the base day.
BEGIN;
CREATE TEMP TABLE before AS SELECT customer_id, basis FROM shop.customer;
INSERT INTO sale VALUES (1, '2026-01-01', 100), (2, '2026-02-01', 100), (100001, '2026-01-01', 5), (100002, '2026-01-01', 30);
SELECT customer_id, b.basis < c.basis AS more FROM shop.customer c LEFT JOIN before b USING (customer_id) WHERE b.basis IS DISTINCT FROM c.basis ORDER BY 1;
SELECT count(*) FROM differs;
ROLLBACK;
SELECT count(*) FROM differs;
INSERT INTO sale VALUES (1, '2026-01-01', 100), (2, '2026-02-01', 100), (100001, '2026-01-01', 5), (100002, '2026-01-01', 30);
SELECT count(*) FROM differs;
SELECT * FROM customer_value.verify('shop');

-- Another day, another model: everybody.
SELECT customer_value.rebalance('shop', '2026-04-01') > 0 AS moved;
SELECT (SELECT count(*) FROM differs) AS differs, (SELECT count(*) FROM misclassed) AS misclassed;
SELECT DISTINCT reason FROM shop.change WHERE changed_at = (SELECT max(changed_at) FROM shop.change);
UPDATE shop.settings SET model = (SELECT clv_fit(value, 'bg/nbd', '2026-03-31') FROM shop.customer);
SELECT settings_in_force FROM customer_value.status('shop');
SELECT customer_value.rebalance('shop', '2026-04-01') > 0 AS moved;
SELECT settings_in_force FROM customer_value.status('shop');
SELECT (SELECT count(*) FROM differs) AS differs, (SELECT count(*) FROM misclassed) AS misclassed;
SELECT customer_value.rebalance('shop', '2026-04-01') AS moved;
SELECT * FROM customer_value.verify('shop');

-- What else a base can tell and do.
SELECT count(*) = count(DISTINCT c.customer_id) AND bool_and(d.basis = coalesce(round(clv(until(c.value, '2025-11-01'), s.model, as_of => '2025-10-31')::numeric, 9), 0)) AS right_then
FROM customer_value_internal.standing_on('shop', '2025-10-31') d JOIN shop.customer c ON c.customer_id::text = d.customer_id, shop.settings s
WHERE first_order(c.value) < '2025-11-01';
SELECT count(*) FROM customer_value_internal.standing_on('shop', '2026-04-01') d JOIN shop.customer c ON c.customer_id::text = d.customer_id
WHERE (c.basis, c.abc_class) IS DISTINCT FROM (d.basis, d.abc_class);
SELECT bool_and(n.threshold = n.basis + n.missing) AND count(*) > 0 FROM shop.customer c, customer_value.value_to_next_class('shop', c.customer_id) n WHERE n.abc_class > 'A';
SELECT old_segment, new_segment, customers, basis = (SELECT sum(basis) FROM shop.customer) AS basis FROM customer_value.simulate('shop', '{"segments": [{"name": "old", "from": 90}, {"name": "new"}], "criteria": [{"fact": "tenure_days", "weight": 1, "points": [[0, 0], [1, 100]]}], "undetermined": "old"}');
SELECT customer_value.refresh_outlook('shop', '2026-04-01') = (SELECT count(*) FROM shop.customer) AS all_of_them;
SELECT bool_and(round(o.clv::numeric, 9) = c.basis) AS by_the_same_model FROM shop.outlook o JOIN shop.customer c USING (customer_id) WHERE o.clv IS NOT NULL;
SELECT customer_value.merge_customers('shop', 1, 2), customer_value.forget('shop', 3, 'on request');
SELECT count(*) FROM differs;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.unmerge_customers('shop', 1, 2);
SELECT count(*) FROM differs;
UPDATE shop.customer SET basis = 0 WHERE customer_id = 1;
SELECT customer_value.rebuild('shop');
SELECT * FROM customer_value.verify('shop');

-- Any changes, in both modes: after a rebalance, what the stateless functions say.
SELECT customer_value.create_base('quick', basis => 'clv', cuts => '{0.5,0.8,0.95}', model => model) FROM shop.settings;
SELECT customer_value.track_orders('quick', 'sale', 'customer', 'day', 'amount', mode => 'queued');
SELECT customer_value.forget('quick', 3, 'on request');
CREATE FUNCTION noise(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT abs(hashint4(i) % 10000)$$;
CREATE TABLE numbered AS SELECT row_number() OVER (ORDER BY customer, day, amount) AS id, * FROM sale;
TRUNCATE sale;
ALTER TABLE sale ADD id int;
INSERT INTO sale SELECT customer, day, amount, id FROM numbered;
DO $$
DECLARE
	wrong bigint;
BEGIN
	FOR round IN 1..16 LOOP
		CASE round % 6
		WHEN 1 THEN INSERT INTO sale SELECT noise(round + i) % 450, timestamp '2026-04-01' + noise(i) % 90 * interval '1 day', noise(i) / 100.0, 100000 * round + i FROM generate_series(1, 5 * round) i;
		WHEN 2 THEN UPDATE sale SET amount = amount * 2 WHERE noise(id + round) < 300;
		WHEN 3 THEN DELETE FROM sale WHERE noise(id + round) < 200;
		WHEN 4 THEN UPDATE sale SET customer = noise(id) % 400, day = day + interval '3 days' WHERE noise(id - round) < 500;
		WHEN 5 THEN UPDATE sale SET amount = -amount WHERE noise(id + round) < 50;
		ELSE UPDATE shop.settings SET model = (SELECT clv_fit(value, 'mbg/nbd', '2026-04-01') FROM shop.customer); UPDATE quick.settings q SET model = s.model FROM shop.settings s;
		END CASE;
		PERFORM customer_value.rebalance('shop', date '2026-04-01' + round / 3), customer_value.rebalance('quick', date '2026-04-01' + round / 3);
		wrong := (SELECT count(*) FROM differs) + (SELECT count(*) FROM misclassed)
			+ (SELECT count(*) FROM quick.customer q FULL JOIN shop.customer s USING (customer_id)
				WHERE (q.value, q.basis, q.abc_class)::text IS DISTINCT FROM (s.value, s.basis, s.abc_class)::text AND s.value <> '{}')
			+ (SELECT count(*) FROM shop.cutoffs f, shop.settings s WHERE f.cutoffs <> (SELECT abc_cutoffs(c.basis, s.cuts) FROM shop.customer c));
		IF wrong > 0 THEN
			RAISE 'round %: % differences', round, wrong;
		END IF;
	END LOOP;
END
$$;
SELECT * FROM customer_value.verify('shop');
SELECT * FROM customer_value.verify('quick');

-- Settings that cannot be.
UPDATE shop.settings SET model = NULL;
UPDATE shop.settings SET period = '1 year';
UPDATE shop.settings SET model = '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}}';
UPDATE shop.settings SET model = '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "spend": {"p": 6, "q": 1, "v": 15}}';
UPDATE shop.settings SET model = '{"model": "sbg", "params": {"alpha": 1, "beta": 1}}';
UPDATE shop.settings SET model = '{"model": "bg/bb", "params": {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1}, "spend": {"p": 6, "q": 4, "v": 15}}';
UPDATE shop.settings SET basis = 'amount', model = NULL;
SELECT customer_value.rebalance('shop', '2026-04-06') > 0 AS moved;
SELECT count(*) FROM shop.customer WHERE basis <> amount(value);
DROP VIEW differs, misclassed;
SELECT customer_value.drop_base('shop'), customer_value.drop_base('quick');
DROP TABLE sale, numbered;
DROP FUNCTION noise;
