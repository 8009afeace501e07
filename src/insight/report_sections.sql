-- insight/report_sections: the parts of the report

CREATE FUNCTION customer_value_internal.report_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $css$
:root { color-scheme: light dark; --text: #1d2733; --soft: #4d5b69; --page: #fff; --tile: #f2f5f8; --line: #d5dce3; --pale: #9fb4c7; --strong: 31 95 139; --alert: #a8410b; }
@media screen and (prefers-color-scheme: dark) { :root { --text: #e4eaf0; --soft: #a9b6c2; --page: #12181f; --tile: #1d2731; --line: #35424f; --pale: #56697b; --strong: 88 164 216; --alert: #ff9d66; } }
* { box-sizing: border-box; }
body { font: 16px/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; } bdi { overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: .5rem 0 0; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; border-bottom: 1px solid var(--line); } p { margin: .4rem 0; }
.finding { font-size: 1.05rem; } .alert { color: var(--alert); font-weight: 600; } footer, details, caption { color: var(--soft); font-size: .85rem; } footer { margin-top: 2rem; }
summary { cursor: pointer; padding: .3rem 0; } code { display: block; background: var(--tile); padding: .6rem; border-radius: .4rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--tile); border-radius: .4rem; padding: .6rem .8rem; } .tiles b { display: block; font-size: 1.2rem; } .tiles li, small { color: var(--soft); font-size: .85rem; } .tiles b { color: var(--text); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .8rem 0; } caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; font-variant-numeric: tabular-nums; } th { font-weight: 600; } tr > :first-child { text-align: left; padding-left: 0; }
.bar { display: block; height: .45rem; margin-top: .2rem; background: var(--tile); } .bar span { display: block; height: 100%; background: rgb(var(--strong)); }
svg { display: block; width: 100%; max-width: 30rem; height: auto; margin: .8rem 0; } svg text { font: 11px system-ui, sans-serif; fill: var(--text); } svg .dot-label { font-weight: 600; }
.grid { stroke: var(--line); } .even { stroke: var(--soft); stroke-dasharray: 4 4; } .curve { fill: none; stroke: rgb(var(--strong)); stroke-width: 2.5; } .area { fill: rgb(var(--strong) / .1); } .dot { fill: var(--alert); }
.cohorts { table-layout: fixed; max-width: 46rem; border-collapse: separate; border-spacing: 2px; } .cohorts th, .cohorts td { padding: .2rem 0; border: 1px solid transparent; text-align: center; vertical-align: middle; font-size: .8rem; }
.cohorts tr > :first-child { width: 8rem; text-align: left; } .cohorts td { background: rgb(var(--strong) / var(--share)); } .cohorts .open { border: 1px dashed var(--soft); }
@media screen and (max-width: 44rem) {
	.cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
	.cards, .cards tbody, .cards tr, .cards th, .cards td, .cards caption { display: block; } .cards tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } .cards tbody th, .cards td { border: 0; padding: .1rem 0; }
	.cards td::before { content: attr(data-label); float: left; margin-right: 1rem; color: var(--soft); } .cards td::after { content: ""; display: block; clear: both; }
	.cohorts { border-spacing: 1px; } .cohorts th, .cohorts td { font-size: 10px; } .cohorts tr > :first-child { width: 4.1rem; } .cohorts small { display: block; font-size: 10px; }
}
@media (min-width: 44.01rem), print { #risk tr > :nth-child(2), #migration tr > :nth-child(2) { text-align: left; } }
@media print { :root { font-size: 12px; } body { max-width: none; padding: 0; font-size: 1rem; } h2, .finding { break-after: avoid; } svg, tr, li { break-inside: avoid; } details::details-content { content-visibility: visible; block-size: auto; } summary { display: none; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
$css$;

COMMENT ON FUNCTION customer_value_internal.report_style() IS 'part of the report: how it looks, on a screen, light or dark, wide or narrow, and on paper';


CREATE FUNCTION customer_value_internal.report_page(base name, words jsonb, as_of date, since date, zone text, content text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN format($html$<!DOCTYPE html>
<html lang="%1$s"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>%2$s: %3$s</title><style>%4$s</style></head><body>
<header><h1>%2$s</h1>%5$s</header>
<main>%6$s</main>
<footer><p>%7$s</p></footer>
</body></html>
$html$, words ->> 'language', customer_value_internal.html(base), words ->> 'title', customer_value_internal.report_style(),
	CASE WHEN as_of IS NOT NULL THEN format('<p>%s %s</p>',
		format(words ->> CASE WHEN since IS NULL THEN 'subtitle' ELSE 'subtitle_period' END, words ->> 'by', customer_value_internal.html_day(words, as_of), customer_value_internal.html_day(words, since)),
		CASE WHEN words ->> 'currency' IS NULL THEN words ->> 'currency_unknown' ELSE format(words ->> 'currency_is', words ->> 'currency') END) END,
	content,
	format(words ->> 'made', format('<time datetime="%s">%s</time> (%s)', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), to_char(now() AT TIME ZONE zone, words ->> 'moment'), customer_value_internal.html(zone)),
		@extschema@.customer_value_library_version()));

COMMENT ON FUNCTION customer_value_internal.report_page(name, jsonb, date, date, text, text) IS 'part of the report: what surrounds the others; without a day where there are no figures';


CREATE FUNCTION customer_value_internal.report_hint(words jsonb, sentence text, command text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format('<p class="finding">%s</p><p><code>%s;</code></p>', words ->> sentence, customer_value_internal.html(command));

COMMENT ON FUNCTION customer_value_internal.report_hint(jsonb, text, text) IS 'part of the report: what is missing, and the command that brings it';


CREATE FUNCTION customer_value_internal.report_tiles(base name, words jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tiles text;
BEGIN
	EXECUTE format($sql$
		SELECT string_agg(format('<li><b>%%s</b>%%s</li>', t.figure, t.label), '' ORDER BY t.i)
		FROM (SELECT sum(customers)::bigint AS customers, sum(value) AS value, sum(expected_value)::numeric AS expected_value, sum(expected_left_out)::bigint AS left_out FROM %1$I.overview) o,
			(SELECT CASE WHEN count(*) >= 10 THEN %2$s.pareto_share(basis) END AS top_fifth FROM %1$I.customer) c,
			(SELECT sum(at_stake)::numeric AS at_stake FROM %1$I.at_risk) r,
			LATERAL (VALUES
				(1, customer_value_internal.html_number($1, o.customers), $1 ->> 'customers'),
				(2, customer_value_internal.html_number($1, o.value), concat($1 ->> 'basis', ' (' || ($1 ->> 'basis_currency') || ')')),
				(3, customer_value_internal.html_percent($1, c.top_fifth), CASE WHEN c.top_fifth IS NOT NULL THEN format($1 ->> 'top_fifth') END),
				(4, customer_value_internal.html_number($1, o.expected_value), CASE WHEN o.expected_value IS NOT NULL THEN concat($1 ->> 'expected', ' (' || ($1 ->> 'currency') || ')',
					CASE WHEN o.left_out > 0 THEN ', ' || format($1 ->> 'left_out', customer_value_internal.html_customers($1, o.left_out)) END) END),
				(5, customer_value_internal.html_number($1, r.at_stake), CASE WHEN r.at_stake IS NOT NULL THEN concat($1 ->> 'at_stake', ' (' || ($1 ->> 'currency') || ')') END)) AS t(i, figure, label)
		WHERE t.label IS NOT NULL
		$sql$, base, '@extschema@') INTO tiles USING words;
	RETURN format('<ul class="tiles" aria-label="%s">%s</ul>', words ->> 'key_figures', tiles);
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_tiles(name, jsonb) IS 'part of the report: the key figures, those that are known';


CREATE FUNCTION customer_value_internal.pareto_picture(words jsonb, curve float8[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT format('<svg viewBox="0 0 346 230" role="img" aria-label="%s">', format(words ->> 'pareto_label', words ->> 'of'))
		|| (SELECT string_agg(format('<line class="grid" x1="42" x2="342" y1="%1$s" y2="%1$s"/><line class="grid" y1="12" y2="192" x1="%2$s" x2="%2$s"/>'
				'<text x="37" y="%3$s" text-anchor="end">%4$s</text><text x="%2$s" y="207" text-anchor="%5$s">%4$s</text>',
				192 - 36 * i, 42 + 60 * i, 196 - 36 * i, replace(format(words ->> 'percent', 20 * i), ' ', '&nbsp;'), CASE WHEN i = 5 THEN 'end' ELSE 'middle' END), '') FROM generate_series(0, 5) i)
		|| format('<line class="even" x1="42" y1="192" x2="342" y2="12"/><polygon class="area" points="%1$s 342,192"/><polyline class="curve" points="%1$s"/>'
			'<circle class="dot" cx="102" cy="%2$s" r="4"/><text class="dot-label" x="112" y="%3$s">%4$s</text><text x="192" y="225" text-anchor="middle">%5$s</text></svg>',
			(SELECT string_agg(format('%s,%s', 42 + 6 * i, round((192 - 180 * (1 - curve[51 - i]))::numeric, 1)), ' ' ORDER BY i) FROM generate_series(0, 50) i),
			round((192 - 180 * (1 - curve[41]))::numeric, 1), round((192 - 180 * (1 - curve[41]) + 24)::numeric, 1),
			format(words ->> 'pareto_dot', regexp_replace(customer_value_internal.html_percent(words, 1 - curve[41]), '<[^>]*>', '', 'g')), words ->> 'pareto_axis');
END;

COMMENT ON FUNCTION customer_value_internal.pareto_picture(jsonb, float8[]) IS 'part of the report: the Pareto curve, from the 51 points of a Lorenz curve';


CREATE FUNCTION customer_value_internal.report_pareto(base name, words jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	f record;
	finding text;
BEGIN
	EXECUTE format($sql$
		SELECT %2$s.lorenz_curve(basis, 50) AS curve, %2$s.pareto_share(basis) AS share, %2$s.pareto_population(basis) AS population,
			%2$s.gini(basis) AS gini, (max(basis) / nullif(sum(basis) FILTER (WHERE basis > 0), 0))::float8 AS best, count(*) AS customers
		FROM %1$I.customer$sql$, base, '@extschema@') INTO f;
	finding := CASE
		WHEN f.curve IS NULL THEN words ->> 'pareto_none'
		WHEN f.customers < 10 THEN format(words ->> 'pareto_best', customer_value_internal.html_percent(words, f.best), words ->> 'of')
		ELSE format(words ->> 'pareto_finding', customer_value_internal.html_percent(words, f.share), words ->> 'of', customer_value_internal.html_percent(words, f.population)) END;
	RETURN customer_value_internal.html_section(words, 'pareto', words ->> 'pareto', finding,
		format(words ->> 'pareto_means', words ->> 'of', customer_value_internal.html_number(words, round(f.gini::numeric, 2))),
		CASE WHEN f.curve IS NOT NULL AND f.customers >= 10 THEN customer_value_internal.pareto_picture(words, f.curve) ELSE '' END);
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_pareto(name, jsonb) IS 'part of the report: how the basis is spread; with fewer than 10 customers shares of them say nothing';


CREATE FUNCTION customer_value_internal.report_groups(base name, words jsonb, has_rules boolean, a_cut float8) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	columns text[];
	rows text;
	finding text;
BEGIN
	EXECUTE format($sql$
		SELECT ARRAY[$1 ->> CASE WHEN $2 THEN 'segment_class' ELSE 'class' END, $1 ->> 'customers', $1 ->> 'basis', CASE WHEN count(margin) > 0 THEN $1 ->> 'margin' END,
			CASE WHEN count(expected_value) > 0 THEN $1 ->> 'expected' END, CASE WHEN count(at_risk) > 0 THEN $1 ->> 'at_stake' END, $1 ->> 'change']
		FROM %1$I.overview WHERE customers > 0$sql$, base) INTO columns USING words, has_rules;
	EXECUTE format($sql$
		SELECT string_agg(customer_value_internal.html_row($2, ARRAY[g.name,
				concat(customer_value_internal.html_number($1, customers), ' <small>', customer_value_internal.html_percent($1, customer_share), '</small>', customer_value_internal.html_bar(customer_share)),
				concat(customer_value_internal.html_number($1, value), ' <small>' || customer_value_internal.html_percent($1, g.share) || '</small>' || customer_value_internal.html_bar(g.share)),
				customer_value_internal.html_number($1, margin), customer_value_internal.html_number($1, expected_value::numeric), customer_value_internal.html_number($1, at_risk::numeric),
				CASE WHEN change > 0 THEN '+' ELSE '' END || customer_value_internal.html_number($1, change)]), '' ORDER BY value DESC NULLS LAST, customers DESC, g.name),
			CASE WHEN count(*) = 1 THEN format($1 ->> 'groups_one', min(g.name))
				WHEN bool_or(g.share IS NULL) THEN $1 ->> 'pareto_none'
				ELSE (array_agg(format($1 ->> 'groups_finding', g.name, customer_value_internal.html_percent($1, customer_share), customer_value_internal.html_percent($1, g.share), $1 ->> 'of')
					ORDER BY value DESC NULLS LAST, customers DESC, g.name))[1] END
		FROM (SELECT *, sum(value) OVER () AS total FROM %1$I.overview) o,
			LATERAL (SELECT customer_value_internal.html_group($1, segment, abc_class), CASE WHEN total > 0 THEN value_share END) AS g(name, share)
		WHERE customers > 0
		$sql$, base) INTO rows, finding USING words, columns;
	RETURN customer_value_internal.html_section(words, 'groups', words ->> CASE WHEN has_rules THEN 'groups' ELSE 'classes' END, finding,
		format(words ->> 'groups_means', words ->> 'by', customer_value_internal.html_percent(words, a_cut)),
		customer_value_internal.html_table('groups', format(words ->> 'groups_caption', words ->> 'of'), columns, rows));
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_groups(name, jsonb, boolean, float8) IS 'part of the report: segments and classes, the most valuable first, with bars of their shares; only columns of which something is known';


CREATE FUNCTION customer_value_internal.report_migration(base name, words jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	columns constant text[] := ARRAY[words ->> 'before', words ->> 'after', words ->> 'customers'];
	rows text;
	finding text;
BEGIN
	EXECUTE format($sql$
		WITH move AS (
			SELECT CASE WHEN came THEN $1 ->> 'new' ELSE customer_value_internal.html_group($1, old_segment, old_class) END AS before,
				CASE WHEN gone THEN $1 ->> 'gone' ELSE customer_value_internal.html_group($1, segment, abc_class) END AS after, came, gone, count(*) AS customers
			FROM (SELECT *, old_segment IS NULL AND old_class IS NULL AS came FROM %1$I.moved) m
			WHERE (gone AND NOT came) OR (NOT gone AND (old_segment, old_class) IS DISTINCT FROM (segment, abc_class))
			GROUP BY 1, 2, 3, 4),
		placed AS (
			SELECT *, row_number() OVER (ORDER BY customers DESC, before, after) AS i, max(customers) OVER () AS most FROM move)
		SELECT string_agg(customer_value_internal.html_row($2, ARRAY[before, after, customer_value_internal.html_number($1, customers) || customer_value_internal.html_bar(customers / most::float8)]), '' ORDER BY i)
				FILTER (WHERE i <= 12),
			CASE WHEN count(*) = 0 THEN $1 ->> 'migration_none' ELSE format($1 ->> 'migration_finding',
				customer_value_internal.html_customers($1, coalesce(sum(customers) FILTER (WHERE NOT came AND NOT gone), 0)::bigint),
				customer_value_internal.html_customers($1, coalesce(sum(customers) FILTER (WHERE came), 0)::bigint),
				customer_value_internal.html_customers($1, coalesce(sum(customers) FILTER (WHERE gone), 0)::bigint)) END
			|| coalesce((SELECT ' ' || format($1 ->> 'history_since', customer_value_internal.html_day($1, (f.history_since AT TIME ZONE f.time_zone)::date))
				FROM %1$I.cutoffs f WHERE f.history_since > now() - interval '1 month'), '')
		FROM placed
		$sql$, base) INTO rows, finding USING words, columns;
	RETURN customer_value_internal.html_section(words, 'migration', words ->> 'migration', finding, words ->> 'migration_means',
		coalesce(customer_value_internal.html_table('migration', words ->> 'migration_caption', columns, rows), ''));
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_migration(name, jsonb) IS 'part of the report: the most frequent moves between segments and classes in the last month';


CREATE FUNCTION customer_value_internal.report_cohorts(base name, words jsonb, as_of date) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	unit text;
	first_day date;
	heads text;
	rows text;
	again float8;
	finding text;
BEGIN
	-- cohorts of 17 years, as many as are shown: an order of another age does not decide how all others are
	EXECUTE format($sql$
		SELECT CASE WHEN days <= 400 THEN 'month' WHEN days <= 1500 THEN 'quarter' ELSE 'year' END, since
		FROM (SELECT $1 - percentile_disc(0.05) WITHIN GROUP (ORDER BY f.first) AS days, greatest(max(f.first) FILTER (WHERE f.first <= $1), date '4690-01-01 BC') - 6200 AS since
			FROM %1$I.customer c, LATERAL %2$s.first_order(c.value, NULL::date, NULL::date) AS f(first)) d$sql$, base, '@extschema@') INTO unit, first_day USING as_of;
	EXECUTE format($sql$
		WITH cell AS (
			SELECT x.*, dense_rank() OVER (ORDER BY x.cohort DESC) AS newness
			FROM (SELECT %2$s.cohort_retention(value, $2, $3) AS cells FROM %1$I.customer WHERE %2$s.first_order(value, NULL::date, NULL::date) >= $4) s, unnest(s.cells) x),
		shown AS (
			SELECT *, format('<td%%s style="--share:%%s"><data value="%%s">%%s</data></td>', CASE WHEN NOT complete THEN ' class="open"' END,
				round((0.05 + 0.5 * retention)::numeric, 2), retention, round(100 * retention::numeric)) AS content
			FROM cell WHERE newness <= 16 AND period BETWEEN 1 AND 12),
		cohort AS (
			SELECT c.cohort, format('<tr><th scope="row">%%s <small>(%%s)</small></th>%%s</tr>', to_char(c.cohort::timestamp, CASE $2 WHEN 'year' THEN 'YYYY' WHEN 'quarter' THEN 'YYYY "Q"Q' ELSE 'YYYY-MM' END || CASE WHEN c.cohort < '0001-01-01' THEN ' BC' ELSE '' END),
				customer_value_internal.html_number($1, c.customers), (SELECT string_agg(s.content, '' ORDER BY s.period) FROM shown s WHERE s.cohort = c.cohort)) AS content
			FROM cell c WHERE c.newness <= 16 AND c.period = 0)
		SELECT (SELECT string_agg(format('<th scope="col">%%s</th>', i), '' ORDER BY i) FROM generate_series(1, (SELECT max(period) FROM shown)) i),
			(SELECT string_agg(content, '' ORDER BY cohort) FROM cohort),
			(SELECT sum(active) / nullif(sum(customers), 0)::float8 FROM cell WHERE period = 1 AND complete)
		$sql$, base, '@extschema@') INTO heads, rows, again USING words, unit, as_of, first_day;
	finding := CASE WHEN rows IS NULL THEN words ->> 'cohorts_none' WHEN again IS NULL THEN words ->> 'cohorts_young'
		ELSE format(words ->> ('cohorts_finding_' || unit), customer_value_internal.html_percent(words, again)) END;
	RETURN customer_value_internal.html_section(words, 'cohorts', words ->> 'cohorts', finding, words ->> ('cohorts_means_' || unit),
		CASE WHEN heads IS NOT NULL THEN format('<table id="cohorts" class="cohorts"><caption>%s</caption><thead><tr><th scope="col">%s</th>%s</tr></thead><tbody>%s</tbody></table>',
			words ->> ('cohorts_caption_' || unit), words ->> ('cohort_' || unit), heads, rows) ELSE '' END);
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_cohorts(name, jsonb, date) IS
'part of the report: retention of the last 16 cohorts over 12 periods, by month, quarter or year as the orders last; a few odd days decide nothing';


CREATE FUNCTION customer_value_internal.report_model(base name, words jsonb, as_of date) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	o record;
BEGIN
	EXECUTE format('SELECT m.as_of, upper(m.model::jsonb ->> ''model'') AS name, m.customers, m.converged, m.model::jsonb -> ''notes'' AS notes FROM %I.outlook_model m', base) INTO o;
	RETURN concat('<p>' || format(words ->> 'model_is', customer_value_internal.html(o.name), customer_value_internal.html_customers(words, o.customers)) || '</p>',
		CASE WHEN NOT o.converged THEN format('<p class="alert">%s</p>', words ->> 'model_open') END,
		CASE WHEN o.as_of <> as_of THEN format('<p class="alert">%s</p>', format(words ->> 'outlook_day', customer_value_internal.html_day(words, o.as_of))) END,
		'<ul lang="en">' || (SELECT string_agg(format('<li>%s</li>', customer_value_internal.html(n.note)), '') FROM jsonb_array_elements_text(o.notes) AS n(note)) || '</ul>');
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_model(name, jsonb, date) IS 'part of the report: what the outlook rests on, and what is to be known of it';


CREATE FUNCTION customer_value_internal.report_risk(base name, words jsonb, as_of date, top integer) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	columns constant text[] := ARRAY[words ->> 'customer', words ->> 'segment_class', words ->> 'at_stake', words ->> 'expected', words ->> 'alive', words ->> 'due'];
	o record;
	rows text;
	content text;
BEGIN
	EXECUTE format('SELECT count(r.customer_id) AS customers, sum(r.at_stake)::numeric AS at_stake, (SELECT count(*) FROM %1$I.lost) AS lost, (SELECT m.model IS NOT NULL FROM %1$I.outlook_model m) AS has_model,
		s.at_risk_from, s.at_risk_to FROM %1$I.settings s LEFT JOIN %1$I.at_risk r ON true GROUP BY s.at_risk_from, s.at_risk_to', base) INTO o;
	EXECUTE format($sql$
		SELECT string_agg(customer_value_internal.html_row($2, ARRAY[customer_value_internal.html_data(customer_id::text), customer_value_internal.html_group($1, segment, abc_class),
				customer_value_internal.html_number($1, at_stake::numeric), customer_value_internal.html_number($1, clv::numeric),
				customer_value_internal.html_percent($1, p_alive) || customer_value_internal.html_bar(p_alive),
				customer_value_internal.html_day($1, next_order) || CASE WHEN next_order < as_of THEN format(' <span class="alert">%%s</span>', $1 ->> 'overdue') ELSE '' END]), '' ORDER BY at_stake DESC NULLS LAST, customer_id::text)
		FROM (SELECT * FROM %1$I.at_risk ORDER BY at_stake DESC NULLS LAST, customer_id::text LIMIT $3) r
		$sql$, base) INTO rows USING words, columns, top;
	content := CASE WHEN o.has_model IS NULL THEN customer_value_internal.report_hint(words, 'risk_missing', format('SELECT customer_value.refresh_outlook(%L)', base))
		ELSE customer_value_internal.report_model(base, words, as_of)
			|| coalesce(customer_value_internal.html_table('risk', format(words ->> 'risk_listed', customer_value_internal.html_customers(words, least(o.customers, top))), columns, rows), '') END;
	RETURN customer_value_internal.html_section(words, 'risk', words ->> 'risk', CASE
			WHEN o.has_model IS NULL THEN '' WHEN NOT o.has_model THEN words ->> 'risk_no_model' WHEN o.customers = 0 THEN format(words ->> 'risk_none', customer_value_internal.html_customers(words, o.lost))
			ELSE format(words ->> 'risk_finding', customer_value_internal.html_customers(words, o.customers), customer_value_internal.html_money(words, o.at_stake, words ->> 'currency'), customer_value_internal.html_customers(words, o.lost)) END,
		format(words ->> 'risk_means', customer_value_internal.html_percent(words, o.at_risk_from), customer_value_internal.html_percent(words, o.at_risk_to)), content);
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_risk(name, jsonb, date, integer) IS 'part of the report: the customers with the most value at stake, and the model that says so';
