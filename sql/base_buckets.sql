-- A rebalance that reads the cut-offs off buckets finds, to the last digit, what the aggregate finds
-- over all customers, and moves exactly those whom that moves.
SET client_min_messages = warning;
\set VERBOSITY terse
-- buckets never fall as the basis rises, and are fine enough to tell whole numbers up to 131,072 apart
SELECT v, customer_value_internal.basis_bucket(v) FROM unnest('{-1e20,-1,-0.000000001,0,0.000000001,1,1.015,1.016,2,1e20}'::numeric[]) v;
SELECT bool_and(b > before) AS distinct_up_to_131072 FROM (SELECT customer_value_internal.basis_bucket(i) AS b, lag(customer_value_internal.basis_bucket(i), 1, -1) OVER (ORDER BY i) AS before FROM generate_series(1, 131072) i) s;
SELECT bool_and(b >= before) AS never_falling FROM (SELECT customer_value_internal.basis_bucket(v) AS b, lag(customer_value_internal.basis_bucket(v)) OVER (ORDER BY v) AS before
	FROM (SELECT (1 - i % 2 * 2) * (1.0 + i * 0.000000001) * 3.7::numeric ^ (i % 20 - 10) AS v FROM generate_series(1, 5000) i) n) s;
SELECT customer_value_internal.basis_bucket('NaN');
SELECT customer_value_internal.basis_bucket('Infinity');

CREATE TABLE sale (id int PRIMARY KEY, customer int, day date, amount numeric);
CREATE FUNCTION noise(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT abs(hashint4(i) % 10000)$$;
INSERT INTO sale SELECT i, noise(i) % 700, date '2026-01-01' + i % 28, round((noise(-i) + 1)::numeric ^ 2 / 1e6 + i % 3, 2) FROM generate_series(1, 4000) i;
SELECT customer_value.create_base('quick'), customer_value.create_base('direct'), customer_value.create_base('number', basis => 'orders', cuts => '{0.3,0.35,0.9}');
SELECT customer_value.track_orders('quick', 'sale', 'customer', 'day', 'amount', mode => 'queued'),
	customer_value.track_orders('direct', 'sale', 'customer', 'day', 'amount'),
	customer_value.track_orders('number', 'sale', 'customer', 'day', 'amount');
DO $$
DECLARE
	base name;
	cuts text := '{0.80,0.95}';
	right_cutoffs boolean;
	wrong bigint;
BEGIN
	FOR round IN 1..40 LOOP
		CASE round % 8
		WHEN 1 THEN INSERT INTO sale SELECT 10000 * round + i, noise(round + i) % 800, '2026-01-05', noise(i) / 100.0 FROM generate_series(1, round) i;
		WHEN 2 THEN UPDATE sale SET amount = amount * 2 WHERE noise(id + round) < 300;
		WHEN 3 THEN DELETE FROM sale WHERE noise(id + round) < 200;
		WHEN 4 THEN UPDATE sale SET customer = noise(id) % 700 WHERE noise(id - round) < 500;
		WHEN 5 THEN INSERT INTO sale VALUES (10000 * round, round, '2026-01-06', 5000);
		WHEN 6 THEN UPDATE sale SET amount = -amount WHERE noise(id + round) < 50;
		WHEN 7 THEN NULL; -- nothing happens
		ELSE -- other cuts, also another number of them
			cuts := (ARRAY['{0.80,0.95}', '{0.5,0.9}', '{0.2,0.4,0.999}', '{0.001}', '{0.7}'])[round / 8];
			EXECUTE format('UPDATE quick.settings SET cuts = %L; UPDATE direct.settings SET cuts = %L', cuts, cuts);
		END CASE;
		FOREACH base IN ARRAY '{quick,direct,number}'::name[] LOOP
			PERFORM customer_value.rebalance(base, date '2026-02-01' + round);
			EXECUTE format('SELECT f.cutoffs = (SELECT abc_cutoffs(basis, s.cuts) FROM %1$I.customer)::text::abc_cutoffs,
				(SELECT count(*) FROM (SELECT abc_class, abc_class(basis, s.cuts) OVER () AS answer FROM %1$I.customer) c WHERE abc_class IS DISTINCT FROM answer)
				FROM %1$I.cutoffs f, %1$I.settings s', base) INTO right_cutoffs, wrong;
			IF NOT right_cutoffs OR wrong > 0 THEN
				RAISE 'round %, base %: % wrong classes, cut-offs right: %', round, base, wrong, right_cutoffs;
			END IF;
		END LOOP;
	END LOOP;
END
$$;
SELECT * FROM customer_value.verify('quick');
SELECT * FROM customer_value.verify('direct');
SELECT * FROM customer_value.verify('number');
SELECT count(*) - count(DISTINCT (level, bucket)) AS rows_to_add_up FROM quick.bucket;
-- quick and direct went the same way
SELECT count(*) FROM (SELECT customer_id, basis, abc_class FROM quick.customer EXCEPT SELECT customer_id, basis, abc_class FROM direct.customer) d;
SELECT count(*) > 0 FROM direct.change WHERE reason = 'cut-off';

-- All of it gone, and back again.
DELETE FROM sale;
SELECT customer_value.rebalance('direct', '2026-04-01');
SELECT cutoffs FROM direct.cutoffs;
SELECT count(*), min(abc_class), max(abc_class) FROM direct.customer;
INSERT INTO sale SELECT i, i, '2026-01-01', 10 FROM generate_series(1, 10) i;
SELECT customer_value.rebalance('direct', '2026-04-01');
SELECT cutoffs FROM direct.cutoffs;
SELECT * FROM customer_value.verify('direct');

-- Buckets that were tampered with are missed, and made anew.
DELETE FROM direct.bucket WHERE bucket > 0;
SELECT * FROM customer_value.verify('direct');
SELECT customer_value.rebuild('direct');
SELECT * FROM customer_value.verify('direct');
SELECT customer_value.drop_base('quick'), customer_value.drop_base('direct'), customer_value.drop_base('number');
DROP TABLE sale;
DROP FUNCTION noise;
