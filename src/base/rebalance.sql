-- rebalance: bringing a base into line with new cut-offs, days and rules

CREATE FUNCTION customer_value_internal.settle_query(base name) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN format($sql$
	differ AS MATERIALIZED (
		SELECT n.customer_id, n.basis, o.basis AS old_basis, o.bucket AS old_bucket
		FROM now n LEFT JOIN LATERAL (SELECT o.basis, o.bucket FROM %1$I.settled o WHERE o.customer_id = n.customer_id LIMIT 1) AS o ON true
		WHERE n.basis IS DISTINCT FROM o.basis),
	settled_now AS (
		INSERT INTO %1$I.settled (customer_id, basis) SELECT customer_id, basis FROM differ
		ON CONFLICT (customer_id) DO UPDATE SET basis = excluded.basis
		RETURNING bucket, basis),
	counted AS (
		INSERT INTO %1$I.bucket AS b (level, bucket, customers, basis, squares)
		SELECT l.level, l.bucket, sum(n.customers), sum(n.customers * n.basis), sum(n.customers * n.basis * n.basis)
		FROM (SELECT bucket, basis, 1 AS customers FROM settled_now
			UNION ALL SELECT old_bucket, old_basis, -1 FROM differ WHERE old_bucket IS NOT NULL) AS n, LATERAL %2$s
		GROUP BY 1, 2
		ON CONFLICT (level, bucket) DO UPDATE SET customers = b.customers + excluded.customers, basis = b.basis + excluded.basis,
			squares = b.squares + excluded.squares)
	$sql$, base, customer_value_internal.bucket_levels_query('n.bucket'));

COMMENT ON FUNCTION customer_value_internal.settle_query(name) IS
'the parts of a statement that settle the bases of customers and bring the table bucket into line, after a part "now" that says customer_id and basis';


CREATE FUNCTION customer_value_internal.fold(base name) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET lock_timeout = '100ms'
SET enable_hashjoin = on SET customer_value.reason = 'order'
AS $$
DECLARE
	moved text[];
BEGIN
	-- Nobody else takes anything from the queue, since the caller has locked the cut-offs; what writers append
	-- meanwhile is not seen here and stays. A customer that is up to date, as its writer leaves it unless the
	-- cut-offs were just being replaced, is only counted. The others are written, but a writer that holds one is not
	-- waited for: that could be a deadlock. Customers are looked up by key and rows of the queue by their place,
	-- whatever size the planner takes the queue to have.
	EXECUTE format($sql$
		WITH waiting AS MATERIALIZED (
			SELECT q.customer_id, q.rows, c.customer_id IS NOT NULL AS known, c.basis,
				q.changed OR (q.doubtful AND c.customer_id IS NOT NULL AND (
					SELECT (s.basis, s.abc_class, s.score, s.segment, s.due) IS DISTINCT FROM (c.basis, c.abc_class, c.score, c.segment, c.due)
					FROM customer_value_internal.classify(c.value, c.facts, c.abc_class, c.segment, $1, c.override) s)) AS behind
			FROM (SELECT q.customer_id, array_agg(q.ctid) AS rows, bool_or(q.value OPERATOR(%3$s.<>) '{}') AS changed,
					bool_or(q.classed_by IS DISTINCT FROM ($1).settled_at) AS doubtful
				FROM %1$I.queue q GROUP BY q.customer_id ORDER BY q.customer_id) AS q
			LEFT JOIN LATERAL (SELECT * FROM %1$I.customer c WHERE c.customer_id = q.customer_id LIMIT 1) AS c ON true),
		free AS MATERIALIZED (
			SELECT f.*
			FROM waiting w, LATERAL (
				SELECT c.customer_id, c.abc_class, c.segment FROM %1$I.customer c
				WHERE c.customer_id = w.customer_id FOR NO KEY UPDATE SKIP LOCKED) AS f
			WHERE w.behind),
		taken AS (
			DELETE FROM %1$I.queue q
			USING (SELECT unnest(w.rows) AS row, w.behind FROM waiting w
				WHERE NOT w.behind OR NOT w.known OR w.customer_id IN (SELECT f.customer_id FROM free f)) AS w
			WHERE q.ctid = w.row
			RETURNING q.customer_id, q.value, w.behind),
		folded AS (%2$s RETURNING c.customer_id, c.basis, c.abc_class, c.segment),
		now AS (
			SELECT f.customer_id, f.basis FROM folded f
			UNION ALL
			SELECT w.customer_id, w.basis FROM waiting w WHERE NOT w.behind AND w.basis IS NOT NULL),
		%4$s
		SELECT array_agg(s.customer_id::text) FROM folded s LEFT JOIN free f USING (customer_id)
		WHERE (s.abc_class, s.segment) IS DISTINCT FROM (f.abc_class, f.segment)
		$sql$, base, customer_value_internal.write_query(base, format(
			'SELECT t.customer_id, %1$s.sum(t.value) AS value FROM taken AS t WHERE t.behind GROUP BY t.customer_id'
			' HAVING bool_or(t.value OPERATOR(%1$s.<>) ''{}'') OR t.customer_id IN (SELECT f.customer_id FROM free f)', '@extschema@'), true),
		'@extschema@', customer_value_internal.settle_query(base))
	INTO moved USING customer_value_internal.in_force(base);
	RETURN coalesce(moved, '{}');
