-- Service: staffing and routing.
-- The textbook case: 100 calls in half an hour, 180 s each, 80 % within 20 s.
SELECT agents, round(erlang_c(agents, 10)::numeric, 5) AS wait_probability,
	round(100 * service_level(agents, 200, 180, 20)::numeric, 2) AS level,
	round(average_wait(agents, 200, 180)::numeric, 2) AS average_wait
FROM generate_series(11, 15) agents;
SELECT agents_required(200, 180, 0.80, 20) AS agents, agents_required(200, 180, 0.795, 20) AS one_less,
	agents_required(200, 180, 0.80, 20, 0.30) AS employed, agents_required(calls_per_hour => 200, handle_seconds => 180,
		target_level => 0.80, target_seconds => 20, shrinkage => 0.3) AS by_name;
-- Against the formula with its factorials, in numeric.
SELECT bool_and(abs(erlang_c(n, a) - expected) < 1e-12) AS agree
FROM (SELECT n, a, (w / (w + (SELECT sum(a::numeric ^ k / factorial(k)) FROM generate_series(0, n - 1) k)))::float8 AS expected
	FROM unnest('{1,2,5,20,60}'::int[]) n, unnest('{0.1,0.5,0.9,0.99}'::numeric[]) r,
		LATERAL (SELECT r * n AS a) AS t, LATERAL (SELECT a::numeric ^ n / factorial(n) * n / (n - a) AS w) AS s) AS cases;
-- Ten thousand agents and more; a level that rises with each of them.
SELECT round(erlang_c(10000, 9900)::numeric, 10) AS wait_probability, round(service_level(10000, 198000, 180, 20)::numeric, 10) AS level,
	erlang_c(1000000, 1) AS nobody, agents_required(198000, 180, 0.8, 20) AS agents;
SELECT bool_and(level > previous) AS rising
FROM (SELECT service_level(n, 200, 180, 20) AS level, lag(service_level(n, 200, 180, 20)) OVER (ORDER BY n) AS previous
	FROM generate_series(10, 40) n) AS levels;
-- Where calls come faster than they are answered; where none come.
SELECT erlang_c(10, 10) AS just, erlang_c(9, 10) AS too_few, erlang_c(0, 1) AS nobody, service_level(10, 200, 180, 20) AS level,
	service_level(0, 200, 180, 20) AS level_of_nobody, average_wait(10, 200, 180) AS average_wait;
SELECT erlang_c(3, 0) AS wait_probability, service_level(3, 0, 180, 20) AS level, average_wait(3, 0, 180) AS average_wait,
	agents_required(0, 180, 0.8, 20, 0.5) AS agents;
SELECT erlang_c(NULL, 1) IS NULL AND service_level(1, NULL, 1, 1) IS NULL AND agents_required(1, 1, 0.5, 1, NULL) IS NULL AS nulls;
-- Shrinkage is divided exactly: 14 / 0.7 are 20.
SELECT agents_required(200, 180, 0.8, 20, 0.3) AS twenty, agents_required(200, 180, 0.8, 20, 0.29) AS twenty_too,
	agents_required(200, 180, 0.8, 20, 0.31) AS more;

-- Callers who hang up (Erlang A): against the stationary distribution in numeric, state by state.
WITH RECURSIVE cases(n, a, f) AS (VALUES (1, 0.5, 1.0), (5, 4.0, 0.5), (10, 10.0, 1.5), (10, 15.0, 3.0), (20, 18.0, 0.1)), states AS (
	SELECT n, a, f, 0 AS k, 1::numeric(1000, 60) AS w FROM cases
	UNION ALL SELECT n, a, f, k + 1, (w * a / (least(k + 1, n) + greatest(k + 1 - n, 0) * f))::numeric(1000, 60) FROM states WHERE k < 500),
expected AS (SELECT n, a, f, sum(w) FILTER (WHERE k >= n) / sum(w) AS waits, sum((k - n) * w) FILTER (WHERE k >= n) / sum(w) AS queue
	FROM states GROUP BY n, a, f)
SELECT n, a, f, round(wait_probability::numeric, 6) AS waits, round(abandoned::numeric, 6) AS abandoned, round(average_wait::numeric, 4) AS average_wait,
	abs(wait_probability - waits::float8) < 1e-12 AND abs(abandoned - (f * queue / a)::float8) < 1e-12
		AND abs(average_wait - (180 * queue / a)::float8) < 1e-9 AS agree
