use crate::cluster::{Cluster, Guest, code, run_sql, texts};
use innkeeper_domain::{plan::Extension, ports::TenantServer, tenant::TenantRole};

#[tokio::test]
async fn the_owner_makes_the_app_writes_and_readonly_reads() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    let mut owner = shop.connect(&cluster, TenantRole::Owner).await;
    let mut app = shop.connect(&cluster, TenantRole::App).await;
    let mut readonly = shop.connect(&cluster, TenantRole::ReadOnly).await;

    for (schema, table) in [("public", "public.things"), ("extra", "extra.things")] {
        if schema == "extra" {
            run_sql(&mut owner, "CREATE SCHEMA extra").await.unwrap();
        }
        run_sql(&mut owner, &format!("CREATE TABLE {table} (id serial, name public.citext)")).await.unwrap();
        run_sql(&mut app, &format!("INSERT INTO {table} (name) VALUES ('A')")).await.unwrap();
        run_sql(&mut app, &format!("UPDATE {table} SET name = 'B'")).await.unwrap();
        assert_eq!(texts(&mut readonly, &format!("SELECT name::text FROM {table}")).await, ["B"]);
        // Rights are the wall, not the setting, which a session may change.
        run_sql(&mut readonly, "SET default_transaction_read_only = off").await.unwrap();
        for sql in [
            format!("INSERT INTO {table} (name) VALUES ('C')"),
            format!("UPDATE {table} SET name = 'C'"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("SELECT nextval('{table}_id_seq')"),
            format!("CREATE TABLE {schema}.mine ()"),
        ] {
            assert_eq!(code(run_sql(&mut readonly, &sql).await), "42501", "{sql}");
        }
        for sql in [format!("DROP TABLE {table}"), format!("CREATE TABLE {schema}.mine ()")] {
            assert_eq!(code(run_sql(&mut app, &sql).await), "42501", "{sql}");
        }
        run_sql(&mut app, &format!("DELETE FROM {table}")).await.unwrap();
        run_sql(&mut app, &format!("TRUNCATE {table}")).await.unwrap();
    }
    run_sql(&mut app, "CREATE TEMP TABLE t (); SELECT pg_advisory_lock(1); SELECT lo_create(0)")
        .await
        .unwrap();
    for sql in ["CREATE TEMP TABLE t ()", "SELECT pg_advisory_lock(1)", "SELECT lo_create(0)"] {
        assert_eq!(code(run_sql(&mut readonly, sql).await), "42501", "{sql}");
    }
}

#[tokio::test]
async fn statistics_show_the_own_tenant_only() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
    for guest in [&shop, &blog] {
        guest.onboard(&server).await;
        let mut session = server.lock(&guest.name).await.unwrap();
        session.install_extensions(&[Extension::PgStatStatements]).await.unwrap();
    }
    for guest in [&shop, &blog] {
        let mut app = guest.connect(&cluster, TenantRole::App).await;
        run_sql(&mut app, &format!("SELECT 1 AS {}", guest.name)).await.unwrap();
    }
    let mut owner = shop.connect(&cluster, TenantRole::Owner).await;
    let seen = texts(&mut owner, "SELECT query FROM innkeeper.statements()").await.join("\n");
    assert!(seen.contains("shop_aaaaaa") && !seen.contains("blog_bbbbbb"), "{seen}");
    let mut app = shop.connect(&cluster, TenantRole::App).await;
    assert_eq!(code(run_sql(&mut app, "SELECT * FROM innkeeper.statements()").await), "42501");
}
