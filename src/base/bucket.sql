-- bucket: cut-offs from sums by size of the basis, so that a rebalance need not read every customer
--
-- Buckets are of three levels: one from a power of 2 to the next, 256 in it, and 256 in each of those. A walk from
-- the top looks at no more than these, and at the customers of a bucket of the last level: however many customers there
-- are, about as much is read.

CREATE FUNCTION customer_value_internal.bucket_levels_query(bucket text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$SELECT format('(VALUES (0, %1$s >> 16), (1, %1$s >> 8), (2, %1$s)) AS l(level, bucket)', bucket)$$;

COMMENT ON FUNCTION customer_value_internal.bucket_levels_query(text) IS
'a row for each level of buckets, with the bucket of it that holds one of the last level: level, bucket';

CREATE FUNCTION customer_value_internal.basis_bucket(basis numeric) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_basis_bucket';

COMMENT ON FUNCTION customer_value_internal.basis_bucket(numeric) IS
'the bucket of a basis: 65,536 from one power of 2 to the next, never falling as the basis rises, 0 for 0, negative for less';

CREATE FUNCTION customer_value_internal.uncount() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', TG_TABLE_SCHEMA);
	EXECUTE format($sql$
		WITH gone AS (DELETE FROM %1$I.settled s USING old_customers o WHERE s.customer_id = o.customer_id RETURNING s.*)
		UPDATE %1$I.bucket b SET customers = b.customers - o.customers, basis = b.basis - o.basis, squares = b.squares - o.squares
		FROM (SELECT l.level, l.bucket, count(*) AS customers, sum(g.basis) AS basis, sum(g.basis * g.basis) AS squares
			FROM gone g, LATERAL %2$s GROUP BY 1, 2) o
		WHERE o.level = b.level AND o.bucket = b.bucket$sql$, TG_TABLE_SCHEMA, customer_value_internal.bucket_levels_query('g.bucket'));
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION customer_value_internal.uncount() IS
'the trigger on a base''s customers that takes those who are deleted out of the tables settled and bucket, when no rebalance is under way';


CREATE FUNCTION customer_value_internal.counted_cutoffs(base name, cuts numeric[]) RETURNS @extschema@.abc_cutoffs
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- of the buckets of a level within one of the level above, the lowest above which there is less than the cut of the total
	descent text := format($sql$(
		SELECT x.* FROM (
			SELECT b.bucket, b.customers, b.basis, b.squares,
				%%2$s + coalesce(sum(b.basis) OVER (ORDER BY b.bucket DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS above
			FROM %1$I.bucket b WHERE b.level = %%1$s AND b.customers <> 0 AND b.bucket > 0 AND %%3$s) AS x
		WHERE x.above < u.cut * w.total ORDER BY x.bucket LIMIT 1)$sql$, base);
	lowest text := format('(SELECT min(b.bucket) AS bucket FROM %1$I.bucket b WHERE b.level = %%1$s AND b.customers <> 0 AND %%2$s)', base);
	within text := 'b.bucket BETWEEN %1$s.bucket * 256 AND %1$s.bucket * 256 + 255';
	result @extschema@.abc_cutoffs;
BEGIN
	-- A class ends in the bucket that three descents find, at the smallest value above which there is less than its cut. Where
	-- n Σx² = (Σx)² all customers of a bucket have the same basis, and none has to be read.
	EXECUTE format($sql$
		WITH whole AS MATERIALIZED (
			SELECT sum(b.customers) AS customers, sum(b.basis) FILTER (WHERE b.bucket > 0) AS total FROM %1$I.bucket b WHERE b.level = 0 AND b.customers <> 0),
		class AS (
			SELECT u.i, u.cut, w.total, z.*
			FROM whole w, unnest($1) WITH ORDINALITY AS u(cut, i), LATERAL %2$s AS x, LATERAL %3$s AS y, LATERAL %4$s AS z
			UNION ALL
			SELECT cardinality($1) + 1, NULL, NULL, b.bucket, b.customers, b.basis, b.squares, NULL
			FROM %5$s AS x, LATERAL %6$s AS y, LATERAL %7$s AS z, %1$I.bucket b WHERE b.level = 2 AND b.bucket = z.bucket),
		edge AS (
			SELECT k.i, k.cut, CASE WHEN k.customers * k.squares = k.basis * k.basis THEN trim_scale(k.basis / k.customers) ELSE (
					SELECT min(v.basis)
					FROM (SELECT x.basis, k.above + sum(sum(x.basis)) OVER (ORDER BY x.basis DESC) - sum(x.basis) AS above
						FROM %1$I.settled x WHERE x.bucket = k.bucket GROUP BY x.basis) AS v
					WHERE k.cut IS NULL OR v.above < k.cut * k.total) END AS smallest
			FROM class k)
		SELECT jsonb_build_object('kind', 'numeric', 'method', 'cuts', 'customers', w.customers, 'total', w.total,
			'classes', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('class', chr(64 + e.i::integer), 'cut', e.cut, 'from', e.smallest)) ORDER BY e.i) FROM edge e))
		FROM whole w WHERE w.total IS NOT NULL
		$sql$, base, format(descent, 0, 0, 'true'), format(descent, 1, 'x.above', format(within, 'x')), format(descent, 2, 'y.above', format(within, 'y')),
		format(lowest, 0, 'true'), format(lowest, 1, format(within, 'x')), format(lowest, 2, format(within, 'y')))
	INTO result USING cuts;
	RETURN result;
