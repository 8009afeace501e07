-- base: live customer bases, making and dropping them
--
-- A base is an ordinary schema with ordinary tables of the role that made it; what is here only looks
-- after it, always with that role's rights: what users call is the C function of owner.c, which has the
-- function of the same name in customer_value_internal act as the owner, once it has checked who calls.
-- Names go through format's %I, and statements on a base spell out every schema.

CREATE SCHEMA customer_value;
GRANT USAGE ON SCHEMA customer_value TO PUBLIC;

COMMENT ON SCHEMA customer_value IS
'what makes and looks after live customer bases; open to everybody, since all of it acts as the owner of a base for those who have the rights of its owner, or may read what it reads';

CREATE SCHEMA customer_value_internal;
GRANT USAGE ON SCHEMA customer_value_internal TO PUBLIC;

COMMENT ON SCHEMA customer_value_internal IS
'what the functions in the schema customer_value, and the triggers and views of live customer bases, are made of; not for direct use, and not kept stable between versions';


CREATE FUNCTION customer_value_internal.check_base(base name, reads text DEFAULT '') RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	schema pg_namespace;
	tables bigint;
	foreign_tables bigint;
	closed record;
BEGIN
	SELECT * INTO schema FROM pg_namespace n WHERE n.nspname = base;
	SELECT count(*), count(*) FILTER (WHERE c.relowner <> schema.nspowner)
	INTO tables, foreign_tables
	FROM pg_class c
	WHERE c.relnamespace = schema.oid AND c.relkind = 'r'
		AND c.relname IN ('customer', 'settled', 'cutoffs', 'bucket', 'change', 'queue', 'ahead', 'settings', 'source', 'fact_source', 'override', 'merged', 'forgotten');
	IF tables < 13 THEN
		RAISE invalid_schema_name USING
			MESSAGE = format('there is no customer base "%s"', base),
			HINT = 'customer_value.create_base() makes one.';
	END IF;
	IF foreign_tables > 0 THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('schema and tables of customer base "%s" belong to different roles', base),
			HINT = 'Give all of it to one role, with REASSIGN OWNED or ALTER … OWNER TO.';
	END IF;
	IF pg_has_role(schema.nspowner, 'USAGE') THEN
		RETURN;
	ELSIF reads = '' THEN
		RAISE insufficient_privilege USING MESSAGE = format('must be owner of customer base "%s"', base);
	ELSIF NOT has_schema_privilege(schema.oid, 'USAGE') THEN
		RAISE insufficient_privilege USING MESSAGE = format('permission denied for schema %s', base);
	END IF;
	SELECT c.relname, has_table_privilege(c.oid, 'SELECT') AS in_part INTO closed
	FROM pg_class c
	WHERE c.relnamespace = schema.oid AND c.relname = ANY (string_to_array(reads, ',')) AND c.relkind <> 'i'
		AND (NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))
	ORDER BY c.relname LIMIT 1;
	IF closed.in_part THEN
		RAISE insufficient_privilege USING MESSAGE = format('row security leaves only a part of table %s to be read', closed.relname);
	ELSIF closed.relname IS NOT NULL THEN
		RAISE insufficient_privilege USING MESSAGE = format('permission denied for table %s', closed.relname);
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_base(name, text) IS
'an error unless there is such a base, all in one hand, and the caller has the rights of its owner or, where only tables and views are read that are named here, separated by commas, may read all of these';


