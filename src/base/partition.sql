-- partition: sources whose rows are in partitions, which come and go
--
-- A statement fires the triggers of the table that it names: those of the whole see all that is written
-- through it, those of a partition what is written to that directly. Each level has triggers of its own,
-- and PostgreSQL gives none to a partition that is new. What the base has counted of
--   a followed partition                     is all its rows;
--   a new one, created or attached since     is what was written through a level that has triggers. These
--                                            writers know their rows by the partition's constraint, and
--                                            keep account of them in the table ahead;
--   a former one, which has triggers still   is all its rows, even those written to it since.
-- So a new partition is taken in, and a former one taken out, exactly: while nobody writes to it, its rows
-- (less what was counted ahead) go into the queue and its triggers come or go.

CREATE FUNCTION customer_value_internal.partitions(base name)
RETURNS TABLE (source integer, relation regclass, level integer, state text, triggers bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		WITH RECURSIVE tree AS (
			SELECT s.source, s.relation::oid AS relation, 0 AS level, true AS trusted
			FROM customer_value_internal.sources(%1$L) s WHERE s.relation IS NOT NULL AND s.amount IS NOT NULL
			UNION ALL
			SELECT t.source, i.inhrelid, t.level + 1, t.trusted AND customer_value_internal.is_trusted(n.nspowner, c.relowner, s.owner_name)
			FROM tree t JOIN pg_class c ON c.oid = t.relation AND c.relkind = 'p'
			JOIN pg_inherits i ON i.inhparent = t.relation AND NOT i.inhdetachpending
			JOIN %1$I.source s USING (source) JOIN pg_namespace n ON n.nspname = %1$L),
		marked AS (
			SELECT g.source, g.relation::oid AS relation, count(*) FILTER (WHERE g.enabled) AS triggers
			FROM customer_value_internal.source_triggers(%1$L) g
			WHERE g.of_partition AND NOT g.planted AND g.source IN (SELECT t.source FROM tree t)
			GROUP BY g.source, g.relation)
		SELECT source, relation::regclass, coalesce(t.level, 0),
			CASE WHEN t.relation IS NULL THEN 'former'
				WHEN m.relation IS NOT NULL THEN 'followed'
				-- the owner of the level above may have put functions of its own into the partitions' constraints
				WHEN r.relkind NOT IN ('r', 'p') OR r.relpersistence <> 'p' OR NOT t.trusted THEN 'unfit'
				-- it lost its triggers, or those of a partition of it see what those of its own do not
				WHEN relation::regclass::text = ANY (s.partitions)
						AND cardinality(s.partitions) > (SELECT count(*) FROM marked x WHERE x.source = s.source)
					OR EXISTS (SELECT FROM marked x, pg_partition_ancestors(x.relation) a WHERE x.source = s.source AND a.relid = r.oid)
				THEN 'stripped'
				ELSE 'new' END,
			coalesce(m.triggers, 0)
		FROM (SELECT * FROM tree WHERE tree.level > 0) t
		FULL JOIN marked m USING (source, relation)
		JOIN %1$I.source s USING (source)
		JOIN pg_class r ON r.oid = relation
		ORDER BY 1, 3, relation
	$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.partitions(name) IS
'the partitions of the sources of a base, on all levels: followed (they bear triggers: how many out of 5 are enabled), new (none yet), stripped (none any more), unfit (no place for triggers or for lasting rows, or not to be trusted), or former (no partitions any more, but with triggers still)';


CREATE FUNCTION customer_value_internal.partition_problems(base name, source integer) RETURNS TABLE (problem text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		WITH p AS MATERIALIZED (SELECT * FROM customer_value_internal.partitions(%1$L) p WHERE p.source = $1)
		SELECT CASE p.state
			WHEN 'new' THEN format('partition %%s is new, and what is written to it directly is not counted until the next rebalance', p.relation)
			WHEN 'stripped' THEN format('partition %%s has lost its triggers', p.relation)
			WHEN 'unfit' THEN format('partition %%s cannot be followed, since it is foreign, unlogged, or part of another role''s table', p.relation)
			WHEN 'former' THEN format('table %%s is no partition any more, and is counted until the next rebalance', p.relation)
			WHEN 'followed' THEN format('%%s of 5 triggers of partition %%s are enabled', p.triggers, p.relation) END
		FROM p WHERE p.state <> 'followed' OR p.triggers <> 5
		UNION ALL
		SELECT format('partitions gone with their rows: %%s', g.gone)
		FROM (SELECT cardinality(s.partitions) - (SELECT count(*) FROM p
				WHERE p.state IN ('followed', 'former') OR (p.state = 'stripped' AND p.relation::text = ANY (s.partitions))) AS gone
			FROM %1$I.source s WHERE s.source = $1) g
		WHERE g.gone > 0
	$sql$, base)
	USING source;
END
$$;

COMMENT ON FUNCTION customer_value_internal.partition_problems(name, integer) IS
'what is wrong with the partitions of a source, in words';


CREATE FUNCTION customer_value_internal.changes_of_table(base name, source integer, relation regclass, event text,
	OUT changes text, OUT ahead text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' SET intervalstyle = 'postgres' SET extra_float_digits = 1 -- for constants in constraints
AS $$
DECLARE
	parted boolean := (SELECT c.relkind = 'p' FROM pg_class c WHERE c.oid = relation);
	levels text;
	new_ones text;
BEGIN
	IF NOT parted THEN
		changes := customer_value_internal.net_changes(base, source, event, relation);
		RETURN;
	ELSIF event = 'truncate' THEN
		-- All partitions fire triggers of their own, but for new ones. What is below a level in between
		-- is left to the next rebalance.
		IF relation <> (SELECT s.relation FROM customer_value_internal.sources(base) s WHERE s.source = changes_of_table.source) THEN
			RETURN;
		END IF;
		changes := format('SELECT a.customer_id, OPERATOR(%1$s.-) %1$s.sum(a.value) AS value FROM %2$I.ahead AS a WHERE a.source = %3$s GROUP BY 1',
			'@extschema@', base, source);
		ahead := format('DELETE FROM %I.ahead WHERE source = %s', base, source);
		RETURN;
	END IF;

	-- Constants of type regclass make a plan invalid when their tables are altered, and cost nothing:
	-- here when a level gets a new partition, or a new partition its triggers.
	SELECT string_agg(format('%L::pg_catalog.regclass IS NOT NULL', t.relid), ' AND ') INTO levels
	FROM pg_partition_tree(relation) t WHERE NOT t.isleaf AND t.level > 0;
	SELECT string_agg(format('(%L::pg_catalog.regclass IS NOT NULL AND (%s))', t.relid, coalesce(pg_get_partition_constraintdef(t.relid), 'true')), ' OR ')
	INTO new_ones
	FROM pg_partition_tree(relation) t JOIN pg_class c ON c.oid = t.relid AND c.relkind = 'r' AND c.relpersistence = 'p'
	WHERE NOT EXISTS (SELECT FROM customer_value_internal.partitions(base) p
		WHERE p.source = changes_of_table.source AND p.relation = t.relid AND p.state <> 'new');
	changes := customer_value_internal.net_changes(base, source, event, relation, levels);
	IF new_ones IS NOT NULL THEN
		ahead := format('INSERT INTO %I.ahead (source, customer_id, value) SELECT %s, n.customer_id, n.value FROM (%s) AS n', base, source,
			customer_value_internal.net_changes(base, source, event, relation, concat_ws(' AND ', levels, '(' || new_ones || ')')));
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.changes_of_table(name, integer, regclass, text) IS
'the query for the net changes that an event brings to a table that bears the triggers of a source, the whole or a partition; and the statement that keeps account of what is counted ahead in new partitions, if there are any';


CREATE FUNCTION customer_value_internal.check_partition(base name, partition regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	base_owner name := (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE n.nspname = base);
	partition_owner name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = partition);
BEGIN
	PERFORM customer_value_internal.check_name(base); -- it may have been renamed
	IF NOT pg_has_role(base_owner, partition_owner, 'USAGE') THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('the owner of customer base "%s" has not the rights of the owner of partition %s', base, partition),
			HINT = format('Give the partition to %I, or GRANT %I TO %I.', base_owner, partition_owner, base_owner);
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_partition(name, regclass) IS
'an error unless the owner of the base has the rights of the owner of a partition';


CREATE FUNCTION customer_value_internal.create_partition_triggers(base name, source integer, partitions regclass[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	partition regclass;
BEGIN
	FOREACH partition IN ARRAY partitions LOOP
		PERFORM customer_value_internal.check_partition(base, partition);
		PERFORM customer_value_internal.create_triggers(base, s.source, partition, ARRAY[s.customer, s.at, s.amount, s.cost], of_partition => true)
		FROM customer_value_internal.sources(base) s WHERE s.source = create_partition_triggers.source;
	END LOOP;
	EXECUTE format($sql$
		UPDATE %1$I.source s SET partitions = coalesce(s.partitions, '{}') || ARRAY(SELECT p::text FROM unnest($2) p) WHERE s.source = $1
		$sql$, base)
	USING source, partitions;
END
$$;

COMMENT ON FUNCTION customer_value_internal.create_partition_triggers(name, integer, regclass[]) IS
'creates the triggers of a source on partitions of it';


CREATE FUNCTION customer_value_internal.rename_partitions(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- What is gone keeps its last name, as far as it can be told from those that were only renamed.
	EXECUTE format($sql$
		UPDATE %1$I.source s SET partitions = n.names
		FROM (SELECT s.source, b.names || ARRAY(SELECT e FROM unnest(s.partitions) e WHERE e <> ALL (b.names)
					LIMIT greatest(cardinality(s.partitions) - cardinality(b.names), 0)) AS names
			FROM %1$I.source s JOIN (
				SELECT p.source, array_agg(p.relation::text) AS names FROM customer_value_internal.partitions(%1$L) p
				WHERE p.state IN ('followed', 'former') GROUP BY p.source) b USING (source)) n
		WHERE n.source = s.source AND n.names <> s.partitions
	$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.rename_partitions(name) IS
'brings the names of followed partitions in the table source up to date';


CREATE FUNCTION customer_value_internal.release_partitions(base name, take_out boolean DEFAULT true) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
AS $$
DECLARE
	former record;
	trigger_name name;
	released integer := 0;
BEGIN
	FOR former IN SELECT p.source, p.relation FROM customer_value_internal.partitions(base) p WHERE p.state = 'former' LOOP
		EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', former.relation);
		CONTINUE WHEN NOT EXISTS (SELECT FROM customer_value_internal.partitions(base) p
			WHERE p.source = former.source AND p.relation = former.relation AND p.state = 'former'); -- it is attached again
		PERFORM customer_value_internal.rename_partitions(base);
		IF take_out THEN
			EXECUTE format('INSERT INTO %I.queue (customer_id, value) %s', base,
				customer_value_internal.net_changes(base, former.source, 'truncate', former.relation));
		END IF;
		FOR trigger_name IN SELECT g.name FROM customer_value_internal.source_triggers(base) g WHERE g.source = former.source AND g.relation = former.relation LOOP
			EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, former.relation);
		END LOOP;
		EXECUTE format('UPDATE %I.source SET partitions = array_remove(partitions, $2) WHERE source = $1', base)
		USING former.source, former.relation::text;
		released := released + 1;
	END LOOP;
	RETURN released;
END
$$;

COMMENT ON FUNCTION customer_value_internal.release_partitions(name, boolean) IS
'drops the triggers on former partitions of the sources of a base, and queues that their rows count no more; returns how many they are';


CREATE FUNCTION customer_value_internal.adopt_partitions(base name, source integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
AS $$
DECLARE
	partition regclass;
	found_now regclass[];
	adopted regclass[] := '{}';
BEGIN
	-- Until nobody writes to any of them, and there are no more of them.
	LOOP
		SELECT array_agg(p.relation) INTO found_now FROM customer_value_internal.partitions(base) p
		WHERE p.source = adopt_partitions.source AND p.state = 'new' AND p.relation <> ALL (adopted);
		EXIT WHEN found_now IS NULL;
		FOREACH partition IN ARRAY found_now LOOP
			PERFORM customer_value_internal.check_partition(base, partition);
			EXECUTE format('LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE', partition);
		END LOOP;
		adopted := adopted || found_now;
	END LOOP;
	-- one that was detached while this waited for it is none of them
	SELECT coalesce(array_agg(p.relation), '{}') INTO adopted FROM customer_value_internal.partitions(base) p
	WHERE p.source = adopt_partitions.source AND p.state = 'new' AND p.relation = ANY (adopted);

	PERFORM customer_value_internal.rename_partitions(base);
	PERFORM customer_value_internal.create_partition_triggers(base, source, adopted);
	EXECUTE format($sql$
		WITH counted AS (DELETE FROM %1$I.ahead a WHERE a.source = $1 RETURNING a.customer_id, a.value)
		INSERT INTO %1$I.queue (customer_id, value)
		SELECT n.customer_id, %2$s.sum(n.value) FROM (%3$s SELECT c.customer_id, OPERATOR(%2$s.-) c.value AS value FROM counted c) AS n
		GROUP BY n.customer_id HAVING %2$s.sum(n.value) OPERATOR(%2$s.<>) '{}'
		$sql$, base, '@extschema@',
		(SELECT string_agg(customer_value_internal.ledger_query(base, source, p) || ' UNION ALL ', '') FROM unnest(adopted) p))
	USING source;
	RETURN cardinality(adopted);
END
$$;

COMMENT ON FUNCTION customer_value_internal.adopt_partitions(name, integer) IS
'creates triggers on the new partitions of a source, and queues that all their rows count from now on, less what was counted ahead; returns how many they are. Their writers wait meanwhile';


CREATE FUNCTION customer_value_internal.track_partitions(base name) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off
AS $$
DECLARE
	source integer;
	changed integer;
	settled boolean;
BEGIN
	PERFORM customer_value_internal.check_read_committed('track_partitions');
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	changed := customer_value_internal.release_partitions(base);
	settled := changed > 0;
	FOR source IN EXECUTE customer_value_internal.sources_to_adopt(base) LOOP
		changed := changed + customer_value_internal.adopt_partitions(base, source);
		settled := true;
	END LOOP;
	IF settled THEN
		PERFORM customer_value_internal.fold(base);
	END IF;
	RETURN changed;
END
$$;

COMMENT ON FUNCTION customer_value_internal.track_partitions(name) IS 'what customer_value.track_partitions does, as the owner of the base';


CREATE FUNCTION customer_value.track_partitions(base name) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.track_partitions(name) IS
'takes the rows of new partitions of the sources in, and those of former ones out, as rebalance does, but waits for their writers and says why it may not do so; returns how many partitions these were. The owner of the base must have the rights of their owners';


CREATE FUNCTION customer_value_internal.sources_to_adopt(base name) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN format('SELECT a.source FROM %1$I.ahead a UNION SELECT p.source FROM customer_value_internal.partitions(%1$L) p WHERE p.state = ''new'' ORDER BY 1', base);

COMMENT ON FUNCTION customer_value_internal.sources_to_adopt(name) IS 'the query for the sources of a base that have new partitions, or account of some';


CREATE FUNCTION customer_value_internal.settle_partitions(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET lock_timeout = '100ms'
AS $$
DECLARE
	parted boolean;
	source integer;
BEGIN
	-- Few bases have sources in partitions; the others need not look.
	EXECUTE format('SELECT EXISTS (SELECT FROM %I.source s WHERE s.partitions IS NOT NULL)', base) INTO parted;
	IF NOT parted THEN
		RETURN;
	END IF;
	BEGIN
		PERFORM customer_value_internal.release_partitions(base);
	EXCEPTION WHEN lock_not_available OR insufficient_privilege OR undefined_column THEN
		NULL; -- status says so, and the next rebalance tries again
	END;
	FOR source IN EXECUTE customer_value_internal.sources_to_adopt(base) LOOP
		BEGIN
			PERFORM customer_value_internal.adopt_partitions(base, source);
		EXCEPTION WHEN lock_not_available OR insufficient_privilege OR name_too_long THEN
			NULL;
		END;
	END LOOP;
END
$$;

COMMENT ON FUNCTION customer_value_internal.settle_partitions(name) IS
'does what track_partitions does, as far as no writer is in the way and the owner of the base has the right; called by rebalance';


CREATE FUNCTION customer_value_internal.recount_partitions(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
AS $$
DECLARE
	partition record;
BEGIN
	PERFORM customer_value_internal.release_partitions(base, take_out => false);
	EXECUTE format('DELETE FROM %I.ahead', base);
	FOR partition IN
		SELECT p.source, p.relation FROM customer_value_internal.partitions(base) p JOIN pg_class c ON c.oid = p.relation AND c.relkind = 'r'
		WHERE p.state IN ('new', 'stripped')
	LOOP
		EXECUTE format('INSERT INTO %I.ahead (source, customer_id, value) SELECT $1, n.customer_id, n.value FROM (%s) AS n', base,
			customer_value_internal.ledger_query(base, partition.source, partition.relation))
		USING partition.source;
	END LOOP;
	IF EXISTS (SELECT FROM customer_value_internal.partitions(base) p WHERE p.state = 'stripped') THEN
		PERFORM customer_value_internal.renew_statements(base); -- they are new ones now
	END IF;
	EXECUTE format($sql$
		UPDATE %1$I.source s SET partitions = ARRAY(SELECT p.relation::text FROM customer_value_internal.partitions(%1$L) p
			WHERE p.source = s.source AND p.state = 'followed')
		WHERE s.partitions IS NOT NULL
		$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.recount_partitions(name) IS
'keeps account that all rows of new partitions are counted, and of partitions that lost their triggers as well; called where all is counted anew while nobody writes';
