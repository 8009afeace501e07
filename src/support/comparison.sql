-- comparison: = <> < <= > >= and the operator classes of all types, for DISTINCT, GROUP BY, UNIQUE, and whoever sorts what it
-- sees. The types differ in nothing here but their names.

DO $do$
DECLARE
	type text;
	equal text;
	part record;
BEGIN
	FOR type, equal IN VALUES
		('customer_value', 'the same figures on the same days'),
		('clv_model', 'the same text'),
		('segment_rules', 'equal documents'),
		('abc_cutoffs', 'the same classes, cuts, total and number of customers'),
		('concentration_sketch', 'same accuracy and same counts')
	LOOP
		EXECUTE format($sql$
			CREATE FUNCTION @extschema@.%1$I_hash(@extschema@.%1$I) RETURNS integer
			LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
			COMMENT ON FUNCTION @extschema@.%1$I_hash(@extschema@.%1$I) IS 'hash, the same for what is equal';
			CREATE FUNCTION @extschema@.%1$I_hash_extended(@extschema@.%1$I, bigint) RETURNS bigint
			LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
			COMMENT ON FUNCTION @extschema@.%1$I_hash_extended(@extschema@.%1$I, bigint) IS '64-bit hash with a seed, the same for what is equal';
			CREATE FUNCTION @extschema@.%1$I_cmp(@extschema@.%1$I, @extschema@.%1$I) RETURNS integer
			LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
			COMMENT ON FUNCTION @extschema@.%1$I_cmp(@extschema@.%1$I, @extschema@.%1$I) IS '-1, 0 or 1; an order without meaning';
		$sql$, type);
		FOR part IN SELECT * FROM (VALUES
			('eq', '=', '=', '<>', 'eqsel', 'eqjoinsel', 'HASHES, MERGES,', equal),
			('ne', '<>', '<>', '=', 'neqsel', 'neqjoinsel', '', 'not equal: ' || equal),
			('lt', '<', '>', '>=', 'scalarltsel', 'scalarltjoinsel', '', 'before, in an order without meaning'),
			('le', '<=', '>=', '>', 'scalarlesel', 'scalarlejoinsel', '', 'before or equal, in an order without meaning'),
			('gt', '>', '<', '<=', 'scalargtsel', 'scalargtjoinsel', '', 'after, in an order without meaning'),
			('ge', '>=', '<=', '<', 'scalargesel', 'scalargejoinsel', '', 'after or equal, in an order without meaning'))
			v(name, operator, commutator, negator, restriction, join_restriction, properties, meaning)
		LOOP
			EXECUTE format($sql$
				CREATE FUNCTION @extschema@.%1$I_%2$s(@extschema@.%1$I, @extschema@.%1$I) RETURNS boolean
				LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
				COMMENT ON FUNCTION @extschema@.%1$I_%2$s(@extschema@.%1$I, @extschema@.%1$I) IS %9$L;
				CREATE OPERATOR @extschema@.%3$s (LEFTARG = @extschema@.%1$I, RIGHTARG = @extschema@.%1$I, FUNCTION = @extschema@.%1$I_%2$s,
					%8$s COMMUTATOR = OPERATOR(@extschema@.%4$s), NEGATOR = OPERATOR(@extschema@.%5$s), RESTRICT = pg_catalog.%6$s, JOIN = pg_catalog.%7$s);
				COMMENT ON OPERATOR @extschema@.%3$s (@extschema@.%1$I, @extschema@.%1$I) IS %9$L;
			$sql$, type, part.name, part.operator, part.commutator, part.negator, part.restriction, part.join_restriction, part.properties, part.meaning);
		END LOOP;
		EXECUTE format($sql$
			CREATE OPERATOR CLASS @extschema@.%1$I_ops DEFAULT FOR TYPE @extschema@.%1$I USING hash AS
				OPERATOR 1 @extschema@.=,
				FUNCTION 1 @extschema@.%1$I_hash(@extschema@.%1$I),
				FUNCTION 2 @extschema@.%1$I_hash_extended(@extschema@.%1$I, bigint);
			COMMENT ON OPERATOR CLASS @extschema@.%1$I_ops USING hash IS %2$L;
			COMMENT ON OPERATOR FAMILY @extschema@.%1$I_ops USING hash IS %2$L;
			CREATE OPERATOR CLASS @extschema@.%1$I_ops DEFAULT FOR TYPE @extschema@.%1$I USING btree AS
				OPERATOR 1 @extschema@.<, OPERATOR 2 @extschema@.<=, OPERATOR 3 @extschema@.=, OPERATOR 4 @extschema@.>=, OPERATOR 5 @extschema@.>,
				FUNCTION 1 @extschema@.%1$I_cmp(@extschema@.%1$I, @extschema@.%1$I);
			COMMENT ON OPERATOR CLASS @extschema@.%1$I_ops USING btree IS 'an order without meaning, for DISTINCT, UNIQUE and sorting';
			COMMENT ON OPERATOR FAMILY @extschema@.%1$I_ops USING btree IS 'an order without meaning, for DISTINCT, UNIQUE and sorting';
		$sql$, type, equal);
	END LOOP;
END
$do$;
