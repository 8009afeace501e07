-- Whatever a base accepts, it can be worked with for ever.
SET client_min_messages = warning;
\set VERBOSITY terse

-- A publication of all tables stops nothing: each has a key, or all of a row is its identity.
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int, day date, amount numeric);
SELECT customer_value.create_base('shop', rules => '{"segments": [{"name": "gold", "from": 50}, {"name": "standard"}],
	"criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000, 100]]}]}');
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind = 'r' AND c.relreplident <> 'f'
	AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary);
SET client_min_messages = error; -- the server's wal_level does not matter here
CREATE PUBLICATION everything FOR ALL TABLES;
SET client_min_messages = warning;
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', mode => 'queued');
INSERT INTO sale (customer, day, amount) SELECT i, '2026-01-01', 100 * i FROM generate_series(1, 9) i;
SELECT customer_value.rebalance('shop', '2026-01-01');
UPDATE sale SET amount = 1 WHERE customer = 9;
DELETE FROM sale WHERE customer = 8;
SELECT customer_value.rebalance('shop', '2026-01-02') > 0 AS moved;
SELECT customer_value.override('shop', 7, 'standard', 'asked for it', '2100-01-01');
SELECT customer_value.override('shop', 7, 'gold', 'or not', '2100-01-01');
INSERT INTO shop.call_volume VALUES (NULL, 'A', 1, 9, 10);
INSERT INTO shop.touchpoint_target VALUES ('shop', NULL, 'A', 10);
UPDATE shop.call_volume SET calls = 11;
DELETE FROM shop.touchpoint_target;
SELECT customer_value.merge_customers('shop', 1, 2);
SELECT customer_value.forget('shop', 3, 'on request');
SELECT customer_value.rebuild('shop');
SELECT customer_value.refresh_outlook('shop', '2026-01-02', '{"model": "mbg/nbd", "params": {"r": 0.7, "alpha": 10, "a": 0.5, "b": 0.86}, "spend": {"p": 5.1, "q": 4.1, "v": 21.5}}');
SELECT customer_id, what, old_value, new_value, reason FROM shop.change ORDER BY change_id;
SELECT * FROM customer_value.verify('shop');
DROP PUBLICATION everything;
SELECT customer_value.drop_base('shop');
DROP TABLE sale;

-- What create_base refuses, settings refuse, with the same words.
CREATE FUNCTION attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT customer_value.create_base('shop', key => 'integer');
SELECT s AS setting, attempt('UPDATE shop.settings SET ' || s) AS refused,
	attempt('UPDATE shop.settings SET ' || s) = attempt(format('SELECT customer_value.create_base(''other'', %s)', replace(s, ' = ', ' => '))) AS same_words
FROM unnest(ARRAY[$$cuts = '{80,95}'$$, $$cuts = '{0.9,0.5}'$$, $$cuts = '{}'$$, $$cuts = '{{0.8},{0.9}}'$$, $$cuts = '{0.8,NULL}'$$, $$cuts = '{0.8,NaN}'$$, $$cuts = '{0.5,0.5}'$$,
	$$basis = 'profit'$$, $$basis = 'clv'$$, $$period = '-1 day'$$, $$period = '0'$$, $$hysteresis = 1$$, $$hysteresis = 'NaN'$$, $$hysteresis = -0.5$$,
	$$model = '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "spend": {"p": 6, "q": 0.9, "v": 15}}'$$]) s;
SELECT attempt('UPDATE shop.settings SET ' || s) FROM unnest(ARRAY[$$key = 'bigint'$$, $$key = 'text'$$, 'key = NULL', 'cuts = NULL', 'hysteresis = NULL']) s;
-- Infinite intervals came with PostgreSQL 17; before, none can be written.
SELECT attempt($$UPDATE shop.settings SET period = 'infinity'$$) LIKE '22%' AS refused;
-- What it takes, it works with: a period that began before time did, and bounds of an array that do not begin with 1.
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int, day date, amount numeric, cost numeric);
INSERT INTO sale (customer, day, amount) SELECT i, date '2026-01-01' - 1000 * i, 100 * i FROM generate_series(1, 9) i;
UPDATE shop.settings SET period = '178000000 years', cuts = '[0:1]={0.8,0.95}';
SELECT customer_value.value_to_next_class('shop', 1);
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', cost => 'amount');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'customer');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount', cost => 'cost');
SELECT customer_value.value_to_next_class('shop', 1);
SELECT customer_value.rebalance('shop', '2026-01-01');
SELECT settings_in_force, problems FROM customer_value.status('shop');
SELECT since FROM shop.cutoffs;
SELECT count(*) FROM customer_value.verify('shop');
SELECT attempt(format('SELECT customer_value.%s(''shop'', ''5874897-12-31'')', f)) FROM unnest('{rebalance,refresh_outlook}'::text[]) f;
SELECT customer_value.rebalance('shop', '294275-12-31');
SELECT customer_value.rebalance('shop', '4713-01-01 BC');
SELECT count(*) FROM customer_value.verify('shop');
UPDATE shop.settings SET period = '1 year 2 months 3 days';
SELECT customer_value.rebalance('shop', '294275-12-31');
SELECT customer_value.rebalance('shop', '4713-01-01 BC');
SELECT customer_value.rebalance('shop', '2026-01-01') > 0 AS moved;
SELECT count(*) FROM customer_value.verify('shop');

