//! A certificate that is about to end is replaced, and nobody notices.

use crate::support::{Scratch, execute, now, superuser, text};
use std::{fs, process::Command, time::Duration as Wait};
use time::Duration;
use x509_parser::pem::parse_x509_pem;

/// Valid for 397 days when it was issued.
const ISSUED_BEFORE: Duration = Duration::days(397 - 5);

/// The certificate that the server shows to who comes now, as PEM.
fn shown(port: u16) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-starttls", "postgres", "-connect", &format!("127.0.0.1:{port}")])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, from) = said.split_once("-----BEGIN CERTIFICATE-----").unwrap_or_else(|| panic!("{said}"));
    let (inside, _) = from.split_once("-----END CERTIFICATE-----").unwrap();
    format!("-----BEGIN CERTIFICATE-----{inside}-----END CERTIFICATE-----\n")
}

/// Waits until the server shows this certificate: it reads its files a moment after it was told to.
async fn until_shown(port: u16, wanted: &str) {
    let until = tokio::time::Instant::now() + Wait::from_secs(20);
    while shown(port) != wanted {
        assert!(tokio::time::Instant::now() < until, "another certificate is shown");
        tokio::time::sleep(Wait::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_certificate_that_is_about_to_end_is_renewed_without_a_restart() {
    let scratch = Scratch::new("certificate", "data");
    let cluster = scratch.start().await;
    let mut session = superuser(cluster.address()).await;
    let server = scratch.server();
    let files = ["server.key", "server.crt"].map(|name| scratch.home().join("tls").join(name));
    let old = scratch.authority.issue_server("localhost", now() - ISSUED_BEFORE).unwrap();
    // In place: the key stays its owner's.
    fs::write(&files[0], old.key_pem.expose()).unwrap();
    fs::write(&files[1], &old.certificate_pem).unwrap();
    execute(&mut session, "SELECT pg_reload_conf()").await;
    until_shown(cluster.port(), &old.certificate_pem).await;

    // Not yet, seen from a month before its last month.
    assert!(!cluster.renew_certificate(&scratch.authority, now() - Duration::days(60)).unwrap());
    assert!(cluster.renew_certificate(&scratch.authority, now()).unwrap());
    let new = fs::read_to_string(&files[1]).unwrap();
    assert_ne!(new, old.certificate_pem);
    until_shown(cluster.port(), &new).await;
    let (_, pem) = parse_x509_pem(new.as_bytes()).unwrap();
    let end = pem.parse_x509().unwrap().validity().not_after.to_datetime();
    assert!(end - now() > Duration::days(390), "{end}");
    assert_eq!(text(&mut session, "SELECT 'still here'").await, "still here");
    assert_eq!(scratch.server(), server, "it was not restarted");
    assert!(!cluster.renew_certificate(&scratch.authority, now()).unwrap(), "once is enough");
    cluster.stop().await.unwrap();
}
