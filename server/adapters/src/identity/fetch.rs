//! The one client for what is asked of providers.

use async_trait::async_trait;
use http::{Request, Response, StatusCode};
use innkeeper_domain::{
    identity::{Reason, Refusal},
    net,
};
use openidconnect::AsyncHttpClient;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use url::{Host, Url};

/// Longest time to reach a provider, and for the whole of an answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);
/// The longest answer, in bytes. Entra's keys are 20 KB.
const MOST: usize = 256 * 1024;

/// Where a provider may be.
#[derive(Debug, Clone)]
pub enum Rule {
    /// An operator named it: anywhere over https, and without on this machine.
    Operator,
    /// A customer named it: https on hosts of the public internet alone, and on those inner ones that the operator named.
    Customer {
        /// Names of inner hosts, in lower case.
        inner: Arc<BTreeSet<String>>,
    },
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address may not be asked.
    #[error("{0}")]
    Forbidden(String),
    /// No answer, or not in time.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is too long.
    #[error("the answer is longer than {} KB", MOST / 1024)]
    TooLong,
}

impl From<FetchError> for Refusal {
    fn from(error: FetchError) -> Self {
        let reason = match error {
            FetchError::Forbidden(_) => Reason::Forbidden,
            FetchError::Unreachable(_) => Reason::Unreachable,
            FetchError::TooLong => Reason::Form,
        };
        Self::new(reason, error)
    }
}

impl Rule {
    /// Whether this address may be asked at all, before its name is looked up.
    pub fn check(&self, url: &Url) -> Result<(), FetchError> {
        let forbidden = |what: &str| Err(FetchError::Forbidden(format!("{what}: {}", shown(url))));
        if !url.username().is_empty() || url.password().is_some() {
            return forbidden("an address with a name and password in it");
        }
        let here = match url.host() {
            None => return forbidden("an address without a host"),
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
        };
        match self {
            Self::Operator if url.scheme() == "https" || (url.scheme() == "http" && here) => Ok(()),
            Self::Customer { .. } if url.scheme() == "https" => match url.host() {
                Some(Host::Domain(_)) | None => Ok(()),
                Some(Host::Ipv4(address)) => self.check_found(&address.to_string(), &[address.into()]),
                Some(Host::Ipv6(address)) => self.check_found(&address.to_string(), &[address.into()]),
            },
            Self::Operator | Self::Customer { .. } => forbidden("not https"),
        }
    }

    /// Whether a host may be asked that was found under these addresses. One that may not is enough: which of them is
    /// connected to is up to chance.
    fn check_found(&self, host: &str, found: &[IpAddr]) -> Result<(), FetchError> {
        let Self::Customer { inner } = self else { return Ok(()) };
        if inner.contains(host) {
            return Ok(());
        }
        match found.iter().find(|address| !net::is_public(**address)) {
            Some(address) => Err(FetchError::Forbidden(format!(
                "{host} leads to {address}, which is no address of the public internet"
            ))),
            None => Ok(()),
        }
    }
}

/// A URL for a log: without what may be secret in it.
fn shown(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Looks names up.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// The addresses of a host, its name in lower case.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Looks names up as this machine does.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Looks names up once, and answers only addresses that may be connected to: nothing is looked up again between the
/// check and the connection.
struct Checked {
    rule: Rule,
    lookup: Arc<dyn Lookup>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (rule, lookup) = (self.rule.clone(), self.lookup.clone());
        Box::pin(async move {
            let host = name.as_str().to_ascii_lowercase();
            let found = lookup.addresses(&host).await?;
            rule.check_found(&host, &found)?;
            let found: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(found)
        })
    }
}

/// Fetches from one provider.
pub struct Fetch {
    client: reqwest::Client,
    rule: Rule,
}

impl Fetch {
    /// A client that trusts the public certificates and these (PEM), if any.
    pub fn new(rule: Rule, ca: Option<&str>) -> Result<Self, String> {
        Self::looking_up(rule, ca, Arc::new(SystemLookup))
    }

    /// The same with another way to look names up.
    pub fn looking_up(rule: Rule, ca: Option<&str>, lookup: Arc<dyn Lookup>) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("the CA certificate cannot be used: {error}");
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for certificate in CertificateDer::pem_slice_iter(ca.unwrap_or_default().as_bytes()) {
            roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        }
        // Anything else in the file is read over: it could be a key, or another file.
        if ca.is_some() && roots.len() == webpki_roots::TLS_SERVER_ROOTS.len() {
            return Err(wrong(&"there is none (PEM) in it"));
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Checked { rule: rule.clone(), lookup })
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .user_agent("Innkeeper")
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, rule })
    }

    /// Where it may go.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Asks, and reads the whole answer. A redirect is an answer like any other.
    pub async fn fetch(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, FetchError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string())
            .map_err(|error| FetchError::Forbidden(format!("no address: {error}")))?;
        self.rule.check(&url)?;
        let asking = self.client.request(parts.method, url).headers(parts.headers).body(body);
        let mut answer = asking.send().await.map_err(why)?;
        let mut content = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(why)? {
            if content.len() + piece.len() > MOST {
                return Err(FetchError::TooLong);
            }
            content.extend_from_slice(&piece);
        }
        let mut response = Response::new(content);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(async move {
            let answer = self.fetch(request).await?;
            match answer.status() {
                // The library would take it for an answer that it cannot read.
                status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                    Err(FetchError::Unreachable(format!("answered {status}")))
                }
                _ => Ok(answer),
            }
        })
    }
}

/// The innermost cause: the outer ones only say that something was asked for.
fn why(error: reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::Unreachable(format!("no whole answer within {} s", ANSWER.as_secs()));
    }
    let mut cause: &dyn std::error::Error = &error;
    loop {
        if let Some(FetchError::Forbidden(what)) = cause.downcast_ref() {
            return FetchError::Forbidden(what.clone());
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return FetchError::Unreachable(cause.to_string()),
        }
    }
}
