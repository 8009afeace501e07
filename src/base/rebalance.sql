-- rebalance: bringing a base into line with new cut-offs, days and rules

CREATE FUNCTION customer_value.rebalance(base name, as_of date DEFAULT current_date) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET customer_value.reason = 'date'
AS $$
DECLARE
	same_basis boolean;
	same_rules boolean;
	moved bigint;
BEGIN
	PERFORM customer_value.check_base(base);
	PERFORM customer_value.check_read_committed('rebalance');
	IF as_of IS NULL OR NOT isfinite(as_of) THEN
		RAISE invalid_parameter_value USING MESSAGE = 'as_of must be a day';
	END IF;

	-- Waits for another rebalance, and for the writers that work with what is in force now. Those that
	-- come later do not wait for this: they put the customers they touch into the queue. What is in the
	-- queue now is settled below.
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	EXECUTE format('DELETE FROM %I.queue', base);
	PERFORM customer_value.end_overrides(base, as_of);

	EXECUTE format($sql$
		WITH wanted AS (
			SELECT basis, coalesce(($1 - period)::date, '-infinity') AS since, rules FROM %1$I.settings)
		UPDATE %1$I.cutoffs f SET as_of = $1, basis = w.basis, since = w.since, rules = w.rules, settled_at = now()
		FROM wanted w, %1$I.cutoffs before
		RETURNING (f.basis, f.since) = (before.basis, before.since),
			f.rules::text IS NOT DISTINCT FROM before.rules::text
		$sql$, base)
	INTO same_basis, same_rules USING as_of;
	IF same_basis IS NULL THEN
		RAISE no_data_found USING MESSAGE = format('customer base "%s" has lost the row of its table "settings" or "cutoffs"', base);
	END IF;
	EXECUTE format(CASE WHEN same_basis THEN $sql$
		UPDATE %1$I.cutoffs f SET last_class = chr(65 + cardinality(s.cuts)),
			cutoffs = (SELECT %2$s.abc_cutoffs(c.basis, s.cuts) FROM %1$I.customer c)
		FROM %1$I.settings s
		$sql$ ELSE $sql$
		UPDATE %1$I.cutoffs f SET last_class = chr(65 + cardinality(s.cuts)),
			cutoffs = (SELECT %2$s.abc_cutoffs(x.basis, s.cuts) FROM %1$I.customer c,
				LATERAL customer_value.standing(c.value, NULL, NULL, f.basis, f.since, f.as_of, NULL, NULL, NULL) x)
		FROM %1$I.settings s
		$sql$ END, base, '@extschema@');

	-- A customer that a writer is at is not waited for: that writer has queued him, or someone else
	-- holds him, and then he is queued here.
	PERFORM set_config('customer_value.reason', CASE WHEN same_rules THEN 'date' ELSE 'rules' END, true);
	EXECUTE format($sql$
		WITH stale AS MATERIALIZED (
			SELECT c.customer_id
			FROM (SELECT * FROM %1$I.cutoffs LIMIT 1) f, %1$I.customer c,
				LATERAL customer_value.standing(c.value, c.facts, c.segment, f.basis, f.since, f.as_of, f.cutoffs, f.last_class, f.rules, c.override) s
			WHERE (s.basis, s.abc_class, s.score, s.segment) IS DISTINCT FROM (c.basis, c.abc_class, c.score, c.segment)),
		free AS MATERIALIZED (
			SELECT c.customer_id, c.abc_class, c.segment FROM %1$I.customer c
			WHERE c.customer_id IN (SELECT customer_id FROM stale)
			FOR NO KEY UPDATE SKIP LOCKED),
		busy AS (
			INSERT INTO %1$I.queue SELECT customer_id FROM stale EXCEPT SELECT customer_id FROM free),
		settled AS (
			UPDATE %1$I.customer c SET (basis, abc_class, score, segment, since) = (
				SELECT s.basis, s.abc_class, s.score, s.segment,
					CASE WHEN (s.abc_class, s.segment) IS DISTINCT FROM (c.abc_class, c.segment) THEN clock_timestamp() ELSE c.since END
				FROM (SELECT * FROM %1$I.cutoffs LIMIT 1) f,
					LATERAL customer_value.standing(c.value, c.facts, c.segment, f.basis, f.since, f.as_of, f.cutoffs, f.last_class, f.rules, c.override) s)
			FROM free
			WHERE c.customer_id = free.customer_id
			RETURNING (c.abc_class, c.segment) IS DISTINCT FROM (free.abc_class, free.segment) AS moved)
		SELECT count(*) FILTER (WHERE s.moved) FROM settled s
		$sql$, base)
	INTO moved;
	RETURN moved;
END
$$;

COMMENT ON FUNCTION customer_value.rebalance(name, date) IS
'brings the settings into force and all into line with them: the base day as_of, new cut-offs, basis, class and segment of every customer whom that moves; returns how many changed class or segment. Stops no writer';


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
	force record;
BEGIN
	PERFORM customer_value.stop_writers(base); -- what they wrote is read anew
	IF forget THEN
		EXECUTE format($sql$
			DELETE FROM %1$I.customer c
			WHERE c.facts IS NULL AND c.override IS NULL AND NOT EXISTS (SELECT FROM (%2$s) n WHERE n.customer_id = c.customer_id)
			$sql$, base, customer_value.recomputed(base));
	END IF;
	EXECUTE format('SELECT * FROM %I.cutoffs', base) INTO force;
	EXECUTE customer_value.write_query(base, format($sql$
		SELECT customer_id, coalesce(n.value, '{}') OPERATOR(%2$s.-) coalesce(c.value, '{}') AS value
		FROM %1$I.customer c FULL JOIN (%3$s) n USING (customer_id)
		WHERE c.value IS NULL OR coalesce(n.value, '{}') OPERATOR(%2$s.<>) c.value
		$sql$, base, '@extschema@', customer_value.recomputed(base)))
	USING force.basis, force.since, force.as_of, force.cutoffs, force.last_class, force.rules;
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
	PERFORM customer_value.rebalance(base, current_date);
	RETURN changed;
END
$$;

COMMENT ON FUNCTION customer_value.rebuild(name) IS
'makes every ledger of a base anew from its sources, whose writers wait meanwhile, and rebalances; returns the number of ledgers that were different';
