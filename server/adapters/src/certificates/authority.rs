//! Making, loading and repairing the authority.

use super::{CertificateError, files};
use innkeeper_domain::secret::Secret;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _, SerialNumber,
};
use std::{
    fs::{self, DirBuilder, Permissions},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};
use x509_parser::{certificate::X509Certificate, pem::parse_x509_pem};

const VALIDITY: Duration = Duration::days(3652);
/// Clients whose clock is a little behind must not refuse a new certificate.
pub(super) const BACKDATED: Duration = Duration::hours(1);

/// The installation's certificate authority: an ECDSA P-256 key and its self-signed certificate.
pub struct Authority {
    pub(super) certificate_pem: String,
    pub(super) issuer: Issuer<'static, KeyPair>,
    /// No certificate outlives its issuer.
    pub(super) expires: OffsetDateTime,
}

impl Authority {
    /// Loads the authority of this folder (`ca.crt`, `ca.key`), or makes one if the folder holds none.
    ///
    /// A lost certificate is issued anew from its key, since clients verify with the key's name and signature. A lost
    /// key, two files that do not belong together, or an authority past its end is an error: what to do is not for
    /// the portal to decide.
    pub fn load_or_create(dir: &Path, now: OffsetDateTime) -> Result<Self, CertificateError> {
        let (certificate_path, key_path) = (dir.join("ca.crt"), dir.join("ca.key"));
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(file(dir, "made"))?;
        let certificate = read(&certificate_path)?;
        let key = match read(&key_path)? {
            Some(key) => Secret::new(key),
            None if certificate.is_some() => {
                return Err(CertificateError::KeyMissing { key: key_path, certificate: certificate_path });
            }
            None => create_key(&key_path)?,
        };
        fs::set_permissions(&key_path, Permissions::from_mode(0o600))
            .map_err(file(&key_path, "protected"))?;
        let pair = KeyPair::from_pem(key.expose())
            .map_err(|_| unusable(&key_path, "it holds no private key this program can use"))?;
        let certificate_pem = match certificate {
            Some(certificate) => certificate,
            None => create_certificate(&certificate_path, &pair, now)?,
        };
        Self::check(certificate_path, certificate_pem, pair, now)
    }

    /// The certificate that customers verify servers with, as PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    fn check(
        path: PathBuf,
        certificate_pem: String,
        pair: KeyPair,
        now: OffsetDateTime,
    ) -> Result<Self, CertificateError> {
        let no_certificate = || unusable(&path, "it holds no certificate");
        let (_, pem) = parse_x509_pem(certificate_pem.as_bytes()).map_err(|_| no_certificate())?;
        let certificate = pem.parse_x509().map_err(|_| no_certificate())?;
        if !certificate.is_ca() {
            return Err(unusable(&path, "it is not the certificate of an authority"));
        }
        if !belongs_to(&certificate, &pair) {
            return Err(unusable(&path, "it was made for another key than the one in ca.key"));
        }
        let expires = certificate.validity().not_after.to_datetime();
        if expires <= now {
            return Err(CertificateError::Expired { path, ended: expires });
        }
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, pair)?;
        Ok(Self { certificate_pem, issuer, expires })
    }
}

/// Whether the certificate speaks for this key.
pub(super) fn belongs_to(certificate: &X509Certificate<'_>, pair: &KeyPair) -> bool {
    certificate.public_key().raw == pair.subject_public_key_info()
}

/// A serial number unique to the key and the moment (RFC 5280, 4.1.2.2: positive, at most 20 octets).
pub(super) fn serial(pair: &KeyPair, now: OffsetDateTime) -> SerialNumber {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&pair.subject_public_key_info());
    hasher.update(&now.unix_timestamp_nanos().to_be_bytes());
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn create_key(path: &Path) -> Result<Secret, CertificateError> {
    let made = Secret::new(KeyPair::generate()?.serialize_pem());
    let access = files::Access::own(0o600);
    if files::create(path, made.expose().as_bytes(), access).map_err(file(path, "written"))? {
        return Ok(made);
    }
    // Another process was first: there is one authority, and it is that one's.
    read(path)?.map(Secret::new).ok_or_else(|| unusable(path, "it vanished while it was read"))
}

fn create_certificate(path: &Path, pair: &KeyPair, now: OffsetDateTime) -> Result<String, CertificateError> {
    // The name comes from the key, so that a certificate issued anew is taken for the same authority.
    let id = blake3::hash(&pair.subject_public_key_info()).to_hex();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Innkeeper CA {}", &id[..8]));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = now.saturating_sub(BACKDATED);
    params.not_after = now.saturating_add(VALIDITY);
    params.serial_number = Some(serial(pair, now));
    let pem = params.self_signed(pair)?.pem();
    if files::create(path, pem.as_bytes(), files::Access::own(0o644)).map_err(file(path, "written"))? {
        return Ok(pem);
    }
    read(path)?.ok_or_else(|| unusable(path, "it vanished while it was read"))
}

fn read(path: &Path) -> Result<Option<String>, CertificateError> {
    files::read_if_there(path).map_err(file(path, "read"))
}

fn file<'a>(path: &'a Path, what: &'static str) -> impl FnOnce(std::io::Error) -> CertificateError + 'a {
    move |source| CertificateError::File { path: path.to_owned(), what, source }
}

fn unusable(path: &Path, reason: &'static str) -> CertificateError {
    CertificateError::Unusable { path: path.to_owned(), reason }
}