EXCEPTION WHEN lock_not_available THEN
	RETURN '{}'; -- a writer is just adding one of the customers that are new here: next time
END
$$;

COMMENT ON FUNCTION customer_value_internal.fold(name) IS
'adds the changes in the queue of a base to the ledgers, brings customers up to date that their writers have not, but for those that a writer holds, which stay in the queue, and settles the bases of all; returns those who changed class or segment. The caller has to hold the lock on the cut-offs that rebalance takes';


CREATE FUNCTION customer_value_internal.settle_due(base name, wanted customer_value_internal.in_force) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format($sql$
		WITH now AS (
			SELECT c.customer_id, customer_value_internal.basis_of(c.value, $1) AS basis
			FROM %1$I.customer c WHERE c.due <= ($1).as_of),
		%2$s
		SELECT
		$sql$, base, customer_value_internal.settle_query(base))
	USING wanted;
END
$$;

COMMENT ON FUNCTION customer_value_internal.settle_due(name, customer_value_internal.in_force) IS
'settles the bases of those that a new base day moves, so that the cut-offs of that day can be read off; called by rebalance';


CREATE FUNCTION customer_value_internal.rebalance(base name, as_of date) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET customer_value.reason = 'date' -- a few customers are looked up by key
AS $$
DECLARE
	before customer_value_internal.in_force;
	wanted customer_value_internal.in_force;
	cuts numeric[];
	counted boolean;
	same_basis boolean;
	later boolean;
	everybody boolean;
	moved text[];
	moved_later bigint;
	started timestamptz := clock_timestamp();
