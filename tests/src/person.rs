//! A person with a browser without scripts: HTTP, a cookie jar, forms, and a mailbox.

use crate::{Credentials, Form, Html, Portal, Values};
use reqwest::{Client, ClientBuilder, Method, Response, StatusCode, header, redirect::Policy};
use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _},
    net::IpAddr,
    time::{Duration, Instant},
};

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

/// An answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// The path asked for.
    pub path: String,
    /// The status.
    pub status: u16,
    /// All headers, their names in small letters; what stands there more than once in lines.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// A client that asks only what it is told to. It wants to know who would do TLS, although nothing of it is asked.
pub fn http() -> ClientBuilder {
    // The second time it is known already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy()
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

    /// Asks for a sign-in mail at this page, and answers the mail.
    pub async fn ask_for_mail(&self, portal: &Portal, path: &str) -> std::sync::Arc<crate::mail::Mail> {
        let before = portal.mailbox.to(&self.email).len();
        let action = if path.starts_with("/sign-up") { "/do/sign-up" } else { "/do/sign-in" };
        let form = self.form(path, action).await;
        let answer = self.submit(&form, &[("email", &self.email)]).await;
        assert_eq!(answer.leads_to(), "/verify", "{answer}");
        let site = portal.url();
        portal.mailbox.wait(&self.email, before, |mail| mail.text.contains(&format!("{site}/verify"))).await
    }

    /// Signs in from this page by the mailed link, and answers the path it leads to.
    pub async fn sign_in_at(&self, portal: &Portal, path: &str) -> String {
        let mail = self.ask_for_mail(portal, path).await;
        let form = self.form(&mail.link(&portal.url()), "/do/verify").await;
        let answer = self.press(&form).await;
        assert_eq!(answer.status, 303, "{answer}");
        answer.leads_to()
    }

    /// Signs up.
    pub async fn sign_up(&self, portal: &Portal) {
        assert_eq!(self.sign_in_at(portal, "/sign-up").await, "/sign-up/database");
    }

    /// Signs in.
    pub async fn sign_in(&self, portal: &Portal) {
        self.sign_in_at(portal, "/sign-in").await;
    }

    /// Fills in the wizard and comes to the page that asks whether it is right.
    pub async fn wish(&self, organisation: &str, database: &str, changes: &[(&str, &str)]) -> Form {
        let form = self.form("/sign-up/database", "/do/database").await;
        let names = [("organisation", organisation), ("database", database)];
        let answer = self.submit(&form, &[&names[..], changes].concat()).await;
        assert_eq!(answer.leads_to(), "/sign-up/check", "{answer}");
        self.form("/sign-up/check", "/do/check").await
    }

    /// Asks for a database and answers its name.
    pub async fn request(&self, organisation: &str, database: &str, changes: &[(&str, &str)]) -> String {
        let form = self.wish(organisation, database, changes).await;
        assert_eq!(form.buttons, ["Create database"]);
        tenant_of(&self.press(&form).await.leads_to())
    }

    /// Asks for a database, waits until it is ready, and answers its name.
    pub async fn create(&self, organisation: &str, database: &str, changes: &[(&str, &str)]) -> String {
        let name = self.request(organisation, database, changes).await;
        self.wait_until_ready(&name, 120).await;
        name
    }

    /// Watches the set-up until it leads to the handoff.
    pub async fn wait_until_ready(&self, name: &str, seconds: u64) {
        let page = self.wait_until_over(name, seconds).await;
        assert_eq!(page.status, 303, "{name} was not made: {}", page.html().text());
        assert_eq!(page.leads_to(), format!("/t/{name}/handoff"));
    }

    /// Watches the set-up until it has ended in one way or the other, and answers its page.
    pub async fn wait_until_over(&self, name: &str, seconds: u64) -> Page {
        let path = format!("/t/{name}/setup");
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let mut events = None;
        loop {
            let page = self.get(&path).await;
            let running =
                page.status == 200 && page.html().elements().any(|e| e.attribute("data-live").is_some());
            if !running {
                return page;
            }
            assert!(
                Instant::now() < deadline,
                "{name} is not ready after {seconds} s: {}",
                page.html().text()
            );
            events = self.next_event(name, events).await;
        }
    }

    /// Opens the stream of a tenant's events, or waits a second at most for the next one of an open stream. The page is
    /// worth looking at again after either; where the stream has ended nothing is left of it.
    async fn next_event(&self, name: &str, open: Option<Response>) -> Option<Response> {
        let Some(mut stream) = open else {
            let asking = self.client.get(format!("{}/t/{name}/events", self.portal)).send();
            let answer = tokio::time::timeout(Duration::from_secs(1), asking).await.ok()?.ok()?;
            return (answer.status() == StatusCode::OK).then_some(answer);
        };
        let hear = async {
            while let Ok(Some(part)) = stream.chunk().await {
                if part.windows(6).any(|bytes| bytes == b"event:") {
                    return true;
                }
            }
            false
        };
        let heard = tokio::time::timeout(Duration::from_secs(1), hear).await;
        heard.unwrap_or(true).then_some(stream)
    }

    /// Presses "Reveal credentials".
    pub async fn press_reveal(&self, name: &str) -> Page {
        let form = self.form(&format!("/t/{name}/handoff"), "/do/reveal").await;
        self.press(&form).await
    }

    /// Reveals the credentials and reads them off the page, with the CA certificate of the bundle.
    pub async fn reveal(&self, name: &str) -> Credentials {
        let handoff = format!("/t/{name}/handoff");
        assert_eq!(self.press_reveal(name).await.leads_to(), handoff);
        let page = self.open(&handoff).await;
        let bundle = self.bundle(&page).await;
        Credentials::read(&page.html(), &bundle["ca.crt"])
    }

    /// Downloads the bundle by the form of the handoff page, and unpacks it.
    pub async fn bundle(&self, page: &Page) -> BTreeMap<String, String> {
        let name = page.path.split('/').nth(2).unwrap();
        let answer = self.press(&page.form(&format!("/t/{name}/handoff/bundle"))).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"), "{answer}");
        let mut archive = zip::ZipArchive::new(Cursor::new(&answer.body)).unwrap();
        let mut files = BTreeMap::new();
        for at in 0..archive.len() {
            let mut file = archive.by_index(at).unwrap();
            let name = file.name().unwrap().into_owned();
            assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o600), "{name}");
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            files.insert(name, text);
        }
        files
    }
}

