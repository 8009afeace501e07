-- The contract's example.
CREATE TABLE rule (id int PRIMARY KEY, rules segment_rules);
INSERT INTO rule VALUES (1, '{"segments": [{"name": "individual", "from": 60}, {"name": "standard"}],
     "grey": 5,
     "must": [{"segment": "individual", "when": {"amount_12m": {"min": 250000}}}],
     "criteria": [
       {"fact": "amount_12m",   "weight": 5, "points": [[0, 0], [20000, 60], [100000, 100]]},
       {"fact": "employees",    "weight": 1, "points": [[1, 0], [500, 100]]},
       {"fact": "satisfaction", "weight": 2, "points": [[1, 0], [10, 100]]},
       {"fact": "industry",     "weight": 1, "points": {"public": 100, "retail": 40}, "else": 0}],
     "min_coverage": 0.5, "undetermined": "standard",
     "develop": {"when": {"potential": {"min": 70}}, "to": "individual"}}');
SELECT rules FROM rule;

SELECT what, segment_score(facts, rules), segment_of(facts, rules) AS alone,
	segment_of(facts, rules, 'individual') AS from_individual, segment_of(facts, rules, 'standard') AS from_standard
FROM rule, (VALUES
	('must', '{"amount_12m": 250000}'::jsonb),
	('must wins though the score is low', '{"amount_12m": 250000, "industry": "x", "satisfaction": 1, "employees": 1}'),
	('high', '{"amount_12m": 100000, "employees": 500, "satisfaction": 10, "industry": "public"}'),
	('above the grey zone', '{"amount_12m": 32000}'),
	('upper end of the grey zone', '{"amount_12m": 30000}'),
	('boundary', '{"amount_12m": 20000}'),
	('lower end of the grey zone', '{"amount_12m": 18333.3333333333333333}'),
	('below the grey zone', '{"amount_12m": 18000}'),
	('in the grey zone with potential', '{"amount_12m": 19000, "potential": 70}'),
	('above its boundary with potential', '{"amount_12m": 21000, "potential": 70}'),
	('in the grey zone with too little potential', '{"amount_12m": 19000, "potential": 69.9}'),
	('below the grey zone with potential', '{"amount_12m": 18000, "potential": 99}'),
	('too little is known', '{"employees": 500, "satisfaction": 10, "industry": "public"}'),
	('too little is known, but potential', '{"employees": 500, "potential": 80}'),
	('nothing is known', '{}'),
	('nothing but potential', '{"potential": 80}'),
	('null is absent', '{"amount_12m": null, "potential": null}'),
	('other facts do not matter', '{"amount_12m": 1, "x": [], "y": {"amount_12m": "z"}}'),
	('flat outside', '{"amount_12m": -1000, "satisfaction": 99}')) AS v(what, facts);

-- Every step is explained, and the contributions add up to the score.
SELECT e.* FROM rule, explain_segment('{"amount_12m": 20000, "employees": 120, "satisfaction": 7, "industry": "mining"}', rules) e;
SELECT e.* FROM rule, explain_segment('{"amount_12m": 19000, "potential": 70, "industry": null}', rules, 'individual') e;
SELECT e.* FROM rule, explain_segment('{"amount_12m": 250000.00}', rules) e;
SELECT e.* FROM rule, explain_segment('{"potential": 60}', rules) e;
SELECT e.* FROM rule, explain_segment(NULL, rules) e;

-- NULL and defaults
SELECT segment_of(NULL::jsonb, rules), segment_of('{}'::jsonb, NULL), segment_of('{"amount_12m": 18500}'::jsonb, rules, NULL),
	segment_score(NULL, rules), segment_score('{}', rules) FROM rule;

-- Without criteria there is no score, and without "undetermined" no segment.
SELECT segment_of(f, r), segment_score(f, r)
FROM (VALUES ('{"vip": true}'::jsonb), ('{"vip": false}'), ('{}')) AS f(f),
	(VALUES ('{"segments": [{"name": "a", "from": 0}, {"name": "b"}], "must": [{"segment": "b", "when": {"vip": {"is": true}}}]}'::segment_rules)) AS r(r);
