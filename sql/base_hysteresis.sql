SET jit = off; -- the queries of this test are many and small
-- A customer leaves a class only when beyond its end by the share hysteresis.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (id int PRIMARY KEY, customer int, day date, amount numeric);
INSERT INTO sale SELECT i, i, '2026-01-01', a FROM unnest('{5000,1000,400,200,100,50,30,20,10}'::numeric[]) WITH ORDINALITY AS u(a, i);
SELECT customer_value.create_base('calm', cuts => '{0.8,0.95}', hysteresis => 0.1), customer_value.create_base('nervous', cuts => '{0.8,0.95}');
SELECT customer_value.track_orders(b, 'sale', 'customer', 'day', 'amount') FROM unnest('{calm,nervous}'::name[]) b;
SELECT customer_value.rebalance(b, '2026-01-02') FROM unnest('{calm,nervous}'::name[]) b;
SELECT cutoffs FROM calm.cutoffs;
SELECT customer_id, basis, abc_class FROM calm.customer ORDER BY 1;
-- what customer 5 lacks to class B, and customer 3 to class A: the band is part of it
SELECT customer_id, n.* FROM calm.customer c, customer_value.value_to_next_class('calm', c.customer_id) n WHERE customer_id IN (3, 5) ORDER BY 1;

-- One who goes up and down around the end of his class.
CREATE TEMP TABLE walk (step int, amount numeric, calm text, nervous text);
DO $$
DECLARE
	a numeric;
	n int := 0;
BEGIN
	FOREACH a IN ARRAY '{190,200,205,219.999999999,220,199,190,180,179.999999999,210,219,180,220}'::numeric[] LOOP
		n := n + 1;
		UPDATE sale SET amount = a WHERE id = 5;
		INSERT INTO walk SELECT n, a, c.abc_class, v.abc_class FROM calm.customer c JOIN nervous.customer v USING (customer_id) WHERE customer_id = 5;
	END LOOP;
END
$$;
SELECT * FROM walk ORDER BY step;
SELECT * FROM customer_value.verify('calm');
SELECT customer_value.rebalance('calm', '2026-01-02');
-- A cut-off that moves a little leaves those near it where they are.
SELECT customer_id, basis, abc_class FROM calm.customer WHERE customer_id IN (4, 5);
INSERT INTO sale VALUES (100, 100, '2026-01-01', 250);
SELECT customer_value.rebalance(b, '2026-01-02') FROM unnest('{calm,nervous}'::name[]) b;
SELECT customer_id, c.basis, c.abc_class AS calm, v.abc_class AS nervous FROM calm.customer c JOIN nervous.customer v USING (customer_id) ORDER BY 1;
SELECT * FROM customer_value.verify('calm');
SELECT customer_id, said_class, abc_class FROM customer_value_internal.standing_on('calm', '2026-01-01') WHERE abc_class = 'B' ORDER BY 1;
-- New settings: without, with more, with fewer classes.
SELECT settings_in_force FROM customer_value.status('calm');
UPDATE calm.settings SET hysteresis = 0;
SELECT settings_in_force FROM customer_value.status('calm');
SELECT customer_value.rebalance('calm', '2026-01-02');
SELECT count(*) FROM calm.customer c JOIN nervous.customer v USING (customer_id) WHERE c.abc_class <> v.abc_class;
SELECT DISTINCT reason FROM calm.change WHERE changed_at = (SELECT max(changed_at) FROM calm.change);
UPDATE calm.settings SET hysteresis = 0.9;
SELECT customer_value.rebalance('calm', '2026-01-02');
UPDATE calm.settings SET cuts = '{0.5}';
SELECT customer_value.rebalance('calm', '2026-01-02');
SELECT customer_id, basis, abc_class FROM calm.customer ORDER BY 1;
SELECT * FROM customer_value.verify('calm');
UPDATE calm.settings SET hysteresis = 1;
UPDATE calm.settings SET hysteresis = 'NaN';
UPDATE calm.settings SET hysteresis = -0.5;
SELECT customer_value.drop_base('calm'), customer_value.drop_base('nervous');

