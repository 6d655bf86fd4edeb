use crate::cluster::{Cluster, Guest, OPERATORS_RULES, code, run_sql, texts, write_rules};
use innkeeper_domain::{
    allowlist::Reach,
    hba::{BEGIN, END, TenantRule, render},
    ports::{ServerError, SignInAnswer, TenantServer},
    tenant::TenantRole,
};
use std::{fs, os::unix::fs::MetadataExt};

fn rule(guest: &Guest, addresses: &str) -> TenantRule {
    let reach = Reach::parse(addresses, addresses.is_empty()).unwrap();
    TenantRule { tenant: guest.name.clone(), reach, probe: None }
}

#[tokio::test]
async fn rules_are_in_force_when_they_are_written() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    assert_eq!(server.read_rules().await.unwrap(), None);

    let before = fs::metadata(cluster.hba()).unwrap();
    for addresses in ["127.0.0.1", "203.0.113.7", "", "203.0.113.7", "127.0.0.0/8"] {
        let block = render(&[rule(&shop, addresses)]);
        write_rules(&server, &block).await.unwrap();
        assert_eq!(server.read_rules().await.unwrap(), Some(block.clone()));
        assert_eq!(fs::read_to_string(cluster.hba()).unwrap(), format!("{block}{OPERATORS_RULES}"));
        let answer = server.sign_in(&shop.sign_in(TenantRole::App)).await.unwrap();
        let let_in = matches!(answer, SignInAnswer::In { .. });
        assert_eq!(let_in, !addresses.starts_with("203"), "{addresses}: {answer:?}");
        assert!(let_in || answer == SignInAnswer::Refused { code: "28000".into() });
    }
    let after = fs::metadata(cluster.hba()).unwrap();
    assert_eq!((before.mode(), before.uid(), before.gid()), (after.mode(), after.uid(), after.gid()));

    // Other databases, and the same without TLS or over the socket, are behind the block.
    let app = shop.sign_in(TenantRole::App);
    let options = cluster.customer(&app.user, &app.password, "postgres");
    assert_eq!(code(sqlx::ConnectOptions::connect(&options).await), "28000");
    let plain = options.clone().database("shop_aaaaaa").ssl_mode(sqlx::postgres::PgSslMode::Disable);
    assert_eq!(code(sqlx::ConnectOptions::connect(&plain).await), "28000");
    let socket = cluster.options().username(&app.user).database("shop_aaaaaa");
    assert_eq!(code(sqlx::ConnectOptions::connect(&socket).await), "28000");
}

#[tokio::test]
async fn the_same_rules_are_written_once() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let block = render(&[]);
    write_rules(&server, &block).await.unwrap();
    let first = fs::metadata(cluster.hba()).unwrap();
    write_rules(&server, &block).await.unwrap();
    assert_eq!(fs::metadata(cluster.hba()).unwrap().ino(), first.ino(), "the file was not touched again");

    // Once the file is a second old, it is known to be loaded and the server is left alone.
    let mut admin = cluster.connect("postgres").await;
    let sql = "WITH w AS MATERIALIZED (SELECT pg_sleep(1.1), pg_reload_conf()) SELECT 'slept' FROM w";
    texts(&mut admin, sql).await;
    let mut loaded = String::new();
    for _ in 0..2 {
        write_rules(&server, &block).await.unwrap();
        let mut fresh = cluster.connect("postgres").await;
        let time = texts(&mut fresh, "SELECT pg_conf_load_time()::text").await.remove(0);
        assert!(loaded.is_empty() || loaded == time, "{loaded} {time}");
        loaded = time;
    }
}

#[tokio::test]
async fn operators_lines_stay_byte_for_byte() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    // A comment in Latin-1, and the remains of an earlier crash.
    let mut file = b"# caf\xe9 'x' \\ $HOME `id`\n".to_vec();
    file.extend_from_slice(OPERATORS_RULES.as_bytes());
    fs::write(cluster.hba(), &file).unwrap();
    let remains = cluster.hba().with_file_name("pg_hba.conf.innkeeper.tmp");
    fs::write(&remains, "half").unwrap();
    let block = render(&[]);
    write_rules(&server, &block).await.unwrap();
    assert_eq!(fs::read(cluster.hba()).unwrap(), [block.as_bytes(), &file].concat());
    assert!(!remains.exists());
}

#[tokio::test]
async fn a_broken_block_is_put_back() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    let good = render(&[rule(&shop, "203.0.113.7")]);
    write_rules(&server, &good).await.unwrap();

    let broken = format!("{BEGIN}\nhostssl all all 127.0.0.1/99 trust\n{END}\n");
    let refused = write_rules(&server, &broken).await;
    assert!(
        matches!(&refused, Err(ServerError::Refused { cause, .. }) if cause.contains("line 2:")),
        "{refused:?}"
    );
    assert_eq!(fs::read_to_string(cluster.hba()).unwrap(), format!("{good}{OPERATORS_RULES}"));
    let answer = server.sign_in(&shop.sign_in(TenantRole::App)).await.unwrap();
    assert_eq!(answer, SignInAnswer::Refused { code: "28000".into() });

    // A block that locks the portal itself out comes back, too.
    let suicidal = format!("{BEGIN}\nlocal all postgres reject\n{END}\n");
    let refused = write_rules(&server, &suicidal).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(fs::read_to_string(cluster.hba()).unwrap(), format!("{good}{OPERATORS_RULES}"));

    // What is not one whole block is not written at all.
    for bad in [
        "",
        "local all all trust\n",
        &format!("local all all trust\n{good}"),
        &good.replace("shop", "caf\u{e9}"),
    ] {
        assert!(matches!(write_rules(&server, bad).await, Err(ServerError::Refused { .. })), "{bad}");
    }

    // An operator's own mistake is named, and left to him.
    let mut admin = cluster.connect("postgres").await;
    fs::write(cluster.hba(), format!("{good}nonsense\n{OPERATORS_RULES}")).unwrap();
    let refused = write_rules(&server, &good).await;
    assert!(refused.is_err(), "{refused:?}");
    run_sql(&mut admin, "SELECT 1").await.unwrap();
}