FROM expected, LATERAL erlang_a(n, a::float8, 180, (180 / f)::float8) ORDER BY n, a;
-- As many agents as callers in the mean, patience as long as a call: those in the system are as in a queue without limit (Poisson).
SELECT abs(abandoned - exp(-10) * 10 ^ 10 / 3628800) < 1e-12 AS poisson FROM erlang_a(10, 10, 180, 180);
-- Patient callers: Erlang C; too many of them: who cannot be answered hangs up; nobody there: all do.
SELECT abs(wait_probability - erlang_c(12, 10)) < 1e-6 AS as_c, abs(average_wait - average_wait(12, 200, 180)) < 1e-2 AS wait_as_c FROM erlang_a(12, 10, 180, 1e9);
SELECT round(wait_probability::numeric, 9) AS waits, round(abandoned::numeric, 9) AS abandoned FROM erlang_a(10, 20, 180, 1e6);
SELECT * FROM erlang_a(0, 10, 180, 60);
SELECT * FROM erlang_a(3, 0, 180, 60);
SELECT erlang_a(100000, 1, 180, 60), erlang_a(NULL, 1, 1, 1) IS NULL AS nulls;

-- Wrong input is named.
SELECT erlang_a(-1, 1, 180, 60);
SELECT erlang_a(1, 'NaN', 180, 60);
SELECT erlang_a(1, 1, 0, 60);
SELECT erlang_a(1, 1, 180, 0);
SELECT erlang_a(1, 1, 180, 'Infinity');
SELECT erlang_a(1, 1, 1, 1e300);
\echo :LAST_ERROR_SQLSTATE
SELECT erlang_c(-1, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT erlang_c(1, -1);
SELECT erlang_c(1, 'NaN');
SELECT erlang_c(1, 'Infinity');
SELECT service_level(-5, 200, 180, 20);
SELECT service_level(14, -200, 180, 20);
SELECT service_level(14, 200, 0, 20);
SELECT service_level(14, 200, -180, 20);
SELECT service_level(14, 200, 180, -20);
SELECT service_level(14, 200, 180, 'NaN');
SELECT service_level(14, 1e300, 1e300, 20);
SELECT average_wait(14, 200, 'Infinity');
SELECT agents_required(200, 180, 1, 20);
SELECT agents_required(200, 180, 0, 20);
SELECT agents_required(200, 180, 'NaN', 20);
SELECT agents_required(200, 180, 0.8, 20, 1);
SELECT agents_required(200, 180, 0.8, 20, -0.1);
SELECT agents_required(1e12, 180, 0.8, 20);
\echo :LAST_ERROR_SQLSTATE

-- Routing: priority at once, ahead of every newcomer when the promise is due, and beyond.
SELECT routing_priority(90, 0, 60) AS newcomer, routing_priority(10, 40, 60) AS waits, routing_priority(0, 60, 60) AS due,
	routing_priority(0, 90, 60) AS overdue;
SELECT routing_priority(50, interval '1 minute', '2 minutes') = routing_priority(50, 60, 120) AS the_same,
	routing_priority(1::smallint, interval '1 day', interval '24 hours') AS a_day, routing_priority(1, interval '1 month', '30 days') AS a_month;
SELECT caller FROM (VALUES ('standard, long', 20, interval '9 min', interval '10 min'), ('individual, now', 90, '0 min', '1 min'),
	('individual, a while', 90, '30 s', '1 min'), ('standard, now', 20, '0', '10 min')) AS queue(caller, priority, waited, max_wait)
ORDER BY routing_priority(priority, waited, max_wait) DESC;
SELECT routing_priority(NULL, 1, 1) IS NULL AND routing_priority(1, NULL::interval, '1 s') IS NULL AS nulls;
SELECT routing_priority('NaN', 1, 1);
\echo :LAST_ERROR_SQLSTATE
SELECT routing_priority(1, -1, 60);
SELECT routing_priority(1, 'Infinity'::float8, 60);
SELECT routing_priority(1, 1, 0);
SELECT routing_priority(1, interval '-1 s', interval '1 min');
SELECT routing_priority(1, interval '1 s', interval '0');
SELECT routing_priority(1, 1e308, 1e-308);
\echo :LAST_ERROR_SQLSTATE
