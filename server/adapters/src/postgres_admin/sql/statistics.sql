COMMENT ON EXTENSION pg_stat_statements IS NULL;
CREATE OR REPLACE FUNCTION innkeeper.statements() RETURNS TABLE(usename name, calls bigint, total_ms float8, rows bigint, query text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.rolname, s.calls, s.total_exec_time, s.rows, s.query
  FROM innkeeper.pg_stat_statements s JOIN pg_catalog.pg_roles r ON r.oid = s.userid
  WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    AND r.rolname IN (current_database() || '_owner', current_database() || '_app', current_database() || '_readonly')
$$;
ALTER EXTENSION plpgsql ADD SCHEMA innkeeper;
ALTER EXTENSION pg_stat_statements ADD FUNCTION innkeeper.statements();
REVOKE ALL ON SCHEMA innkeeper FROM PUBLIC;
GRANT USAGE ON SCHEMA innkeeper TO {owner};
REVOKE ALL ON FUNCTION innkeeper.statements() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION innkeeper.statements() TO {owner};
REVOKE ALL ON innkeeper.pg_stat_statements, innkeeper.pg_stat_statements_info FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION innkeeper.pg_stat_statements(boolean), innkeeper.pg_stat_statements_info() FROM PUBLIC;
DELETE FROM pg_catalog.pg_init_privs WHERE (classoid, objoid) IN (
  SELECT 'pg_catalog.pg_namespace'::regclass, oid FROM pg_catalog.pg_namespace WHERE nspname = 'innkeeper'
  UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid FROM pg_catalog.pg_proc WHERE pronamespace = 'innkeeper'::regnamespace
  UNION ALL SELECT 'pg_catalog.pg_class'::regclass, oid FROM pg_catalog.pg_class WHERE relnamespace = 'innkeeper'::regnamespace);
INSERT INTO pg_catalog.pg_init_privs (objoid, classoid, objsubid, privtype, initprivs)
SELECT oid, 'pg_catalog.pg_namespace'::regclass, 0, 'e'::"char", nspacl FROM pg_catalog.pg_namespace WHERE nspname = 'innkeeper'
UNION ALL SELECT oid, 'pg_catalog.pg_proc'::regclass, 0, 'e', proacl FROM pg_catalog.pg_proc WHERE pronamespace = 'innkeeper'::regnamespace
UNION ALL SELECT oid, 'pg_catalog.pg_class'::regclass, 0, 'e', relacl FROM pg_catalog.pg_class WHERE relnamespace = 'innkeeper'::regnamespace;
