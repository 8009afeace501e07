-- support: what all subjects share

CREATE FUNCTION @extschema@.customer_value_library_version() RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION @extschema@.customer_value_library_version() IS
'version of the loaded library; differs from pg_extension.extversion until ALTER EXTENSION customer_value UPDATE has run';