-- Rules that ask for what nobody provides, and segments of none.
SELECT customer_value.override('shop', 1, 'gold', 'whatever that is', '2100-01-01');
UPDATE shop.settings SET rules = '{"segments": [{"name": "gold", "from": 50}, {"name": "standard"}], "must": [{"segment": "gold", "when": {"vip": {"is": true}}}],
	"criteria": [{"fact": "amount12m", "weight": 1, "points": [[0, 0], [1000, 100]]}, {"fact": "amount_12m", "weight": 1, "points": [[0, 0], [1000, 100]]},
	{"fact": "margin", "weight": 1, "points": [[0, 0], [1000, 100]]}], "develop": {"when": {"potential": {"min": 70}}, "to": "gold"}}';
SELECT problems FROM customer_value.status('shop');
UPDATE sale SET cost = 1 WHERE customer = 9;
UPDATE shop.customer SET facts = '{"vip": false, "potential": null}' WHERE customer_id = 5;
SELECT problems, triggers_enabled FROM customer_value.status('shop');
SELECT customer_value.rebalance('shop', '2026-01-01');
SELECT customer_value.override('shop', 1, 'platinum', 'whatever that is', '2100-01-01');
SELECT customer_value.override('shop', 1, 'gold', 'a good one', '2100-01-01');

-- Merged into one that is itself merged: that which counts takes all.
SELECT customer_value.merge_customers('shop', 2, 3);
SELECT customer_value.merge_customers('shop', 3, 4);
SELECT customer_id, merged_into FROM shop.merged ORDER BY 1;
SELECT customer_value.merge_customers('shop', 3, 2);
SELECT customer_value.merge_customers('shop', 5, 2);
SELECT customer_value.merge_customers('shop', 5, 3);
SELECT amount(value) FROM shop.customer WHERE customer_id = 2;
SELECT * FROM customer_value.verify('shop');

-- Tables that are not there.
SELECT attempt('SELECT * FROM customer_value' || f) FROM unnest(ARRAY[$$_internal.row_filter(0, 'x')$$, $$_internal.filter_problem(0, 'x')$$, $$_internal.row_filter(99999999, 'x')$$,
	$$.check_source(0, 'x', 'y', 'z')$$, $$.track_orders('shop', 0, 'x', 'y', 'z')$$, $$.track_facts('shop', 0, 'x', '{y}')$$, $$.track_contacts('shop', 0, 'x', 'y', 'z')$$]) f;
SELECT customer_value.drop_base('shop');
DROP TABLE sale;

-- A basis is money: values that years of silence have brought to nothing have the fractional digits of ledgers, no more.
CREATE TABLE sale AS SELECT customer::int, at::date AS day, amount
FROM clv_simulate('{"model":"bg/nbd","params":{"r":0.8,"alpha":9,"a":0.8,"b":2.5},"spend":{"p":6,"q":4,"v":15}}', 5000, '2026-01-01', 1, '2021-01-01');
SELECT customer_value.create_base('shop', key => 'integer');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('shop', '2026-01-01') > 0 AS classed;
UPDATE shop.settings SET basis = 'clv', model = (SELECT clv_fit(value, 'mbg/nbd', '2026-01-01') FROM shop.customer);
SELECT min(clv(value, model, as_of => '2026-01-01')) < 1e-15 AS near_nothing FROM shop.customer, shop.settings;
SELECT customer_value.rebalance('shop', '2026-01-01') > 0 AS classed;
SELECT max(scale(c.basis)) <= 9 AS as_money, min(c.basis) AS least, count(DISTINCT c.abc_class) AS classes,
	bool_and(abs(c.basis - clv(c.value, s.model, as_of => '2026-01-01')::numeric) <= 0.0000000005 + c.basis * 1e-14) AS same FROM shop.customer c, shop.settings s;
SELECT customer_value.rebalance('shop', '2036-01-01') > 0 AS moved;
INSERT INTO sale VALUES (1, '2036-01-01', 10), (6000, '2036-01-01', 20);
SELECT customer_value.rebalance('shop', '2036-01-02') >= 0 AS rebalanced;
SELECT * FROM customer_value.verify('shop');
SELECT sum(s.basis) = (SELECT sum(basis) FROM shop.customer) AS same FROM customer_value.simulate('shop', NULL) s;
SELECT count(*) > 0 AS stood FROM customer_value_internal.standing_on('shop', '2030-01-01') WHERE basis > 0;
SELECT n.missing > 0 AS missing FROM shop.customer c, customer_value.value_to_next_class('shop', c.customer_id) n WHERE c.abc_class = 'B' LIMIT 1;
-- What models make of extreme spend: no infinity, and no class but by figures.
SELECT customer_value_internal.money(v) FROM unnest('{NaN,-Infinity,Infinity,1e300,1e21,123.4567891234,1e-300,-1,0,NULL}'::float8[]) v;
UPDATE shop.settings SET model = '{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 9, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 1.00000001, "v": 1e15}}';
SELECT customer_value.rebalance('shop', '2036-01-02') >= 0 AS rebalanced;
SELECT max(basis) FROM shop.customer;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.drop_base('shop');

