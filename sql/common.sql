-- The library that is loaded is the one that was installed with the extension's SQL.
SELECT customer_value_library_version() = extversion AS library_fits
FROM pg_extension WHERE extname = 'customer_value';

-- Every object that the extension brings has a comment.
SELECT pg_describe_object(d.classid, d.objid, 0) AS without_comment
FROM pg_depend d
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
WHERE e.extname = 'customer_value'
  AND d.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass)
  AND obj_description(d.objid, d.classid::regclass::name) IS NULL
  AND NOT (d.classid = 'pg_type'::regclass AND (SELECT typname LIKE '\_%' FROM pg_type WHERE oid = d.objid))
ORDER BY 1;
