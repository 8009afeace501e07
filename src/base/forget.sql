-- forget: nothing about a customer any more, but that it was done

CREATE FUNCTION customer_value_internal.forgotten_token(salt uuid, customer text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sha256(convert_to(salt::text || customer, 'UTF8'));

COMMENT ON FUNCTION customer_value_internal.forgotten_token(uuid, text) IS
'by what a forgotten customer is known when it orders again: a digest of its key and of what is random in each base';


CREATE FUNCTION customer_value_internal.create_forgotten(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format($sql$
		CREATE TABLE %1$I.forgotten (
			token bytea PRIMARY KEY,
			reason text NOT NULL CHECK (btrim(reason) <> ''),
			forgotten_at timestamptz NOT NULL DEFAULT now(),
			forgotten_by name NOT NULL DEFAULT session_user);
		COMMENT ON TABLE %1$I.forgotten IS 'that customers were forgotten, whose orders count no more; written by forget';
		COMMENT ON COLUMN %1$I.forgotten.token IS 'digest of the key and of salt in settings';
	$sql$, base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.create_forgotten(name) IS 'gives a base its table of forgotten customers; called by create_base';


CREATE FUNCTION customer_value_internal.key_text(base name, expression text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN format(CASE WHEN customer_value_internal.key_type(base) = 'numeric'::regtype THEN 'trim_scale(%s)::text' ELSE '%s::text' END, expression);

COMMENT ON FUNCTION customer_value_internal.key_text(name, text) IS
'an expression for a key of a base as text, the same for keys that are equal';


CREATE FUNCTION customer_value_internal.forget(base name, customer text, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET customer_value.reason = 'forget'
AS $$
DECLARE
	key text;
	person text[];
	holder record;
	removed bigint;
	in_all bigint := 0;
BEGIN
	PERFORM customer_value_internal.check_read_committed('forget');
	IF customer IS NULL OR btrim(reason) = '' IS NOT FALSE THEN
		RAISE null_value_not_allowed USING MESSAGE = 'forgetting needs a customer and a reason';
	END IF;
	key := customer_value_internal.key_type(base);
	PERFORM customer_value_internal.stop_writers(base, '1s');
	PERFORM customer_value_internal.track_partitions(base);

	-- all records of the person
	EXECUTE format($sql$
		SELECT array_agg(DISTINCT p.id::text) FROM (
			SELECT coalesce((SELECT m.merged_into FROM %1$I.merged m WHERE m.customer_id = $1::%2$s), $1::%2$s)) r(root),
			LATERAL (SELECT r.root UNION SELECT m.customer_id FROM %1$I.merged m WHERE m.merged_into = r.root) p(id)
		$sql$, base, key)
	INTO person USING customer;

	-- The customer first, since that writes history.
	FOR holder IN
		SELECT c.relname, a.attname
		FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'
			AND c.relname IN ('customer', 'settled', 'change', 'queue', 'override', 'merged', 'outlook')
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('customer_id', 'customer') AND NOT a.attisdropped
		WHERE n.nspname = base
		ORDER BY c.relname <> 'customer', c.relname
	LOOP
		EXECUTE format('DELETE FROM %I.%I WHERE %I = ANY ($1::%s[])', base, holder.relname, holder.attname, key) USING person;
		GET DIAGNOSTICS removed = ROW_COUNT;
		in_all := in_all + removed;
	END LOOP;
	IF in_all = 0 THEN
		RAISE no_data_found USING MESSAGE = format('customer base "%s" holds nothing of customer %s', base, customer);
	END IF;
	EXECUTE format($sql$
		INSERT INTO %1$I.forgotten (token, reason)
		SELECT customer_value_internal.forgotten_token(s.salt, %2$s), $2 FROM %1$I.settings s, unnest($1::%3$s[]) AS k(id)
		$sql$, base, customer_value_internal.key_text(base, 'k.id'), key)
	USING person, reason;
	PERFORM customer_value_internal.change_keys(base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.forget(name, text, text) IS 'what customer_value.forget does, as the owner of the base';


CREATE FUNCTION customer_value.forget(base name, customer text, reason text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.forget(name, text, text) IS
'removes all that a base holds of a customer and of the records merged into it, history too. What is left is that it was done, when, by which role and why, under a digest of the key. Its orders, earlier and later, count no more. Writers of the sources wait meanwhile; where one that came first does not end within a second, it gives up (55P03)';


CREATE FUNCTION customer_value.forget(base name, customer anynonarray, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM customer_value.forget(base, customer::text, reason);
END
$$;

COMMENT ON FUNCTION customer_value.forget(name, anynonarray, text) IS 'the same for a key of any type';
