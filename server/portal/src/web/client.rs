//! From where a request comes: the peer's address, or what a trusted proxy says.

use super::site::Site;
use http::{HeaderMap, Version, header, request::Parts};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The other end of the connection, put into each request by the listener.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    /// The client's address, IPv4 where it is IPv4.
    pub address: IpAddr,
    /// Whether somebody at this machine asks, for a portal that only this machine reaches.
    pub here: bool,
}

impl Client {
    pub fn of(parts: &Parts, site: &Site) -> Self {
        // Without a peer nothing is known: nobody's address, and not here.
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let address = address(peer, &parts.headers, site);
        // No browser speaks HTTP/1.0, and nginx does of itself.
        let here = site.local()
            && peer.is_loopback()
            && address.is_loopback()
            && parts.version > Version::HTTP_10
            && !proxied(&parts.headers)
            && names_loopback(&parts.headers);
        Self { address, here }
    }
}

/// The rightmost address of X-Forwarded-For that no trusted proxy stands behind; proxies append at the right, and
/// what is further left may be made up.
fn address(peer: IpAddr, headers: &HeaderMap, site: &Site) -> IpAddr {
    let trusted = |address: &IpAddr| site.trusted_proxies.iter().any(|range| range.contains(address));
    let mut client = peer;
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    while trusted(&client) {
        match hops.next().and_then(hop) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// An address, as some proxies write it with a port.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// Whether a proxy has added something, by the names that proxies and content networks use. Browsers add nothing that
/// begins with `x-` to what somebody opens.
fn proxied(headers: &HeaderMap) -> bool {
    const BEGIN: [&str; 14] = [
        "x-",
        "cf-",
        "cdn-",
        "proxy-",
        "fastly-",
        "fly-",
        "akamai-",
        "via",
        "cloudfront-",
        "tailscale-",
        "front-end-",
        "surrogate-",
        "wl-proxy-",
        "remote-",
    ];
    const HOLD: [&str; 3] = ["forward", "client-ip", "real-ip"];
    headers.keys().map(http::HeaderName::as_str).any(|name| {
        BEGIN.iter().any(|begin| name.starts_with(begin)) || HOLD.iter().any(|part| name.contains(part))
    })
}

/// Whether the browser was told to go to this machine: another name that leads here is somebody else's page.
fn names_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(proxies: &[&str]) -> Site {
        Site {
            public_url: "http://127.0.0.1:8080".into(),
            trusted_proxies: proxies.iter().map(|range| range.parse().unwrap()).collect(),
            ca_certificate: String::new(),
        }
    }

    fn client(peer: &str, headers: &[(&'static str, &str)], site: &Site) -> Client {
        client_by(Version::HTTP_11, peer, headers, site)
    }

    fn client_by(version: Version, peer: &str, headers: &[(&'static str, &str)], site: &Site) -> Client {
        let mut request = http::Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(Peer(SocketAddr::new(peer.parse().unwrap(), 40000)));
        Client::of(&parts, site)
    }

    fn address(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let headers: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
        client(peer, &headers, &site(proxies)).address.to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(address("127.0.0.1", &["198.51.100.1"], &[]), "127.0.0.1");
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &["127.0.0.1/32"]), "203.0.113.9");
        assert_eq!(address("127.0.0.1", &["198.51.100.1"], &["127.0.0.1/32"]), "198.51.100.1");
        assert_eq!(address("::ffff:127.0.0.1", &["198.51.100.1"], &["127.0.0.1/32"]), "198.51.100.1");
    }

    #[test]
    fn the_rightmost_untrusted_address_is_the_client() {
        let proxies = &["127.0.0.1/32", "10.0.0.0/8"];
        assert_eq!(address("127.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.7"], proxies), "198.51.100.1");
        assert_eq!(address("127.0.0.1", &["1.1.1.1", "198.51.100.1", "10.0.0.7"], proxies), "198.51.100.1");
        assert_eq!(address("127.0.0.1", &["10.0.0.8, 10.0.0.7"], proxies), "10.0.0.8");
        assert_eq!(address("127.0.0.1", &["198.51.100.1:4711"], proxies), "198.51.100.1");
        assert_eq!(address("127.0.0.1", &["[2001:db8::1]:4711"], proxies), "2001:db8::1");
        assert_eq!(address("127.0.0.1", &["198.51.100.1, unknown"], proxies), "127.0.0.1");
        assert_eq!(address("127.0.0.1", &[""], proxies), "127.0.0.1");
    }

    #[test]
    fn here_is_this_machine_without_any_proxy_or_foreign_name() {
        let here = |peer, headers: &[_], site: &Site| client(peer, headers, site).here;
        let at = ("host", "127.0.0.1:8080");
        assert!(here("127.0.0.1", &[at], &site(&[])));
        assert!(here("::1", &[("host", "[::1]:8080")], &site(&[])));
        assert!(here("127.0.0.1", &[("host", "localhost:8080")], &site(&[])));
        assert!(!here("203.0.113.9", &[at], &site(&[])));
        assert!(!here("127.0.0.1", &[("host", "evil.example")], &site(&[])));
        assert!(!here("127.0.0.1", &[], &site(&[])));
        assert!(!here("127.0.0.1", &[at, ("x-forwarded-for", "127.0.0.1")], &site(&[])));
        assert!(!here("127.0.0.1", &[at, ("x-forwarded-for", "127.0.0.1")], &site(&["127.0.0.1/32"])));
        for proxy in [
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-real-ip",
            "via",
            "cf-connecting-ip",
            "cf-ray",
            "cdn-loop",
            "true-client-ip",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-original-forwarded-for",
            "x-envoy-external-address",
            "x-request-id",
            "fastly-client-ip",
            "fly-client-ip",
            "proxy-connection",
            "cloudfront-viewer-address",
            "tailscale-user-login",
            "front-end-https",
            "surrogate-capability",
            "max-forwards",
            "wl-proxy-ssl",
            "remote-user",
        ] {
            assert!(!here("127.0.0.1", &[at, (proxy, "127.0.0.1")], &site(&[])), "{proxy}");
        }
        for own in ["user-agent", "accept", "cookie", "sec-fetch-site", "upgrade-insecure-requests", "dnt"] {
            assert!(here("127.0.0.1", &[at, (own, "1")], &site(&[])), "{own}");
        }
        assert!(!client_by(Version::HTTP_10, "127.0.0.1", &[at], &site(&[])).here);
        let public = Site { public_url: "https://databases.example.com".into(), ..site(&[]) };
        assert!(!here("127.0.0.1", &[at], &public));
    }
}
