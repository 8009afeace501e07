# The page that report writes, looked at in Chromium: nothing runs off a telephone's screen, nothing is too
# small or too pale to read, and every figure is that of SQL.
use strict;
use warnings;

use Encode qw(decode);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($chromium) = grep { -x } map { ("$_/chromium", "$_/chromium-browser", "$_/google-chrome") } split /:/, $ENV{PATH};
plan skip_all => 'Chromium is not installed' if !$chromium;

my $node = PostgreSQL::Test::Cluster->new('report');
$node->init;
$node->start;

my $rules = q('{"segments": [{"name": "individual", "from": 60}, {"name": "standard"}], "criteria": [{"fact": "amount", "weight": 1, "points": [[0, 0], [4000, 100]]}]}');
$node->safe_psql('postgres', qq{
	SET client_min_messages = error;
	CREATE EXTENSION customer_value;
	-- 300 customers over a year, names that try what names can do, costs, and one whose orders move it up
	SELECT setseed(0.5);
	CREATE TABLE sale AS
	SELECT CASE c WHEN 300 THEN repeat('Wolfeschlegelsteinhausenbergerdorff', 5) WHEN 299 THEN '<script>alert(1)</script>' WHEN 298 THEN U&'\\202Eright to left' ELSE 'customer ' || c END AS client,
		date '2025-01-01' + (340 * (c % 17) / 17.0)::int + (k * (3 + c % 40)) AS day, round((c * (0.5 + random()))::numeric, 2) AS amount, round((c * 0.3)::numeric, 2) AS cost
	FROM generate_series(1, 300) c, generate_series(0, c % 7) k WHERE k * (3 + c % 40) < 300 AND k < 2 + c % 30;
	DELETE FROM sale WHERE day > '2025-12-31';
	SELECT customer_value.create_base('shop', key => 'text', rules => $rules);
	SELECT customer_value.track_orders('shop', 'sale', customer => 'client', at => 'day', amount => 'amount', cost => 'cost');
	SELECT customer_value.rebalance('shop', '2025-12-31');
	INSERT INTO sale VALUES ('customer 1', '2025-12-31', 5000, 1), ('new one', '2025-12-31', 10, 1);
	UPDATE shop.settings SET at_risk_to = 0.97;
	SELECT customer_value.refresh_outlook('shop', model => '{"model": "mbg/nbd", "params": {"r": 0.7, "alpha": 10, "a": 0.5, "b": 0.86}, "loglik": -1, "customers": 300, "unit_days": 7,
		"as_of": "2025-12-31", "spend": {"p": 5.1, "q": 4.1, "v": 21.5, "loglik": -1, "customers": 300}, "converged": true, "notes": ["a note"]}');

	SELECT customer_value.create_base('none');
	CREATE TABLE few (client int, day date, amount numeric);
	INSERT INTO few VALUES (1, '2025-11-03', 70), (2, '2025-12-20', 20), (3, '2025-12-24', 1e20);
	SELECT customer_value.create_base('few', key => 'int');
	SELECT customer_value.track_orders('few', 'few', customer => 'client', at => 'day', amount => 'amount');
	SELECT customer_value.rebalance('few', '2025-12-31');
	CREATE TABLE refund AS SELECT client, day, - amount AS amount FROM few;
	SELECT customer_value.create_base('refunds', key => 'int');
	SELECT customer_value.track_orders('refunds', 'refund', customer => 'client', at => 'day', amount => 'amount');
	SELECT customer_value.rebalance('refunds', '2025-12-31');
	SELECT customer_value.refresh_outlook('refunds');
});

my %page = (
	'shop' => $node->safe_psql('postgres', q{SELECT shop.report('EUR', top => 20)}),
	'shop in German' => $node->safe_psql('postgres', q{SELECT shop.report('€', 'de')}),
	map { $_ => $node->safe_psql('postgres', "SELECT customer_value.report('$_', 'EUR')") } qw(none few refunds));

