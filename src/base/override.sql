-- override: a segment by hand, with a reason and an end

CREATE FUNCTION customer_value_internal.create_override(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format($sql$
		CREATE TABLE %1$I.override (
			override_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			customer_id %2$s NOT NULL,
			segment text NOT NULL,
			reason text NOT NULL CHECK (btrim(reason) <> ''),
			until date NOT NULL CHECK (isfinite(until)),
			set_at timestamptz NOT NULL DEFAULT now(),
			set_by name NOT NULL DEFAULT session_user,
			ended_at timestamptz,
			ended_by name);
		CREATE UNIQUE INDEX ON %1$I.override (customer_id) WHERE ended_at IS NULL;
		COMMENT ON TABLE %1$I.override IS 'segments set by hand, by which role and why, those that have ended too; written by override, end_override and rebalance';
		COMMENT ON COLUMN %1$I.override.until IS 'the first day on which the rules decide again';
	$sql$, base, customer_value_internal.key_type(base));
END
$$;

COMMENT ON FUNCTION customer_value_internal.create_override(name) IS 'gives a base its table of overrides; called by create_base';


CREATE FUNCTION customer_value_internal.set_override(base name, customer text, segment text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET customer_value.reason = 'override'
AS $$
DECLARE
	force customer_value_internal.in_force := customer_value_internal.in_force(base);
	found_one boolean;
BEGIN
	EXECUTE format('UPDATE %I.override SET ended_at = now(), ended_by = session_user WHERE customer_id = $1::%s AND ended_at IS NULL',
		base, customer_value_internal.key_type(base))
	USING customer;
	-- without a previous segment: what was set by hand must not live on in a grey zone
	EXECUTE format($sql$
		UPDATE %1$I.customer c SET override = $2, (score, segment, since) = (
			SELECT s.score, s.segment, CASE WHEN s.segment IS DISTINCT FROM c.segment THEN clock_timestamp() ELSE c.since END
			FROM customer_value_internal.classify(c.value, c.facts, NULL, NULL, $3, $2) s)
		WHERE c.customer_id = $1::%2$s
		RETURNING true$sql$, base, customer_value_internal.key_type(base))
	INTO found_one USING customer, segment, force;
	-- as writers do, should a rebalance be under way
	EXECUTE format('INSERT INTO %I.queue (customer_id, classed_by) SELECT $1::%s, $2 WHERE $3', base, customer_value_internal.key_type(base))
	USING customer, force.settled_at, found_one;
	RETURN coalesce(found_one, false);
END
$$;

COMMENT ON FUNCTION customer_value_internal.set_override(name, text, text) IS
'ends the override of a customer and gives it this segment, or with null that of the rules; false where there is no such customer';


CREATE FUNCTION customer_value_internal.override(base name, customer text, segment text, reason text, until date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off
AS $$
DECLARE
	as_of date;
	known text[];
BEGIN
	PERFORM customer_value_internal.check_read_committed('override');
	IF customer IS NULL OR segment IS NULL OR btrim(reason) = '' IS NOT FALSE THEN
		RAISE null_value_not_allowed USING MESSAGE = 'an override needs a customer, a segment and a reason';
	END IF;
	EXECUTE format($sql$
		SELECT f.as_of, CASE WHEN f.rules IS NOT NULL
			THEN ARRAY(SELECT r ->> 'name' FROM jsonb_array_elements(f.rules::jsonb -> 'segments') r) END
		FROM %I.cutoffs f$sql$, base)
	INTO as_of, known;
	IF known IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('no rules are in force in customer base "%s", so that there are no segments', base),
			HINT = 'Give it rules in its table settings, and call customer_value.rebalance().';
	ELSIF segment <> ALL (known) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('the rules in force know no segment "%s"', segment),
			HINT = format('They know %s.', array_to_string(known, ', '));
	END IF;
	IF until IS NULL OR NOT isfinite(until) OR until <= as_of THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'an override needs an end after the base day',
			HINT = 'until is the first day on which the rules decide again.';
	END IF;
	IF NOT customer_value_internal.set_override(base, customer, segment) THEN
		RAISE no_data_found USING MESSAGE = format('customer base "%s" has no customer %s', base, customer);
	END IF;
	EXECUTE format('INSERT INTO %I.override (customer_id, segment, reason, until) VALUES ($1::%s, $2, $3, $4)',
		base, customer_value_internal.key_type(base))
	USING customer, segment, reason, until;
END
$$;

COMMENT ON FUNCTION customer_value_internal.override(name, text, text, text, date) IS 'what customer_value.override does, as the owner of the base';


CREATE FUNCTION customer_value.override(base name, customer text, segment text, reason text, until date) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.override(name, text, text, text, date) IS
'sets the segment of a customer by hand, for a reason that is kept and until a day from which on the rules decide again; the first rebalance with that base day or a later one ends it. An earlier override of the customer ends at once';


CREATE FUNCTION customer_value.override(base name, customer anynonarray, segment text, reason text, until date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM customer_value.override(base, customer::text, segment, reason, until);
END
$$;

COMMENT ON FUNCTION customer_value.override(name, anynonarray, text, text, date) IS 'the same for a key of any type';


CREATE FUNCTION customer_value_internal.end_override(base name, customer text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off
AS $$
DECLARE
	found_one boolean;
BEGIN
	PERFORM customer_value_internal.check_read_committed('end_override');
	EXECUTE format('SELECT true FROM %I.override WHERE customer_id = $1::%s AND ended_at IS NULL', base, customer_value_internal.key_type(base))
	INTO found_one USING customer;
	IF found_one IS NULL THEN
		RAISE no_data_found USING MESSAGE = format('customer base "%s" has no override of customer %s', base, customer);
	END IF;
	PERFORM customer_value_internal.set_override(base, customer, NULL);
END
$$;

COMMENT ON FUNCTION customer_value_internal.end_override(name, text) IS 'what customer_value.end_override does, as the owner of the base';


CREATE FUNCTION customer_value.end_override(base name, customer text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.end_override(name, text) IS
'ends the override of a customer before its time';


CREATE FUNCTION customer_value.end_override(base name, customer anynonarray) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM customer_value.end_override(base, customer::text);
END
$$;

COMMENT ON FUNCTION customer_value.end_override(name, anynonarray) IS 'the same for a key of any type';


CREATE FUNCTION customer_value_internal.end_overrides(base name, as_of date) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off
AS $$
DECLARE
	customer text;
	was text;
	other boolean;
	moved text[] := '{}';
BEGIN
	-- a customer that a writer holds is not waited for: next time
	FOR customer, was IN EXECUTE format($sql$
		SELECT c.customer_id::text, c.segment FROM %1$I.customer c
		WHERE c.customer_id IN (SELECT o.customer_id FROM %1$I.override o WHERE o.ended_at IS NULL AND o.until <= $1)
		ORDER BY c.customer_id FOR NO KEY UPDATE SKIP LOCKED$sql$, base) USING as_of
	LOOP
		PERFORM customer_value_internal.set_override(base, customer, NULL);
		EXECUTE format('SELECT segment IS DISTINCT FROM $2 FROM %I.customer WHERE customer_id = $1::%s', base, customer_value_internal.key_type(base))
		INTO other USING customer, was;
		IF other THEN
			moved := moved || customer;
		END IF;
	END LOOP;
	RETURN moved;
END
$$;

COMMENT ON FUNCTION customer_value_internal.end_overrides(name, date) IS 'ends the overrides whose time has come by a day and returns the customers that this gave another segment; called by rebalance';
