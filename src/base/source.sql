-- source: tracked tables of orders, and the statements that bring their changes to a base

CREATE FUNCTION customer_value_internal.track_change() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_track_change';

COMMENT ON FUNCTION customer_value_internal.track_change() IS
'the trigger on tracked tables: adds the net change of a statement to the ledgers of the customers it touched; created by track_orders only';

CREATE FUNCTION customer_value_internal.record_change() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_record_change';

COMMENT ON FUNCTION customer_value_internal.record_change() IS
'the trigger on a base''s customers that writes its history, sends messages where settings says notify, and queues customers whose facts changed; the reason is what the setting customer_value.reason says, or manual';


CREATE FUNCTION customer_value_internal.is_trusted(base_owner oid, table_owner oid, last_owner name) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT is_trusted.table_owner = is_trusted.base_owner
		OR (pg_get_userbyid(is_trusted.table_owner) = is_trusted.last_owner AND pg_has_role(is_trusted.base_owner, is_trusted.table_owner, 'USAGE'));
END;

COMMENT ON FUNCTION customer_value_internal.is_trusted(oid, oid, name) IS
'whether a table belongs to the owner of the base, or to the role that it belonged to when it was tracked as long as the owner of the base has the rights of that role: who has lost a table no longer reads it';


CREATE FUNCTION customer_value_internal.source_triggers(base name, of_facts boolean DEFAULT false)
RETURNS TABLE (source integer, relation regclass, name name, of_partition boolean, enabled boolean, columns name[], planted boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Who has the right TRIGGER on a table can put triggers on it that name a source, but cannot comment on them, which takes
	-- the owner of the table. So a source is the one table whose triggers bear the comment that track_orders has left there or,
	-- since a dump may come without comments, that has the name it was tracked by; and it has to be trusted. A partition
	-- may belong to others: it takes the owner of the whole to make it one. What is a partition no more is known as the source is.
	RETURN QUERY EXECUTE format($sql$
		WITH marks AS MATERIALIZED (
			SELECT s.source, r.oid AS relation, g.tgname AS name, g.tgnargs > 0 AS of_partition, g.tgenabled IN ('O', 'A') AS enabled,
				ARRAY(SELECT a.attname FROM unnest(g.tgattr::int2[]) WITH ORDINALITY AS u(attnum, n)
					JOIN pg_attribute a ON a.attrelid = g.tgrelid AND a.attnum = u.attnum ORDER BY u.n) AS columns,
				customer_value_internal.is_trusted(n.nspowner, r.relowner, s.owner_name) AS trusted,
				x.objoid IS NOT NULL AS commented,
				CASE WHEN g.tgnargs = 0 THEN r.relname = s.table_name AND rn.nspname = s.schema_name
					ELSE coalesce(r.oid::regclass::text = ANY (%4$s), false) END AS named,
				row_number() OVER (PARTITION BY s.source, r.oid, g.tgnargs > 0 ORDER BY x.objoid IS NULL, g.oid) AS n
			FROM %1$I.%2$I s
			JOIN pg_namespace n ON n.nspname = %1$L
			JOIN pg_type y ON y.typnamespace = n.oid AND y.typname = %3$L || s.source
			JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = y.oid AND d.classid = 'pg_trigger'::regclass
			JOIN pg_trigger g ON g.oid = d.objid AND g.tgfoid = 'customer_value_internal.track_change()'::regprocedure
			JOIN pg_class r ON r.oid = g.tgrelid
			JOIN pg_namespace rn ON rn.oid = r.relnamespace
			LEFT JOIN pg_description x ON x.classoid = 'pg_trigger'::regclass AND x.objoid = g.oid AND x.objsubid = 0),
		wholes AS MATERIALIZED (
			SELECT DISTINCT ON (m.source) m.source, m.relation, m.commented FROM marks m
			WHERE m.trusted AND NOT m.of_partition AND (m.commented OR m.named)
			ORDER BY m.source, m.commented DESC, m.named DESC, m.relation),
		parts AS MATERIALIZED (
			-- looked up from below, which takes no locks
			SELECT m.source, m.relation FROM (SELECT DISTINCT source, relation FROM marks WHERE of_partition) AS m,
				pg_partition_ancestors(m.relation) a JOIN wholes w ON w.relation = a.relid
			WHERE w.source = m.source AND w.relation <> m.relation)
		SELECT m.source, m.relation::regclass, m.name, m.of_partition, m.enabled, m.columns,
			CASE WHEN NOT m.of_partition THEN w.relation IS NULL WHEN p.relation IS NOT NULL THEN m.n > 5 ELSE NOT (m.commented OR m.named) END
		FROM marks m
		LEFT JOIN wholes w ON w.source = m.source AND w.relation = m.relation AND w.commented = m.commented
		LEFT JOIN parts p ON p.source = m.source AND p.relation = m.relation
		WHERE m.trusted OR (m.of_partition AND p.relation IS NOT NULL)
	$sql$, base, CASE WHEN of_facts THEN 'fact_source' ELSE 'source' END, CASE WHEN of_facts THEN 'facts_' ELSE 'source_' END,
		CASE WHEN of_facts THEN 'NULL::text[]' ELSE 's.partitions' END);
END
$$;

COMMENT ON FUNCTION customer_value_internal.source_triggers(name, boolean) IS
'the triggers that name the sources of a base, or its tables of facts: on which table, whether that is a partition of the source, whether it is enabled, the columns it names, and whether it was not track_orders or track_facts that created it';


CREATE FUNCTION customer_value_internal.sources(base name)
RETURNS TABLE (source integer, name text, relation regclass, customer name, at name, amount name, cost name,
	filter text, mode text, triggers bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT s.source, coalesce(t.relation::text, format('%%I.%%I', s.schema_name, s.table_name)), t.relation,
			t.columns[1], t.columns[2], t.columns[3], t.columns[4], s.filter, s.mode, coalesce(t.triggers, 0)
		FROM %1$I.source s
		LEFT JOIN (
			SELECT g.source, g.relation, count(*) FILTER (WHERE g.enabled) AS triggers, max(g.columns) AS columns
			FROM customer_value_internal.source_triggers(%1$L) g WHERE NOT g.of_partition AND NOT g.planted
			GROUP BY g.source, g.relation) AS t USING (source)
		ORDER BY s.source
	$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.sources(name) IS
'the sources of a base as they are now: the table, null where it is gone, its columns by their present names, the number of enabled triggers out of 5';


CREATE FUNCTION customer_value_internal.key_type(base name) RETURNS regtype
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT a.atttypid::regtype
	FROM pg_namespace n
	JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'customer'
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'
	WHERE n.nspname = key_type.base;
END;

COMMENT ON FUNCTION customer_value_internal.key_type(name) IS 'the type of the keys of a base''s customers';


CREATE FUNCTION customer_value_internal.column_type(source regclass, wanted name) RETURNS regtype
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_type regtype;
BEGIN
	WITH RECURSIVE domains AS (
		SELECT a.atttypid AS type FROM pg_attribute a
		WHERE a.attrelid = source AND a.attname = wanted AND a.attnum > 0 AND NOT a.attisdropped
		UNION ALL
		SELECT t.typbasetype FROM domains d JOIN pg_type t ON t.oid = d.type WHERE t.typtype = 'd')
	SELECT d.type INTO found_type FROM domains d JOIN pg_type t ON t.oid = d.type WHERE t.typtype <> 'd';
	IF found_type IS NULL THEN
		RAISE undefined_column USING MESSAGE = format('column "%s" of table %s does not exist', wanted, source);
	END IF;
	RETURN found_type;
END
$$;

COMMENT ON FUNCTION customer_value_internal.column_type(regclass, name) IS
'the type of a column, below any domains; an error if there is no such column';


CREATE FUNCTION customer_value_internal.row_filter(relation regclass, filter text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'customer_value_row_filter';

COMMENT ON FUNCTION customer_value_internal.row_filter(regclass, text) IS
'a filter as the base keeps it, the same for every writer whatever its settings; an error unless it is a condition on one row that neither time nor other tables can change';


CREATE FUNCTION customer_value_internal.filter_problem(relation regclass, filter text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM customer_value_internal.row_filter(relation, filter);
	RETURN NULL;
EXCEPTION WHEN undefined_column OR undefined_function OR undefined_object OR datatype_mismatch OR invalid_object_definition THEN
	RETURN SQLERRM;
END
$$;

COMMENT ON FUNCTION customer_value_internal.filter_problem(regclass, text) IS
'why a filter cannot be applied to a table any more, say because a column was renamed; null where it can';


CREATE FUNCTION customer_value_internal.check_columns(base name, source regclass, customer name, at name, amount name, cost name)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	key regtype := customer_value_internal.key_type(base);
	role text;
	wanted name;
	found_type regtype;
	allowed regtype[];
BEGIN
	FOREACH role IN ARRAY ARRAY['customer', 'at', 'amount', 'cost'] LOOP
		wanted := CASE role WHEN 'customer' THEN customer WHEN 'at' THEN at WHEN 'amount' THEN amount ELSE cost END;
		CONTINUE WHEN wanted IS NULL;
		found_type := customer_value_internal.column_type(source, wanted);
		allowed := CASE WHEN role = 'at' THEN '{date,timestamp without time zone,timestamp with time zone}'
			WHEN role <> 'customer' THEN '{numeric,bigint,integer,smallint,double precision,real}'
			WHEN key = 'numeric'::regtype THEN '{numeric,bigint,integer,smallint}'
			WHEN key = 'bigint'::regtype THEN '{bigint,integer,smallint}'
			WHEN key = 'integer'::regtype THEN '{integer,smallint}'
			WHEN key = 'text'::regtype THEN '{text,character varying}'
			ELSE ARRAY[key] END;
		IF found_type <> ALL (allowed) THEN
			RAISE datatype_mismatch USING
				MESSAGE = format('column "%s" of table %s, given as %s, is of type %s', wanted, source, role, found_type),
				HINT = CASE WHEN role IN ('amount', 'cost') AND found_type = ANY ('{money,text,character varying,character}'::regtype[])
					THEN format('Make it a number: ALTER TABLE %s ALTER %2$I TYPE numeric USING %2$I::numeric.', source, wanted)
					ELSE format('It has to be %s; a generated column may convert it, if it is STORED.', array_to_string(allowed, ' or ')) END;
		ELSIF EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = source AND a.attname = wanted AND a.attgenerated = 'v') THEN
			RAISE feature_not_supported USING
				MESSAGE = format('column "%s" of table %s, given as %s, is a virtual generated column', wanted, source, role),
				HINT = 'Triggers do not see its values: make it STORED.';
		END IF;
	END LOOP;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_columns(name, regclass, name, name, name, name) IS
'an error unless a table has columns of these names, of types that the base can take';


CREATE FUNCTION customer_value_internal.local_query(wanted name, type regtype, zone text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN format(CASE WHEN type = 'timestamp with time zone'::regtype AND zone <> 'UTC' THEN '(%1$I::%2$s AT TIME ZONE %3$L)' ELSE '%1$I::%2$s' END,
	wanted, type, zone);

COMMENT ON FUNCTION customer_value_internal.local_query(name, regtype, text) IS
'a column of days or moments as a ledger takes it: a moment by the clock of a time zone, where that is not UTC, whose days it falls on anyway';


CREATE FUNCTION customer_value_internal.source_columns(base name, source integer, relation regclass) RETURNS name[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	-- what was a partition may have other names for its columns by now
	SELECT coalesce(
		(SELECT max(g.columns || array_fill(NULL::name, ARRAY[4 - cardinality(g.columns)])) FROM customer_value_internal.source_triggers(base) g
			WHERE NOT g.planted AND g.source = source_columns.source AND g.relation = source_columns.relation AND g.columns[3] IS NOT NULL),
		(SELECT ARRAY[s.customer, s.at, s.amount, s.cost] FROM customer_value_internal.sources(base) s WHERE s.source = source_columns.source))
$$;

COMMENT ON FUNCTION customer_value_internal.source_columns(name, integer, regclass) IS
'the names of the columns that a source is tracked by, in its table or in a partition of it: customer, at, amount and cost, which may be null';


CREATE FUNCTION customer_value_internal.ledger_query(base name, source integer, relation regclass DEFAULT NULL, rows text DEFAULT NULL,
	condition text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	s record;
	problem text;
	whole pg_class;
	columns name[];
	key text;
	merged boolean;
	forgotten boolean;
	zone text;
	ledgers text;
BEGIN
	SELECT * INTO s FROM customer_value_internal.sources(base) x WHERE x.source = ledger_query.source;
	IF s.relation IS NULL THEN
		RAISE undefined_table USING
			MESSAGE = format('table %s, a source of customer base "%s", is gone or has changed hands', s.name, base),
			HINT = format('Call customer_value.untrack(%L, %L).', base, s.name);
	END IF;
	IF s.amount IS NULL THEN
		RAISE undefined_column USING
			MESSAGE = format('a column of table %s that customer base "%s" tracks is gone', s.name, base),
			HINT = format('Call customer_value.untrack(%L, %L), and track_orders again with other columns.', base, s.name);
	END IF;
	SELECT * INTO whole FROM pg_class c WHERE c.oid = s.relation;
	columns := customer_value_internal.source_columns(base, source, relation);
	-- who owns the table may have given it other columns, or the columns other types
	PERFORM customer_value_internal.check_columns(base, coalesce(relation, s.relation), columns[1], columns[2], columns[3], columns[4]);
	problem := customer_value_internal.filter_problem(s.relation, s.filter);
	IF problem IS NOT NULL THEN
		RAISE undefined_column USING
			MESSAGE = format('the filter of table %s, a source of customer base "%s", cannot be applied: %s', s.name, base, problem),
			HINT = format('Call customer_value.untrack(%L, %L), and track_orders again with another filter.', base, s.name);
	END IF;
	-- Few bases merge customers or forget any; the others need not look that up.
	EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.merged), EXISTS (SELECT FROM %1$I.forgotten), f.time_zone FROM %1$I.cutoffs f', base) INTO merged, forgotten, zone;
	-- a key is compared as the base compares it, whatever the collation of the source
	key := customer_value_internal.key_type(base) || CASE WHEN customer_value_internal.key_type(base) = 'text'::regtype THEN ' COLLATE pg_catalog."default"' ELSE '' END;
	ledgers := format('SELECT %1$I::%2$s AS customer_id, %3$s.customer_value(%11$s, %5$I%6$s) AS value'
		' FROM %7$s AS %8$I WHERE %1$I IS NOT NULL AND %4$I IS NOT NULL AND %5$I IS NOT NULL%9$s%10$s GROUP BY 1',
		columns[1], key, '@extschema@', columns[2], columns[3], ', ' || quote_ident(columns[4]),
		coalesce(rows, CASE WHEN relation IS NULL AND whole.relkind = 'p' THEN '' ELSE 'ONLY ' END || coalesce(relation, s.relation)), whole.relname,
		E' AND (' || s.filter || E'\n)', ' AND (' || condition || ')',
		customer_value_internal.local_query(columns[2], customer_value_internal.column_type(coalesce(relation, s.relation), columns[2]), zone));

	IF merged THEN
		ledgers := format($sql$
			SELECT coalesce(m.merged_into, l.customer_id) AS customer_id, %1$s.sum(l.value) AS value
			FROM (%2$s) AS l LEFT JOIN %3$I.merged m ON m.customer_id = l.customer_id GROUP BY 1$sql$, '@extschema@', ledgers, base);
	END IF;
	IF forgotten THEN
		ledgers := format($sql$
			SELECT l.customer_id, l.value FROM (%1$s) AS l
			WHERE NOT EXISTS (SELECT FROM %2$I.forgotten f, %2$I.settings s WHERE f.token = customer_value_internal.forgotten_token(s.salt, %3$s))$sql$,
			ledgers, base, customer_value_internal.key_text(base, 'l.customer_id'));
	END IF;
	RETURN ledgers;
END
$$;

COMMENT ON FUNCTION customer_value_internal.ledger_query(name, integer, regclass, text, text) IS
'the query that makes ledgers of the rows of a source, or of one that is a partition of it, or of a transition table of either, as far as they meet a condition: customer_id, value. Rows without customer, day or amount are left out; orders of one who is merged into another are the other''s, and of one who is forgotten, nobody''s';


CREATE FUNCTION customer_value_internal.write_query(base name, changes text, settle boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format(
	CASE WHEN settle THEN '%s' ELSE $sql$
		WITH touched AS (%s RETURNING c.customer_id)
		INSERT INTO %I.queue (customer_id, classed_by) SELECT t.customer_id, ($1).settled_at FROM touched AS t
	$sql$ END,
	format($sql$
		INSERT INTO %1$I.customer AS c (customer_id, value, basis, abc_class, score, segment, due)
		SELECT d.customer_id, d.value, s.basis, s.abc_class, s.score, s.segment, s.due
		FROM (%2$s) AS d, LATERAL customer_value_internal.classify(d.value, NULL, NULL, NULL, $1) AS s
		ORDER BY d.customer_id
		ON CONFLICT (customer_id) DO UPDATE SET (value, basis, abc_class, score, segment, due, since) = (
			SELECT v.value, s.basis, s.abc_class, s.score, s.segment, s.due,
				CASE WHEN (s.abc_class, s.segment) IS DISTINCT FROM (c.abc_class, c.segment) THEN clock_timestamp() ELSE c.since END
			FROM (SELECT c.value OPERATOR(%3$s.+) excluded.value OFFSET 0) AS v(value),
				LATERAL customer_value_internal.classify(v.value, c.facts, c.abc_class, c.segment, $1, c.override) AS s)
	$sql$, base, changes, '@extschema@'),
	base);

COMMENT ON FUNCTION customer_value_internal.write_query(name, text, boolean) IS
'the statement that adds changes (a query for customer_id and value) to the customers of a base in the order of their keys and brings them up to date against what is in force ($1): either for a caller that settles their bases, or for writers, which put them into the queue';


CREATE FUNCTION customer_value_internal.net_changes(base name, source integer, event text, relation regclass, condition text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rows_then text;
	rows_now text;
BEGIN
	IF event <> 'insert' THEN
		rows_then := format('SELECT o.customer_id, OPERATOR(%s.-) o.value AS value FROM (%s) AS o', '@extschema@',
			customer_value_internal.ledger_query(base, source, relation, CASE WHEN event <> 'truncate' THEN 'old_orders' END, condition));
	END IF;
	IF event IN ('insert', 'update') THEN
		rows_now := customer_value_internal.ledger_query(base, source, relation, 'new_orders', condition);
	END IF;
	RETURN CASE WHEN event = 'update' THEN format($sql$
			SELECT u.customer_id, %1$s.sum(u.value) AS value FROM (%2$s UNION ALL %3$s) AS u
			GROUP BY u.customer_id HAVING %1$s.sum(u.value) OPERATOR(%1$s.<>) '{}'$sql$, '@extschema@', rows_now, rows_then)
		ELSE coalesce(rows_now, rows_then) END;
END
$$;

COMMENT ON FUNCTION customer_value_internal.net_changes(name, integer, text, regclass, text) IS
'the query for the net changes that an insert, update, delete or truncate of a source or a partition of it brings, from the transition tables of the trigger or, before a truncate, from the rows that are there: customer_id, value';


CREATE FUNCTION customer_value_internal.change_statements(source regtype, relation regclass, event text, planned boolean,
	OUT in_force text, OUT write text, OUT ahead text, OUT columns smallint[], OUT time_zone text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	base name;
	number integer;
	tracked record;
	changes text;
	with_others boolean;
	names name[];
BEGIN
	SELECT n.nspname, substr(t.typname, 8)::integer INTO base, number
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
	WHERE t.oid = change_statements.source AND t.typowner = n.nspowner AND t.typname ~ '^source_[0-9]+$';
	PERFORM customer_value_internal.check_base(base);
	PERFORM customer_value_internal.check_layout(base);
	SELECT * INTO tracked FROM customer_value_internal.sources(base) s WHERE s.source = number;
	IF tracked.relation IS NULL OR (SELECT bool_or(g.planted) FROM customer_value_internal.source_triggers(base) g
			WHERE g.source = number AND g.relation = change_statements.relation) IS NOT FALSE THEN
		-- What was a partition once, of a table that is gone or none of whose owner's, is left alone.
		IF EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = relation AND g.tgnargs > 0 AND g.tgfoid = 'customer_value_internal.track_change()'::regprocedure)
			AND NOT EXISTS (
				SELECT FROM pg_depend d JOIN pg_trigger g ON g.oid = d.objid AND g.tgnargs = 0
				JOIN pg_partition_ancestors(relation) a ON a.relid = g.tgrelid
				WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid = change_statements.source AND d.classid = 'pg_trigger'::regclass)
		THEN
			RETURN;
		END IF;
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('table %s is not a source of customer base "%s"', relation, base),
			DETAIL = 'A source belongs to the owner of the base, or to the role that it belonged to when it was tracked, whose rights the owner of the base has to have.',
			HINT = 'Call customer_value.untrack() and track_orders() for it again, or drop its triggers.';
	END IF;
	in_force := CASE WHEN tracked.mode <> 'queued' THEN customer_value_internal.in_force_query(base) END;
	EXECUTE format('SELECT EXISTS (SELECT FROM %1$I.merged) OR EXISTS (SELECT FROM %1$I.forgotten), f.time_zone FROM %1$I.cutoffs f', base)
	INTO with_others, time_zone;
	IF event <> 'truncate' AND tracked.filter IS NULL AND NOT with_others THEN
		names := CASE WHEN relation = tracked.relation THEN ARRAY[tracked.customer, tracked.at, tracked.amount, tracked.cost]
			ELSE customer_value_internal.source_columns(base, number, relation) END;
		IF names[3] IS NOT NULL THEN
			PERFORM customer_value_internal.check_columns(base, relation, names[1], names[2], names[3], names[4]);
			SELECT array_agg(coalesce(a.attnum, 0::smallint) ORDER BY u.n) INTO columns
			FROM unnest(names) WITH ORDINALITY AS u(name, n) LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = u.name;
		END IF;
	END IF;
	IF NOT planned AND columns IS NOT NULL AND (SELECT c.relkind <> 'p' FROM pg_class c WHERE c.oid = relation) THEN
		RETURN;
	END IF;
	SELECT c.changes, c.ahead INTO changes, ahead FROM customer_value_internal.changes_of_table(base, number, relation, event) c;
	IF ahead IS NOT NULL THEN
		columns := NULL;
	END IF;
	IF changes IS NULL THEN
		RETURN;
	END IF;
	IF tracked.mode = 'queued' THEN
		write := format('INSERT INTO %I.queue (customer_id, value) %s', base, changes);
	ELSE
		write := customer_value_internal.write_query(base, changes, false);
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.change_statements(regtype, regclass, text, boolean) IS
'the statements that the trigger on a source runs as the owner of the base: one that reads what is in force, and one that brings the touched customers up to date; or, for a queued source, only one that queues their net changes; and one that keeps account of new partitions, if there are any. With them come the numbers of the columns customer, at, amount and cost (0: none), and the time zone of the base, if changes can be brought to the base without these statements, which are left out then unless they are planned all the same. Neither statements nor columns at all for what was a partition of a source that is gone; an error if the table is no source of the base';


CREATE FUNCTION customer_value_internal.create_triggers(base name, source integer, relation regclass, columns name[],
	of_partition boolean DEFAULT false, of_facts boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	prefix text := base || CASE WHEN of_facts THEN '_facts_' ELSE '_track_' END;
	trigger_name name;
	always text := format('FOR EACH STATEMENT WHEN (NULL::%I.%I IS NULL) EXECUTE FUNCTION customer_value_internal.track_change(%s)',
		base, CASE WHEN of_facts THEN 'facts_' ELSE 'source_' END || source, CASE WHEN of_partition THEN '''partition''' END);
BEGIN
	EXECUTE format($sql$
		CREATE TRIGGER %3$I AFTER INSERT ON %1$s REFERENCING NEW TABLE AS new_%10$s %2$s;
		CREATE TRIGGER %4$I AFTER UPDATE ON %1$s REFERENCING OLD TABLE AS old_%10$s NEW TABLE AS new_%10$s %2$s;
		CREATE TRIGGER %5$I AFTER DELETE ON %1$s REFERENCING OLD TABLE AS old_%10$s %2$s;
		CREATE TRIGGER %6$I BEFORE TRUNCATE ON %1$s %2$s;
		-- never fires, but knows the columns by whatever name, and keeps them from being dropped or altered unawares
		CREATE TRIGGER %7$I AFTER UPDATE OF %8$s ON %1$s %9$s;
	$sql$, relation, always,
		prefix || 'insert', prefix || 'update', prefix || 'delete', prefix || 'truncate', prefix || 'columns',
		(SELECT string_agg(quote_ident(c), ', ' ORDER BY n) FROM unnest(columns) WITH ORDINALITY AS u(c, n) WHERE c IS NOT NULL),
		replace(always, ' IS NULL)', ' IS NOT NULL)'), CASE WHEN of_facts THEN 'facts' ELSE 'orders' END);
	IF NOT of_partition OR pg_has_role((SELECT c.relowner FROM pg_class c WHERE c.oid = relation), 'USAGE') THEN
		-- which tells them from those that somebody with no more than the right TRIGGER puts on another table
		FOREACH trigger_name IN ARRAY '{insert,update,delete,truncate,columns}'::name[] LOOP
			EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', prefix || trigger_name, relation,
				'by this comment of the owner of the table, a customer base knows it for its source');
		END LOOP;
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.create_triggers(name, integer, regclass, name[], boolean, boolean) IS
'creates the triggers of a source on its table or on a partition of it, which an argument tells from the whole, or those on a table of facts';


CREATE FUNCTION customer_value_internal.create_source_type(base name, type name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('CREATE TYPE %I.%I AS ENUM ()', base, type);
	EXECUTE format('COMMENT ON TYPE %I.%I IS ''stands for a source in the conditions of its triggers: drop it and they are gone''', base, type);
END
$$;

COMMENT ON FUNCTION customer_value_internal.create_source_type(name, name) IS 'creates the type by which the triggers of a source know their base';


CREATE FUNCTION customer_value_internal.check_table(source regclass) RETURNS pg_class
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relation pg_class;
BEGIN
	SELECT * INTO relation FROM pg_class c WHERE c.oid = source;
	IF relation.oid IS NULL THEN
		RAISE undefined_table USING MESSAGE = format('relation with OID %s does not exist', source::oid);
	ELSIF relation.relispartition THEN
		RAISE wrong_object_type USING
			MESSAGE = format('cannot track %s: it is a partition', source),
			HINT = format('Track %s, with a filter if need be.', pg_partition_root(source));
	ELSIF relation.relkind NOT IN ('r', 'p') THEN
		RAISE wrong_object_type USING
			MESSAGE = format('cannot track %s: it is not a table', source),
			HINT = 'Track the table that its rows come from, with a filter if need be.';
	ELSIF relation.relpersistence <> 'p' THEN
		RAISE wrong_object_type USING
			MESSAGE = format('cannot track %s: it is %s', source, CASE relation.relpersistence WHEN 't' THEN 'temporary' ELSE 'unlogged' END),
			DETAIL = 'Its rows would vanish without any trigger being fired.';
	ELSIF relation.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE source IN (i.inhrelid, i.inhparent)) THEN
		RAISE feature_not_supported USING MESSAGE = format('cannot track %s: inheritance is not supported', source);
	ELSIF NOT pg_has_role(relation.relowner, 'USAGE') THEN
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of table %s', source);
	END IF;
	RETURN relation;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_table(regclass) IS 'an error unless the caller owns this table, and it is one that can be tracked';


CREATE FUNCTION customer_value_internal.track_orders(base name, source regclass, customer name, at name, amount name, cost name, filter text, mode text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET customer_value.reason = 'order'
AS $$
DECLARE
	relation pg_class;
	number integer;
	unfit regclass;
BEGIN
	PERFORM customer_value_internal.check_name(base); -- it may have been renamed
	IF mode IS NULL OR mode NOT IN ('immediate', 'queued') THEN
		RAISE invalid_parameter_value USING MESSAGE = format('unknown mode "%s"', mode), HINT = 'Use immediate or queued.';
	END IF;
	IF source IS NULL OR customer IS NULL OR at IS NULL OR amount IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'source, customer, at and amount must not be null';
	END IF;
	IF amount = cost THEN
		RAISE duplicate_column USING
			MESSAGE = format('column "%s" is given as amount and as cost', amount),
			HINT = 'Leave cost out where it is not known.';
	ELSIF customer IN (at, amount, cost) OR at IN (amount, cost) THEN
		RAISE duplicate_column USING MESSAGE = 'customer, at, amount and cost must be different columns';
	END IF;
	PERFORM customer_value_internal.check_read_committed('track_orders');

	relation := customer_value_internal.check_table(source);
	PERFORM customer_value_internal.check_columns(base, source, customer, at, amount, cost);
	filter := customer_value_internal.row_filter(source, filter);

	-- From here on no rebalance runs. Then the table: nobody writes
	-- it between the creation of the triggers and the end of this transaction, and the statement that
	-- takes in its rows has a snapshot of its own, which sees all that was written before.
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	PERFORM customer_value_internal.settle_time_zone(base);
	EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', source);
	IF EXISTS (SELECT FROM customer_value_internal.sources(base) s WHERE s.relation = track_orders.source) THEN
		RAISE duplicate_object USING MESSAGE = format('customer base "%s" tracks table %s already', base, source);
	END IF;

	EXECUTE format('INSERT INTO %1$I.source (source, schema_name, table_name, owner_name, customer, at, amount, cost, filter, mode)
		SELECT coalesce(max(source), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM %1$I.source RETURNING source', base)
	INTO number
	USING (SELECT n.nspname FROM pg_namespace n WHERE n.oid = relation.relnamespace), relation.relname, pg_get_userbyid(relation.relowner), customer, at, amount, cost, filter, mode;
	PERFORM customer_value_internal.create_source_type(base, 'source_' || number);
	PERFORM customer_value_internal.create_triggers(base, number, source, ARRAY[customer, at, amount, cost]);
	IF relation.relkind = 'p' THEN
		SELECT p.relation INTO unfit FROM customer_value_internal.partitions(base) p WHERE p.source = number AND p.state = 'unfit' LIMIT 1;
		IF unfit IS NOT NULL THEN
			RAISE wrong_object_type USING
				MESSAGE = format('cannot track %s: partition %s is foreign, unlogged, or part of another role''s table', source, unfit);
		END IF;
		PERFORM customer_value_internal.create_partition_triggers(base, number,
			ARRAY(SELECT p.relation FROM customer_value_internal.partitions(base) p WHERE p.source = number));
	END IF;

	EXECUTE customer_value_internal.write_query(base, customer_value_internal.ledger_query(base, number), true) USING customer_value_internal.in_force(base);
	EXECUTE format('UPDATE %I.cutoffs SET counted = false', base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.track_orders(name, regclass, name, name, name, name, text, text) IS 'what customer_value.track_orders does, as the owner of the base';


CREATE FUNCTION customer_value.track_orders(base name, source regclass, customer name, at name, amount name,
	cost name DEFAULT NULL, filter text DEFAULT NULL, mode text DEFAULT 'immediate')
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.track_orders(name, regclass, name, name, name, name, text, text) IS
'has a base follow a table of orders: creates triggers on it and takes in its rows. The caller must own both; nobody else writes the table meanwhile. With mode immediate a writer brings the customers it touches up to date itself; with queued it only appends their net changes to the queue, waits for nobody, and rebalance does the rest';


CREATE FUNCTION customer_value_internal.untrack(base name, source text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET client_min_messages = warning SET customer_value.reason = 'untrack'
AS $$
DECLARE
	parts text[] := parse_ident(source);
	tables text[];
	orders integer;
	of_facts record;
BEGIN
	PERFORM customer_value_internal.check_read_committed('untrack');
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	SELECT array_agg(DISTINCT s.name) INTO tables
	FROM (SELECT s.name FROM customer_value_internal.sources(base) s UNION ALL SELECT s.name FROM customer_value_internal.fact_sources(base) s) s
	WHERE (parse_ident(s.name))[3 - cardinality(parts):] = parts AND cardinality(parts) <= 2;
	IF tables IS NULL THEN
		RAISE undefined_object USING MESSAGE = format('customer base "%s" tracks no table %s', base, source);
	ELSIF cardinality(tables) > 1 THEN
		RAISE ambiguous_parameter USING
			MESSAGE = format('customer base "%s" tracks several tables %s', base, source),
			HINT = 'Name the schema, too.';
	END IF;
	FOR orders IN SELECT s.source FROM customer_value_internal.sources(base) s WHERE s.name = tables[1] LOOP
		EXECUTE format('DROP TYPE IF EXISTS %I.%I CASCADE', base, 'source_' || orders);
		EXECUTE format('DELETE FROM %I.source WHERE source = $1', base) USING orders;
	END LOOP;
	FOR of_facts IN SELECT s.source, s.facts FROM customer_value_internal.fact_sources(base) s WHERE s.name = tables[1] LOOP
		EXECUTE format('DROP TYPE IF EXISTS %I.%I CASCADE', base, 'facts_' || of_facts.source);
		EXECUTE format('DELETE FROM %I.fact_source WHERE source = $1', base) USING of_facts.source;
		EXECUTE customer_value_internal.write_facts_query(base, of_facts.facts, format(
			'SELECT c.customer_id, NULL::jsonb AS facts FROM %I.customer c WHERE c.facts ?| %L', base, of_facts.facts))
		USING customer_value_internal.in_force(base);
	END LOOP;
	PERFORM customer_value_internal.recompute(base, true);
END
$$;

COMMENT ON FUNCTION customer_value_internal.untrack(name, text) IS 'what customer_value.untrack does, as the owner of the base';


CREATE FUNCTION customer_value.untrack(base name, source text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.untrack(name, text) IS
'stops following a table of orders or facts, by its present name or, where it is gone, its last: drops its triggers, takes its facts away, and recomputes the base from its other sources; customers that are in none of these, and of which nothing else is known, leave the base';
