-- verify: does a base say what its sources say?

CREATE FUNCTION customer_value_internal.recomputed(base name) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ledgers text[];
BEGIN
	SELECT array_agg(customer_value_internal.ledger_query(base, s.source)) INTO ledgers
	FROM customer_value_internal.sources(base) s WHERE s.relation IS NOT NULL AND s.amount IS NOT NULL;
	RETURN CASE
		WHEN ledgers IS NULL THEN format('SELECT customer_id, value FROM %I.customer WHERE false', base)
		WHEN cardinality(ledgers) = 1 THEN ledgers[1]
		ELSE format('SELECT l.customer_id, %s.sum(l.value) AS value FROM (%s) AS l GROUP BY l.customer_id',
			'@extschema@', array_to_string(ledgers, ' UNION ALL ')) END;
END
$$;

COMMENT ON FUNCTION customer_value_internal.recomputed(name) IS 'the query that makes all ledgers of a base from its sources: customer_id, value';


CREATE FUNCTION customer_value_internal.verify(base name)
RETURNS TABLE (customer text, what text, stored text, recomputed text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
AS $$
BEGIN
	RETURN QUERY
	SELECT NULL, 'source ' || p.name, 'tracked', p.problem FROM customer_value_internal.source_problems(base) p WHERE NOT p.unseen;

	RETURN QUERY SELECT * FROM customer_value_internal.verify_facts(base);

	RETURN QUERY EXECUTE format($sql$
		SELECT NULL, format('bucket %%s of level %%s', bucket, level), b.sums::text, c.sums::text
		FROM (SELECT level, bucket, (customers, trim_scale(basis), trim_scale(squares)) AS sums
			FROM %1$I.bucket WHERE customers <> 0 OR basis <> 0 OR squares <> 0) AS b
		FULL JOIN (SELECT l.level, l.bucket, (sum(g.customers)::bigint, trim_scale(sum(g.basis)), trim_scale(sum(g.squares))) AS sums
			FROM (SELECT s.bucket, count(*) AS customers, sum(s.basis) AS basis, sum(s.basis * s.basis) AS squares FROM %1$I.settled s GROUP BY 1) AS g,
				LATERAL %2$s GROUP BY 1, 2) AS c USING (level, bucket)
		WHERE (SELECT f.counted FROM %1$I.cutoffs f) AND b.sums IS DISTINCT FROM c.sums
		ORDER BY level, bucket
		$sql$, base, customer_value_internal.bucket_levels_query('g.bucket'));

	RETURN QUERY EXECUTE format($sql$
		SELECT d.customer, d.what, d.stored, d.recomputed
		FROM %1$I.customer c
		FULL JOIN %1$I.settled z USING (customer_id)
		FULL JOIN (SELECT q.customer_id, %2$s.sum(q.value) AS value,
				bool_or(q.value OPERATOR(%2$s.<>) '{}' OR q.classed_by IS DISTINCT FROM ($1).settled_at) AS waits
			FROM %1$I.queue q GROUP BY 1) q USING (customer_id)
		FULL JOIN (%3$s) n USING (customer_id)
		CROSS JOIN LATERAL (SELECT CASE WHEN c.value IS NULL THEN q.value WHEN q.value IS NULL THEN c.value
				ELSE c.value OPERATOR(%2$s.+) q.value END OFFSET 0) AS v(stored)
		CROSS JOIN (SELECT counted FROM %1$I.cutoffs LIMIT 1) AS f
		CROSS JOIN LATERAL customer_value_internal.classify(coalesce(n.value, '{}'), c.facts, c.abc_class, c.segment, $1, c.override) s
		CROSS JOIN LATERAL (VALUES
			(customer_id::text, 'value', v.stored::text, coalesce(n.value, '{}')::text,
				v.stored IS NULL OR v.stored OPERATOR(%2$s.<>) coalesce(n.value, '{}')),
			(customer_id::text, 'basis', c.basis::text, s.basis::text, c.basis IS DISTINCT FROM s.basis),
			(customer_id::text, 'settled', z.basis::text, s.basis::text, q.waits IS NULL AND f.counted AND c.basis = s.basis AND z.basis IS DISTINCT FROM c.basis),
			(customer_id::text, 'class', c.abc_class, s.abc_class, c.abc_class IS DISTINCT FROM s.abc_class),
			(customer_id::text, 'score', c.score::text, s.score::text, c.score IS DISTINCT FROM s.score),
			(customer_id::text, 'segment', c.segment, s.segment, c.segment IS DISTINCT FROM s.segment),
			(customer_id::text, 'due', c.due::text, s.due::text, c.due IS DISTINCT FROM s.due)
			) AS d(customer, what, stored, recomputed, differs)
		WHERE (v.stored IS NULL OR v.stored OPERATOR(%2$s.<>) coalesce(n.value, '{}')
				OR (c.basis, z.basis, c.abc_class, c.score, c.segment, c.due) IS DISTINCT FROM (s.basis, s.basis, s.abc_class, s.score, s.segment, s.due))
			AND d.differs
			AND (d.what = 'value' OR q.waits IS NOT TRUE)
		ORDER BY customer_id, d.what
		$sql$, base, '@extschema@', customer_value_internal.recomputed(base))
	USING customer_value_internal.in_force(base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.verify(name) IS 'what customer_value.verify does, as the owner of the base';


CREATE FUNCTION customer_value.verify(base name)
RETURNS TABLE (customer text, what text, stored text, recomputed text)
LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.verify(name) IS
'recomputes a base from its sources and returns every difference, and sources that are gone or lack triggers; nothing when all is well. Customers with orders in the queue, or whose writer classed them by cut-offs that are no longer in force, are compared by their ledgers alone, with what is queued counted in';
