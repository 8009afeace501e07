# Ledgers on the wire, hostile ones among them, and ledgers of real orders against plain SQL.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('value');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION customer_value;
	CREATE TABLE ledger (cv customer_value);
	CREATE TABLE wire (cv customer_value);
	INSERT INTO ledger VALUES ('{}'), ('{2026-01-01 1 59.90}'), ('{4714-11-24 BC 1 1,5874897-12-31 0 -1}'),
		('{2026-01-01 2 59.90 40,2026-02-03 1 20 12.5,2026-02-04 0 -5 0 7,2026-05-01 -3 123456789012345678901.123456789}');
});
my $dir = PostgreSQL::Test::Utils::tempdir;

# Binary out and in is the identity.
$node->safe_psql('postgres', "COPY ledger TO '$dir/ledger' (FORMAT binary); COPY wire FROM '$dir/ledger' (FORMAT binary)");
is($node->safe_psql('postgres', '(TABLE ledger EXCEPT ALL TABLE wire) UNION ALL (TABLE wire EXCEPT ALL TABLE ledger)'),
	'', 'binary out and in is the identity');

# Anything else is refused with an SQLSTATE of its kind, or is a ledger that text can carry, too.
sub copy_file
{
	my ($name, $value) = @_;
	open my $file, '>:raw', "$dir/$name" or die;
	print $file "PGCOPY\n\377\r\n\0", pack('N N n N', 0, 0, 1, length $value), $value, pack('n', 0xFFFF);
	close $file;
	return "COPY wire FROM '$dir/$name' (FORMAT binary);\n";
}

sub sqlstates
{
	my ($script) = @_;
	my (undef, undef, $messages) = $node->psql('postgres', "\\set VERBOSITY sqlstate\n$script", on_error_stop => 0);
	return $messages =~ /ERROR:\s+(\w{5})/g;
}

my ($full) = map { pack 'H*', $_ } $node->safe_psql('postgres',
	q{SELECT encode(customer_value_send(cv), 'hex') FROM ledger ORDER BY pg_column_size(cv) DESC LIMIT 1});
my @refused = (
	[ 'nothing', '' => '08P01' ],
	[ 'a version alone', "\1" => '22P03' ],
	[ 'another wire version', "\2" . substr($full, 1) => '22P03' ],
	[ 'another version', "\1\x40" => '22P03' ],
	[ 'a scale of 10', "\1\x2A\0\2" => '22P03' ],
	[ 'a scale for nothing', "\1\x22\0\x14" => '22P03' ],
	[ 'a costs flag for nothing', "\1\x30\0\3\x18" => '22P03' ],
	[ 'a day without figures', "\1\x20\1\1\0" => '22P03' ],
	[ 'a regular day written as irregular', "\1\x20\1\3\x18" => '22P03' ],
	[ 'a negative zero', "\1\x20\1\1\x02" => '22P03' ],
	[ 'an overlong number', "\1\x20\x80\0\2" => '22P03' ],
	[ 'a number without end', "\1\x20" . "\xFF" x 100 => '22P03' ],
	[ 'a day beyond all days', "\1\x20\xFE\xFF\xFF\xFF\x7F\2" => '22P03' ],
	[ 'a truncated ledger', substr($full, 0, -1) => '22P03' ],
	[ 'an extended ledger', "$full\0" => '22P03' ],
	[ 'an amount beyond 30 digits', "\1\x20\0\xFE" . "\xFF" x 13 . "\x7F" => '22003' ]);
foreach my $case (@refused)
{
	my ($what, $value, $state) = @$case;
	is_deeply([ sqlstates(copy_file('bad', $value)) ], [$state], "refused: $what");
}

srand(7);
my $script = '';
for my $i (1 .. 400)
{
	my $value = $full;
	substr($value, int(rand(length $value)), 1) = chr(int(rand(256))) for (0 .. rand(3));
	$value = substr($value, 0, int(rand(length $value))) if $i % 4 == 0;
	$value = $value . substr($full, int(rand(length $full))) if $i % 7 == 0;
	$script .= copy_file("noise$i", $value);
}
my %states = map { $_ => 1 } sqlstates($script);
is_deeply([ grep { !/^(22P03|22003|08P01)$/ } sort keys %states ], [], 'noise is refused with an SQLSTATE of its kind');
is($node->safe_psql('postgres', 'SELECT count(*) FROM wire WHERE cv::text::customer_value IS DISTINCT FROM cv'),
	'0', 'noise that is not refused is a ledger');

