# Lifetime models on the data that the papers used, on simulated customers, and under a time limit.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('lifetime');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION customer_value');

# Customers drawn from a model give the model back. Orders are rare, since two on a day count as one.
my %models = (
	'bg/nbd' => '{"r": 0.8, "alpha": 20, "a": 0.8, "b": 2.5}',
	'mbg/nbd' => '{"r": 0.8, "alpha": 20, "a": 0.8, "b": 2.5}',
	'pareto/nbd' => '{"r": 0.8, "alpha": 20, "s": 0.9, "beta": 15}');
foreach my $model (sort keys %models)
{
	my $json = qq({"model": "$model", "params": $models{$model}, "spend": {"p": 6, "q": 4, "v": 15}});
	$node->safe_psql('postgres', qq{
		DROP TABLE IF EXISTS simulated;
		CREATE TABLE simulated AS SELECT customer, customer_value(at, amount) AS cv FROM clv_simulate('$json', 30000, '2025-12-31', 7, '2023-01-01') GROUP BY customer;
		DROP TABLE IF EXISTS fitted;
		CREATE TABLE fitted AS SELECT clv_fit(cv, '$model', '2025-12-31') AS m FROM simulated;
	});
	is($node->safe_psql('postgres', qq{
		WITH f AS (SELECT m::jsonb AS m FROM fitted)
		SELECT (SELECT m -> 'converged' FROM f), coalesce((SELECT m ->> 'notes' FROM f), ''),
			max(abs(p.value::float8 - t.value::float8) / (m -> 'std_errors' ->> p.key)::float8) < 4
		FROM f, jsonb_each_text(m -> 'params') p JOIN jsonb_each_text('$models{$model}') t USING (key)}),
		'true||t', "$model: simulated customers give the parameters back");
	is($node->safe_psql('postgres', qq{
		SELECT bool_and(abs(expected / actual - 1) < 0.05), count(*), max(until),
			max(actual) = (SELECT sum(order_days(cv) - 1) FROM simulated)
		FROM fitted, LATERAL (SELECT clv_tracking(cv, m, '2025-12-31', '1 month') AS track FROM simulated) x, unnest(track)
		WHERE until > '2023-06-01'}), 't|32|2025-12-31|t', "$model: expected orders keep up with the actual ones");
}

# A fit ends when it is told to.
my $begun = time;
my ($status, $out, $err) = $node->psql('postgres', q{
	SET statement_timeout = '150ms';
	SELECT clv_fit((1 + i % 50, 500 + i % 331, 1000 + i % 997, 1)::btyd_summary, 'pareto/nbd') FROM generate_series(1, 60000) i});
like($err, qr/canceling statement due to statement timeout/, 'a fit honours statement_timeout');
cmp_ok(time - $begun, '<', 5, 'and at once');

# On the wire a model is checked as its text is.
my $dir = $node->basedir;
my $model = '{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 20, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}, "notes": ["a", "b"]}';
$node->safe_psql('postgres', qq{
	CREATE TABLE wire (m clv_model);
	COPY (SELECT '$model'::clv_model UNION ALL SELECT m FROM fitted) TO '$dir/model' (FORMAT binary);
	COPY wire FROM '$dir/model' (FORMAT binary)});
is($node->safe_psql('postgres', qq{SELECT count(*) FROM wire WHERE m::text IN ('$model'::clv_model::text, (SELECT m::text FROM fitted))}), '2', 'models travel as binary');

sub copy_file
{
	my ($name, $value) = @_;
	open my $file, '>:raw', "$dir/$name" or die;
	print $file "PGCOPY\n\377\r\n\0", pack('N N n N', 0, 0, 1, length $value), $value, pack('n', 0xFFFF);
	close $file;
	return "COPY wire FROM '$dir/$name' (FORMAT binary);\n";
}

sub sqlstates
{
	my ($script) = @_;
	my (undef, undef, $messages) = $node->psql('postgres', "\\set VERBOSITY sqlstate\n$script", on_error_stop => 0);
	return $messages =~ /ERROR:\s+(\w{5})/g;
}

foreach my $case (
	[ 'nothing', '' => '08P01' ],
	[ 'a version alone', "\3" => '22P02' ],
	[ 'another version', "\2$model" => '22P03' ],
	[ 'a truncated model', "\3" . substr($model, 0, -1) => '22P02' ],
	[ 'a parameter that cannot be', "\3" . $model =~ s/20/-20/r => '22023' ])
{
	my ($what, $value, $state) = @$case;
	is_deeply([ sqlstates(copy_file('bad', $value)) ], [$state], "refused: $what");
}
srand(11);
my $script = '';
for my $i (1 .. 300)
{
	my $value = "\2$model";
	substr($value, int(rand(length $value)), 1) = chr(int(rand(256))) for (0 .. rand(3));
	$script .= copy_file("noise$i", $value);
}
my %states = map { $_ => 1 } sqlstates($script);
is_deeply([ grep { !/^(22P02|22P03|22P05|22021|22023)$/ } sort keys %states ], [], 'noise is refused with an SQLSTATE of its kind');
is($node->safe_psql('postgres', 'SELECT count(*) FROM wire WHERE m::text::clv_model::text IS DISTINCT FROM m::text'), '0', 'noise that is not refused is a model');

