-- facts: tables with a row for each customer whose columns become facts of the customer
--
-- What the trigger takes from the transition tables is only whose rows were written. What it writes is
-- what those rows say now: a unique index lets nobody else write them before the transaction ends, so
-- that is the same in whatever order the triggers of a statement fire.

CREATE FUNCTION customer_value_internal.fact_sources(base name)
RETURNS TABLE (source integer, name text, relation regclass, customer name, columns name[], facts name[], triggers bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT s.source, coalesce(t.relation::text, format('%%I.%%I', s.schema_name, s.table_name)), t.relation,
			t.columns[1], t.columns[2:], s.facts, coalesce(t.triggers, 0)
		FROM %1$I.fact_source s
		LEFT JOIN (
			SELECT g.source, g.relation, count(*) FILTER (WHERE g.enabled) AS triggers, max(g.columns) AS columns
			FROM customer_value_internal.source_triggers(%1$L, of_facts => true) g WHERE NOT g.planted
			GROUP BY g.source, g.relation) AS t USING (source)
		ORDER BY s.source
	$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.fact_sources(name) IS
'the tables of facts of a base as they are now: the table, null where it is gone, its columns by their present names, the facts they are, the number of enabled triggers out of 5';


CREATE FUNCTION customer_value_internal.check_fact_columns(base name, source regclass, customer name, columns name[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wanted name;
	found_type regtype;
	allowed regtype[] := '{smallint,integer,bigint,numeric,real,double precision,boolean,text,character varying,character,date,timestamp without time zone,timestamp with time zone}';
BEGIN
	PERFORM customer_value_internal.check_columns(base, source, customer, NULL, NULL, NULL);
	FOREACH wanted IN ARRAY columns LOOP
		found_type := customer_value_internal.column_type(source, wanted);
		IF found_type <> ALL (allowed) AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = found_type AND t.typtype = 'e') THEN
			RAISE datatype_mismatch USING
				MESSAGE = format('column "%s" of table %s, given as a fact, is of type %s', wanted, source, found_type),
				HINT = format('It has to be %s or an enum; a generated column may convert it, if it is STORED.', array_to_string(allowed, ', '));
		ELSIF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = source AND a.attname = wanted AND a.attgenerated = 'v') THEN
			RAISE feature_not_supported USING
				MESSAGE = format('column "%s" of table %s, given as a fact, is a virtual generated column', wanted, source),
				HINT = 'Triggers do not see its values: make it STORED.';
		END IF;
	END LOOP;
	IF NOT EXISTS (
			SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
			WHERE i.indrelid = source AND a.attname = customer AND i.indnkeyatts = 1
				AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL) THEN
		RAISE invalid_column_reference USING
			MESSAGE = format('column "%s" of table %s has no unique index', customer, source),
			DETAIL = 'A table of facts has one row for a customer.',
			HINT = format('CREATE UNIQUE INDEX ON %s (%I), not deferrable and without a condition.', source, customer);
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_fact_columns(name, regclass, name, name[]) IS
'an error unless a table has a column of keys that are unique, and columns of types that can be facts';


CREATE FUNCTION customer_value_internal.fact_problem(base name, source integer) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM customer_value_internal.check_fact_columns(base, s.relation, s.customer, s.columns)
	FROM customer_value_internal.fact_sources(base) s WHERE s.source = fact_problem.source AND s.customer IS NOT NULL;
	RETURN NULL;
EXCEPTION WHEN datatype_mismatch OR feature_not_supported OR invalid_column_reference THEN
	RETURN SQLERRM;
END
$$;

COMMENT ON FUNCTION customer_value_internal.fact_problem(name, integer) IS
'why facts cannot be taken from a table any more, whose writers are told as much; null where they can';


CREATE FUNCTION customer_value_internal.fact_query(base name, source integer, event text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	s record;
	key text := customer_value_internal.key_type(base);
	zone text;
	facts text;
	written text;
	result text;
BEGIN
	SELECT * INTO s FROM customer_value_internal.fact_sources(base) x WHERE x.source = fact_query.source;
	IF s.relation IS NULL OR s.customer IS NULL THEN
		RAISE undefined_table USING
			MESSAGE = format('table %s, of facts of customer base "%s", or a column of it that is tracked, is gone', s.name, base),
			HINT = format('Call customer_value.untrack(%L, %L).', base, s.name);
	END IF;
	PERFORM customer_value_internal.check_fact_columns(base, s.relation, s.customer, s.columns);

	EXECUTE format('SELECT f.time_zone FROM %I.cutoffs f', base) INTO zone;
	-- numbers, truth values and days are what they are in JSON, a moment is that of the base's time zone, all else is text
	SELECT format('jsonb_strip_nulls(jsonb_build_object(%s))', string_agg(format('%L, ', f.name) || format(
			CASE WHEN f.type = 'timestamp with time zone'::regtype THEN '(f.%I::timestamptz AT TIME ZONE ' || quote_literal(zone) || ')'
				WHEN f.type IN ('boolean', 'date') THEN 'f.%I::' || f.type
				WHEN f.type = 'timestamp without time zone'::regtype THEN 'f.%I::timestamp'
				WHEN f.type IN ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision') THEN 'f.%I::' || f.type
				-- by the type's output function: who owns an enum may have made a cast that is not
				WHEN f.type NOT IN ('text', 'character varying', 'character') THEN 'CASE WHEN f.%1$I IS NOT NULL THEN format(''%%s'', f.%1$I) END'
				ELSE 'f.%I::text' END, f.column_name), ', ' ORDER BY f.n))
	INTO facts
	FROM (SELECT u.n, u.column_name, u.name, customer_value_internal.column_type(s.relation, u.column_name) AS type
		FROM unnest(s.columns, s.facts) WITH ORDINALITY AS u(column_name, name, n)) AS f;
	key := key || CASE WHEN key = 'text' THEN ' COLLATE pg_catalog."default"' ELSE '' END;

	IF event IS NULL THEN
		result := format($sql$
			SELECT customer_id, n.facts
			FROM (SELECT f.%1$I::%2$s AS customer_id, %3$s AS facts FROM ONLY %4$s AS f WHERE f.%1$I IS NOT NULL) AS n
			FULL JOIN (SELECT c.customer_id FROM %5$I.customer c WHERE c.facts ?| %6$L) AS c USING (customer_id)$sql$,
			s.customer, key, facts, s.relation, base, s.facts);
	ELSIF event = 'truncate' THEN
		result := format('SELECT f.%1$I::%2$s AS customer_id, NULL::jsonb AS facts FROM ONLY %3$s AS f WHERE f.%1$I IS NOT NULL', s.customer, key, s.relation);
	ELSE
		SELECT string_agg(format('SELECT %I AS key FROM %I', s.customer, t), ' UNION ') INTO written
		FROM unnest('{old_facts,new_facts}'::text[]) t WHERE event = 'update' OR (event LIKE 'insert%') = (t = 'new_facts');
		-- LIMIT, since the rows are to be looked up by the index, however many were written when this was planned
		result := format($sql$
			SELECT w.key::%2$s AS customer_id, n.facts
			FROM (%5$s) AS w LEFT JOIN LATERAL (SELECT %3$s AS facts FROM ONLY %4$s AS f WHERE f.%1$I = w.key LIMIT 1) AS n ON true
			WHERE w.key IS NOT NULL$sql$, s.customer, key, facts, s.relation, written);
	END IF;
	RETURN format($sql$
		SELECT x.customer_id, x.facts FROM (%2$s) AS x
		WHERE NOT EXISTS (SELECT FROM %1$I.merged m WHERE m.customer_id = x.customer_id)
			AND NOT EXISTS (SELECT FROM %1$I.forgotten f, %1$I.settings s WHERE f.token = customer_value_internal.forgotten_token(s.salt, %3$s))$sql$,
		base, result, customer_value_internal.key_text(base, 'x.customer_id'));
END
$$;

COMMENT ON FUNCTION customer_value_internal.fact_query(name, integer, text) IS
'the query for the facts that a table says of customers, or that it says none: customer_id, facts; of all that are in it or have facts of these names, or of those that an insert, update, delete or truncate writes. Merged and forgotten customers are left out';


CREATE FUNCTION customer_value_internal.write_facts_query(base name, facts name[], changes text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format($sql$
	INSERT INTO %1$I.customer AS c (customer_id, value, facts, basis, abc_class, score, segment, due)
	SELECT d.customer_id, '{}', d.facts, s.basis, s.abc_class, s.score, s.segment, s.due
	FROM (%2$s) AS d, LATERAL customer_value_internal.classify('{}', d.facts, NULL, NULL, $1) AS s
	WHERE d.facts <> '{}' OR EXISTS (SELECT FROM %1$I.customer k WHERE k.customer_id = d.customer_id AND k.facts ?| %3$L)
	ORDER BY d.customer_id
	ON CONFLICT (customer_id) DO UPDATE SET (facts, basis, abc_class, score, segment, due, since) = (
		SELECT f.facts, s.basis, s.abc_class, s.score, s.segment, s.due,
			CASE WHEN (s.abc_class, s.segment) IS DISTINCT FROM (c.abc_class, c.segment) THEN clock_timestamp() ELSE c.since END
		FROM (SELECT nullif((coalesce(c.facts, '{}') - %3$L::text[]) || coalesce(excluded.facts, '{}'), '{}') OFFSET 0) AS f(facts),
			LATERAL customer_value_internal.classify(c.value, f.facts, c.abc_class, c.segment, $1, c.override) AS s)
	WHERE coalesce(c.facts, '{}') <> (coalesce(c.facts, '{}') - %3$L::text[]) || coalesce(excluded.facts, '{}')
	$sql$, base, changes, facts);

COMMENT ON FUNCTION customer_value_internal.write_facts_query(name, name[], text) IS
'the statement that gives customers of a base what changes (a query for customer_id and facts) says of the facts of these names, leaves their other facts alone, and brings them up to date against what is in force ($1)';


CREATE FUNCTION customer_value_internal.fact_statements(source regtype, relation regclass, event text, planned boolean,
	OUT in_force text, OUT write text, OUT ahead text, OUT columns smallint[], OUT time_zone text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	base name;
	number integer;
	facts name[];
BEGIN
	SELECT n.nspname, substr(t.typname, 7)::integer INTO base, number
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
	WHERE t.oid = fact_statements.source AND t.typowner = n.nspowner AND t.typname ~ '^facts_[0-9]+$';
	PERFORM customer_value_internal.check_base(base);
	PERFORM customer_value_internal.check_layout(base);
	SELECT s.facts INTO facts FROM customer_value_internal.fact_sources(base) s WHERE s.source = number AND s.relation = fact_statements.relation;
	IF facts IS NULL OR EXISTS (SELECT FROM customer_value_internal.source_triggers(base, of_facts => true) g
			WHERE g.source = number AND g.relation = fact_statements.relation AND g.planted) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('table %s is not a table of facts of customer base "%s"', relation, base),
			DETAIL = 'It has to belong to the owner of the base, or to the role that it belonged to when it was tracked, whose rights the owner of the base has to have.',
			HINT = 'Call customer_value.untrack() and track_facts() for it again, or drop its triggers.';
	END IF;
	in_force := customer_value_internal.in_force_query(base);
	write := customer_value_internal.write_facts_query(base, facts, customer_value_internal.fact_query(base, number, event));
END
$$;

COMMENT ON FUNCTION customer_value_internal.fact_statements(regtype, regclass, text, boolean) IS
'the statements that the trigger on a table of facts runs as the owner of the base, as change_statements writes them for orders';


CREATE FUNCTION customer_value_internal.track_facts(base name, source regclass, customer name, facts name[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET extra_float_digits = 1 SET customer_value.reason = 'fact'
AS $$
DECLARE
	relation pg_class;
	number integer;
	tracked record;
BEGIN
	PERFORM customer_value_internal.check_name(base);
	IF source IS NULL OR customer IS NULL OR facts IS NULL OR cardinality(facts) = 0 OR array_position(facts, NULL) IS NOT NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'source, customer and facts must not be null, and facts must name columns';
	ELSIF (SELECT count(DISTINCT f) FROM unnest(facts) f) < cardinality(facts) THEN
		RAISE duplicate_column USING MESSAGE = 'a column is named twice in facts';
	END IF;
	PERFORM customer_value_internal.check_read_committed('track_facts');
	relation := customer_value_internal.check_table(source);
	IF relation.relkind = 'p' THEN
		RAISE feature_not_supported USING MESSAGE = format('cannot track facts of %s: it is partitioned', source);
	END IF;
	PERFORM customer_value_internal.check_fact_columns(base, source, customer, facts);

	-- as track_orders does
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	PERFORM customer_value_internal.settle_time_zone(base);
	EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', source);
	SELECT s.name, f.fact INTO tracked FROM customer_value_internal.fact_sources(base) s, unnest(s.facts) AS f(fact)
	WHERE f.fact = ANY (track_facts.facts) ORDER BY s.source LIMIT 1;
	IF tracked.fact IS NOT NULL THEN
		RAISE duplicate_object USING MESSAGE = format('customer base "%s" takes the fact "%s" from table %s already', base, tracked.fact, tracked.name);
	END IF;
	IF EXISTS (SELECT FROM customer_value_internal.fact_sources(base) s WHERE s.relation = track_facts.source) THEN
		RAISE duplicate_object USING
			MESSAGE = format('customer base "%s" tracks facts of table %s already', base, source),
			HINT = 'Untrack it, and track it again with all facts.';
	END IF;

	EXECUTE format('INSERT INTO %1$I.fact_source (source, schema_name, table_name, owner_name, customer, facts)
		SELECT coalesce(max(source), 0) + 1, $1, $2, $3, $4, $5 FROM %1$I.fact_source RETURNING source', base)
	INTO number
	USING (SELECT n.nspname FROM pg_namespace n WHERE n.oid = relation.relnamespace), relation.relname, pg_get_userbyid(relation.relowner), customer, facts;
	PERFORM customer_value_internal.create_source_type(base, 'facts_' || number);
	PERFORM customer_value_internal.create_triggers(base, number, source, customer || facts, of_facts => true);
	EXECUTE customer_value_internal.write_facts_query(base, facts, customer_value_internal.fact_query(base, number)) USING customer_value_internal.in_force(base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.track_facts(name, regclass, name, name[]) IS 'what customer_value.track_facts does, as the owner of the base';


CREATE FUNCTION customer_value.track_facts(base name, source regclass, customer name, facts name[]) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.track_facts(name, regclass, name, name[]) IS
'has a base follow a table with a row for each customer: columns become facts of these names, live. The caller must own both; nobody else writes the table meanwhile';


CREATE FUNCTION customer_value_internal.recompute_facts(base name, customer text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET extra_float_digits = 1
AS $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT * FROM customer_value_internal.fact_sources(base) x WHERE x.customer IS NOT NULL LOOP
		EXECUTE customer_value_internal.write_facts_query(base, s.facts, format('SELECT * FROM (%s) AS y WHERE $2 IS NULL OR y.customer_id = $2::%s',
			customer_value_internal.fact_query(base, s.source), customer_value_internal.key_type(base)))
		USING customer_value_internal.in_force(base), customer;
	END LOOP;
END
$$;

COMMENT ON FUNCTION customer_value_internal.recompute_facts(name, text) IS
'makes the tracked facts of all customers of a base, or of one, what the tables of facts say';


CREATE FUNCTION customer_value_internal.verify_facts(base name) RETURNS TABLE (customer text, what text, stored text, recomputed text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET extra_float_digits = 1
AS $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT * FROM customer_value_internal.fact_sources(base) x
		WHERE x.customer IS NOT NULL AND customer_value_internal.fact_problem(base, x.source) IS NULL
	LOOP
		RETURN QUERY EXECUTE format($sql$
			SELECT n.customer_id::text, 'fact ' || f.name, (c.facts -> f.name)::text, (n.facts -> f.name)::text
			FROM (%2$s) AS n LEFT JOIN %1$I.customer c USING (customer_id), unnest($1) AS f(name)
			WHERE c.facts -> f.name IS DISTINCT FROM n.facts -> f.name
			ORDER BY n.customer_id, f.name
			$sql$, base, customer_value_internal.fact_query(base, s.source))
		USING s.facts::text[];
	END LOOP;
END
$$;

COMMENT ON FUNCTION customer_value_internal.verify_facts(name) IS
'every difference between the facts of customers and what the tables of facts say; called by verify';
