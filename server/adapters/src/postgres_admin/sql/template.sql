REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA innkeeper;
REVOKE ALL ON SCHEMA innkeeper FROM PUBLIC;
CREATE EXTENSION pg_stat_statements SCHEMA innkeeper;
CREATE EXTENSION pgcrypto SCHEMA public;
CREATE EXTENSION "uuid-ossp" SCHEMA public;
CREATE EXTENSION citext SCHEMA public;
REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(int), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid,bytea),
  pg_catalog.lo_put(oid,bigint,bytea), pg_catalog.lowrite(int,bytea), pg_catalog.lo_truncate(int,int),
  pg_catalog.lo_truncate64(int,bigint), pg_catalog.lo_unlink(oid) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_logical_emit_message(boolean,text,text{EM}), pg_catalog.pg_logical_emit_message(boolean,text,bytea{EM}) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_lock(int,int), pg_catalog.pg_advisory_lock_shared(bigint), pg_catalog.pg_advisory_lock_shared(int,int),
  pg_catalog.pg_advisory_xact_lock(bigint), pg_catalog.pg_advisory_xact_lock(int,int), pg_catalog.pg_advisory_xact_lock_shared(bigint), pg_catalog.pg_advisory_xact_lock_shared(int,int),
  pg_catalog.pg_try_advisory_lock(bigint), pg_catalog.pg_try_advisory_lock(int,int), pg_catalog.pg_try_advisory_lock_shared(bigint), pg_catalog.pg_try_advisory_lock_shared(int,int),
  pg_catalog.pg_try_advisory_xact_lock(bigint), pg_catalog.pg_try_advisory_xact_lock(int,int), pg_catalog.pg_try_advisory_xact_lock_shared(bigint), pg_catalog.pg_try_advisory_xact_lock_shared(int,int) FROM PUBLIC;
CREATE FUNCTION innkeeper.statements() RETURNS TABLE(usename name, calls bigint, total_ms float8, rows bigint, query text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.rolname, s.calls, s.total_exec_time, s.rows, s.query
  FROM innkeeper.pg_stat_statements s JOIN pg_catalog.pg_roles r ON r.oid = s.userid
  WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    AND r.rolname IN (current_database() || '_owner', current_database() || '_app', current_database() || '_readonly')
$$;
REVOKE ALL ON FUNCTION innkeeper.statements() FROM PUBLIC;
