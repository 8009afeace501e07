-- lifetime/sample: the type clv_sample, the data of a fit

CREATE TYPE @extschema@.clv_sample;

CREATE FUNCTION @extschema@.clv_sample_in(cstring) RETURNS @extschema@.clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_out(@extschema@.clv_sample) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_recv(internal) RETURNS @extschema@.clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_send(@extschema@.clv_sample) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE @extschema@.clv_sample (
	INPUT = @extschema@.clv_sample_in,
	OUTPUT = @extschema@.clv_sample_out,
	RECEIVE = @extschema@.clv_sample_recv,
	SEND = @extschema@.clv_sample_send,
	INTERNALLENGTH = variable,
	STORAGE = extended
);

COMMENT ON TYPE @extschema@.clv_sample IS
'what a fit wants to know of customers, whatever the day of view: how many ordered first and last on which days and how often, how many spent what, and two sums of logarithms; written as JSON';
COMMENT ON FUNCTION @extschema@.clv_sample_in(cstring) IS 'reads JSON: version, histories, spends, log_spend and log_gaps';
COMMENT ON FUNCTION @extschema@.clv_sample_out(@extschema@.clv_sample) IS 'writes JSON: exact, and the same under all settings';
COMMENT ON FUNCTION @extschema@.clv_sample_recv(internal) IS 'reads the binary form: a version byte and what is stored; every byte is checked';
COMMENT ON FUNCTION @extschema@.clv_sample_send(@extschema@.clv_sample) IS 'writes the binary form';

CREATE FUNCTION @extschema@.clv_sample_to_jsonb(@extschema@.clv_sample) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_sample_to_jsonb(@extschema@.clv_sample) IS 'the sample as jsonb';
CREATE FUNCTION @extschema@.clv_sample_from_jsonb(jsonb) RETURNS @extschema@.clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_sample_from_jsonb(jsonb) IS 'the sample that the jsonb describes, checked like its text form';

CREATE CAST (@extschema@.clv_sample AS jsonb) WITH FUNCTION @extschema@.clv_sample_to_jsonb(@extschema@.clv_sample) AS ASSIGNMENT;
COMMENT ON CAST (@extschema@.clv_sample AS jsonb) IS 'the sample as jsonb';
CREATE CAST (jsonb AS @extschema@.clv_sample) WITH FUNCTION @extschema@.clv_sample_from_jsonb(jsonb);
COMMENT ON CAST (jsonb AS @extschema@.clv_sample) IS 'the sample that the jsonb describes';

-- Operators

