-- maintain: all that is due on a base, in one call

CREATE PROCEDURE customer_value.maintain(base name)
LANGUAGE plpgsql
AS $$
DECLARE
	path CONSTANT text := 'pg_catalog, pg_temp'; -- no SET of its own, since it could not commit then
	changed bigint;
	state record;
	problem text;
BEGIN
	PERFORM pg_catalog.set_config('search_path', path, true);
	BEGIN
		PERFORM set_config('lock_timeout', '100ms', true); -- others queue up behind whoever waits
		changed := customer_value.track_partitions(base);
		IF changed > 0 THEN
			RAISE NOTICE 'customer base "%": % partitions came or went', base, changed;
		END IF;
	EXCEPTION WHEN lock_not_available OR insufficient_privilege OR name_too_long OR undefined_column THEN
		RAISE NOTICE 'customer base "%": partitions have to wait: %', base, SQLERRM;
	END;
	COMMIT;

	PERFORM pg_catalog.set_config('search_path', path, true);
	changed := customer_value.rebalance(base);
	RAISE NOTICE 'customer base "%": rebalanced, % customers changed class or segment', base, changed;
	COMMIT;

	PERFORM pg_catalog.set_config('search_path', path, true);
	SELECT s.as_of, s.outlook_as_of, s.problems INTO state FROM customer_value.status(base) s;
	IF state.outlook_as_of IS DISTINCT FROM state.as_of THEN
		changed := customer_value.refresh_outlook(base);
		RAISE NOTICE 'customer base "%": outlook refreshed for % customers', base, changed;
	END IF;
	FOREACH problem IN ARRAY state.problems LOOP
		RAISE WARNING 'customer base "%": %', base, problem;
	END LOOP;
	COMMIT;
END
$$;

COMMENT ON PROCEDURE customer_value.maintain(name) IS
'does all that is due on a base, in the right order, and commits after each step: new and former partitions, as far as no writer is in the way; queue, overrides, settings and rebalance as of today; the outlook, once each base day. Says what it does as notices, and what status calls problems as warnings. Meant for cron; not within a transaction';
