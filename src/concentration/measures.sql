-- concentration: exact measures

CREATE FUNCTION pareto_share_final(internal) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION pareto_share_final(internal) IS 'final function of pareto_share; not for direct use';

CREATE AGGREGATE pareto_share(value numeric) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_share_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_share(numeric) IS
'share of the total that the top 20 % of the customers hold';

CREATE AGGREGATE pareto_share(value numeric, top double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_share_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_share(numeric, double precision) IS
'share of the total that the top fraction of the customers hold';

CREATE AGGREGATE pareto_share(value bigint) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_share_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_share(bigint) IS
'share of the total that the top 20 % of the customers hold';

CREATE AGGREGATE pareto_share(value bigint, top double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_share_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_share(bigint, double precision) IS
'share of the total that the top fraction of the customers hold';

CREATE AGGREGATE pareto_share(value double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_share_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_share(double precision) IS
'share of the total that the top 20 % of the customers hold';

CREATE AGGREGATE pareto_share(value double precision, top double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_share_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_share(double precision, double precision) IS
'share of the total that the top fraction of the customers hold';

CREATE FUNCTION pareto_population_final(internal) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION pareto_population_final(internal) IS 'final function of pareto_population; not for direct use';

CREATE AGGREGATE pareto_population(value numeric) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_population_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_population(numeric) IS
'smallest fraction of the customers that holds 80 % of the total';

CREATE AGGREGATE pareto_population(value numeric, share double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_population_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_population(numeric, double precision) IS
'smallest fraction of the customers that holds a share of the total';

CREATE AGGREGATE pareto_population(value bigint) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_population_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_population(bigint) IS
'smallest fraction of the customers that holds 80 % of the total';

CREATE AGGREGATE pareto_population(value bigint, share double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_population_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_population(bigint, double precision) IS
'smallest fraction of the customers that holds a share of the total';

CREATE AGGREGATE pareto_population(value double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_population_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_population(double precision) IS
'smallest fraction of the customers that holds 80 % of the total';

CREATE AGGREGATE pareto_population(value double precision, share double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = pareto_population_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE pareto_population(double precision, double precision) IS
'smallest fraction of the customers that holds a share of the total';

CREATE FUNCTION gini_final(internal) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION gini_final(internal) IS 'final function of gini; not for direct use';

CREATE AGGREGATE gini(value numeric) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = gini_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE gini(numeric) IS
'Gini coefficient of the population: 0 when all have the same, near 1 when one has all';

CREATE AGGREGATE gini(value bigint) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = gini_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE gini(bigint) IS
'Gini coefficient of the population: 0 when all have the same, near 1 when one has all';

CREATE AGGREGATE gini(value double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = gini_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE gini(double precision) IS
'Gini coefficient of the population: 0 when all have the same, near 1 when one has all';

CREATE FUNCTION herfindahl_final(internal) RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION herfindahl_final(internal) IS 'final function of herfindahl; not for direct use';

CREATE AGGREGATE herfindahl(value numeric) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = herfindahl_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE herfindahl(numeric) IS
'Herfindahl index: the sum of squared shares, from 1/n to 1';

CREATE AGGREGATE herfindahl(value bigint) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = herfindahl_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE herfindahl(bigint) IS
'Herfindahl index: the sum of squared shares, from 1/n to 1';

CREATE AGGREGATE herfindahl(value double precision) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = herfindahl_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE herfindahl(double precision) IS
'Herfindahl index: the sum of squared shares, from 1/n to 1';

CREATE FUNCTION lorenz_curve_final(internal) RETURNS float8[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION lorenz_curve_final(internal) IS 'final function of lorenz_curve; not for direct use';

CREATE AGGREGATE lorenz_curve(value numeric, points integer) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = lorenz_curve_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE lorenz_curve(numeric, integer) IS
'Lorenz curve: share of the total that the lowest i/points of the customers hold, for i from 0 to points';

CREATE AGGREGATE lorenz_curve(value bigint, points integer) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = lorenz_curve_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE lorenz_curve(bigint, integer) IS
'Lorenz curve: share of the total that the lowest i/points of the customers hold, for i from 0 to points';

CREATE AGGREGATE lorenz_curve(value double precision, points integer) (
	SFUNC = concentration_add, STYPE = internal, FINALFUNC = lorenz_curve_final,
	COMBINEFUNC = concentration_combine, SERIALFUNC = concentration_serialize,
	DESERIALFUNC = concentration_deserialize, PARALLEL = SAFE
);

COMMENT ON AGGREGATE lorenz_curve(double precision, integer) IS
'Lorenz curve: share of the total that the lowest i/points of the customers hold, for i from 0 to points';