CREATE FUNCTION customer_value_internal.check_read_committed(caller text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- the others would not see what was written while this waited for a lock
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		RAISE invalid_transaction_state USING
			MESSAGE = format('%s must run at isolation level READ COMMITTED', caller),
			HINT = 'Use BEGIN ISOLATION LEVEL READ COMMITTED.';
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_read_committed(text) IS 'an error in transactions that keep one snapshot';


CREATE TYPE customer_value_internal.in_force AS (
	basis text,
	period interval,
	since date,
	as_of date,
	cutoffs @extschema@.abc_cutoffs,
	last_class text,
	rules @extschema@.segment_rules,
	trailing_year boolean,
	model @extschema@.clv_model,
	hysteresis float8,
	settled_at timestamptz);

COMMENT ON TYPE customer_value_internal.in_force IS
'what customers are classed by: the figure that counts, in what period, from which day on, as of which day, the ends of the classes, the class below the last of them, the rules, whether they ask for facts of the last 12 months, the model of a basis clv, by what share one has to be beyond the end of its class to leave it, and when that came into force';


CREATE FUNCTION customer_value_internal.in_force_query(base name) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN format('SELECT ROW(f.basis, f.period, f.since, f.as_of, f.cutoffs, f.last_class, f.rules, f.trailing_year, f.model, f.hysteresis, f.settled_at)::customer_value_internal.in_force AS force FROM %I.cutoffs f', base);

COMMENT ON FUNCTION customer_value_internal.in_force_query(name) IS 'the query for what is in force in a base: force';


CREATE FUNCTION customer_value_internal.in_force(base name) RETURNS customer_value_internal.in_force
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_one record;
BEGIN
	EXECUTE customer_value_internal.in_force_query(base) INTO found_one;
	IF found_one IS NULL THEN
		RAISE no_data_found USING MESSAGE = format('customer base "%s" has lost the row of its table "cutoffs"', base);
	END IF;
	RETURN found_one.force;
END
$$;

COMMENT ON FUNCTION customer_value_internal.in_force(name) IS 'what is in force in a base since the last rebalance';


CREATE FUNCTION customer_value_internal.first_day(as_of date, period interval) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN extract(epoch FROM period) / 86400 < as_of - date '4712-01-01 BC' THEN (as_of - period)::date ELSE '-infinity' END;

COMMENT ON FUNCTION customer_value_internal.first_day(date, interval) IS
'the first day that counts in the period that ends with a day: minus infinity where there is no period, or one that began before time did';


CREATE FUNCTION customer_value_internal.later_day(day date, step interval) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN extract(epoch FROM step) / 86400 < date '294275-01-01' - day THEN (day + step)::date END;

COMMENT ON FUNCTION customer_value_internal.later_day(date, interval) IS
'the day that is so much later; null where time ends before';


CREATE FUNCTION customer_value_internal.check_day(day date, argument text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF day IS NULL OR NOT isfinite(day) THEN
		RAISE invalid_parameter_value USING MESSAGE = format('%s must be a day', argument);
	ELSIF day > date '294275-12-31' THEN
		RAISE datetime_field_overflow USING MESSAGE = format('%s must not be after 294275-12-31', argument);
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_day(date, text) IS
'an error unless a day can be the base day: periods are subtracted from it, as timestamps';


CREATE FUNCTION customer_value_internal.wanted(base name, as_of date) RETURNS customer_value_internal.in_force
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result customer_value_internal.in_force;
BEGIN
	EXECUTE format($sql$
		SELECT s.basis, s.period, customer_value_internal.first_day($1, s.period), $1, NULL::%2$s.abc_cutoffs, chr(65 + cardinality(s.cuts)), s.rules,
			coalesce(s.rules::text ~ '"(amount_12m|margin_12m)"', false), CASE WHEN s.basis = 'clv' THEN s.model END, s.hysteresis, clock_timestamp()
		FROM %1$I.settings s$sql$, base, '@extschema@')
	INTO result USING as_of;
	IF result.basis IS NULL THEN
		RAISE no_data_found USING MESSAGE = format('customer base "%s" has lost the row of its table "settings"', base);
	END IF;
	RETURN result;
END
$$;

COMMENT ON FUNCTION customer_value_internal.wanted(name, date) IS
'what the settings of a base say shall be in force as of a day, the ends of the classes left open';


CREATE FUNCTION customer_value_internal.last_day(ledger @extschema@.customer_value) RETURNS date
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_last_day';

COMMENT ON FUNCTION customer_value_internal.last_day(@extschema@.customer_value) IS
'the last day of a ledger, with orders or, as that of a late refund, without; null if it is empty';


CREATE FUNCTION customer_value_internal.due_day(ledger @extschema@.customer_value, since date, period interval, facts_on date) RETURNS date
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_due_day';

COMMENT ON FUNCTION customer_value_internal.due_day(@extschema@.customer_value, date, interval, date) IS
'the first base day on which a ledger that does not change gives another basis or other facts: its first day from since on leaves the period (null: never), or the first of the 12 months up to facts_on (null: these do not matter) leaves them; null where there is no such day';


CREATE FUNCTION customer_value_internal.money(value float8) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_money';

COMMENT ON FUNCTION customer_value_internal.money(float8) IS
'the value that a model expects as a basis: rounded to the 9 fractional digits of ledgers, at most 10^21, as much as ledgers hold with these; 0 where there is none';


CREATE FUNCTION customer_value_internal.classify(ledger @extschema@.customer_value, facts jsonb, previous_class text, previous_segment text,
	force customer_value_internal.in_force, override text DEFAULT NULL,
	OUT basis numeric, OUT abc_class text, OUT score float8, OUT segment text, OUT due date)
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'customer_value_classify';

COMMENT ON FUNCTION customer_value_internal.classify(@extschema@.customer_value, jsonb, text, text, customer_value_internal.in_force, text) IS
'where a customer stands: basis, class and segment, and from what base day on time alone may change them, from the ledger, further facts, previous class and previous segment, by what is in force, with a segment set by hand before that of the rules; the one definition that writers, rebalance, verify and simulate share. The basis counts from the day since on, a margin without any known cost as 0; facts are those of as_of or, if later, of the last day of the ledger, lifetime value that of as_of or the last order, rounded as money is, and the value of a customer without orders is 0';


CREATE FUNCTION customer_value_internal.basis_of(ledger @extschema@.customer_value, force customer_value_internal.in_force) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'customer_value_basis_of';

COMMENT ON FUNCTION customer_value_internal.basis_of(@extschema@.customer_value, customer_value_internal.in_force) IS
'the basis alone: the figure of a customer that decides the class';


CREATE FUNCTION customer_value_internal.check_model(model @extschema@.clv_model) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	buyer @extschema@.customer_value := @extschema@.customer_value_of(date '2000-01-01', 1);
BEGIN
	PERFORM @extschema@.clv(buyer, model, as_of => '2000-01-01'); -- an error where it cannot tell
	IF @extschema@.expected_spend(buyer, model) = 'Infinity' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'the spend model of the clv_model has no mean',
			DETAIL = 'Its q is not greater than 1, so that customers who have ordered once would be worth infinitely much.';
	END IF;
	RETURN true;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_model(@extschema@.clv_model) IS
'an error unless a model gives every customer who has ordered a finite lifetime value; else true';


CREATE FUNCTION customer_value_internal.check_settings(basis text, period interval, cuts numeric[], hysteresis float8, model @extschema@.clv_model) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF basis NOT IN ('amount', 'margin', 'orders', 'clv') THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('unknown basis "%s"', basis),
			HINT = 'Use amount, margin, orders or clv.';
	ELSIF basis = 'clv' AND model IS NULL THEN
		RAISE null_value_not_allowed USING
			MESSAGE = 'basis "clv" needs a model',
			HINT = 'Where there is none yet, begin with another basis, fit one to the ledgers and change the settings.';
	ELSIF basis = 'clv' AND period IS NOT NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'basis "clv" takes no period',
			DETAIL = 'A model goes by all orders of a customer.';
	END IF;
	IF period <= interval '0' OR NOT isfinite(period) THEN
		RAISE invalid_parameter_value USING MESSAGE = 'period must be positive and finite';
	END IF;
	IF NOT (hysteresis >= 0 AND hysteresis < 1) THEN
		RAISE invalid_parameter_value USING MESSAGE = 'hysteresis must be at least 0 and less than 1';
	END IF;
	PERFORM @extschema@.abc_cutoffs(1::numeric, cuts); -- an error unless the cuts rise within (0, 1)
	PERFORM customer_value_internal.check_model(model);
	RETURN true;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_settings(text, interval, numeric[], float8, @extschema@.clv_model) IS
'an error unless these can be the settings of a base; else true. What create_base refuses, a constraint of the table settings refuses with the same words';


CREATE FUNCTION customer_value_internal.check_key(key text, wanted text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF key <> wanted THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('the customers of this base have keys of type %s', wanted),
			HINT = 'customer_value.create_base() makes another base.';
	END IF;
	RETURN true;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_key(text, text) IS
'an error unless the setting key of a base says what its keys are; else true';


CREATE FUNCTION customer_value_internal.check_name(base name) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF octet_length(base::text) > 48 THEN
		RAISE name_too_long USING
			MESSAGE = format('name of customer base "%s" is too long', base),
			DETAIL = 'It may have 48 bytes, since the names of triggers are made of it.';
	END IF;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_name(name) IS 'an error where the name of a base is too long to make names of triggers of it';


CREATE FUNCTION customer_value_internal.check_time_zone(time_zone text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- AT TIME ZONE takes more, a fixed offset like CEST, or what it reads as an offset: Berlin1
	IF time_zone <> 'UTC' AND NOT EXISTS (SELECT FROM pg_timezone_names z WHERE lower(z.name) = lower(time_zone)) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('unknown time zone "%s"', time_zone),
			HINT = 'The view pg_timezone_names lists them.';
	END IF;
	RETURN true;
END
$$;

COMMENT ON FUNCTION customer_value_internal.check_time_zone(text) IS 'an error unless there is a time zone of that name; else true';


CREATE FUNCTION customer_value_internal.today(base name) RETURNS date
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	day date;
BEGIN
	EXECUTE format('SELECT (now() AT TIME ZONE s.time_zone)::date FROM %I.settings s', base) INTO day;
	RETURN day;
END
$$;

COMMENT ON FUNCTION customer_value_internal.today(name) IS
'what day it is in the time zone that the settings of a base say, whatever that of the session is';


CREATE FUNCTION customer_value_internal.base_day(base name) RETURNS date
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	day date;
BEGIN
	EXECUTE format('SELECT f.as_of FROM %I.cutoffs f', base) INTO day;
	RETURN day;
END
$$;

COMMENT ON FUNCTION customer_value_internal.base_day(name) IS 'the day that all figures of a base are of, unless told otherwise: that of its last rebalance';


CREATE FUNCTION customer_value_internal.adopt_time_zone(base name) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	other boolean;
	tracks boolean;
BEGIN
	EXECUTE format('SELECT s.time_zone <> f.time_zone, EXISTS (SELECT FROM %1$I.source) OR EXISTS (SELECT FROM %1$I.fact_source) FROM %1$I.settings s, %1$I.cutoffs f', base)
	INTO other, tracks;
	IF other THEN
		EXECUTE format('UPDATE %1$I.cutoffs SET time_zone = (SELECT s.time_zone FROM %1$I.settings s)', base);
		PERFORM customer_value_internal.renew_statements(base);
	END IF;
	RETURN other AND tracks;
END
$$;

COMMENT ON FUNCTION customer_value_internal.adopt_time_zone(name) IS
'brings the time zone in the settings of a base into force, writers wait for nothing; whether the ledgers have to be made anew in it. The caller has to hold the lock on the cut-offs that rebalance takes';


CREATE FUNCTION customer_value.create_base(base name, key regtype DEFAULT 'bigint', basis text DEFAULT 'amount',
	period interval DEFAULT NULL, cuts numeric[] DEFAULT '{0.80,0.95}', rules @extschema@.segment_rules DEFAULT NULL,
	hysteresis float8 DEFAULT 0, notify boolean DEFAULT false, model @extschema@.clv_model DEFAULT NULL, time_zone text DEFAULT 'UTC')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	view name;
BEGIN
	IF base IS NULL OR key IS NULL OR basis IS NULL OR cuts IS NULL OR hysteresis IS NULL OR notify IS NULL OR time_zone IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'base, key, basis, cuts, hysteresis, notify and time_zone must not be null';
	END IF;
	PERFORM customer_value_internal.check_name(base);
	IF key NOT IN ('smallint', 'integer', 'bigint', 'numeric', 'text', 'uuid') THEN
		RAISE datatype_mismatch USING
			MESSAGE = format('customers cannot have keys of type %s', key),
			HINT = 'Use smallint, integer, bigint, numeric, text or uuid.';
	END IF;
	PERFORM customer_value_internal.check_settings(basis, period, cuts, hysteresis, model);
	IF (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) THEN
		RAISE NOTICE USING
			MESSAGE = format('customer base "%s" will act as a superuser', base),
			DETAIL = 'Whatever owners of its tables of orders and facts put into these, such as expression indexes, then runs with all rights.',
			HINT = 'Have the role create it that owns the orders.';
	END IF;

	EXECUTE format('CREATE SCHEMA %I', base);
	EXECUTE format($sql$
		CREATE TABLE %1$I.customer (
			customer_id %2$s PRIMARY KEY,
			value %3$s.customer_value NOT NULL,
			facts jsonb,
			basis numeric,
			abc_class text,
			score double precision,
			segment text,
			since timestamptz NOT NULL DEFAULT clock_timestamp(),
			due date,
			override text,
			added timestamptz NOT NULL DEFAULT clock_timestamp())
			WITH (fillfactor = 85); -- room for an update in place
		CREATE TABLE %1$I.settled (
			customer_id %2$s PRIMARY KEY,
			basis numeric NOT NULL,
			bucket integer GENERATED ALWAYS AS (customer_value_internal.basis_bucket(basis)) STORED);
		CREATE INDEX ON %1$I.settled (bucket);
		CREATE INDEX ON %1$I.customer (due) WHERE due IS NOT NULL;
		CREATE TABLE %1$I.bucket (
			level smallint NOT NULL,
			bucket integer NOT NULL,
			customers bigint NOT NULL,
			basis numeric NOT NULL,
			squares numeric NOT NULL,
			PRIMARY KEY (level, bucket))
			WITH (fillfactor = 50);
		CREATE TABLE %1$I.cutoffs (
			the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only),
			as_of date NOT NULL,
			basis text NOT NULL,
			period interval,
			since date NOT NULL,
			cutoffs %3$s.abc_cutoffs,
			last_class text,
			rules %3$s.segment_rules,
			trailing_year boolean NOT NULL,
			model %3$s.clv_model,
			hysteresis double precision NOT NULL,
			settled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
			counted boolean NOT NULL DEFAULT false,
			keys bigint NOT NULL DEFAULT 0,
			time_zone text NOT NULL DEFAULT 'UTC',
			took interval,
			history_since timestamptz);
		CREATE TABLE %1$I.change (
			change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			customer_id %2$s NOT NULL,
			changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
			what text NOT NULL,
			old_value text,
			new_value text,
			reason text NOT NULL);
		CREATE INDEX ON %1$I.change (customer_id, changed_at);
		CREATE TABLE %1$I.queue (
			customer_id %2$s NOT NULL,
			value %3$s.customer_value NOT NULL DEFAULT '{}',
			classed_by timestamptz);
		ALTER TABLE %1$I.queue REPLICA IDENTITY FULL;
		CREATE TABLE %1$I.settings (
			the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only),
			layout integer NOT NULL,
			key text NOT NULL,
			basis text NOT NULL,
			period interval,
			cuts numeric[] NOT NULL,
			rules %3$s.segment_rules,
			hysteresis double precision NOT NULL,
			notify boolean NOT NULL,
			model %3$s.clv_model,
			salt uuid NOT NULL DEFAULT gen_random_uuid(),
			time_zone text NOT NULL DEFAULT 'UTC' CHECK (customer_value_internal.check_time_zone(time_zone)),
			at_risk_from double precision NOT NULL DEFAULT 0.2 CHECK (at_risk_from >= 0),
			at_risk_to double precision NOT NULL DEFAULT 0.8 CHECK (at_risk_to <= 1),
			CONSTRAINT at_risk_from_below_at_risk_to CHECK (at_risk_from < at_risk_to),
			CHECK (customer_value_internal.check_key(key, '%2$s')),
			CHECK (customer_value_internal.check_settings(basis, period, cuts, hysteresis, model)));
		CREATE TABLE %1$I.source (
			source integer PRIMARY KEY,
			schema_name name NOT NULL,
			table_name name NOT NULL,
			owner_name name NOT NULL,
			customer name NOT NULL,
			at name NOT NULL,
			amount name NOT NULL,
			cost name,
			filter text,
			mode text NOT NULL CHECK (mode IN ('immediate', 'queued')),
			partitions text[],
			tracked_at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE %1$I.fact_source (
			source integer PRIMARY KEY,
			schema_name name NOT NULL,
			table_name name NOT NULL,
			owner_name name NOT NULL,
			customer name NOT NULL,
			facts name[] NOT NULL,
			tracked_at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE %1$I.ahead (
			source integer NOT NULL,
			customer_id %2$s NOT NULL,
			value %3$s.customer_value NOT NULL);
		ALTER TABLE %1$I.ahead REPLICA IDENTITY FULL;

		CREATE TRIGGER record_insert AFTER INSERT ON %1$I.customer FOR EACH ROW
			WHEN (NEW.abc_class IS NOT NULL OR NEW.segment IS NOT NULL OR NEW.facts IS NOT NULL)
			EXECUTE FUNCTION customer_value_internal.record_change();
		CREATE TRIGGER record_update AFTER UPDATE ON %1$I.customer FOR EACH ROW
			-- the first rebalance of a base moves nobody: there is no history of it
			WHEN ((OLD.abc_class IS DISTINCT FROM NEW.abc_class OR OLD.segment IS DISTINCT FROM NEW.segment)
				AND pg_catalog.current_setting('customer_value.reason', true) IS DISTINCT FROM 'first'
				OR OLD.facts IS DISTINCT FROM NEW.facts)
			EXECUTE FUNCTION customer_value_internal.record_change();
		CREATE TRIGGER record_delete AFTER DELETE ON %1$I.customer FOR EACH ROW
			WHEN (OLD.abc_class IS NOT NULL OR OLD.segment IS NOT NULL)
			EXECUTE FUNCTION customer_value_internal.record_change();
		CREATE TRIGGER uncount AFTER DELETE ON %1$I.customer REFERENCING OLD TABLE AS old_customers
			FOR EACH STATEMENT EXECUTE FUNCTION customer_value_internal.uncount();

		CREATE VIEW %1$I.summary AS
		SELECT abc_class, segment, count(*) AS customers, sum(basis) AS basis,
			sum(basis) / nullif(sum(sum(basis)) OVER (), 0) AS share
		FROM %1$I.customer
		GROUP BY abc_class, segment
		ORDER BY abc_class, segment;

		COMMENT ON TABLE %1$I.customer IS 'the customers: ledger, and where they stand';
		COMMENT ON COLUMN %1$I.customer.value IS 'the ledger of all orders in the tracked tables';
		COMMENT ON COLUMN %1$I.customer.facts IS 'further facts, laid over those of the ledger';
		COMMENT ON COLUMN %1$I.customer.basis IS 'the figure that decides the class';
		COMMENT ON COLUMN %1$I.customer.since IS 'since when class and segment are what they are';
		COMMENT ON COLUMN %1$I.customer.due IS 'the base day from which on time alone changes basis or facts: an order leaves the period or the last 12 months; null where none does. What goes by other days than those of orders is not in it: a basis clv, and rules on recency_days and tenure_days';
		COMMENT ON COLUMN %1$I.customer.override IS 'the segment set by hand, while it is in force; written by override and end_override';
		COMMENT ON COLUMN %1$I.customer.added IS 'since when the customer is in the base';
		COMMENT ON TABLE %1$I.settled IS 'the bases of customers that the table bucket counts, as of the last rebalance, which alone writes it: kept apart, so that it holds up no writer of customers, and these have no index that an order changes';
		COMMENT ON COLUMN %1$I.settled.bucket IS 'the size of the basis: indexed in place of it, since it changes less often';
		COMMENT ON TABLE %1$I.bucket IS 'number, sum and sum of squares of the settled bases in each bucket of three levels, from powers of 2 down to 65,536th parts, off which rebalance reads the cut-offs; written by rebalance';
		COMMENT ON TABLE %1$I.cutoffs IS 'what is in force since the last rebalance: customers are classed by this; written by rebalance';
		COMMENT ON COLUMN %1$I.cutoffs.counted IS 'whether the table bucket counts all settled bases; if not, the next rebalance counts anew';
		COMMENT ON COLUMN %1$I.cutoffs.keys IS 'how often keys came to stand for another customer, or for none';
		COMMENT ON COLUMN %1$I.cutoffs.time_zone IS 'the time zone in whose days the ledgers are';
		COMMENT ON COLUMN %1$I.cutoffs.history_since IS 'when customers were first classed: those added later came to the base, the others were there from the beginning';
		COMMENT ON TABLE %1$I.change IS 'history: every change of a class or segment, with its reason; what is given for the first time is no change';
		COMMENT ON TABLE %1$I.queue IS 'what the next rebalance folds in: net changes from queued sources, and, with an empty change, customers that were written or whose facts changed';
		COMMENT ON COLUMN %1$I.queue.classed_by IS 'settled_at of the cut-offs by which the writer classed the customer; null where the writer did not';
		COMMENT ON TABLE %1$I.settings IS 'what the owner wants; comes into force with the next rebalance';
		COMMENT ON COLUMN %1$I.settings.model IS 'the model of a basis clv; also that of refresh_outlook, if not null';
		COMMENT ON COLUMN %1$I.settings.salt IS 'makes the tokens of forgotten customers: change it, and they are known no more';
		COMMENT ON COLUMN %1$I.settings.time_zone IS 'the time zone of all days of the base: a timestamptz falls on the day that it is there';
		COMMENT ON COLUMN %1$I.settings.at_risk_from IS 'the view at_risk shows customers with p_alive from this on, the view lost those below';
		COMMENT ON COLUMN %1$I.settings.at_risk_to IS 'the view at_risk shows customers with p_alive up to this';
		COMMENT ON TABLE %1$I.source IS 'the tracked tables as they were named then; written by track_orders and untrack';
		COMMENT ON TABLE %1$I.fact_source IS 'the tracked tables of facts as they were named then; written by track_facts and untrack';
		COMMENT ON COLUMN %1$I.source.partitions IS 'the partitions that bear triggers, by the names they had when they got them; null where the table has none';
		COMMENT ON TABLE %1$I.ahead IS 'net changes in partitions that bear no triggers yet, made through the whole table and so counted ahead of all else in them';
		COMMENT ON VIEW %1$I.summary IS 'customers and basis by class and segment';
	$sql$, base, key, '@extschema@');
	EXECUTE format('INSERT INTO %I.settings (layout, key, basis, period, cuts, rules, hysteresis, notify, model, time_zone)
		VALUES (customer_value_internal.layout(), $1, $2, $3, $4, $5, $6, $7, $8, $9)', base)
	USING format_type(key, NULL), basis, period, cuts, rules, hysteresis, notify, model, time_zone;
	EXECUTE format('INSERT INTO %I.cutoffs (as_of, basis, period, since, rules, trailing_year, model, hysteresis, time_zone)
		VALUES (($1).as_of, ($1).basis, ($1).period, ($1).since, ($1).rules, ($1).trailing_year, ($1).model, ($1).hysteresis, $2)', base)
	USING customer_value_internal.wanted(base, customer_value_internal.today(base)), time_zone;
	PERFORM customer_value_internal.create_override(base);
	PERFORM customer_value_internal.create_merged(base);
	PERFORM customer_value_internal.create_forgotten(base);
	PERFORM customer_value_internal.create_service(base);
	-- Views show no more of the tables of the base than policies on these let the reader see. Contacts come from tables that are not of the base.
	FOR view IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = base) AND c.relkind = 'v' AND c.relname <> 'contact' LOOP
		EXECUTE format('ALTER VIEW %I.%I SET (security_invoker = true)', base, view);
	END LOOP;
END
$$;

COMMENT ON FUNCTION customer_value.create_base(name, regtype, text, interval, numeric[], @extschema@.segment_rules, float8, boolean, @extschema@.clv_model, text) IS
'makes a live customer base: a schema of that name, owned by the caller, with its tables; see the README for the arguments';


CREATE FUNCTION customer_value_internal.drop_base(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
	type name;
BEGIN
	FOR type IN EXECUTE format('SELECT ''source_'' || source FROM %1$I.source UNION ALL SELECT ''facts_'' || source FROM %1$I.fact_source', base) LOOP
		EXECUTE format('DROP TYPE IF EXISTS %I.%I CASCADE', base, type);
	END LOOP;
	PERFORM customer_value_internal.drop_service(base);
	EXECUTE format('DROP VIEW %I.summary', base);
	EXECUTE format('DROP TABLE %1$I.customer, %1$I.settled, %1$I.bucket, %1$I.cutoffs, %1$I.change, %1$I.queue, %1$I.ahead, %1$I.settings, %1$I.source, %1$I.fact_source, %1$I.override, %1$I.merged, %1$I.forgotten', base);
	EXECUTE format('DROP SCHEMA %I', base);
END
$$;

COMMENT ON FUNCTION customer_value_internal.drop_base(name) IS 'what customer_value.drop_base does, as the owner of the base';


CREATE FUNCTION customer_value.drop_base(base name) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'customer_value_as_owner';

COMMENT ON FUNCTION customer_value.drop_base(name) IS
'drops a base: the triggers on its tracked tables, its tables and its schema; an error, and nothing dropped, where anything else of the user depends on them';
