-- segment/rfm: recency, frequency and monetary value

CREATE FUNCTION @extschema@.rfm_score(value numeric, bins integer DEFAULT 5) RETURNS integer
LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'rfm_score_numeric';
CREATE FUNCTION @extschema@.rfm_score(value bigint, bins integer DEFAULT 5) RETURNS integer
LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'rfm_score_int8';
CREATE FUNCTION @extschema@.rfm_score(value double precision, bins integer DEFAULT 5) RETURNS integer
LANGUAGE c WINDOW IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'rfm_score_float8';

COMMENT ON FUNCTION @extschema@.rfm_score(numeric, integer) IS
'1 + number of quantiles at i/bins (type 7) of the window partition that are below the value; equal values share a score';
COMMENT ON FUNCTION @extschema@.rfm_score(bigint, integer) IS
'1 + number of quantiles at i/bins (type 7) of the window partition that are below the value; equal values share a score';
COMMENT ON FUNCTION @extschema@.rfm_score(double precision, integer) IS
'1 + number of quantiles at i/bins (type 7) of the window partition that are below the value; equal values share a score';

CREATE FUNCTION @extschema@.rfm_segment(r integer, f integer, m integer) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.rfm_segment(integer, integer, integer) IS
'named segment of a customer by recency, frequency and monetary scores from 1 to 5, with the ranges of the R package rfm; Others if none fits';
