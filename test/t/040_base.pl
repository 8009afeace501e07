# A live customer base through restarts, dumps and restores, and under writers who would like to have its
# owner's rights. Under many writers at once: 041_base_stress and 042_base_recovery.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('base');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 10');
$node->start;

my $superuser = getpwuid $<; # of a test's own cluster: whoever made it
sub sql
{
	my ($statements, $user, $database) = @_;
	return $node->safe_psql($database // 'trade', $statements, extra_params => [ '-U', $user // 'owner' ]);
}

sub fails_like
{
	my ($statements, $user, $message, $name) = @_;
	my ($code, $out, $err) = $node->psql('trade', $statements, extra_params => [ '-U', $user ]);
	like($err, $message, $name);
}

# Differences of a base, by its own account and by plain SQL over the orders; and of one whose source is
# queued, ledgers and queue together.
my $differences = q{
	SELECT * FROM customer_value.verify('shop');
	SELECT coalesce(c.customer_id, o.customer_id), c.n, c.amount, o.n, o.amount
	FROM (SELECT customer_id, orders(value) AS n, amount(value) AS amount, basis FROM shop.customer) c
	FULL JOIN (SELECT customer_id::bigint, count(*) FILTER (WHERE amount >= 0) AS n, sum(amount) AS amount
		FROM orders WHERE amount IS NOT NULL AND day IS NOT NULL AND customer_id IS NOT NULL GROUP BY 1) o USING (customer_id)
	WHERE (c.n, c.amount, c.basis) IS DISTINCT FROM (coalesce(o.n, 0), coalesce(o.amount, 0), coalesce(o.amount, 0));
	SELECT * FROM customer_value.verify('quick');
	SELECT coalesce(c.customer_id, o.customer_id), c.n, c.amount, o.n, o.amount
	FROM (SELECT customer_id, orders(sum(value)) AS n, amount(sum(value)) AS amount
		FROM (SELECT customer_id, value FROM quick.customer UNION ALL SELECT customer_id, value FROM quick.queue) l GROUP BY 1) c
	FULL JOIN (SELECT customer_id::bigint, count(*) FILTER (WHERE amount >= 0) AS n, sum(amount) AS amount
		FROM orders WHERE amount IS NOT NULL AND day IS NOT NULL AND customer_id IS NOT NULL GROUP BY 1) o USING (customer_id)
	WHERE (c.n, c.amount) IS DISTINCT FROM (coalesce(o.n, 0), coalesce(o.amount, 0));
};
sub is_right
{
	my ($name, $database) = @_;
	is(sql($differences, $superuser, $database), '', $name);
}

$node->safe_psql('postgres', q{CREATE ROLE owner LOGIN; CREATE ROLE writer LOGIN; CREATE DATABASE trade OWNER owner});
sql(q{
	CREATE EXTENSION customer_value;
	CREATE TABLE orders (id serial PRIMARY KEY, customer_id int, day date, amount numeric(12,2), note text);
	INSERT INTO orders (customer_id, day, amount)
	SELECT i % 100, date '2026-01-01' + i % 60, (i % 100) * (i % 7) FROM generate_series(1, 2000) i;
	SELECT customer_value.create_base('shop');
	SELECT customer_value.track_orders('shop', 'orders', 'customer_id', 'day', 'amount', filter => $$note IS DISTINCT FROM 'void\'$$);
	SELECT customer_value.rebalance('shop', '2026-03-01');
	SELECT customer_value.create_base('quick');
	SELECT customer_value.track_orders('quick', 'orders', 'customer_id', 'day', 'amount', mode => 'queued');
	SELECT customer_value.rebalance('quick', '2026-03-01');
	GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON orders TO writer;
	GRANT USAGE ON SEQUENCE orders_id_seq TO writer;
});
sql('CREATE SCHEMA hostile AUTHORIZATION writer', $superuser);
is_right('a new base is right');

# Rights. Whatever the writer puts in the way of names, it is not called.
fails_like("SELECT * FROM shop.$_", 'writer', qr/permission denied for schema shop/, "a writer cannot read $_") foreach qw(customer change source);
fails_like('SELECT * FROM quick.queue', 'writer', qr/permission denied for schema quick/, 'a writer cannot read the queue');
sql(q{
	CREATE FUNCTION hostile.trap() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
	CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT hostile.trap(); SELECT pg_catalog.now()$$;
}, 'writer');
foreach my $type (qw(bigint numeric text date float8 boolean name oid))
{
	foreach my $operator ('=', '<>', '||', '+', '<')
	{
		my $name = "trap_$type" . join('', map { ord } split //, $operator);
		sql(qq{CREATE FUNCTION hostile.$name($type, $type) RETURNS boolean LANGUAGE sql AS 'SELECT hostile.trap()';
			CREATE OPERATOR hostile.$operator (LEFTARG = $type, RIGHTARG = $type, FUNCTION = hostile.$name)}, 'writer');
	}
}
my $hostile = q{
	SET search_path = hostile, pg_catalog, public;
	SET standard_conforming_strings = off;
	SET customer_value.reason = 'mine';
	SET row_security = off;
	CREATE TEMP TABLE new_orders (customer_id int, value int);
	CREATE TEMP TABLE customer (customer_id int, value int);
	CREATE TEMP TABLE cutoffs (basis text);
};
fails_like($hostile . 'SELECT 1::bigint = 1::bigint', 'writer', qr/trapped as writer/, 'the traps are set');
sql($hostile . q{
	INSERT INTO public.orders (customer_id, day, amount, note) VALUES (1, '2026-03-01', 100000, ''), (500, '2026-03-01', 1, 'void\\\\');
	UPDATE public.orders SET amount = amount OPERATOR(pg_catalog.+) 1 WHERE id OPERATOR(pg_catalog.=) 7;
	DELETE FROM public.orders WHERE id OPERATOR(pg_catalog.=) 8;
	SELECT current_user;
}, 'writer');
is(sql(q{SELECT * FROM customer_value.verify('shop')}), '', 'a hostile writer writes orders and nothing else');
is(sql(q{SELECT count(*) FROM shop.customer WHERE customer_id = 500}), '0', 'the filter means what it meant');
is(sql(q{SELECT DISTINCT reason FROM shop.change WHERE customer_id = 1 AND new_value = 'A'}), 'order', 'the reason is ours');
sql(q{ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY; ALTER TABLE shop.customer FORCE ROW LEVEL SECURITY});
sql(q{INSERT INTO orders (customer_id, day, amount) VALUES (1, '2026-03-01', 1), (501, '2026-03-01', 1)}, 'writer');
is(sql(q{SELECT * FROM customer_value.verify('shop')}), '', 'row security hides nothing from verify');
is(sql(q{SELECT count(*) FROM shop.customer}), '0', 'though it hides all from the owner');
sql(q{ALTER TABLE shop.customer NO FORCE ROW LEVEL SECURITY; ALTER TABLE shop.customer DISABLE ROW LEVEL SECURITY});
sql(q{DELETE FROM orders WHERE note LIKE 'void%'; TRUNCATE orders}, 'writer');
is_right('a writer without rights truncates');
sql(q{INSERT INTO orders (customer_id, day, amount)
	SELECT i % 1000, date '2026-01-01' + i % 60, (i % 100) * (i % 7) FROM generate_series(1, 20000) i}, 'writer');
sql(q{SELECT customer_value.rebalance('shop', '2026-03-01')});

# Prepared transactions, a restart and a crash.
sql(q{BEGIN; INSERT INTO orders (customer_id, day, amount) VALUES (7, '2026-03-01', 77777), (1007, '2026-03-01', 7); PREPARE TRANSACTION 'pending'}, 'writer');
$node->restart;
is_right('right after a restart');
sql(q{COMMIT PREPARED 'pending'}, 'writer');
is_right('right with a prepared transaction');
sql(q{INSERT INTO orders (customer_id, day, amount) SELECT i % 1200, '2026-03-01', i FROM generate_series(1, 3000) i}, 'writer');
$node->stop('immediate');
$node->start;
is_right('right after a crash');

# Dump and restore, in one stream and in parallel, also of a base that goes by a model, whose customers
# were merged, forgotten and set by hand.
sql(q{
	SELECT customer_value.create_base('crm', basis => 'clv',
		rules => '{"segments": [{"name": "vip", "from": 60}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [1000000, 100]]}]}',
		model => '{"model": "mbg/nbd", "params": {"r": 0.8, "alpha": 9, "a": 0.8, "b": 2.5}, "spend": {"p": 6, "q": 4, "v": 15}}');
	SELECT customer_value.track_orders('crm', 'orders', 'customer_id', 'day', 'amount');
	SELECT customer_value.rebalance('crm', '2026-03-01');
	SELECT customer_value.merge_customers('crm', 1, 2);
	SELECT customer_value.forget('crm', 3, 'on request');
	SELECT customer_value.override('crm', 4, 'vip', 'a friend', date '2200-01-01');
});
my $kept = q{
	SELECT * FROM customer_value.verify('crm');
	SELECT customer_id, override, segment FROM crm.customer WHERE customer_id < 5 ORDER BY 1;
	SELECT merged_into FROM crm.merged; SELECT reason FROM crm.forgotten; SELECT reason, ended_at FROM crm.override;
};
my $kept_answer = "0||standard\n1||standard\n4|vip|vip\n1\non request\na friend|";
is(sql($kept), $kept_answer, 'merged, forgotten and set by hand');
sql(q{INSERT INTO orders (customer_id, day, amount) SELECT i, '2026-03-01', i FROM generate_series(1, 50) i; SELECT customer_value.rebalance('shop', '2026-03-01')});
my $dump = $node->basedir . '/dump';
$node->command_ok([ 'pg_dump', '-Fd', '-f', $dump, '-d', $node->connstr('trade') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE serial; CREATE DATABASE parallel');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('serial'), $dump ], 'restore');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-j', '3', '-d', $node->connstr('parallel'), $dump ], 'restore in parallel');
my $content = q{SELECT md5(string_agg(c::text, ',' ORDER BY customer_id)) FROM shop.customer c};
foreach my $database ('serial', 'parallel')
{
	is(sql($content, 'owner', $database), sql($content), "$database: the same customers");
	is(sql('SELECT count(*) > 0 FROM quick.queue', 'owner', $database), 't', "$database: what is queued was dumped");
	is_right("$database: right when restored", $database);
	sql(q{INSERT INTO orders (customer_id, day, amount) VALUES (1, '2026-03-01', 5), (7777, '2026-03-01', 5);
		UPDATE orders SET amount = amount + 1 WHERE customer_id = 3}, 'writer', $database);
	is_right("$database: and when written to", $database);
	sql(q{SELECT customer_value.rebalance('shop', '2026-03-01')}, 'owner', $database);
	is_right("$database: and when rebalanced", $database);
	sql(q{INSERT INTO orders (customer_id, day, amount) VALUES (2, '2026-03-01', 5), (3, '2026-03-01', 5);
		SELECT customer_value.rebalance('crm', '2026-03-01')}, 'owner', $database);
	is(sql($kept, 'owner', $database), $kept_answer, "$database: merged, forgotten and set by hand as before");
	is(sql(q{TRUNCATE orders; SELECT count(*) FROM shop.customer WHERE value <> '{}'}, 'owner', $database), '0', "$database: and when truncated");
	sql(q{SELECT customer_value.drop_base(b) FROM unnest('{shop,quick,crm}'::name[]) b}, 'owner', $database);
	is(sql(q{SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal}, 'owner', $database), '0', "$database: nothing is left of a dropped base");
}

$node->stop;
done_testing();