BEGIN
	PERFORM customer_value_internal.check_read_committed('rebalance');
	as_of := coalesce(as_of, customer_value_internal.today(base));
	PERFORM customer_value_internal.check_day(as_of, 'as_of');

	-- Waits for another rebalance. Writers do not care: each puts the customers it touches into the queue.
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	PERFORM customer_value_internal.settle_partitions(base);
	moved := customer_value_internal.settle_time_zone(base) || customer_value_internal.end_overrides(base, as_of) || customer_value_internal.fold(base);

	before := customer_value_internal.in_force(base);
	wanted := customer_value_internal.wanted(base, as_of);
	EXECUTE format('SELECT s.cuts, f.counted FROM %1$I.settings s, %1$I.cutoffs f', base) INTO cuts, counted;

	-- Bases are what they were, but for those that are due, unless another figure or another period counts
	-- now, it is another day and a model looks ahead from it, or the day is an earlier one.
	same_basis := (wanted.basis, wanted.model::text, wanted.period::text) IS NOT DISTINCT FROM (before.basis, before.model::text, before.period::text);
	later := as_of > before.as_of;
	IF before.cutoffs IS NOT NULL AND same_basis
		AND (as_of = before.as_of OR (wanted.model IS NULL AND (later OR wanted.period IS NULL))) THEN
		IF later AND wanted.period IS NOT NULL THEN
			PERFORM customer_value_internal.settle_due(base, wanted);
		END IF;
		IF NOT counted THEN
			PERFORM customer_value_internal.settle_everybody(base);
		END IF;
		wanted.cutoffs := customer_value_internal.counted_cutoffs(base, cuts);
		everybody := wanted.cutoffs IS NULL OR (wanted.last_class, wanted.hysteresis) <> (before.last_class, before.hysteresis);
	ELSE
		everybody := true;
		EXECUTE format($sql$
			SELECT %2$s.abc_cutoffs(customer_value_internal.basis_of(c.value, $2), $1) FROM %1$I.customer c
			$sql$, base, '@extschema@')
		INTO wanted.cutoffs USING cuts, wanted;
	END IF;
	EXECUTE format($sql$
		UPDATE %1$I.cutoffs SET (basis, period, since, as_of, cutoffs, last_class, rules, trailing_year, model, hysteresis, settled_at) = (SELECT ($1).*),
			history_since = coalesce(history_since, CASE WHEN EXISTS (SELECT FROM %1$I.customer) THEN clock_timestamp() END)
		$sql$, base)
	USING wanted;

	IF NOT same_basis THEN
		PERFORM set_config('customer_value.reason', 'basis', true);
	END IF;

	-- Segments are what they were, but for those that are due, unless there are other rules now, or some on
	-- facts that change day by day, or the day is an earlier one.
	IF wanted.rules::text IS DISTINCT FROM before.rules::text THEN
		everybody := true;
		PERFORM set_config('customer_value.reason', 'rules', true);
	ELSIF as_of < before.as_of AND wanted.rules IS NOT NULL OR later AND wanted.rules::text ~ '"(recency_days|tenure_days)"' THEN
		everybody := true;
	END IF;

	IF before.last_class IS NULL THEN
		PERFORM set_config('customer_value.reason', 'first', true);
	END IF;
	IF everybody THEN
		PERFORM set_config('enable_hashjoin', 'on', true);
	END IF;

	-- Otherwise it is those that are due, and those between the old and the new end of a class or of the band
	-- around it in which a customer keeps the class it had. A customer that a writer is at is not waited for:
	-- that writer queues it, or someone else holds it, and then it is queued here.
	EXECUTE format($sql$
		WITH stale AS MATERIALIZED (
			SELECT c.customer_id
			FROM %1$I.customer c, LATERAL customer_value_internal.classify(c.value, c.facts, c.abc_class, c.segment, $2, c.override) s
			WHERE %2$s AND (s.basis, s.abc_class, s.score, s.segment, s.due) IS DISTINCT FROM (c.basis, c.abc_class, c.score, c.segment, c.due)),
		free AS MATERIALIZED (
			SELECT c.customer_id, c.abc_class, c.segment FROM stale s, %1$I.customer c
			WHERE c.customer_id = s.customer_id
			FOR NO KEY UPDATE OF c SKIP LOCKED),
		busy AS (
			INSERT INTO %1$I.queue (customer_id) SELECT customer_id FROM stale EXCEPT SELECT customer_id FROM free),
		settled AS (
			UPDATE %1$I.customer c SET (basis, abc_class, score, segment, due, since) = (
				SELECT s.basis, s.abc_class, s.score, s.segment, s.due,
					CASE WHEN (s.abc_class, s.segment) IS DISTINCT FROM (c.abc_class, c.segment) THEN clock_timestamp() ELSE c.since END
				FROM customer_value_internal.classify(c.value, c.facts, c.abc_class, c.segment, $2, c.override) s)
			FROM free
			WHERE c.customer_id = free.customer_id
			RETURNING c.customer_id, (c.abc_class, c.segment) IS DISTINCT FROM (free.abc_class, free.segment) AS moved)
		SELECT count(*) FROM settled s WHERE s.moved AND s.customer_id NOT IN (SELECT unnest($3::%3$s[]))
		$sql$, base, CASE WHEN everybody THEN 'true' ELSE format($sql$
			c.customer_id IN (
				SELECT d.customer_id FROM %1$I.customer d WHERE d.due <= ($2).as_of
				UNION ALL
				SELECT n.customer_id
				FROM customer_value_internal.class_ends(($1).cutoffs) AS o
				JOIN customer_value_internal.class_ends(($2).cutoffs) AS e USING (class),
					(SELECT DISTINCT 1 + k * ($2).hysteresis::numeric AS factor FROM unnest('{-1,0,1}'::integer[]) k) AS b,
					LATERAL (SELECT b.factor * least(o.smallest, e.smallest) AS low, b.factor * greatest(o.smallest, e.smallest) AS high OFFSET 0) AS r,
					%1$I.settled n
				WHERE n.bucket BETWEEN customer_value_internal.basis_bucket(r.low) AND customer_value_internal.basis_bucket(r.high)
					AND n.basis >= r.low AND n.basis < r.high)
			$sql$, base) END,
			customer_value_internal.key_type(base))
	INTO moved_later USING before, wanted, moved;
	IF everybody THEN
		PERFORM customer_value_internal.settle_everybody(base);
	END IF;
	EXECUTE format('UPDATE %I.cutoffs SET took = clock_timestamp() - $1', base) USING started;
	RETURN moved_later + (SELECT count(DISTINCT m) FROM unnest(moved) m);
