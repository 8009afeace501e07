# Nothing is lost when servers are: after kill -9 of all their processes, promotion of a replica, dump and
# restore, and pg_upgrade, all but the last of them while writers write. UPGRADE_FROM names the folder of an
# older major version's programs, the extension installed there; to 18 and later it has to be installed
# here, too, since pg_upgrade does not look into the folders that the settings name.
use strict;
use warnings;

use File::Basename qw(dirname);
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use Trade;

my $seed = $ENV{STRESS_SEED} // int(rand(2**30));
note("STRESS_SEED=$seed");
srand($seed);

my $lost = 'closed the connection|the backend died|connection .* failed|terminating connection|the database system is|Broken pipe';
my @levels = ('read committed', 'repeatable read', 'serializable');

# Ends prepared transactions, for which others may wait, until they have finished.
sub end_beside
{
	my ($node) = @_;
	return beside($node, 'prepared transactions', $seed++, sub {
		sleep 0.2;
		my @ended = eval { end_prepared($node, 0.4) };
		die $@ if $@ && $@ !~ /$lost/;
		return @ended;
	});
}

# Writers and rebalances on a server that may go away.
sub load
{
	my ($node) = @_;
	my @load = map { beside($node, $_->[0], $seed++, $_->[1]) } (
		(map { my $level = $_; [ "writers at $level", sub {
			my @errors = write_amiss($node, 5, "default_transaction_isolation=$level");
			die join "\n", @errors if grep { !/$lost|canceling statement/ } @errors;
			sleep 0.1;
			return @errors ? 'disturbed' : 'undisturbed';
		} ] } @levels),
		[ 'rebalances', sub {
			sleep 0.1;
			my $base = $Trade::bases[ rand @Trade::bases ];
			return attempt($node, $base, "SELECT customer_value.rebalance('$base', '2026-02-15')", $lost);
		} ]);
	return (@load, end_beside($node));
}

# Writers whose statements must all succeed, and what is done beside them.
sub write_beside
{
	my ($node, $name, $seconds, $beside) = @_;
	my $ends = end_beside($node);
	my $writers = start_writers($node, "$name, writers", 4, $seconds, $seed++);
	$beside->() if $beside;
	finish_clients($writers);
	finish_beside($ends);
	return;
}

# Goes on as if nothing had happened.
sub goes_on
{
	my ($node, $name) = @_;
	is_verified($node, $name);
	write_beside($node, $name, 2);
	settle($node);
	is_exact($node, "$name, and written to");
	return;
}

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
configure($primary);
$primary->start;
make_trade($primary);

# Twice, since the second recovery meets what the first has left.
foreach my $crash ('a crash', 'another crash')
{
	my @load = load($primary);
	sleep 3;
	my @processes = split /\n/, $primary->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity');
	$primary->kill9;
	kill 'KILL', @processes;
	finish_beside($_) foreach @load;
	# a backend may have been born meanwhile, and has to notice
	my $started = $primary->start(fail_ok => 1);
	for (my $tries = 10 * $PostgreSQL::Test::Utils::timeout_default; !$started && $tries > 0; $tries--)
	{
		sleep 0.1;
		$primary->stop('fast', fail_ok => 1);
		$started = $primary->start(fail_ok => 1);
	}
	ok($started, "$crash, and the server is back");
	goes_on($primary, $crash);
}

# A replica is promoted while the primary is written.
$primary->backup('backup');
my $replica = PostgreSQL::Test::Cluster->new('replica');
$replica->init_from_backup($primary, 'backup', has_streaming => 1);
$replica->start;
{
	my @load = load($primary);
	sleep 2;
	my $found = sql($replica, 'SELECT abc_class FROM shop.customer WHERE customer_id = 1', 'reader');
	like($found, qr/^[A-D]$/, 'a replica can be read');
	$replica->promote;
	$replica->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'the replica was not promoted';
	is_verified($replica, 'promoted while the primary is written');
	finish_beside($_) foreach @load;
}
goes_on($replica, 'a promoted replica');
$replica->stop;

# Dumped while it is written, in both ways, and restored into a new cluster.
my $folder = $primary->basedir;
write_beside($primary, 'dumps', 6, sub {
	sleep 1;
	$primary->command_ok([ 'pg_dump', '-Fd', '-j', '2', '-f', "$folder/parallel", '-d', $primary->connstr('trade') ], 'dump in parallel');
	$primary->command_ok([ 'pg_dump', '-Fc', '-f', "$folder/serial", '-d', $primary->connstr('trade') ], 'dump');
});
$primary->command_ok([ 'pg_dumpall', '-r', '-f', "$folder/roles", '-d', $primary->connstr('postgres') ], 'dump of the roles');

my $restored = PostgreSQL::Test::Cluster->new('restored');
$restored->init;
configure($restored);
$restored->start;
$restored->command_ok([ 'psql', '-Xq', '-f', "$folder/roles", '-d', $restored->connstr('postgres') ], 'restore of the roles');
foreach my $way ([ 'serial' ], [ 'parallel', '-j', '3' ])
{
	my ($dump, @jobs) = @$way;
	$restored->safe_psql('postgres', 'CREATE DATABASE trade OWNER owner');
	$restored->command_ok([ 'pg_restore', '--exit-on-error', @jobs, '-d', $restored->connstr('trade'), "$folder/$dump" ], "restore, $dump");
	is(sql($restored, 'SELECT count(*) > 0 FROM quick.queue'), 't', "$dump: what is queued was dumped");
	goes_on($restored, "restored, $dump");
	sql($restored, q{SELECT customer_value.drop_base(b) FROM unnest('{shop,quick,mixed,calm}'::name[]) b});
	is(sql($restored, 'SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal'), '0', "$dump: nothing is left of dropped bases");
	$restored->safe_psql('postgres', 'DROP DATABASE trade');
}
$restored->stop;
$primary->stop;

SKIP:
{
	my $programs = $ENV{UPGRADE_FROM};
	skip 'pg_upgrade: UPGRADE_FROM names no other major version', 1 unless $programs && -x "$programs/postgres";

	my $old = do
	{
		local $ENV{TEMP_CONFIG}; # that is for this version
		my $node = PostgreSQL::Test::Cluster->new('old', install_path => dirname($programs));
		$node->init(extra => ['-k']);
		$node;
	};
	configure($old);
	$old->start;
	make_trade($old);
	note('upgrade from ', $old->safe_psql('postgres', 'SHOW server_version'));
	write_beside($old, 'before the upgrade', 3);
	end_prepared($old, 1);
	my $kept = q{SELECT md5(string_agg(c::text, ',' ORDER BY customer_id)) FROM shop.customer c UNION ALL
		SELECT md5(string_agg(q::text, ',' ORDER BY q::text)) FROM quick.queue q};
	my $before = sql($old, $kept);
	$old->stop;

	my $new = PostgreSQL::Test::Cluster->new('new');
	$new->init(extra => ['-k']);
	configure($new);
	chdir $new->basedir or die "cannot change to its folder: $!"; # where older versions write their logs
	command_ok([ 'pg_upgrade', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $programs, '-B', $new->config_data('--bindir'),
		'-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade');
	$new->start;
	is(sql($new, $kept), $before, 'the same customers and the same queue');
	goes_on($new, 'upgraded');
	$new->stop;
}

done_testing();
