-- bucket: cut-offs from sums by size of the basis, so that a rebalance need not read every customer

CREATE FUNCTION customer_value_internal.basis_bucket(basis numeric) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'customer_value_basis_bucket';

COMMENT ON FUNCTION customer_value_internal.basis_bucket(numeric) IS
'the bucket of a basis: 256 from one power of 2 to the next, never falling as the basis rises, 0 for 0, negative for less';

CREATE FUNCTION customer_value_internal.uncount() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('LOCK TABLE %I.cutoffs IN SHARE ROW EXCLUSIVE MODE', TG_TABLE_SCHEMA);
	EXECUTE format($sql$
		WITH gone AS (DELETE FROM %1$I.settled s USING old_customers o WHERE s.customer_id = o.customer_id RETURNING s.*)
		UPDATE %1$I.bucket b SET customers = b.customers - o.customers, basis = b.basis - o.basis, squares = b.squares - o.squares
		FROM (SELECT bucket, count(*) AS customers, sum(basis) AS basis, sum(basis * basis) AS squares FROM gone GROUP BY 1) o
		WHERE o.bucket = b.bucket$sql$, TG_TABLE_SCHEMA);
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION customer_value_internal.uncount() IS
'the trigger on a base''s customers that takes those who are deleted out of the tables settled and bucket, when no rebalance is under way';


CREATE FUNCTION customer_value_internal.counted_cutoffs(base name, cuts numeric[]) RETURNS @extschema@.abc_cutoffs
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result @extschema@.abc_cutoffs;
BEGIN
	-- A class ends in the lowest bucket above which there is less than its cut of the total, at the
	-- smallest value above which there is. One statement, so that buckets and customers agree. Where
	-- n Σx² = (Σx)² all customers of a bucket have the same basis, and none has to be read.
	EXECUTE format($sql$
		WITH cell AS MATERIALIZED (
			SELECT b.* FROM %1$I.bucket b WHERE b.customers <> 0),
		walk AS MATERIALIZED (
			SELECT c.*, sum(c.basis) OVER (ORDER BY c.bucket DESC) - c.basis AS above, sum(c.basis) OVER () AS total
			FROM cell c WHERE c.bucket > 0),
		class AS (
			SELECT u.i, u.cut, (SELECT min(w.bucket) FROM walk w WHERE w.above < u.cut * w.total) AS bucket
			FROM unnest($1) WITH ORDINALITY AS u(cut, i)
			UNION ALL
			SELECT cardinality($1) + 1, NULL, min(c.bucket) FROM cell c),
		edge AS (
			SELECT k.i, k.cut, CASE WHEN c.customers * c.squares = c.basis * c.basis THEN trim_scale(c.basis / c.customers) ELSE (
					SELECT min(v.basis)
					FROM (SELECT x.basis, w.above + sum(sum(x.basis)) OVER (ORDER BY x.basis DESC) - sum(x.basis) AS above
						FROM %1$I.settled x WHERE x.bucket = k.bucket GROUP BY x.basis) AS v
					WHERE k.cut IS NULL OR v.above < k.cut * w.total) END AS smallest
			FROM class k JOIN cell c USING (bucket) LEFT JOIN walk w USING (bucket))
		SELECT jsonb_build_object('kind', 'numeric', 'method', 'cuts',
			'customers', (SELECT sum(customers) FROM cell), 'total', (SELECT min(total) FROM walk),
			'classes', jsonb_agg(jsonb_strip_nulls(jsonb_build_object('class', chr(64 + e.i::integer), 'cut', e.cut, 'from', e.smallest)) ORDER BY e.i))
		FROM edge e
		WHERE EXISTS (SELECT FROM walk)
		HAVING count(*) > 0
		$sql$, base)
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
		INSERT INTO %1$I.bucket (bucket, customers, basis, squares)
		SELECT s.bucket, count(*), sum(s.basis), sum(s.basis * s.basis) FROM %1$I.settled s GROUP BY 1;
		UPDATE %1$I.cutoffs SET counted = true$sql$, base);
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
