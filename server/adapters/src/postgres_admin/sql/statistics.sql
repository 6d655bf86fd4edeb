REVOKE ALL ON innkeeper.pg_stat_statements, innkeeper.pg_stat_statements_info FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION innkeeper.pg_stat_statements(boolean), innkeeper.pg_stat_statements_info() FROM PUBLIC;
