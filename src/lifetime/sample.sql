-- lifetime/sample: the type clv_sample, the data of a fit

CREATE TYPE clv_sample;

CREATE FUNCTION clv_sample_in(cstring) RETURNS clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_out(clv_sample) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_recv(internal) RETURNS clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_send(clv_sample) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE clv_sample (
	INPUT = clv_sample_in,
	OUTPUT = clv_sample_out,
	RECEIVE = clv_sample_recv,
	SEND = clv_sample_send,
	INTERNALLENGTH = variable,
	STORAGE = extended
);

COMMENT ON TYPE clv_sample IS
'what a fit wants to know of customers, whatever the day of view: how many ordered first and last on which days and how often, how many spent what, and two sums of logarithms; written as JSON';
COMMENT ON FUNCTION clv_sample_in(cstring) IS 'reads JSON: version, histories, spends, log_spend and log_gaps';
COMMENT ON FUNCTION clv_sample_out(clv_sample) IS 'writes JSON: exact, and the same under all settings';
COMMENT ON FUNCTION clv_sample_recv(internal) IS 'reads the binary form: a version byte and what is stored; every byte is checked';
COMMENT ON FUNCTION clv_sample_send(clv_sample) IS 'writes the binary form';

CREATE FUNCTION clv_sample_to_jsonb(clv_sample) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION clv_sample_to_jsonb(clv_sample) IS 'the sample as jsonb';
CREATE FUNCTION clv_sample_from_jsonb(jsonb) RETURNS clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION clv_sample_from_jsonb(jsonb) IS 'the sample that the jsonb describes, checked like its text form';

CREATE CAST (clv_sample AS jsonb) WITH FUNCTION clv_sample_to_jsonb(clv_sample) AS ASSIGNMENT;
COMMENT ON CAST (clv_sample AS jsonb) IS 'the sample as jsonb';
CREATE CAST (jsonb AS clv_sample) WITH FUNCTION clv_sample_from_jsonb(jsonb);
COMMENT ON CAST (jsonb AS clv_sample) IS 'the sample that the jsonb describes';

-- Operators

