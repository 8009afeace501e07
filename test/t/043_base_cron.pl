# pg_cron maintains a base.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cron');
plan skip_all => 'pg_cron is not installed' unless -e $node->config_data('--pkglibdir') . '/pg_cron.so';

$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'pg_cron'
cron.database_name = 'trade'
cron.use_background_workers = on
});
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE DATABASE trade OWNER owner');
$node->safe_psql('trade', 'CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO owner');

sub sql
{
	my ($statements) = @_;
	return $node->safe_psql('trade', $statements, extra_params => [ '-U', 'owner' ]);
}

sql(q{
	CREATE EXTENSION customer_value;
	CREATE TABLE orders (customer_id int, day date, amount numeric);
	SELECT customer_value.create_base('shop');
	SELECT customer_value.track_orders('shop', 'orders', 'customer_id', 'day', 'amount', mode => 'queued');
	INSERT INTO orders SELECT i, current_date, i FROM generate_series(1, 10) i;
});
is(sql('SELECT count(*) FROM shop.customer'), '0', 'orders wait in the queue');

# Seconds are known from 1.5 on.
my $often = $node->safe_psql('trade', q{SELECT (regexp_match(extversion, '^1\.(\d+)'))[1]::int >= 5 FROM pg_extension WHERE extname = 'pg_cron'}) eq 't';
sql(sprintf q{SELECT cron.schedule('maintain shop', '%s', $$CALL customer_value.maintain('shop')$$)}, $often ? '1 second' : '* * * * *');
$node->poll_query_until('trade', q{SELECT EXISTS (SELECT FROM cron.job_run_details WHERE status IN ('succeeded', 'failed'))}) or die 'pg_cron does nothing';
is($node->safe_psql('trade', 'SELECT DISTINCT username, status FROM cron.job_run_details WHERE end_time IS NOT NULL'), 'owner|succeeded', 'the job has run');
is(sql('SELECT count(*), sum(basis), count(abc_class) FROM shop.customer'), '10|55|10', 'and has rebalanced the base');
is(sql(q{SELECT queued, as_of = (now() AT TIME ZONE 'UTC')::date FROM customer_value.status('shop')}), '0|t', 'as of today');
is(sql(q{SELECT count(*), bool_and(o.as_of = s.as_of) FROM shop.outlook o, customer_value.status('shop') s}), '10|t', 'with an outlook of that day');
is(sql(q{SELECT * FROM customer_value.verify('shop')}), '', 'and all is right');

$node->stop;
done_testing();