END
$$;

COMMENT ON FUNCTION customer_value_internal.counted_cutoffs(name, numeric[]) IS
'abc_cutoffs(basis, cuts) of the settled bases, to the last digit, but read from the buckets and the customers in those where a class ends; null where that is';


CREATE FUNCTION customer_value_internal.settle_everybody(base name) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on
AS $$
BEGIN
	EXECUTE format($sql$
		DELETE FROM %1$I.settled s WHERE NOT EXISTS (SELECT FROM %1$I.customer c WHERE c.customer_id = s.customer_id AND c.basis IS NOT NULL);
		INSERT INTO %1$I.settled (customer_id, basis)
		SELECT c.customer_id, c.basis FROM %1$I.customer c LEFT JOIN %1$I.settled s ON s.customer_id = c.customer_id
		WHERE c.basis IS NOT NULL AND c.basis IS DISTINCT FROM s.basis
		ON CONFLICT (customer_id) DO UPDATE SET basis = excluded.basis;
		DELETE FROM %1$I.bucket;
		INSERT INTO %1$I.bucket (level, bucket, customers, basis, squares)
		SELECT l.level, l.bucket, sum(g.customers), sum(g.basis), sum(g.squares)
		FROM (SELECT s.bucket, count(*) AS customers, sum(s.basis) AS basis, sum(s.basis * s.basis) AS squares FROM %1$I.settled s GROUP BY 1) AS g,
			LATERAL %2$s
		GROUP BY 1, 2;
		UPDATE %1$I.cutoffs SET counted = true$sql$, base, customer_value_internal.bucket_levels_query('g.bucket'));
END
$$;

COMMENT ON FUNCTION customer_value_internal.settle_everybody(name) IS
'settles the bases of all customers and counts the buckets anew; the caller has to hold the lock on the cut-offs that rebalance takes';


CREATE FUNCTION customer_value_internal.class_ends(cutoffs @extschema@.abc_cutoffs) RETURNS TABLE (class bigint, smallest numeric)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT c.class, min((c.members ->> 'from')::numeric) OVER (ORDER BY c.class)
	FROM jsonb_array_elements(class_ends.cutoffs::jsonb -> 'classes') WITH ORDINALITY AS c(members, class)
	ORDER BY c.class LIMIT jsonb_array_length(class_ends.cutoffs::jsonb -> 'classes') - 1;
END;

COMMENT ON FUNCTION customer_value_internal.class_ends(@extschema@.abc_cutoffs) IS
'the smallest value from each class upwards, without the last class, which has no end';
