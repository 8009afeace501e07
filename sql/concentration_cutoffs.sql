-- abc_cutoffs as a type: text, jsonb, equality, and the class of a value under given cut-offs.
CREATE TABLE given (name text PRIMARY KEY, cutoffs abc_cutoffs NOT NULL);
INSERT INTO given VALUES
	('exact', '{"kind": "numeric", "method": "cuts", "customers": 5, "total": 100.50, "classes":
		[{"class": "A", "cut": 0.80, "from": 70}, {"class": "B", "cut": 0.95, "from": 10.125}, {"class": "C", "from": -3}]}'),
	('empty B', '{"classes": [{"from": 70, "class": "A", "cut": 0.5}, {"class": "B", "cut": 0.95, "from": null}, {"class": "C", "from": 1}],
		"kind": "numeric", "customers": 2, "total": 71, "method": "cuts"}'),
	('float', '{"kind": "float8", "method": "cuts", "customers": 5, "total": 1e+300, "classes":
		[{"class": "A", "cut": 0.8, "from": 0.1}, {"class": "B", "from": 1e-300}]}'),
	('computed', '{"kind": "numeric", "method": "computed", "customers": 5, "total": 100, "classes":
		[{"class": "A", "from": 70}, {"class": "B", "from": 10}, {"class": "C", "from": 1}]}');
SELECT name, cutoffs FROM given ORDER BY name;
SELECT name, cutoffs::text::abc_cutoffs = cutoffs AS round_trip, cutoffs::text::jsonb = cutoffs::jsonb AS casts
FROM given ORDER BY name;
SELECT cutoffs::jsonb -> 'classes' -> 0 FROM given WHERE name = 'exact';
SELECT a.name, b.name, a.cutoffs = b.cutoffs AS equal, a.cutoffs <> b.cutoffs AS differ
FROM given a, given b WHERE a.name <= b.name ORDER BY 1, 2;

-- The class of a value, whatever the scale it comes in.
SELECT v, abc_class_of(v, cutoffs) FROM given,
	unnest('{1e30,70.000000001,70,69.9999999999999999999999999999999999,10.12500,10.1249,1e-100,0,-5,NULL}'::numeric[]) v
WHERE name = 'exact';
SELECT v, abc_class_of(v, cutoffs) FROM given, unnest('{9223372036854775807,70,69,11,10,-9223372036854775808}'::bigint[]) v
WHERE name = 'exact';
SELECT v, abc_class_of(v, cutoffs) FROM given, unnest('{1e308,70,69.99,10.125,10.1249,0,-1}'::float8[]) v
WHERE name = 'exact';
-- whole numbers are exact whatever type they come in
SELECT abc_class_of(v, c) AS float8, abc_class_of(v::int, c) AS integer, abc_class_of(v::bigint, c) AS bigint, abc_class_of(v::numeric, c) AS numeric
FROM unnest('{70,71}'::float8[]) v, (SELECT replace(cutoffs::text, '70', '70.00000000000000000001')::abc_cutoffs AS c FROM given WHERE name = 'exact') g;
SELECT v, abc_class_of(v, cutoffs) FROM given, unnest('{1,0.1,0.09999999,1e-300,0,-1}'::float8[]) v WHERE name = 'float';
SELECT abc_class_of(0.1::numeric, cutoffs), abc_class_of(1::bigint, cutoffs) FROM given WHERE name = 'float';
SELECT v, abc_class_of(v, cutoffs) FROM given, unnest('{70,69,1}'::numeric[]) v WHERE name = 'empty B';
SELECT abc_class_of(1::numeric, NULL) IS NULL AS null_cutoffs;
SELECT abc_class_of('NaN'::numeric, cutoffs) FROM given WHERE name = 'exact';
SELECT abc_class_of('-Infinity'::numeric, cutoffs) FROM given WHERE name = 'exact';
SELECT abc_class_of('NaN'::float8, cutoffs) FROM given WHERE name = 'exact';
SELECT abc_class_of('Infinity'::float8, cutoffs) FROM given WHERE name = 'float';
SELECT abc_class_of((repeat('9', 39) || '.5')::numeric, cutoffs) FROM given WHERE name = 'exact';

