-- insight/next_order: when to offer what

CREATE FUNCTION @extschema@.next_order(cv @extschema@.customer_value, as_of date, OUT due date, OUT gap_days float8, OUT regularity float8)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'insight_next_order';
COMMENT ON FUNCTION @extschema@.next_order(@extschema@.customer_value, date) IS
'when the next order is due by the customer''s own rhythm up to and including as_of: last order day plus the mean gap between order days (in the past if overdue; NULL without two), the gap, and how regular it is: 1 a clockwork, 0.5 purely at random, less in bursts (k/(k+1), k the shape of the gaps'' gamma distribution: Wheat & Morrison 1990; NULL without three)';
