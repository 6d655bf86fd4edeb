//! `[identity.customers]`: where the issuers may be that customers name, and how their domains are looked up.

use super::problem::Problem;
use std::{collections::BTreeSet, fs, net::SocketAddr};
use toml::{Table, Value};
use url::Url;

/// Where Microsoft Graph is, outside of the national clouds.
const GRAPH: &str = "https://graph.microsoft.com";

/// What holds for all issuers that customers name.
#[derive(Debug, Clone)]
pub struct CustomersConfig {
    /// Names of hosts that may be asked although they are not on the public internet, in lower case.
    pub inner_hosts: BTreeSet<String>,
    /// Certificates (PEM) to trust besides the public ones.
    pub ca: Option<String>,
    /// The address of Microsoft Graph.
    pub graph: String,
    /// The name server that is asked for customers' domains; the machine's own if none.
    pub dns: Option<SocketAddr>,
}

impl Default for CustomersConfig {
    fn default() -> Self {
        Self { inner_hosts: BTreeSet::new(), ca: None, graph: GRAPH.to_owned(), dns: None }
    }
}

/// Reads the table; what is wrong is noted.
pub(super) fn read(table: &Table, problems: &mut Vec<Problem>) -> CustomersConfig {
    let mut read = CustomersConfig::default();
    for (key, value) in table {
        let taken = match key.as_str() {
            "inner_hosts" => hosts(value).map(|hosts| read.inner_hosts = hosts),
            "ca_file" => content(value).map(|ca| read.ca = Some(ca)),
            "graph" => https(value).map(|graph| read.graph = graph),
            "dns" => server(value).map(|server| read.dns = Some(server)),
            _ => Err("is none of inner_hosts, ca_file, graph and dns".to_owned()),
        };
        if let Err(problem) = taken {
            problems.push(Problem { name: format!("identity.customers: {key}"), problem, example: None });
        }
    }
    read
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).ok_or_else(|| "is no text".to_owned())
}

fn hosts(value: &Value) -> Result<BTreeSet<String>, String> {
    let host = |value: &Value| {
        let host = text(value)?.to_ascii_lowercase();
        let right = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
        if right {
            Ok(host)
        } else {
            Err(format!("{host:?} is no name of a host: no scheme, no port, no path"))
        }
    };
    value.as_array().ok_or("is no list of hosts")?.iter().map(host).collect()
}

fn content(value: &Value) -> Result<String, String> {
    let path = text(value)?;
    fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

fn https(value: &Value) -> Result<String, String> {
    let address = text(value)?;
    match Url::parse(address) {
        Ok(url) if url.scheme() == "https" => Ok(address.trim_end_matches('/').to_owned()),
        _ => Err("is no address that begins with https://".into()),
    }
}

fn server(value: &Value) -> Result<SocketAddr, String> {
    text(value)?.parse().map_err(|_| "is no address with a port, such as 192.0.2.53:53".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (CustomersConfig, Vec<String>) {
        let mut problems = Vec::new();
        let read = read(&text.parse().unwrap(), &mut problems);
        (read, problems.into_iter().map(|problem| format!("{}: {}", problem.name, problem.problem)).collect())
    }

    #[test]
    fn good_values_are_taken() {
        let (read, problems) = of(
            "inner_hosts = [\"SSO.corp\"]\ngraph = \"https://graph.microsoft.us/\"\ndns = \"192.0.2.53:53\"",
        );
        assert_eq!(problems, [""; 0]);
        assert_eq!(read.inner_hosts.iter().collect::<Vec<_>>(), ["sso.corp"]);
        assert_eq!((read.graph.as_str(), read.dns.unwrap().port()), ("https://graph.microsoft.us", 53));
        assert_eq!(of("").0.graph, GRAPH);
    }

    #[test]
    fn each_wrong_value_is_named() {
        for wrong in [
            "inner_hosts = \"a\"",
            "inner_hosts = [\"https://a\"]",
            "inner_hosts = [\"a/b\"]",
            "ca_file = \"/nowhere/ca.pem\"",
            "graph = \"http://graph\"",
            "dns = \"192.0.2.53\"",
            "inner_host = []",
        ] {
            let (_, problems) = of(wrong);
            assert_eq!(problems.len(), 1, "{wrong}");
            assert!(problems[0].starts_with("identity.customers: "), "{problems:?}");
        }
    }
}
