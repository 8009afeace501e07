-- check_source: what is wrong with a table of orders, before it is tracked

CREATE FUNCTION customer_value.check_source(source regclass, customer name, at name, amount name)
RETURNS TABLE (finding text, "rows" bigint, share float8, example text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' SET timezone = 'UTC' SET extra_float_digits = 1
AS $$
DECLARE
	type text;
	day text;
	money text;
	orders text;
	n bigint;
	middle numeric;
	upper_quartile numeric;
	proportion numeric;
BEGIN
	IF source IS NULL OR customer IS NULL OR at IS NULL OR amount IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'source, customer, at and amount must not be null';
	END IF;
	EXECUTE format('SELECT count(*) FROM %s', source) INTO n;

	-- What track_orders takes. A day or an amount that is only of the wrong type is checked all the same.
	type := customer_value.column_type(source, customer);
	IF type <> ALL ('{smallint,integer,bigint,numeric,text,character varying,uuid}') THEN
		RETURN QUERY SELECT 'customer of unfit type', n, 1::float8, type;
	END IF;
	type := customer_value.column_type(source, at);
	IF type = ANY ('{date,timestamp without time zone,timestamp with time zone}') THEN
		day := format('o.%I::date', at);
	ELSE
		RETURN QUERY SELECT 'date of unfit type', n, 1::float8, type;
		day := 'NULL::date';
	END IF;
	type := customer_value.column_type(source, amount);
	IF type <> ALL ('{smallint,integer,bigint,numeric}') THEN
		RETURN QUERY SELECT 'amount of unfit type', n, 1::float8, type;
	END IF;
	IF type = ANY ('{smallint,integer,bigint,numeric,real,double precision,money}') THEN
		money := format('o.%I::numeric', amount);
	ELSE
		money := 'NULL::numeric';
	END IF;
	orders := format($sql$
		(SELECT o.%1$I::text AS customer, o.%4$I::text AS at, %2$s AS day, %3$s AS amount, o.%5$I IS NULL AS no_amount,
			concat_ws(', ', coalesce(o.%1$I::text, '?'), coalesce(o.%4$I::text, '?'), coalesce(o.%5$I::text, '?')) AS row
		FROM %6$s AS o OFFSET 0) AS o$sql$, customer, day, money, at, amount, source);

	-- One row at a time. The example is the first in the order of bytes.
	EXECUTE format($sql$
		SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(o.amount)), percentile_disc(0.75) WITHIN GROUP (ORDER BY abs(o.amount))
		FROM %s WHERE o.amount NOT IN (0, 'NaN', 'Infinity', '-Infinity')$sql$, orders)
	INTO middle, upper_quartile;
	-- both are exact decimals of sane size, or nothing is out of proportion
	IF middle > 0 AND upper_quartile < 1e30 THEN
		proportion := middle * greatest(100, (upper_quartile / middle) ^ 9);
	END IF;
	RETURN QUERY EXECUTE format($sql$
		SELECT f.finding, count(*), count(*) / $2::float8, min(o.row COLLATE "C")
		FROM %s, LATERAL (VALUES
			(1, 'no customer', o.customer IS NULL),
			(2, 'blank customer', o.customer ~ '^\s*$'),
			(3, 'no date', o.at IS NULL),
			(4, 'infinite date', NOT isfinite(o.day)),
			(5, 'date before 1900', isfinite(o.day) AND o.day < '1900-01-01'),
			(6, 'date in the future', isfinite(o.day) AND o.day > (now() AT TIME ZONE 'UTC')::date + 1),
			(7, 'no amount', o.no_amount),
			(8, 'amount not a number', o.amount IN ('NaN', 'Infinity', '-Infinity')),
			(9, 'amount beyond a ledger', o.amount NOT IN ('NaN', 'Infinity', '-Infinity')
				AND (scale(trim_scale(o.amount)) > 9 OR abs(o.amount) >= 1e30 / 10::numeric ^ least(scale(trim_scale(o.amount)), 9))),
			(10, 'amount zero', o.amount = 0),
			(11, 'amount negative', o.amount < 0 AND o.amount > '-Infinity'),
			(12, 'amount out of proportion', abs(o.amount) > $1 AND abs(o.amount) < 'Infinity')
			) AS f(number, finding, wrong)
		WHERE f.wrong
		GROUP BY f.number, f.finding
		ORDER BY f.number$sql$, orders)
	USING proportion, n;

	-- Rows that agree with another in all three.
	RETURN QUERY EXECUTE format($sql$
		SELECT 'repeated row', (sum(r.n - 1))::bigint, sum(r.n - 1)::float8 / $1, min(r.row)
		FROM (SELECT count(*) AS n, min(o.row COLLATE "C") AS row FROM %s
			WHERE o.customer IS NOT NULL AND o.at IS NOT NULL AND NOT o.no_amount
			GROUP BY o.customer, o.at, o.amount, CASE WHEN o.amount IS NULL THEN o.row END HAVING count(*) > 1) AS r
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