my $data = $ENV{CUSTOMER_VALUE_DATA};
SKIP:
{
	skip 'CUSTOMER_VALUE_DATA names no folder with the CDNOW files', 1
	  unless $data && -r "$data/cdnow_sample.csv" && -r "$data/cdnow_25_customers.csv" && -r "$data/cdnow_25_customers_params.csv";
	$node->safe_psql('postgres', qq{
		CREATE TABLE sample (master int, customer int, day date, cds int, amount numeric);
		\\copy sample FROM '$data/cdnow_sample.csv' (FORMAT csv, HEADER)
		CREATE TABLE ledger AS SELECT customer, customer_value(day, amount) AS cv FROM sample GROUP BY customer;
		CREATE TABLE model AS SELECT name, clv_fit(cv, name, '1997-09-30', 'means') AS m
			FROM ledger, unnest('{bg/nbd,mbg/nbd,pareto/nbd}'::text[]) name GROUP BY name;
	});

	my $published = q{
		SELECT string_agg(key || ' ' || round(value::numeric, digits), ', ' ORDER BY key) || ', LL ' || round((m::jsonb ->> 'loglik')::numeric, 1)
		FROM model, jsonb_each_text(m::jsonb -> 'params') JOIN (VALUES %s) d(key, digits) USING (key) WHERE name = '%s' GROUP BY m::jsonb};
	is($node->safe_psql('postgres', sprintf($published, q{('r', 3), ('alpha', 3), ('a', 3), ('b', 3)}, 'bg/nbd')),
		'a 0.793, alpha 4.414, b 2.426, r 0.243, LL -9582.4', 'CDNOW, bg/nbd: Fader, Hardie & Lee 2005a');
	is($node->safe_psql('postgres', sprintf($published, q{('r', 3), ('alpha', 3), ('a', 3), ('b', 3)}, 'mbg/nbd')),
		'a 0.891, alpha 6.183, b 1.614, r 0.525, LL -9582.1', 'CDNOW, mbg/nbd: what BTYDplus finds');
	is($node->safe_psql('postgres', sprintf($published, q{('r', 3), ('alpha', 3), ('s', 3), ('beta', 3)}, 'pareto/nbd')),
		'alpha 10.578, beta 11.669, r 0.553, s 0.606, LL -9595.0', 'CDNOW, pareto/nbd: Fader, Hardie & Lee 2005a');
	is($node->safe_psql('postgres', q{
		SELECT DISTINCT round((s ->> 'p')::numeric, 2), round((s ->> 'q')::numeric, 2), round((s ->> 'v')::numeric, 2), s ->> 'customers'
		FROM model, LATERAL (SELECT m::jsonb -> 'spend') x(s)}), '6.25|3.74|15.44|946', 'CDNOW, gamma-gamma: Fader & Hardie 2013');
	is($node->safe_psql('postgres', q{
		SELECT count(*) FROM model, LATERAL (SELECT clv_fit(cv, name, '1997-09-30', 'means' ORDER BY md5(customer::text)) AS again, clv_fit(cv, name, '1997-09-30', '1 day') AS days,
			clv_fit(btyd(cv, '1997-09-30'), name) AS summaries FROM ledger) x
		WHERE again::text = m::text AND summaries::jsonb -> 'params' = m::jsonb -> 'params'
			AND abs((days::jsonb #>> '{params,r}')::float8 / (m::jsonb #>> '{params,r}')::float8 - 1) < 1e-9
			AND abs((days::jsonb #>> '{params,alpha}')::float8 / 7 / (m::jsonb #>> '{params,alpha}')::float8 - 1) < 1e-9}), '3',
		'the same from shuffled rows, from summaries, in days');
	is($node->safe_psql('postgres', q{
		SELECT bool_and(abs((sum(clv_loglik(btyd(cv, '1997-09-30'), jsonb_set(m::jsonb, ARRAY['params', key], to_jsonb(value::float8 * 1.00001))::clv_model))
			- sum(clv_loglik(btyd(cv, '1997-09-30'), jsonb_set(m::jsonb, ARRAY['params', key], to_jsonb(value::float8 / 1.00001))::clv_model))) / 0.00002 / count(*)) < 1e-8) OVER ()
		FROM model, ledger, jsonb_each_text(m::jsonb -> 'params') GROUP BY name, key LIMIT 1}), 't', 'no slope of the mean log-likelihood is left');

	# the figures of 25 customers on which a Python package and two R packages agree
	$node->safe_psql('postgres', qq{
		CREATE TABLE expected (id int, frequency int, recency float8, age float8, monetary float8, bg_p float8, bg_e float8, bg_clv float8,
			mbg_p float8, mbg_e float8, mbg_clv float8, pareto_p float8, pareto_e float8, pareto_clv float8, spend float8);
		\\copy expected FROM '$data/cdnow_25_customers.csv' (FORMAT csv, HEADER)
		CREATE TABLE param (model text, name text, value float8);
		\\copy param FROM '$data/cdnow_25_customers_params.csv' (FORMAT csv, HEADER)
		CREATE TABLE given AS SELECT model AS name, jsonb_build_object('model', CASE model WHEN 'bgnbd' THEN 'bg/nbd' WHEN 'mbgnbd' THEN 'mbg/nbd' ELSE 'pareto/nbd' END,
			'params', jsonb_object_agg(name, value) FILTER (WHERE name IN ('r', 'alpha', 'a', 'b', 's', 'beta')),
			'spend', (SELECT jsonb_object_agg(name, value) FROM param WHERE model = 'gammagamma' AND name IN ('p', 'q', 'v')))::clv_model AS m
		FROM param WHERE model <> 'gammagamma' GROUP BY model;
	});
	is($node->safe_psql('postgres', q{
		SELECT count(*), max(abs(p_alive(s, m) / p - 1)) < 1e-9, max(abs(expected_orders(s, m, 39) / e - 1)) < 1e-9, max(abs(expected_spend(s, m) / spend - 1)) < 1e-9
		FROM given, expected, LATERAL (SELECT (frequency, recency, age, monetary)::btyd_summary AS s,
			CASE name WHEN 'bgnbd' THEN bg_p WHEN 'mbgnbd' THEN mbg_p ELSE pareto_p END AS p,
			CASE name WHEN 'bgnbd' THEN bg_e WHEN 'mbgnbd' THEN mbg_e ELSE pareto_e END AS e) x}), '75|t|t|t',
		'P(alive), expected orders and spend of 25 customers to 1e-9');
	is($node->safe_psql('postgres', q{
		SELECT count(*), max(abs(clv(cv, m, '1 year', 1.01 ^ 12 - 1, as_of => '1997-09-30')
			/ CASE name WHEN 'bgnbd' THEN bg_clv WHEN 'mbgnbd' THEN mbg_clv ELSE pareto_clv END - 1)) < 0.005
		FROM given, expected JOIN ledger ON ledger.customer = id}), '75|t', 'their value in 12 months to 0.5 %, months being counted as 4.345 weeks there');

	# Spend by single orders forecasts the mean order day of the holdout better than by means.
	is($node->safe_psql('postgres', q{
		SELECT round(avg(abs(expected_spend(cv, orders, '1997-09-30') - came))::numeric, 1), round(avg(abs(expected_spend(cv, means, '1997-09-30') - came))::numeric, 1)
		FROM (SELECT cv, amount(since(cv, '1997-10-01'))::float8 / order_days(since(cv, '1997-10-01')) AS came FROM ledger WHERE order_days(since(cv, '1997-10-01')) > 0) h,
			(SELECT clv_fit(cv, 'bg/nbd', '1997-09-30') AS orders, clv_fit(cv, 'bg/nbd', '1997-09-30', 'means') AS means FROM ledger) f}), '16.2|17.7',
		'mean absolute error of expected spend, orders and means');
	is($node->safe_psql('postgres', q{
		SELECT clv_fit(clv_sample(until(cv, '1997-10-01')), 'bg/nbd', '1997-09-30')::text = clv_fit(cv, 'bg/nbd', '1997-09-30')::text FROM ledger}), 't',
		'the fit of a sample is that of the ledgers');

	# These customers do not order regularly.
	is($node->safe_psql('postgres', q{
		SELECT bool_and((k::jsonb #>> '{params,k}') = '1' AND abs((k::jsonb ->> 'loglik')::float8 - (m::jsonb ->> 'loglik')::float8) < 1e-6)
		FROM model, LATERAL (SELECT clv_fit(cv, replace(name, '/nbd', '/cnbd-k'), '1997-09-30', 'means') AS k FROM ledger) x WHERE name <> 'pareto/nbd'}), 't',
		'CDNOW is best with k = 1');

	# The holdout: the models expect four fifths or more of what came in the next 39 weeks, as in the papers' figures.
	is($node->safe_psql('postgres', q{
		SELECT bool_and(e / a BETWEEN 0.8 AND 1) FROM (SELECT sum(expected_orders(cv, m, '39 weeks', '1997-09-30')) AS e,
			sum(order_days(since(cv, '1997-10-01'))) AS a FROM model, ledger GROUP BY name) x}), 't', 'expected orders of the holdout period');

	# A new order changes what is expected, in the same transaction.
	is($node->safe_psql('postgres', q{
		SELECT p_alive(cv + customer_value_of(date '1997-09-30', 20), m, '1997-09-30') > p_alive(cv, m, '1997-09-30')
		FROM model, ledger WHERE name = 'pareto/nbd' AND customer = 1}), 't', 'a new order counts at once');
}

SKIP:
{
	skip 'CUSTOMER_VALUE_DATA names no folder with grocery_elog.csv', 1 unless $data && -r "$data/grocery_elog.csv";
	$node->safe_psql('postgres', qq{
		CREATE TABLE purchase (customer int, day date);
		\\copy purchase FROM '$data/grocery_elog.csv' (FORMAT csv, HEADER)
		CREATE TABLE grocery AS SELECT customer, customer_value(day, 1) AS cv FROM purchase GROUP BY customer;
		CREATE TABLE regular AS SELECT name, clv_fit(cv, name, '2006-12-31') AS m
			FROM grocery, unnest('{bg/nbd,mbg/nbd,bg/cnbd-k,mbg/cnbd-k}'::text[]) name GROUP BY name;
	});
	is($node->safe_psql('postgres', q{
		SELECT string_agg(concat_ws(' ', name, m::jsonb #>> '{params,k}', round((m::jsonb ->> 'loglik')::numeric)), ', ' ORDER BY name) FROM regular}),
		'bg/cnbd-k 2 -15054, bg/nbd -15837, mbg/cnbd-k 2 -14978, mbg/nbd -15782', 'grocery orders are best with k = 2');
	is($node->safe_psql('postgres', q{
		SELECT max(round(abs(e / came - 1), 3)) FILTER (WHERE name = 'mbg/cnbd-k') < max(round(abs(e / came - 1), 3)) FILTER (WHERE name = 'mbg/nbd')
		FROM (SELECT name, sum(expected_orders(cv, m, '1 year', '2006-12-31'))::numeric AS e, sum(order_days(since(cv, '2007-01-01'))) AS came
			FROM grocery, regular WHERE first_order(cv) < '2007-01-01' GROUP BY name) x}), 't', 'and forecast better');
}

# Covariates: the apparel shop, 104 weeks, as the documentation of the R package CLVTools prints it. Its search stops within
# a thousandth of a standard error of the maximum.
SKIP:
{
	skip 'CUSTOMER_VALUE_DATA names no folder with the apparel files', 1
	  unless $data && -r "$data/apparel_trans.csv" && -r "$data/apparel_static_cov.csv";
	is($node->safe_psql('postgres', qq{
		CREATE TABLE apparel (customer int, day date, amount numeric);
		\\copy apparel FROM '$data/apparel_trans.csv' (FORMAT csv, HEADER)
		CREATE TABLE fact (customer int, gender int, channel int);
		\\copy fact FROM '$data/apparel_static_cov.csv' (FORMAT csv, HEADER)
		CREATE TABLE buyer AS SELECT customer_value(day, amount) AS cv, ARRAY[gender, channel]::float8[] AS z FROM apparel JOIN fact USING (customer) GROUP BY customer, gender, channel;
		WITH f AS (SELECT clv_fit(cv, 'pareto/nbd', '2006-12-31', z)::jsonb AS m FROM buyer)
		SELECT round((m ->> 'loglik')::numeric, 4), count(*), bool_and(abs((m #>> path)::float8 - published) < 0.005 * se), bool_and(abs((m #>> (path[:1] || 'std_errors'::text || path[2:]))::float8 / se - 1) < 0.001)
		FROM f, (VALUES ('{covariates,alpha,0}'::text[], 0.2860, 0.1041), ('{covariates,alpha,1}', 0.6239, 0.1049), ('{covariates,beta,0}', -0.6428, 0.2956), ('{covariates,beta,1}', 0.7902, 0.3058)) v(path, published, se) GROUP BY m}),
		'-5821.0627|4|t|t', 'apparel with gender and channel, pareto/nbd: CLVTools');
	is($node->safe_psql('postgres', q{
		WITH f AS (SELECT clv_fit(cv, 'pareto/nbd', '2006-12-31', z)::jsonb AS m FROM buyer)
		SELECT bool_and(abs((m #>> ARRAY['params', key])::float8 - published) < 0.005 * se AND abs((m #>> ARRAY['std_errors', key])::float8 / se - 1) < 0.001)
		FROM f, (VALUES ('r', 1.8387, 0.3457), ('alpha', 92.9435, 16.9749), ('s', 0.5913, 0.2603), ('beta', 49.5048, 36.1444)) v(key, published, se)}), 't', 'and the parameters');
}

$node->stop;
done_testing();