SELECT segment_of('{}'::jsonb, '{"segments": [{"name": "all"}]}'), segment_of('{"x": -5}'::jsonb,
	'{"segments": [{"name": "all"}], "criteria": [{"fact": "x", "weight": 0.1, "points": [[0, 0]]}]}');

-- Without grey the boundary belongs to the upper segment, whatever was before. Rounding does not take it away.
SELECT w, segment_score('{"x": 1, "y": 1, "z": 1}', r) - 60 < 0 AS rounded_down, segment_of('{"x": 1, "y": 1, "z": 1}'::jsonb, r, 'b')
FROM unnest('{0.1,0.2,0.7,0.3,1.1}'::float8[]) w,
LATERAL (SELECT format('{"segments": [{"name": "a", "from": 60}, {"name": "b"}], "criteria": [
	{"fact": "x", "weight": %s, "points": [[1, 60]]}, {"fact": "y", "weight": 0.6, "points": [[1, 60]]},
	{"fact": "z", "weight": 0.1, "points": [[1, 60]]}]}', w)::segment_rules) AS s(r);

-- Several boundaries with overlapping grey zones: the nearest counts, of two as near the lower one. A previous
-- segment that is neither of its two has no say, nor has one that the rules do not know.
CREATE TABLE tier AS SELECT '{"segments": [{"name": "gold", "from": 80}, {"name": "silver", "from": 60}, {"name": "bronze"}],
	"grey": 12, "criteria": [{"fact": "x", "weight": 1, "points": [[0, 0], [100, 100]]}],
	"develop": {"when": {"p": {"is": true}}, "to": "silver"}}'::segment_rules AS rules;
SELECT x, segment_of(f, rules) AS alone, segment_of(f, rules, 'gold') AS gold, segment_of(f, rules, 'silver') AS silver,
	segment_of(f, rules, 'bronze') AS bronze, segment_of(f, rules, 'zinc') AS zinc,
	segment_of(f || '{"p": true}', rules) AS developed, segment_of(f || '{"p": true}', rules, 'gold') AS gold_developed
FROM tier, unnest('{0,47.9,48,55,60,65,69.9,70,70.1,75,80,85,92,92.1,100}'::float8[]) x, jsonb_build_object('x', x) f;

-- Conditions: all of a rule must hold, the first rule that matches wins.
SELECT f, segment_of(f, r) FROM (VALUES ('{"segments": [{"name": "a", "from": 3}, {"name": "b", "from": 2}, {"name": "c", "from": 1}, {"name": "d"}],
	"must": [{"segment": "a", "when": {"n": {"min": 1, "max": 5}, "s": {"in": ["x", "y"]}}},
		{"segment": "b", "when": {"n": {"in": [7, 8.0], "min": 8}}},
		{"segment": "c", "when": {"s": {"is": "x"}}},
		{"segment": "d", "when": {"m": {"in": ["", 1, true]}}}]}'::segment_rules)) AS r(r),
	(VALUES ('{"n": 1, "s": "x"}'::jsonb), ('{"n": 5, "s": "y"}'), ('{"n": 5.01, "s": "x"}'), ('{"n": 0.99, "s": "y"}'), ('{"n": 7}'),
		('{"n": 8.00}'), ('{"s": "X"}'), ('{"m": ""}'), ('{"m": 1.0}'), ('{"m": true}'), ('{"m": false}'), ('{"m": "1"}')) AS f(f);

-- Points by value: a key is a string, and also the number or boolean that it shows in shortest form.
SELECT f, segment_score(f, r) FROM (VALUES ('{"segments": [{"name": "a"}], "criteria": [{"fact": "v", "weight": 2,
	"points": {"7": 1, "007": 2, "true": 3, "": 4, "Zürich": 5, "-1.5": 6}}]}'::segment_rules)) AS r(r),
	(VALUES ('{"v": 7.0}'::jsonb), ('{"v": "7"}'), ('{"v": "007"}'), ('{"v": true}'), ('{"v": "true"}'), ('{"v": false}'), ('{"v": ""}'),
		('{"v": "Zürich"}'), ('{"v": -1.50}'), ('{"v": "7.0"}'), ('{"v": "zürich"}')) AS f(f);

