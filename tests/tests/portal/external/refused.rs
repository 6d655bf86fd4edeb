//! Servers that are not there yet, lack something, or cannot be used at all.

use super::{is_clean, replica, sign_up};
use innkeeper_tests::{
    Portal,
    mail_server::MailServer,
    operator::{OperatorServer, PASSWORDS},
    process::signal,
    tenant::run,
    until,
};
use rustix::process::Signal;
use std::{fs, fs::File, time::Duration};
use tokio::time::timeout;

const WAITS: &str = "does not answer yet";

#[tokio::test]
async fn a_portal_waits_for_its_server_and_says_what_that_lacks() {
    let server = OperatorServer::start("").await;
    server.stop();
    let mails = MailServer::start(server.folder()).await;
    let mut portal = replica(&server, &mails);

    // While it waits it still obeys its operator.
    let path = portal.folder().join("waiting.log");
    let mut waiting = portal.command(&["serve"]).stderr(File::create(&path).unwrap()).spawn().unwrap();
    let read = || fs::read_to_string(&path).unwrap();
    until(20, "the word that it waits", async || read().contains(WAITS).then_some(())).await;
    signal(i32::try_from(waiting.id().unwrap()).unwrap(), Signal::TERM);
    let ended = timeout(Duration::from_secs(10), waiting.wait()).await.unwrap().unwrap();
    assert!(ended.success(), "{ended}: {}", read());
    assert_eq!(portal.run(&["doctor"]).await.status.code(), Some(2));

    let log = portal.folder().join("stderr.log");
    let starting = async {
        let said = || fs::read_to_string(&log).unwrap_or_default();
        until(20, "the word that it waits", async || said().contains(WAITS).then_some(())).await;
        server.run();
    };
    tokio::join!(portal.restart(), starting);
    let said = portal.log();
    assert!(said.contains("PostgreSQL answers now"), "{said}");

    // The library of one extension is not loaded: that is said, and all else works.
    assert!(said.contains("add pg_stat_statements to shared_preload_libraries"), "{said}");
    let jane = sign_up("jane@acme.example", &portal, &portal, &mails).await;
    let name = jane.create("Acme", "shop", &[]).await;
    jane.reveal(&name).await.connect("owner").await;
    let output = portal.run(&["doctor", "--orphans"]).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Found (1)") && said.contains("shared_preload_libraries"), "{said}");
    let mut sql = server.sql("postgres").await;
    run(&mut sql, "alter system set shared_preload_libraries = 'pg_stat_statements'").await;
    drop(sql);
    server.stop();
    server.run();
    is_clean(&portal, "loading the library").await;

    // PostgreSQL's own default leaves everybody a minute without a password.
    let mut sql = server.sql("postgres").await;
    run(&mut sql, "alter system set authentication_timeout = '1min'").await;
    run(&mut sql, "select pg_reload_conf()").await;
    let said = until(20, "the doctor to find it", async || {
        let output = portal.run(&["doctor"]).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code() == Some(1)).then_some(said)
    })
    .await;
    assert!(said.contains("Found (1)") && said.contains("authentication_timeout is 60 s"), "{said}");
    run(&mut sql, "alter system set authentication_timeout = '30s'").await;
    run(&mut sql, "select pg_reload_conf()").await;
    until(20, "the doctor to find nothing", async || {
        (portal.run(&["doctor"]).await.status.code() == Some(0)).then_some(())
    })
    .await;

    run(&mut sql, "alter system set max_prepared_transactions = 5").await;
    run(&mut sql, "alter system set max_locks_per_transaction = 64").await;
    drop(sql);
    server.stop();
    server.run();
    let said = until(60, "the doctor to find both", async || {
        let output = portal.run(&["doctor"]).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.contains("Found (2)").then_some(said)
    })
    .await;
    assert!(said.contains("max_prepared_transactions is 5"), "{said}");
    // 64 locks for each of 300 connections and 5 prepared transactions.
    assert!(said.contains("its lock table has 19,520 places; a tenant may hold 1,952 of them"), "{said}");
}

/// What is said by a portal that is started with this URL; it must end by itself, soon and with a failure.
async fn refusal(portal: &Portal, url: &str) -> String {
    let mut texts = Vec::new();
    for arguments in ["serve", "migrate"] {
        let command = portal.command(&[arguments]).env("INNKEEPER_DATABASE_URL", url).output();
        let output = timeout(Duration::from_secs(30), command).await;
        let output = output.unwrap_or_else(|_| panic!("{arguments} goes on with {url}")).unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!output.status.success(), "{arguments} with {url}: {said}");
        assert!(said.contains("INNKEEPER_DATABASE_URL: "), "{arguments} with {url}: {said}");
        for secret in PASSWORDS.iter().chain(&["Geheim"]) {
            assert!(!said.contains(secret), "{said}");
        }
        texts.push(said);
    }
    texts.concat()
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_refused_with_what_to_do() {
    let server = OperatorServer::start("").await;
    let mails = MailServer::start(server.folder()).await;
    let portal = replica(&server, &mails);
    let good = server.url();
    let login = good.split_once("//").unwrap().1.split_once('@').unwrap().0.to_owned();
    let url = |login: &str, host: &str, query: &str, ca: &str| server.url_with(login, host, query, ca);
    let full = "sslmode=verify-full";
    let clerk = format!("clerk:{}", PASSWORDS[1]);
    let cases = [
        (url("portal:Geheim00", "localhost", full, "ca.pem"), "password"),
        (url("stranger:Geheim00", "localhost", full, "ca.pem"), "pg_hba.conf"),
        (url(&clerk, "localhost", full, "ca.pem"), "login clerk is no superuser"),
        (url(&login, "localhost", full, "other.pem"), "root certificate of sslrootcert="),
        (url(&login, "127.0.0.1", full, "ca.pem"), "made out for the host"),
        (url(&login, "localhost", full, "both.pem"), "not made of certificates alone"),
        // On this machine the portal may go without a check; its customers may not.
        (url(&login, "localhost", "sslmode=disable", "other.pem"), "root certificate of sslrootcert="),
        (url(&login, "127.0.0.1", "sslmode=prefer", "ca.pem"), "made out for the host"),
        (good.replace("control_7", "postgres"), "kept for the server"),
        (good.replace("control_7", "shop_k3v9x2"), "as a tenant's"),
    ];
    for (url, word) in &cases {
        let said = refusal(&portal, url).await;
        assert!(said.contains(word), "no {word} with {url}: {said}");
        let doctor = portal.command(&["doctor"]).env("INNKEEPER_DATABASE_URL", url).output().await.unwrap();
        assert_eq!(doctor.status.code(), Some(2), "{url}");
    }

    // A server that speaks no TLS, asked with and without it.
    let mut sql = server.sql("postgres").await;
    run(&mut sql, "alter system set ssl = off").await;
    server.stop();
    server.run();
    for query in [full, "sslmode=disable"] {
        let said = refusal(&portal, &url(&login, "localhost", query, "ca.pem")).await;
        assert!(said.contains("speaks no TLS") && said.contains("ssl = on"), "{query}: {said}");
    }
    let mut sql = server.sql("postgres").await;
    let databases = "select string_agg(datname, ' ' order by datname) from pg_database";
    let databases = innkeeper_tests::tenant::value(&mut sql, databases).await;
    assert_eq!(databases, "metrics postgres template0 template1", "nothing was made");
    println!("external: {} URLs refused by 2 commands each, each in words", cases.len() + 2);
}
