use crate::cluster::{Cluster, Guest, code, run_sql, texts};
use innkeeper_domain::{plan::Extension, ports::TenantServer, tenant::TenantRole};

/// What no role of a tenant may do, by what it asks for.
const REFUSED: [&str; 24] = [
    "ALTER DATABASE shop_aaaaaa CONNECTION LIMIT 1000",
    "ALTER DATABASE shop_aaaaaa RENAME TO mine",
    "ALTER DATABASE shop_aaaaaa OWNER TO shop_aaaaaa_owner",
    "DROP DATABASE shop_aaaaaa",
    "DROP DATABASE blog_bbbbbb",
    "CREATE DATABASE mine",
    "CREATE DATABASE mine TEMPLATE blog_bbbbbb",
    "ALTER ROLE CURRENT_USER CONNECTION LIMIT 1000",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "CREATE ROLE mine",
    "DROP ROLE blog_bbbbbb_app",
    "ALTER ROLE blog_bbbbbb_app PASSWORD 'x'",
    "GRANT blog_bbbbbb_owner TO CURRENT_USER",
    "GRANT innkeeper_platform TO CURRENT_USER",
    "GRANT pg_execute_server_program TO CURRENT_USER",
    "SET ROLE innkeeper_platform",
    "SET ROLE blog_bbbbbb_owner",
    "SET SESSION AUTHORIZATION postgres",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('pg_hba.conf')",
    "SELECT pg_reload_conf()",
    "DROP SCHEMA innkeeper CASCADE",
    "SELECT rolpassword FROM pg_authid",
];

#[tokio::test]
async fn no_role_gets_out() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
    shop.onboard(&server).await;
    blog.onboard(&server).await;
    let mut session = server.lock(&shop.name).await.unwrap();
    session.install_extensions(&[Extension::PgStatStatements]).await.unwrap();
    let mut admin = cluster.connect("postgres").await;
    let state = "SELECT concat_ws(' ', datname, datdba, datconnlimit, datacl) FROM pg_database
        UNION ALL SELECT concat_ws(' ', rolname, rolsuper, rolcreaterole, rolconnlimit, rolpassword) FROM pg_authid ORDER BY 1";
    let before = texts(&mut admin, state).await;
    for role in TenantRole::ALL {
        let mut session = shop.connect(&cluster, *role).await;
        if *role == TenantRole::ReadOnly {
            run_sql(&mut session, "SET default_transaction_read_only = off").await.unwrap();
        }
        for sql in REFUSED {
            assert_eq!(code(run_sql(&mut session, sql).await), "42501", "{role:?}: {sql}");
        }
        // This one answers that it was done; it was not.
        run_sql(&mut session, "GRANT CONNECT ON DATABASE shop_aaaaaa TO PUBLIC").await.unwrap();
    }
    assert_eq!(texts(&mut admin, state).await, before);
}