# All pages in frames as wide as a telephone and as a desk, and a script beside them that looks.
my $look = <<'EOS';
function opaque(element) { // the colour behind an element
	var layers = [];
	for (; element; element = element.parentElement) {
		var c = getComputedStyle(element).backgroundColor.match(/[\d.]+/g).map(Number);
		if (c.length < 4) c.push(1);
		layers.push(c);
		if (c[3] === 1) break;
	}
	return layers.reverse().reduce(function (under, c) { return under.map(function (u, i) { return u + (c[i] - u) * c[3]; }); }, [255, 255, 255]);
}
function luminance(c) {
	var l = c.slice(0, 3).map(function (v) { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
	return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
}
function look(frame) {
	var d = frame.contentDocument, w = frame.contentWindow, seen = { name: frame.name, width: frame.clientWidth, overflow: [], small: [], pale: [], data: [], tables: {} };
	if (d.documentElement.scrollWidth > d.documentElement.clientWidth) seen.overflow.push('the page: ' + d.documentElement.scrollWidth);
	d.querySelectorAll('body *').forEach(function (e) {
		var r = e.getBoundingClientRect();
		if (r.width > 1 && !e.closest('thead') && r.right > frame.clientWidth + 0.5) seen.overflow.push(e.tagName + ': ' + e.textContent.slice(0, 40));
	});
	var texts = d.createTreeWalker(d.body, NodeFilter.SHOW_TEXT), t;
	while ((t = texts.nextNode())) {
		var e = t.parentElement, range = d.createRange(), svg = e.ownerSVGElement, style = w.getComputedStyle(e);
		range.selectNodeContents(t);
		if (!t.data.trim() || !range.getBoundingClientRect().width) continue;
		var size = parseFloat(style.fontSize) * (svg ? e.getScreenCTM().a : 1);
		if (size < 9) seen.small.push(size + ' px: ' + t.data);
		var front = luminance((svg ? style.fill : style.color).match(/[\d.]+/g).map(Number)), back = luminance(opaque(svg ? svg.parentElement : e));
		var contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
		if (contrast < 4.5) seen.pale.push(contrast.toFixed(2) + ': ' + t.data);
	}
	var figures = function (e) { return Array.from(e.querySelectorAll('data')).map(function (f) { return f.value; }); };
	seen.data = Array.from(d.querySelectorAll('data')).map(function (f) { return [f.value, f.textContent]; });
	seen.lang = d.documentElement.lang;
	seen.tiles = Array.from(d.querySelectorAll('.tiles b')).map(figures).flat();
	seen.findings = Array.from(d.querySelectorAll('.finding')).map(figures);
	seen.sections = Array.from(d.querySelectorAll('section')).filter(function (s) { return d.getElementById(s.getAttribute('aria-labelledby')) === s.querySelector('h2') && s.querySelector('details'); }).length;
	seen.unnamed = d.querySelectorAll('svg:not([aria-label]), th:not([scope]), table:not(:has(> caption))').length;
	d.querySelectorAll('table').forEach(function (table) {
		seen.tables[table.id] = Array.from(table.tBodies[0].rows).map(function (row) {
			return { head: row.cells[0].textContent.trim(), cells: Array.from(row.cells).map(function (c) { return c.textContent.trim(); }), data: figures(row), days: Array.from(row.querySelectorAll('time')).map(function (x) { return x.dateTime; }) };
		});
	});
	return seen;
}
onload = function () {
	document.getElementById('seen').textContent = encodeURIComponent(JSON.stringify({ dark: matchMedia('(prefers-color-scheme: dark)').matches,
		frames: Array.from(document.querySelectorAll('iframe')).map(look) }));
};
EOS

sub attribute
{
	my $text = shift;
	$text =~ s/&/&amp;/g;
	$text =~ s/"/&quot;/g;
	return $text;
}

my $folder = PostgreSQL::Test::Utils::tempdir();
my $file = "$folder/frames.html";
append_to_file($file, join('', '<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">',
	(map { my $name = $_; map { qq{<iframe name="$name" width="$_" height="900" style="border: 0" srcdoc="} . attribute($page{$name}) . '"></iframe>' } (375, 1024) } sort keys %page),
	qq{<pre id="seen"></pre><script>$look</script>}));

sub seen # what Chromium makes of the frames, by a colour scheme
{
	my ($scheme) = @_;
	my ($out, $err) = run_command([ 'timeout', '120', $chromium, '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
		'--disable-component-update', '--disable-sync', "--user-data-dir=$folder/profile_$scheme", "--blink-settings=preferredColorScheme=$scheme", '--window-size=1100,900', '--dump-dom', "file://$file" ]);
	my ($json) = $out =~ m{<pre id="seen">([^<]+)</pre>} or BAIL_OUT("Chromium shows nothing: $err");
	$json =~ s/%([0-9A-F]{2})/chr hex $1/ge;
	return decode_json($json);
}

my %seen;
foreach my $scheme ([ light => 1 ], [ dark => 0 ])
{
	my $looked = seen($scheme->[1]);
	ok(!$looked->{dark} == ($scheme->[0] eq 'light'), "the colours are $scheme->[0]");
	foreach my $frame (@{ $looked->{frames} })
	{
		my $where = "$frame->{name}, $frame->{width} px, $scheme->[0]";
		is_deeply($frame->{overflow}, [], "$where: nothing runs off the screen");
		is_deeply($frame->{small}, [], "$where: no text is below 9 px");
		is_deeply($frame->{pale}, [], "$where: no text is too pale");
		$seen{ $frame->{name} } = $frame;
	}
}

# What a figure shows is its value, rounded; marks are those of the language.
my $figures = 0;
foreach my $frame (values %seen)
{
	my ($group, $decimal) = $frame->{lang} eq 'de' ? ('.', ',') : (',', '.');
	my @wrong;
	foreach (@{ $frame->{data} })
	{
		my ($value, $shown) = @$_;
		my $percent = $shown =~ s/[\s\x{a0}]*%$// || $shown eq int($shown) && $value =~ /^[01](?:\.\d+)?$/ && $value ne $shown;
		$shown =~ s/\Q$group\E//g;
		$shown =~ s/\Q$decimal\E/./;
		$shown =~ s/\x{2212}/-/;
		my $digits = $shown =~ /\.(\d+)/ ? length $1 : 0;
		$value *= 100 if $percent;
		my $within = $shown =~ /e/ ? abs($value) * 0.005 : 0.5 * 10**-$digits + 1e-9;
		push @wrong, "@$_" if abs($shown - $value) > $within;
		$figures++;
	}
	is_deeply(\@wrong, [], "$frame->{name}: figures show their values");
	is($frame->{unnamed}, 0, "$frame->{name}: pictures, headings and tables have names");
	is($frame->{sections}, $frame->{name} eq 'none' ? 0 : 5, "$frame->{name}: sections have a heading and a definition");
}
cmp_ok($figures, '>', 300, 'there are figures');
is($seen{'shop in German'}{lang}, 'de', 'the language is said');

# Every figure of the page is that of SQL.
sub same # same(FIGURES OF THE PAGE, SQL, NAME): SQL gives them in a row each
{
	my ($shown, $sql, $name) = @_;
	my @expected = map { [ split /\|/, $_, -1 ] } split /\n/, decode('UTF-8', $node->safe_psql('postgres', $sql));
	my $alike = @expected == @$shown && @expected > 0;
	foreach my $i (0 .. $#expected)
	{
		my ($is, $should) = ($shown->[$i] // [], $expected[$i]);
		pop @$should while @$should && $should->[-1] eq '';
		$alike &&= @$is == @$should;
		foreach (0 .. $#$should)
		{
			no warnings 'uninitialized';
			my $number = $should->[$_] =~ /^-?[\d.]+(?:e[-+]?\d+)?$/ && $is->[$_] =~ /^-?[\d.]+(?:e[-+]?\d+)?$/;
			$alike &&= $number ? abs($is->[$_] - $should->[$_]) <= 1e-9 * abs($should->[$_]) : $is->[$_] eq $should->[$_];
		}
	}
	ok($alike, $name) or diag join "\n", map { join '|', @$_ } [ 'shown' ], @$shown, [ 'expected' ], @expected;
}

my $shop = $seen{shop};
my $in_doubt = 'o.p_alive BETWEEN 0.2 AND 0.97';
same([ $shop->{tiles} ], "SELECT (SELECT count(*) FROM shop.customer), (SELECT sum(amount) FROM sale), (SELECT pareto_share(a) FROM (SELECT sum(amount) AS a FROM sale GROUP BY client) x),
	sum(o.clv), sum(o.at_stake) FILTER (WHERE $in_doubt) FROM shop.outlook o", 'key figures');
same([ map { [ $_->{head}, @{ $_->{data} } ] } @{ $shop->{tables}{groups} } ], "SELECT c.segment || ' ' || c.abc_class, count(*), count(*)::float8 / sum(count(*)) OVER ()::float8,
		sum(amount(value)), sum(amount(value)) / sum(sum(amount(value))) OVER (), sum(margin(value)), sum(o.clv), sum(o.at_stake) FILTER (WHERE $in_doubt),
		(SELECT v.change FROM shop.overview v WHERE (v.segment, v.abc_class) = (c.segment, c.abc_class))
	FROM shop.customer c LEFT JOIN shop.outlook o USING (customer_id) GROUP BY c.segment, c.abc_class ORDER BY sum(amount(value)) DESC", 'segments and classes');
same([ sort { $a->[0] cmp $b->[0] } map { [ @{ $_->{cells} }[ 0, 1 ], @{ $_->{data} } ] } @{ $shop->{tables}{migration} } ], "SELECT coalesce(old_segment || ' ' || old_class, 'new customer'), segment || ' ' || abc_class, count(*)
	FROM shop.moved GROUP BY 1, 2 ORDER BY 1", 'moves');
same([ map { [ $_->{head} =~ /^(\S+)/, @{ $_->{data} } ] } @{ $shop->{tables}{cohorts} } ], "SELECT to_char(cohort, 'YYYY-MM') || '|' || string_agg((CASE WHEN period = 0 THEN customers ELSE retention END)::text, '|' ORDER BY period)
	FROM (SELECT (unnest(cohort_retention(value, 'month', '2025-12-31'))).* FROM shop.customer) x WHERE period <= 12 GROUP BY cohort ORDER BY cohort", 'cohorts');
same([ map { [ $_->{head}, @{ $_->{data} }, @{ $_->{days} } ] } @{ $shop->{tables}{risk} } ], "SELECT customer_id, at_stake, clv, p_alive, next_order FROM shop.outlook o WHERE $in_doubt
	ORDER BY at_stake DESC, customer_id LIMIT 20", 'customers in doubt');
is_deeply([ grep { ($_->{days}[0] // '9') lt '2025-12-31' && $_->{cells}[-1] !~ /overdue/ } @{ $shop->{tables}{risk} } ], [], 'past due dates are marked');
same($shop->{findings}, "SELECT pareto_share(basis) || '|' || pareto_population(basis) FROM shop.customer
	UNION ALL SELECT * FROM (SELECT customer_share || '|' || value_share FROM shop.overview ORDER BY value DESC LIMIT 1) best
	UNION ALL SELECT concat_ws('|', count(*) FILTER (WHERE old_class IS NOT NULL), count(*) FILTER (WHERE old_class IS NULL), count(*) FILTER (WHERE gone)) FROM shop.moved
	UNION ALL SELECT (sum(active) / sum(customers))::text FROM (SELECT (unnest(cohort_retention(value, 'month', '2025-12-31'))).* FROM shop.customer) x WHERE period = 1 AND complete
	UNION ALL SELECT count(*) FILTER (WHERE $in_doubt) || '|' || sum(o.at_stake) FILTER (WHERE $in_doubt) || '|' || count(*) FILTER (WHERE o.p_alive < 0.2) FROM shop.outlook o", 'the sentences');

$node->stop;
done_testing();
