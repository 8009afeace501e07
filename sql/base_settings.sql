-- What decides basis, class and segment of a live base: figure, period, cuts, rules, facts.
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE sale (customer text, day date, amount numeric, cost numeric);
INSERT INTO sale VALUES
	('ada', '2024-05-01', 1000, 900), ('ada', '2025-12-01', 10, 5),
	('bob', '2025-02-10', 400, 50), ('bob', '2025-12-24', 300, 10),
	('cyd', '2025-06-01', 50, 10), ('cyd', '2025-06-02', 50, 10), ('cyd', '2025-06-03', 50, 10), ('dan', '2024-01-01', 600, NULL);

-- Margin over a trailing year.
SELECT customer_value.create_base('margin_base', key => 'text', basis => 'margin', period => '12 months', cuts => '{0.5}');
SELECT customer_value.rebalance('margin_base', '2026-01-01');
SELECT customer_value.track_orders('margin_base', 'sale', 'customer', 'day', 'amount', cost => 'cost');
SELECT customer_value.rebalance('margin_base', '2026-01-01');
SELECT customer_id, basis, abc_class FROM margin_base.customer ORDER BY 1;
SELECT as_of, basis, since, last_class FROM margin_base.cutoffs;
-- As days pass, orders leave the period.
SELECT customer_value.rebalance('margin_base', '2026-03-01');
SELECT customer_id, basis, abc_class FROM margin_base.customer ORDER BY 1;
INSERT INTO sale VALUES ('cyd', '2026-03-02', 500, 100), ('dan', '2025-02-28', 5, 1);
SELECT customer_id, basis, abc_class FROM margin_base.customer ORDER BY 1;
SELECT customer_value.rebalance('margin_base', '2026-12-10');
SELECT customer_id, basis, abc_class, abc_class(basis, '{0.5}') OVER () FROM margin_base.customer ORDER BY 1;
SELECT customer_id, old_value, new_value, reason FROM margin_base.change ORDER BY customer_id, changed_at;
SELECT * FROM customer_value.verify('margin_base');
-- New settings come into force with the next rebalance.
UPDATE margin_base.settings SET basis = 'orders', period = NULL, cuts = '{0.3,0.6,0.9}';
SELECT * FROM customer_value.verify('margin_base');
SELECT customer_value.rebalance('margin_base', '2026-12-10');
SELECT customer_id, basis, abc_class, abc_class(basis, '{0.3,0.6,0.9}') OVER () FROM margin_base.customer ORDER BY 1;
SELECT * FROM customer_value.verify('margin_base');

-- Segments by rules, together with facts of one's own, on a second base over the same table.
SELECT customer_value.create_base('rules_base', key => 'text', rules =>
	'{"segments": [{"name": "individual", "from": 60}, {"name": "standard"}], "grey": 5,
	  "must": [{"segment": "individual", "when": {"contract": {"is": "key account"}}}],
	  "criteria": [{"fact": "amount", "weight": 3, "points": [[0, 0], [1000, 100]]},
	               {"fact": "recency_days", "weight": 1, "points": [[0, 100], [365, 0]]}]}');
SELECT customer_value.rebalance('rules_base', '2026-01-01');
SELECT customer_value.track_orders('rules_base', 'sale', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('rules_base', '2026-01-01');
SELECT customer_id, round(score) AS score, segment FROM rules_base.customer ORDER BY 1;
-- an order moves a customer at once, also one that is later than the base day
INSERT INTO sale VALUES ('cyd', '2026-01-05', 400, 0);
SELECT customer_id, round(score) AS score, segment FROM rules_base.customer WHERE customer_id = 'cyd';
-- time moves customers, and so do other rules, and a fact
SELECT customer_value.rebalance('rules_base', '2026-12-31');
SELECT customer_id, round(score) AS score, segment FROM rules_base.customer ORDER BY 1;
UPDATE rules_base.customer SET facts = '{"contract": "key account"}' WHERE customer_id = 'dan';
SELECT * FROM customer_value.verify('rules_base');
SELECT customer_value.rebalance('rules_base', '2026-12-31');
UPDATE rules_base.settings SET rules = '{"segments": [{"name": "gold", "from": 80}, {"name": "standard"}],
	"criteria": [{"fact": "amount", "weight": 3, "points": [[0, 0], [1000, 100]]}]}';
SELECT customer_value.rebalance('rules_base', '2026-12-31');
SELECT customer_id, segment, since <= (SELECT max(changed_at) FROM rules_base.change c WHERE c.customer_id = customer.customer_id) AS since FROM rules_base.customer ORDER BY 1;
SELECT customer_id, old_value, new_value, reason FROM rules_base.change WHERE what = 'segment' ORDER BY customer_id, changed_at;
SELECT * FROM customer_value.verify('rules_base');

-- A customer of whom something else is known stays when his orders are untracked.
UPDATE rules_base.customer SET facts = '{"contract": "key account"}' WHERE customer_id = 'dan';
SELECT customer_value.untrack('rules_base', 'sale');
SELECT customer_id, value, facts FROM rules_base.customer;
INSERT INTO sale VALUES ('ada', '2026-01-01', 1, 1);
SELECT * FROM customer_value.verify('margin_base');
SELECT customer_value.drop_base('rules_base');
SELECT customer_value.drop_base('margin_base');

-- A refund after the base day and the last order counts for the rules at once, as an order does: what no
-- order changes stands, whatever the base day.
CREATE TABLE deal (customer int, day date, amount numeric);
INSERT INTO deal VALUES (1, '2026-01-01', 100), (2, '2026-01-01', 100);
SELECT customer_value.create_base('late', rules => '{"segments": [{"name": "large", "from": 60}, {"name": "small"}],
	"criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [100, 100]]}]}');
SELECT customer_value.track_orders('late', 'deal', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('late', '2026-01-10');
INSERT INTO deal VALUES (2, '2026-01-20', -50);
SELECT customer_id, score, segment FROM late.customer ORDER BY 1;
SELECT customer_value.rebalance('late', '2026-01-31');
SELECT customer_id, score, segment FROM late.customer ORDER BY 1;
SELECT * FROM customer_value.verify('late');
SELECT customer_value.drop_base('late');
DROP TABLE deal;

-- Keys of other types.
CREATE TABLE visit (id uuid, n numeric, v varchar(10), s smallint, day timestamp, amount bigint);
INSERT INTO visit SELECT ('00000000-0000-0000-0000-00000000000' || i % 3)::uuid, i % 3 + 0.50, 'v' || i % 3, i % 3, timestamp '2026-01-01' + i * interval '1 hour', i FROM generate_series(1, 60) i;
DO $$
DECLARE
	k text;
	c name;
BEGIN
	FOR k, c IN VALUES ('uuid', 'id'), ('numeric', 'n'), ('numeric', 's'), ('text', 'v'), ('smallint', 's'), ('integer', 's'), ('bigint', 's') LOOP
		PERFORM customer_value.create_base('keys', key => k::regtype);
		PERFORM customer_value.track_orders('keys', 'visit', c, 'day', 'amount');
		PERFORM customer_value.rebalance('keys', '2026-01-01');
		UPDATE visit SET amount = amount + 1 WHERE s = 1;
		IF (SELECT count(*) FROM keys.customer) <> 3 OR (SELECT sum(basis) FROM keys.customer) <> (SELECT sum(amount) FROM visit)
			OR EXISTS (SELECT FROM customer_value.verify('keys')) THEN
			RAISE 'wrong with keys of type % in column %', k, c;
		END IF;
		PERFORM customer_value.drop_base('keys');
	END LOOP;
END
$$;
DROP TABLE sale, visit;
