-- lifetime/fit: maximum likelihood

CREATE FUNCTION @extschema@.clv_fit_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_combine(internal, internal) IS 'combine function of clv_fit';

CREATE FUNCTION @extschema@.clv_fit_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_serialise(internal) IS 'serialisation function of clv_fit';

CREATE FUNCTION @extschema@.clv_fit_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_deserialise(bytea, internal) IS 'deserialisation function of clv_fit';

CREATE FUNCTION @extschema@.clv_fit_final(internal) RETURNS @extschema@.clv_model
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_final(internal) IS 'final function of clv_fit: the fit itself';

-- Aggregates have no default arguments: there is one for each combination that leaves untyped literals unambiguous.

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date) IS 'transition function of clv_fit(customer_value, text, date)';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date) IS
'fits the model bg/nbd, mbg/nbd, pareto/nbd, bg/cnbd-k or mbg/cnbd-k to ledgers up to and including as_of by maximum likelihood, in weeks, and the gamma-gamma model of spend beside it to every order day; ledgers without an order by then are left out; NULL without customers (Fader, Hardie & Lee 2005)';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval) IS 'transition function of clv_fit(customer_value, text, date, interval)';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, unit interval) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, interval) IS
'as clv_fit(cv, model, as_of), in units of that length (a month is 365.25/12 days)';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, text) IS 'transition function of clv_fit(customer_value, text, date, text)';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, spend text) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, text) IS
'as clv_fit(cv, model, as_of), with spend ''means'' the model of spend as published, of the means of the repeat order days; with ''orders'', as without it, of every order day';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, text) IS 'transition function of clv_fit(customer_value, text, date, interval, text)';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, unit interval, spend text) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, interval, text) IS
'as clv_fit(cv, model, as_of), with both';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, int) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, int) IS 'transition function of clv_fit(customer_value, text, date, int)';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, k int) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, int) IS
'fits the model bg/cnbd-k or mbg/cnbd-k of regular buyers with that k from 1 to 12; without k, or with NULL, the best one is taken (Reutterer, Platzer & Schröder 2021)';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, int) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, int) IS 'transition function of clv_fit(customer_value, text, date, interval, int)';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, unit interval, k int) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, interval, int) IS
'as clv_fit(cv, model, as_of, k), with unit';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, text, int) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, text, int) IS 'transition function of clv_fit(customer_value, text, date, interval, text, int)';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, unit interval, spend text, k int) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, interval, text, int) IS
'as clv_fit(cv, model, as_of, k), with unit and spend';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, float8[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, float8[]) IS 'transition function of clv_fit(customer_value, text, date, float8[])';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, covariates float8[]) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, float8[]) IS
'fits the model bg/nbd or pareto/nbd with up to 8 covariates of the customer that are constant in time, the same number for all, in their order: alpha (and beta) go with exp(-coefficients'' covariates), a and b with exp(coefficients'' covariates); clv_model_for gives the model of a customer (Fader & Hardie 2007)';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, float8[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, float8[]) IS 'transition function of clv_fit(customer_value, text, date, interval, float8[])';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, unit interval, covariates float8[]) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, interval, float8[]) IS
'as clv_fit(cv, model, as_of, covariates), with unit';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, text, float8[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_ledger';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.customer_value, text, date, interval, text, float8[]) IS 'transition function of clv_fit(customer_value, text, date, interval, text, float8[])';

CREATE AGGREGATE @extschema@.clv_fit(cv @extschema@.customer_value, model text, as_of date, unit interval, spend text, covariates float8[]) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.customer_value, text, date, interval, text, float8[]) IS
'as clv_fit(cv, model, as_of, covariates), with unit and spend';

CREATE FUNCTION @extschema@.clv_model_for(model @extschema@.clv_model, covariates float8[]) RETURNS @extschema@.clv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_model_for(@extschema@.clv_model, float8[]) IS
'the model of the customers that have these covariates, from one that was fitted with covariates: a model without any, for all functions; with std_errors and covariance of its own';

CREATE FUNCTION @extschema@.clv_fit(sample @extschema@.clv_sample, model text, as_of date, unit interval DEFAULT '1 week', spend text DEFAULT 'orders', k int DEFAULT NULL) RETURNS @extschema@.clv_model
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_of_sample';
COMMENT ON FUNCTION @extschema@.clv_fit(@extschema@.clv_sample, text, date, interval, text, int) IS
'the model that clv_fit finds for the ledgers that the sample was made of, to the last bit; as_of must not lie before an order of the sample; NULL without customers';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.btyd_summary, text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_summary';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.btyd_summary, text) IS 'transition function of clv_fit(btyd_summary, text)';

