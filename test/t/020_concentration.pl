# Concentration: cut-offs travel in binary and in dumps, damaged ones are refused, and the classes of
# real customers are those that plain SQL finds.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('concentration');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION customer_value;
	CREATE TABLE cutoffs AS
	SELECT abc_cutoffs(v) AS c, 'numeric' AS what FROM unnest('{70.5,20,5,4,-1.25}'::numeric[]) v
	UNION ALL SELECT abc_cutoffs(v, '{0.123456789,0.5,0.9}'), 'float8' FROM unnest('{1e300,0.1,1e-300}'::float8[]) v
	UNION ALL SELECT abc_cutoffs_computed(v), 'computed' FROM generate_series(1::bigint, 100) v
	UNION ALL SELECT abc_cutoffs(v), 'long' FROM unnest('{9e29,1e-41,7,-1e50}'::numeric[]) v;
});

# Binary: out and in again.
my $file = $node->basedir . '/cutoffs.bin';
$node->safe_psql('postgres', "COPY cutoffs TO '$file' (FORMAT binary); CREATE TABLE back (LIKE cutoffs); COPY back FROM '$file' (FORMAT binary)");
is($node->safe_psql('postgres', 'SELECT count(*) FROM cutoffs JOIN back USING (what) WHERE back.c = cutoffs.c AND back.c::text = cutoffs.c::text'),
	'4', 'cut-offs survive the binary format');

# Every byte of a value changed: refused with an error of its kind, or taken as other cut-offs that are valid.
my $bytes = slurp_file($file);
my %seen;
for my $position (19 + 2 + 4 .. length($bytes) - 3)
{
	next if $position > 160 && $position < length($bytes) - 160; # the first, some of the second, and the long one
	my $damaged = $bytes;
	substr($damaged, $position, 1) ^= chr(1 << $position % 8);
	open my $out, '>:raw', "$file.damaged" or die $!;
	print $out $damaged;
	close $out;
	my ($code, $stdout, $stderr) = $node->psql('postgres',
		"\\set VERBOSITY sqlstate\nTRUNCATE back; COPY back FROM '$file.damaged' (FORMAT binary); SELECT count(c::text::abc_cutoffs) FROM back");
	$seen{ $code == 0 ? 'taken' : $stderr =~ /ERROR:\s+(\w+)/ ? $1 : "no answer: $stderr" }++;
}
ok($seen{'22P03'}, 'damaged binary cut-offs are refused');
is(join(' ', grep { !/^(taken|22P03|22P04|22021|08P01|54000|22003)$/ } sort keys %seen), '', 'and never with an error of another kind');

# Dumped and restored.
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $dump ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->safe_psql('restored', slurp_file($dump));
is($node->safe_psql('restored', 'SELECT sum(hashtext(c::text)) FROM cutoffs'),
	$node->safe_psql('postgres', 'SELECT sum(hashtext(c::text)) FROM cutoffs'), 'cut-offs survive dump and restore');

# Classes of real customers, row by row.
my $data = $ENV{CUSTOMER_VALUE_DATA};
SKIP:
{
	skip 'CUSTOMER_VALUE_DATA names no folder with cdnow_master.csv', 4 unless $data && -f "$data/cdnow_master.csv";
	$node->safe_psql('postgres', qq{
		CREATE TABLE cdnow (customer_id text, order_date text, cds int, amount numeric);
		COPY cdnow FROM '$data/cdnow_master.csv' (FORMAT csv, HEADER);
		CREATE TABLE revenue AS SELECT customer_id, sum(amount) AS n, (sum(amount) * 100)::bigint AS b, sum(amount)::float8 AS f
		FROM cdnow GROUP BY customer_id;
		CREATE VIEW by_sql AS
		SELECT customer_id, CASE WHEN n > 0 AND above < 0.80 * total THEN 'A' WHEN n > 0 AND above < 0.95 * total THEN 'B' ELSE 'C' END AS crossing,
			CASE WHEN n > 0 AND above + peers <= 0.80 * total THEN 'A' WHEN n > 0 AND above + peers <= 0.95 * total THEN 'B' ELSE 'C' END AS up_to
		FROM (SELECT customer_id, n, sum(n) OVER (PARTITION BY n) AS peers, sum(n) OVER () AS total,
			coalesce(sum(n) OVER (ORDER BY n DESC GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS above FROM revenue) d;
	});
	is($node->safe_psql('postgres', q{
		SELECT count(*), count(*) FILTER (WHERE s.crossing = a.n), count(*) FILTER (WHERE s.crossing = a.b),
			count(*) FILTER (WHERE s.crossing = a.f), count(*) FILTER (WHERE s.crossing = a.scalar)
		FROM by_sql s JOIN (SELECT customer_id, abc_class(n) OVER () AS n, abc_class(b) OVER () AS b, abc_class(f) OVER () AS f,
			abc_class_of(n, (SELECT abc_cutoffs(n) FROM revenue)) AS scalar FROM revenue) a USING (customer_id)}),
		'23570|23570|23570|23570|23570', 'classes of CDNOW are those of plain SQL, crossing');
	is($node->safe_psql('postgres', q{
		SELECT count(*), count(*) FILTER (WHERE s.up_to = a.n), count(*) FILTER (WHERE s.up_to = a.b), count(*) FILTER (WHERE s.up_to = a.f)
		FROM by_sql s JOIN (SELECT customer_id, abc_class(n, boundary => 'up_to') OVER () AS n, abc_class(b, boundary => 'up_to') OVER () AS b,
			abc_class(f, boundary => 'up_to') OVER () AS f FROM revenue) a USING (customer_id)}),
		'23570|23570|23570|23570', 'classes of CDNOW are those of plain SQL, up to');
	is($node->safe_psql('postgres', q{
		SELECT abs(gini(n) - (2 * sum(i * n) / (count(*) * sum(n)) - (count(*) + 1.0) / count(*))) < 1e-12,
			abs(herfindahl(n) - sum(n * n) / (sum(n) * sum(n))) < 1e-15, abs(pareto_share(n) - sum(n) FILTER (WHERE i > 0.8 * 23570) / sum(n)) < 1e-12
		FROM (SELECT n, row_number() OVER (ORDER BY n) AS i FROM revenue) d}),
		't|t|t', 'measures of CDNOW are those of plain SQL');
	is($node->safe_psql('postgres', q{
		SELECT count(*) FROM (SELECT substr(customer_id, 1, 2) AS part, abc_cutoffs(n) AS c, array_agg(n) AS all_of FROM revenue GROUP BY 1) d,
			unnest(all_of) AS v WHERE abc_class_of(v, c) IS NULL}), '0', 'every customer has a class');
}

$node->stop;
done_testing();
