-- lifetime/figures: what a model says of a customer

-- on ledgers

CREATE FUNCTION @extschema@.p_alive(cv @extschema@.customer_value, model @extschema@.clv_model, as_of date DEFAULT current_date) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_p_alive_ledger';
COMMENT ON FUNCTION @extschema@.p_alive(@extschema@.customer_value, @extschema@.clv_model, date) IS
'probability that the customer is still alive on as_of, given the orders up to and including it; under bg/nbd 1 for one-time buyers; NULL without orders by then';

CREATE FUNCTION @extschema@.p_alive(cv @extschema@.customer_value, model @extschema@.clv_model, as_of date, horizon interval) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_p_alive_until_ledger';
COMMENT ON FUNCTION @extschema@.p_alive(@extschema@.customer_value, @extschema@.clv_model, date, interval) IS
'probability that the customer is still alive at the end of the horizon (a month is 365.25/12 days) from as_of, whatever it does until then, given the orders up to and including as_of; NULL without orders by then';

CREATE FUNCTION @extschema@.expected_orders(cv @extschema@.customer_value, model @extschema@.clv_model, horizon interval, as_of date DEFAULT current_date) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_expected_orders_ledger';
COMMENT ON FUNCTION @extschema@.expected_orders(@extschema@.customer_value, @extschema@.clv_model, interval, date) IS
'orders expected of the customer from as_of until the horizon (a month is 365.25/12 days), given those up to and including as_of; NULL without orders by then';

CREATE FUNCTION @extschema@.expected_spend(cv @extschema@.customer_value, model @extschema@.clv_model) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_expected_spend_ledger';
COMMENT ON FUNCTION @extschema@.expected_spend(@extschema@.customer_value, @extschema@.clv_model) IS
'mean net amount expected of each further order, given the repeat order days of the ledger (gamma-gamma; Fader, Hardie & Lee 2005b); Infinity where the model has no mean; NULL without orders';

CREATE FUNCTION @extschema@.expected_spend(cv @extschema@.customer_value, model @extschema@.clv_model, as_of date) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_expected_spend_as_of';
COMMENT ON FUNCTION @extschema@.expected_spend(@extschema@.customer_value, @extschema@.clv_model, date) IS
'as expected_spend(cv, model), by what was known on as_of: what clv counts with; NULL without orders by then';

CREATE FUNCTION @extschema@.order_probability(cv @extschema@.customer_value, model @extschema@.clv_model, n int, horizon interval, as_of date DEFAULT current_date) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_order_probability_ledger';
COMMENT ON FUNCTION @extschema@.order_probability(@extschema@.customer_value, @extschema@.clv_model, int, interval, date) IS
'probability that the customer makes exactly n orders from as_of until the horizon (a month is 365.25/12 days), given those up to and including as_of; NULL without orders by then';

CREATE FUNCTION @extschema@.residual_orders(cv @extschema@.customer_value, model @extschema@.clv_model, discount float8, as_of date DEFAULT current_date) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_residual_orders_ledger';
COMMENT ON FUNCTION @extschema@.residual_orders(@extschema@.customer_value, @extschema@.clv_model, float8, date) IS
'discounted expected residual transactions (DERT): orders to come after as_of without end, discounted at an annual rate; pareto/nbd (Fader, Hardie & Lee 2005b); Infinity where discount 0 leaves it without bound; NULL without orders by as_of';

CREATE FUNCTION @extschema@.residual_value(cv @extschema@.customer_value, model @extschema@.clv_model, discount float8, margin_rate float8 DEFAULT 1.0, as_of date DEFAULT current_date) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_residual_value';
COMMENT ON FUNCTION @extschema@.residual_value(@extschema@.customer_value, @extschema@.clv_model, float8, float8, date) IS
'lifetime value without end: residual_orders times expected spend times margin_rate; NULL without orders by as_of';

CREATE FUNCTION @extschema@.clv(cv @extschema@.customer_value, model @extschema@.clv_model, horizon interval DEFAULT '1 year', discount float8 DEFAULT 0.10,
	margin_rate float8 DEFAULT 1.0, as_of date DEFAULT current_date) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_ledger';
COMMENT ON FUNCTION @extschema@.clv(@extschema@.customer_value, @extschema@.clv_model, interval, float8, float8, date) IS
'lifetime value from as_of until the horizon: expected spend times the orders expected in each month (365.25/12 days), discounted at the annual rate to the end of the month, times margin_rate; NULL without orders by as_of';

-- on summaries

CREATE FUNCTION @extschema@.p_alive(s @extschema@.btyd_summary, model @extschema@.clv_model) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_p_alive_summary';
COMMENT ON FUNCTION @extschema@.p_alive(@extschema@.btyd_summary, @extschema@.clv_model) IS
'probability that the customer is still alive; under bg/nbd 1 for one-time buyers; NULL if frequency, recency or age is';

