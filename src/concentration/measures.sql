-- concentration: exact measures

CREATE FUNCTION @extschema@.pareto_share_final(internal) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.pareto_share_final(internal) IS 'final function of pareto_share; not for direct use';

CREATE AGGREGATE @extschema@.pareto_share(value numeric) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_share_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_share(numeric) IS
'share of the total that the top 20 % of the customers hold';

CREATE AGGREGATE @extschema@.pareto_share(value numeric, top double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_share_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_share(numeric, double precision) IS
'share of the total that the top fraction of the customers hold';

CREATE AGGREGATE @extschema@.pareto_share(value bigint) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_share_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_share(bigint) IS
'share of the total that the top 20 % of the customers hold';

CREATE AGGREGATE @extschema@.pareto_share(value bigint, top double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_share_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_share(bigint, double precision) IS
'share of the total that the top fraction of the customers hold';

CREATE AGGREGATE @extschema@.pareto_share(value double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_share_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_share(double precision) IS
'share of the total that the top 20 % of the customers hold';

CREATE AGGREGATE @extschema@.pareto_share(value double precision, top double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_share_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_share(double precision, double precision) IS
'share of the total that the top fraction of the customers hold';

CREATE FUNCTION @extschema@.pareto_population_final(internal) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.pareto_population_final(internal) IS 'final function of pareto_population; not for direct use';

CREATE AGGREGATE @extschema@.pareto_population(value numeric) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_population_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_population(numeric) IS
'smallest fraction of the customers that holds 80 % of the total';

CREATE AGGREGATE @extschema@.pareto_population(value numeric, share double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_population_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_population(numeric, double precision) IS
'smallest fraction of the customers that holds a share of the total';

CREATE AGGREGATE @extschema@.pareto_population(value bigint) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_population_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_population(bigint) IS
'smallest fraction of the customers that holds 80 % of the total';

CREATE AGGREGATE @extschema@.pareto_population(value bigint, share double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_population_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_population(bigint, double precision) IS
'smallest fraction of the customers that holds a share of the total';

CREATE AGGREGATE @extschema@.pareto_population(value double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_population_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_population(double precision) IS
'smallest fraction of the customers that holds 80 % of the total';

CREATE AGGREGATE @extschema@.pareto_population(value double precision, share double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.pareto_population_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.pareto_population(double precision, double precision) IS
'smallest fraction of the customers that holds a share of the total';

CREATE FUNCTION @extschema@.gini_final(internal) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.gini_final(internal) IS 'final function of gini; not for direct use';

CREATE AGGREGATE @extschema@.gini(value numeric) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.gini_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.gini(numeric) IS
'Gini coefficient of the population: 0 when all have the same, near 1 when one has all';

CREATE AGGREGATE @extschema@.gini(value bigint) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.gini_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.gini(bigint) IS
'Gini coefficient of the population: 0 when all have the same, near 1 when one has all';

CREATE AGGREGATE @extschema@.gini(value double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.gini_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.gini(double precision) IS
'Gini coefficient of the population: 0 when all have the same, near 1 when one has all';

CREATE FUNCTION @extschema@.herfindahl_final(internal) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.herfindahl_final(internal) IS 'final function of herfindahl; not for direct use';

CREATE AGGREGATE @extschema@.herfindahl(value numeric) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.herfindahl_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.herfindahl(numeric) IS
'Herfindahl index: the sum of squared shares, from 1/n to 1';

CREATE AGGREGATE @extschema@.herfindahl(value bigint) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.herfindahl_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.herfindahl(bigint) IS
'Herfindahl index: the sum of squared shares, from 1/n to 1';

CREATE AGGREGATE @extschema@.herfindahl(value double precision) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.herfindahl_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.herfindahl(double precision) IS
'Herfindahl index: the sum of squared shares, from 1/n to 1';

CREATE FUNCTION @extschema@.lorenz_curve_final(internal) RETURNS float8[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.lorenz_curve_final(internal) IS 'final function of lorenz_curve; not for direct use';

CREATE AGGREGATE @extschema@.lorenz_curve(value numeric, points integer) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.lorenz_curve_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.lorenz_curve(numeric, integer) IS
'Lorenz curve: share of the total that the lowest i/points of the customers hold, for i from 0 to points';

CREATE AGGREGATE @extschema@.lorenz_curve(value bigint, points integer) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.lorenz_curve_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.lorenz_curve(bigint, integer) IS
'Lorenz curve: share of the total that the lowest i/points of the customers hold, for i from 0 to points';

CREATE AGGREGATE @extschema@.lorenz_curve(value double precision, points integer) (
	SFUNC = @extschema@.concentration_add, STYPE = internal, FINALFUNC = @extschema@.lorenz_curve_final,
	COMBINEFUNC = @extschema@.concentration_combine, SERIALFUNC = @extschema@.concentration_serialize,
	DESERIALFUNC = @extschema@.concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE @extschema@.lorenz_curve(double precision, integer) IS
'Lorenz curve: share of the total that the lowest i/points of the customers hold, for i from 0 to points';
