-- insight/portfolio: a customer's place in the portfolio

CREATE FUNCTION @extschema@.portfolio_quadrant(attractiveness float8, "position" float8, cuts float8[] DEFAULT '{50,50}') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'insight_portfolio_quadrant';
COMMENT ON FUNCTION @extschema@.portfolio_quadrant(float8, float8, float8[]) IS
'quadrant of the customer portfolio (Fiocca 1982): how attractive the customer is, and how strong our position there, each high from its cut on: star (both high), question (attractive, position weak), cash (position strong, not attractive), marginal (neither)';