-- One order from the end of time, one from its beginning: all others go on, and these too.
CREATE FUNCTION refusals(setting text) RETURNS TABLE (call text, answer text) LANGUAGE sql AS $$
	SELECT c, a FROM (
		SELECT unnest(ARRAY['UPDATE shop.settings SET ' || setting, $q$SELECT customer_value.rebalance('shop', '2036-01-03')$q$,
			$q$SELECT 1 / (count(*) = 0)::int FROM customer_value.verify('shop')$q$, $q$SELECT customer_value.refresh_outlook('shop', '2036-01-03')$q$,
			$q$SELECT shop.report()$q$, $q$SELECT * FROM customer_value.status('shop')$q$, $q$SELECT * FROM customer_value.migration('shop', '2026-01-01')$q$,
			$q$SELECT * FROM customer_value_internal.standing_on('shop', '2036-01-01')$q$, $q$SELECT customer_value.rebuild('shop')$q$,
			$q$SELECT * FROM customer_value.simulate('shop', (SELECT rules FROM shop.settings))$q$,
			$q$SELECT n.* FROM shop.customer c, customer_value.value_to_next_class('shop', c.customer_id) n$q$,
			$q$SELECT * FROM customer_value.check_source('sale', 'customer', 'day', 'amount')$q$])
		UNION ALL SELECT 'SELECT * FROM ' || v.oid::regclass FROM pg_class v WHERE v.relnamespace = to_regnamespace('shop') AND v.relkind = 'v') AS calls(c),
		LATERAL attempt(c) AS a
	WHERE a <> 'no error'$$;
DELETE FROM sale WHERE customer % 50 <> 0;
SELECT customer_value.create_base('shop', key => 'integer', rules => '{"segments": [{"name": "gold", "from": 50}, {"name": "standard"}], "criteria": [
	{"fact": "amount_12m", "weight": 1, "points": [[0, 0], [1000, 100]]}, {"fact": "recency_days", "weight": 1, "points": [[0, 100], [1000, 0]]},
	{"fact": "tenure_days", "weight": 1, "points": [[0, 0], [1000, 100]]}, {"fact": "interval_days", "weight": 1, "points": [[0, 100], [100, 0]]}]}');
SELECT customer_value.track_orders('shop', 'sale', 'customer', 'day', 'amount');
INSERT INTO sale VALUES (7001, '5874897-12-31', 1000000), (7002, '4714-11-24 BC', 500000), (7003, '4714-11-24 BC', 1), (7003, '5874897-12-31', 1);
SELECT s, r.* FROM unnest(ARRAY['basis = ''amount''', 'period = ''1 year''', 'basis = ''margin''', 'basis = ''orders'', period = ''178000000 years''',
	$$basis = 'clv', period = NULL, model = '{"model": "pareto/nbd", "params": {"r": 0.5, "alpha": 10, "s": 0.5, "beta": 10}, "spend": {"p": 5, "q": 4, "v": 20}}'$$]) s,
	LATERAL refusals(s) r;
SELECT customer_id, next_order, contact_due FROM shop.outlook WHERE customer_id IN (7001, 7003) ORDER BY 1;
-- Amounts as far apart as ledgers can hold them: their sum has 38 digits and more.
INSERT INTO sale VALUES (7010, '2036-01-01', 9e29), (7011, '2036-01-01', 0.000000001), (7012, '2036-01-01', -9e29), (7013, '2036-01-01', 9e29), (7014, '2036-01-02', 0.000000002);
SELECT s, r.* FROM unnest(ARRAY['basis = ''amount'', model = NULL', 'cuts = ''{0.5}''', 'hysteresis = 0.25', 'period = ''1 year''']) s, LATERAL refusals(s) r;
UPDATE shop.settings SET hysteresis = 0, cuts = '{0.8,0.95}';
SELECT customer_value.rebalance('shop', '2036-01-03') > 0 AS moved;
INSERT INTO sale VALUES (7011, '2036-01-01', 0.000000001), (7010, '2036-01-02', 0);
SELECT customer_value.rebalance('shop', '2036-01-03');
SELECT customer_id, basis, abc_class FROM shop.customer WHERE customer_id >= 7010 ORDER BY 1;
SELECT (cutoffs::jsonb ->> 'total')::numeric = (SELECT sum(basis) FILTER (WHERE basis > 0) FROM shop.customer) AS total_exact FROM shop.cutoffs;
SELECT count(*) AS differ FROM (SELECT c.abc_class, abc_class(c.basis) OVER () AS answer FROM shop.customer c) c WHERE c.abc_class <> c.answer;
SELECT * FROM customer_value.verify('shop');
SELECT customer_value.drop_base('shop');
DROP TABLE sale;
DROP FUNCTION refusals, attempt;
