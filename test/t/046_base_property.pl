# Whatever a base accepts, it can be worked with for ever: orders, facts and settings at random, many of
# them extreme, and then everything that reads or looks after a base has to answer, and rightly.
# PROPERTY_SEED repeats a run, PROPERTY_SECONDS says for how long.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $seed = $ENV{PROPERTY_SEED} // int(rand(2**30));
my $seconds = $ENV{PROPERTY_SECONDS} // 20;
note("PROPERTY_SEED=$seed PROPERTY_SECONDS=$seconds");

my $node = PostgreSQL::Test::Cluster->new('property');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nstatement_timeout = '60s'\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION customer_value;
	-- what came of a call: nothing, or why not
	CREATE FUNCTION attempt(call text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE call;
		RETURN NULL;
	EXCEPTION WHEN OTHERS THEN
		RETURN SQLSTATE || ' ' || SQLERRM;
	END
	$$;
	-- what may be refused, as long as it is by an error that says so of the data: a new order, fact or setting
	CREATE FUNCTION try(call text) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		answer text := attempt(call);
	BEGIN
		IF answer !~ '^(22|23|P0002|55000)' THEN
			RAISE '%: %', call, answer;
		END IF;
	END
	$$;
	-- what must not: all else
	CREATE FUNCTION refusals(day date) RETURNS TABLE (call text, answer text) LANGUAGE sql AS $$
		SELECT c, a FROM (
			SELECT unnest(ARRAY[
				format($q$SELECT customer_value.rebalance('shop', %L)$q$, day),
				$q$SELECT 1 / (count(*) = 0)::int FROM customer_value.verify('shop')$q$,
				$q$SELECT 1 / (count(*) = 0)::int FROM (SELECT c.abc_class, abc_class(c.basis, s.cuts) OVER () AS answer FROM shop.customer c, shop.settings s
					WHERE s.hysteresis = 0) c WHERE c.abc_class IS DISTINCT FROM c.answer$q$,
				$q$SELECT 1 / settings_in_force::int FROM customer_value.status('shop')$q$,
				$q$SELECT 1 / (count(*) = 0)::int FROM customer_value.status('shop') s, unnest(s.problems) p WHERE p NOT LIKE 'rules: %'$q$,
				$q$SELECT customer_value.refresh_outlook('shop')$q$,
				$q$SELECT shop.report()$q$,
				$q$SELECT * FROM customer_value.migration('shop', '2026-01-01')$q$,
				$q$SELECT * FROM customer_value_internal.standing_on('shop', (SELECT as_of FROM shop.cutoffs))$q$,
				$q$SELECT * FROM customer_value.simulate('shop', (SELECT rules FROM shop.settings))$q$,
				$q$SELECT n.* FROM shop.customer c, customer_value.value_to_next_class('shop', c.customer_id) n$q$,
				$q$SELECT * FROM customer_value.check_source('sale', 'customer', 'at', 'amount')$q$,
				$q$SELECT customer_value.rebuild('shop')$q$,
				$q$SELECT 1 / (count(*) = 0)::int FROM customer_value.verify('shop')$q$])
			UNION ALL SELECT 'SELECT * FROM ' || v.oid::regclass FROM pg_class v WHERE v.relnamespace = to_regnamespace('shop') AND v.relkind = 'v') AS calls(c),
			LATERAL attempt(c) AS a
		WHERE a IS NOT NULL$$;
});