-- What a fact may be follows from all places that name it.
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT f, refusal(format('SELECT segment_of(%L::jsonb, rules) FROM rule', f))
FROM (VALUES ('{"amount_12m": "12"}'), ('{"amount_12m": true}'), ('{"amount_12m": [1]}'), ('{"amount_12m": {"a": 1}}'), ('{"amount_12m": 1e400}'),
	('{"amount_12m": -1e400}'), ('{"amount_12m": 1e-400}'), ('{"amount_12m": 250000.000000000000000000000000000000000000000001}'),
	('{"industry": 5}'), ('{"industry": true}'), ('{"potential": "high"}'), ('{"amount_12m": 250000, "potential": false}'),
	('[]'), ('[1]'), ('5'), ('null'), ('"x"')) AS v(f);
SELECT refusal($$SELECT segment_of('{"m": []}', '{"segments": [{"name": "a"}], "must": [{"segment": "a", "when": {"m": {"in": [1, "x", false]}}}]}'::segment_rules, 'a')$$);
SELECT refusal($$SELECT * FROM rule, explain_segment('{"industry": 5}', rules)$$);
SELECT refusal($$SELECT segment_score('{"industry": 5}', rules) FROM rule$$);

-- The facts of a ledger at a date, with further facts laid over them
CREATE TABLE purchase AS SELECT customer, sum(customer_value_of(day, amount)) AS cv
FROM (VALUES (1, '2025-01-10'::date, 12000::numeric), (1, '2025-08-01', 9000), (1, '2026-03-15', 15000), (2, '2026-02-01', 300), (3, '2025-02-01', 270000)) AS v(customer, day, amount)
GROUP BY customer;
SELECT customer, segment_of(cv, rules, '2025-06-30') AS june_2025, segment_of(cv, rules, '2026-06-30') AS june_2026,
	segment_of(cv, rules, '2026-06-30', '{"employees": 500, "satisfaction": 10, "industry": "public", "potential": 75}') AS with_facts,
	segment_of(cv, rules, '2026-06-30', '{"amount_12m": 22000}', 'individual') AS overlaid, segment_of(cv, rules, as_of => '2026-06-30', previous => 'individual') AS before_individual,
	segment_of(cv, rules, '2026-06-30', '{"amount_12m": null}') AS taken_away
FROM purchase, rule WHERE id = 1 ORDER BY customer;
SELECT segment_of(cv, rules) = segment_of(cv, rules, CURRENT_DATE) AS as_of_today, segment_of(cv, rules, NULL) AS no_date, segment_of(NULL::customer_value, rules) AS no_ledger
FROM purchase, rule WHERE id = 1 AND customer = 1;
SELECT refusal($$SELECT segment_of(cv, rules, '2026-06-30', '{"amount_12m": "much"}') FROM purchase, rule WHERE customer = 1 AND id = 1$$);
SELECT refusal($$SELECT segment_of(cv, rules, '2026-06-30', '[1]') FROM purchase, rule WHERE customer = 1 AND id = 1$$);

-- Documents that are no rule set
SELECT d, refusal(format('SELECT %L::segment_rules', d)) FROM (VALUES
	(''), ('{'), ('[]'), ('5'), ('null'), ('"x"'), ('{}'),
	('{"segments": null}'), ('{"segments": []}'), ('{"segments": {}}'), ('{"segments": [1]}'), ('{"segments": [{}]}'),
	('{"segments": [{"name": ""}]}'), ('{"segments": [{"name": 1}]}'), ('{"segments": [{"name": "a", "form": 1}]}'),
	('{"segments": [{"name": "a", "from": 1}]}'), ('{"segments": [{"name": "a"}, {"name": "b"}]}'),
	('{"segments": [{"name": "a", "from": 1}, {"name": "a"}]}'), ('{"segments": [{"name": "a", "from": "1"}, {"name": "b"}]}'),
	('{"segments": [{"name": "a", "from": 1}, {"name": "b", "from": 1}, {"name": "c"}]}'),
	('{"segments": [{"name": "a", "from": 1}, {"name": "b", "from": 2}, {"name": "c"}]}'),
	('{"segments": [{"name": "a", "from": 1e400}, {"name": "b"}]}')) AS v(d);
