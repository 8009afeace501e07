# plpgsql_check finds nothing wrong with our functions in PL/pgSQL.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('check');
$node->init;
$node->start;
if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'plpgsql_check'}) eq '0')
{
	$node->stop;
	plan skip_all => 'plpgsql_check is not installed';
}
$node->safe_psql('postgres', 'CREATE EXTENSION plpgsql_check; CREATE EXTENSION customer_value');

# What a statement that is put together at run time returns, it cannot know, and takes its record for unassigned.
my $functions = q{
	FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
	JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'customer_value'
	WHERE p.prorettype <> 'trigger'::regtype};
cmp_ok($node->safe_psql('postgres', "SELECT count(*) $functions"), '>', 20, 'there are functions to check');
is($node->safe_psql('postgres', qq{
	SELECT p.oid::regprocedure, c.lineno, c.level, c.message
	FROM (SELECT p.oid $functions) p, LATERAL plpgsql_check_function_tb(p.oid, extra_warnings => false, performance_warnings => false) c
	WHERE c.level = 'error' AND c.message !~ '^record ".*" is not assigned (yet|to tuple structure)\$' ORDER BY 1, 2}), '', 'none has an error');

$node->stop;
done_testing();
