-- concentration: ABC classes over a window, and their cut-offs as aggregates

CREATE FUNCTION @extschema@.abc_class(value numeric, cuts numeric[] DEFAULT '{0.80,0.95}', boundary text DEFAULT 'crossing')
RETURNS text
LANGUAGE c IMMUTABLE WINDOW PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_class_numeric';

COMMENT ON FUNCTION @extschema@.abc_class(numeric, numeric[], text) IS
'ABC class of this row in its window partition: with boundary crossing, the first i where the sum of all greater values is less than cuts[i] of the total; with up_to, where greater and equal values make up at most cuts[i]';

CREATE FUNCTION @extschema@.abc_class(value bigint, cuts numeric[] DEFAULT '{0.80,0.95}', boundary text DEFAULT 'crossing')
RETURNS text
LANGUAGE c IMMUTABLE WINDOW PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_class_int8';

COMMENT ON FUNCTION @extschema@.abc_class(bigint, numeric[], text) IS
'ABC class of this row in its window partition: with boundary crossing, the first i where the sum of all greater values is less than cuts[i] of the total; with up_to, where greater and equal values make up at most cuts[i]';

CREATE FUNCTION @extschema@.abc_class(value double precision, cuts numeric[] DEFAULT '{0.80,0.95}', boundary text DEFAULT 'crossing')
RETURNS text
LANGUAGE c IMMUTABLE WINDOW PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_class_float8';

COMMENT ON FUNCTION @extschema@.abc_class(double precision, numeric[], text) IS
'ABC class of this row in its window partition: with boundary crossing, the first i where the sum of all greater values is less than cuts[i] of the total; with up_to, where greater and equal values make up at most cuts[i]';

CREATE FUNCTION @extschema@.abc_cutoffs_final(internal) RETURNS @extschema@.abc_cutoffs
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.abc_cutoffs_final(internal) IS 'final function of abc_cutoffs; not for direct use';

CREATE AGGREGATE @extschema@.abc_cutoffs(value numeric) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs(numeric) IS
'where the classes A, B and C end, at 80 % and 95 % of the total, for abc_class_of(); NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_cutoffs(value numeric, cuts numeric[]) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs(numeric, numeric[]) IS
'where classes end, at the given shares of the total, for abc_class_of(); NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_cutoffs(value bigint) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs(bigint) IS
'where the classes A, B and C end, at 80 % and 95 % of the total, for abc_class_of(); NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_cutoffs(value bigint, cuts numeric[]) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs(bigint, numeric[]) IS
'where classes end, at the given shares of the total, for abc_class_of(); NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_cutoffs(value double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs(double precision) IS
'where the classes A, B and C end, at 80 % and 95 % of the total, for abc_class_of(); NULL if there is no value above 0';

CREATE AGGREGATE @extschema@.abc_cutoffs(value double precision, cuts numeric[]) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs(double precision, numeric[]) IS
'where classes end, at the given shares of the total, for abc_class_of(); NULL if there is no value above 0';

CREATE FUNCTION @extschema@.abc_cutoffs_computed_final(internal) RETURNS @extschema@.abc_cutoffs
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.abc_cutoffs_computed_final(internal) IS 'final function of abc_cutoffs_computed; not for direct use';

CREATE AGGREGATE @extschema@.abc_cutoffs_computed(value numeric) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_computed_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs_computed(numeric) IS
'where the classes A, B and C end by the shape of the concentration curve alone (Ultsch and Loetsch 2015): Pareto, break-even and submarginal point';

CREATE AGGREGATE @extschema@.abc_cutoffs_computed(value bigint) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_computed_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs_computed(bigint) IS
'where the classes A, B and C end by the shape of the concentration curve alone (Ultsch and Loetsch 2015): Pareto, break-even and submarginal point';

CREATE AGGREGATE @extschema@.abc_cutoffs_computed(value double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.abc_cutoffs_computed_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.abc_cutoffs_computed(double precision) IS
'where the classes A, B and C end by the shape of the concentration curve alone (Ultsch and Loetsch 2015): Pareto, break-even and submarginal point';
