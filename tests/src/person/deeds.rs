//! What a person does in the portal: signs in, asks for a database, watches it being made, takes the credentials.

use crate::{Credentials, Form, Page, Person, Portal};
use reqwest::{Response, StatusCode};
use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _},
    time::{Duration, Instant},
};

impl Person {
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
        assert_eq!(answer.leads_to(), "/sign-up/review", "{answer}");
        self.form("/sign-up/review", "/do/check").await
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

    /// Presses "View credentials".
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
            let file_name = file.name().unwrap().into_owned();
            assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o600), "{file_name}");
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            let inside = file_name.strip_prefix(&format!("{name}/"));
            files.insert(inside.unwrap_or_else(|| panic!("{file_name} is not in {name}/")).to_owned(), text);
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
