//! Certificates for PostgreSQL servers.

use super::{
    Authority, CertificateError,
    authority::{BACKDATED, belongs_to, serial},
};
use innkeeper_domain::secret::Secret;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SanType, string::Ia5String,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use time::{Duration, OffsetDateTime};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, pem::parse_x509_pem};

/// The longest that public authorities may issue (398 days), less one, so that no client finds it odd.
const VALIDITY: Duration = Duration::days(397);
const RENEWED_BEFORE: Duration = Duration::days(30);

/// A server's certificate and its key.
pub struct IssuedServer {
    /// The certificate, as PEM.
    pub certificate_pem: String,
    /// Its private key, PKCS #8 as PEM.
    pub key_pem: Secret,
    /// From when on clients refuse it.
    pub expires: OffsetDateTime,
}

impl Authority {
    /// Issues a certificate with a new key for a server reached under this host name or address, and under this
    /// machine's own names (`localhost`, `127.0.0.1`, `::1`). It is valid for 397 days, or as long as the authority.
    pub fn issue_server(&self, host: &str, now: OffsetDateTime) -> Result<IssuedServer, CertificateError> {
        let pair = KeyPair::generate()?;
        let expires = now.saturating_add(VALIDITY).min(self.expires);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        // A common name holds 64 characters (RFC 5280, appendix A.1); clients look at the alternative names only.
        params
            .distinguished_name
            .push(DnType::CommonName, if host.len() <= 64 { host } else { "PostgreSQL" });
        params.subject_alt_names = names(host)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.not_before = now.saturating_sub(BACKDATED);
        params.not_after = expires;
        params.serial_number = Some(serial(&pair, now));
        let certificate_pem = params.signed_by(&pair, &self.issuer)?.pem();
        Ok(IssuedServer { certificate_pem, key_pem: Secret::new(pair.serialize_pem()), expires })
    }

    /// Whether a server's certificate needs to be issued anew: less than 30 days are left, it is not of this
    /// authority, not for this host or this key, or not readable at all.
    pub fn server_certificate_due(
        &self,
        certificate_pem: &str,
        key_pem: &Secret,
        host: &str,
        now: OffsetDateTime,
    ) -> bool {
        self.holds(certificate_pem, key_pem, host, now).is_none()
    }

    fn holds(&self, certificate_pem: &str, key_pem: &Secret, host: &str, now: OffsetDateTime) -> Option<()> {
        let (_, own) = parse_x509_pem(self.certificate_pem.as_bytes()).ok()?;
        let own = own.parse_x509().ok()?;
        let (_, pem) = parse_x509_pem(certificate_pem.as_bytes()).ok()?;
        let certificate = pem.parse_x509().ok()?;
        certificate.verify_signature(Some(own.public_key())).ok()?;
        let pair = KeyPair::from_pem(key_pem.expose()).ok()?;
        let left = certificate.validity().not_after.to_datetime() - now;
        (left >= RENEWED_BEFORE && names_host(&certificate, host) && belongs_to(&certificate, &pair))
            .then_some(())
    }
}

/// The alternative names of a server: its own first, then this machine's.
fn names(host: &str) -> Result<Vec<SanType>, CertificateError> {
    let own = match host.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(host_name(host)?),
    };
    let mut names = vec![own];
    for name in [
        SanType::DnsName(Ia5String::try_from("localhost")?),
        SanType::IpAddress(Ipv4Addr::LOCALHOST.into()),
        SanType::IpAddress(Ipv6Addr::LOCALHOST.into()),
    ] {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A host name by RFC 1123, section 2.1: labels of letters, digits and inner hyphens.
fn host_name(host: &str) -> Result<Ia5String, CertificateError> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let good = host.len() <= 253 && host.split('.').all(label);
    let name = good.then(|| Ia5String::try_from(host).ok()).flatten();
    name.ok_or_else(|| CertificateError::Host { host: host.to_owned() })
}

fn names_host(certificate: &X509Certificate<'_>, host: &str) -> bool {
    let address = host.parse::<IpAddr>().ok().map(|address| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    });
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    names.value.general_names.iter().any(|name| match name {
        GeneralName::DNSName(name) => name.eq_ignore_ascii_case(host),
        GeneralName::IPAddress(octets) => address.as_deref() == Some(*octets),
        _ => false,
    })
}

#[cfg(test)]
mod tests;