SELECT d, refusal(format('SELECT (%L::jsonb || %L)::segment_rules', '{"segments": [{"name": "a", "from": 60}, {"name": "b", "from": 30}, {"name": "c"}]}', d)) FROM (VALUES
	('{}'), ('{"gray": 5}'), ('{"odd key": 5}'),
	('{"grey": -1}'), ('{"grey": "5"}'), ('{"grey": null}'), ('{"grey": 0}'), ('{"grey": 1e309}'),
	('{"min_coverage": -0.1}'), ('{"min_coverage": 1.1}'), ('{"min_coverage": 1}'), ('{"min_coverage": true}'),
	('{"undetermined": "d"}'), ('{"undetermined": 1}'), ('{"undetermined": "c"}'),
	('{"must": {}}'), ('{"must": []}'), ('{"must": [[]]}'), ('{"must": [{}]}'), ('{"must": [{"segment": "x", "when": {"a": {"min": 1}}}]}'),
	('{"must": [{"segment": "a"}]}'), ('{"must": [{"segment": "a", "when": {}}]}'), ('{"must": [{"segment": "a", "when": []}]}'),
	('{"must": [{"segment": "a", "when": {"x": {}}}]}'), ('{"must": [{"segment": "a", "when": {"x": 5}}]}'), ('{"must": [{"segment": "a", "when": {"": {"min": 5}}}]}'),
	('{"must": [{"segment": "a", "when": {"x": {"mni": 1}}}]}'), ('{"must": [{"segment": "a", "when": {"odd key": {"min": "1"}}}]}'),
	('{"must": [{"segment": "a", "when": {"x": {"max": null}}}]}'), ('{"must": [{"segment": "a", "when": {"x": {"min": 2, "max": 1}}}]}'),
	('{"must": [{"segment": "a", "when": {"x": {"min": 2, "max": 2}}}]}'), ('{"must": [{"segment": "a", "when": {"x": {"is": null}}}]}'),
	('{"must": [{"segment": "a", "when": {"x": {"is": [1]}}}]}'), ('{"must": [{"segment": "a", "when": {"x": {"in": 1}}}]}'),
	('{"must": [{"segment": "a", "when": {"x": {"in": []}}}]}'), ('{"must": [{"segment": "a", "when": {"x": {"in": [1, {}]}}}]}'),
	('{"must": [{"segment": "a", "when": {"x": {"in": [1], "is": 1}}}]}'), ('{"must": [{"segment": "a", "when": {"x": {"min": 1, "is": "a"}}}]}'),
	('{"must": [{"segment": "a", "when": {"x": {"is": 1e400}}}]}'), ('{"must": [{"segment": "a", "when": {"x": {"min": 1}}, "else": "b"}]}'),
	('{"must": [{"segment": "a", "when": {"x": {"min": 1}}}, {"segment": "b", "when": {"x": {"is": "y"}}}]}'),
	('{"criteria": {}}'), ('{"criteria": []}'), ('{"criteria": [[]]}'), ('{"criteria": [{}]}'), ('{"criteria": [{"fact": "x", "points": [[0, 0]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1}]}'), ('{"criteria": [{"fact": "x", "weight": 1, "points": null}]}'), ('{"criteria": [{"fact": "", "weight": 1, "points": [[0, 0]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 0, "points": [[0, 0]]}]}'), ('{"criteria": [{"fact": "x", "weight": -1, "points": [[0, 0]]}]}'),
	('{"criteria": [{"fact": "x", "weight": "1", "points": [[0, 0]]}]}'), ('{"criteria": [{"fact": "x", "weight": 1e400, "points": [[0, 0]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1e-400, "points": [[0, 0]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": []}]}'), ('{"criteria": [{"fact": "x", "weight": 1, "points": {}}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": [5]}]}'), ('{"criteria": [{"fact": "x", "weight": 1, "points": [[0]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": [[0, 0, 0]]}]}'), ('{"criteria": [{"fact": "x", "weight": 1, "points": [["0", 0]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": [[0, null]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": [[0, 0]]}, {"fact": "y", "weight": 1, "points": [[0, 0]]}, {"fact": "z", "weight": 1, "points": [[1, 0], [1, 5]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": [[0, 0], [2, 5], [1, 9]]}]}'), ('{"criteria": [{"fact": "x", "weight": 1, "points": [[-1e308, 0], [1e308, 1]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": [[0, 0]], "else": 1}]}'), ('{"criteria": [{"fact": "x", "weight": 1, "points": {"a": "1"}}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": {"odd \"key\"": null}}]}'), ('{"criteria": [{"fact": "x", "weight": 1, "points": {"a": 1}, "else": null}]}'),
	('{"criteria": [{"fact": "x", "weight": 1e308, "points": [[0, 0]]}, {"fact": "y", "weight": 1e308, "points": [[0, 0]]}]}'),
	('{"criteria": [{"fact": "x", "weight": 1e200, "points": {"a": -1e200}}]}'), ('{"criteria": [{"fact": "x", "weight": 1, "points": [[0, 0]], "note": "y"}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": {"a": 1}}], "must": [{"segment": "a", "when": {"x": {"min": 1}}}]}'),
	('{"criteria": [{"fact": "x", "weight": 1, "points": {"1": 1}}], "must": [{"segment": "a", "when": {"x": {"min": 1}}}]}'),
	('{"develop": []}'), ('{"develop": {}}'), ('{"develop": {"to": "a"}}'), ('{"develop": {"to": "z", "when": {"x": {"min": 1}}}}'),
	('{"develop": {"when": {"x": {"min": 1}}}}'), ('{"develop": {"to": "a", "when": {"x": {"min": 1}}, "segment": "b"}}'),
	('{"develop": {"to": "a", "when": {"x": {"min": []}}}}'), ('{"develop": {"to": "a", "when": {"x": {"min": 1}}}}')) AS v(d);
