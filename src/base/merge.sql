-- merge: two records of one person

CREATE FUNCTION customer_value_internal.create_merged(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format($sql$
		CREATE TABLE %1$I.merged (
			customer_id %2$s PRIMARY KEY,
			merged_into %2$s NOT NULL CHECK (merged_into <> customer_id),
			facts jsonb,
			segment text,
			merged_at timestamptz NOT NULL DEFAULT now(),
			merged_by name NOT NULL DEFAULT session_user);
		CREATE INDEX ON %1$I.merged (merged_into);
		COMMENT ON TABLE %1$I.merged IS 'customers whose orders count as those of another, with what unmerge_customers gives back to them; written by merge_customers and unmerge_customers';
	$sql$, base, customer_value_internal.key_type(base));
END
$$;

COMMENT ON FUNCTION customer_value_internal.create_merged(name) IS 'gives a base its table of merged customers; called by create_base';


CREATE FUNCTION customer_value_internal.renew_statements(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- makes the kept plans of triggers invalid, no more
	EXECUTE format('ALTER TABLE %I.queue ALTER customer_id SET STATISTICS -1', base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.renew_statements(name) IS 'has triggers write their statements anew';


CREATE FUNCTION customer_value_internal.change_keys(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('UPDATE %I.cutoffs SET keys = keys + 1', base);
	PERFORM customer_value_internal.renew_statements(base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.change_keys(name) IS
'tells writers that a key came to stand for another customer, or for none: triggers write their statements anew, and transactions whose snapshot is older fail';


CREATE FUNCTION customer_value_internal.merge_customers(base name, customer text, duplicate text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET customer_value.reason = 'merge'
AS $$
DECLARE
	key text;
	same boolean;
	known bigint;
	asked text := customer;
	chained text;
	ledger @extschema@.customer_value;
BEGIN
	PERFORM customer_value_internal.check_read_committed('merge_customers');
	IF customer IS NULL OR duplicate IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'customer and duplicate must not be null';
	END IF;
	key := customer_value_internal.key_type(base);
	PERFORM customer_value_internal.stop_writers(base, '1s');
	PERFORM customer_value_internal.track_partitions(base);
	-- one that is merged itself stands for the one that counts
	EXECUTE format('SELECT coalesce((SELECT m.merged_into FROM %1$I.merged m WHERE m.customer_id = $1::%2$s), $1::%2$s)', base, key)
	INTO customer USING customer;
	EXECUTE format($sql$
		SELECT $1::%2$s = $2::%2$s, (SELECT count(*) FROM %1$I.customer WHERE customer_id IN ($1::%2$s, $2::%2$s)),
			(SELECT format('customer %%s is merged into %%s', customer_id, merged_into) FROM %1$I.merged
				WHERE $2::%2$s IN (customer_id, merged_into) LIMIT 1)$sql$, base, key)
	INTO same, known, chained USING customer, duplicate;
	IF same THEN
		RAISE invalid_parameter_value USING MESSAGE = CASE WHEN asked = customer THEN 'a customer cannot be merged into itself'
			ELSE format('customer %s is merged into %s', asked, customer) END;
	ELSIF chained IS NOT NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('cannot merge %s into %s: %s', duplicate, customer, chained),
			HINT = 'Merge all records of a person into the same one.';
	ELSIF known < 2 THEN
		RAISE no_data_found USING MESSAGE = format('customer base "%s" does not have both %s and %s', base, customer, duplicate);
	END IF;

	EXECUTE format('UPDATE %I.override SET ended_at = now(), ended_by = session_user WHERE customer_id = $1::%s AND ended_at IS NULL', base, key)
	USING duplicate;
	EXECUTE format('UPDATE %1$I.queue SET customer_id = $1::%2$s WHERE customer_id = $2::%2$s', base, key) USING customer, duplicate;
	EXECUTE format($sql$
		INSERT INTO %1$I.merged (customer_id, merged_into, facts, segment)
		SELECT c.customer_id, $1::%2$s, c.facts, c.segment FROM %1$I.customer c WHERE c.customer_id = $2::%2$s$sql$, base, key)
	USING customer, duplicate;
	EXECUTE format('DELETE FROM %I.customer WHERE customer_id = $1::%s RETURNING value', base, key) INTO ledger USING duplicate;
	EXECUTE customer_value_internal.write_query(base, format('SELECT %L::%s AS customer_id, %L::%s.customer_value AS value',
		customer, key, ledger, '@extschema@'), false)
	USING customer_value_internal.in_force(base);
	PERFORM customer_value_internal.change_keys(base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.merge_customers(name, text, text) IS 'what customer_value.merge_customers does, as the owner of the base';


CREATE FUNCTION customer_value.merge_customers(base name, customer text, duplicate text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.merge_customers(name, text, text) IS
'makes two records of one person one customer: the orders of duplicate, also later ones, count as those of customer, or of the one that customer is merged into, and duplicate leaves the base. Writers of the sources wait meanwhile; where one that came first does not end within a second, it gives up (55P03)';


CREATE FUNCTION customer_value.merge_customers(base name, customer anycompatiblenonarray, duplicate anycompatiblenonarray) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM customer_value.merge_customers(base, customer::text, duplicate::text);
END
$$;

COMMENT ON FUNCTION customer_value.merge_customers(name, anycompatiblenonarray, anycompatiblenonarray) IS 'the same for keys of any type';


CREATE FUNCTION customer_value_internal.unmerge_customers(base name, customer text, duplicate text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET customer_value.reason = 'unmerge'
AS $$
DECLARE
	key text;
	was record;
	ledger @extschema@.customer_value;
BEGIN
	PERFORM customer_value_internal.check_read_committed('unmerge_customers');
	key := customer_value_internal.key_type(base);
	PERFORM customer_value_internal.stop_writers(base, '1s');
	PERFORM customer_value_internal.track_partitions(base);
	EXECUTE format('DELETE FROM %1$I.merged WHERE customer_id = $2::%2$s AND merged_into = $1::%2$s RETURNING *', base, key)
	INTO was USING customer, duplicate;
	IF was.customer_id IS NULL THEN
		RAISE no_data_found USING MESSAGE = format('customer %s of base "%s" is not merged into %s', duplicate, base, customer);
	END IF;

	-- its orders are its own again; what of them is still in the queue remains there for the other and is
	-- taken from it there
	EXECUTE format('SELECT n.value FROM (%s) n WHERE n.customer_id = $1::%s', customer_value_internal.recomputed(base), key)
	INTO ledger USING duplicate;
	EXECUTE format('INSERT INTO %I.customer (customer_id, value, facts, segment) VALUES ($1::%s, ''{}'', $2, $3)', base, key)
	USING duplicate, was.facts, was.segment;
	EXECUTE customer_value_internal.write_query(base, format($sql$
		SELECT v.customer_id::%1$s, v.value FROM (VALUES (%2$L, OPERATOR(%5$s.-) %4$L::%5$s.customer_value), (%3$L, %4$L::%5$s.customer_value)) AS v(customer_id, value)
		$sql$, key, customer, duplicate, coalesce(ledger, '{}'), '@extschema@'), false)
	USING customer_value_internal.in_force(base);
	PERFORM customer_value_internal.recompute_facts(base, duplicate);
	PERFORM customer_value_internal.change_keys(base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.unmerge_customers(name, text, text) IS 'what customer_value.unmerge_customers does, as the owner of the base';


CREATE FUNCTION customer_value.unmerge_customers(base name, customer text, duplicate text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.unmerge_customers(name, text, text) IS
'undoes merge_customers: the duplicate is a customer again, with its own orders, also those that came since, its facts and the segment it had';


CREATE FUNCTION customer_value.unmerge_customers(base name, customer anycompatiblenonarray, duplicate anycompatiblenonarray) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM customer_value.unmerge_customers(base, customer::text, duplicate::text);
END
$$;

COMMENT ON FUNCTION customer_value.unmerge_customers(name, anycompatiblenonarray, anycompatiblenonarray) IS 'the same for keys of any type';