CREATE AGGREGATE @extschema@.clv_fit(s @extschema@.btyd_summary, model text) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.btyd_summary, text) IS
'fits the model bg/nbd, mbg/nbd, pareto/nbd, bg/cnbd-k, mbg/cnbd-k or bg/bb to summaries by maximum likelihood, and the gamma-gamma model of spend beside it; the unit is taken to be a week; NULL without customers';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.btyd_summary, text, interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_summary';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.btyd_summary, text, interval) IS 'transition function of clv_fit(btyd_summary, text, interval)';

CREATE AGGREGATE @extschema@.clv_fit(s @extschema@.btyd_summary, model text, unit interval) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.btyd_summary, text, interval) IS
'as clv_fit(s, model), for summaries in units of that length';

CREATE FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.btyd_summary, text, interval, int) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_summary';
COMMENT ON FUNCTION @extschema@.clv_fit_accumulate(internal, @extschema@.btyd_summary, text, interval, int) IS 'transition function of clv_fit(btyd_summary, text, interval, int)';

CREATE AGGREGATE @extschema@.clv_fit(s @extschema@.btyd_summary, model text, unit interval, k int) (
	SFUNC = @extschema@.clv_fit_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit(@extschema@.btyd_summary, text, interval, int) IS
'as clv_fit(s, model, unit), of the models bg/cnbd-k and mbg/cnbd-k with that k from 1 to 12; without k, or with NULL, with the best one. Summaries tell of regularity only by how often and for how long customers order: ledgers tell more';

CREATE FUNCTION @extschema@.clv_fit_bgbb_accumulate(internal, int, int, int) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_fit_accumulate_bgbb';
COMMENT ON FUNCTION @extschema@.clv_fit_bgbb_accumulate(internal, int, int, int) IS 'transition function of clv_fit_bgbb(int, int, int)';

CREATE AGGREGATE @extschema@.clv_fit_bgbb(frequency int, recency int, periods int) (
	SFUNC = @extschema@.clv_fit_bgbb_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_final,
	COMBINEFUNC = @extschema@.clv_fit_combine,
	SERIALFUNC = @extschema@.clv_fit_serialise,
	DESERIALFUNC = @extschema@.clv_fit_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit_bgbb(int, int, int) IS
'fits the model bg/bb to customers with that frequency and recency (number of the last opportunity used) in that many opportunities; NULL without customers (Fader, Hardie & Shang 2010)';

CREATE FUNCTION @extschema@.clv_fit_sbg_accumulate(internal, int, bigint) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_sbg_accumulate(internal, int, bigint) IS 'transition function of clv_fit_sbg';

CREATE FUNCTION @extschema@.clv_fit_sbg_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_sbg_combine(internal, internal) IS 'combine function of clv_fit_sbg';

CREATE FUNCTION @extschema@.clv_fit_sbg_serialise(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_sbg_serialise(internal) IS 'serialisation function of clv_fit_sbg';

CREATE FUNCTION @extschema@.clv_fit_sbg_deserialise(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_sbg_deserialise(bytea, internal) IS 'deserialisation function of clv_fit_sbg';

CREATE FUNCTION @extschema@.clv_fit_sbg_final(internal) RETURNS @extschema@.clv_model
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_sbg_final(internal) IS 'final function of clv_fit_sbg: the fit itself';

CREATE AGGREGATE @extschema@.clv_fit_sbg(period int, survivors bigint) (
	SFUNC = @extschema@.clv_fit_sbg_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_sbg_final,
	COMBINEFUNC = @extschema@.clv_fit_sbg_combine,
	SERIALFUNC = @extschema@.clv_fit_sbg_serialise,
	DESERIALFUNC = @extschema@.clv_fit_sbg_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit_sbg(int, bigint) IS
'fits the model sbg to the survivors of a cohort of contracts after period = 0, 1, 2 … renewals, each once, in any order; NULL without rows (Fader & Hardie 2007)';

CREATE FUNCTION @extschema@.clv_fit_sbg_accumulate(internal, int, bigint, anyelement) RETURNS internal
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.clv_fit_sbg_accumulate(internal, int, bigint, anyelement) IS 'transition function of clv_fit_sbg(int, bigint, anyelement)';

CREATE AGGREGATE @extschema@.clv_fit_sbg(period int, survivors bigint, cohort anyelement) (
	SFUNC = @extschema@.clv_fit_sbg_accumulate,
	STYPE = internal,
	FINALFUNC = @extschema@.clv_fit_sbg_final,
	COMBINEFUNC = @extschema@.clv_fit_sbg_combine,
	SERIALFUNC = @extschema@.clv_fit_sbg_serialise,
	DESERIALFUNC = @extschema@.clv_fit_sbg_deserialise,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.clv_fit_sbg(int, bigint, anyelement) IS
'fits one model sbg to the survivors of several cohorts of contracts, each from its own period 0 on and for as long as it is known; cohort, of any type, names the cohort of the row (a single cohort must not be the sum of several)';
