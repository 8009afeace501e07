-- upgrade: bases made by other versions of the extension

CREATE FUNCTION customer_value_internal.layout() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1;

COMMENT ON FUNCTION customer_value_internal.layout() IS
'the layout of bases that this version of the extension makes and works with';


CREATE FUNCTION customer_value_internal.check_layout(base name) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	layout integer;
BEGIN
	EXECUTE format('SELECT layout FROM %I.settings', base) INTO layout;
	IF layout <> customer_value_internal.layout() THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('customer base "%s" has layout %s, and this version of the extension works with layout %s',
				base, layout, customer_value_internal.layout()),
			HINT = CASE WHEN layout < customer_value_internal.layout() THEN format('Call customer_value.upgrade_base(%L).', base)
				ELSE 'Update the extension to the version that made the base.' END;
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_layout(name) IS
'an error where a base was made by another version of the extension and its tables are not what this one expects';


CREATE FUNCTION customer_value_internal.upgrade_base(base name) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET row_security = off
AS $$
DECLARE
	layout integer;
BEGIN
	PERFORM customer_value_internal.check_read_committed('upgrade_base');
	PERFORM customer_value_internal.stop_writers(base);
	EXECUTE format('SELECT layout FROM %I.settings', base) INTO layout;
	IF layout IS NULL THEN
		RAISE no_data_found USING MESSAGE = format('customer base "%s" has lost the row of its table "settings"', base);
	ELSIF layout NOT BETWEEN 1 AND customer_value_internal.layout() THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('customer base "%s" has layout %s, and this version of the extension knows layouts 1 to %s',
				base, layout, customer_value_internal.layout());
	END IF;
	-- the first release has the first layout; each later one brings the step to it from the one before
	RETURN layout;
END
$$;

COMMENT ON FUNCTION customer_value_internal.upgrade_base(name) IS 'what customer_value.upgrade_base does, as the owner of the base';


CREATE FUNCTION customer_value.upgrade_base(base name) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner_any_layout';

COMMENT ON FUNCTION customer_value.upgrade_base(name) IS
'brings the tables of a base to the layout that this version of the extension works with, after ALTER EXTENSION UPDATE, and returns that; nothing to do where they have it already. Writers of the sources wait meanwhile';
