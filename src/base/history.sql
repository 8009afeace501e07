-- history: what a base said in the past, who moved, and what today's rules would have said

CREATE FUNCTION customer_value_internal.migration(base name, since timestamptz, before timestamptz)
RETURNS TABLE (what text, old_value text, new_value text, customers bigint, basis numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF since IS NULL OR before IS NULL OR since > before THEN
		RAISE invalid_parameter_value USING MESSAGE = 'since and before must be moments, and since not the later one';
	END IF;
	-- What was true at a moment is what the first change from then on put an end to. A customer that came later
	-- was nothing then; those that were there when customers were first classed are taken to have been what they were then.
	RETURN QUERY EXECUTE format($sql$
		WITH later AS (
			SELECT h.customer_id, h.what, min(h.changed_at) AS first_since, min(h.changed_at) FILTER (WHERE h.changed_at >= $2) AS first_before,
				(array_agg(h.old_value ORDER BY h.changed_at, h.change_id))[1] AS at_since,
				(array_agg(h.old_value ORDER BY h.changed_at, h.change_id) FILTER (WHERE h.changed_at >= $2))[1] AS at_before
			FROM %1$I.change h
			WHERE h.changed_at >= $1 AND h.what IN ('class', 'segment')
			GROUP BY 1, 2),
		today AS (
			SELECT c.customer_id, v.what, v.value, c.basis, CASE WHEN c.added > f.history_since THEN c.added END AS came
			FROM %1$I.customer c, %1$I.cutoffs f, LATERAL (VALUES ('class', c.abc_class), ('segment', c.segment)) AS v(what, value)),
		moved AS (
			SELECT what, t.basis,
				CASE WHEN t.came >= $1 AND (l.first_since < t.came) IS NOT TRUE THEN NULL
					WHEN l.what IS NULL THEN t.value ELSE l.at_since END AS old_value,
				CASE WHEN t.came >= $2 AND (l.first_before < t.came) IS NOT TRUE THEN NULL
					WHEN l.first_before IS NOT NULL THEN l.at_before ELSE t.value END AS new_value
			FROM today t FULL JOIN later l USING (customer_id, what))
		SELECT m.what, m.old_value, m.new_value, count(*), sum(m.basis)
		FROM moved m
		WHERE m.old_value IS NOT NULL OR m.new_value IS NOT NULL
		GROUP BY m.what, m.old_value, m.new_value
		ORDER BY m.what, m.old_value COLLATE "C", m.new_value COLLATE "C"$sql$, base)
	USING since, before;
END
$$;

COMMENT ON FUNCTION customer_value_internal.migration(name, timestamptz, timestamptz) IS 'what customer_value.migration does, as the owner of the base';


CREATE FUNCTION customer_value.migration(base name, since timestamptz, before timestamptz DEFAULT 'infinity')
RETURNS TABLE (what text, old_value text, new_value text, customers bigint, basis numeric)
LANGUAGE c STABLE PARALLEL SAFE SET customer_value.reads = 'customer,change' AS 'MODULE_PATHNAME', 'customer_value_as_owner_for_reader';

COMMENT ON FUNCTION customer_value.migration(name, timestamptz, timestamptz) IS
'who moved where between two moments (by default until now), as a matrix: what (class or segment), its value at since and at before, the number of customers, and their basis as it is now. Those who stayed are in it, too; a null old value stands for customers that came, a null new value for those that left. Those that were there when customers were first classed (history_since in cutoffs) are taken to have been what they were then';


CREATE FUNCTION customer_value_internal.standing_on(base name, day date, customer text DEFAULT NULL)
RETURNS TABLE (customer_id text, said_class text, said_segment text, basis numeric, abc_class text, score float8, segment text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	day_after timestamptz;
	force customer_value_internal.in_force;
BEGIN
	PERFORM customer_value_internal.check_base(base, 'customer,settings,change');
	PERFORM customer_value_internal.check_layout(base);
	PERFORM customer_value_internal.check_day(day, 'day');
	EXECUTE format('SELECT ($1 + 1)::timestamp AT TIME ZONE f.time_zone FROM %I.cutoffs f', base) INTO day_after USING day;
	force := customer_value_internal.wanted(base, day);
	EXECUTE format($sql$
		SELECT %2$s.abc_cutoffs(customer_value_internal.basis_of(%2$s.until(c.value, $1 + 1), $2), (SELECT s.cuts FROM %1$I.settings s))
		FROM %1$I.customer c
		WHERE %2$s.first_order(c.value, NULL::date, NULL::date) <= $1$sql$, base, '@extschema@')
	INTO force.cutoffs USING day, force;
	RETURN QUERY EXECUTE format($sql$
		WITH ledger AS MATERIALIZED (
			SELECT c.customer_id, %2$s.until(c.value, $1 + 1) AS value, c.facts
			FROM %1$I.customer c WHERE %2$s.first_order(c.value, NULL::date, NULL::date) <= $1),
		later AS (
			SELECT DISTINCT ON (h.customer_id, h.what) h.customer_id, h.what, h.old_value, h.changed_at
			FROM %1$I.change h
			WHERE h.changed_at >= $4 AND h.what IN ('class', 'segment')
				AND ($2 IS NULL OR h.customer_id = $2::%3$s)
			ORDER BY h.customer_id, h.what, h.changed_at, h.change_id),
		said AS (
			SELECT customer_id,
				CASE WHEN c.came AND (k.changed_at < c.added) IS NOT TRUE THEN NULL WHEN k.what IS NULL THEN c.abc_class ELSE k.old_value END AS abc_class,
				CASE WHEN c.came AND (g.changed_at < c.added) IS NOT TRUE THEN NULL WHEN g.what IS NULL THEN c.segment ELSE g.old_value END AS segment
			FROM (SELECT c.customer_id, c.abc_class, c.segment, c.added,
					c.added > f.history_since AND c.added >= $4 AS came
				FROM %1$I.customer c, %1$I.cutoffs f WHERE $2 IS NULL OR c.customer_id = $2::%3$s) c
			FULL JOIN (SELECT * FROM later l WHERE l.what = 'class') k USING (customer_id)
			FULL JOIN (SELECT * FROM later l WHERE l.what = 'segment') g USING (customer_id))
		SELECT customer_id::text, d.abc_class, d.segment, s.basis, s.abc_class, s.score, s.segment
		FROM said d
		LEFT JOIN ledger l USING (customer_id)
		LEFT JOIN LATERAL customer_value_internal.classify(l.value, l.facts, d.abc_class, d.segment, $3) s ON l.value IS NOT NULL
		WHERE l.value IS NOT NULL OR d.abc_class IS NOT NULL OR d.segment IS NOT NULL
		ORDER BY customer_id$sql$, base, '@extschema@', customer_value_internal.key_type(base))
	USING day, customer, force, day_after;
END
$$;

COMMENT ON FUNCTION customer_value_internal.standing_on(name, date, text) IS
'for every customer of a base, or one: the class and segment that the base said at the end of a past day (of the time zone of the base), from its history, and basis, class, score and segment that today''s settings make of the ledgers until that day, with cut-offs of that day. Facts other than the ledger''s have no history and are those of today';


CREATE FUNCTION customer_value_internal.standing_on(base name, day date, customer anynonarray)
RETURNS TABLE (customer_id text, said_class text, said_segment text, basis numeric, abc_class text, score float8, segment text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT * FROM customer_value_internal.standing_on(base, day, customer::text);
END
$$;

COMMENT ON FUNCTION customer_value_internal.standing_on(name, date, anynonarray) IS 'the same for a key of any type';


CREATE FUNCTION customer_value_internal.simulate(base name, rules @extschema@.segment_rules)
RETURNS TABLE (old_segment text, new_segment text, customers bigint, basis numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	force customer_value_internal.in_force;
BEGIN
	force := customer_value_internal.in_force(base);
	force.rules := rules;
	RETURN QUERY EXECUTE format($sql$
		SELECT c.segment, s.segment, count(*), sum(s.basis)
		FROM %1$I.customer c, LATERAL customer_value_internal.classify(c.value, c.facts, c.abc_class, c.segment, $1, c.override) s
		GROUP BY c.segment, s.segment
		ORDER BY c.segment COLLATE "C", s.segment COLLATE "C"$sql$, base)
	USING force;
END
$$;

COMMENT ON FUNCTION customer_value_internal.simulate(name, @extschema@.segment_rules) IS 'what customer_value.simulate does, as the owner of the base';


CREATE FUNCTION customer_value.simulate(base name, rules @extschema@.segment_rules)
RETURNS TABLE (old_segment text, new_segment text, customers bigint, basis numeric)
LANGUAGE c STABLE PARALLEL SAFE SET customer_value.reads = 'customer,cutoffs' AS 'MODULE_PATHNAME', 'customer_value_as_owner_for_reader';

COMMENT ON FUNCTION customer_value.simulate(name, @extschema@.segment_rules) IS
'the migration matrix that a rule set would cause, before it is set: segment now, segment by these rules on the base day in force, number of customers, and their basis';


CREATE FUNCTION customer_value_internal.value_to_next_class(base name, customer text)
RETURNS TABLE (abc_class text, basis numeric, next_class text, threshold numeric, missing numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF (customer_value_internal.in_force(base)).last_class IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('customer base "%s" has no classes yet', base),
			HINT = format('Call customer_value.rebalance(%L).', base);
	END IF;
	RETURN QUERY EXECUTE format($sql$
		SELECT c.abc_class, c.basis, n.class, n.value, n.value - c.basis
		FROM %1$I.customer c
		LEFT JOIN LATERAL (
			SELECT k.class, k."from" * (1 + f.hysteresis::numeric)
			FROM %1$I.cutoffs f, jsonb_to_recordset(f.cutoffs::jsonb -> 'classes') AS k(class text, "from" numeric)
			WHERE k.class < c.abc_class COLLATE "C" AND k."from" IS NOT NULL
			ORDER BY k.class COLLATE "C" DESC LIMIT 1) AS n(class, value) ON true
		WHERE c.customer_id = $1::%2$s$sql$, base, customer_value_internal.key_type(base))
	USING customer;
END
$$;

COMMENT ON FUNCTION customer_value_internal.value_to_next_class(name, text) IS 'what customer_value.value_to_next_class does, as the owner of the base';


CREATE FUNCTION customer_value.value_to_next_class(base name, customer text)
RETURNS TABLE (abc_class text, basis numeric, next_class text, threshold numeric, missing numeric)
LANGUAGE c STABLE PARALLEL SAFE SET customer_value.reads = 'customer,cutoffs' AS 'MODULE_PATHNAME', 'customer_value_as_owner_for_reader';

COMMENT ON FUNCTION customer_value.value_to_next_class(name, text) IS
'what a customer of a base lacks to the next better class against the cut-offs in force: class and basis now, the next class, the basis that it takes, hysteresis included, and what is missing to that; the latter three are null in class A. No row for a customer unknown';


CREATE FUNCTION customer_value.value_to_next_class(base name, customer anynonarray)
RETURNS TABLE (abc_class text, basis numeric, next_class text, threshold numeric, missing numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT * FROM customer_value.value_to_next_class(base, customer::text);
END
$$;

COMMENT ON FUNCTION customer_value.value_to_next_class(name, anynonarray) IS 'the same for a key of any type';
