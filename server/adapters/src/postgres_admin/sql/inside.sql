ALTER SCHEMA public OWNER TO {owner};
GRANT USAGE ON SCHEMA public TO {app}, {readonly};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner}, {app} GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner}, {app} GRANT SELECT ON TABLES TO {readonly};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner}, {app} GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner}, {app} GRANT SELECT ON SEQUENCES TO {readonly};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner}, {app} GRANT USAGE ON SCHEMAS TO {app}, {readonly};
GRANT EXECUTE ON FUNCTION pg_catalog.lo_creat(int), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid,bytea),
  pg_catalog.lo_put(oid,bigint,bytea), pg_catalog.lowrite(int,bytea), pg_catalog.lo_truncate(int,int),
  pg_catalog.lo_truncate64(int,bigint), pg_catalog.lo_unlink(oid) TO {owner}, {app};
GRANT EXECUTE ON FUNCTION pg_catalog.pg_advisory_lock(bigint), pg_catalog.pg_advisory_lock(int,int), pg_catalog.pg_advisory_lock_shared(bigint), pg_catalog.pg_advisory_lock_shared(int,int),
  pg_catalog.pg_advisory_xact_lock(bigint), pg_catalog.pg_advisory_xact_lock(int,int), pg_catalog.pg_advisory_xact_lock_shared(bigint), pg_catalog.pg_advisory_xact_lock_shared(int,int),
  pg_catalog.pg_try_advisory_lock(bigint), pg_catalog.pg_try_advisory_lock(int,int), pg_catalog.pg_try_advisory_lock_shared(bigint), pg_catalog.pg_try_advisory_lock_shared(int,int),
  pg_catalog.pg_try_advisory_xact_lock(bigint), pg_catalog.pg_try_advisory_xact_lock(int,int), pg_catalog.pg_try_advisory_xact_lock_shared(bigint), pg_catalog.pg_try_advisory_xact_lock_shared(int,int) TO {owner}, {app};
GRANT USAGE ON SCHEMA innkeeper TO {owner};
GRANT EXECUTE ON FUNCTION innkeeper.statements() TO {owner};