CREATE FUNCTION @extschema@.p_alive(s @extschema@.btyd_summary, model @extschema@.clv_model, horizon float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_p_alive_until_summary';
COMMENT ON FUNCTION @extschema@.p_alive(@extschema@.btyd_summary, @extschema@.clv_model, float8) IS
'probability that the customer is still alive in horizon units, whatever it does until then; under bg/bb, opportunities';

CREATE FUNCTION @extschema@.order_probability(s @extschema@.btyd_summary, model @extschema@.clv_model, n int, horizon float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_order_probability_summary';
COMMENT ON FUNCTION @extschema@.order_probability(@extschema@.btyd_summary, @extschema@.clv_model, int, float8) IS
'probability that the customer makes exactly n orders in the next horizon units; under bg/bb, opportunities';

CREATE FUNCTION @extschema@.clv(s @extschema@.btyd_summary, model @extschema@.clv_model, horizon float8, discount float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_summary';
COMMENT ON FUNCTION @extschema@.clv(@extschema@.btyd_summary, @extschema@.clv_model, float8, float8) IS
'lifetime value in the next horizon units: expected spend times the orders expected in each month (365.25/12 days of the unit of the model), discounted to the end of the month; discount is continuous per unit, so that 1 % a month is ln(1.01) / (365.25/84) for weeks';

CREATE FUNCTION @extschema@.expected_orders(s @extschema@.btyd_summary, model @extschema@.clv_model, horizon float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_expected_orders_summary';
COMMENT ON FUNCTION @extschema@.expected_orders(@extschema@.btyd_summary, @extschema@.clv_model, float8) IS
'orders expected of the customer in the next horizon units; under bg/bb, opportunities';

CREATE FUNCTION @extschema@.expected_spend(s @extschema@.btyd_summary, model @extschema@.clv_model) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_expected_spend_summary';
COMMENT ON FUNCTION @extschema@.expected_spend(@extschema@.btyd_summary, @extschema@.clv_model) IS
'mean amount expected of each further order (gamma-gamma; Fader, Hardie & Lee 2005b); Infinity where the model has no mean';

CREATE FUNCTION @extschema@.residual_orders(s @extschema@.btyd_summary, model @extschema@.clv_model, discount float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_residual_orders_summary';
COMMENT ON FUNCTION @extschema@.residual_orders(@extschema@.btyd_summary, @extschema@.clv_model, float8) IS
'discounted expected residual transactions (DERT): orders to come without end, discounted continuously per unit; pareto/nbd (Fader, Hardie & Lee 2005b) and bg/bb (Fader, Hardie & Shang 2010); Infinity where discount 0 leaves it without bound';

CREATE FUNCTION @extschema@.clv_loglik(s @extschema@.btyd_summary, model @extschema@.clv_model) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_loglik';
COMMENT ON FUNCTION @extschema@.clv_loglik(@extschema@.btyd_summary, @extschema@.clv_model) IS
'log-likelihood of the customer under the model of orders; the sum over customers is what clv_fit maximises';

-- on models

CREATE FUNCTION @extschema@.expected_orders_new(model @extschema@.clv_model, horizon interval) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_expected_orders_new_interval';
COMMENT ON FUNCTION @extschema@.expected_orders_new(@extschema@.clv_model, interval) IS
'repeat orders expected of a new customer until the horizon (a month is 365.25/12 days)';

CREATE FUNCTION @extschema@.expected_orders_new(model @extschema@.clv_model, horizon float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_expected_orders_new_units';
COMMENT ON FUNCTION @extschema@.expected_orders_new(@extschema@.clv_model, float8) IS
'repeat orders expected of a new customer in the first horizon units; under bg/bb, opportunities';

CREATE FUNCTION @extschema@.order_probability(model @extschema@.clv_model, n int, horizon interval) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_order_probability_interval';
COMMENT ON FUNCTION @extschema@.order_probability(@extschema@.clv_model, int, interval) IS
'probability that a new customer makes exactly n repeat orders until the horizon';

CREATE FUNCTION @extschema@.order_probability(model @extschema@.clv_model, n int, horizon float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_order_probability_units';
COMMENT ON FUNCTION @extschema@.order_probability(@extschema@.clv_model, int, float8) IS
'probability that a new customer makes exactly n repeat orders in the first horizon units; under bg/bb, opportunities';

CREATE FUNCTION @extschema@.retention(model @extschema@.clv_model, period int) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_retention';
COMMENT ON FUNCTION @extschema@.retention(@extschema@.clv_model, int) IS
'sbg: share of the customers who came to renewal number period, from 1 on, that renews';

CREATE FUNCTION @extschema@.survival(model @extschema@.clv_model, period int) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_survival';
COMMENT ON FUNCTION @extschema@.survival(@extschema@.clv_model, int) IS
'sbg: share of customers who are still there after period renewals';

CREATE FUNCTION @extschema@.residual_lifetime(model @extschema@.clv_model, period int, discount float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_residual_lifetime';
COMMENT ON FUNCTION @extschema@.residual_lifetime(@extschema@.clv_model, int, float8) IS
'sbg: discounted expected residual lifetime in periods (DERL) of a customer just before renewal number period, from 1 on; discount is per period, and a renewal made now is not discounted (Fader & Hardie 2010); Infinity where discount 0 leaves it without bound';
