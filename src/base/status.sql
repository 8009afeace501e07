-- status: how a base is, in one row

CREATE FUNCTION customer_value.status(base name)
RETURNS TABLE (customers bigint, queued bigint, as_of date, rebalanced_at timestamptz, rebalance_took interval, drift float8,
	settings_in_force boolean, sources bigint, triggers_enabled boolean, problems text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM customer_value.check_base(base, to_read => true);
	RETURN QUERY EXECUTE format($sql$
		SELECT b.customers + coalesce(q.new_customers, 0), (SELECT count(*) FROM %1$I.queue), f.as_of, CASE WHEN f.last_class IS NOT NULL THEN f.settled_at END, f.took,
			((b.total + coalesce(q.change, 0)) / nullif((f.cutoffs::jsonb ->> 'total')::numeric, 0) - 1)::float8,
			f.last_class IS NOT NULL AND s.basis = f.basis AND s.hysteresis = f.hysteresis AND s.rules::text IS NOT DISTINCT FROM f.rules::text
				AND (CASE WHEN s.basis = 'clv' THEN s.model END)::text IS NOT DISTINCT FROM f.model::text
				AND f.since = coalesce((f.as_of - s.period)::date, '-infinity')
				AND chr(65 + cardinality(s.cuts)) = f.last_class
				AND NOT EXISTS (SELECT FROM jsonb_array_elements(f.cutoffs::jsonb -> 'classes') WITH ORDINALITY AS c(members, i)
					WHERE (c.members ->> 'cut')::numeric <> s.cuts[c.i]),
			t.sources, t.enabled, t.problems
		FROM %1$I.cutoffs f, %1$I.settings s,
			(SELECT coalesce(sum(x.customers), 0)::bigint AS customers, sum(x.basis) FILTER (WHERE x.bucket > 0) AS total FROM %1$I.bucket x) AS b,
			(SELECT count(*) FILTER (WHERE c.settled IS NULL) AS new_customers, sum(greatest(c.basis, 0) - greatest(c.settled, 0)) AS change
				FROM %1$I.customer c WHERE c.customer_id IN (SELECT w.customer_id FROM %1$I.queue w)) AS q,
			(SELECT count(DISTINCT y.source) AS sources, coalesce(bool_and(y.relation IS NOT NULL AND y.amount IS NOT NULL AND y.triggers = 5), true) AS enabled,
				coalesce(array_agg(y.name || ': ' || p.problem ORDER BY y.source, p.problem) FILTER (WHERE p.problem IS NOT NULL), '{}') AS problems
			FROM customer_value.sources(%1$L) y
			LEFT JOIN LATERAL (
				SELECT 'the table is gone or has changed hands' AS problem WHERE y.relation IS NULL
				UNION ALL
				SELECT 'a column is gone' WHERE y.relation IS NOT NULL AND y.amount IS NULL
				UNION ALL
				SELECT 'its filter cannot be applied: ' || customer_value.filter_problem(y.relation, y.filter)
				UNION ALL
				SELECT format('%%s of 5 triggers are enabled', y.triggers) WHERE y.relation IS NOT NULL AND y.triggers <> 5
				UNION ALL
				SELECT 'rows that a subscription applies to it are not seen'
				WHERE EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = y.relation)
				UNION ALL
				SELECT 'it has children, whose rows are not seen'
				WHERE EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = y.relation)
			) AS p ON true) AS t
		$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value.status(name) IS
'one row on how a base is: customers; rows in the queue; base day; when the last rebalance was, and how long it took; by what share the total of the bases has changed since; whether what settings says is in force; sources, whether all their triggers are in place and enabled, and what no trigger can see. For all who may read the base';
