-- service/routing: whose turn it is

CREATE FUNCTION @extschema@.routing_priority(priority float8, waited interval, max_wait interval) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'service_routing_priority_interval';

COMMENT ON FUNCTION @extschema@.routing_priority(float8, interval, interval) IS
'priority + 100 × waited / max_wait; the greatest is served next. Whoever has waited max_wait comes before everybody who has just arrived, as long as priorities lie between 0 and 100: nobody starves';

CREATE FUNCTION @extschema@.routing_priority(priority float8, waited float8, max_wait float8) RETURNS float8
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'service_routing_priority';

COMMENT ON FUNCTION @extschema@.routing_priority(float8, float8, float8) IS
'priority + 100 × waited / max_wait, both in the same unit; the greatest is served next. Whoever has waited max_wait comes before everybody who has just arrived, as long as priorities lie between 0 and 100: nobody starves';
