-- segment/rules: rule sets as values, and what they say of a customer's facts

CREATE TYPE @extschema@.segment_rules;

CREATE FUNCTION @extschema@.segment_rules_in(cstring) RETURNS @extschema@.segment_rules
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.segment_rules_out(@extschema@.segment_rules) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.segment_rules_recv(internal) RETURNS @extschema@.segment_rules
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.segment_rules_send(@extschema@.segment_rules) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE @extschema@.segment_rules (
	INPUT = @extschema@.segment_rules_in, OUTPUT = @extschema@.segment_rules_out,
	RECEIVE = @extschema@.segment_rules_recv, SEND = @extschema@.segment_rules_send,
	ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE @extschema@.segment_rules IS
'rule set that assigns segments to customers: written as JSON, checked when written, compiled when stored';
COMMENT ON FUNCTION @extschema@.segment_rules_in(cstring) IS 'I/O: JSON, checked in full; errors name the path in the document';
COMMENT ON FUNCTION @extschema@.segment_rules_out(@extschema@.segment_rules) IS 'I/O: the document as jsonb prints it';
COMMENT ON FUNCTION @extschema@.segment_rules_recv(internal) IS 'I/O: version byte and JSON, checked in full';
COMMENT ON FUNCTION @extschema@.segment_rules_send(@extschema@.segment_rules) IS 'I/O: version byte and JSON';

CREATE FUNCTION @extschema@.segment_rules_from_jsonb(jsonb) RETURNS @extschema@.segment_rules
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.segment_rules_from_jsonb(jsonb) IS 'rule set of a document; errors name the path in it';

CREATE FUNCTION @extschema@.segment_rules_to_jsonb(@extschema@.segment_rules) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.segment_rules_to_jsonb(@extschema@.segment_rules) IS 'the document of a rule set';

CREATE CAST (jsonb AS @extschema@.segment_rules) WITH FUNCTION @extschema@.segment_rules_from_jsonb(jsonb) AS ASSIGNMENT;
CREATE CAST (@extschema@.segment_rules AS jsonb) WITH FUNCTION @extschema@.segment_rules_to_jsonb(@extschema@.segment_rules) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS @extschema@.segment_rules) IS 'rule set of a document; errors name the path in it';
COMMENT ON CAST (@extschema@.segment_rules AS jsonb) IS 'the document of a rule set';

CREATE FUNCTION @extschema@.segment_of(facts jsonb, rules @extschema@.segment_rules, previous text DEFAULT NULL) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.segment_of(jsonb, @extschema@.segment_rules, text) IS
'segment of a customer by the facts; previous is the segment until now, which stays in a grey zone';

CREATE FUNCTION @extschema@.segment_score(facts jsonb, rules @extschema@.segment_rules) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.segment_score(jsonb, @extschema@.segment_rules) IS
'sum of weight * points / sum of weight over the criteria whose fact is present; NULL if none is';

CREATE FUNCTION @extschema@.explain_segment(
	facts jsonb, rules @extschema@.segment_rules, previous text DEFAULT NULL,
	OUT step text, OUT fact text, OUT value jsonb, OUT points double precision, OUT weight double precision,
	OUT contribution double precision, OUT outcome text
) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.explain_segment(jsonb, @extschema@.segment_rules, text) IS
'every step of segment_of, in its order; the contributions add up to the score';

CREATE FUNCTION @extschema@.segment_of(
	cv @extschema@.customer_value, rules @extschema@.segment_rules, as_of date DEFAULT CURRENT_DATE, facts jsonb DEFAULT NULL,
	previous text DEFAULT NULL
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN @extschema@.segment_of(@extschema@.facts(cv, as_of) || coalesce(facts, '{}'), rules, previous);
COMMENT ON FUNCTION @extschema@.segment_of(@extschema@.customer_value, @extschema@.segment_rules, date, jsonb, text) IS
'segment of a customer by the facts of the ledger at a date, with further facts laid over them';
