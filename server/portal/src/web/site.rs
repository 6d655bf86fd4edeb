use ipnet::IpNet;
use url::{Host, Url};

/// Where a portal stands, as far as answers depend on it.
#[derive(Debug, Clone)]
pub struct Site {
    /// The portal's own address, without a slash at its end.
    pub public_url: String,
    /// The proxies whose word on the client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The certificate by which customers check their server (PEM).
    pub ca_certificate: String,
}

impl Site {
    /// Whether browsers reach it encrypted.
    pub fn https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Whether it can be reached from this machine only.
    pub fn local(&self) -> bool {
        Url::parse(&self.public_url).is_ok_and(|url| match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        })
    }

    /// The session cookie's name. The prefix makes browsers hold it to https, this very host and the whole of it
    /// (RFC 6265bis, section 4.1.3.2).
    pub fn cookie(&self) -> &'static str {
        if self.https() { "__Host-innkeeper" } else { "innkeeper" }
    }
}
