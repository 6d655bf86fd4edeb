//! What the way to a server looks like for its customers.

use super::{ExternalError, StartError};
use innkeeper_domain::connection::Endpoint;
use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
};
use tokio::net::TcpStream;
use x509_parser::pem::Pem;

/// The certificates by which customers check their server. They get the file, so it holds nothing else.
pub(super) fn root_certificate(path: PathBuf) -> Result<String, StartError> {
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(StartError::RootCertificate { path, source }),
    };
    let mut labels = Pem::iter_from_buffer(text.as_bytes()).map(|pem| pem.map(|pem| pem.label)).peekable();
    if labels.peek().is_some() && labels.all(|label| label.is_ok_and(|label| label == "CERTIFICATE")) {
        return Ok(text);
    }
    let problem = format!("the file {} of sslrootcert= is not made of certificates alone", path.display());
    let advice = "Customers get it to check the server by: name a PEM file with the authority's certificate and no key";
    Err(ExternalError::found(problem, advice).into())
}

/// From which address of this machine customers' way to the server begins.
pub(super) async fn own_address(endpoint: &Endpoint) -> Result<IpAddr, StartError> {
    let address = async { TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?.local_addr() };
    let unreachable = |source: io::Error| StartError::Connect { role: "a customer", source: source.into() };
    Ok(address.await.map_err(unreachable)?.ip())
}

/// Where the portal tries what customers will do, and from which address that comes.
pub(super) fn probe(host: &str, listen: &[IpAddr]) -> (String, IpAddr) {
    let on = |local: IpAddr, any: IpAddr| listen.contains(&local) || listen.contains(&any);
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    if on(v4, IpAddr::V4(Ipv4Addr::UNSPECIFIED)) {
        return (v4.to_string(), v4);
    }
    match listen.first() {
        Some(first) if !on(v6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => (host.to_owned(), *first),
        _ => (v6.to_string(), v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_goes_where_the_server_listens() {
        let of = |listen: &[&str]| {
            let listen: Vec<IpAddr> = listen.iter().map(|address| address.parse().unwrap()).collect();
            let (host, source) = probe("db.example", &listen);
            (host, source.to_string())
        };
        assert_eq!(of(&["127.0.0.1"]), ("127.0.0.1".into(), "127.0.0.1".into()));
        assert_eq!(of(&["192.0.2.10", "0.0.0.0"]), ("127.0.0.1".into(), "127.0.0.1".into()));
        assert_eq!(of(&["::1"]), ("::1".into(), "::1".into()));
        assert_eq!(of(&["192.0.2.10"]), ("db.example".into(), "192.0.2.10".into()));
    }
}
