//! An answer of the portal, as a browser without scripts has it.

use crate::{Form, Html};
use std::collections::BTreeMap;

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