SELECT refusal(format('SELECT %L::segment_rules', jsonb_build_object('segments', jsonb_agg(jsonb_build_object('name', i, 'from', -i)))))
FROM generate_series(1, 1001) i;
SELECT refusal(format('SELECT %L::segment_rules', jsonb_build_object('segments', '[{"name": "a"}]'::jsonb, 'criteria',
	jsonb_agg(jsonb_build_object('fact', 'f' || i, 'weight', i, 'points', '[[0, 0]]'::jsonb)))))
FROM generate_series(1, 1001) i;
SELECT refusal(format('SELECT %L::segment_rules', jsonb_build_object('segments', jsonb_build_array(jsonb_build_object('name', repeat('x', 1100000))))));

-- A rule set comes out as it went in, also through the binary form, and can be compared.
SELECT (rules::text)::segment_rules = rules AS text, (rules::jsonb)::segment_rules = rules AS jsonb, segment_rules_send(rules) = '\x01'::bytea || convert_to(rules::text, 'UTF8') AS binary
FROM rule;
SELECT a = b AS eq, a <> b AS ne, segment_rules_hash(a) = segment_rules_hash(b) AS hash
FROM (VALUES ('{"segments": [{"name": "a", "from": 1.0}, {"name": "b"}], "grey": 1}'::segment_rules, '{"grey": 1.00, "segments": [{"from": 1, "name": "a"}, {"name": "b"}]}'::segment_rules),
	('{"segments": [{"name": "a"}]}', '{"segments": [{"name": "b"}]}')) AS v(a, b);
SELECT count(*) FROM (SELECT DISTINCT rules FROM (SELECT rules FROM rule UNION ALL SELECT rules FROM rule UNION ALL SELECT rules FROM tier) u) d;

-- Each row may bring rules of its own; the kept ones are not mistaken for them.
INSERT INTO rule SELECT i, format('{"segments": [{"name": "over %s", "from": %s}, {"name": "up to %s"}], "criteria": [{"fact": "x", "weight": 1, "points": [[0, 0], [100, 100]]}]}',
	lpad(i::text, 2, '0'), i, lpad(i::text, 2, '0'))::segment_rules FROM generate_series(10, 30) i;
