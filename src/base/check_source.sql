-- check_source: what is wrong with a table of orders, before it is tracked

CREATE FUNCTION customer_value.check_source(source regclass, customer name, at name, amount name)
RETURNS TABLE (finding text, "rows" bigint, share float8, example text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' SET timezone = 'UTC' SET extra_float_digits = 1 SET jit = off
AS $$
DECLARE
	type regtype;
	who text := 'o.' || quote_ident(customer);
	moment text := 'o.' || quote_ident(at);
	day text := moment || '::date';
	money text := 'o.' || quote_ident(amount) || '::numeric';
	orders text;
	wrong text[];
	n bigint;
	middle float8;
	upper_quartile float8;
BEGIN
	IF source IS NULL OR customer IS NULL OR at IS NULL OR amount IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'source, customer, at and amount must not be null';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = source) THEN
		RAISE undefined_table USING MESSAGE = format('relation with OID %s does not exist', source::oid);
	END IF;
	EXECUTE format('SELECT count(*) FROM %s', source) INTO n;

	-- What track_orders takes. What is only of the wrong type is checked as far as it goes.
	type := customer_value_internal.column_type(source, customer);
	IF type <> ALL ('{smallint,integer,bigint,numeric,text,character varying,uuid}'::regtype[]) THEN
		RETURN QUERY SELECT 'customer of unfit type', n, 1::float8, type::text;
		who := who || '::text';
	END IF;
	type := customer_value_internal.column_type(source, at);
	IF type <> ALL ('{date,timestamp without time zone,timestamp with time zone}'::regtype[]) THEN
		RETURN QUERY SELECT 'date of unfit type', n, 1::float8, type::text;
		moment := moment || '::text';
		day := 'NULL::date';
	END IF;
	type := customer_value_internal.column_type(source, amount);
	IF type IN ('real'::regtype, 'double precision'::regtype) THEN
		money := format('round(%s, 9)', money); -- as a ledger takes it, but for the last of 16 digits and more
	ELSIF type <> ALL ('{smallint,integer,bigint,numeric}'::regtype[]) THEN
		RETURN QUERY SELECT 'amount of unfit type', n, 1::float8, type::text;
		IF type <> 'money'::regtype THEN
			money := 'NULL::numeric';
		END IF;
	END IF;
	orders := format($sql$
		(SELECT %1$s AS customer, %2$s AS at, %3$s AS day, %4$s AS amount, o.%5$I::text AS sum
		FROM %6$s AS o) AS o$sql$, who, moment, day, money, amount, source);

	-- An amount is out of proportion beyond the median × max(100, (upper quartile / median)^9).
	EXECUTE format($sql$
		SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(o.amount)::float8), percentile_disc(0.75) WITHIN GROUP (ORDER BY abs(o.amount)::float8)
		FROM %s WHERE abs(o.amount) BETWEEN 1e-30 AND 1e30$sql$, orders)
	INTO middle, upper_quartile;

	-- One row at a time: most have nothing wrong, and a row may have several things.
	wrong := ARRAY[
		'no customer', 'o.customer IS NULL',
		'blank customer', 'o.customer::text !~ ''\S''',
		'no date', 'o.at IS NULL',
		'infinite date', 'NOT isfinite(o.day)',
		'date before 1900', 'isfinite(o.day) AND o.day < ''1900-01-01''',
		'date in the future', 'isfinite(o.day) AND o.day > (now() AT TIME ZONE ''UTC'')::date + 1',
		'no amount', 'o.sum IS NULL',
		'amount not a number', 'o.amount IN (''NaN'', ''Infinity'', ''-Infinity'')',
		'amount beyond a ledger', '(scale(o.amount) > 9 OR abs(o.amount) >= 1e21) AND abs(o.amount) < ''Infinity'' AND (scale(trim_scale(o.amount)) > 9
			OR abs(o.amount) >= 1e30 / 10::numeric ^ least(scale(trim_scale(o.amount)), 9))',
		'amount zero', 'o.amount = 0',
		'amount negative', 'o.amount < 0 AND o.amount > ''-Infinity''',
		'amount out of proportion', 'abs(o.amount) > $1 AND abs(o.amount) < ''Infinity'''];
	RETURN QUERY EXECUTE format($sql$
		SELECT f.finding, count(*), count(*) / $2::float8,
			min(concat_ws(', ', coalesce(o.customer::text, '?'), coalesce(o.at::text, '?'), coalesce(o.sum, '?')) COLLATE "C")
		FROM %s, LATERAL (VALUES %s) AS f(number, finding, wrong)
		WHERE (%s) AND f.wrong
		GROUP BY f.number, f.finding
		ORDER BY f.number$sql$, orders,
		(SELECT string_agg(format('(%s, %L, %s)', i, wrong[2 * i - 1], wrong[2 * i]), ', ' ORDER BY i) FROM generate_series(1, cardinality(wrong) / 2) i),
		(SELECT string_agg(format('(%s)', wrong[2 * i]), ' OR ' ORDER BY i) FROM generate_series(1, cardinality(wrong) / 2) i))
	USING (middle * greatest(100, least(upper_quartile / middle, 10000) ^ 9))::numeric, n;

	-- Rows that agree with another in all three.
	RETURN QUERY EXECUTE format($sql$
		SELECT 'repeated row', sum(r.n - 1)::bigint, sum(r.n - 1)::float8 / $1, min(concat_ws(', ', r.customer, r.at, r.sum) COLLATE "C")
		FROM (SELECT count(*) AS n, o.customer, o.at, min(o.sum) AS sum FROM %s
			WHERE o.customer IS NOT NULL AND o.at IS NOT NULL AND o.sum IS NOT NULL
			GROUP BY o.customer, o.at, o.amount, CASE WHEN o.amount IS NULL THEN o.sum END HAVING count(*) > 1) AS r
		HAVING count(*) > 0$sql$, orders)
	USING n;

	-- Days on which nobody ordered, where that is unusual: more than a week, and more than ten times what
	-- is usual between one day with orders and the next.
	RETURN QUERY EXECUTE format($sql$
		WITH days AS (
			SELECT DISTINCT o.day FROM %s WHERE o.day BETWEEN '1900-01-01' AND (now() AT TIME ZONE 'UTC')::date + 1),
		steps AS (
			SELECT d.day, d.day - lag(d.day) OVER (ORDER BY d.day) AS step FROM days d),
		usual AS (
			SELECT greatest(7, 10 * percentile_disc(0.5) WITHIN GROUP (ORDER BY s.step)) AS step, max(s.day) - min(s.day) + 1 AS days
			FROM steps s)
		SELECT 'gap in time (days)', sum(s.step - 1), sum(s.step - 1)::float8 / min(u.days),
			(array_agg(format('%%s to %%s', s.day - s.step + 1, s.day - 1) ORDER BY s.step DESC, s.day))[1]
		FROM steps s, usual u WHERE s.step > u.step
		HAVING count(*) > 0$sql$, orders);
END
$$;

COMMENT ON FUNCTION customer_value.check_source(regclass, name, name, name) IS
'what is wrong with a table or view of orders before it is tracked: each finding with its number of rows, their share of all rows, and the first such row as customer, date, amount; nothing when all is well. Needs SELECT alone. Out of proportion is an amount beyond median × max(100, (upper quartile / median)^9), six standard deviations where amounts are log-normal; a gap is more than a week, and more than ten times the median, from one day with orders to the next, and counts days instead of rows';
