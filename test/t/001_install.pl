# The extension installs, drops without a trace, and binds nothing that waits for it in the schema that it is installed into.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('install');
$node->init;
$node->start;

# What a schema-qualified installation leaves behind when it is dropped again: nothing.
my $objects = q{SELECT count(*) FROM pg_proc UNION ALL SELECT count(*) FROM pg_type
	UNION ALL SELECT count(*) FROM pg_operator UNION ALL SELECT count(*) FROM pg_cast
	UNION ALL SELECT count(*) FROM pg_class UNION ALL SELECT count(*) FROM pg_namespace};
my $before = $node->safe_psql('postgres', $objects);
$node->safe_psql('postgres', 'CREATE EXTENSION customer_value');
isnt($node->safe_psql('postgres', $objects), $before, 'the extension brings objects');
$node->safe_psql('postgres', 'DROP EXTENSION customer_value');
is($node->safe_psql('postgres', $objects), $before, 'dropping it leaves nothing');

# A database owner who is no superuser can install it, in a schema of his own choice.
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE DATABASE shop OWNER owner');
$node->safe_psql('shop', 'CREATE SCHEMA analysis; CREATE EXTENSION customer_value SCHEMA analysis',
	extra_params => [ '-U', 'owner' ]);
is($node->safe_psql('shop', 'SELECT analysis.customer_value_library_version() = extversion FROM pg_extension WHERE extname = $$customer_value$$'),
	't', 'a database owner installs it in a schema of his choice');
my ($code, $out, $err) = $node->psql('shop', 'ALTER EXTENSION customer_value SET SCHEMA public');
like($err, qr/does not support SET SCHEMA/, 'it cannot be moved afterwards');

# What its functions in SQL and its views use of pg_catalog, from a clean installation: names, and numbers of arguments.
my $used = $node->safe_psql('shop', q{
	SELECT customer_value.create_base('clean');
	WITH tree (nodes) AS (
		SELECT p.prosqlbody::text FROM pg_proc p, pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND p.prosqlbody IS NOT NULL
		UNION ALL SELECT r.ev_action::text FROM pg_rewrite r, pg_class c WHERE c.oid = r.ev_class AND c.relnamespace = 'clean'::regnamespace)
	SELECT DISTINCT concat_ws(' ', 'function', p.proname, p.pronargs, CASE WHEN p.provariadic <> 0 THEN 3 ELSE 0 END)
	FROM tree, regexp_matches(nodes, ':(?:funcid|aggfnoid|winfnoid) (\d+)', 'g') m, pg_proc p
	WHERE p.oid = m[1]::oid AND p.pronamespace = 'pg_catalog'::regnamespace AND p.pronargs > 0
	UNION SELECT DISTINCT concat_ws(' ', 'operator', o.oprname) FROM tree, regexp_matches(nodes, ':opno (\d+)', 'g') m, pg_operator o
	WHERE o.oid = m[1]::oid AND o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprkind = 'b'}, extra_params => [ '-U', 'owner' ]);
like($used, qr/^function format 2 3$/m, 'the bodies in SQL use format');
like($used, qr/^operator \|\|$/m, '… and ||');

# Traps of these names, more exact than those of pg_catalog: over all pairs of types, over equal types of any number, and over a type
# of their maker's own, with casts from and to all others.
$node->safe_psql('postgres', 'CREATE DATABASE trap');
my @types = ('text', 'name', 'integer', 'bigint', 'numeric', 'double precision', 'boolean', 'date', 'interval', 'jsonb', 'regtype', 'uuid', 'trap.mood');
my $sql = "CREATE SCHEMA trap; CREATE TYPE trap.mood AS ENUM ('bad');\n";
my %functions;
sub trap_function
{
	my ($name, $returns, @arguments) = @_;
	my $signature = "trap.\"$name\"(" . join(', ', @arguments) . ')';
	$sql .= "CREATE FUNCTION $signature RETURNS $returns LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE EXCEPTION ''trapped''; END';\n" unless $functions{$signature}++;
	return $signature;
}
for my $type (grep { $_ ne 'trap.mood' } @types)
{
	$sql .= "CREATE CAST ($type AS trap.mood) WITH FUNCTION " . trap_function('mood', 'trap.mood', $type) . " AS IMPLICIT;\n";
	$sql .= "CREATE CAST (trap.mood AS $type) WITH FUNCTION " . trap_function("to_$type", $type, 'trap.mood') . " AS IMPLICIT;\n";
}
for (split /\n/, $used)
{
	my ($kind, $name, $arguments, $more) = split / /;
	if ($kind eq 'operator')
	{
		for my $left (@types)
		{
			for my $right (@types)
			{
				my $returns = $name =~ /^[<>=!~]/ ? 'boolean' : $left;
				my $function = trap_function($name =~ /^[<>=!~]/ ? 'trap_boolean' : 'trap', $returns, $left, $right) =~ s/\(.*//r;
				$sql .= "CREATE OPERATOR trap.$name (LEFTARG = $left, RIGHTARG = $right, FUNCTION = $function);\n";
			}
		}
		next;
	}
	next unless defined $arguments;
	for my $number ($arguments .. $arguments + $more)
	{
		for my $first (@types)
		{
			trap_function($name, 'text', $first, ($_) x ($number - 1)) for $number > 1 ? @types : ($first);
		}
	}
}
cmp_ok(scalar(keys %functions), '>', 2000, 'thousands of traps');
$node->safe_psql('trap', $sql);
$node->safe_psql('trap', 'SET search_path = trap, pg_catalog; CREATE EXTENSION customer_value SCHEMA trap; RESET search_path;'
	. q{ SELECT customer_value.create_base('shop'); CREATE TABLE orders (customer_id bigint, at date, amount numeric);
	SELECT customer_value.track_orders('shop', 'orders', customer => 'customer_id', at => 'at', amount => 'amount');
	INSERT INTO orders VALUES (1, '2026-01-01', 10), (2, '2026-02-01', 20); SELECT customer_value.rebalance('shop', '2026-03-01')});
is($node->safe_psql('trap', q{
	WITH trap (classid, objid) AS (
		SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = 'trap'::regnamespace
		UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace = 'trap'::regnamespace
		UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = 'trap'::regnamespace
		UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast WHERE 'trap.mood'::regtype IN (castsource, casttarget)
		EXCEPT SELECT classid, objid FROM pg_depend WHERE deptype IN ('e', 'i'))
	SELECT pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
	FROM pg_depend d JOIN trap t ON t.classid = d.refclassid AND t.objid = d.refobjid
	WHERE d.deptype = 'n' AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM trap)}), '', 'nothing depends on a trap');
is($node->safe_psql('trap', q{SELECT count(*) FROM customer_value.verify('shop')}), '0', 'a base works beside them');
like($node->safe_psql('trap', q{SELECT customer_value.report('shop')}), qr/<html/, 'its page too');

$node->stop;
done_testing();
