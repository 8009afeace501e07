-- insight/kpi_effect: what goes along with what, and how much later

CREATE FUNCTION @extschema@.kpi_effect(x float8[], y float8[], lag int DEFAULT 0,
	OUT n int, OUT correlation float8, OUT low float8, OUT high float8)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'insight_kpi_effect';
COMMENT ON FUNCTION @extschema@.kpi_effect(float8[], float8[], int) IS
'correlation of x with y lag periods later, both one element a period, over the n pairs where neither is NULL, and its 95 % confidence interval (Fisher 1921); an error below 10 pairs; NULL where x or y does not vary. The interval takes periods for independent: take differences of figures that have a trend';
