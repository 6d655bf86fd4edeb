use super::{ID, Site, key, name};
use crate::cluster::{Cluster, run_sql, texts};
use innkeeper_adapters::postgres_admin::{PostgresServer, ServerAccess};
use innkeeper_domain::ports::{BackupError, Backups as _, TenantServer as _};
use sqlx::{PgConnection, postgres::PgSslMode};
use std::{fs, process::Command};

const HELD: &str = "SELECT 'waits' FROM pg_stat_activity WHERE datname = 'shop_aaaaaa' AND wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%'";
const GONE: &str = "SELECT 'gone' FROM pg_stat_activity WHERE datname = 'shop_aaaaaa' AND query LIKE 'LOCK TABLE%' HAVING count(*) = 0";

/// Keeps a table from being dumped until it is dropped.
async fn hold(cluster: &Cluster) -> PgConnection {
    let mut holder = cluster.connect("shop_aaaaaa").await;
    run_sql(&mut holder, "BEGIN; LOCK TABLE public.t").await.unwrap();
    holder
}

async fn ends_by(sql: &str) {
    let site = Site::with(15, "CREATE TABLE t AS SELECT 1 AS n").await;
    let Site { cluster, server, shop, backups } = &site;
    let _holder = hold(cluster).await;
    let mut admin = cluster.connect("postgres").await;
    let end = async {
        cluster.until(HELD).await;
        assert_eq!(site.files().len(), 1, "it is being written");
        run_sql(&mut admin, sql).await.unwrap();
    };
    let key = key();
    let (taken, ()) = tokio::join!(backups.take(server, &shop.name, ID, &key), end);
    match taken {
        Err(BackupError::Unavailable { doing: "dumping the database", cause }) => {
            assert!(cause.contains("terminating connection"), "{cause}");
        }
        other => panic!("{other:?}"),
    }
    assert!(site.files().is_empty(), "{:?}", site.files());
}

#[tokio::test]
async fn a_dump_whose_session_is_ended_leaves_nothing() {
    ends_by("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").await;
}

#[tokio::test]
async fn a_dump_of_a_database_that_is_dropped_meanwhile_leaves_nothing() {
    ends_by("DROP DATABASE shop_aaaaaa WITH (FORCE)").await;
}

#[tokio::test]
async fn a_database_that_is_not_there_is_refused() {
    let site = Site::with(15, "").await;
    let Site { server, backups, .. } = &site;
    let taken = backups.take(server, &name("blog_bbbbbb"), ID, &key()).await;
    assert!(
        matches!(&taken, Err(BackupError::Refused { cause, .. }) if cause.contains("3D000")),
        "{taken:?}"
    );
    assert!(site.files().is_empty());
}

#[tokio::test]
async fn a_dump_that_is_given_up_ends_here_and_on_the_server() {
    let site = Site::with(15, "CREATE TABLE t AS SELECT 1 AS n").await;
    let Site { cluster, server, shop, backups } = &site;
    let _holder = hold(cluster).await;
    let key = key();
    tokio::select! {
        taken = backups.take(server, &shop.name, ID, &key) => panic!("{taken:?}"),
        () = cluster.until(HELD) => {}
    }
    assert!(site.files().is_empty());
    cluster.until(GONE).await;
}

#[tokio::test]
async fn no_secret_stands_in_what_others_on_the_machine_see() {
    let site = Site::with(15, "CREATE TABLE t AS SELECT 1 AS n").await;
    let Site { cluster, shop, backups, .. } = &site;
    // By password, over TLS that is checked.
    let password = "Adm1n pass+word%41'\"";
    let mut admin = cluster.connect("postgres").await;
    let sql = format!("CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{}'", password.replace('\'', "''"));
    run_sql(&mut admin, &sql).await.unwrap();
    let ca = cluster.folder.join("our ca.crt");
    fs::write(&ca, &cluster.ca).unwrap();
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(cluster.port)
        .username("keeper")
        .password(password)
        .database("postgres")
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert(&ca);
    let server = PostgresServer::new(ServerAccess { admin: options, ..cluster.access(&cluster.ca) });
    assert!(server.facts().await.is_ok());

    let (key, holder) = (key(), hold(cluster).await);
    let look = async {
        cluster.until(HELD).await;
        let tls = format!(
            "SELECT usename::text FROM ({}) w JOIN pg_stat_ssl USING (pid) WHERE ssl",
            HELD.replace("'waits'", "*")
        );
        assert_eq!(texts(&mut admin, &tls).await, ["keeper"]);
        let seen = Command::new("ps").args(["-eo", "args"]).output().unwrap().stdout;
        let seen = String::from_utf8_lossy(&seen).into_owned();
        assert!(seen.contains("--format=custom"), "{seen}");
        for secret in ["Adm1n", key.expose()] {
            assert!(!seen.contains(secret), "{seen}");
        }
        drop(holder);
    };
    let mut take = backups.take(&server, &shop.name, ID, &key);
    tokio::select! {
        taken = &mut take => panic!("{taken:?}"),
        () = look => {}
    }
    backups.read_back(ID, &shop.name, &key, &take.await.unwrap()).await.unwrap();

    // One that the authority did not sign is not spoken to.
    let (stranger, _) = crate::cluster::authority();
    fs::write(&ca, stranger).unwrap();
    let taken = backups.take(&server, &shop.name, ID, &key).await;
    assert!(matches!(taken, Err(BackupError::Refused { .. })), "{taken:?}");
}