CREATE FUNCTION @extschema@.clv_sample_add(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS @extschema@.clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_subtract(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS @extschema@.clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_negate(@extschema@.clv_sample) RETURNS @extschema@.clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_cmp(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS int
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_eq(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_ne(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_lt(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_le(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_gt(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_ge(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_hash(@extschema@.clv_sample) RETURNS int
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION @extschema@.clv_sample_hash_extended(@extschema@.clv_sample, bigint) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.clv_sample_add(@extschema@.clv_sample, @extschema@.clv_sample) IS 'implementation of + operator';
COMMENT ON FUNCTION @extschema@.clv_sample_subtract(@extschema@.clv_sample, @extschema@.clv_sample) IS 'implementation of - operator';
COMMENT ON FUNCTION @extschema@.clv_sample_negate(@extschema@.clv_sample) IS 'implementation of - operator';
COMMENT ON FUNCTION @extschema@.clv_sample_cmp(@extschema@.clv_sample, @extschema@.clv_sample) IS 'less-equal-greater';
COMMENT ON FUNCTION @extschema@.clv_sample_eq(@extschema@.clv_sample, @extschema@.clv_sample) IS 'implementation of = operator';
COMMENT ON FUNCTION @extschema@.clv_sample_ne(@extschema@.clv_sample, @extschema@.clv_sample) IS 'implementation of <> operator';
COMMENT ON FUNCTION @extschema@.clv_sample_lt(@extschema@.clv_sample, @extschema@.clv_sample) IS 'implementation of < operator';
COMMENT ON FUNCTION @extschema@.clv_sample_le(@extschema@.clv_sample, @extschema@.clv_sample) IS 'implementation of <= operator';
COMMENT ON FUNCTION @extschema@.clv_sample_gt(@extschema@.clv_sample, @extschema@.clv_sample) IS 'implementation of > operator';
COMMENT ON FUNCTION @extschema@.clv_sample_ge(@extschema@.clv_sample, @extschema@.clv_sample) IS 'implementation of >= operator';
COMMENT ON FUNCTION @extschema@.clv_sample_hash(@extschema@.clv_sample) IS 'hash';
COMMENT ON FUNCTION @extschema@.clv_sample_hash_extended(@extschema@.clv_sample, bigint) IS 'hash with a seed';

CREATE OPERATOR @extschema@.+ (LEFTARG = @extschema@.clv_sample, RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_add, COMMUTATOR = OPERATOR(@extschema@.+));
CREATE OPERATOR @extschema@.- (LEFTARG = @extschema@.clv_sample, RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_subtract);
CREATE OPERATOR @extschema@.- (RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_negate);
CREATE OPERATOR @extschema@.= (
	LEFTARG = @extschema@.clv_sample, RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_eq, COMMUTATOR = OPERATOR(@extschema@.=), NEGATOR = OPERATOR(@extschema@.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR @extschema@.<> (
	LEFTARG = @extschema@.clv_sample, RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_ne, COMMUTATOR = OPERATOR(@extschema@.<>), NEGATOR = OPERATOR(@extschema@.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR @extschema@.< (
	LEFTARG = @extschema@.clv_sample, RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_lt, COMMUTATOR = OPERATOR(@extschema@.>), NEGATOR = OPERATOR(@extschema@.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR @extschema@.<= (
	LEFTARG = @extschema@.clv_sample, RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_le, COMMUTATOR = OPERATOR(@extschema@.>=), NEGATOR = OPERATOR(@extschema@.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR @extschema@.> (
	LEFTARG = @extschema@.clv_sample, RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_gt, COMMUTATOR = OPERATOR(@extschema@.<), NEGATOR = OPERATOR(@extschema@.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR @extschema@.>= (
	LEFTARG = @extschema@.clv_sample, RIGHTARG = @extschema@.clv_sample, FUNCTION = @extschema@.clv_sample_ge, COMMUTATOR = OPERATOR(@extschema@.<=), NEGATOR = OPERATOR(@extschema@.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR @extschema@.+ (@extschema@.clv_sample, @extschema@.clv_sample) IS 'the customers of both samples; exact';
COMMENT ON OPERATOR @extschema@.- (@extschema@.clv_sample, @extschema@.clv_sample) IS 'takes the second sample''s customers away; undoes +';
COMMENT ON OPERATOR @extschema@.- (NONE, @extschema@.clv_sample) IS 'the sample that undoes this one';
COMMENT ON OPERATOR @extschema@.= (@extschema@.clv_sample, @extschema@.clv_sample) IS 'same counts and sums';
COMMENT ON OPERATOR @extschema@.<> (@extschema@.clv_sample, @extschema@.clv_sample) IS 'other counts or sums';
COMMENT ON OPERATOR @extschema@.< (@extschema@.clv_sample, @extschema@.clv_sample) IS 'an order for sorting, which means nothing';
COMMENT ON OPERATOR @extschema@.<= (@extschema@.clv_sample, @extschema@.clv_sample) IS 'an order for sorting, which means nothing';
COMMENT ON OPERATOR @extschema@.> (@extschema@.clv_sample, @extschema@.clv_sample) IS 'an order for sorting, which means nothing';
COMMENT ON OPERATOR @extschema@.>= (@extschema@.clv_sample, @extschema@.clv_sample) IS 'an order for sorting, which means nothing';

CREATE OPERATOR CLASS @extschema@.clv_sample_hash_ops DEFAULT FOR TYPE @extschema@.clv_sample USING hash AS
	OPERATOR 1 @extschema@.=,
	FUNCTION 1 @extschema@.clv_sample_hash(@extschema@.clv_sample),
	FUNCTION 2 @extschema@.clv_sample_hash_extended(@extschema@.clv_sample, bigint);
CREATE OPERATOR CLASS @extschema@.clv_sample_ops DEFAULT FOR TYPE @extschema@.clv_sample USING btree AS
	OPERATOR 1 @extschema@.<, OPERATOR 2 @extschema@.<=, OPERATOR 3 @extschema@.=, OPERATOR 4 @extschema@.>=, OPERATOR 5 @extschema@.>,
	FUNCTION 1 @extschema@.clv_sample_cmp(@extschema@.clv_sample, @extschema@.clv_sample);

COMMENT ON OPERATOR CLASS @extschema@.clv_sample_hash_ops USING hash IS 'equality of samples';
COMMENT ON OPERATOR FAMILY @extschema@.clv_sample_hash_ops USING hash IS 'equality of samples';
COMMENT ON OPERATOR CLASS @extschema@.clv_sample_ops USING btree IS 'equality of samples, and an order that means nothing';
COMMENT ON OPERATOR FAMILY @extschema@.clv_sample_ops USING btree IS 'equality of samples, and an order that means nothing';

-- Aggregates, whose state is the type

CREATE FUNCTION @extschema@.clv_sample_accumulate(@extschema@.clv_sample, @extschema@.customer_value) RETURNS @extschema@.clv_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_sample_accumulate(@extschema@.clv_sample, @extschema@.customer_value) IS 'transition function of clv_sample';
CREATE FUNCTION @extschema@.clv_sample_merge(@extschema@.clv_sample, @extschema@.clv_sample) RETURNS @extschema@.clv_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_sample_merge(@extschema@.clv_sample, @extschema@.clv_sample) IS 'transition function of sum(clv_sample), and combine function';

CREATE AGGREGATE @extschema@.clv_sample(cv @extschema@.customer_value) (
	SFUNC = @extschema@.clv_sample_accumulate, STYPE = @extschema@.clv_sample, COMBINEFUNC = @extschema@.clv_sample_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_sample(@extschema@.customer_value) IS
'the sample of these customers; ledgers without an order are left out, and until(cv, date) makes a calibration sample; NULL without customers';

CREATE AGGREGATE @extschema@.sum(@extschema@.clv_sample) (
	SFUNC = @extschema@.clv_sample_merge, STYPE = @extschema@.clv_sample, COMBINEFUNC = @extschema@.clv_sample_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.sum(@extschema@.clv_sample) IS 'all samples merged: the sample of all their customers together';
