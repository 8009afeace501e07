-- retrack: a source whose triggers had to go for a while

CREATE FUNCTION customer_value_internal.retrack(base name, source regclass) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off SET client_min_messages = warning SET customer_value.reason = 'retrack'
AS $$
DECLARE
	relation pg_class;
	present record;
	tracked record;
BEGIN
	PERFORM customer_value_internal.check_name(base); -- it may have been renamed
	PERFORM customer_value_internal.check_read_committed('retrack');
	IF source IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'source must not be null';
	END IF;
	relation := customer_value_internal.check_table(source);
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', base);
	EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', source);
	SELECT * INTO present FROM customer_value_internal.sources(base) s WHERE s.relation = retrack.source;
	IF present.source IS NULL THEN
		RAISE undefined_object USING
			MESSAGE = format('customer base "%s" tracks no orders of table %s', base, source),
			HINT = 'At least one of its triggers has to be left, by which it is known.';
	ELSIF relation.relkind = 'p' THEN
		RAISE feature_not_supported USING
			MESSAGE = format('cannot track %s again: it is partitioned', source),
			HINT = 'Call customer_value.untrack() and track_orders().';
	END IF;
	-- where the trigger that knows the columns is gone, they have the names they had when they were tracked
	EXECUTE format('SELECT s.customer, s.at, s.amount, s.cost, s.filter FROM %I.source s WHERE s.source = $1', base)
	INTO tracked USING present.source;
	IF present.amount IS NOT NULL THEN
		tracked.customer := present.customer;
		tracked.at := present.at;
		tracked.amount := present.amount;
		tracked.cost := present.cost;
	END IF;
	PERFORM customer_value_internal.check_columns(base, source, tracked.customer, tracked.at, tracked.amount, tracked.cost);
	PERFORM customer_value_internal.row_filter(source, tracked.filter);

	EXECUTE format('DROP TYPE %I.%I CASCADE', base, 'source_' || present.source);
	PERFORM customer_value_internal.create_source_type(base, 'source_' || present.source);
	PERFORM customer_value_internal.create_triggers(base, present.source, source, ARRAY[tracked.customer, tracked.at, tracked.amount, tracked.cost]);
	EXECUTE format('UPDATE %I.source SET (schema_name, table_name, owner_name, customer, at, amount, cost) = ($2, $3, $4, $5, $6, $7, $8) WHERE source = $1', base)
	USING present.source, relation.relnamespace::regnamespace::name, relation.relname, pg_get_userbyid(relation.relowner),
		tracked.customer, tracked.at, tracked.amount, tracked.cost;
	RETURN customer_value_internal.recompute(base, false);
END
$$;

COMMENT ON FUNCTION customer_value_internal.retrack(name, regclass) IS 'what customer_value.retrack does, as the owner of the base';


CREATE FUNCTION customer_value.retrack(base name, source regclass) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.retrack(name, regclass) IS
'creates the triggers of a table of orders anew, under its present name and that of its columns, and makes the ledgers what its rows say, which changes none where the orders are the same; returns the number of ledgers that were different. For columns that are to get another type, as from integer to bigint: drop the trigger named …_track_columns, alter, and call this, in one transaction. The caller must own the table';
