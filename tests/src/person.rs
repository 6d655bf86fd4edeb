//! A person with a browser without scripts: HTTP, a cookie jar and forms. What they do in the portal is in `deeds`.

mod deeds;

pub use deeds::tenant_of;

use crate::{Form, Page, Portal, Values};
use reqwest::{Client, ClientBuilder, Method, header, redirect::Policy};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};

/// How long one answer may take; 50 people at once on two processors are slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody with one browser.
#[derive(Clone)]
pub struct Person {
    client: Client,
    portal: String,
    /// The person's address.
    pub email: String,
}

/// A client that asks only what it is told to. It wants to know who would do TLS, although nothing of it is asked.
pub fn http() -> ClientBuilder {
    // The second time it is known already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Reading the certificates that this machine trusts would take longer than most of what is asked.
    Client::builder().no_proxy().tls_certs_only([])
}

impl Person {
    /// Somebody new, from 127.0.0.1.
    pub fn new(portal: &Portal, email: &str) -> Self {
        Self::from(portal, email, IpAddr::from([127, 0, 0, 1]))
    }

    /// Somebody new, from an address of this machine.
    pub fn from(portal: &Portal, email: &str, address: IpAddr) -> Self {
        let client = http()
            .cookie_store(true)
            .redirect(Policy::none())
            .local_address(address)
            .timeout(PATIENCE)
            // A connection that is kept would break when the portal is killed.
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        Self { client, portal: portal.url(), email: email.into() }
    }

    /// The same person with another browser.
    pub fn another_browser(&self, portal: &Portal) -> Self {
        Self::new(portal, &self.email)
    }

    /// The same person with the same browser, at another portal of this machine: cookies know hosts and no ports.
    #[must_use]
    pub fn at(&self, portal: &Portal) -> Self {
        self.at_site(&portal.url())
    }

    /// The same, where only the portal's address is known.
    #[must_use]
    pub fn at_site(&self, url: &str) -> Self {
        Self { portal: url.into(), ..self.clone() }
    }

    /// Any request, with these headers.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Page {
        self.try_ask(method, path, headers, body).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// Any request, to a portal that may not be there.
    pub async fn try_ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Page, reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.portal));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let value = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut headers = BTreeMap::<String, String>::new();
        for (name, text) in answer.headers() {
            let all = headers.entry(name.as_str().to_owned()).or_default();
            all.push_str(if all.is_empty() { "" } else { "\n" });
            all.push_str(&value(text));
        }
        let body = answer.bytes().await?.to_vec();
        Ok(Page { path: path.into(), status, headers, body })
    }

    /// Looks at a page.
    pub async fn get(&self, path: &str) -> Page {
        self.ask(Method::GET, path, &[], None).await
    }

    /// Sends values as a form.
    pub async fn post(&self, path: &str, values: &Values) -> Page {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.ask(Method::POST, path, &kind, Some(values.encode().into_bytes())).await
    }

    /// Sends a form as it is.
    pub async fn press(&self, form: &Form) -> Page {
        self.post(&form.action, &form.values).await
    }

    /// Sends a form with these values changed.
    pub async fn submit(&self, form: &Form, changes: &[(&str, &str)]) -> Page {
        let changed =
            changes.iter().fold(form.values.clone(), |values, (name, value)| values.with(name, value));
        self.post(&form.action, &changed).await
    }

    /// Looks at a page that must be there.
    pub async fn open(&self, path: &str) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {page}");
        page
    }

    /// The form of that action on a page that must be there.
    pub async fn form(&self, path: &str, action: &str) -> Form {
        self.open(path).await.form(action)
    }
}
