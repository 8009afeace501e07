# Trade: a shop's tables with live customer bases on them, clients that do to them all that clients do,
# and an oracle in plain SQL for what the bases have to say.
#
# Bases: shop follows both tables at once, quick both through its queue, mixed one each way. calm has a
# table of its own, whose writers must never wait for anybody. The clients are pgbench with the scripts
# below; a writer has no rights on the bases.
package Trade;

use strict;
use warnings;

use Exporter 'import';
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(sql $superuser make_trade start_writers start_callers start_readers finish_clients write_amiss beside finish_beside
	configure truncate_returns attempt manage end_prepared settle is_verified is_exact);

our $superuser = getpwuid $<; # of a test's own cluster: whoever made it
our @bases = qw(shop quick mixed calm);
my $last_day = '2026-02-15';

# As the owner of the bases, unless somebody else is named.
sub sql
{
	my ($node, $statements, $user) = @_;
	return $node->safe_psql('trade', $statements, extra_params => [ '-U', $user // 'owner' ]);
}

my @rules = (
	q({"segments": [{"name": "individual", "from": 60}, {"name": "standard"}],
		"must": [{"segment": "individual", "when": {"orders": {"min": 60}}}],
		"criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [5000, 60], [20000, 100]]}]}),
	q({"segments": [{"name": "individual", "from": 50}, {"name": "standard"}],
		"criteria": [{"fact": "amount", "weight": 2, "points": [[0, 0], [9000, 50], [20000, 100]]},
			{"fact": "orders", "weight": 1, "points": [[0, 0], [40, 100]]}]}));
my @cuts = ('{0.80,0.95}', '{0.50,0.75,0.95}', '{0.70,0.90}');

# Before the first start of a server.
sub configure
{
	my ($node) = @_;
	write_scripts();
	$node->append_conf('postgresql.conf', q{
shared_buffers = 64MB
max_connections = 60
max_prepared_transactions = 200
deadlock_timeout = 200ms
autovacuum_naptime = 1s
log_statement = none
});
	return;
}

# Roles, tables, bases and the first orders, in the database trade.
sub make_trade
{
	my ($node) = @_;
	# COPY is from files here
	$node->safe_psql('postgres', q{CREATE ROLE owner LOGIN; CREATE ROLE writer LOGIN IN ROLE pg_read_server_files;
		CREATE ROLE reader LOGIN IN ROLE pg_read_all_data; CREATE DATABASE trade OWNER owner});
	sql($node, qq{
		CREATE EXTENSION customer_value;
		CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id int, day date, amount numeric(12,2), cost numeric(12,2), note text);
		CREATE TABLE returns (id bigserial PRIMARY KEY, customer_id bigint, at timestamptz, amount numeric(12,2));
		CREATE TABLE calls (customer_id int, day date, price numeric);
		CREATE INDEX ON orders (customer_id);
		CREATE INDEX ON returns (customer_id);
		CREATE INDEX ON calls (customer_id);
		GRANT ALL ON orders, returns, calls TO writer;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO writer;
		INSERT INTO orders (customer_id, day, amount, cost, note)
		SELECT i % 1500, date '2025-01-01' + i % 420, (i % 1500) * (i % 7) / 9.0 - 20, CASE WHEN i % 3 = 0 THEN i % 100 END, CASE WHEN i % 40 = 0 THEN 'void' END
		FROM generate_series(1, 20000) i;
		INSERT INTO returns (customer_id, at, amount) SELECT i % 1000, timestamptz '2025-01-01' + i % 420 * interval '1 day', -i % 50 FROM generate_series(1, 2000) i;
		SELECT customer_value.create_base('shop', period => '12 months', rules => '$rules[0]');
		SELECT customer_value.create_base('quick', basis => 'margin', rules => '$rules[1]');
		SELECT customer_value.create_base('mixed', basis => 'orders', key => 'numeric');
		SELECT customer_value.create_base('calm');
		SELECT customer_value.track_orders('shop', 'orders', 'customer_id', 'day', 'amount', cost => 'cost');
		SELECT customer_value.track_orders('shop', 'returns', 'customer_id', 'at', 'amount');
		SELECT customer_value.track_orders('quick', 'orders', 'customer_id', 'day', 'amount', cost => 'cost', mode => 'queued');
		SELECT customer_value.track_orders('quick', 'returns', 'customer_id', 'at', 'amount', mode => 'queued');
		SELECT customer_value.track_orders('mixed', 'orders', 'customer_id', 'day', 'amount', filter => \$\$note IS DISTINCT FROM 'void'\$\$, mode => 'queued');
		SELECT customer_value.track_orders('mixed', 'returns', 'customer_id', 'at', 'amount');
		SELECT customer_value.track_orders('calm', 'calls', 'customer_id', 'day', 'price', mode => 'queued');
		-- forgotten customers, whom the bases themselves cannot name
		CREATE TABLE gone (base name, customer_id bigint);
	});
	sql($node, "SELECT customer_value.rebalance('$_', '$last_day')") foreach @bases;
	return;
}

# What writers do, with its weight. Low ids are where they get at each other's rows.
my %writes = (
	insert => [ 30, q{
\set c random_zipfian(1, 1500, 1.1)
\set d random(0, 420)
\set a random(-900, 9000)
INSERT INTO orders (customer_id, day, amount, cost, note)
VALUES (nullif(:c, 77), date '2025-01-01' + :d, nullif(:a, 7) / 7.0, CASE WHEN :a % 3 = 0 THEN :a / 9.0 END, CASE WHEN :a % 40 = 0 THEN 'void' END);
} ],
	return => [ 10, q{
\set c random_zipfian(1, 1500, 1.1)
\set d random(0, 420)
INSERT INTO returns (customer_id, at, amount) VALUES (:c, timestamptz '2025-01-01' + :d * interval '1 day', -:c / 7.0);
} ],
	batch => [ 10, q{
\set c random(1, 1000)
\set n random(1, 60)
INSERT INTO orders (customer_id, day, amount, cost) SELECT (i * :c) % 1600, date '2025-06-01' + i, i, nullif(i % 4, 0) FROM generate_series(1, :n) i;
} ],
	alter => [ 10, q{
\set i random(1, 20000)
\set c random(1, 1600)
\set what random(1, 4)
\if :what = 1
UPDATE orders SET customer_id = :c WHERE id BETWEEN :i AND :i + 3;
\elif :what = 2
UPDATE orders SET amount = amount * 1.5 + 1, cost = nullif(cost, 5) WHERE id BETWEEN :i AND :i + 3;
\elif :what = 3
UPDATE orders SET day = day + 400, note = CASE WHEN note IS NULL AND :c % 5 = 0 THEN 'void' END WHERE id BETWEEN :i AND :i + 3;
\else
UPDATE orders SET customer_id = nullif(:c, 5), amount = NULL, day = '2025-12-24' WHERE id = :i;
\endif
} ],
	delete => [ 6, q{
\set i random(1, 20000)
\set c random(200, 1500)
DELETE FROM orders WHERE id BETWEEN :i AND :i + 5;
DELETE FROM orders WHERE customer_id = :c;
} ],
	merge => [ 6, q{
\set i random(1, 20000)
\set c random(1, 1500)
MERGE INTO orders o USING (SELECT i, :c + i AS c FROM generate_series(:i, :i + 9) i) n ON o.id = n.i
WHEN MATCHED AND n.i % 3 = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET customer_id = n.c % 1500, amount = o.amount + 1
WHEN NOT MATCHED THEN INSERT (customer_id, day, amount) VALUES (n.c % 1500, '2025-11-11', 11);
} ],
	conflict => [ 6, q{
\set i random(1, 19900)
\set c random(1, 1500)
INSERT INTO orders (id, customer_id, day, amount) SELECT i, :c + i % 3, '2025-10-10', 10 FROM generate_series(:i, :i + 9) i
ON CONFLICT (id) DO UPDATE SET amount = orders.amount + excluded.amount, day = excluded.day WHERE orders.id % 2 = 0;
INSERT INTO orders (id, customer_id, day, amount) VALUES (:i, :c, '2025-10-10', 10) ON CONFLICT DO NOTHING;
} ],
	copy => [ 4, q{
\set n random(1, 8)
COPY orders (customer_id, day, amount, note) FROM '/FILES//:n.csv' (FORMAT csv);
} ],
	savepoint => [ 8, q{
\set i random(1, 20000)
\set c random(1, 1500)
BEGIN;
UPDATE orders SET amount = amount + 2 WHERE id = :i;
SAVEPOINT one;
DELETE FROM orders WHERE id BETWEEN :i AND :i + 9;
INSERT INTO returns (customer_id, at, amount) VALUES (:c, '2025-05-05', -5);
SAVEPOINT two;
UPDATE orders SET customer_id = :c WHERE id = :i + 10;
ROLLBACK TO one;
INSERT INTO orders (customer_id, day, amount) VALUES (:c, '2025-05-05', 55);
RELEASE one;
END;
} ],
	rollback => [ 4, q{
\set c random(1, 1500)
BEGIN;
INSERT INTO orders (customer_id, day, amount) VALUES (:c, '2025-05-05', 55), (:c + 1, '2025-05-06', 56);
DELETE FROM returns WHERE customer_id = :c;
ROLLBACK;
} ],
	# a part that fails and is caught
	caught => [ 3, q{
\set i random(1, 20000)
DO $$BEGIN
	UPDATE orders SET amount = amount + 3, customer_id = customer_id + 1 WHERE id IN (:i, :i + 1);
	PERFORM 1 / 0;
EXCEPTION WHEN division_by_zero THEN
	INSERT INTO returns (customer_id, at, amount) VALUES (:i % 1500, '2025-09-09', -3);
END$$;
} ],
	deadlock => [ 4, q{
\set i random(1, 15)
\set j random(1, 15)
BEGIN;
UPDATE orders SET amount = amount + 1 WHERE id = :i;
UPDATE orders SET amount = amount - 1, customer_id = :i WHERE id = :j;
COMMIT;
} ],
	prepare => [ 1, q{
\set n random(1, 1000000000)
\set c random(1500, 1999)
BEGIN;
INSERT INTO orders (customer_id, day, amount) VALUES (:c, '2025-03-03', 33);
UPDATE orders SET amount = amount + 1 WHERE customer_id = :c;
INSERT INTO returns (customer_id, at, amount) VALUES (:c, '2025-03-03', -3);
PREPARE TRANSACTION ':n';
} ]);

# What those do who must never wait for anybody. Some leave their transactions open for longer
# than the others would wait.
my %unhindered = (
	call => [ 1, q{
\set c random(1, 3)
\set long random(1, 500)
BEGIN;
INSERT INTO calls VALUES (:c, '2025-07-07', :c), (4 - :c, '2025-07-08', 1);
DELETE FROM calls WHERE customer_id = pg_backend_pid();
INSERT INTO calls VALUES (pg_backend_pid(), '2025-07-09', :c);
\if :long = 1
\sleep 500 ms
\endif
COMMIT;
} ],
	read => [ 1, q{
\set c random(1, 1500)
SELECT abc_class, segment, basis FROM shop.customer WHERE customer_id = :c;
SELECT * FROM quick.routing WHERE customer_id = :c;
SELECT * FROM customer_value.value_to_next_class('shop', :c);
SELECT sum(orders(value)) FROM mixed.customer WHERE customer_id BETWEEN :c AND :c + 100;
SELECT * FROM quick.summary;
SELECT * FROM customer_value.status('calm');
} ]);

# For those whose statements may be cancelled: one that is, and is caught, so that its transaction goes on.
my %cancelled = (
	cancelled => [ 10, q{
\set i random(1, 20000)
\set t random(1, 20)
BEGIN;
UPDATE orders SET amount = amount + 4 WHERE id = :i;
SET LOCAL statement_timeout = :t;
DO $$BEGIN
	UPDATE orders SET amount = amount + 3 WHERE id BETWEEN :i AND :i + 1000;
EXCEPTION WHEN query_canceled THEN
	INSERT INTO returns (customer_id, at, amount) VALUES (:i % 1500, '2025-09-09', -3);
END$$;
SET LOCAL statement_timeout = 0;
UPDATE orders SET amount = amount + 4 WHERE id = :i + 1;
COMMIT;
} ]);

# The scripts as files for pgbench, and what COPY reads.
my $folder;
sub write_scripts
{
	return if defined $folder;
	$folder = PostgreSQL::Test::Utils::tempdir('scripts');
	my %scripts = (%writes, %cancelled, %unhindered);
	append_to_file("$folder/$_.sql", $scripts{$_}[1] =~ s{/FILES/}{$folder}r) foreach keys %scripts;
	foreach my $n (1 .. 8)
	{
		append_to_file("$folder/$n.csv", join '', map { $_ * $n % 1500 . ",2025-0$n-01," . ($_ - 5) . ",copied\n" } 1 .. 40);
	}
	return;
}

# pgbench with scripts from the tables above, which are retried when they deadlock or fail to serialise.
sub pgbench
{
	my ($node, $name, $scripts, $clients, $seconds, $seed, @settings) = @_;
	my %running = (name => $name, out => '');
	local $ENV{PGOPTIONS} = join ' ', map { '-c ' . s/ /\\ /gr } @settings;
	local $ENV{PGAPPNAME} = $name;
	$running{harness} = IPC::Run::start(
		[ 'pgbench', '-n', '-c', $clients, '-T', $seconds, '--max-tries=0', "--random-seed=$seed", '-h', $node->host, '-p', $node->port,
			'-U', exists $scripts->{read} ? 'reader' : 'writer', (map { ('-f', "$folder/$_.sql\@$scripts->{$_}[0]") } sort keys %$scripts), 'trade' ],
		'&>', \$running{out}, IPC::Run::timeout($seconds + $PostgreSQL::Test::Utils::timeout_default));
	return \%running;
}

# Clients who write at random, and of whose statements none may fail, with these settings; those who must
# not even wait: writers of a queue, or readers. All return what finish_clients takes.
sub start_writers { my ($node, $name, @rest) = @_; return pgbench($node, $name, \%writes, @rest); }
sub start_callers { my ($node, $name, @rest) = @_; return pgbench($node, $name, { call => $unhindered{call} }, @rest); }
sub start_readers { my ($node, $name, @rest) = @_; return pgbench($node, $name, { read => $unhindered{read} }, @rest); }

sub finish_clients
{
	my ($clients) = @_;
	$clients->{harness}->finish;
	is($clients->{harness}->result(0), 0, "$clients->{name}: no client fails") or diag($clients->{out});
	my ($done) = $clients->{out} =~ /transactions actually processed: (\d+)/;
	my ($retried) = $clients->{out} =~ /transactions retried: (\d+)/;
	note("$clients->{name}: $done transactions, $retried retried");
	return ($done, $retried);
}

# Clients who are cancelled, killed or lose their server, for a short while. Returns the errors.
sub write_amiss
{
	my ($node, $seconds, @settings) = @_;
	my $clients = pgbench($node, 'amiss', { %writes, %cancelled }, 2, $seconds, int(rand(2**31)), @settings);
	$clients->{harness}->finish;
	my @errors = $clients->{out} =~ /((?:ERROR|FATAL|PANIC): .*|server closed the connection|connection .* failed|the backend died)/g;
	return @errors || $clients->{harness}->result(0) == 0 ? @errors : $clients->{out};
}

# Something else beside the writers: takes turns until it is told to stop, in a process of its own. A
# turn returns what it has done, or dies. Returns what finish_beside takes.
sub beside
{
	my ($node, $name, $seed, $turn) = @_;
	my $file = $node->basedir . "/$name";
	my $parent = $$;
	my $pid = fork() // die "cannot fork: $!";
	return { name => $name, pid => $pid, file => $file } if $pid;

	srand($seed);
	eval {
		until (-e "$file.stop" || getppid() != $parent)
		{
			append_to_file($file, "$_\n") foreach $turn->();
		}
		1;
	} or append_to_file($file, "died: $@");
	POSIX::_exit(0); # the node is not ours to clean up
}

# Returns how often each thing was done.
sub finish_beside
{
	my ($beside) = @_;
	append_to_file("$beside->{file}.stop", '');
	waitpid($beside->{pid}, 0);
	my $log = -e $beside->{file} ? slurp_file($beside->{file}) : '';
	unlink $beside->{file}, "$beside->{file}.stop";
	my ($done, $error) = split /^died: /m, $log, 2;
	is($error, undef, "$beside->{name}: nothing unexpected");
	my %count;
	$count{$_}++ foreach split /\n/, $done;
	note("$beside->{name}: ", join ', ', map { "$_ $count{$_}" } sort keys %count);
	return %count;
}

# Runs statements. Returns what was done, or the part of the error that is expected; dies of others.
sub attempt
{
	my ($node, $what, $statements, $expected, $user, $name) = @_;
	# psql may break off before it has read all of its input
	my ($code, $out, $err) = eval { $node->psql('trade', $statements,
		connstr => $node->connstr('trade') . sprintf(' user=%s application_name=%s', $user // 'owner', $name // 'attempt')) };
	return $what if defined $code && $code == 0;
	$err //= $@;
	return $1 if defined $expected && $err =~ /($expected)/;
	die "$statements\n$err";
}

# TRUNCATE, with what follows in the same transaction.
sub truncate_returns
{
	my ($node, $level) = @_;
	my $end = rand() < 0.7 ? 'COMMIT' : 'ROLLBACK';
	return attempt($node, $end, "BEGIN ISOLATION LEVEL $level; SELECT count(*) FROM orders WHERE id < 10;
		TRUNCATE returns; INSERT INTO returns (customer_id, at, amount) SELECT i, '2025-04-04', -4 FROM generate_series(1, 1000, 7) i; $end",
		'deadlock detected|could not serialize access', 'writer');
}

# What an owner does now and then: settings, merged, forgotten and overridden customers. Returns what.
sub manage
{
	my ($node) = @_;
	my $base = (qw(shop quick mixed))[rand 3];
	my ($one, $other) = map { int(20 + rand(1400)) } 1, 2;
	my @acts = (
		[ cuts => "UPDATE $base.settings SET cuts = '$cuts[rand @cuts]'" ],
		[ rules => sprintf q{UPDATE %s.settings SET rules = '%s' WHERE rules IS NOT NULL}, $base, $rules[rand @rules] ],
		[ merge => "SELECT customer_value.merge_customers('$base', $one, $other)" ],
		[ unmerge => "SELECT customer_value.unmerge_customers('$base', merged_into, customer_id) FROM $base.merged ORDER BY customer_id LIMIT 1" ],
		[ forget => "INSERT INTO gone SELECT '$base', p.id FROM (SELECT coalesce((SELECT merged_into FROM $base.merged WHERE customer_id = $one), $one)) r(root),
				LATERAL (SELECT r.root UNION SELECT customer_id FROM $base.merged WHERE merged_into = r.root) p(id);
			SELECT customer_value.forget('$base', $one, 'on request')" ],
		[ override => "SELECT customer_value.override('$base', $one, 'individual', 'a friend', current_date + 400)" ],
		[ end_override => "SELECT customer_value.end_override('$base', customer_id) FROM $base.override WHERE ended_at IS NULL ORDER BY customer_id LIMIT 1" ]);
	my ($what, $statements) = @{ $acts[ rand @acts ] };
	return attempt($node, $what, "BEGIN; $statements; COMMIT", 'deadlock detected|due to lock timeout|cannot merge|is merged into|no rules are in force|does not have both|has no customer|holds nothing of|cannot be merged');
}

# Commits or rolls back a share of what is prepared. Returns how each of it ended.
sub end_prepared
{
	my ($node, $share) = @_;
	my @prepared = grep { rand() < $share } split /\n/,
		sql($node, q{SELECT gid FROM pg_prepared_xacts WHERE database = current_database()}, $superuser);
	return map {
		my $end = rand() < 0.5 ? 'COMMIT' : 'ROLLBACK';
		sql($node, "$end PREPARED '$_'", $superuser);
		$end
	} @prepared;
}

# Ends what is prepared, and rebalances: after this the bases are exact.
sub settle
{
	my ($node) = @_;
	end_prepared($node, 1);
	sql($node, "SELECT customer_value.rebalance('$_', '$last_day')") foreach @bases;
	return;
}

# By the bases' own account.
sub is_verified
{
	my ($node, $name) = @_;
	is(sql($node, "SELECT b, v.* FROM unnest('{@{[join ',', @bases]}}'::name[]) b, customer_value.verify(b) v LIMIT 20"), '', "$name: verify finds nothing");
	return;
}

# By the tables of orders, in plain SQL: the rows that count, and the basis.
my $returned = 'SELECT customer_id, (at AT TIME ZONE $$UTC$$)::date, amount, NULL::numeric FROM returns';
my %oracle = (
	shop => [ "SELECT customer_id, day, amount, cost FROM orders UNION ALL $returned",
		"sum(p.amount) FILTER (WHERE p.day >= date '$last_day' - interval '12 months')" ],
	quick => [ "SELECT customer_id, day, amount, cost FROM orders UNION ALL $returned", 'sum(p.amount) - sum(p.cost)' ],
	mixed => [ "SELECT customer_id, day, amount, NULL::numeric AS cost FROM orders WHERE note IS DISTINCT FROM 'void' UNION ALL $returned",
		'count(*) FILTER (WHERE p.amount >= 0)' ],
	calm => [ 'SELECT customer_id, day, price AS amount, NULL::numeric AS cost FROM calls', 'sum(p.amount)' ]);

# After settle: ledgers, bases, classes, segments and the end of the history are what plain SQL and the stateless
# functions say, for every customer.
sub is_exact
{
	my ($node, $name) = @_;
	is_verified($node, $name);
	foreach my $base (@bases)
	{
		my ($rows, $basis) = @{ $oracle{$base} };
		is(sql($node, "SELECT count(*) FROM $base.queue"), '0', "$name: $base has nothing left in the queue");
		is(sql($node, qq{
			WITH person AS (
				SELECT coalesce(m.merged_into, o.customer_id) AS customer_id, o.day, o.amount, o.cost
				FROM ($rows) o LEFT JOIN $base.merged m ON m.customer_id = o.customer_id
				WHERE o.customer_id IS NOT NULL AND o.day IS NOT NULL AND o.amount IS NOT NULL
					AND o.customer_id NOT IN (SELECT g.customer_id FROM gone g WHERE g.base = '$base')),
			figures AS (
				SELECT p.customer_id, count(*) FILTER (WHERE p.amount >= 0) AS orders, sum(p.amount) AS amount, sum(p.cost) AS cost,
					coalesce($basis, 0) AS basis
				FROM person p GROUP BY 1),
			expected AS (
				SELECT customer_id, coalesce(f.orders, 0) AS orders, coalesce(f.amount, 0) AS amount, f.cost, coalesce(f.basis, 0) AS basis,
					abc_class(coalesce(f.basis, 0), s.cuts) OVER () AS abc_class,
					coalesce(v.segment, CASE WHEN s.rules IS NOT NULL
						THEN segment_of(jsonb_build_object('orders', coalesce(f.orders, 0), 'amount', coalesce(f.amount, 0)), s.rules) END) AS segment
				FROM figures f FULL JOIN $base.customer c USING (customer_id)
				CROSS JOIN $base.settings s LEFT JOIN (SELECT * FROM $base.override WHERE ended_at IS NULL) v USING (customer_id))
			SELECT e, orders(c.value), amount(c.value), cost(c.value), c.basis, c.abc_class, c.segment
			FROM expected e LEFT JOIN $base.customer c USING (customer_id)
			WHERE (e.orders, e.amount, e.cost, e.basis, e.abc_class, e.segment)
				IS DISTINCT FROM (orders(c.value), amount(c.value), cost(c.value), c.basis, c.abc_class, c.segment)
			LIMIT 20}), '', "$name: $base agrees with plain SQL for every customer");
		is(sql($node, qq{
			SELECT c.customer_id, w.what, w.standing, h.new_value
			FROM $base.customer c CROSS JOIN LATERAL (VALUES ('class', c.abc_class), ('segment', c.segment)) w(what, standing)
			JOIN LATERAL (SELECT new_value FROM $base.change h WHERE h.customer_id = c.customer_id AND h.what = w.what
				ORDER BY change_id DESC LIMIT 1) h ON true
			WHERE w.standing IS DISTINCT FROM h.new_value
			LIMIT 20}), '', "$name: the history of $base ends where its customers are");
	}
	return;
}

1;
