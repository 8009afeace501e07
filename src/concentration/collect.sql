-- concentration: what the exact aggregates collect

CREATE FUNCTION @extschema@.concentration_add(internal, numeric) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_numeric';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, numeric) IS
'transition function of the exact concentration aggregates; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, numeric, numeric[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_numeric';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, numeric, numeric[]) IS
'transition function of the exact concentration aggregates with cuts; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, numeric, double precision) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_numeric';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, numeric, double precision) IS
'transition function of the exact concentration aggregates with a fraction; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, numeric, integer) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_numeric';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, numeric, integer) IS
'transition function of the exact concentration aggregates with a number of points; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, bigint) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_int8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, bigint) IS
'transition function of the exact concentration aggregates; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, bigint, numeric[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_int8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, bigint, numeric[]) IS
'transition function of the exact concentration aggregates with cuts; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, bigint, double precision) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_int8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, bigint, double precision) IS
'transition function of the exact concentration aggregates with a fraction; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, bigint, integer) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_int8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, bigint, integer) IS
'transition function of the exact concentration aggregates with a number of points; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, double precision) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_float8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, double precision) IS
'transition function of the exact concentration aggregates; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, double precision, numeric[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_float8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, double precision, numeric[]) IS
'transition function of the exact concentration aggregates with cuts; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, double precision, double precision) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_float8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, double precision, double precision) IS
'transition function of the exact concentration aggregates with a fraction; not for direct use';

CREATE FUNCTION @extschema@.concentration_add(internal, double precision, integer) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'concentration_add_float8';

COMMENT ON FUNCTION @extschema@.concentration_add(internal, double precision, integer) IS
'transition function of the exact concentration aggregates with a number of points; not for direct use';

CREATE FUNCTION @extschema@.concentration_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.concentration_combine(internal, internal) IS
'combine function of the exact concentration aggregates; not for direct use';

CREATE FUNCTION @extschema@.concentration_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.concentration_serialize(internal) IS
'serialisation of the exact concentration aggregates; not for direct use';

CREATE FUNCTION @extschema@.concentration_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.concentration_deserialize(bytea, internal) IS
'deserialisation of the exact concentration aggregates; not for direct use';