-- Any changes, in both modes: after a rebalance everybody is within his class or the band around it.
CREATE FUNCTION noise(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT abs(hashint4(i) % 10000)$$;
DELETE FROM sale;
INSERT INTO sale SELECT i, noise(i) % 700, date '2026-01-01' + i % 28, round((noise(-i) + 1)::numeric ^ 2 / 1e6 + i % 3, 2) FROM generate_series(1, 4000) i;
SELECT customer_value.create_base('quick', hysteresis => 0.15), customer_value.create_base('direct', hysteresis => 0.15), customer_value.create_base('nervous');
SELECT customer_value.track_orders(b, 'sale', 'customer', 'day', 'amount', mode => CASE b WHEN 'quick' THEN 'queued' ELSE 'immediate' END) FROM unnest('{quick,direct,nervous}'::name[]) b;
CREATE TEMP TABLE held (round int, base name, held bigint, outside bigint, cutoffs boolean);
DO $$
DECLARE
	base name;
BEGIN
	FOR round IN 1..24 LOOP
		CASE round % 6
		WHEN 1 THEN INSERT INTO sale SELECT 10000 * round + i, noise(round + i) % 800, '2026-01-05', noise(i) / 100.0 FROM generate_series(1, 20 * round) i;
		WHEN 2 THEN UPDATE sale SET amount = amount * 1.5 WHERE noise(id + round) < 300;
		WHEN 3 THEN DELETE FROM sale WHERE noise(id + round) < 300;
		WHEN 4 THEN UPDATE sale SET customer = noise(id) % 700 WHERE noise(id - round) < 300;
		WHEN 5 THEN UPDATE sale SET amount = -amount WHERE noise(id + round) < 20;
		ELSE EXECUTE format('UPDATE quick.settings SET cuts = %1$L; UPDATE direct.settings SET cuts = %1$L; UPDATE nervous.settings SET cuts = %1$L',
			(ARRAY['{0.75,0.95}', '{0.5,0.9}', '{0.2,0.4,0.999}', '{0.7,0.8}'])[round / 6]);
		END CASE;
		FOREACH base IN ARRAY '{quick,direct,nervous}'::name[] LOOP
			PERFORM customer_value.rebalance(base, '2026-02-01');
			EXECUTE format($sql$
				INSERT INTO held
				SELECT $1, %1$L, count(*) FILTER (WHERE abc_class <> a.answer),
					count(*) FILTER (WHERE basis < coalesce(0.85 * e.low, '-Infinity') OR basis >= coalesce(1.15 * e.high, 'Infinity')),
					(SELECT f.cutoffs = (SELECT abc_cutoffs(c.basis, s.cuts) FROM %1$I.customer c)::text::abc_cutoffs FROM %1$I.cutoffs f, %1$I.settings s)
				FROM (SELECT c.basis, abc_class, abc_class(c.basis, s.cuts) OVER () AS answer FROM %1$I.customer c, %1$I.settings s) a
				LEFT JOIN (
					SELECT chr(64 + n::int) AS abc_class, CASE WHEN n <= cardinality(s.cuts) THEN w.low END AS low, lag(w.low) OVER (ORDER BY n) AS high
					FROM %1$I.settings s, %1$I.cutoffs f, LATERAL (SELECT n, min((k ->> 'from')::numeric) OVER (ORDER BY n) AS low
						FROM jsonb_array_elements(f.cutoffs::jsonb -> 'classes') WITH ORDINALITY AS j(k, n)) w) e USING (abc_class)
				$sql$, base) USING round;
		END LOOP;
		IF EXISTS (SELECT FROM customer_value.verify('quick')) OR EXISTS (SELECT FROM customer_value.verify('direct')) THEN
			RAISE 'round %: differences', round;
		END IF;
	END LOOP;
END
$$;
SELECT base, sum(held) > 0 AS held, sum(outside) AS outside, bool_and(cutoffs) AS cutoffs FROM held GROUP BY base ORDER BY base;
SELECT (SELECT count(*) FROM direct.change WHERE old_value IS NOT NULL) < 0.8 * (SELECT count(*) FROM nervous.change WHERE old_value IS NOT NULL) AS calmer;
SELECT customer_value.drop_base(b) FROM unnest('{quick,direct,nervous}'::name[]) b;
DROP TABLE sale;
DROP FUNCTION noise;
