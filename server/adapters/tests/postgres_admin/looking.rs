use crate::cluster::{Cluster, Guest, run_sql, write_rules};
use innkeeper_adapters::postgres_admin::quote;
use innkeeper_domain::{
    hba::{TenantRule, render},
    ports::{FirstConnection, ServerError, TenantServer},
    tenant::{PerRole, TenantRole},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use sqlx::AssertSqlSafe;

#[tokio::test]
async fn usage_and_facts_are_read() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    assert_eq!(server.usage(&shop.name).await.unwrap(), None);
    shop.onboard(&server).await;
    let _app = [shop.connect(&cluster, TenantRole::App).await, shop.connect(&cluster, TenantRole::App).await];
    let _readonly = shop.connect(&cluster, TenantRole::ReadOnly).await;
    let usage = server.usage(&shop.name).await.unwrap().unwrap();
    assert_eq!(usage.connections, PerRole { owner: 0, app: 2, readonly: 1 });
    assert!(usage.size_bytes > 1_000_000, "{usage:?}");

    let facts = server.facts().await.unwrap();
    assert!((15..=18).contains(&facts.major), "{facts:?}");
    assert_eq!((facts.connections, facts.databases), (97, 2));
    assert!(server.used_bytes().await.unwrap() > usage.size_bytes);
}

#[tokio::test]
async fn the_first_connection_is_the_customers() {
    for destination in ["jsonlog", "stderr"] {
        let cluster = Cluster::start_with(&format!("log_destination = '{destination}'\n"));
        let server = cluster.server();
        server.prepare().await.unwrap();
        let shop = Guest::new("shop_aaaaaa");
        shop.onboard(&server).await;
        for role in TenantRole::ALL {
            server.sign_in(&shop.sign_in(*role)).await.unwrap();
        }
        assert_eq!(server.first_connection(&shop.name).await.unwrap(), None, "ours do not count");
        let address = Some("127.0.0.1".parse().unwrap());
        let app = shop.connect(&cluster, TenantRole::App).await;
        let found = || async { server.first_connection(&shop.name).await.unwrap() };
        let expected = Some(FirstConnection { role: Some(TenantRole::App), address });
        assert_eq!(found().await, expected, "{destination}");
        drop(app);
        drop(shop.connect(&cluster, TenantRole::Owner).await);
        // The collector writes a moment after the session is let in.
        let written = async {
            while cluster.log().matches("connection authorized: user=shop_aaaaaa_owner").count() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), written).await.unwrap();
        assert_eq!(found().await, expected, "{destination}: the first, though it is over");
    }
}

#[tokio::test]
async fn without_a_log_an_open_session_tells() {
    let cluster = Cluster::start_with("log_connections = off\n");
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    assert_eq!(server.first_connection(&shop.name).await.unwrap(), None);
    let _session = shop.connect(&cluster, TenantRole::ReadOnly).await;
    let found = server.first_connection(&shop.name).await.unwrap();
    let address = Some("127.0.0.1".parse().unwrap());
    assert_eq!(found, Some(FirstConnection { role: Some(TenantRole::ReadOnly), address }));
}

#[tokio::test]
async fn the_inventory_sees_what_was_planted() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    assert_eq!(server.inventory().await.unwrap(), innkeeper_domain::ports::Inventory::default());
    let mut admin = cluster.connect("postgres").await;
    for sql in [
        "CREATE DATABASE orphan_aaaaaa",
        "CREATE ROLE orphan_bbbbbb_app",
        "GRANT pg_read_all_data TO orphan_bbbbbb_app",
        "ALTER DATABASE orphan_aaaaaa SET work_mem = '9MB'",
        "ALTER ROLE orphan_bbbbbb_app IN DATABASE orphan_aaaaaa SET role = 'postgres'",
    ] {
        run_sql(&mut admin, sql).await.unwrap();
    }
    let orphan = Guest::new("orphan_cccccc");
    let reach = innkeeper_domain::allowlist::Reach::parse("10.0.0.1", false).unwrap();
    write_rules(&server, &render(&[TenantRule { tenant: orphan.name, reach, probe: None }])).await.unwrap();

    let found = server.inventory().await.unwrap();
    assert_eq!(found.databases, ["orphan_aaaaaa"]);
    assert_eq!(found.roles, ["orphan_bbbbbb_app"]);
    assert_eq!(found.memberships, [("pg_read_all_data".into(), "orphan_bbbbbb_app".into())]);
    let setting = |role: &str, text: &str| ("orphan_aaaaaa".to_owned(), role.to_owned(), text.to_owned());
    assert_eq!(found.settings, [setting("", "work_mem=9MB"), setting("orphan_bbbbbb_app", "role=postgres")]);
    assert_eq!(found.rules, [(2, "orphan_cccccc".into()), (3, "orphan_cccccc".into())]);
    assert!(found.in_flight.is_empty());
}

#[tokio::test]
async fn a_planted_role_or_database_is_not_taken() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let mut admin = cluster.connect("postgres").await;
    run_sql(&mut admin, "CREATE ROLE shop_aaaaaa_app; GRANT pg_read_all_data TO shop_aaaaaa_app")
        .await
        .unwrap();
    run_sql(&mut admin, "CREATE DATABASE shop_aaaaaa").await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    let mut session = server.lock(&shop.name).await.unwrap();
    let refused = session.create_roles(&shop.verifiers).await;
    assert!(
        matches!(&refused, Err(ServerError::Refused { cause, .. }) if cause.contains("pg_read_all_data")),
        "{refused:?}"
    );
    let mut session = server.lock(&shop.name).await.unwrap();
    let refused = session.create_database().await;
    assert!(
        matches!(&refused, Err(ServerError::Refused { cause, .. }) if cause.contains("postgres")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn quoted_texts_mean_themselves() {
    let cluster = Cluster::start();
    let mut admin = cluster.connect("postgres").await;
    let mut runner = TestRunner::deterministic();
    let weird = "\\PC{0,12}['\"\\\\\n\t$;-]{0,4}\\PC{0,4}";
    for conforming in ["on", "off"] {
        run_sql(
            &mut admin,
            &format!("SET standard_conforming_strings = {conforming}; SET backslash_quote = on"),
        )
        .await
        .unwrap();
        for _ in 0..200 {
            let text = weird.new_tree(&mut runner).unwrap().current();
            // A name has 63 bytes at most and is never empty.
            let name: String = format!("n{text}").chars().take(15).collect();
            let sql = format!("SELECT {} AS {}", quote::literal(&text), quote::identifier(&name));
            let row = sqlx::query(AssertSqlSafe(sql.clone())).fetch_one(&mut admin).await.expect(&sql);
            assert_eq!(sqlx::Row::get::<String, _>(&row, 0), text, "{sql}");
            assert_eq!(sqlx::Column::name(&sqlx::Row::columns(&row)[0]), name, "{sql}");
        }
    }
}
