# Every query of the dashboards runs on a base, by a role that may do no more than read it.
use strict;
use warnings;

use File::Basename;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('grafana');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION customer_value;
	CREATE TABLE orders (customer_id int, at date, amount numeric);
	INSERT INTO orders SELECT i % 40, current_date - i, 10 + i % 7 FROM generate_series(1, 400) i;
	SELECT customer_value.create_base('Shop 1', key => 'int');
	SELECT customer_value.track_orders('Shop 1', 'orders', customer => 'customer_id', at => 'at', amount => 'amount');
	SELECT customer_value.rebalance('Shop 1');
	SET client_min_messages = error;
	SELECT customer_value.refresh_outlook('Shop 1');
	CREATE ROLE reader;
	GRANT USAGE ON SCHEMA "Shop 1" TO reader;
	GRANT SELECT ON ALL TABLES IN SCHEMA "Shop 1" TO reader;
});

my $file = dirname(__FILE__) . '/../../grafana/provisioning/dashboards/customer_value.json';
my $dashboard = decode_json(slurp_file($file));
my $base = $node->safe_psql('postgres', $dashboard->{templating}{list}[0]{query});
is($base, '"Shop 1"', 'the variable finds the base');

foreach my $panel (@{ $dashboard->{panels} })
{
	my $query = $panel->{targets}[0]{rawSql};
	$query =~ s/\$\{base\}/$base/g;
	my ($status, $out, $err) = $node->psql('postgres', "SET ROLE reader; $query");
	is($status, 0, $panel->{title}) or diag $err;
}

# The report of a base of that name, too, and after it is renamed.
like($node->safe_psql('postgres', 'SET ROLE reader; SELECT "Shop 1".report()'), qr/<h1>Shop 1</, 'the report');
$node->safe_psql('postgres', 'ALTER SCHEMA "Shop 1" RENAME TO "two & a half"');
like($node->safe_psql('postgres', 'SELECT "two & a half".report()'), qr/<h1>two &amp; a half</, 'the report of a renamed base');

$node->stop;
done_testing();
