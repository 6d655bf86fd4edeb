//! The context of one request, made by the portal for each page and each server function.

use super::{
    Mistakes,
    form_state::{Filled, FormState},
    outcome::Refusal,
};
use async_trait::async_trait;
use innkeeper_domain::{
    ports::LocalMailbox,
    routes::{Link, Page},
};
use innkeeper_service::{
    Error, Service,
    context::requester::{Requester, SignedIn},
    people::session,
};
use leptos::{prelude::*, server_fn::ServerFn};
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Everything a page or a server function may use.
#[derive(Clone)]
pub struct Cx {
    /// The use cases.
    pub service: Service,
    /// Who asks.
    pub requester: Requester,
    /// The browser's session and its cookie.
    pub session: Arc<dyn BrowserSession>,
    /// The local mailbox, where this portal has one and the browser has come by its link.
    pub mailbox: Option<Arc<dyn LocalMailbox>>,
    /// Whether mails stay on this machine, and somebody at it asks.
    pub keeps_mails: bool,
    /// The token of forms: from the session, or made by the first form that is rendered.
    pub csrf: Arc<OnceLock<String>>,
    /// A form that was refused, to be shown again once.
    pub form: Option<FormState>,
    /// One line on what has just been done.
    pub flash: Option<String>,
    /// Light or dark.
    pub theme: Theme,
    /// The provider by which somebody last signed in here.
    pub way: Option<String>,
    /// The path asked for.
    pub path: String,
    /// The query asked with, decoded.
    pub query: Arc<Vec<(String, String)>>,
    /// How the page ends when it is not shown; see [`Cx::end`].
    pub end: Arc<Mutex<Option<PageEnd>>>,
    /// Draws an id for forms and tokens: 32 letters and digits.
    pub fresh_id: fn() -> String,
}

/// The browser's session, as far as signing in and out needs it.
#[async_trait]
pub trait BrowserSession: Send + Sync {
    /// Gives the browser a new session id, so that an id known from before sign-in is worth nothing. Answers the
    /// hash under which the row of the new one stands already.
    async fn renew(&self) -> Result<Vec<u8>, Refusal>;
    /// Takes the cookie away.
    async fn end(&self) -> Result<(), Refusal>;
}

/// Which colours the pages have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// As the browser's system has it.
    #[default]
    System,
}

impl Theme {
    /// Reads the cookie's value; anything unknown is the system's.
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The value of `data-theme`, none for the system's.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
            Self::System => None,
        }
    }
}

/// How a page ends that has nothing of its own to show.
#[derive(Debug)]
pub enum PageEnd {
    /// It is elsewhere.
    Redirect(Link),
    /// It is not there, or not theirs.
    NotFound,
    /// Its use case failed.
    Problem(Error),
}

impl Cx {
    /// The context of this request.
    ///
    /// # Panics
    /// Outside a request: a mistake in the program, which a test of any page shows.
    pub fn get() -> Self {
        expect_context()
    }

    /// The token of forms.
    pub fn csrf(&self) -> String {
        self.csrf.get_or_init(self.fresh_id).clone()
    }

    /// The form that is sent to `F`, with values and mistakes where it was refused, or a clean one. Of several forms on
    /// a page at most one was.
    pub fn form<F: ServerFn, T: DeserializeOwned + Default>(&self) -> Filled<T> {
        match self.form.as_ref().filter(|state| state.action == F::PATH) {
            Some(state) => Filled {
                id: state.id.clone(),
                mistakes: state.mistakes.clone(),
                // A row that an older portal wrote may not fit any more: an empty form then.
                values: serde_json::from_value(state.values.clone()).unwrap_or_default(),
                again: true,
            },
            None => Filled {
                id: (self.fresh_id)(),
                mistakes: Mistakes::default(),
                values: T::default(),
                again: false,
            },
        }
    }

    /// What is wrong with whichever form of the page was refused, and its action.
    pub fn rejected(&self) -> Option<(&str, &Mistakes)> {
        self.form.as_ref().map(|state| (state.action.as_str(), &state.mistakes))
    }

    /// A value of the query, empty when it is not there.
    pub fn asked(&self, name: &str) -> String {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Ends the page; the first end counts.
    pub fn end(&self, end: PageEnd) {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(end);
    }

    /// The person signed in. Nobody: the page ends at the sign-in, which leads back here.
    pub fn signed_in(&self) -> Option<&SignedIn> {
        if self.requester.account.is_none() {
            self.end(PageEnd::Redirect(self.sign_in_and_return()));
        }
        self.requester.account.as_ref()
    }

    /// The sign-in page that leads back to this one.
    pub fn sign_in_and_return(&self) -> Link {
        Page::SignIn.with("return", &self.path)
    }

    /// Keeps one line for the next page.
    pub async fn say(&self, line: &str) -> Result<(), Error> {
        session::flash(&self.service, self.requester.session()?, line).await
    }
}