-- With a previous class that is kept within a band around its ends.
SELECT v, string_agg(coalesce(abc_class_of(v, cutoffs, p, 0.1), 'none'), ' ' ORDER BY p NULLS FIRST) AS "held by none A B C D AB"
FROM given, unnest('{77,76.999999999,70,69.99,63,62.999999999,11.1375,11.1374999999,10.125,10.12,9.1125,9.1124999999,0,-5}'::numeric[]) WITH ORDINALITY AS u(v, n), unnest('{NULL,A,B,C,D,AB}'::text[]) p
WHERE name = 'exact' GROUP BY n, v ORDER BY n;
SELECT bool_and(abc_class_of(v::numeric, cutoffs, p, 0) = abc_class_of(v::numeric, cutoffs)) AS without FROM given, generate_series(-5, 80) v, unnest('{A,B,C}'::text[]) p;
SELECT v, abc_class_of(v, cutoffs, 'A', 0.5), abc_class_of(v, cutoffs, 'B', 0.5) FROM given, unnest('{0.15,0.149,0.05,0.049}'::numeric[]) v WHERE name = 'float';
SELECT v, abc_class_of(v, cutoffs, 'B', 0.1) FROM given, unnest('{77,76,70,63,62}'::numeric[]) v WHERE name = 'empty B';
SELECT abc_class_of(70.0, cutoffs, 'B', NULL) IS NULL AS h, abc_class_of(NULL, cutoffs, 'B', 0.1) IS NULL AS v, abc_class_of(70.0, NULL, 'B', 0.1) IS NULL AS c FROM given WHERE name = 'exact';
SELECT abc_class_of(70.0, cutoffs, 'B', 1) FROM given WHERE name = 'exact';
SELECT abc_class_of(70.0, cutoffs, 'B', -0.1) FROM given WHERE name = 'exact';
SELECT abc_class_of(70.0, cutoffs, 'B', 'NaN') FROM given WHERE name = 'exact';

-- A few bytes, whatever the text's length.
SELECT name, pg_column_size(cutoffs) FROM given ORDER BY name;

-- What is no cut-offs.
DO $$
DECLARE
	good jsonb := '{"kind": "numeric", "method": "cuts", "customers": 5, "total": 100, "classes":
		[{"class": "A", "cut": 0.80, "from": 70}, {"class": "B", "cut": 0.95, "from": 10}, {"class": "C", "from": 1}]}';
	change text[];
	bad text;
BEGIN
	FOREACH change SLICE 1 IN ARRAY ARRAY[
		['kind', '"text"'], ['kind', '1'], ['method', '"guess"'], ['customers', '0'], ['customers', '1.5'],
		['customers', '1e30'], ['customers', '"5"'], ['total', '0'], ['total', '-1'], ['total', '1e40'], ['total', 'null'],
		['classes', '[]'], ['classes', '{}'], ['classes', '[{"class": "A", "from": 1}]'], ['classes,0', '5'],
		['classes,0,class', '"B"'], ['classes,0,class', '"AA"'], ['classes,0,cut', '0'], ['classes,0,cut', '1'],
		['classes,1,cut', '0.8'], ['classes,1,cut', '0.7'], ['classes,0,cut', '"0.8"'],
		['classes,0,from', 'null'], ['classes,0,from', '0'], ['classes,0,from', '9'], ['classes,1,from', '-1'],
		['classes,2,from', '11'], ['classes,2,from', '1e-39'], ['classes,2,from', '"1"'], ['classes,2,cut', '0.99'],
		['more', '1'], ['classes,1,more', '1'], ['method', '"computed"']]
	LOOP
		bad := jsonb_set(good, string_to_array(change[1], ','), change[2]::jsonb);
		BEGIN
			PERFORM bad::abc_cutoffs;
			RAISE NOTICE '% = % is taken', change[1], change[2];
		EXCEPTION WHEN invalid_text_representation THEN
			RAISE NOTICE '% = %: %', change[1], change[2], SQLERRM;
		END;
	END LOOP;
END $$;
\set VERBOSITY sqlstate
SELECT ''::abc_cutoffs;
SELECT '[]'::abc_cutoffs;
SELECT '5'::abc_cutoffs;
SELECT '{"kind": '::abc_cutoffs;
\set VERBOSITY default
DROP TABLE given;

-- A whole number that double precision rounds up to a limit is below it.
SELECT v, abc_class_of(v, c) AS bigint, abc_class_of(v::numeric, c) AS numeric
FROM (SELECT abc_cutoffs(f, '{0.5}') AS c FROM unnest('{9007199254740996,1}'::float8[]) f) k, unnest('{9007199254740994,9007199254740995,9007199254740996,9007199254740997,0,-5}'::bigint[]) v;
