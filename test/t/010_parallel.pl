# Every aggregate gives the same answer, to the last digit, from one process and from several, and
# its partial states really travel. The queries stand in parallel/*.sql, one a line, over the table
#   purchase (customer int, day date, amount numeric, f float8, b bigint)
use strict;
use warnings;

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('parallel');
$node->init;
$node->append_conf('postgresql.conf', 'max_parallel_workers = 4');
$node->append_conf('postgresql.conf', 'max_worker_processes = 8');
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION customer_value;
	SELECT setseed(0.5);
	CREATE TABLE purchase AS
	SELECT (random() * 5000)::int AS customer, date '2025-01-01' + (random() * 700)::int AS day,
		CASE WHEN random() < 0.03 THEN NULL WHEN random() < 0.05 THEN -round((random() * 100)::numeric, 2)
			ELSE round(exp(random() * 9)::numeric, 2) END AS amount,
		CASE WHEN random() < 0.03 THEN NULL ELSE exp(random() * 40 - 20) END AS f,
		(random() * random() * 1e12)::bigint - 1000 AS b
	FROM generate_series(1, 40000);
	ANALYZE purchase;
});

my $serial = 'SET max_parallel_workers_per_gather = 0;';
my $parallel = q{SET max_parallel_workers_per_gather = 4; SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;};

foreach my $file (sort glob(dirname(__FILE__) . '/parallel/*.sql'))
{
	foreach my $query (grep { /^\s*[^\s-]/ } split /\n/, slurp_file($file))
	{
		my $plan = $node->safe_psql('postgres', "$parallel EXPLAIN $query");
		like($plan, qr/Partial (Hash|Group)?Aggregate/, "in parallel: $query");
		my $alone = $node->safe_psql('postgres', "$serial $query");
		isnt($alone, '', "says something: $query");
		is($node->safe_psql('postgres', "$parallel $query"), $alone, "the same: $query");
	}
}

$node->stop;
done_testing();