CREATE FUNCTION clv_sample_add(clv_sample, clv_sample) RETURNS clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_subtract(clv_sample, clv_sample) RETURNS clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_negate(clv_sample) RETURNS clv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_cmp(clv_sample, clv_sample) RETURNS int
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_eq(clv_sample, clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_ne(clv_sample, clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_lt(clv_sample, clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_le(clv_sample, clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_gt(clv_sample, clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_ge(clv_sample, clv_sample) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_hash(clv_sample) RETURNS int
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION clv_sample_hash_extended(clv_sample, bigint) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION clv_sample_add(clv_sample, clv_sample) IS 'implementation of + operator';
COMMENT ON FUNCTION clv_sample_subtract(clv_sample, clv_sample) IS 'implementation of - operator';
COMMENT ON FUNCTION clv_sample_negate(clv_sample) IS 'implementation of - operator';
COMMENT ON FUNCTION clv_sample_cmp(clv_sample, clv_sample) IS 'less-equal-greater';
COMMENT ON FUNCTION clv_sample_eq(clv_sample, clv_sample) IS 'implementation of = operator';
COMMENT ON FUNCTION clv_sample_ne(clv_sample, clv_sample) IS 'implementation of <> operator';
COMMENT ON FUNCTION clv_sample_lt(clv_sample, clv_sample) IS 'implementation of < operator';
COMMENT ON FUNCTION clv_sample_le(clv_sample, clv_sample) IS 'implementation of <= operator';
COMMENT ON FUNCTION clv_sample_gt(clv_sample, clv_sample) IS 'implementation of > operator';
COMMENT ON FUNCTION clv_sample_ge(clv_sample, clv_sample) IS 'implementation of >= operator';
COMMENT ON FUNCTION clv_sample_hash(clv_sample) IS 'hash';
COMMENT ON FUNCTION clv_sample_hash_extended(clv_sample, bigint) IS 'hash with a seed';

CREATE OPERATOR + (LEFTARG = clv_sample, RIGHTARG = clv_sample, FUNCTION = clv_sample_add, COMMUTATOR = +);
CREATE OPERATOR - (LEFTARG = clv_sample, RIGHTARG = clv_sample, FUNCTION = clv_sample_subtract);
CREATE OPERATOR - (RIGHTARG = clv_sample, FUNCTION = clv_sample_negate);
CREATE OPERATOR = (
	LEFTARG = clv_sample, RIGHTARG = clv_sample, FUNCTION = clv_sample_eq, COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR <> (
	LEFTARG = clv_sample, RIGHTARG = clv_sample, FUNCTION = clv_sample_ne, COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR < (
	LEFTARG = clv_sample, RIGHTARG = clv_sample, FUNCTION = clv_sample_lt, COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR <= (
	LEFTARG = clv_sample, RIGHTARG = clv_sample, FUNCTION = clv_sample_le, COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR > (
	LEFTARG = clv_sample, RIGHTARG = clv_sample, FUNCTION = clv_sample_gt, COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR >= (
	LEFTARG = clv_sample, RIGHTARG = clv_sample, FUNCTION = clv_sample_ge, COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR + (clv_sample, clv_sample) IS 'the customers of both samples; exact';
COMMENT ON OPERATOR - (clv_sample, clv_sample) IS 'takes the second sample''s customers away; undoes +';
COMMENT ON OPERATOR - (NONE, clv_sample) IS 'the sample that undoes this one';
COMMENT ON OPERATOR = (clv_sample, clv_sample) IS 'same counts and sums';
COMMENT ON OPERATOR <> (clv_sample, clv_sample) IS 'other counts or sums';
COMMENT ON OPERATOR < (clv_sample, clv_sample) IS 'an order for sorting, which means nothing';
COMMENT ON OPERATOR <= (clv_sample, clv_sample) IS 'an order for sorting, which means nothing';
COMMENT ON OPERATOR > (clv_sample, clv_sample) IS 'an order for sorting, which means nothing';
COMMENT ON OPERATOR >= (clv_sample, clv_sample) IS 'an order for sorting, which means nothing';

CREATE OPERATOR CLASS clv_sample_hash_ops DEFAULT FOR TYPE clv_sample USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 clv_sample_hash(clv_sample),
	FUNCTION 2 clv_sample_hash_extended(clv_sample, bigint);
CREATE OPERATOR CLASS clv_sample_ops DEFAULT FOR TYPE clv_sample USING btree AS
	OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
	FUNCTION 1 clv_sample_cmp(clv_sample, clv_sample);

COMMENT ON OPERATOR CLASS clv_sample_hash_ops USING hash IS 'equality of samples';
COMMENT ON OPERATOR FAMILY clv_sample_hash_ops USING hash IS 'equality of samples';
COMMENT ON OPERATOR CLASS clv_sample_ops USING btree IS 'equality of samples, and an order that means nothing';
COMMENT ON OPERATOR FAMILY clv_sample_ops USING btree IS 'equality of samples, and an order that means nothing';

-- Aggregates, whose state is the type

CREATE FUNCTION clv_sample_accumulate(clv_sample, customer_value) RETURNS clv_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION clv_sample_accumulate(clv_sample, customer_value) IS 'transition function of clv_sample';
CREATE FUNCTION clv_sample_merge(clv_sample, clv_sample) RETURNS clv_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION clv_sample_merge(clv_sample, clv_sample) IS 'transition function of sum(clv_sample), and combine function';

CREATE AGGREGATE clv_sample(cv customer_value) (
	SFUNC = clv_sample_accumulate, STYPE = clv_sample, COMBINEFUNC = clv_sample_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE clv_sample(customer_value) IS
'the sample of these customers; ledgers without an order are left out, and until(cv, date) makes a calibration sample; NULL without customers';

CREATE AGGREGATE sum(clv_sample) (
	SFUNC = clv_sample_merge, STYPE = clv_sample, COMBINEFUNC = clv_sample_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE sum(clv_sample) IS 'all samples merged: the sample of all their customers together';
