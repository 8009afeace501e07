-- insight/report: a base at a glance, as a view and as a page for everybody who may read it

CREATE FUNCTION customer_value_internal.create_overview(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format($sql$
		CREATE VIEW %1$I.moved AS
		SELECT customer_id,
			CASE WHEN n.came THEN NULL WHEN f.segment_changed THEN f.segment ELSE c.segment END AS old_segment,
			CASE WHEN n.came THEN NULL WHEN f.class_changed THEN f.abc_class ELSE c.abc_class END AS old_class,
			c.segment, c.abc_class, c.added IS NULL AS gone
		FROM (
			SELECT h.customer_id, min(h.changed_at) AS changed_at,
				bool_or(h.what = 'segment') AS segment_changed, min(h.old_value) FILTER (WHERE h.what = 'segment') AS segment,
				bool_or(h.what = 'class') AS class_changed, min(h.old_value) FILTER (WHERE h.what = 'class') AS abc_class
			FROM (
				SELECT DISTINCT ON (customer_id, what) customer_id, what, old_value, changed_at
				FROM %1$I.change
				WHERE changed_at > (SELECT ((now() AT TIME ZONE k.time_zone) - interval '1 month') AT TIME ZONE k.time_zone FROM %1$I.cutoffs k) AND what IN ('segment', 'class')
				ORDER BY customer_id, what, changed_at, change_id) h
			GROUP BY h.customer_id) f
		FULL JOIN %1$I.customer c USING (customer_id)
		CROSS JOIN LATERAL (
			SELECT c.added > (SELECT greatest(((now() AT TIME ZONE k.time_zone) - interval '1 month') AT TIME ZONE k.time_zone, k.history_since) FROM %1$I.cutoffs k)
				AND (f.changed_at < c.added) IS NOT TRUE AS came) n
		WHERE n.came OR f.customer_id IS NOT NULL;
		COMMENT ON VIEW %1$I.moved IS 'customers that came, or whose segment or class has changed, or that left or were merged (gone), in the last month: what they were before, null where they were not there, and what they are';

		CREATE VIEW %1$I.overview AS
		SELECT g.segment, g.abc_class, sum(g.customers)::bigint AS customers,
			sum(g.customers)::float8 / nullif(sum(sum(g.customers)) OVER (), 0)::float8 AS customer_share,
			sum(g.value) AS value, (sum(g.value) / nullif(sum(sum(g.value)) OVER (), 0))::float8 AS value_share,
			sum(g.margin) AS margin, sum(g.expected_value) AS expected_value, sum(g.at_risk) AS at_risk,
			sum(g.month_ago)::bigint AS month_ago, sum(g.customers - g.month_ago)::bigint AS change,
			sum(g.expected_left_out)::bigint AS expected_left_out, (SELECT f.history_since FROM %1$I.cutoffs f) AS history_since
		FROM (
			SELECT c.segment, c.abc_class, count(*) AS customers, sum(c.basis) AS value,
				sum(%2$s.margin(c.value, (SELECT f.since FROM %1$I.cutoffs f), NULL)) AS margin, sum(o.clv) FILTER (WHERE o.clv < 'Infinity') AS expected_value,
				sum(o.at_stake) FILTER (WHERE o.p_alive >= (SELECT s.at_risk_from FROM %1$I.settings s) AND o.p_alive <= (SELECT s.at_risk_to FROM %1$I.settings s)) AS at_risk, count(*) AS month_ago,
				count(*) FILTER (WHERE o.clv = 'Infinity' OR (o.clv IS NULL AND %2$s.orders(c.value) > 0)) AS expected_left_out
			FROM %1$I.customer c LEFT JOIN %1$I.outlook o USING (customer_id)
			GROUP BY c.segment, c.abc_class
			UNION ALL
			SELECT segment, abc_class, 0 AS customers, 0 AS value, NULL AS margin, NULL AS expected_value, NULL AS at_risk, - count(*) AS month_ago, 0 AS expected_left_out FROM %1$I.moved
			WHERE NOT gone GROUP BY segment, abc_class
			UNION ALL
			SELECT old_segment, old_class, 0 AS customers, 0 AS value, NULL AS margin, NULL AS expected_value, NULL AS at_risk, count(*) AS month_ago, 0 AS expected_left_out FROM %1$I.moved
			WHERE old_segment IS NOT NULL OR old_class IS NOT NULL GROUP BY old_segment, old_class) g
		GROUP BY g.segment, g.abc_class
		ORDER BY g.segment, g.abc_class;
		COMMENT ON VIEW %1$I.overview IS 'segments and classes: customers and value (the basis) with their shares, margin of the same period (null where no cost is known), expected_value and at_risk (value at stake with those whom the view at_risk shows) from the outlook, customers a month ago and the change since then, those who have left or were merged among them (where history_since is later, customers that were there then are taken to have been there), and expected_left_out: how many customers with orders are not in expected_value, since theirs is infinite or not known';

		CREATE FUNCTION %1$I.report() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
		RETURN customer_value.report((SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = %3$L::regnamespace));
		COMMENT ON FUNCTION %1$I.report() IS 'the base at a glance: a self-contained page in HTML';
	$sql$, base, '@extschema@', quote_ident(base));
END
$$;

COMMENT ON FUNCTION customer_value_internal.create_overview(name) IS
'gives a base its overview and report; called by create_service';


CREATE FUNCTION customer_value_internal.drop_overview(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('DROP FUNCTION IF EXISTS %I.report()', base);
	EXECUTE format('DROP VIEW IF EXISTS %1$I.overview, %1$I.moved', base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.drop_overview(name) IS
'drops what create_overview has made; called by drop_service';


CREATE FUNCTION customer_value_internal.html(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(replace(words, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');

COMMENT ON FUNCTION customer_value_internal.html(text) IS 'text as HTML shows it, in attributes, too';


CREATE FUNCTION customer_value_internal.html_number(figure float8) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(to_char(figure::numeric, 'FM999,999,999,999,990'), '–');

COMMENT ON FUNCTION customer_value_internal.html_number(float8) IS 'a number without decimals, in groups of three; a dash for null';


CREATE FUNCTION customer_value_internal.html_percent(share float8) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(to_char((100 * share)::numeric, 'FM990.0') || ' %', '–');

COMMENT ON FUNCTION customer_value_internal.html_percent(float8) IS 'a share as a percentage with one decimal; a dash for null';


CREATE FUNCTION customer_value_internal.report_pareto(base name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	curve float8[];
	points text;
BEGIN
	EXECUTE format('SELECT %2$s.lorenz_curve(basis, 50) FROM %1$I.customer', base, '@extschema@') INTO curve;
	IF curve IS NULL THEN
		RETURN '<p>No customer has any value yet.</p>';
	END IF;
	SELECT string_agg(format('%s,%s', 40 + 8 * i, round((200 - 180 * (1 - curve[51 - i]))::numeric, 1)), ' ' ORDER BY i) INTO points
	FROM generate_series(0, 50) i;
	RETURN (
		SELECT '<svg viewBox="0 0 460 235" role="img" aria-label="Pareto curve">'
			|| string_agg(format('<line class="grid" x1="40" x2="440" y1="%1$s" y2="%1$s"/><line class="grid" y1="20" y2="200" x1="%2$s" x2="%2$s"/>'
				'<text x="34" y="%3$s" text-anchor="end">%4$s %%</text><text x="%2$s" y="215" text-anchor="middle">%4$s %%</text>',
				200 - 36 * i, 40 + 80 * i, 204 - 36 * i, 20 * i), '')
			|| format('<line class="even" x1="40" y1="200" x2="440" y2="20"/><polygon class="area" points="%1$s 440,200 40,200"/><polyline class="curve" points="%1$s"/>'
				'<circle class="dot" cx="120" cy="%2$s" r="4"/><text class="strong" x="130" y="%3$s">the best 20 %% of the customers bring %4$s</text>'
				'<text x="240" y="231" text-anchor="middle">customers, most valuable first</text></svg>', points,
				round((200 - 180 * (1 - curve[41]))::numeric, 1), round((204 - 180 * (1 - curve[41]) + 22)::numeric, 1),
				customer_value_internal.html_percent(1 - curve[41]))
		FROM generate_series(0, 5) i);
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_pareto(name) IS 'part of the report: the Pareto curve of the basis';


CREATE FUNCTION customer_value_internal.report_shares(base name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page text;
BEGIN
	EXECUTE format($sql$
		SELECT '<div class="wide"><table><thead><tr><th>Segment</th><th>Class</th><th>Customers</th><th>Share</th><th>Value</th>'
			'<th>Margin</th><th>Expected</th><th>At stake</th><th>In a month</th></tr></thead><tbody>'
			|| string_agg(format('<tr><td>%%s</td><td>%%s</td><td class="n">%%s</td><td><svg class="bar" viewBox="0 0 200 26" role="img" aria-label="%%s of the customers, %%s of the value">'
				'<rect class="customers" x="0" y="2" width="%%s" height="10"/><rect class="value" x="0" y="14" width="%%s" height="10"/>'
				'<text x="%%s" y="11">%%s</text><text x="%%s" y="23">%%s</text></svg></td>'
				'<td class="n">%%s</td><td class="n">%%s</td><td class="n">%%s</td><td class="n">%%s</td><td class="n">%%s</td></tr>',
				coalesce(customer_value_internal.html(segment), '–'), coalesce(customer_value_internal.html(abc_class), '–'), customer_value_internal.html_number(customers),
				customer_value_internal.html_percent(customer_share), customer_value_internal.html_percent(value_share),
				round((140 * customer_share)::numeric, 1), round((140 * greatest(value_share, 0))::numeric, 1),
				round((140 * customer_share + 4)::numeric, 1), customer_value_internal.html_percent(customer_share),
				round((140 * coalesce(greatest(value_share, 0), 0) + 4)::numeric, 1), customer_value_internal.html_percent(value_share),
				customer_value_internal.html_number(value::float8), customer_value_internal.html_number(margin::float8), customer_value_internal.html_number(expected_value),
				customer_value_internal.html_number(at_risk), to_char(change, 'FMS999,999,990')), '' ORDER BY segment, abc_class)
			|| '</tbody></table></div><p class="key"><span class="customers"></span> customers <span class="value"></span> value</p>'
		FROM %1$I.overview WHERE customers > 0
		$sql$, base) INTO page;
	RETURN page;
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_shares(name) IS 'part of the report: segments and classes, with bars of their shares';


CREATE FUNCTION customer_value_internal.report_migration(base name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page text;
BEGIN
	EXECUTE format($sql$
		WITH move AS (
			SELECT coalesce(nullif(concat_ws(' ', old_segment, old_class), ''), 'new') AS before,
				coalesce(nullif(concat_ws(' ', segment, abc_class), ''), '–') AS after, count(*) AS customers
			FROM %1$I.moved WHERE (old_segment, old_class) IS DISTINCT FROM (segment, abc_class)
			GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 12),
		placed AS (
			SELECT *, 14 + 24 * (row_number() OVER (ORDER BY customers DESC, before, after) - 1) AS y, max(customers) OVER () AS most FROM move)
		SELECT format('<svg viewBox="0 0 460 %%s" role="img" aria-label="Customers who moved in the last month">', 10 + 24 * count(*))
			|| string_agg(format('<text x="0" y="%%s">%%s → %%s</text><rect class="value" x="190" y="%%s" width="%%s" height="14"/><text x="%%s" y="%%s">%%s</text>',
				y + 4, customer_value_internal.html(before), customer_value_internal.html(after), y - 8, round(200.0 * customers / most, 1),
				round(196 + 200.0 * customers / most, 1), y + 4, customer_value_internal.html_number(customers)), '' ORDER BY y)
			|| '</svg>'
		FROM placed HAVING count(*) > 0
		$sql$, base) INTO page;
	RETURN coalesce(page, '<p>Nobody has moved in the last month.</p>');
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_migration(name) IS 'part of the report: the most frequent moves between segments and classes in the last month';


CREATE FUNCTION customer_value_internal.report_cohorts(base name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	unit text;
	page text;
BEGIN
	EXECUTE format($sql$
		SELECT CASE WHEN max(d.last) - min(d.first) <= 400 THEN 'month' WHEN max(d.last) - min(d.first) <= 1500 THEN 'quarter' ELSE 'year' END
		FROM %1$I.customer c, LATERAL (SELECT %2$s.first_order(c.value), %2$s.last_order(c.value)) AS d(first, last)
		$sql$, base, '@extschema@') INTO unit;
	EXECUTE format($sql$
		WITH cell AS (
			SELECT x.*, dense_rank() OVER (ORDER BY x.cohort DESC) AS newness
			FROM (SELECT %2$s.cohort_retention(value, $1) AS cells FROM %1$I.customer) s, unnest(s.cells) x),
		placed AS (
			SELECT *, 30 + 20 * (dense_rank() OVER (ORDER BY cohort) - 1) AS y, 130 + 36 * period AS x
			FROM cell WHERE newness <= 16 AND period <= 16)
		SELECT format('<svg viewBox="0 0 %%s %%s" role="img" aria-label="Retention by cohort">', 130 + 36 * (max(period) + 1), max(y) + 26)
			|| (SELECT string_agg(format('<text x="%%s" y="22" text-anchor="middle">%%s</text>', x + 17, period), '') FROM (SELECT DISTINCT x, period FROM placed) p)
			|| string_agg(format('<rect x="%%s" y="%%s" width="34" height="18" fill="#1f5f8b" fill-opacity="%%s"/><text x="%%s" y="%%s" text-anchor="middle"%%s>%%s</text>',
				x, y, round((0.06 + 0.94 * retention)::numeric, 2), x + 17, y + 13, CASE WHEN retention > 0.5 THEN ' class="light"' ELSE '' END,
				round(100 * retention::numeric)), '')
			|| string_agg(format('<text x="0" y="%%s">%%s (%%s)</text>', y + 13, to_char(cohort, CASE $1 WHEN 'year' THEN 'YYYY' WHEN 'quarter' THEN 'YYYY "Q"Q' ELSE 'YYYY-MM' END),
				customer_value_internal.html_number(customers)), '') FILTER (WHERE period = 0)
			|| '</svg>'
		FROM placed HAVING count(*) > 0
		$sql$, base, '@extschema@') INTO page USING unit;
	RETURN format('<p>Share in percent of those who first ordered in a %1$s, with their number, who ordered again so many %1$ss later; the last %1$s is not over yet.</p>', unit)
		|| page;
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_cohorts(name) IS 'part of the report: retention of the last 16 cohorts, by month, quarter or year as the orders last';


CREATE FUNCTION customer_value_internal.report_at_risk(base name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page text;
BEGIN
	EXECUTE format($sql$
		SELECT '<div class="wide"><table><thead><tr><th>Customer</th><th>Segment</th><th>Class</th><th>At stake</th><th>Expected</th><th>Still a customer</th><th>Order due</th></tr></thead><tbody>'
			|| string_agg(format('<tr><td>%%s</td><td>%%s</td><td>%%s</td><td class="n">%%s</td><td class="n">%%s</td>'
				'<td><svg class="bar" viewBox="0 0 200 18" role="img" aria-label="%%s"><rect class="customers" width="%%s" height="12" y="3"/><text x="144" y="14">%%s</text></svg></td><td class="n">%%s</td></tr>',
				customer_value_internal.html(customer_id::text), coalesce(customer_value_internal.html(segment), '–'), coalesce(customer_value_internal.html(abc_class), '–'),
				customer_value_internal.html_number(at_stake), customer_value_internal.html_number(clv), customer_value_internal.html_percent(p_alive), round((140 * p_alive)::numeric, 1),
				customer_value_internal.html_percent(p_alive), coalesce(to_char(next_order, 'YYYY-MM-DD'), '–')), '' ORDER BY at_stake DESC)
			|| '</tbody></table></div>'
		FROM (SELECT * FROM %1$I.at_risk LIMIT 15) r
		$sql$, base) INTO page;
	RETURN coalesce(page, format('<p>No outlook yet: <code>SELECT customer_value.refresh_outlook(%s)</code> makes it.</p>', customer_value_internal.html(quote_literal(base))));
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_at_risk(name) IS 'part of the report: the customers with the most value at stake';


CREATE FUNCTION customer_value.report(base name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	figures record;
BEGIN
	IF to_regclass(format('%I.overview', base)) IS NULL THEN
		RAISE invalid_schema_name USING
			MESSAGE = format('there is no customer base "%s"', base),
			HINT = 'customer_value.create_base() makes one.';
	END IF;
	EXECUTE format($sql$
		SELECT f.as_of, s.basis, o.customers, o.value, o.expected_value, o.at_risk, o.change, c.gini
		FROM %1$I.cutoffs f, %1$I.settings s,
			(SELECT sum(customers) AS customers, sum(value) AS value, sum(expected_value) AS expected_value, sum(at_risk) AS at_risk, sum(change) AS change FROM %1$I.overview) o,
			(SELECT %2$s.gini(basis) AS gini FROM %1$I.customer) c
		$sql$, base, '@extschema@') INTO figures;
	RETURN format($html$<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>%1$s: customer value</title>
<style>
body { font: 16px/1.45 system-ui, sans-serif; color: #1d2733; background: #fff; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; margin: .5rem 0 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #d5dce3; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { background: #f2f5f8; border-radius: .4rem; padding: .6rem .8rem; } .tiles b { display: block; font-size: 1.25rem; }
table { border-collapse: collapse; width: 100%%; font-size: .9rem; } th { text-align: left; font-weight: 600; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid #e6ebf0; white-space: nowrap; } .n { text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } svg { width: 100%%; height: auto; max-width: 44rem; } svg.bar { width: 11.5rem; min-width: 8rem; }
svg text { font: 11px system-ui, sans-serif; fill: #1d2733; } svg .strong { font-weight: 600; } svg .light { fill: #fff; }
.grid { stroke: #e6ebf0; } .even { stroke: #9aa7b4; stroke-dasharray: 4 4; } .curve { fill: none; stroke: #1f5f8b; stroke-width: 2.5; } .area { fill: #1f5f8b; fill-opacity: .08; } .dot { fill: #c2571a; }
rect.customers { fill: #9fb4c7; } rect.value { fill: #1f5f8b; }
.key { font-size: .85rem; } .key span { display: inline-block; width: .8rem; height: .8rem; } .key .customers { background: #9fb4c7; } .key .value { background: #1f5f8b; margin-left: .8rem; }
@media print { body { max-width: none; padding: 0; font-size: 11px; } h2 { break-after: avoid; } svg, table, li { break-inside: avoid; } .wide { overflow: visible; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
</style></head><body>
<h1>%1$s</h1><p>Customers by %2$s, as of %3$s.</p>
<ul class="tiles"><li><b>%4$s</b>customers</li><li><b>%5$s</b>%2$s</li><li><b>%6$s</b>expected in a year</li><li><b>%7$s</b>at stake</li><li><b>%8$s</b>customers in a month</li><li><b>%9$s</b>Gini coefficient</li></ul>
<h2>Who carries the business</h2>%10$s
<h2>Segments and classes</h2>%11$s
<h2>Who has moved in the last month</h2>%12$s
<h2>Who comes back</h2>%13$s
<h2>Who may be leaving</h2>%14$s
</body></html>
$html$, customer_value_internal.html(base), figures.basis, to_char(figures.as_of, 'YYYY-MM-DD'), customer_value_internal.html_number(figures.customers::float8),
		customer_value_internal.html_number(figures.value::float8), customer_value_internal.html_number(figures.expected_value),
		customer_value_internal.html_number(figures.at_risk), to_char(coalesce(figures.change, 0), 'FMS999,999,990'), coalesce(round(figures.gini::numeric, 2)::text, '–'),
		customer_value_internal.report_pareto(base), coalesce(customer_value_internal.report_shares(base), '<p>No customers yet.</p>'), customer_value_internal.report_migration(base),
		coalesce(customer_value_internal.report_cohorts(base), '<p>No orders yet.</p>'), customer_value_internal.report_at_risk(base));
END
$$;

COMMENT ON FUNCTION customer_value.report(name) IS
'a base at a glance as one self-contained page in HTML with inline SVG, no script: Pareto curve, shares of segments and classes, migration, cohorts, value at stake';
