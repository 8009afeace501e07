-- lifetime/closed_form: lifetime value without a fitted model

CREATE FUNCTION @extschema@.clv(margin float8, retention float8, discount float8, periods int DEFAULT NULL,
	first text DEFAULT 'end') RETURNS float8
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_contract';

COMMENT ON FUNCTION @extschema@.clv(float8, float8, float8, int, text) IS
'value of a contract that pays margin each period, is renewed with probability retention and is discounted by discount a period: m·r/(1+d−r), or m·(1+d)/(1+d−r) with first => ''start''; over periods payments, NULL for an endless horizon (Gupta & Lehmann 2003; Berger & Nasr 1998)';

CREATE FUNCTION @extschema@.clv(cash_flows float8[], discount float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clv_cash_flows';

COMMENT ON FUNCTION @extschema@.clv(float8[], float8) IS
'present value of cash flows one period apart, the first of them now, discounted by discount a period';
