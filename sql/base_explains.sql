-- Every change of class or segment stands in the history with what caused it, in the same transaction; and
-- asked for any past day, the base says what it said then, and what today's settings make of that day.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY, customer int, day date, amount numeric);
CREATE TABLE gift (customer int, day date, amount numeric);
SELECT customer_value.create_base('shop', key => 'integer', cuts => '{0.5,0.8}', period => '10 days', rules =>
	'{"segments": [{"name": "gold", "from": 50}, {"name": "standard"}], "must": [{"segment": "gold", "when": {"vip": {"is": true}}}],
	  "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');

-- What the base says at the end of each day of its life; a day is made by moving the history to it.
CREATE TABLE said (day date, customer_id int, abc_class text, segment text);
CREATE TABLE today (day date, began timestamptz);
INSERT INTO today VALUES ('2026-01-01', clock_timestamp());
CREATE FUNCTION night() RETURNS TABLE (customer int, what text, old_value text, new_value text, reason text) LANGUAGE plpgsql AS $$
BEGIN
	-- who stands elsewhere than in the evening before is in the history, and nobody else, and each change goes on from the one before;
	-- what is given for the first time is no change
	IF EXISTS (
		SELECT FROM (
			SELECT c.customer_id, v.what, v.value FROM shop.customer c, LATERAL (VALUES ('class', c.abc_class), ('segment', c.segment)) v(what, value)) n
		FULL JOIN (
			SELECT s.customer_id, v.what, v.value FROM said s, today t, LATERAL (VALUES ('class', s.abc_class), ('segment', s.segment)) v(what, value)
			WHERE s.day = t.day - 1) o USING (customer_id, what)
		FULL JOIN (
			SELECT h.customer_id, h.what, (array_agg(h.old_value ORDER BY h.changed_at))[1] AS first,
				(array_agg(h.new_value ORDER BY h.changed_at DESC))[1] AS last
			FROM shop.change h, today t WHERE h.changed_at >= t.began GROUP BY 1, 2) h USING (customer_id, what)
		WHERE (o.value IS NOT NULL AND n.value IS DISTINCT FROM o.value AND h.what IS NULL)
			OR (h.what IS NOT NULL AND ((o.value IS NOT NULL AND h.first IS DISTINCT FROM o.value) OR h.last IS DISTINCT FROM n.value)))
		OR EXISTS (
			SELECT FROM (SELECT h.old_value, lag(h.new_value) OVER w AS before, row_number() OVER w AS n FROM shop.change h
				WINDOW w AS (PARTITION BY h.customer_id, h.what ORDER BY h.changed_at)) c
			WHERE c.n > 1 AND c.old_value IS DISTINCT FROM c.before) THEN
		RAISE 'the history does not lead to where the customers are';
	END IF;
	RETURN QUERY SELECT h.customer_id, h.what, h.old_value, h.new_value, h.reason FROM shop.change h, today t
		WHERE h.changed_at >= t.began ORDER BY h.customer_id, h.changed_at, h.what;
	INSERT INTO said SELECT t.day, c.customer_id, c.abc_class, c.segment FROM shop.customer c, today t;
	UPDATE shop.change h SET changed_at = t.day::timestamp AT TIME ZONE 'UTC' + interval '23 hours' + (h.changed_at - t.began)
	FROM today t WHERE h.changed_at >= t.began;
	UPDATE shop.customer c SET added = t.day::timestamp AT TIME ZONE 'UTC' + interval '23 hours' + (c.added - t.began)
	FROM today t WHERE c.added >= t.began;
	UPDATE shop.cutoffs f SET history_since = t.day::timestamp AT TIME ZONE 'UTC' + interval '23 hours' + (f.history_since - t.began)
	FROM today t WHERE f.history_since >= t.began;
	UPDATE today SET day = day + 1, began = clock_timestamp();
END
$$;
-- Orders, from the first on.
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-01-01', 600), (2, '2026-01-01', 300), (3, '2026-01-01', 100), (4, '2026-01-01', 20), (5, '2026-01-01', 10);
SELECT * FROM night();
-- The first cut-offs.
SELECT customer_value.rebalance('shop', '2026-01-02');
SELECT * FROM night();
-- An order, its correction, and one of another customer by which he passes.
INSERT INTO sale (customer, day, amount) VALUES (3, '2026-01-03', 900);
SELECT customer_value.rebalance('shop', '2026-01-03');
UPDATE sale SET amount = 400 WHERE amount = 900;
SELECT * FROM night();
-- A fact; an order by which nothing changes.
UPDATE shop.customer SET facts = '{"vip": true}' WHERE customer_id = 5;
INSERT INTO sale (customer, day, amount) VALUES (4, '2026-01-04', 1);
SELECT customer_value.rebalance('shop', '2026-01-04');
SELECT * FROM night();
-- A segment by hand, until tomorrow by the clock of the base; and the class by hand.
SELECT customer_value.override('shop', 4, 'gold', 'wedding', current_date + 1);
UPDATE shop.customer SET abc_class = 'A' WHERE customer_id = 5;
SELECT * FROM night();
SELECT customer_value.end_override('shop', 4);
SET customer_value.reason = 'a contract';
UPDATE shop.customer SET abc_class = 'B' WHERE customer_id = 5;
RESET customer_value.reason;
SELECT customer_value.rebuild('shop');
SELECT * FROM night();
-- Other rules.
SELECT customer_value.rebalance('shop', '2026-01-07') IS NOT NULL AS rebalanced;
UPDATE shop.settings SET rules = '{"segments": [{"name": "gold", "from": 60}, {"name": "silver", "from": 30}, {"name": "standard"}],
	"criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}';
SELECT customer_value.rebalance('shop', '2026-01-07');
SELECT * FROM night();
-- What was wrong is put right.
SELECT customer_value.rebuild('shop');
SELECT * FROM night();
UPDATE shop.customer SET abc_class = 'A', segment = 'gold' WHERE customer_id = 5;
SELECT customer_value.rebuild('shop');
SELECT * FROM night();
SELECT customer_value.rebalance('shop', '2026-01-09') > 0 AS moved;
SELECT count(*) > 0 AS moved FROM night();
-- Two records of one person, and the other way round.
SELECT customer_value.merge_customers('shop', 1, 2);
SELECT * FROM night();
SELECT customer_value.unmerge_customers('shop', 1, 2);
SELECT * FROM night();
-- Time alone: the period moves on.
INSERT INTO sale (customer, day, amount) VALUES (5, '2026-01-10', 50);
SELECT customer_value.rebalance('shop', '2026-01-12');
SELECT * FROM night();
-- One more source, and none; a customer whom only it knew leaves.
SELECT customer_value.track_orders('shop', 'gift', 'customer', 'day', 'amount');
INSERT INTO gift VALUES (6, '2026-01-11', 2000), (1, '2026-01-11', 100);
SELECT * FROM night();
SELECT customer_value.untrack('shop', 'gift');
SELECT * FROM night();
-- All orders gone, and back with a savepoint.
BEGIN;
SAVEPOINT s;
TRUNCATE sale;
SELECT count(*) FROM shop.change h, today t WHERE h.changed_at >= t.began;
ROLLBACK TO s;
DELETE FROM sale WHERE customer = 3;
COMMIT;
SELECT * FROM night();

-- The rows of the history are of the transaction that changed the customer.
BEGIN;
INSERT INTO sale (customer, day, amount) VALUES (4, '2026-01-13', 5000);
SELECT count(*) FROM shop.change h, shop.customer c WHERE c.customer_id = 4 AND h.customer_id = 4 AND h.xmin = c.xmin AND h.reason = 'order' AND h.new_value IN (c.abc_class, c.segment);
ROLLBACK;

-- What it said on every day of its life from when customers were first classed, in whatever time zone one asks. When
-- one came that has left since, as 6 has, is known no more.
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM (
		SELECT d.day, s.customer_id::int, s.said_class, s.said_segment FROM (SELECT DISTINCT day FROM said WHERE day > '2026-01-01') d, customer_value_internal.standing_on('shop', d.day) s
		WHERE s.customer_id <> '6' AND (s.said_class IS NOT NULL OR s.said_segment IS NOT NULL)) a
	FULL JOIN (SELECT * FROM said WHERE day > '2026-01-01' AND customer_id <> 6 AND (abc_class IS NOT NULL OR segment IS NOT NULL)) b USING (day, customer_id)
	WHERE (a.said_class, a.said_segment) IS DISTINCT FROM (b.abc_class, b.segment)$$;
SELECT count(*), count(DISTINCT day) AS days, differences() FROM said;
SET TimeZone = 'Pacific/Kiritimati';
SELECT differences();
SET TimeZone = 'America/Adak';
SELECT differences();
RESET TimeZone;
-- and what today's settings make of each: from the orders by plain SQL
SELECT count(*) FROM (
	SELECT d.day, s.customer_id::int AS customer, s.basis, s.abc_class, s.segment
	FROM (SELECT DISTINCT day FROM said) d, customer_value_internal.standing_on('shop', d.day) s WHERE s.basis IS NOT NULL) a
FULL JOIN (
	SELECT day, customer, basis, abc_class(basis, '{0.5,0.8}') OVER (PARTITION BY day) AS abc_class,
		CASE WHEN whole >= 600 THEN 'gold' WHEN whole >= 300 THEN 'silver' ELSE 'standard' END AS segment
	FROM (SELECT d.day, o.customer, coalesce(sum(o.amount) FILTER (WHERE o.day >= d.day - 10), 0) AS basis, sum(o.amount) AS whole
		FROM (SELECT DISTINCT day FROM said) d JOIN sale o ON o.day <= d.day GROUP BY 1, 2) o) b USING (day, customer)
WHERE (a.basis, a.abc_class, a.segment) IS DISTINCT FROM (b.basis, b.abc_class, b.segment);
-- Who is forgotten never was; all the others were what they were.
SELECT customer_value.forget('shop', 1, 'on request');
SELECT count(*) FROM (SELECT DISTINCT day FROM said) d, customer_value_internal.standing_on('shop', d.day) s WHERE s.customer_id = '1';
DELETE FROM said WHERE customer_id = 1;
SELECT differences();
SELECT DISTINCT reason FROM shop.change ORDER BY 1;
SELECT customer_value.drop_base('shop');
DROP TABLE sale, gift, said, today;
DROP FUNCTION night, differences;