/// The tenant's name in a path of its pages.
pub fn tenant_of(path: &str) -> String {
    let mut parts = path.trim_start_matches("/t/").split('/');
    let (Some(name), true) = (parts.next(), path.starts_with("/t/")) else {
        panic!("not a tenant's page: {path}")
    };
    name.to_owned()
}

impl Page {
    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Where a 303 leads, without the server's name.
    pub fn leads_to(&self) -> String {
        assert_eq!(self.status, 303, "{self}");
        assert!(self.body.is_empty(), "a redirect with a body: {self}");
        self.header("location").to_owned()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap_or_else(|_| panic!("{} is not text", self.path))
    }

    /// The body as a document.
    pub fn html(&self) -> Html {
        assert!(self.header("content-type").starts_with("text/html"), "{} is no page", self.path);
        Html::parse(&self.text())
    }

    /// The form of that action.
    pub fn form(&self, action: &str) -> Form {
        let forms = self.html().forms();
        let actions: Vec<_> = forms.iter().map(|form| form.action.clone()).collect();
        let found = forms.into_iter().find(|form| form.action == action);
        found.unwrap_or_else(|| panic!("no form for {action}, only {actions:?}: {self}"))
    }

    /// Whether it has a form of that action.
    pub fn has_form(&self, action: &str) -> bool {
        self.html().forms().iter().any(|form| form.action == action)
    }

    /// A page of a problem with this status: it must say what to do and give a number for support.
    #[track_caller]
    pub fn is_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self}");
        let text = self.html().text();
        let number = self.support_number();
        assert!(number.len() >= 6, "no support number: {text}");
        assert!(!self.html().heading().is_empty(), "no heading: {text}");
    }

    /// The support number of a problem's page.
    pub fn support_number(&self) -> String {
        let text = self.html().text();
        let behind = text.split("Quote this number to support: ").nth(1).unwrap_or_default();
        behind.split_whitespace().next().unwrap_or_default().to_owned()
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let shown = if body.contains("id=\"main\"") { Html::parse(&body).text() } else { body.into_owned() };
        write!(f, "{} {} {} {shown}", self.path, self.status, self.header("location"))
    }
}
