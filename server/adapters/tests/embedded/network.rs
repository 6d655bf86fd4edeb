//! Who gets in, and how.

use crate::support::{Scratch, execute, now, refusal, superuser, text};
use innkeeper_adapters::certificates::Authority;
use innkeeper_domain::hba;
use sqlx::{
    ConnectOptions as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{fs, os::unix::fs::MetadataExt as _};

#[tokio::test]
async fn only_the_portal_and_those_with_a_rule_get_in() {
    let scratch = Scratch::new("network", "data");
    let cluster = scratch.start().await;
    let mut admin = superuser(cluster.address()).await;
    let major = fs::read_to_string(scratch.cluster().join("PG_VERSION")).unwrap();
    assert!(cluster.version().starts_with(major.trim()), "{} of {major}", cluster.version());
    settings_hold(&mut admin).await;
    files_are_protected(&scratch);

    let port = cluster.port();
    let tcp = |role: &str| {
        PgConnectOptions::new_without_pgpass()
            .host("localhost")
            .port(port)
            .username(role)
            .password("correct horse")
            .database("postgres")
    };
    let ca = scratch.authority.certificate_pem().as_bytes().to_vec();
    let verified = |role: &str| tcp(role).ssl_mode(PgSslMode::VerifyFull).ssl_root_cert_from_pem(ca.clone());

    execute(&mut admin, "CREATE ROLE guest LOGIN PASSWORD 'correct horse'").await;
    execute(&mut admin, "GRANT CONNECT ON DATABASE postgres TO guest").await;
    for role in ["nobody", "guest", "postgres", "innkeeper_web"] {
        for options in [tcp(role).ssl_mode(PgSslMode::Disable), verified(role)] {
            let answer = refusal(options).await;
            assert!(answer.contains("no pg_hba.conf entry"), "{role}: {answer}");
        }
    }
    let answer = refusal(cluster.options("guest", "postgres")).await;
    assert!(answer.contains("no pg_hba.conf entry"), "over the socket: {answer}");

    // A rule at the top, as the allowlist's writer puts it there.
    let path = scratch.cluster().join("pg_hba.conf");
    let block = format!("{}\nhostssl all guest 127.0.0.1/32 scram-sha-256\n{}\n", hba::BEGIN, hba::END);
    let rules = hba::replace_block(&fs::read_to_string(&path).unwrap(), &block);
    fs::write(&path, &rules).unwrap();
    let log = cluster.log_dir();
    drop(cluster);
    let cluster = scratch.start().await;
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        rules,
        "the block and the operator's lines survive a start"
    );

    let answer = refusal(tcp("guest").ssl_mode(PgSslMode::Disable)).await;
    assert!(answer.contains("no encryption"), "{answer}");
    let other = Authority::load_or_create(&scratch.settings.data_dir.join("other"), now()).unwrap();
    let foreign = other.certificate_pem().as_bytes().to_vec();
    let answer = refusal(tcp("guest").ssl_mode(PgSslMode::VerifyFull).ssl_root_cert_from_pem(foreign)).await;
    assert!(answer.contains("certificate"), "another authority: {answer}");
    let wrong = verified("guest").password("wrong");
    assert!(refusal(wrong).await.contains("password authentication failed"));
    answers_over_tls(&verified("guest")).await;

    // A lost certificate is issued again, and the running server takes it.
    assert!(!cluster.renew_certificate(&scratch.authority, now()).unwrap());
    fs::write(scratch.home().join("tls/server.crt"), "").unwrap();
    assert!(cluster.renew_certificate(&scratch.authority, now()).unwrap());
    answers_over_tls(&verified("guest")).await;

    let written = read_log(&log);
    assert!(written.contains("connection authorized: user=guest"), "{written}");
    assert!(!written.contains("correct horse"), "a password is in the log");
    assert!(!written.contains("was not reloaded"), "{written}");
    cluster.stop().await.unwrap();
}

async fn answers_over_tls(options: &PgConnectOptions) {
    let mut guest = options.connect().await.unwrap();
    let sql = "SELECT current_user || ' ' || ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(text(&mut guest, sql).await, "guest true");
}

async fn settings_hold(admin: &mut PgConnection) {
    for (sql, wanted) in [
        ("SHOW max_connections", "320"),
        ("SHOW superuser_reserved_connections", "30"),
        ("SHOW max_locks_per_transaction", "1024"),
        ("SHOW max_prepared_transactions", "0"),
        ("SHOW authentication_timeout", "10s"),
        ("SHOW shared_preload_libraries", "pg_stat_statements"),
        ("SHOW ssl_min_protocol_version", "TLSv1.2"),
        ("SHOW password_encryption", "scram-sha-256"),
        ("SHOW data_checksums", "on"),
        ("SHOW server_encoding", "UTF8"),
        ("SHOW fsync", "on"),
        ("SELECT datcollate::text FROM pg_database WHERE datname = 'template0'", "C.UTF-8"),
    ] {
        assert_eq!(text(admin, sql).await, wanted, "{sql}");
    }
}

/// The server's own folders and its key are the server's alone, and not root's.
fn files_are_protected(scratch: &Scratch) {
    for (name, mode) in [("cluster", 0o700), ("log", 0o700), ("run", 0o700), ("tls/server.key", 0o600)] {
        let metadata = fs::metadata(scratch.home().join(name)).unwrap();
        assert_eq!(metadata.mode() & 0o777, mode, "{name}");
        assert_ne!(metadata.uid(), 0, "{name}");
    }
}

fn read_log(folder: &std::path::Path) -> String {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| fs::read_to_string(path).unwrap()).collect()
}
