# The demo with files of strangers: it works, or says in one sentence what is wrong and on which line.
use strict;
use warnings;
use utf8;

use Encode qw(decode encode);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $demo = dirname(__FILE__) . '/../demo';
my $folder = PostgreSQL::Test::Utils::tempdir();
my $out = "$folder/orders.csv";

sub run_reader # (exit was 0, what it says, what it leaves) for a file with this content
{
	my ($content, $settings, $name) = @_;
	my $file = "$folder/" . ($name // 'file.csv');
	open(my $written, '>:raw', $file) or die $!;
	print $written utf8::is_utf8($content) ? encode('UTF-8', $content) : $content;
	close $written;
	unlink $out;
	local %ENV = (%ENV, map({ $_ => '' } qw(CUSTOMER DATE AMOUNT SEPARATOR DECIMAL DATESTYLE)), map { encode('UTF-8', $_) } %{ $settings // {} });
	my ($said, $wrong) = ('', '');
	my $ok = IPC::Run::run([ $^X, "$demo/read_orders", $file, $out ], '>', \$said, '2>', \$wrong);
	return ($ok, decode('UTF-8', $ok ? $said : $wrong), $ok ? decode('UTF-8', slurp_file($out)) : '');
}

sub reads # a file is read as these rows, and this is said
{
	my ($name, $content, $rows, $says, $settings) = @_;
	my ($ok, $said, $left) = run_reader($content, $settings);
	ok($ok, "$name: read") or diag $said;
	is($left, $rows, "$name: the orders");
	like($said, $says, "$name: said") if defined $says;
}

sub refuses # a file is refused with this one sentence
{
	my ($name, $content, $sentence, $settings) = @_;
	my ($ok, $said) = run_reader($content, $settings);
	ok(!$ok, "$name: refused");
	is($said, "file.csv: $sentence\n", "$name: said");
}

my $plain = "customer_id,order_date,amount\nann,2026-01-31,10.50\nbob,2026-02-01,7\n";
my $rows = qq{"ann",2026-01-31,10.50\n"bob",2026-02-01,7\n};

# How a file is written
reads('plain', $plain, $rows, qr/^file.csv: 2 rows, UTF-8, separated by comma\.\nColumns: "customer_id" is the customer, "order_date" the date, "amount" the amount\.\nDates: year first.*\nAmounts: decimal point/);
reads('byte-order mark and CRLF', "\xef\xbb\xbf" . $plain =~ s/\n/\r\n/gr, $rows);
reads('line ends of old Macs, none at the end', $plain =~ s/\n(?!$)/\r/gr =~ s/\n$//r, $rows);
reads('UTF-16, little end first', encode('UTF-16LE', "\x{feff}$plain"), $rows, qr/UTF-16LE/);
reads('UTF-16, big end first', encode('UTF-16BE', "\x{feff}$plain"), $rows, qr/UTF-16BE/);
reads('UTF-16 without a mark', encode('UTF-16LE', $plain), $rows, qr/UTF-16LE/);
reads('latin1', encode('ISO-8859-1', "customer_id,order_date,amount\nMüller,2026-01-31,1\n"), qq{"Müller",2026-01-31,1\n}, qr/Windows-1252 \(line 2 is no UTF-8\)/);
reads('Windows-1252 with the euro sign', encode('cp1252', "customer_id;order_date;amount\nMüller;2026-01-31;5,50 €\n"), qq{"Müller",2026-01-31,5.50\n}, qr/€ is left out/);
reads('tabs', $plain =~ tr/,/\t/r, $rows, qr/separated by tab/);
reads('bars', $plain =~ tr/,/|/r, $rows, qr/separated by bar/);
reads('a separator of one\'s own', $plain =~ tr/,/^/r, $rows, undef, { SEPARATOR => '^' });
reads('semicolons, and commas in names', "Name;Datum;Betrag\n\"Meier, Anna\";2026-01-31;1,5\nMeier, Eva;2026-01-31;2,5\n", qq{"Meier, Anna",2026-01-31,1.5\n"Meier, Eva",2026-01-31,2.5\n},
	qr/separated by semicolon/, { CUSTOMER => 'name' });
reads('quotes, and what goes over lines', qq{"customer_id","order_date","amount","note"\n"O'Neil ""x""",2026-01-31,"1,234.50","two\nlines"\nann,2026-01-31,5.25,\n}, qq{"O'Neil ""x""",2026-01-31,1234.50\n"ann",2026-01-31,5.25\n});
reads('empty lines and a separator too many', "customer_id,order_date,amount\n\nann,2026-01-31,10.50,\n  \nbob,2026-02-01,7,,\n", $rows);

# Columns
reads('columns by other names', "Invoice Date,Customer ID,Total\n2026-01-31,ann,10.50\n2026-02-01,bob,7\n", $rows);
reads('German columns', "Kundennummer;Bestelldatum;Umsatz\nann;31.01.2026;10,50\nbob;01.02.2026;7\n", $rows);
reads('columns as told', "a,b,c\n10.50,ann,2026-01-31\n7,bob,2026-02-01\n", $rows, qr/"b" is the customer/, { CUSTOMER => 'B', DATE => 'c', AMOUNT => 'a' });
reads('twice the same column that does not matter', "x,customer_id,order_date,amount,x\n1,ann,2026-01-31,10.50,1\n1,bob,2026-02-01,7,1\n", $rows);
refuses('twice the same column that does', "amount,customer_id,order_date,amount\n1,ann,2026-01-31,1\n", 'line 1: the header has the column "amount" 2 times; rename all but one.');
refuses('no such column', "customer_id,order_date,x\nann,2026-01-31,1\n", 'line 1: no column looks like the amount among "customer_id", "order_date", "x"; name one with AMOUNT=….');
refuses('a column that is not there', $plain, 'line 1: no column is named "who" among "customer_id", "order_date", "amount"; name one with CUSTOMER=….', { CUSTOMER => 'who' });
refuses('no header', "ann,2026-01-31,1\n", 'line 1: the first line has to be the header, and in it no column looks like the customer among "ann", "2026-01-31", "1"; name one with CUSTOMER=….');
refuses('one column', "customer_id\nann\n", 'line 1: neither comma, semicolon, tab nor bar separates columns in "customer_id"; give SEPARATOR=….');
refuses('a separator that is none', $plain, 'line 1: the header has no separator ";".', { SEPARATOR => ';' });

# Files without orders, and no files of orders
refuses('empty', '', 'the file is empty.');
refuses('nothing but a mark', "\xef\xbb\xbf", 'the file is empty.');
refuses('header only', "customer_id,order_date,amount\n", 'the file has a header, but no orders.');
refuses('no whole row', "customer_id,order_date,amount\nann,,5\n,2026-01-31,1\n", 'no row has customer, date and amount.');
refuses('a workbook', "PK\x03\x04" . "\0" x 50, 'is an Excel or other zipped file: save it as CSV.');
refuses('compressed', "\x1f\x8b\x08\0abc", 'is compressed: uncompress it.');
refuses('a web page', "<!DOCTYPE html><html>\n", 'is a web page or XML, not CSV.');
refuses('ragged', "customer_id,order_date,amount\nann,2026-01-31,1\nbob,2026-01-31\n", 'line 3 has 2 fields where the header has 3.');
refuses('decimal commas between commas', "customer_id,order_date,amount\nann,2026-01-31,1,50\n", 'line 2 has 4 fields where the header has 3.');
refuses('a quote that stays open', "customer_id,order_date,amount\nann,2026-01-31,1\n\"bob,2026-01-31,1\n", 'line 3: the quote that opens here is not closed.');
refuses('a quote inside a field', "customer_id,order_date,amount\nann,2026-01-31,1\nbob \"x\",2026-01-31,1\n", 'line 3: a quote stands inside a field.');
refuses('lines are those of the file', "customer_id,order_date,amount\n\n\"an\n\nn\",2026-01-31,1\nbob,soon,1\n", 'line 6: "soon" is no date.');

# Dates
sub dates { return "customer_id,order_date,amount\n" . join '', map { "ann,\"$_\",1\n" } @_ }
sub days { return join '', map { qq{"ann",$_,1\n} } @_ }
reads('ISO with time and zone', dates('2026-01-31T08:15:30.5Z', '2026-01-31 08:15+02:00', '2026/01/31 08:15', '20260131'), days('2026-01-31 08:15:30.5Z', '2026-01-31 08:15:00+02:00', '2026-01-31 08:15:00', '2026-01-31'));
reads('German dates, one of which decides', dates('05.02.2026', '13.02.2026 7:05'), days('2026-02-05', '2026-02-13 07:05:00'), qr/day first, such as "13.02.2026 7:05" on line 3/);
reads('American dates', dates('02/05/2026', '2/13/26 12:05 AM', '2/13/2026 1:05 PM'), days('2026-02-05', '2026-02-13 00:05:00', '2026-02-13 13:05:00'), qr/month first, such as .* on line 3; years of two digits are 1970 to 2069/);
reads('months by name', dates('31 Jan 2026', 'January 31, 2026', '31-Dez-2025', '1. März 2026'), days('2026-01-31', '2026-01-31', '2025-12-31', '2026-03-01'), qr/months by name/);
refuses('German dates that nothing decides', dates('01.01.2026', '05.02.2026'), 'line 3: "05.02.2026" may be day first or month first, and no date in the file decides it; say DATESTYLE=dmy or DATESTYLE=mdy.');
reads('the same day first', dates('01.01.2026', '05.02.2026'), days('2026-01-01', '2026-02-05'), qr/day first, such as "05.02.2026"/, { DATESTYLE => 'dmy' });
reads('the same month first', dates('01.01.2026', '05.02.2026'), days('2026-01-01', '2026-05-02'), qr/month first/, { DATESTYLE => 'ISO, MDY' });
reads('dates that are the same either way', dates('01.01.2026'), days('2026-01-01'));
refuses('both orders', dates('13.02.2026', '02.13.2026'), 'line 2 has "13.02.2026", line 3 "02.13.2026": days and months change places; make them alike.');
refuses('not as told', dates('02.13.2026'), 'line 2: "02.13.2026" is no date, read day first.', { DATESTYLE => 'dmy' });
refuses('no such day', dates('2026-02-28', '2026-02-29'), 'line 3: "2026-02-29" is no date.');
refuses('no such style', $plain, 'DATESTYLE must be dmy or mdy, not "ydm".', { DATESTYLE => 'ydm' });
reads('empty dates', "customer_id,order_date,amount\nann,2026-01-31,1\nbob,,2\ncid,NULL,3\n,2026-01-31,4\n", qq{"ann",2026-01-31,1\n"bob",,2\n"cid",,3\n,2026-01-31,4\n},
	qr/Left out: 1 row without customer, the first on line 5\.\nLeft out: 2 rows without date, the first on line 3\./);

# Amounts
sub amounts { return "customer_id;order_date;amount\n" . join '', map { "ann;2026-01-31;$_\n" } @_ }
sub figures { return join '', map { qq{"ann",2026-01-31,$_\n} } @_ }
reads('decimal commas', amounts('1.234,50', '-7,5', '12', '1.000'), figures('1234.50', '-7.5', '12', '1000'), qr/decimal comma, such as "1.234,50" on line 2/);
reads('thousands', "customer_id,order_date,amount\nann,2026-01-31,\"23,030.00\"\n", figures('23030.00'), qr/decimal point, such as "23,030.00"/);
reads('dollars', amounts('$1,234.50', '-$5', '($5.25)', 'USD 7', '7.00-', '$ 1'), figures('1234.50', '-5', '-5.25', '7', '-7.00', '1'), qr/\$ is left out/);
reads('euros and francs', amounts('1 234,50 €', 'EUR 5', "CHF 1'000,10", '12,-'), figures('1234.50', '5', '1000.10', '12'));
reads('as programs write them', amounts('1e+05', '2.5E-3', '.5', '5.', '+3', '23.029999999999998'), figures('1e+05', '2.5E-3', '0.5', '5', '+3', '23.029999999999998'), qr/2 rounded to 9 decimals/);
refuses('a thousand or a decimal', amounts('5', '23.030'), 'line 3: "23.030" may be a thousand or a decimal, and no amount in the file decides it; say DECIMAL=. or DECIMAL=,.');
reads('the same with a decimal comma', amounts('5', '23.030'), figures('5', '23030'), qr/decimal comma/, { DECIMAL => ',' });
reads('the same with a decimal point', amounts('5', '23.030'), figures('5', '23.030'), qr/decimal point/, { DECIMAL => '.' });
refuses('both marks', amounts('1.5', '1,5'), 'line 2 has "1.5", line 3 "1,5": either the point or the comma is the decimal mark; make them alike.');
refuses('not as told, either', amounts('1.5'), 'line 2: "1.5" is no amount where the comma is the decimal mark.', { DECIMAL => ',' });
refuses('no amount', amounts('5', 'free'), 'line 3: "free" is no amount.');
refuses('too large', amounts('1e30'), 'line 2: the amount "1e30" is too large.');
refuses('no such mark', $plain, 'DECIMAL must be . or , not ";".', { DECIMAL => ';' });

# The whole demo, on what was read.
my $node = PostgreSQL::Test::Cluster->new('demo');
$node->init;
$node->start;

sub shows # the demo works on a file, and its page adds up to what the file does
{
	my ($name, $content, $customers, $total) = @_;
	my ($ok, $said) = run_reader($content, {}, $name);
	ok($ok, "$name: read") or diag $said;
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS demo');
	local %ENV = ($node->_get_env(), WORK => $folder, CURRENCY => 'EUR');
	my ($out, $err) = run_command([ 'bash', "$demo/demo" ]);
	like($out, qr/^0\..*check_source.*^7\..*differences *\n-+\n *0\n.*^9\. /ms, "$name: the demo runs to its end") or diag $err;
	unlike($err, qr/ERROR/, "$name: nothing fails");
	my $page = slurp_file("$folder/report.html");
	my @tiles = $page =~ /<li><b><data value="([^"]*)">/g;
	is("@tiles[0, 1]", "$customers $total", "$name: the page shows the file's customers and total");
}
my $many = join '', map { "c$_,2026-01-" . sprintf('%02d', 1 + $_ % 28) . ',' . $_ . ".25\nc$_,2026-03-0" . (1 + $_ % 9) . ",1\n" } 1 .. 200;
shows("O'Neil's orders.csv", "customer_id,order_date,amount\nO'Neil \\ & Sons,2026-01-31,70000.55\n$many", 201, '90350.55');
shows('one customer.csv', "customer_id,order_date,amount\nann,2026-01-31,10.50\n", 1, '10.5');
shows('three customers.csv', "customer_id;order_date;amount\nann;31.01.2026;10,50\nbob;01.02.2026;7\ncid;05.02.2026;7\n;05.02.2026;9\n", 3, '24.5');
shows('refunds.csv', "customer_id,order_date,amount\nann,2026-01-31,-10.50\nbob,2026-02-01,-7\n", 2, '-17.5');

$node->stop;
done_testing();
