-- lifetime/model: the type clv_model

CREATE TYPE @extschema@.clv_model;

CREATE FUNCTION @extschema@.clv_model_in(cstring) RETURNS @extschema@.clv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION @extschema@.clv_model_out(@extschema@.clv_model) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION @extschema@.clv_model_recv(internal) RETURNS @extschema@.clv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE FUNCTION @extschema@.clv_model_send(@extschema@.clv_model) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE @extschema@.clv_model (
	INPUT = @extschema@.clv_model_in,
	OUTPUT = @extschema@.clv_model_out,
	RECEIVE = @extschema@.clv_model_recv,
	SEND = @extschema@.clv_model_send,
	INTERNALLENGTH = variable,
	ALIGNMENT = double,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.clv_model IS
'a fitted model of customer behaviour, written as JSON: {"model": "bg/nbd", "params": {"r": …, "alpha": …, "a": …, "b": …}, …}; with std_errors, covariance (of the logarithms of the parameters), loglik, customers, unit_days (7 by default), as_of, spend {p, q, v, …}, converged and notes, all optional';
COMMENT ON FUNCTION @extschema@.clv_model_in(cstring) IS
'reads JSON; refuses unknown members and parameters that are missing, not positive or not finite by name';
COMMENT ON FUNCTION @extschema@.clv_model_out(@extschema@.clv_model) IS 'writes JSON: exact, and the same under all settings';
COMMENT ON FUNCTION @extschema@.clv_model_recv(internal) IS 'reads the binary form: a version byte and the text';
COMMENT ON FUNCTION @extschema@.clv_model_send(@extschema@.clv_model) IS 'writes the binary form: a version byte and the text';

CREATE FUNCTION @extschema@.clv_model_to_jsonb(@extschema@.clv_model) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_model_to_jsonb(@extschema@.clv_model) IS 'the model as jsonb';

CREATE FUNCTION @extschema@.clv_model_from_jsonb(jsonb) RETURNS @extschema@.clv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_model_from_jsonb(jsonb) IS 'the model that the jsonb describes, checked like its text form';

CREATE CAST (@extschema@.clv_model AS jsonb) WITH FUNCTION @extschema@.clv_model_to_jsonb(@extschema@.clv_model) AS ASSIGNMENT;
COMMENT ON CAST (@extschema@.clv_model AS jsonb) IS 'the model as jsonb';
CREATE CAST (jsonb AS @extschema@.clv_model) WITH FUNCTION @extschema@.clv_model_from_jsonb(jsonb);
COMMENT ON CAST (jsonb AS @extschema@.clv_model) IS 'the model that the jsonb describes';