# Dump and restore.
my $before = $node->safe_psql('postgres', q{SELECT md5(string_agg(cv::text, ',' ORDER BY cv::text)) FROM wire});
command_ok([ 'pg_dump', '-f', "$dir/dump.sql", $node->connstr('postgres') ], 'ledgers are dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/dump.sql", $node->connstr('restored') ], 'and restored');
is($node->safe_psql('restored', q{SELECT md5(string_agg(cv::text, ',' ORDER BY cv::text)) FROM wire}), $before, 'as they were');

# Ten thousand years of orders: refused where jsonb cannot hold them, and cancelled at once.
$node->safe_psql('postgres', q{CREATE TABLE long AS SELECT customer_value(date '2000-01-01' + i, i % 10) AS cv FROM generate_series(1, 3800000) i});
my ($code, $out, $err) = $node->psql('postgres', 'SELECT cv::jsonb FROM long');
like($err, qr/too many days for jsonb.*It has 3800000 days/s, 'a ledger too large for jsonb is refused');
my $started = time;
$node->safe_psql('postgres', 'SELECT orders(cv + cv) FROM long');
my $whole = time - $started;
$started = time;
($code, $out, $err) = $node->psql('postgres', q{SET statement_timeout = '50ms'; SELECT orders(cv + cv) FROM long});
like($err, qr/canceling statement due to statement timeout/, 'a long sum is cancelled');
cmp_ok(time - $started, '<', $whole / 2, 'at once');
$node->safe_psql('postgres', 'DROP TABLE long');

# Real orders.
my $data = $ENV{CUSTOMER_VALUE_DATA};
SKIP:
{
	skip 'CUSTOMER_VALUE_DATA names no folder with cdnow_master.csv and retail_orders.csv', 4
	  unless $data && -r "$data/cdnow_master.csv" && -r "$data/retail_orders.csv";
	$node->safe_psql('postgres', qq{
		CREATE TABLE cdnow (customer int, day date, cds int, amount numeric);
		CREATE TABLE retail (customer int, invoice text, at timestamp, amount numeric, lines int, cancelled bool, country text);
		\\copy cdnow FROM '$data/cdnow_master.csv' (FORMAT csv, HEADER)
		\\copy retail FROM '$data/retail_orders.csv' (FORMAT csv, HEADER)
		CREATE TABLE cdnow_ledger AS SELECT customer, customer_value(day, amount) AS cv FROM cdnow GROUP BY customer;
		CREATE TABLE retail_ledger AS SELECT customer, customer_value(at, amount) AS cv FROM retail GROUP BY customer;
	});
	is($node->safe_psql('postgres', q{
		SELECT count(*), count(*) FILTER (WHERE (orders(cv), order_days(cv), amount(cv), first_order(cv), last_order(cv), orders(cv, '1997-03-01', '1997-06-01'))
			IS DISTINCT FROM (o, d, a, f, l, s))
		FROM cdnow_ledger FULL JOIN (SELECT customer, count(*) AS o, count(DISTINCT day) AS d, sum(amount) AS a, min(day) AS f, max(day) AS l,
			count(*) FILTER (WHERE day >= '1997-03-01' AND day < '1997-06-01') AS s FROM cdnow GROUP BY customer) q USING (customer)}),
		'23570|0', 'CDNOW: ledgers say what SQL says');
	is($node->safe_psql('postgres', q{
		SELECT count(*) > 1000, count(*) FILTER (WHERE (orders(cv), order_days(cv), amount(cv), first_order(cv), last_order(cv), amount(cv, '2011-03-01', '2011-06-01'))
			IS DISTINCT FROM (o, d, a, f, l, s))
		FROM retail_ledger FULL JOIN (SELECT customer, count(*) FILTER (WHERE amount >= 0) AS o, count(DISTINCT at::date) FILTER (WHERE amount >= 0) AS d, sum(amount) AS a,
			min(at::date) FILTER (WHERE amount >= 0) AS f, max(at::date) FILTER (WHERE amount >= 0) AS l,
			coalesce(sum(amount) FILTER (WHERE at >= '2011-03-01' AND at < '2011-06-01'), 0) AS s FROM retail GROUP BY customer) q USING (customer)}),
		't|0', 'retail orders with cancellations: ledgers say what SQL says');
	is($node->safe_psql('postgres', q{
		SELECT (SELECT sum(cv) FROM retail_ledger) = (SELECT customer_value(at, amount) FROM retail),
			(SELECT sum(cv) FROM cdnow_ledger) - (SELECT customer_value(day, amount) FROM cdnow WHERE customer % 2 = 0)
				= (SELECT customer_value(day, amount) FROM cdnow WHERE customer % 2 = 1)}),
		't|t', 'ledgers of parts make up the ledger of the whole');
	is($node->safe_psql('postgres', q{
		SELECT count(*), count(*) FILTER (WHERE (frequency, recency, age) IS DISTINCT FROM (f, r, a) OR abs(mean_spend - m) > 1e-9 OR (mean_spend IS NULL) <> (m IS NULL))
		FROM (SELECT customer, (btyd(cv, '1997-09-30')).* FROM cdnow_ledger) l FULL JOIN (
			SELECT customer, count(*) - 1 AS f, (max(day) - min(day)) / 7.0::float8 AS r, (date '1997-09-30' - min(day)) / 7.0::float8 AS a,
				avg(spent) FILTER (WHERE day > first) AS m
			FROM (SELECT customer, day, sum(amount) AS spent, min(day) OVER (PARTITION BY customer) AS first
				FROM cdnow WHERE day <= '1997-09-30' GROUP BY customer, day) d GROUP BY customer) q USING (customer)}),
		'23570|0', 'CDNOW: the buy-till-you-die summaries are those of SQL');
}

$node->stop;
done_testing();
