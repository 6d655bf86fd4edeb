//! The local mailbox and the token that opens it.

use super::cookies::cookie;
use http::{HeaderMap, HeaderValue};
use innkeeper_domain::{
    ports::{LocalMailbox, Random},
    routes::Page,
    secret::Secret,
};
use std::sync::Arc;

/// The cookie of a browser that has come by the link.
const COOKIE: &str = "innkeeper-mailbox";

/// What the link holds: 256 bits, new with each start of the portal.
pub struct MailboxToken(Secret);

impl MailboxToken {
    /// A new one.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(Secret::new(hex::encode(bytes)))
    }

    /// The link, for standard output and nothing else.
    pub fn link(&self, public_url: &str) -> Secret {
        Secret::new(Page::Mailbox.with("token", self.0.expose()).absolute(public_url))
    }
}

/// The mailbox and what opens it. Neither the token nor the cookie is kept, only their hashes.
#[derive(Clone)]
pub struct LockedMailbox {
    mailbox: Arc<dyn LocalMailbox>,
    token: blake3::Hash,
    cookie: blake3::Hash,
}

impl LockedMailbox {
    /// Closes it to everybody who does not know the token.
    pub fn new(mailbox: Arc<dyn LocalMailbox>, token: &MailboxToken) -> Self {
        let token = token.0.expose();
        let cookie = cookie_of(token);
        Self { mailbox, token: blake3::hash(token.as_bytes()), cookie: blake3::hash(cookie.as_bytes()) }
    }

    /// The mailbox, for a browser that has come by the link.
    pub(super) fn open(&self, headers: &HeaderMap) -> Option<Arc<dyn LocalMailbox>> {
        let sent = cookie(headers, COOKIE)?;
        // Hashes compare in constant time.
        (blake3::hash(sent.as_bytes()) == self.cookie).then(|| self.mailbox.clone())
    }

    /// The cookie for who brings the token.
    pub(super) fn enter(&self, token: &str, https: bool) -> Option<HeaderValue> {
        if blake3::hash(token.as_bytes()) != self.token {
            return None;
        }
        let secure = if https { "; Secure" } else { "" };
        // Lax, so that the link works wherever it is pressed.
        let text =
            format!("{COOKIE}={}; HttpOnly; SameSite=Lax; Path={}{secure}", cookie_of(token), Page::Mailbox);
        HeaderValue::from_str(&text).ok()
    }
}

/// The cookie's value: who reads it does not have the link.
fn cookie_of(token: &str) -> String {
    hex::encode(blake3::derive_key("innkeeper 2026-11-30 cookie of the local mailbox", token.as_bytes()))
}
