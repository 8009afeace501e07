-- concentration: what the classes of an ABC analysis hold

CREATE TYPE @extschema@.abc_class_summary AS (
	class text,
	customers bigint,
	customer_share double precision,
	value numeric,
	value_share double precision,
	smallest numeric,
	largest numeric
);

COMMENT ON TYPE @extschema@.abc_class_summary IS 'what one class of an ABC analysis holds: a row of abc_summary()';
COMMENT ON COLUMN @extschema@.abc_class_summary.value IS 'what the values above 0 add up to';
COMMENT ON COLUMN @extschema@.abc_class_summary.smallest IS 'the smallest value of the class, NULL if it is empty';
COMMENT ON COLUMN @extschema@.abc_class_summary.largest IS 'the largest value of the class, NULL if it is empty';

CREATE FUNCTION @extschema@.abc_summary_final(internal) RETURNS @extschema@.abc_class_summary[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.abc_summary_final(internal) IS 'final function of abc_summary; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, numeric, numeric[], text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_numeric';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, numeric, numeric[], text) IS
'transition function of the exact concentration aggregates with cuts and boundary; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, bigint, numeric[], text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_int8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, bigint, numeric[], text) IS
'transition function of the exact concentration aggregates with cuts and boundary; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, double precision, numeric[], text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_float8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, double precision, numeric[], text) IS
'transition function of the exact concentration aggregates with cuts and boundary; not for direct use';

CREATE AGGREGATE @extschema@.abc_summary(value numeric) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(numeric) IS
'one row a class to unnest, with customers, value, shares and bounds: three classes, cut at 80 % and 95 % of the total; NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_summary(value numeric, cuts numeric[]) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(numeric, numeric[]) IS
'one row a class to unnest, with customers, value, shares and bounds: classes cut at the given shares of the total; NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_summary(value numeric, cuts numeric[], boundary text) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(numeric, numeric[], text) IS
'one row a class to unnest, with customers, value, shares and bounds: classes cut at the given shares of the total, by the given boundary, as abc_class() has it; NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_summary(value bigint) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(bigint) IS
'one row a class to unnest, with customers, value, shares and bounds: three classes, cut at 80 % and 95 % of the total; NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_summary(value bigint, cuts numeric[]) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(bigint, numeric[]) IS
'one row a class to unnest, with customers, value, shares and bounds: classes cut at the given shares of the total; NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_summary(value bigint, cuts numeric[], boundary text) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(bigint, numeric[], text) IS
'one row a class to unnest, with customers, value, shares and bounds: classes cut at the given shares of the total, by the given boundary, as abc_class() has it; NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_summary(value double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(double precision) IS
'one row a class to unnest, with customers, value, shares and bounds: three classes, cut at 80 % and 95 % of the total; NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_summary(value double precision, cuts numeric[]) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(double precision, numeric[]) IS
'one row a class to unnest, with customers, value, shares and bounds: classes cut at the given shares of the total; NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_summary(value double precision, cuts numeric[], boundary text) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_summary_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_summary(double precision, numeric[], text) IS
'one row a class to unnest, with customers, value, shares and bounds: classes cut at the given shares of the total, by the given boundary, as abc_class() has it; NULL if there is no value above 0';
