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
				bool_or(h.what = 'segment') AS segment_changed, (array_agg(h.old_value ORDER BY h.changed_at, h.change_id) FILTER (WHERE h.what = 'segment'))[1] AS segment,
				bool_or(h.what = 'class') AS class_changed, (array_agg(h.old_value ORDER BY h.changed_at, h.change_id) FILTER (WHERE h.what = 'class'))[1] AS abc_class,
				(array_agg(h.new_value ORDER BY h.changed_at DESC, h.change_id DESC))[1] IS NULL AS gone
			FROM %1$I.change h
			WHERE h.changed_at > (SELECT ((now() AT TIME ZONE k.time_zone) - interval '1 month') AT TIME ZONE k.time_zone FROM %1$I.cutoffs k)
				AND h.what IN ('segment', 'class')
			GROUP BY h.customer_id) f
		FULL JOIN %1$I.customer c USING (customer_id)
		CROSS JOIN LATERAL (
			SELECT c.added > (SELECT greatest(((now() AT TIME ZONE k.time_zone) - interval '1 month') AT TIME ZONE k.time_zone, k.history_since) FROM %1$I.cutoffs k)
				AND (f.changed_at < c.added) IS NOT TRUE AS came) n
		WHERE n.came OR (c.added IS NOT NULL AND f.customer_id IS NOT NULL) OR (c.added IS NULL AND f.gone);
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
				count(*) FILTER (WHERE o.clv = 'Infinity' OR (o.clv IS NULL AND %2$s.orders(c.value, NULL::date, NULL::date) > 0)) AS expected_left_out
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
		COMMENT ON VIEW %1$I.overview IS 'segments and classes: customers and value (the basis) with their shares, margin of the same period (null where no cost is known), expected_value and at_risk (value at stake of the customers in the view at_risk) from the outlook, customers a month ago and the change since then, those who have left or were merged among them (where history_since is later, customers that were there then are taken to have been there), and expected_left_out: how many customers with orders are not in expected_value, since theirs is infinite or not known';

		CREATE FUNCTION %1$I.report(currency text DEFAULT NULL, language text DEFAULT 'en', top integer DEFAULT 15)
		RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
		RETURN customer_value.report((SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = %3$L::regnamespace), currency, language, top);
		COMMENT ON FUNCTION %1$I.report(text, text, integer) IS 'the base at a glance, a self-contained page in HTML: customer_value.report() says more';
	$sql$, base, '@extschema@', quote_ident(base));
END
$$;

COMMENT ON FUNCTION customer_value_internal.create_overview(name) IS
'gives a base its overview and report; called by create_service';


CREATE FUNCTION customer_value_internal.drop_overview(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('DROP FUNCTION IF EXISTS %I.report(text, text, integer)', base);
	EXECUTE format('DROP VIEW IF EXISTS %1$I.overview, %1$I.moved', base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.drop_overview(name) IS
'drops what create_overview has made; called by drop_service';


CREATE FUNCTION customer_value_internal.report(base name, currency text, language text, top integer) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	setting record;
	words jsonb;
	customers bigint;
	content text;
BEGIN
	IF language IS NULL OR top IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'language and top must not be null';
	END IF;
	IF top NOT BETWEEN 1 AND 1000 THEN
		RAISE invalid_parameter_value USING MESSAGE = format('top must be from 1 to 1000, not %s', top);
	END IF;
	IF currency !~ '\S' OR length(currency) > 12 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'currency must have 1 to 12 characters',
			HINT = 'Give a sign or a code, such as € or EUR.';
	END IF;
	EXECUTE format($sql$
		SELECT f.as_of, f.time_zone, f.basis, CASE WHEN f.period IS NOT NULL THEN f.since END AS since, f.last_class IS NOT NULL AS settled, s.rules IS NOT NULL AS has_rules, f.cutoffs::jsonb #>> '{classes,0,cut}' AS a_cut
		FROM %1$I.cutoffs f, %1$I.settings s$sql$, base) INTO setting;
	words := customer_value_internal.report_words(language, setting.basis, btrim(currency));
	EXECUTE format('SELECT count(*) FROM %I.customer', base) INTO customers;
	IF customers = 0 THEN
		content := customer_value_internal.report_hint(words, 'nobody', format('SELECT customer_value.track_orders(%L, ''orders'', customer => ''customer_id'', at => ''ordered_at'', amount => ''amount'')', base));
	ELSIF NOT setting.settled THEN
		content := customer_value_internal.report_hint(words, 'unsettled', format('SELECT customer_value.rebalance(%L)', base));
	ELSE
		content := customer_value_internal.report_tiles(base, words)
			|| customer_value_internal.report_pareto(base, words)
			|| customer_value_internal.report_groups(base, words, setting.has_rules, setting.a_cut::float8)
			|| customer_value_internal.report_migration(base, words)
			|| customer_value_internal.report_cohorts(base, words, setting.as_of)
			|| customer_value_internal.report_risk(base, words, setting.as_of, top);
	END IF;
	RETURN customer_value_internal.report_page(base, words, CASE WHEN customers > 0 AND setting.settled THEN setting.as_of END, setting.since, setting.time_zone, content);
END
$$;

COMMENT ON FUNCTION customer_value_internal.report(name, text, text, integer) IS 'what customer_value.report does, as the owner of the base';


CREATE FUNCTION customer_value.report(base name, currency text DEFAULT NULL, language text DEFAULT 'en', top integer DEFAULT 15) RETURNS text
LANGUAGE c STABLE PARALLEL SAFE SET customer_value.reads = 'customer,cutoffs,settings,change,outlook,outlook_model,overview,moved,at_risk,lost' AS 'MODULE_PATHNAME', 'customer_value_as_owner_for_reader';

COMMENT ON FUNCTION customer_value.report(name, text, text, integer) IS
'a base at a glance as one self-contained page in HTML, for screen, telephone, paper and screen readers, without any script: who carries the business, segments and classes, who has moved, who comes back, who may be leaving, with the top customers of that list. Amounts carry the currency given; languages are en and de';