SELECT segment_of('{"x": 20}'::jsonb, rules), count(*) FROM rule, generate_series(1, 2) WHERE id > 17 AND id < 23 GROUP BY id, 1 ORDER BY id;
CREATE FUNCTION segments(documents text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	document text;
	r segment_rules;
BEGIN
	FOREACH document IN ARRAY documents LOOP
		r := document;
		RETURN NEXT segment_of('{}'::jsonb, r);
	END LOOP;
END $$;
SELECT segments(ARRAY['{"segments": [{"name": "a"}], "undetermined": "a"}', '{"segments": [{"name": "b"}], "undetermined": "b"}', '{"segments": [{"name": "c"}]}']);

-- Toasted, compressed and not
CREATE TABLE large (rules segment_rules);
INSERT INTO large SELECT jsonb_build_object('segments', '[{"name": "a", "from": 50}, {"name": "b"}]'::jsonb, 'criteria', jsonb_agg(jsonb_build_object('fact', md5(i::text), 'weight', i,
	'points', '[[0, 0], [100, 100]]'::jsonb))) FROM generate_series(1, 200) i;
ALTER TABLE large ALTER rules SET STORAGE external;
INSERT INTO large SELECT rules::jsonb::segment_rules FROM large;
SELECT pg_column_size(rules) < octet_length(rules::text) AS compressed, segment_score(jsonb_build_object(md5('100'), 70, md5('50'), x), rules), segment_of(jsonb_build_object(md5('100'), 70), rules)
FROM large, unnest('{10,40}'::int[]) x ORDER BY 1, 2;

-- The contributions add up to the score to the last bit, in whatever order.
SELECT setseed(0.25);
WITH sample AS MATERIALIZED (
	SELECT i, jsonb_strip_nulls(jsonb_build_object('amount_12m', CASE WHEN random() < 0.9 THEN round((random() * 120000)::numeric, 2) END,
		'employees', CASE WHEN random() < 0.9 THEN (random() * 600)::int END, 'satisfaction', CASE WHEN random() < 0.9 THEN 1 + (random() * 9)::int END,
		'industry', CASE WHEN random() < 0.9 THEN (ARRAY['public', 'retail', 'mining'])[1 + (random() * 2)::int] END, 'potential', (random() * 100)::int)) AS facts,
		(ARRAY['individual', 'standard', NULL])[1 + (random() * 2.9)::int] AS previous
	FROM generate_series(1, 2000) i)
SELECT count(*), count(*) FILTER (WHERE up = score) AS up, count(*) FILTER (WHERE down = score) AS down, count(*) FILTER (WHERE segment = outcome) AS same_segment
FROM sample, rule, LATERAL (SELECT segment_score(facts, rules) AS score, segment_of(facts, rules, previous) AS segment) s,
LATERAL (SELECT sum(contribution ORDER BY n) AS up, sum(contribution ORDER BY n DESC) AS down, (array_agg(outcome ORDER BY n DESC))[1] AS outcome
	FROM explain_segment(facts, rules, previous) WITH ORDINALITY AS e(step, fact, value, points, weight, contribution, outcome, n)) e
WHERE id = 1;

-- Against the same rules in plain SQL
WITH sample AS MATERIALIZED (
	SELECT random() * 100000 AS amount, CASE WHEN random() < 0.8 THEN (random() * 600)::int END AS employees, (random() * 100)::int AS potential,
		(ARRAY['individual', 'standard', NULL])[1 + (random() * 2.9)::int] AS previous FROM generate_series(1, 3000)),
scored AS (
	SELECT *, (5 * CASE WHEN amount < 20000 THEN amount * 60 / 20000 ELSE 60 + (amount - 20000) * 40 / 80000 END
		+ coalesce(least(greatest(employees - 1, 0), 499) * 100.0 / 499, 0)) / CASE WHEN employees IS NULL THEN 5 ELSE 6 END AS score FROM sample),
plain AS (
	SELECT *, CASE WHEN abs(score - 60) > 5 THEN CASE WHEN score > 60 THEN 'individual' ELSE 'standard' END
		WHEN potential >= 70 THEN 'individual' ELSE coalesce(previous, 'standard') END AS segment FROM scored)
SELECT count(*), count(*) FILTER (WHERE segment = segment_of(f, rules, previous)) AS same_segment, count(*) FILTER (WHERE abs(score - segment_score(f, rules)) < 1e-9) AS same_score
FROM plain, rule, LATERAL (SELECT jsonb_build_object('amount_12m', amount, 'employees', employees, 'potential', potential)) AS v(f) WHERE id = 1;

DROP TABLE rule, tier, large, purchase;
DROP FUNCTION segments(text[]);
DROP FUNCTION refusal(text);
