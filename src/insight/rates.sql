-- insight/rates: rates over customers and over ratings; the state of each is {count, sum}

CREATE FUNCTION @extschema@.insight_retention_accumulate(bigint[], @extschema@.customer_value, date, date) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_retention_accumulate(bigint[], @extschema@.customer_value, date, date) IS
'transition function of retention_rate and churn_rate';

CREATE FUNCTION @extschema@.insight_retention_accumulate(bigint[], @extschema@.customer_value, date, date, date) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_retention_accumulate(bigint[], @extschema@.customer_value, date, date, date) IS
'transition function of retention_rate and churn_rate with the period of a cohort';

CREATE FUNCTION @extschema@.insight_repeat_accumulate(bigint[], @extschema@.customer_value) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_repeat_accumulate(bigint[], @extschema@.customer_value) IS 'transition function of repeat_rate(customer_value)';

CREATE FUNCTION @extschema@.insight_repeat_accumulate(bigint[], @extschema@.customer_value, date, date) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_repeat_accumulate(bigint[], @extschema@.customer_value, date, date) IS
'transition function of repeat_rate(customer_value, date, date)';

CREATE FUNCTION @extschema@.insight_nps_accumulate(bigint[], int) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_nps_accumulate(bigint[], int) IS 'transition function of nps';

CREATE FUNCTION @extschema@.insight_csat_accumulate(bigint[], int) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_csat_accumulate(bigint[], int) IS 'transition function of csat(int)';

CREATE FUNCTION @extschema@.insight_csat_accumulate(bigint[], int, int, int) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_csat_accumulate(bigint[], int, int, int) IS 'transition function of csat(int, int, int)';

CREATE FUNCTION @extschema@.insight_loyalty_accumulate(bigint[], int, int, int) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_loyalty_accumulate(bigint[], int, int, int) IS 'transition function of loyalty_index';

CREATE FUNCTION @extschema@.insight_rate_merge(bigint[], bigint[]) RETURNS bigint[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_rate_merge(bigint[], bigint[]) IS 'combine function of the aggregates that give a rate';

CREATE FUNCTION @extschema@.insight_rate_final(bigint[]) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_rate_final(bigint[]) IS 'final function of rates: sum / count';

CREATE FUNCTION @extschema@.insight_churn_final(bigint[]) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_churn_final(bigint[]) IS 'final function of churn_rate: (count - sum) / count';

CREATE FUNCTION @extschema@.insight_percent_final(bigint[]) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_percent_final(bigint[]) IS 'final function of nps: 100 × sum / count';

CREATE FUNCTION @extschema@.insight_loyalty_final(bigint[]) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.insight_loyalty_final(bigint[]) IS 'final function of loyalty_index: the mean answer, times 10';

CREATE AGGREGATE @extschema@.retention_rate(cv @extschema@.customer_value, since date, before date) (
	SFUNC = @extschema@.insight_retention_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_rate_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.retention_rate(@extschema@.customer_value, date, date) IS
'of the customers who had ordered before since, the share who ordered again in [since, before) (Reichheld 1996; Kumar & Reinartz 2018, in its cohort form); NULL if there were none';

CREATE AGGREGATE @extschema@.retention_rate(cv @extschema@.customer_value, since date, before date, cohort_since date) (
	SFUNC = @extschema@.insight_retention_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_rate_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.retention_rate(@extschema@.customer_value, date, date, date) IS
'of the customers who ordered in [cohort_since, since), the share who ordered again in [since, before) (Kumar & Reinartz 2018: the share of buyers of one period who buy in the next); NULL if there were none';

CREATE AGGREGATE @extschema@.churn_rate(cv @extschema@.customer_value, since date, before date) (
	SFUNC = @extschema@.insight_retention_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_churn_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.churn_rate(@extschema@.customer_value, date, date) IS
'of the customers who had ordered before since, the share who did not order in [since, before): 1 - retention_rate';

CREATE AGGREGATE @extschema@.churn_rate(cv @extschema@.customer_value, since date, before date, cohort_since date) (
	SFUNC = @extschema@.insight_retention_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_churn_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.churn_rate(@extschema@.customer_value, date, date, date) IS
'of the customers who ordered in [cohort_since, since), the share who did not order in [since, before): 1 - retention_rate';

CREATE AGGREGATE @extschema@.repeat_rate(cv @extschema@.customer_value) (
	SFUNC = @extschema@.insight_repeat_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_rate_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.repeat_rate(@extschema@.customer_value) IS
'of the customers with orders, the share with two or more; NULL if there were none';

CREATE AGGREGATE @extschema@.repeat_rate(cv @extschema@.customer_value, since date, before date) (
	SFUNC = @extschema@.insight_repeat_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_rate_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.repeat_rate(@extschema@.customer_value, date, date) IS
'of the customers with orders in [since, before), the share with two or more in it; a bound that is NULL is none; NULL if there were none';

CREATE AGGREGATE @extschema@.nps(recommendation int) (
	SFUNC = @extschema@.insight_nps_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_percent_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.nps(int) IS
'net promoter score, from -100 to 100: percentage of promoters (9 and 10) less that of detractors (0 to 6) (Reichheld 2003); NULL without answers';

CREATE AGGREGATE @extschema@.csat(satisfaction int) (
	SFUNC = @extschema@.insight_csat_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_rate_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.csat(int) IS
'share of satisfied customers, who rated 4 or 5 from 1 to 5 (top two boxes); NULL without answers';

CREATE AGGREGATE @extschema@.csat(satisfaction int, satisfied int, most int) (
	SFUNC = @extschema@.insight_csat_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_rate_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.csat(int, int, int) IS
'share of satisfied customers, who rated satisfied or better from 1 to most; NULL without answers';

CREATE AGGREGATE @extschema@.loyalty_index(recommend int, repurchase int, extend int) (
	SFUNC = @extschema@.insight_loyalty_accumulate, STYPE = bigint[], INITCOND = '{0,0}',
	FINALFUNC = @extschema@.insight_loyalty_final, COMBINEFUNC = @extschema@.insight_rate_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.loyalty_index(int, int, int) IS
'loyalty from 0 to 100: ten times the mean of three answers from 0 to 10, would recommend, would buy again, would buy more (advocacy, retention and purchasing loyalty of Hayes 2010); customers who left one out are ignored; NULL without answers';
