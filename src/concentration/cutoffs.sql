-- concentration: the type abc_cutoffs and the class of a value under it

CREATE TYPE @extschema@.abc_cutoffs;

COMMENT ON TYPE @extschema@.abc_cutoffs IS
'where the classes of an ABC analysis end: the smallest value of each class, the cuts, the total and the number of customers; text form is JSON';

CREATE FUNCTION @extschema@.abc_cutoffs_in(cstring) RETURNS @extschema@.abc_cutoffs
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.abc_cutoffs_in(cstring) IS 'input of abc_cutoffs: JSON, every number checked';

CREATE FUNCTION @extschema@.abc_cutoffs_out(@extschema@.abc_cutoffs) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.abc_cutoffs_out(@extschema@.abc_cutoffs) IS 'output of abc_cutoffs: JSON, exact';

CREATE FUNCTION @extschema@.abc_cutoffs_recv(internal) RETURNS @extschema@.abc_cutoffs
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.abc_cutoffs_recv(internal) IS 'binary input of abc_cutoffs';

CREATE FUNCTION @extschema@.abc_cutoffs_send(@extschema@.abc_cutoffs) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.abc_cutoffs_send(@extschema@.abc_cutoffs) IS 'binary output of abc_cutoffs';

CREATE TYPE @extschema@.abc_cutoffs (
	INPUT = @extschema@.abc_cutoffs_in,
	OUTPUT = @extschema@.abc_cutoffs_out,
	RECEIVE = @extschema@.abc_cutoffs_recv,
	SEND = @extschema@.abc_cutoffs_send,
	STORAGE = extended
);

CREATE FUNCTION @extschema@.abc_cutoffs_to_jsonb(@extschema@.abc_cutoffs) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.abc_cutoffs_to_jsonb(@extschema@.abc_cutoffs) IS 'the text form of abc_cutoffs as jsonb';

CREATE CAST (@extschema@.abc_cutoffs AS jsonb) WITH FUNCTION @extschema@.abc_cutoffs_to_jsonb(@extschema@.abc_cutoffs);

COMMENT ON CAST (@extschema@.abc_cutoffs AS jsonb) IS 'the text form of abc_cutoffs as jsonb';

CREATE FUNCTION @extschema@.abc_class_of(value numeric, cutoffs @extschema@.abc_cutoffs) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_class_of_numeric';

COMMENT ON FUNCTION @extschema@.abc_class_of(numeric, @extschema@.abc_cutoffs) IS
'class of a value under stored cut-offs, a letter from A; values <= 0 are in the last class; exact for cut-offs of numeric or bigint';

CREATE FUNCTION @extschema@.abc_class_of(value numeric, cutoffs @extschema@.abc_cutoffs, previous text, hysteresis float8) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_class_of_previous';

COMMENT ON FUNCTION @extschema@.abc_class_of(numeric, @extschema@.abc_cutoffs, text, float8) IS
'class of a value under stored cut-offs that keeps the previous class, if there is one, until the value is beyond its boundary by the share hysteresis, from 0 to below 1: at least its upper end × (1 + hysteresis), or less than its lower end × (1 - hysteresis)';

CREATE FUNCTION @extschema@.abc_class_of(value bigint, cutoffs @extschema@.abc_cutoffs) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_class_of_int8';

COMMENT ON FUNCTION @extschema@.abc_class_of(bigint, @extschema@.abc_cutoffs) IS
'class of a value under stored cut-offs, a letter from A; values <= 0 are in the last class; exact for cut-offs of numeric or bigint';

CREATE FUNCTION @extschema@.abc_class_of(value double precision, cutoffs @extschema@.abc_cutoffs) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_class_of_float8';

COMMENT ON FUNCTION @extschema@.abc_class_of(double precision, @extschema@.abc_cutoffs) IS
'class of a value under stored cut-offs, a letter from A; values <= 0 are in the last class; compared as double precision, whole numbers exactly';
