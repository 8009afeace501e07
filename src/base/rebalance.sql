-- rebalance: bringing a base into line with new cut-offs, days and rules

CREATE FUNCTION customer_value.fold(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET lock_timeout = '100ms'
SET enable_hashjoin = off SET enable_mergejoin = off SET customer_value.reason = 'order' -- a few customers are looked up by key
AS $$
BEGIN
	-- Nobody else takes anything from the queue, since the caller has locked the cut-offs; what writers
	-- append meanwhile is not seen here and stays. Nor is a customer waited for that a writer holds:
	-- that could be a deadlock.
	EXECUTE format($sql$
		WITH free AS MATERIALIZED (
			SELECT c.customer_id FROM %1$I.customer c
			WHERE c.customer_id IN (SELECT q.customer_id FROM %1$I.queue q WHERE q.value OPERATOR(%3$s.<>) '{}')
			FOR NO KEY UPDATE SKIP LOCKED),
		taken AS (
			DELETE FROM %1$I.queue q
			WHERE q.value OPERATOR(%3$s.<>) '{}' AND (q.customer_id IN (SELECT f.customer_id FROM free f)
				OR NOT EXISTS (SELECT FROM %1$I.customer c WHERE c.customer_id = q.customer_id))
			RETURNING q.customer_id, q.value)
		%2$s
		$sql$, base, customer_value.write_query(base, format(
			'SELECT t.customer_id, %s.sum(t.value) AS value FROM taken AS t GROUP BY t.customer_id', '@extschema@')), '@extschema@')
	USING customer_value.in_force(base);
EXCEPTION WHEN lock_not_available THEN
	NULL; -- a writer is just adding one of the customers that are new here: next time
END
$$;

COMMENT ON FUNCTION customer_value.fold(name) IS
'adds the changes in the queue of a base to the ledgers, and brings their customers up to date against what is in force, but for those whom a writer holds: they stay in the queue; the caller has to hold the lock on the cut-offs that rebalance takes';


CREATE FUNCTION customer_value.rebalance(base name, as_of date DEFAULT current_date) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET enable_hashjoin = off SET enable_mergejoin = off SET customer_value.reason = 'date' -- a few customers are looked up by key
AS $$
DECLARE
	before customer_value.in_force;
	wanted customer_value.in_force;
	cuts numeric[];
	everybody boolean;
	moved bigint;
	started timestamptz := clock_timestamp();
BEGIN
	PERFORM customer_value.check_base(base);
	PERFORM customer_value.check_read_committed('rebalance');
	IF as_of IS NULL OR NOT isfinite(as_of) THEN
		RAISE invalid_parameter_value USING MESSAGE = 'as_of must be a day';
	END IF;

	-- Waits for another rebalance, and for the writers that work with what is in force now. Those that
	-- come later do not wait for this: they put the customers they touch into the queue.
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	PERFORM customer_value.fold(base);
	PERFORM customer_value.end_overrides(base, as_of);

	before := customer_value.in_force(base);
	wanted := customer_value.wanted(base, as_of);
	EXECUTE format('SELECT s.cuts FROM %I.settings s', base) INTO cuts;

	-- Bases are what they were, unless another figure or another period counts now.
	IF (wanted.basis, wanted.since) = (before.basis, before.since) THEN
		wanted.cutoffs := customer_value.counted_cutoffs(base, cuts);
		everybody := wanted.cutoffs IS NULL OR before.cutoffs IS NULL OR wanted.last_class <> before.last_class;
	ELSE
		EXECUTE format($sql$
			SELECT %2$s.abc_cutoffs(x.basis, $1) FROM %1$I.customer c, LATERAL customer_value.standing(c.value, NULL, NULL, $2) x
			$sql$, base, '@extschema@')
		INTO wanted.cutoffs USING cuts, wanted;
		everybody := true;
	END IF;
	EXECUTE format($sql$
		UPDATE %1$I.cutoffs SET (basis, since, as_of, cutoffs, last_class, rules) = (SELECT ($1).*), settled_at = now()
		$sql$, base)
	USING wanted;

	-- Segments are what they were, unless there are other rules now, or some that time alone moves.
	IF wanted.rules::text IS DISTINCT FROM before.rules::text THEN
		everybody := true;
		PERFORM set_config('customer_value.reason', 'rules', true);
	ELSIF as_of <> before.as_of AND wanted.rules::text ~ '"(recency_days|tenure_days|amount_12m|margin_12m)"' THEN
		everybody := true;
	END IF;

	-- Otherwise it is those between the old and the new end of a class, and those in the queue. A
	-- customer that a writer is at is not waited for: that writer has queued him, or someone else holds
	-- him, and then he is queued here.
	EXECUTE format($sql$
		WITH touched AS (
			DELETE FROM %1$I.queue WHERE value OPERATOR(%3$s.=) '{}' RETURNING customer_id),
		stale AS MATERIALIZED (
			SELECT c.customer_id
			FROM %1$I.customer c, LATERAL customer_value.standing(c.value, c.facts, c.segment, $2, c.override) s
			WHERE %2$s AND (s.basis, s.abc_class, s.score, s.segment) IS DISTINCT FROM (c.basis, c.abc_class, c.score, c.segment)),
		free AS MATERIALIZED (
			SELECT c.customer_id, c.abc_class, c.segment FROM %1$I.customer c
			WHERE c.customer_id IN (SELECT customer_id FROM stale)
			FOR NO KEY UPDATE SKIP LOCKED),
		busy AS (
			INSERT INTO %1$I.queue (customer_id) SELECT customer_id FROM stale EXCEPT SELECT customer_id FROM free),
		settled AS (
			UPDATE %1$I.customer c SET (basis, abc_class, score, segment, since) = (
				SELECT s.basis, s.abc_class, s.score, s.segment,
					CASE WHEN (s.abc_class, s.segment) IS DISTINCT FROM (c.abc_class, c.segment) THEN clock_timestamp() ELSE c.since END
				FROM customer_value.standing(c.value, c.facts, c.segment, $2, c.override) s)
			FROM free
			WHERE c.customer_id = free.customer_id
			RETURNING (c.abc_class, c.segment) IS DISTINCT FROM (free.abc_class, free.segment) AS moved)
		SELECT count(*) FILTER (WHERE s.moved) FROM settled s
		$sql$, base, CASE WHEN everybody THEN 'true' ELSE format($sql$
			c.customer_id IN (
				SELECT t.customer_id FROM touched t
				UNION ALL
				SELECT n.customer_id
				FROM customer_value.class_ends(($1).cutoffs) AS o
				JOIN customer_value.class_ends(($2).cutoffs) AS e USING (class),
					LATERAL (SELECT least(o.smallest, e.smallest) AS low, greatest(o.smallest, e.smallest) AS high OFFSET 0) AS r,
					%1$I.customer n
				WHERE n.bucket BETWEEN customer_value.basis_bucket(r.low) AND customer_value.basis_bucket(r.high)
					AND n.basis >= r.low AND n.basis < r.high)
			$sql$, base) END, '@extschema@')
	INTO moved USING before, wanted;
	EXECUTE format('UPDATE %I.cutoffs SET took = clock_timestamp() - $1', base) USING started;
	RETURN moved;
END
$$;

COMMENT ON FUNCTION customer_value.rebalance(name, date) IS
'folds in what is queued, brings the settings into force and all into line with them: the base day as_of, new cut-offs, basis, class and segment of every customer whom that moves; returns how many of them changed class or segment. Stops no writer';


CREATE FUNCTION customer_value.stop_writers(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	source text;
BEGIN
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	FOR source IN SELECT s.name FROM customer_value.sources(base) s WHERE s.relation IS NOT NULL ORDER BY s.name LOOP
		EXECUTE format('LOCK TABLE %s IN SHARE MODE', source);
	END LOOP;
END
$$;

COMMENT ON FUNCTION customer_value.stop_writers(name) IS
'waits until no rebalance and no writer of a source of the base is under way, and keeps both out until this transaction ends';


CREATE FUNCTION customer_value.recompute(base name, forget boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
AS $$
DECLARE
	changed bigint;
BEGIN
	PERFORM customer_value.stop_writers(base); -- what they wrote is read anew
	PERFORM customer_value.fold(base);
	EXECUTE format('DELETE FROM %I.queue WHERE value OPERATOR(%s.<>) ''{}''', base, '@extschema@');
	IF forget THEN
		EXECUTE format($sql$
			DELETE FROM %1$I.customer c
			WHERE c.facts IS NULL AND c.override IS NULL AND NOT EXISTS (SELECT FROM (%2$s) n WHERE n.customer_id = c.customer_id)
			$sql$, base, customer_value.recomputed(base));
	END IF;
	EXECUTE customer_value.write_query(base, format($sql$
		SELECT customer_id, coalesce(n.value, '{}') OPERATOR(%2$s.-) coalesce(c.value, '{}') AS value
		FROM %1$I.customer c FULL JOIN (%3$s) n USING (customer_id)
		WHERE c.value IS NULL OR coalesce(n.value, '{}') OPERATOR(%2$s.<>) c.value
		$sql$, base, '@extschema@', customer_value.recomputed(base)))
	USING customer_value.in_force(base);
	GET DIAGNOSTICS changed = ROW_COUNT;
	RETURN changed;
END
$$;

COMMENT ON FUNCTION customer_value.recompute(name, boolean) IS
'makes every ledger of a base what the sources say, and drops customers that are in none if wanted; returns the number of ledgers that were different';


CREATE FUNCTION customer_value.rebuild(base name) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET customer_value.reason = 'rebuild'
AS $$
DECLARE
	changed bigint;
BEGIN
	PERFORM customer_value.check_base(base);
	PERFORM customer_value.check_read_committed('rebuild');
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	changed := customer_value.recompute(base, false);
	EXECUTE format($sql$
		WITH old AS (DELETE FROM %1$I.bucket)
		INSERT INTO %1$I.bucket (bucket, customers, basis, squares)
		SELECT bucket, count(*), sum(basis), sum(basis * basis) FROM %1$I.customer WHERE basis IS NOT NULL GROUP BY bucket
		$sql$, base);
	EXECUTE format('UPDATE %I.cutoffs SET cutoffs = NULL', base); -- so that everybody is looked at
	PERFORM customer_value.rebalance(base, current_date);
	RETURN changed;
END
$$;

COMMENT ON FUNCTION customer_value.rebuild(name) IS
'makes every ledger of a base anew from its sources, whose writers wait meanwhile, and rebalances; returns the number of ledgers that were different';
