# Nothing is lost, and nobody in the way: clients at all isolation levels write for a minute at random
# (STRESS_SECONDS for longer) while others are cancelled, killed and prepare their transactions, bases are
# rebalanced and verified, customers merged, forgotten and set by hand. STRESS_SEED repeats a run's choices.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use Trade;

my $seconds = $ENV{STRESS_SECONDS} // 60;
my $seed = $ENV{STRESS_SEED} // int(rand(2**30));
note("STRESS_SEED=$seed STRESS_SECONDS=$seconds");

my $node = PostgreSQL::Test::Cluster->new('stress');
$node->init;
configure($node);
$node->start;
make_trade($node);
srand($seed);
settle($node);
is_exact($node, 'at first');

my @levels = ('read committed', 'repeatable read', 'serializable');
my @writers = map { start_writers($node, $_, 3, $seconds, $seed++, "default_transaction_isolation=$_") } @levels;

# Who only reads, and who writes customers that others write, too, but into a queue, waits for no other
# transaction.
my @unhindered = (
	start_readers($node, 'readers', 1, $seconds, $seed++, 'lock_timeout=300ms'),
	map { start_callers($node, "queued, $_", 2, $seconds, $seed++, 'lock_timeout=300ms', "default_transaction_isolation=$_") } @levels);

my @beside = map { beside($node, $_->[0], $seed++, $_->[1]) } (
	[ 'writers cancelled and killed', sub {
		my $level = $levels[rand @levels];
		my @errors = write_amiss($node, 1, "default_transaction_isolation=$level", 'statement_timeout=' . int(5 + rand(200)));
		die join "\n", @errors if grep { !/statement timeout|user request|administrator command|closed the connection|the backend died/ } @errors;
		return @errors ? @errors : 'unharmed';
	} ],
	[ 'killer', sub {
		sleep 0.3;
		sql($node, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'harassed' AND state = 'active'}, $superuser) if rand() < 0.3;
		sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'harassed'}, $superuser) if rand() < 0.1;
		return map { 'killed' } split /\n/, sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE application_name = 'amiss' ORDER BY random() LIMIT 1}, $superuser);
	} ],
	[ 'rebalances', sub {
		my $base = $Trade::bases[rand @Trade::bases];
		my $day = rand() < 0.7 ? '2026-02-15' : sprintf '2026-01-%02d', 1 + rand(30);
		sleep rand(0.2);
		my $hold = $base eq 'calm' ? 0.5 : 0;
		return attempt($node, $base, "BEGIN; SELECT customer_value.rebalance('$base', '$day'); SELECT pg_sleep($hold); COMMIT");
	} ],
	[ 'rebalances cancelled and killed', sub {
		my $base = $Trade::bases[rand @Trade::bases];
		return attempt($node, $base, "SELECT customer_value.rebalance('$base', '2026-02-15')",
			'user request|administrator command|closed the connection|Broken pipe', 'owner', 'harassed');
	} ],
	[ 'verify', sub {
		sleep 2;
		my $base = $Trade::bases[rand @Trade::bases];
		# TRUNCATE takes rows away from snapshots, too: it waits until this has been
		my $found = sql($node, "BEGIN; LOCK TABLE orders, returns IN ACCESS SHARE MODE; SELECT * FROM customer_value.verify('$base') LIMIT 20; COMMIT");
		die "$base:\n$found" if $found;
		return $base;
	} ],
	[ 'truncate', sub { sleep 2; return truncate_returns($node, $levels[ rand @levels ]) } ],
	[ 'owner', sub { sleep 1; return manage($node) } ],
	# the last to stop, since others wait for them
	[ 'prepared transactions', sub {
		sleep 0.2;
		return end_prepared($node, 0.4);
	} ]);

my ($done, $retried) = (0, 0);
foreach (@writers)
{
	my @count = finish_clients($_);
	$done += $count[0];
	$retried += $count[1];
}
finish_clients($_) foreach @unhindered;
my %count = map { finish_beside($_) } @beside;
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'client backend'}) or die 'clients are left';
my $deadlocks = $node->safe_psql('postgres', q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'trade'});
note("$done transactions, $retried retried, $deadlocks deadlocks");
cmp_ok($retried, '>', 0, 'there were conflicts');
cmp_ok($deadlocks, '>', 0, 'and deadlocks');
cmp_ok($count{killed}, '>', 0, 'and killed backends');
cmp_ok($count{COMMIT} * $count{ROLLBACK}, '>', 0, 'and prepared transactions of either end');

is_verified($node, 'after the minute');
settle($node);
is_exact($node, 'after the minute and a rebalance');
cmp_ok(sql($node, 'SELECT count(*) FROM shop.customer WHERE value <> $${}$$'), '>', 1000, 'and that was something');

$node->stop;
done_testing();
