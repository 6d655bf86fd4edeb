use super::*;
use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 12:00 UTC);

/// A folder that goes when the test does.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("innkeeper-ca-{name}-{}", std::process::id()));
        assert!(!path.exists(), "{} is left over", path.display());
        Self(path)
    }

    fn authority(&self) -> Result<Authority, CertificateError> {
        Authority::load_or_create(&self.0, NOW)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn an_authority_is_made_once_and_loaded_afterwards() {
    let folder = Folder::new("once");
    let first = folder.authority().unwrap();
    assert_eq!(folder.authority().unwrap().certificate_pem(), first.certificate_pem());
    assert_eq!(fs::read_to_string(folder.file("ca.crt")).unwrap(), first.certificate_pem());
    assert_eq!(fs::metadata(folder.file("ca.key")).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");

    let (_, pem) = parse_x509_pem(first.certificate_pem().as_bytes()).unwrap();
    let certificate = pem.parse_x509().unwrap();
    let constraints = certificate.basic_constraints().unwrap().unwrap().value;
    assert!(constraints.ca);
    assert_eq!(constraints.path_len_constraint, Some(0));
    let usage = certificate.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
    assert!(certificate.subject().to_string().starts_with("CN=Innkeeper CA "));
    assert_eq!(certificate.validity().not_after.to_datetime(), NOW + Duration::days(3652));
}

#[test]
fn a_lost_certificate_is_issued_from_its_key_and_keeps_what_was_issued() {
    let folder = Folder::new("lost-certificate");
    let server = folder.authority().unwrap().issue_server("db.example.com", NOW).unwrap();
    fs::remove_file(folder.file("ca.crt")).unwrap();
    let repaired = folder.authority().unwrap();
    assert!(!repaired.server_certificate_due(
        &server.certificate_pem,
        &server.key_pem,
        "db.example.com",
        NOW
    ));
}

#[test]
fn a_lost_key_is_an_error_that_says_what_to_do() {
    let folder = Folder::new("lost-key");
    let before = folder.authority().unwrap().certificate_pem().to_owned();
    fs::remove_file(folder.file("ca.key")).unwrap();
    let error = folder.authority().err().unwrap();
    assert!(matches!(error, CertificateError::KeyMissing { .. }));
    assert!(error.to_string().contains("backup"), "{error}");
    assert_eq!(fs::read_to_string(folder.file("ca.crt")).unwrap(), before);
}

#[test]
fn files_that_do_not_belong_together_are_refused_and_left_alone() {
    let (folder, other) = (Folder::new("mixed"), Folder::new("mixed-other"));
    folder.authority().unwrap();
    let foreign = other.authority().unwrap();
    fs::write(folder.file("ca.crt"), foreign.certificate_pem()).unwrap();
    let error = folder.authority().err().unwrap();
    assert!(error.to_string().contains("another key"), "{error}");
    fs::write(folder.file("ca.crt"), "half a cert").unwrap();
    assert!(matches!(folder.authority(), Err(CertificateError::Unusable { .. })));
    assert_eq!(fs::read_to_string(folder.file("ca.crt")).unwrap(), "half a cert");
    let leaf = other.authority().unwrap().issue_server("localhost", NOW).unwrap();
    fs::write(other.file("ca.crt"), &leaf.certificate_pem).unwrap();
    fs::write(other.file("ca.key"), leaf.key_pem.expose()).unwrap();
    assert!(other.authority().err().unwrap().to_string().contains("authority"));
}

#[test]
fn an_authority_past_its_end_is_refused() {
    let folder = Folder::new("expired");
    folder.authority().unwrap();
    let later = NOW + Duration::days(3653);
    assert!(matches!(Authority::load_or_create(&folder.0, later), Err(CertificateError::Expired { .. })));
}

#[test]
fn a_server_certificate_names_its_host_and_this_machine() {
    let folder = Folder::new("names");
    let authority = folder.authority().unwrap();
    for (host, own) in
        [("db.example.com", true), ("203.0.113.7", true), ("2001:db8::7", true), ("localhost", false)]
    {
        let server = authority.issue_server(host, NOW).unwrap();
        assert_eq!(server.expires, NOW + Duration::days(397));
        let (_, pem) = parse_x509_pem(server.certificate_pem.as_bytes()).unwrap();
        let certificate = pem.parse_x509().unwrap();
        for name in [host, "localhost", "127.0.0.1", "::1"] {
            assert!(names_host(&certificate, name), "{host}: {name}");
        }
        assert!(!names_host(&certificate, "db.example.org"));
        let count = certificate.subject_alternative_name().unwrap().unwrap().value.general_names.len();
        assert_eq!(count, if own { 4 } else { 3 });
        assert!(!certificate.is_ca());
    }
}

#[test]
fn a_host_that_is_none_is_refused() {
    let folder = Folder::new("hosts");
    let authority = folder.authority().unwrap();
    let long = format!("{}.example.com", "a".repeat(64));
    for host in ["", "a b", "*.example.com", "exämple.com", "-a.example", "a..b", "a\nb", "10.0.0.1/8", &long]
    {
        assert!(matches!(authority.issue_server(host, NOW), Err(CertificateError::Host { .. })), "{host:?}");
    }
}

#[test]
fn a_server_certificate_is_due_when_it_no_longer_fits() {
    let (folder, other) = (Folder::new("due"), Folder::new("due-other"));
    let (authority, foreign) = (folder.authority().unwrap(), other.authority().unwrap());
    let server = authority.issue_server("db.example.com", NOW).unwrap();
    let (pem, key) = (&server.certificate_pem, &server.key_pem);
    assert!(!authority.server_certificate_due(pem, key, "db.example.com", NOW + Duration::days(367)));
    assert!(authority.server_certificate_due(pem, key, "db.example.com", NOW + Duration::days(368)));
    assert!(authority.server_certificate_due(pem, key, "db.example.org", NOW), "another host");
    assert!(foreign.server_certificate_due(pem, key, "db.example.com", NOW), "another authority");
    let second = authority.issue_server("db.example.com", NOW).unwrap();
    assert!(authority.server_certificate_due(pem, &second.key_pem, "db.example.com", NOW), "another key");
    assert!(authority.server_certificate_due("", key, "db.example.com", NOW), "no certificate");
}
