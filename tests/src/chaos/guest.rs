//! Somebody who uses both portals while they are being broken: asks again, looks again, and remembers what was said.

use super::{
    dice::Dice,
    eyes::{Away, Eyes, now},
};
use crate::{Credentials, Form, Page, Person};
use reqwest::Method;
use sqlx::{ConnectOptions as _, Connection as _};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// A wish that a page accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The tenant.
    pub tenant: String,
    /// The action as the audit log names it.
    pub action: &'static str,
    /// Between when it was sent and answered, in seconds since 1970.
    pub between: (f64, f64),
}

/// Credentials that were shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What was shown.
    pub credentials: Credentials,
    /// The handoff, by id.
    pub handoff: String,
    /// Whether a row was written with them, which has to be there as long as the database is.
    pub marked: bool,
}

/// How pressing a button came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// The page says that it was taken.
    Accepted,
    /// The page says that it was not, or offers it no more.
    Refused,
    /// No answer came: it may have been taken or not.
    Unknown,
}

/// A person, with everything they know.
pub struct Guest {
    /// Their browser.
    pub person: Person,
    /// Both portals.
    pub sites: Vec<String>,
    /// What they draw by.
    pub dice: Dice,
    /// Past everything that is broken.
    pub eyes: Eyes,
    /// The certificate of the server's authority.
    pub ca: String,
    /// Wishes by their names, each for one database; accepted or not.
    pub wishes: Vec<String>,
    /// All that was accepted.
    pub accepted: Vec<Accepted>,
    /// The credentials last shown for each tenant.
    pub shown: BTreeMap<String, Shown>,
    /// Answers that no portal may give.
    pub faults: Vec<String>,
}

impl Guest {
    /// A page, from whichever portal comes first. No answer, or that there is none just now, is [`Away`].
    pub async fn ask(&mut self, method: Method, path: &str, form: Option<&Form>) -> Result<Page, Away> {
        let Some(site) = self.dice.pick(&self.sites).cloned() else { return Err(Away) };
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let body = form.map(|form| form.values.encode().into_bytes());
        let headers: &[(&str, &str)] = if body.is_some() { &kind } else { &[] };
        let person = self.person.at_site(&site);
        // A stopped portal does not answer: nobody waits that long before they press again.
        let asked = timeout(Duration::from_secs(5), person.try_ask(method, path, headers, body)).await;
        let Ok(Ok(page)) = asked else { return Err(Away) };
        match page.status {
            200 | 303 => Ok(page),
            500 | 502 | 503 | 504 => Err(Away),
            _ => {
                self.faults.push(format!("{page}"));
                Err(Away)
            }
        }
    }

    /// Looks at a page.
    pub async fn look(&mut self, path: &str) -> Result<Page, Away> {
        self.ask(Method::GET, path, None).await
    }

    /// Sends the form of that action which this page offers, with these values changed.
    pub async fn press(
        &mut self,
        path: &str,
        action: &str,
        changes: &[(&str, &str)],
    ) -> Result<(Pressed, (f64, f64)), Away> {
        let page = self.look(path).await?;
        let from = now();
        if page.status != 200 || !page.has_form(action) {
            return Ok((Pressed::Refused, (from, from)));
        }
        let mut form = page.form(action);
        for (name, value) in changes {
            if form.values.get(name).is_some() {
                form.values = form.values.with(name, value);
            }
        }
        let answer = self.ask(Method::POST, action, Some(&form)).await;
        let between = (from, now());
        let Ok(answer) = answer else { return Ok((Pressed::Unknown, between)) };
        if answer.status != 303 {
            self.faults.push(format!("{action} is answered without a redirect: {answer}"));
            return Ok((Pressed::Unknown, between));
        }
        let leads_to = answer.leads_to();
        if leads_to == path {
            return Ok((Pressed::Refused, between));
        }
        let Ok(next) = self.look(&leads_to).await else { return Ok((Pressed::Unknown, between)) };
        let refused = next.status == 200 && String::from_utf8_lossy(&next.body).contains("Nothing was done");
        Ok((if refused { Pressed::Refused } else { Pressed::Accepted }, between))
    }

    /// Presses and remembers what was accepted.
    pub async fn wish(
        &mut self,
        tenant: &str,
        page: &str,
        form: &str,
        action: &'static str,
        changes: &[(&str, &str)],
    ) -> Result<Pressed, Away> {
        self.fresh().await?;
        let (pressed, between) = self.press(&format!("/t/{tenant}/{page}"), form, changes).await?;
        if pressed == Pressed::Accepted {
            self.accepted.push(Accepted { tenant: tenant.into(), action, between });
        }
        Ok(pressed)
    }

    /// What only a fresh sign-in may do, may be done for hours.
    async fn fresh(&mut self) -> Result<(), Away> {
        let fresh = format!(
            "update session s set authenticated_at = now() from account a where a.id = s.account_id
               and a.email = '{}' and s.authenticated_at < now() - interval '1 minute'",
            self.person.email
        );
        self.eyes.rows(&fresh).await.map(drop)
    }

    /// Has sealed credentials shown, saves them, and writes a row with them.
    pub async fn reveal(&mut self, tenant: &str) -> Result<(), Away> {
        self.fresh().await?;
        let path = format!("/t/{tenant}/handoff");
        let latest = format!(
            "select h.id from handoff h join tenant t on t.id = h.tenant_id where t.name = '{tenant}'
             order by h.created_at desc limit 1"
        );
        let before = self.eyes.column(&latest).await?;
        let mut page = self.look(&path).await?;
        if page.status == 200 && page.has_form("/do/reveal") {
            let _ = self.press(&path, "/do/reveal", &[]).await?;
            page = self.look(&path).await?;
        }
        if page.status == 200 && page.has_form("/do/confirm") {
            let credentials = Credentials::read(&page.html(), &self.ca);
            // The one that was looked at, and no newer one.
            if let Some(handoff) = self.eyes.column(&latest).await?.pop().filter(|id| before.contains(id)) {
                let marked = self.mark(&credentials).await;
                self.shown.insert(tenant.into(), Shown { credentials, handoff, marked });
                self.press(&path, "/do/confirm", &[]).await?;
            }
        }
        Ok(())
    }

    /// Writes a row into the tenant's database, if it can be reached just now.
    async fn mark(&self, credentials: &Credentials) -> bool {
        let write = async {
            let mut sql = credentials.options("owner").connect().await.ok()?;
            let made = "create table if not exists chaos_mark (written int primary key);
                insert into chaos_mark values (1) on conflict do nothing";
            sqlx::raw_sql(made).execute(&mut sql).await.ok()?;
            sql.close().await.ok()
        };
        timeout(Duration::from_secs(10), write).await.ok().flatten().is_some()
    }
}
