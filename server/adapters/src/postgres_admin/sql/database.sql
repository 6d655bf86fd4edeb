CREATE DATABASE {db} OWNER innkeeper_platform TEMPLATE innkeeper_tpl CONNECTION LIMIT 0 STRATEGY wal_log;
