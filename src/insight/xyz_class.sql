-- insight/xyz_class: how regular the demand is

CREATE FUNCTION @extschema@.xyz_class(cv @extschema@.customer_value, until date, unit text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'insight_xyz_class';
COMMENT ON FUNCTION @extschema@.xyz_class(@extschema@.customer_value, date, text) IS
'variability of demand beside its ABC class: coefficient of variation of the amounts by day, week, month, quarter or year, from the first one of the ledger to that of the last day before until, empty ones counted; X up to 0.5, Y up to 1, else Z, also where the sum is not positive; NULL below two periods';
