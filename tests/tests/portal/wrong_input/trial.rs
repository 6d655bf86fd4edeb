//! A form of a page, and what comes of what is sent to it.

use super::texts::{Mistake, Wants, long};
use innkeeper_tests::{Form, Page, Person, Values};
use reqwest::Method;

/// Counts cases and checks each.
pub(super) struct Trial<'a> {
    pub person: &'a Person,
    pub page: &'a str,
    pub form: Form,
    pub count: usize,
}

impl Trial<'_> {
    /// Sends these values; what was typed into the field named is wrong or fine.
    pub async fn send(&mut self, field: &str, values: &Values, wants: Wants, shown: &str) {
        self.count += 1;
        let answer = self.person.post(&self.form.action, values).await;
        let to = answer.leads_to();
        let back = to.starts_with(self.page) && to.contains("form=");
        let case = format!("{field} {}: {to}", shown.chars().take(60).collect::<String>().escape_debug());
        assert_eq!(back, wants == Mistake, "{case}");
        if back {
            let page = self.person.open(&to).await;
            let mistake = page.html().mistake(field).unwrap_or_default();
            assert!(mistake.len() > 10, "no words beside the field: {case}: {page}");
            assert!(
                page.html().text().contains("There is a problem") || page.html().text().contains("problems"),
                "{case}"
            );
            assert!(!mistake.chars().any(char::is_control), "{mistake:?}: {case}");
            self.is_still_there(&page, values, &case);
        }
    }

    /// What can be shown again is what was typed; secrets, and choices that are none, are not.
    fn is_still_there(&self, page: &Page, typed: &Values, case: &str) {
        let shown = page.form(&self.form.action);
        for name in ["organisation", "database", "addresses", "email", "confirmation"] {
            let lines = |text: &str| text.replace("\r\n", "\n");
            // What is longer than any field can be comes back empty, beside its mistake.
            if let Some(value) = typed.get(name).filter(|value| value.len() <= 6000) {
                let again = shown.values.get(name).unwrap_or_default();
                assert_eq!(lines(again), lines(value), "{name} is lost: {case}");
            }
        }
        let ticked = |values: &Values| values.get("allow_any") == Some("on");
        assert_eq!(ticked(&shown.values), ticked(typed), "the tick is lost: {case}");
    }

    /// A request that is no form of a browser: refused as a whole.
    pub async fn malformed(&mut self, body: Vec<u8>, status: u16) {
        self.count += 1;
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = self.person.ask(Method::POST, &self.form.action, &kind, Some(body)).await;
        assert_eq!(answer.status, status, "{shown}: {answer}");
        answer.is_problem(status);
    }

    /// Each kind of body that no browser sends.
    pub async fn all_malformed(&mut self, field: &str) {
        let good = self.form.values.encode();
        for (name, value) in self.form.values.clone().0 {
            if !name.ends_with("[]") && !["csrf", "form"].contains(&name.as_str()) {
                // Which of the two should hold?
                self.malformed(self.form.values.clone().and(&name, &value).encode().into_bytes(), 400).await;
            }
        }
        for tail in
            [format!("&{field}[x]=1"), "&x=%FF".into(), "&x=%00".into(), format!("&{field}=%ED%A0%80")]
        {
            self.malformed(format!("{good}{tail}").into_bytes(), 400).await;
        }
        self.malformed([good.as_bytes(), b"&x=\xff"].concat(), 400).await;
        self.malformed(format!("{good}&x={}", long(70_000)).into_bytes(), 413).await;
        let csrf = self.form.values.get("csrf").unwrap_or_default();
        self.malformed(format!("csrf=x&csrf={csrf}").into_bytes(), 403).await;
        for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
            self.count += 1;
            let headers = if kind.is_empty() { vec![] } else { vec![("content-type", kind)] };
            let body = Some(good.clone().into_bytes());
            self.person.ask(Method::POST, &self.form.action, &headers, body).await.is_problem(415);
        }
    }
}