END
$$;

COMMENT ON FUNCTION customer_value_internal.rebalance(name, date) IS 'what customer_value.rebalance does, as the owner of the base';


CREATE FUNCTION customer_value.rebalance(base name, as_of date DEFAULT NULL) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.rebalance(name, date) IS
'folds in what is queued, brings the settings into force and all into line with them: the base day as_of (null: today in the time zone of the base), new cut-offs, basis, class and segment of every customer that this moves; returns how many of them changed class or segment. Stops no writer, but for a new time zone, in whose days it makes all ledgers anew';


CREATE FUNCTION customer_value_internal.stop_writers(base name, patience text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	source text;
BEGIN
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	IF patience IS NOT NULL THEN
		PERFORM set_config('lock_timeout', patience, true); -- until the owner of the base has done
	END IF;
	FOR source IN
		SELECT s.name FROM customer_value_internal.sources(base) s WHERE s.relation IS NOT NULL
		UNION SELECT s.name FROM customer_value_internal.fact_sources(base) s WHERE s.relation IS NOT NULL ORDER BY 1
	LOOP
		EXECUTE format('LOCK TABLE %s IN SHARE MODE', source);
	END LOOP;
END
$$;

COMMENT ON FUNCTION customer_value_internal.stop_writers(name, text) IS
'waits until no rebalance and no writer of a source of the base is under way, and keeps both out until this transaction ends; for writers, behind which others queue up, no longer than the given time each, if any';


CREATE FUNCTION customer_value_internal.recompute(base name, forget boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
AS $$
DECLARE
	changed bigint;
BEGIN
	PERFORM customer_value_internal.stop_writers(base); -- what they wrote is read anew
	PERFORM customer_value_internal.recount_partitions(base);
	PERFORM customer_value_internal.fold(base);
	EXECUTE format('DELETE FROM %I.queue WHERE value OPERATOR(%s.<>) ''{}''', base, '@extschema@');
	PERFORM customer_value_internal.recompute_facts(base);
	IF forget THEN
		EXECUTE format($sql$
			DELETE FROM %1$I.customer c
			WHERE c.facts IS NULL AND c.override IS NULL AND NOT EXISTS (SELECT FROM (%2$s) n WHERE n.customer_id = c.customer_id)
			$sql$, base, customer_value_internal.recomputed(base));
	END IF;
	EXECUTE customer_value_internal.write_query(base, format($sql$
		SELECT customer_id, coalesce(n.value, '{}') OPERATOR(%2$s.-) coalesce(c.value, '{}') AS value
		FROM %1$I.customer c FULL JOIN (%3$s) n USING (customer_id)
		WHERE c.value IS NULL OR coalesce(n.value, '{}') OPERATOR(%2$s.<>) c.value
		$sql$, base, '@extschema@', customer_value_internal.recomputed(base)), true)
	USING customer_value_internal.in_force(base);
	GET DIAGNOSTICS changed = ROW_COUNT;
	EXECUTE format('UPDATE %I.cutoffs SET counted = false', base);
	RETURN changed;
END
$$;

COMMENT ON FUNCTION customer_value_internal.recompute(name, boolean) IS
'makes every ledger of a base what the sources say, and drops customers that are in none if wanted; returns the number of ledgers that were different';


CREATE FUNCTION customer_value_internal.settle_time_zone(base name) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on SET enable_mergejoin = on SET customer_value.reason = 'time zone'
AS $$
DECLARE
	moved text[];
	started timestamptz := clock_timestamp();
BEGIN
	IF customer_value_internal.adopt_time_zone(base) THEN
		PERFORM customer_value_internal.recompute(base, false);
		EXECUTE format('SELECT array_agg(DISTINCT h.customer_id::text) FROM %I.change h WHERE h.changed_at >= $1 AND h.reason = ''time zone''', base)
		INTO moved USING started;
	END IF;
	RETURN coalesce(moved, '{}');
END
$$;

COMMENT ON FUNCTION customer_value_internal.settle_time_zone(name) IS
'brings a new time zone into force, making all ledgers of a base anew in its days while the writers of the sources wait; returns those who changed class or segment. Called by rebalance and before a source is tracked';


CREATE FUNCTION customer_value_internal.rebuild(base name) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET customer_value.reason = 'rebuild'
AS $$
DECLARE
	changed bigint;
BEGIN
	PERFORM customer_value_internal.check_read_committed('rebuild');
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	PERFORM customer_value_internal.adopt_time_zone(base);
	changed := customer_value_internal.recompute(base, false);
	-- what was wrong is put right by what is in force; what the rebalance moves then, it moves for its own reasons
	EXECUTE format($sql$
		UPDATE %1$I.customer c SET (basis, abc_class, score, segment, since) = (s.basis, s.abc_class, s.score, s.segment,
			CASE WHEN (s.abc_class, s.segment) IS DISTINCT FROM (c.abc_class, c.segment) THEN clock_timestamp() ELSE c.since END)
		FROM (SELECT o.customer_id, x.* FROM %1$I.customer o, LATERAL customer_value_internal.classify(o.value, o.facts, o.abc_class, o.segment, $1, o.override) x) AS s
		WHERE s.customer_id = c.customer_id
			AND (s.basis, s.abc_class, s.score, s.segment) IS DISTINCT FROM (c.basis, c.abc_class, c.score, c.segment)
		$sql$, base)
	USING customer_value_internal.in_force(base);
	EXECUTE format('UPDATE %I.cutoffs SET cutoffs = NULL', base); -- so that everybody is looked at
	PERFORM customer_value_internal.rebalance(base, customer_value_internal.base_day(base));
	RETURN changed;
END
$$;

COMMENT ON FUNCTION customer_value_internal.rebuild(name) IS 'what customer_value.rebuild does, as the owner of the base';


CREATE FUNCTION customer_value.rebuild(base name) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.rebuild(name) IS
'makes every ledger of a base anew from its sources, whose writers wait meanwhile, and rebalances on the base day; returns the number of ledgers that were different';
