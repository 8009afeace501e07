-- concentration/sketch: the mergeable summary and the measures on it

CREATE TYPE @extschema@.concentration_sketch;

CREATE FUNCTION @extschema@.concentration_sketch_in(cstring) RETURNS @extschema@.concentration_sketch
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_out(@extschema@.concentration_sketch) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_recv(internal) RETURNS @extschema@.concentration_sketch
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_send(@extschema@.concentration_sketch) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.concentration_sketch_in(cstring) IS 'input function of concentration_sketch: its JSON form';
COMMENT ON FUNCTION @extschema@.concentration_sketch_out(@extschema@.concentration_sketch) IS 'output function of concentration_sketch: its JSON form';
COMMENT ON FUNCTION @extschema@.concentration_sketch_recv(internal) IS 'binary input function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_send(@extschema@.concentration_sketch) IS 'binary output function of concentration_sketch';

CREATE TYPE @extschema@.concentration_sketch (
	INPUT = @extschema@.concentration_sketch_in,
	OUTPUT = @extschema@.concentration_sketch_out,
	RECEIVE = @extschema@.concentration_sketch_recv,
	SEND = @extschema@.concentration_sketch_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.concentration_sketch IS
'bounded, mergeable summary of how a value is spread over customers: customers counted in buckets of equal relative width';

CREATE FUNCTION @extschema@.concentration_sketch_to_jsonb(@extschema@.concentration_sketch) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_from_jsonb(jsonb) RETURNS @extschema@.concentration_sketch
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.concentration_sketch_to_jsonb(@extschema@.concentration_sketch) IS
'sketch as jsonb: accuracy, zero (customers whose value counts as 0) and buckets, pairs of a bucket''s middle and its customers';
COMMENT ON FUNCTION @extschema@.concentration_sketch_from_jsonb(jsonb) IS 'sketch that a jsonb of that form writes down';

CREATE CAST (@extschema@.concentration_sketch AS jsonb) WITH FUNCTION @extschema@.concentration_sketch_to_jsonb(@extschema@.concentration_sketch);
CREATE CAST (jsonb AS @extschema@.concentration_sketch) WITH FUNCTION @extschema@.concentration_sketch_from_jsonb(jsonb);

COMMENT ON CAST (@extschema@.concentration_sketch AS jsonb) IS 'as the text form';
COMMENT ON CAST (jsonb AS @extschema@.concentration_sketch) IS 'checked as text input is';

-- Operators

CREATE FUNCTION @extschema@.concentration_sketch_add(@extschema@.concentration_sketch, @extschema@.concentration_sketch) RETURNS @extschema@.concentration_sketch
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_subtract(@extschema@.concentration_sketch, @extschema@.concentration_sketch) RETURNS @extschema@.concentration_sketch
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_negate(@extschema@.concentration_sketch) RETURNS @extschema@.concentration_sketch
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.concentration_sketch_add(@extschema@.concentration_sketch, @extschema@.concentration_sketch) IS 'implementation of + operator';
COMMENT ON FUNCTION @extschema@.concentration_sketch_subtract(@extschema@.concentration_sketch, @extschema@.concentration_sketch) IS 'implementation of - operator';
COMMENT ON FUNCTION @extschema@.concentration_sketch_negate(@extschema@.concentration_sketch) IS 'implementation of - operator';

CREATE OPERATOR @extschema@.+ (
	LEFTARG = @extschema@.concentration_sketch, RIGHTARG = @extschema@.concentration_sketch,
	FUNCTION = @extschema@.concentration_sketch_add, COMMUTATOR = OPERATOR(@extschema@.+)
);
CREATE OPERATOR @extschema@.- (
	LEFTARG = @extschema@.concentration_sketch, RIGHTARG = @extschema@.concentration_sketch,
	FUNCTION = @extschema@.concentration_sketch_subtract
);
CREATE OPERATOR @extschema@.- (
	RIGHTARG = @extschema@.concentration_sketch,
	FUNCTION = @extschema@.concentration_sketch_negate
);

COMMENT ON OPERATOR @extschema@.+ (@extschema@.concentration_sketch, @extschema@.concentration_sketch) IS 'the customers of both sketches; exact';
COMMENT ON OPERATOR @extschema@.- (@extschema@.concentration_sketch, @extschema@.concentration_sketch) IS 'takes the second sketch''s customers away; undoes +';
COMMENT ON OPERATOR @extschema@.- (NONE, @extschema@.concentration_sketch) IS 'the sketch that undoes this one';

-- Aggregates

CREATE FUNCTION @extschema@.concentration_sketch_transition(internal, float8) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_sketch_transition_float8';
CREATE FUNCTION @extschema@.concentration_sketch_transition(internal, bigint) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_sketch_transition_int8';
CREATE FUNCTION @extschema@.concentration_sketch_transition(internal, numeric) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_sketch_transition_numeric';
CREATE FUNCTION @extschema@.concentration_sketch_transition(internal, float8, float8) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_sketch_transition_float8';
CREATE FUNCTION @extschema@.concentration_sketch_transition(internal, bigint, float8) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_sketch_transition_int8';
CREATE FUNCTION @extschema@.concentration_sketch_transition(internal, numeric, float8) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_sketch_transition_numeric';
CREATE FUNCTION @extschema@.concentration_sketch_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.concentration_sketch_final(internal) RETURNS @extschema@.concentration_sketch
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.concentration_sketch_transition(internal, float8) IS 'transition function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_transition(internal, bigint) IS 'transition function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_transition(internal, numeric) IS 'transition function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_transition(internal, float8, float8) IS 'transition function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_transition(internal, bigint, float8) IS 'transition function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_transition(internal, numeric, float8) IS 'transition function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_combine(internal, internal) IS 'combine function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_serialise(internal) IS 'serialisation function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_deserialise(bytea, internal) IS 'deserialisation function of concentration_sketch';
COMMENT ON FUNCTION @extschema@.concentration_sketch_final(internal) IS 'final function of concentration_sketch';

CREATE AGGREGATE @extschema@.concentration_sketch(value float8) (
	SFUNC = @extschema@.concentration_sketch_transition, STYPE = internal, SSPACE = 8192,
	FINALFUNC = @extschema@.concentration_sketch_final, COMBINEFUNC = @extschema@.concentration_sketch_combine,
	SERIALFUNC = @extschema@.concentration_sketch_serialise, DESERIALFUNC = @extschema@.concentration_sketch_deserialise,
	PARALLEL = SAFE
);
CREATE AGGREGATE @extschema@.concentration_sketch(value bigint) (
	SFUNC = @extschema@.concentration_sketch_transition, STYPE = internal, SSPACE = 8192,
	FINALFUNC = @extschema@.concentration_sketch_final, COMBINEFUNC = @extschema@.concentration_sketch_combine,
	SERIALFUNC = @extschema@.concentration_sketch_serialise, DESERIALFUNC = @extschema@.concentration_sketch_deserialise,
	PARALLEL = SAFE
);
CREATE AGGREGATE @extschema@.concentration_sketch(value numeric) (
	SFUNC = @extschema@.concentration_sketch_transition, STYPE = internal, SSPACE = 8192,
	FINALFUNC = @extschema@.concentration_sketch_final, COMBINEFUNC = @extschema@.concentration_sketch_combine,
	SERIALFUNC = @extschema@.concentration_sketch_serialise, DESERIALFUNC = @extschema@.concentration_sketch_deserialise,
	PARALLEL = SAFE
);
CREATE AGGREGATE @extschema@.concentration_sketch(value float8, accuracy float8) (
	SFUNC = @extschema@.concentration_sketch_transition, STYPE = internal, SSPACE = 8192,
	FINALFUNC = @extschema@.concentration_sketch_final, COMBINEFUNC = @extschema@.concentration_sketch_combine,
	SERIALFUNC = @extschema@.concentration_sketch_serialise, DESERIALFUNC = @extschema@.concentration_sketch_deserialise,
	PARALLEL = SAFE
);
CREATE AGGREGATE @extschema@.concentration_sketch(value bigint, accuracy float8) (
	SFUNC = @extschema@.concentration_sketch_transition, STYPE = internal, SSPACE = 8192,
	FINALFUNC = @extschema@.concentration_sketch_final, COMBINEFUNC = @extschema@.concentration_sketch_combine,
	SERIALFUNC = @extschema@.concentration_sketch_serialise, DESERIALFUNC = @extschema@.concentration_sketch_deserialise,
	PARALLEL = SAFE
);
CREATE AGGREGATE @extschema@.concentration_sketch(value numeric, accuracy float8) (
	SFUNC = @extschema@.concentration_sketch_transition, STYPE = internal, SSPACE = 8192,
	FINALFUNC = @extschema@.concentration_sketch_final, COMBINEFUNC = @extschema@.concentration_sketch_combine,
	SERIALFUNC = @extschema@.concentration_sketch_serialise, DESERIALFUNC = @extschema@.concentration_sketch_deserialise,
	PARALLEL = SAFE
);
CREATE AGGREGATE @extschema@.sum(@extschema@.concentration_sketch) (
	SFUNC = @extschema@.concentration_sketch_add, STYPE = @extschema@.concentration_sketch,
	COMBINEFUNC = @extschema@.concentration_sketch_add, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.concentration_sketch(float8) IS
'summary of how the values are spread over customers with a relative accuracy of 1 %; a value of 0 or less counts as 0, NULL is ignored';
COMMENT ON AGGREGATE @extschema@.concentration_sketch(bigint) IS
'summary of how the values are spread over customers with a relative accuracy of 1 %; a value of 0 or less counts as 0, NULL is ignored';
COMMENT ON AGGREGATE @extschema@.concentration_sketch(numeric) IS
'summary of how the values are spread over customers with a relative accuracy of 1 %; a value of 0 or less counts as 0, NULL is ignored';
COMMENT ON AGGREGATE @extschema@.concentration_sketch(float8, float8) IS
'summary of how the values are spread over customers with the relative accuracy given, from 2^-14 to 1/4; a value of 0 or less counts as 0, NULL is ignored';
COMMENT ON AGGREGATE @extschema@.concentration_sketch(bigint, float8) IS
'summary of how the values are spread over customers with the relative accuracy given, from 2^-14 to 1/4; a value of 0 or less counts as 0, NULL is ignored';
COMMENT ON AGGREGATE @extschema@.concentration_sketch(numeric, float8) IS
'summary of how the values are spread over customers with the relative accuracy given, from 2^-14 to 1/4; a value of 0 or less counts as 0, NULL is ignored';
COMMENT ON AGGREGATE @extschema@.sum(@extschema@.concentration_sketch) IS
'all sketches merged: the sketch of all their customers together';

-- Measures, under the names of the exact aggregates

CREATE FUNCTION @extschema@.abc_cutoffs(sketch @extschema@.concentration_sketch, cuts numeric[] DEFAULT '{0.80,0.95}') RETURNS @extschema@.abc_cutoffs
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_cutoffs_of_sketch';
CREATE FUNCTION @extschema@.abc_cutoffs_computed(sketch @extschema@.concentration_sketch) RETURNS @extschema@.abc_cutoffs
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_cutoffs_computed_of_sketch';
CREATE FUNCTION @extschema@.abc_summary(sketch @extschema@.concentration_sketch, cuts numeric[] DEFAULT '{0.80,0.95}', boundary text DEFAULT 'crossing')
RETURNS @extschema@.abc_class_summary[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'abc_summary_of_sketch';
CREATE FUNCTION @extschema@.pareto_share(sketch @extschema@.concentration_sketch, top float8 DEFAULT 0.2) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pareto_share_of_sketch';
CREATE FUNCTION @extschema@.pareto_population(sketch @extschema@.concentration_sketch, share float8 DEFAULT 0.8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pareto_population_of_sketch';
CREATE FUNCTION @extschema@.gini(sketch @extschema@.concentration_sketch) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'gini_of_sketch';
CREATE FUNCTION @extschema@.herfindahl(sketch @extschema@.concentration_sketch) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'herfindahl_of_sketch';
CREATE FUNCTION @extschema@.lorenz_curve(sketch @extschema@.concentration_sketch, points int) RETURNS float8[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lorenz_curve_of_sketch';

COMMENT ON FUNCTION @extschema@.abc_cutoffs(@extschema@.concentration_sketch, numeric[]) IS
'smallest value of each ABC class, total and number of customers, from a sketch; a class ends where a bucket does';
COMMENT ON FUNCTION @extschema@.abc_cutoffs_computed(@extschema@.concentration_sketch) IS
'ABC limits that the data set themselves (Ultsch & Lötsch 2015), from a sketch';
COMMENT ON FUNCTION @extschema@.abc_summary(@extschema@.concentration_sketch, numeric[], text) IS
'one row a class to unnest: customers, value and bounds, from a sketch; a class ends where a bucket does';
COMMENT ON FUNCTION @extschema@.pareto_share(@extschema@.concentration_sketch, float8) IS
'share of the total held by the top fraction of customers, from a sketch of accuracy a: off by at most a/(2·(1−a))';
COMMENT ON FUNCTION @extschema@.pareto_population(@extschema@.concentration_sketch, float8) IS
'smallest fraction of customers that holds the share, from a sketch';
COMMENT ON FUNCTION @extschema@.gini(@extschema@.concentration_sketch) IS
'population Gini coefficient, from a sketch of accuracy a: off by at most a/(1−a)';
COMMENT ON FUNCTION @extschema@.herfindahl(@extschema@.concentration_sketch) IS
'Herfindahl index, from a sketch of accuracy a: relative error at most 4·a/(1−a)²';
COMMENT ON FUNCTION @extschema@.lorenz_curve(@extschema@.concentration_sketch, int) IS
'Lorenz curve at 0, 1/points … 1, from a sketch of accuracy a: off by at most a/(2·(1−a))';
