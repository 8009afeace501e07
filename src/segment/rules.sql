-- segment/rules: rule sets as values, and what they say of a customer's facts

CREATE TYPE segment_rules;

CREATE FUNCTION segment_rules_in(cstring) RETURNS segment_rules
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION segment_rules_out(segment_rules) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION segment_rules_recv(internal) RETURNS segment_rules
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION segment_rules_send(segment_rules) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE segment_rules (
	INPUT = segment_rules_in, OUTPUT = segment_rules_out,
	RECEIVE = segment_rules_recv, SEND = segment_rules_send,
	ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE segment_rules IS
'rule set that assigns segments to customers: written as JSON, checked when written, compiled when stored';
COMMENT ON FUNCTION segment_rules_in(cstring) IS 'I/O: JSON, checked in full; errors name the path in the document';
COMMENT ON FUNCTION segment_rules_out(segment_rules) IS 'I/O: the document as jsonb prints it';
COMMENT ON FUNCTION segment_rules_recv(internal) IS 'I/O: version byte and JSON, checked in full';
COMMENT ON FUNCTION segment_rules_send(segment_rules) IS 'I/O: version byte and JSON';

CREATE FUNCTION segment_rules_from_jsonb(jsonb) RETURNS segment_rules
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segment_rules_from_jsonb(jsonb) IS 'rule set of a document; errors name the path in it';

CREATE FUNCTION segment_rules_to_jsonb(segment_rules) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segment_rules_to_jsonb(segment_rules) IS 'the document of a rule set';

CREATE CAST (jsonb AS segment_rules) WITH FUNCTION segment_rules_from_jsonb(jsonb) AS ASSIGNMENT;
CREATE CAST (segment_rules AS jsonb) WITH FUNCTION segment_rules_to_jsonb(segment_rules) AS ASSIGNMENT;
COMMENT ON CAST (jsonb AS segment_rules) IS 'rule set of a document; errors name the path in it';
COMMENT ON CAST (segment_rules AS jsonb) IS 'the document of a rule set';

CREATE FUNCTION segment_of(facts jsonb, rules segment_rules, previous text DEFAULT NULL) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segment_of(jsonb, segment_rules, text) IS
'segment of a customer by the facts; previous is the segment until now, which stays in a grey zone';

CREATE FUNCTION segment_score(facts jsonb, rules segment_rules) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segment_score(jsonb, segment_rules) IS
'sum of weight * points / sum of weight over the criteria whose fact is present; NULL if none is';

CREATE FUNCTION explain_segment(
	facts jsonb, rules segment_rules, previous text DEFAULT NULL,
	OUT step text, OUT fact text, OUT value jsonb, OUT points double precision, OUT weight double precision,
	OUT contribution double precision, OUT outcome text
) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION explain_segment(jsonb, segment_rules, text) IS
'every step of segment_of, in its order; the contributions add up to the score';

CREATE FUNCTION segment_of(
	cv customer_value, rules segment_rules, as_of date DEFAULT CURRENT_DATE, facts jsonb DEFAULT NULL,
	previous text DEFAULT NULL
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN segment_of(facts(cv, as_of) || coalesce(facts, '{}'), rules, previous);
COMMENT ON FUNCTION segment_of(customer_value, segment_rules, date, jsonb, text) IS
'segment of a customer by the facts of the ledger at a date, with further facts laid over them';
