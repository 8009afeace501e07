# Partitions of a tracked table come and go under many writers, while facts are written, and through a
# dump and a restore.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('partitions');
$node->init;
$node->start;

my @bases = ('shop', 'quick');
sub sql { my ($statements, $database) = @_; return $node->safe_psql($database // 'postgres', $statements) }
sub is_right
{
	my ($name, $database) = @_;
	foreach my $base (@bases)
	{
		is(sql(qq{SELECT * FROM customer_value.verify('$base')}, $database), '', "$base: $name");
		is(sql(qq{SELECT customer_id, l.value, o.value
			FROM (SELECT customer_id, sum(value) AS value FROM (SELECT customer_id, value FROM $base.customer UNION ALL SELECT customer_id, value FROM $base.queue) x GROUP BY 1) l
			FULL JOIN (SELECT customer_id::bigint, customer_value(day, amount) AS value FROM orders GROUP BY 1) o USING (customer_id)
			WHERE coalesce(l.value, '{}') <> coalesce(o.value, '{}')}, $database), '', "$base: $name, by plain SQL");
	}
}

sql(q{
	CREATE EXTENSION customer_value;
	CREATE TABLE orders (id serial, customer_id int, day date, amount numeric(12,2)) PARTITION BY RANGE (day);
	CREATE TABLE jan PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
	CREATE TABLE feb PARTITION OF orders FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY HASH (customer_id);
	CREATE TABLE feb_0 PARTITION OF feb FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE feb_1 PARTITION OF feb FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	CREATE TABLE mar (note text, amount numeric(12,2), customer_id int, id int NOT NULL DEFAULT nextval('orders_id_seq'), day date);
	ALTER TABLE mar DROP COLUMN note;
	INSERT INTO mar (customer_id, day, amount) SELECT i % 100, '2026-03-01', i FROM generate_series(1, 500) i;
	CREATE TABLE rest PARTITION OF orders DEFAULT;
	INSERT INTO orders (customer_id, day, amount) SELECT i % 100, date '2026-01-01' + i % 59, i FROM generate_series(1, 2000) i;
	CREATE INDEX ON orders (id);
	SELECT customer_value.create_base('shop');
	SELECT customer_value.create_base('quick');
	SELECT customer_value.track_orders('shop', 'orders', 'customer_id', 'day', 'amount');
	SELECT customer_value.track_orders('quick', 'orders', 'customer_id', 'day', 'amount', mode => 'queued');
	CREATE TABLE person (id int PRIMARY KEY, size int, note text);
	INSERT INTO person SELECT i, i FROM generate_series(1, 80) i;
	SELECT customer_value.track_facts('shop', 'person', 'id', '{size,note}');
	SELECT customer_value.track_facts('quick', 'person', 'id', '{size}');
});
is_right('right when tracked');

# mar comes and goes, with rows in it; when it is none, its days are of the default partition
sub script
{
	my ($name, $text) = @_;
	my $file = $node->basedir . "/$name.sql";
	append_to_file($file, $text);
	return $file;
}
my $whole = script('whole', q{
\set c random(1, 60)
\set d random(0, 58)
INSERT INTO orders (customer_id, day, amount) VALUES (:c, date '2026-01-01' + :d, :c), (:c + 1, date '2026-01-01' + :d / 2, :d);
});
my $parts = script('parts', q{
\set c random(1, 60)
\set i random(1, 4000)
BEGIN;
INSERT INTO mar (customer_id, day, amount) VALUES (:c, '2026-03-05', 3);
INSERT INTO feb (customer_id, day, amount) VALUES (:c, '2026-02-05', 4);
SAVEPOINT s;
DELETE FROM feb_0 WHERE id = :i;
ROLLBACK TO s;
UPDATE feb_1 SET amount = amount + 1 WHERE id BETWEEN :i AND :i + 5;
COMMIT;
});
my $move = script('move', q{
\set i random(1, 4000)
\set d random(0, 58)
UPDATE orders SET day = date '2026-01-01' + :d, customer_id = customer_id + 1 WHERE id BETWEEN :i AND :i + 3;
DELETE FROM orders WHERE id = :i + 7;
});
my $person = script('person', q{
\set c random(1, 60)
\set n random(1, 9)
UPDATE person SET size = size + 1 WHERE id BETWEEN :c AND :c + :n;
INSERT INTO person VALUES (:c * 2, :n, 'new') ON CONFLICT (id) DO UPDATE SET note = excluded.size, size = NULL;
DELETE FROM person WHERE id = :c + :n;
});
my $attach = q{DO $$BEGIN IF NOT (SELECT relispartition FROM pg_class WHERE oid = 'mar'::regclass) THEN
	ALTER TABLE orders ATTACH PARTITION mar FOR VALUES FROM ('2026-03-01') TO ('2026-04-01'); END IF; END$$};
my $detach = q{DO $$BEGIN IF (SELECT relispartition FROM pg_class WHERE oid = 'mar'::regclass) THEN ALTER TABLE orders DETACH PARTITION mar; END IF; END$$};
my $ddl = script('ddl', qq{
$attach;
\\sleep 200 ms
UPDATE orders SET day = '2026-03-20' WHERE id % 97 = 0;
$detach;
\\sleep 100 ms
});
my $rebalance = script('rebalance', q{
SELECT customer_value.rebalance('shop', '2026-03-01');
SELECT customer_value.rebalance('quick', '2026-03-01');
\sleep 70 ms
});
my @arguments = ('-n', '-h', $node->host, '-p', $node->port, 'postgres');
foreach my $level ('read committed', 'repeatable read')
{
	my ($out, $ddl_out) = ('', '');
	my $writers = do
	{
		local $ENV{PGOPTIONS} = '-c default_transaction_isolation=' . $level =~ s/ /\\ /r;
		IPC::Run::start([ 'pgbench', '-c', '6', '-j', '2', '-T', '5', '--max-tries=1000',
				'-f', "$whole\@4", '-f', "$parts\@3", '-f', "$move\@2", '-f', "$person\@1", @arguments ], '&>', \$out);
	};
	my $changes = IPC::Run::start([ 'pgbench', '-c', '1', '-T', '4', '--max-tries=1000', '-f', $ddl, @arguments ], '&>', \$ddl_out);
	$node->command_ok([ 'pgbench', '-c', '1', '-T', '4', '--max-tries=1000', '-f', $rebalance, @arguments ], "rebalances beside writers at $level");
	$writers->finish;
	$changes->finish;
	cmp_ok($ddl_out =~ /actually processed: (\d+)/ ? $1 : 0, '>', 0, 'a partition came and went') or diag($ddl_out);
	is($writers->result(0), 0, "writers at $level") or diag($out);
	unlike($out, qr/client \d+ (script|aborted)/, 'none of them gives up') or diag($out);
	sql(qq{SELECT customer_value.track_partitions('$_')}) foreach @bases;
	is_right("right after writers at $level");
	sql($detach);
	sql(qq{SELECT customer_value.rebalance('$_', '2026-03-01')}) foreach @bases;
	is_right('and when nobody writes');
}

# What is new, and what was a partition, is so in a copy, too.
sql(q{
	CREATE TABLE may PARTITION OF orders FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
	INSERT INTO orders (customer_id, day, amount) VALUES (1, '2026-05-05', 5);
	INSERT INTO may (customer_id, day, amount) VALUES (1, '2026-05-05', 5), (777, '2026-05-05', 5);
	ALTER TABLE orders DETACH PARTITION jan;
	INSERT INTO jan (customer_id, day, amount) VALUES (1, '2026-01-05', 5);
	CREATE DATABASE copy;
});
my $dump = $node->basedir . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('postgres') ], 'dump');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('copy'), $dump ], 'restore');
foreach my $database ('postgres', 'copy')
{
	foreach my $base (@bases)
	{
		is(sql(qq{SELECT relation, state FROM customer_value_internal.partitions('$base') WHERE state <> 'followed' ORDER BY relation::text}, $database), "jan|former\nmay|new",
			"$database, $base: a new partition, a former one")
		  or diag(sql(qq{SELECT * FROM customer_value_internal.partitions('$base')}, $database));
		sql(qq{SELECT customer_value.rebalance('$base', '2026-03-01')}, $database);
	}
	is_right("$database: right when they are settled", $database);
	sql(q{INSERT INTO feb_1 (customer_id, day, amount) SELECT customer_id, day, 1 FROM feb_1 LIMIT 5;
		INSERT INTO may (customer_id, day, amount) VALUES (1, '2026-05-05', 5); UPDATE orders SET amount = amount + 1 WHERE customer_id = 3;
		UPDATE person SET size = 99, note = 'x' WHERE id % 3 = 0}, $database);
	is_right("$database: and when written to", $database);
	sql(q{TRUNCATE orders}, $database);
	is(sql(q{SELECT count(*) FROM shop.customer WHERE value <> '{}'}, $database), '0', "$database: and when truncated");
	sql(qq{SELECT customer_value.drop_base('$_')}, $database) foreach @bases;
	is(sql(q{SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal}, $database), '0', "$database: nothing is left of a dropped base");
}

$node->stop;
done_testing();
