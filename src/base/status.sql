-- status: how a base is, in one row

CREATE FUNCTION customer_value_internal.source_problems(base name)
RETURNS TABLE (name text, problem text, unseen boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT s.name, p.problem, p.unseen
		FROM (
			SELECT false AS of_facts, s.source, s.name, s.relation, s.amount IS NOT NULL AS whole, s.filter, s.triggers, format('%%I.%%I', t.schema_name, t.table_name) AS tracked_as
			FROM customer_value_internal.sources(%1$L) s JOIN %1$I.source t USING (source)
			UNION ALL
			SELECT true, s.source, s.name, s.relation, s.customer IS NOT NULL, NULL, s.triggers, format('%%I.%%I', t.schema_name, t.table_name)
			FROM customer_value_internal.fact_sources(%1$L) s JOIN %1$I.fact_source t USING (source)) AS s,
		LATERAL (
			SELECT 'the table is gone or has changed hands' AS problem, false AS unseen WHERE s.relation IS NULL
			UNION ALL
			SELECT DISTINCT format('triggers on table %%s name it that track_%%s did not create: drop them', g.relation, CASE WHEN s.of_facts THEN 'facts' ELSE 'orders' END), false
			FROM customer_value_internal.source_triggers(%1$L, s.of_facts) g WHERE g.source = s.source AND g.planted
			UNION ALL
			SELECT 'a column is gone', false WHERE s.relation IS NOT NULL AND NOT s.whole
			UNION ALL
			SELECT 'its filter cannot be applied: ' || f.problem, false FROM customer_value_internal.filter_problem(s.relation, s.filter) AS f(problem) WHERE f.problem IS NOT NULL
			UNION ALL
			SELECT format('%%s of 5 triggers are enabled', s.triggers), false WHERE s.whole AND s.triggers <> 5
			UNION ALL
			SELECT x.problem, false FROM customer_value_internal.partition_problems(%1$L, s.source) x WHERE s.relation IS NOT NULL AND NOT s.of_facts
			UNION ALL
			SELECT f.problem, false FROM customer_value_internal.fact_problem(%1$L, s.source) AS f(problem) WHERE s.of_facts AND f.problem IS NOT NULL
			UNION ALL
			SELECT 'rows that a subscription applies to it are not seen', true
			WHERE EXISTS (SELECT FROM pg_subscription_rel r
				WHERE r.srrelid = s.relation OR r.srrelid IN (SELECT t.relid FROM pg_partition_tree(s.relation) t))
			UNION ALL
			SELECT format('it was %%s when it was tracked, and another table bears that name now', s.tracked_as), true
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.oid <> s.relation AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND format('%%I.%%I', n.nspname, c.relname) = s.tracked_as
			UNION ALL
			SELECT 'row security is forced on it, and verify and rebuild cannot read all its rows', true
			FROM pg_class c WHERE c.oid = s.relation AND c.relrowsecurity AND c.relforcerowsecurity
			UNION ALL
			SELECT 'it is unlogged, and loses its rows in a crash without being seen', true
			FROM pg_class c WHERE c.oid = s.relation AND c.relpersistence = 'u'
			UNION ALL
			SELECT 'it has children, whose rows are not seen', true
			FROM pg_class c WHERE c.oid = s.relation AND c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
			UNION ALL
			SELECT format('it is a partition of %%s, and what is written to that is not seen', pg_partition_root(c.oid)), true
			FROM pg_class c WHERE c.oid = s.relation AND c.relispartition
		) AS p
		ORDER BY s.of_facts, s.source, p.problem
	$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.source_problems(name) IS
'what is wrong with the sources of a base, in the words of verify and status, and, as unseen, what no trigger can see even though all is right';


CREATE FUNCTION customer_value_internal.rule_facts(rules @extschema@.segment_rules) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT k.fact FROM jsonb_path_query($1::jsonb, '$.criteria[*].fact') AS c(fact), LATERAL (SELECT c.fact #>> '{}') AS k(fact)
	UNION
	SELECT jsonb_object_keys(w.facts) FROM (
		SELECT r -> 'when' FROM jsonb_array_elements($1::jsonb -> 'must') r
		UNION ALL SELECT $1::jsonb #> '{develop,when}') AS w(facts)
$$;

COMMENT ON FUNCTION customer_value_internal.rule_facts(@extschema@.segment_rules) IS 'the facts that a rule set asks for';


CREATE FUNCTION customer_value_internal.is_ledger_fact(fact text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT @extschema@.facts(@extschema@.customer_value(o.day, 1, 1), '2000-01-02') ? $1
	FROM (VALUES (date '2000-01-01'), (date '2000-01-02')) AS o(day)
$$;

COMMENT ON FUNCTION customer_value_internal.is_ledger_fact(text) IS 'whether a fact is one that ledgers have';


CREATE FUNCTION customer_value_internal.takes_fact(rules @extschema@.segment_rules, fact text, value jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM @extschema@.segment_score(jsonb_build_object(fact, value), rules);
	RETURN true;
EXCEPTION WHEN data_exception THEN
	RETURN false;
END
$$;

COMMENT ON FUNCTION customer_value_internal.takes_fact(@extschema@.segment_rules, text, jsonb) IS 'whether a rule set takes such a value for a fact';


CREATE FUNCTION customer_value_internal.rule_problems(base name) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	problems text[];
BEGIN
	-- Facts of the ledger are asked of ledgers, all others of what is stored: the first customer that has one will do.
	-- Whether rules take it is asked of a few: as a rule all values come from one column.
	EXECUTE format($sql$
		SELECT array_agg(format(CASE WHEN h.stored THEN 'rules: the fact "%%s" is not of a kind that they take' ELSE 'rules: no customer has the fact "%%s"' END, f.fact)
			ORDER BY f.fact COLLATE "C")
		FROM %1$I.settings s, customer_value_internal.rule_facts(s.rules) AS f(fact),
			LATERAL (SELECT customer_value_internal.is_ledger_fact(f.fact) OFFSET 0) AS l(of_ledger),
			LATERAL (
				SELECT count(*) > 0 AS stored, coalesce(bool_or(customer_value_internal.takes_fact(s.rules, f.fact, x.value)), false) AS taken
				FROM (SELECT c.facts -> f.fact AS value FROM %1$I.customer c WHERE jsonb_typeof(c.facts -> f.fact) <> 'null' LIMIT 100) x) AS h
		WHERE EXISTS (SELECT FROM %1$I.customer) AND NOT h.taken AND NOT (l.of_ledger AND EXISTS (
			SELECT FROM %1$I.customer c, %1$I.cutoffs b
			WHERE %2$s.facts(c.value, greatest(b.as_of, customer_value_internal.last_day(c.value))) ->> f.fact IS NOT NULL))
		$sql$, base, '@extschema@')
	INTO problems;
	RETURN coalesce(problems, '{}');
END
$$;

COMMENT ON FUNCTION customer_value_internal.rule_problems(name) IS
'what is wrong with the rules in settings, in the words of status: facts that no customer of the base has, or not as they take them; nothing where there are no customers';


CREATE FUNCTION customer_value_internal.status(base name)
RETURNS TABLE (customers bigint, queued bigint, as_of date, rebalanced_at timestamptz, rebalance_took interval, drift float8,
	settings_in_force boolean, sources bigint, triggers_enabled boolean, problems text[],
	time_zone text, outlook_as_of date, model text, model_customers bigint, model_converged boolean, notes text[])
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT CASE WHEN f.counted THEN b.customers + q.new_customers ELSE (SELECT count(*) FROM %1$I.customer) END, (SELECT count(*) FROM %1$I.queue), f.as_of, CASE WHEN f.last_class IS NOT NULL THEN f.settled_at END, f.took,
			((b.total + coalesce(q.change, 0)) / nullif((f.cutoffs::jsonb ->> 'total')::numeric, 0) - 1)::float8,
			f.last_class IS NOT NULL AND s.basis = f.basis AND s.hysteresis = f.hysteresis AND s.time_zone = f.time_zone AND s.rules::text IS NOT DISTINCT FROM f.rules::text
				AND (CASE WHEN s.basis = 'clv' THEN s.model END)::text IS NOT DISTINCT FROM f.model::text
				AND s.period::text IS NOT DISTINCT FROM f.period::text
				AND chr(65 + cardinality(s.cuts)) = f.last_class
				AND NOT EXISTS (SELECT FROM jsonb_array_elements(f.cutoffs::jsonb -> 'classes') WITH ORDINALITY AS c(members, i)
					JOIN unnest(s.cuts) WITH ORDINALITY AS u(cut, i) USING (i) WHERE (c.members ->> 'cut')::numeric <> u.cut),
			t.sources, p.enabled, p.problems || customer_value_internal.rule_problems(%1$L), f.time_zone, o.as_of, o.model::jsonb ->> 'model', o.customers, o.converged, coalesce(o.notes, '{}')
		FROM %1$I.cutoffs f LEFT JOIN %1$I.outlook_model o ON true, %1$I.settings s,
			(SELECT coalesce(sum(x.customers), 0)::bigint AS customers, sum(x.basis) FILTER (WHERE x.bucket > 0) AS total FROM %1$I.bucket x WHERE x.level = 0) AS b,
			(SELECT count(*) FILTER (WHERE s.basis IS NULL) AS new_customers, sum(greatest(c.basis, 0) - greatest(s.basis, 0)) AS change
				FROM %1$I.customer c LEFT JOIN %1$I.settled s USING (customer_id)
				WHERE c.customer_id IN (SELECT w.customer_id FROM %1$I.queue w)) AS q,
			(SELECT (SELECT count(*) FROM %1$I.source) + (SELECT count(*) FROM %1$I.fact_source) AS sources) AS t,
			(SELECT coalesce(bool_and(p.unseen), true) AS enabled, coalesce(array_agg(p.name || ': ' || p.problem), '{}') AS problems
			FROM customer_value_internal.source_problems(%1$L) p) AS p
		$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.status(name) IS 'what customer_value.status does, as the owner of the base';


CREATE FUNCTION customer_value.status(base name)
RETURNS TABLE (customers bigint, queued bigint, as_of date, rebalanced_at timestamptz, rebalance_took interval, drift float8,
	settings_in_force boolean, sources bigint, triggers_enabled boolean, problems text[],
	time_zone text, outlook_as_of date, model text, model_customers bigint, model_converged boolean, notes text[])
LANGUAGE c STABLE PARALLEL UNSAFE SET customer_value.reads = 'customer,settled,bucket,cutoffs,queue,settings,source,fact_source,outlook_model' AS 'MODULE_PATHNAME', 'customer_value_as_owner_for_reader';

COMMENT ON FUNCTION customer_value.status(name) IS
'one row on how a base is: customers; rows in the queue; base day; when the last rebalance was, and how long it took; by what share the total of the bases has changed since; whether what settings says is in force; sources, whether all their triggers are in place and enabled, and what no trigger can see; facts of the rules that no customer has; the time zone in whose days the base is; the day and the model of the outlook, how many customers that was fitted to, whether the fit converged, and notes on how far to trust it. For all who may read the base';
