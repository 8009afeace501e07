# Rule sets on the wire, hostile ones among them, and through a dump; RFM of real orders against plain SQL.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('segment');
$node->init;
$node->start;
my $rules = '{"grey": 5, "must": [{"when": {"vip": {"is": true}}, "segment": "gold"}], "criteria": [{"fact": "x", "points": [[0, 0], [9, 90]], "weight": 2}, '
	. '{"else": 1, "fact": "y", "points": {"a": 5}, "weight": 1}], "segments": [{"from": 60, "name": "gold"}, {"name": "Zürich"}]}';
$node->safe_psql('postgres', qq{
	CREATE EXTENSION customer_value;
	CREATE TABLE rule (rules segment_rules);
	CREATE TABLE wire (rules segment_rules);
	INSERT INTO rule VALUES ('$rules'), ('{"segments": [{"name": "all"}]}'), (NULL);
});
my $dir = PostgreSQL::Test::Utils::tempdir;

# Binary out and in is the identity.
$node->safe_psql('postgres', "COPY rule TO '$dir/rule' (FORMAT binary); COPY wire FROM '$dir/rule' (FORMAT binary)");
is($node->safe_psql('postgres', "SELECT count(*), count(*) FILTER (WHERE segment_of('{\"vip\": true}'::jsonb, w.rules) = 'gold') "
		. 'FROM rule r JOIN wire w ON r.rules IS NOT DISTINCT FROM w.rules'),
	'3|1', 'binary out and in is the identity');

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

foreach my $case (
	[ 'nothing', '' => '08P01' ],
	[ 'a version alone', "\1" => '22P02' ],
	[ 'another version', "\2$rules" => '22P03' ],
	[ 'a truncated document', "\1" . substr($rules, 0, -1) => '22P02' ],
	[ 'more than a document', "\1$rules}" => '22P02' ],
	[ 'broken text', "\1{\"segments\": [{\"name\": \"\xFF\"}]}" => '22021' ],
	[ 'a document that is no rule set', "\1{}" => '22023' ])
{
	my ($what, $value, $state) = @$case;
	is_deeply([ sqlstates(copy_file('bad', $value)) ], [$state], "refused: $what");
}

# What is damaged anywhere is refused with an SQLSTATE of its kind, or is a rule set.
srand(11);
my $script = '';
for my $i (1 .. 400)
{
	my $value = "\1$rules";
	substr($value, int(rand(length $value)), 1) = chr(int(rand(256))) for (0 .. rand(3));
	$script .= copy_file("noise$i", $value);
}
my %states = map { $_ => 1 } sqlstates($script);
is_deeply([ grep { !/^(22P02|22P03|22P05|22021|22023)$/ } sort keys %states ], [], 'noise is refused with an SQLSTATE of its kind');
is($node->safe_psql('postgres', 'SELECT count(*) FROM wire WHERE rules::text::segment_rules IS DISTINCT FROM rules'), '0',
	'noise that is not refused is a rule set');

# Rule sets are dumped and restored.
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_dump', '-f', "$dir/dump.sql", '-t', 'rule', '-e', 'customer_value', $node->connstr('postgres') ], 'rule sets are dumped');
$node->command_ok([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/dump.sql", $node->connstr('restored') ], 'and restored');
is($node->safe_psql('restored', 'TABLE rule'), $node->safe_psql('postgres', 'TABLE rule'), 'as they were');

SKIP:
{
	my $orders = ($ENV{CUSTOMER_VALUE_DATA} // '') . '/cdnow_master.csv';
	skip 'real orders are not there (CUSTOMER_VALUE_DATA)', 1 unless -f $orders;

	# a score is 1 + the number of quantiles below, here in numeric, from the two values around each
	is($node->safe_psql('postgres', qq{
		CREATE TABLE purchase (customer int, day date, units int, amount numeric);
		COPY purchase FROM '$orders' (FORMAT csv, HEADER);
		CREATE TABLE figure AS SELECT customer, 'r' AS what, (max(day) - date '1998-06-30')::numeric AS v FROM purchase GROUP BY 1
			UNION ALL SELECT customer, 'f', count(*) FROM purchase GROUP BY 1 UNION ALL SELECT customer, 'm', sum(amount) FROM purchase GROUP BY 1;
		CREATE TABLE cut AS SELECT what, array_agg(((5 - n * i % 5) * x[n * i / 5 + 1] + (n * i % 5) * x[n * i / 5 + 2]) / 5 ORDER BY i) AS at
			FROM (SELECT what, array_agg(v ORDER BY v) AS x, count(*) - 1 AS n FROM figure GROUP BY 1) sorted, generate_series(1, 4) i GROUP BY 1;
		SELECT count(*), count(*) FILTER (WHERE score <> 1 + (at[1] < v)::int + (at[2] < v)::int + (at[3] < v)::int + (at[4] < v)::int)
		FROM (SELECT *, rfm_score(v) OVER (PARTITION BY what) AS score FROM figure) scored JOIN cut USING (what)
	}), '70710|0', 'CDNOW: scores are those of plain SQL');
}

$node->stop;
done_testing();