sub pick { return $_[ int rand @_ ] }
sub any_of { my ($share, $value) = @_; return rand() < $share ? $value : 'NULL' }
sub literal { my ($text) = @_; $text =~ s/'/''/g; return "'$text'" }

my $mode;
sub amount
{
	my $kind = rand;
	return sprintf '%.2f', rand(1000) if $kind < 0.6;
	return sprintf '%d', rand(100000) if $kind < 0.7;
	return sprintf '-%.2f', rand(300) if $kind < 0.85;
	# what a queue takes one by one, no ledger need hold together
	return pick('0', '0.000000001', '-0.000000001', '12345678901234.678901234', '-1e15', '1e-10', '1e60', 'NaN') if $mode eq 'queued';
	# the largest of these add up in a ledger however they fall on days; larger ones may not, once their days are others
	return pick('0', '0.000000001', '-0.000000001', '9e18', '-9e18', '9999999999999999999.999999999', '-9999999999999999999.999999999',
		'1e18', '123456789012345.678901234', '1e-10', '1e30', '1e60', 'NaN', 'Infinity');
}

sub day
{
	my $kind = rand;
	return sprintf '%04d-%02d-%02d', 2020 + rand(6), 1 + rand(12), 1 + rand(28) if $kind < 0.8;
	return sprintf '%04d-%02d-%02d', 1800 + rand(400), 1 + rand(12), 1 + rand(28) if $kind < 0.9;
	return pick('4714-11-24 BC', '4713-01-01 BC', '0001-01-01', '1970-01-01', '1999-12-31', '2000-02-29', '294276-12-31', '5874897-12-31', 'infinity', '-infinity');
}

sub rules
{
	my @facts = qw(amount amount_12m orders order_days cost margin margin_12m mean_order recency_days tenure_days interval_days employees potential no_such_fact);
	my @criteria = map { sprintf '{"fact": "%s", "weight": %s, "points": [[%s, 0], [%s, 100]]}', pick(@facts), pick(1, 2, 0.5, 1e9), pick(0, 1, -10), pick(2, 100, 1000, 1e30) } 1 .. 1 + rand 3;
	return sprintf '{"segments": [{"name": "gold", "from": %d}, {"name": "silver", "from": %d}, {"name": "rest"}], "grey": %s, "criteria": [%s]%s%s%s}',
		60 + rand(30), 20 + rand(30), pick(0, 5), join(', ', @criteria),
		pick('', sprintf ', "must": [{"segment": "gold", "when": {"%s": {"min": %s}}}]', pick(@facts), pick(0, 100, 1e20)),
		pick('', ', "min_coverage": 0.7, "undetermined": "rest"'),
		pick('', ', "develop": {"when": {"potential": {"min": 70}}, "to": "gold"}');
}

sub model
{
	return pick(
		'{"model": "bg/nbd", "params": {"r": 0.8, "alpha": 9, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}',
		'{"model": "mbg/nbd", "params": {"r": 0.1, "alpha": 100, "a": 5, "b": 0.1}, "spend": {"p": 6, "q": 1.00000001, "v": 1e15}}',
		'{"model": "pareto/nbd", "params": {"r": 0.5, "alpha": 10, "s": 0.5, "beta": 10}, "spend": {"p": 5, "q": 4, "v": 20}}',
		'{"model": "pareto/nbd", "params": {"r": 50, "alpha": 0.01, "s": 0.01, "beta": 1000}, "spend": {"p": 0.1, "q": 40, "v": 0.001}}');
}

sub setting
{
	return pick(
		sub { sprintf 'basis = %s, model = NULL', literal(pick(qw(amount margin orders))) },
		sub { sprintf q{basis = 'clv', period = NULL, model = %s}, literal(model()) },
		sub { 'period = ' . pick('NULL', map { literal($_) } '1 day', '1 month', '1 year', '10 years 2 months 3 days', '100000 years', '-1 day') },
		sub { 'cuts = ' . literal(pick('{0.8,0.95}', '{0.5}', '{0.1,0.2,0.3,0.4}', '{0.999999999999}', '{1.5}')) },
		sub { 'hysteresis = ' . pick(0, 0, 0.1, 0.9, 1) },
		sub { 'rules = ' . pick('NULL', literal(rules()), literal(rules())) },
		sub { 'time_zone = ' . literal(pick('UTC', 'Europe/Berlin', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Mars')) })->();
}

sub orders
{
	my $rows = join ', ', map {
		sprintf '(%s, %s, %s, %s)', any_of(0.97, "to_key(" . (1 + int rand 30) . ")"), any_of(0.97, literal(day())), any_of(0.97, literal(amount())),
			any_of(0.5, literal(amount())) } 1 .. pick(1, 1, 5, 20);
	return "INSERT INTO sale (customer, at, amount, cost) VALUES $rows";
}

sub step
{
	my $customer = 'to_key(' . (1 + int rand 30) . ')';
	return pick(
		\&orders, \&orders, \&orders, \&orders,
		sub { "UPDATE sale SET amount = " . literal(amount()) . ", at = " . literal(day()) . " WHERE id % 7 = " . int rand 7 },
		sub { "UPDATE sale SET customer = $customer WHERE id % 9 = " . int rand 9 },
		sub { "DELETE FROM sale WHERE id % 11 = " . int rand 11 },
		sub { sprintf 'INSERT INTO person VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET (employees, potential) = (excluded.employees, excluded.potential)',
				$customer, any_of(0.8, literal(pick(0, -5, 10, '1e300', 'NaN', '0.5'))), any_of(0.8, literal(pick(0, 80, '1e308', 'Infinity', 'NaN', '-1e-300'))) },
		sub { 'DELETE FROM person WHERE random() < 0.3' },
		sub { 'UPDATE shop.settings SET ' . setting() },
		sub { 'UPDATE shop.settings SET ' . setting() },
		sub { "SELECT customer_value.rebalance('shop', " . any_of(0.9, literal(day())) . ')' },
		sub { "SELECT customer_value.refresh_outlook('shop', " . any_of(0.5, literal(day())) . ')' },
		sub { "SELECT customer_value.override('shop', $customer, " . literal(pick(qw(gold rest none))) . ", 'for a test', " . literal(day()) . ')' },
		sub { "SELECT customer_value.merge_customers('shop', $customer, to_key(" . (1 + int rand 30) . '))' },
		sub { "SELECT customer_value.forget('shop', $customer, 'for a test')" })->();
}

srand($seed);
my $rounds = 0;
my $failed;
my $end = time + $seconds;
until ($failed || time > $end)
{
	my $key = pick(qw(smallint integer bigint numeric text uuid));
	my $type = pick(qw(date timestamp timestamptz));
	$mode = pick(qw(immediate queued));
	my $number = pick('numeric', 'numeric', 'float8');
	my @script = (
		"SET client_min_messages = error; SET datestyle = 'ISO, YMD'; SET timezone = " . literal(pick('UTC', 'Asia/Tokyo', 'America/New_York')),
		'CREATE OR REPLACE FUNCTION to_key(i int) RETURNS ' . $key . ' LANGUAGE sql IMMUTABLE AS $$SELECT ' . ($key eq 'uuid' ? 'md5(i::text)::uuid' : "i::$key") . '$$',
		"CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY, customer $key, at $type, amount $number, cost $number)",
		"CREATE TABLE person (id $key PRIMARY KEY, employees numeric, potential float8)",
		"SELECT customer_value.create_base('shop', key => '$key')",
		"SELECT customer_value.track_facts('shop', 'person', 'id', '{employees,potential}')");
	my $track = sprintf "SELECT customer_value.track_orders('shop', 'sale', 'customer', 'at', 'amount', %s, mode => '%s')", pick("cost => 'cost'", 'NULL'), $mode;
	push @script, $track if (my $tracked = rand() < 0.8);
	push @script, map { 'SELECT try(' . literal(step()) . ')' } 1 .. 5 + rand 25;
	# what is there already is refused by track_orders as it would be as it comes
	push @script, 'SELECT try(' . literal($track) . ')' unless $tracked;
	my $last;
	do { $last = day() } while $last =~ /infinity|294276|5874897/;
	push @script, 'SELECT call, answer FROM refusals(' . literal($last) . ')';
	my $script = join(";\n", @script) . ";\n";
	my ($status, $out, $error) = $node->psql('postgres', $script, extra_params => [ '-v', 'ON_ERROR_STOP=1' ]);
	$out =~ s/^\n+|\n+$//g;
	my @answers = grep { /\|/ } split /\n/, $out;
	$rounds++;
	if ($status || @answers)
	{
		$failed = 1;
		diag("PROPERTY_SEED=$seed round $rounds:\n$script\n" . join("\n", @answers, $error));
	}
	$node->safe_psql('postgres', q{SET client_min_messages = error; SELECT customer_value.drop_base('shop'); DROP TABLE sale, person; DROP FUNCTION to_key}) unless $failed;
}
ok(!$failed, "whatever a base accepts, it works with: $rounds bases");
cmp_ok($rounds, '>', 3, 'and these were some');

$node->stop;
done_testing();
