use crate::{
    Error,
    context::{
        providers::{Provider, Providers},
        requester::Requester,
    },
    testing::{TestPortal, Told},
};
mod accounts;
mod answers;
mod sessions;

use super::*;
use innkeeper_domain::{
    email::EmailAddress,
    identity::{Contact, Facts, Groups, ProviderId, ProviderKind, Reason, Subject},
    staff::StaffGroups,
};
use sqlx::PgPool;
use std::sync::Arc;

/// A portal with two providers, and a browser.
pub(crate) struct Stage {
    pub(crate) portal: TestPortal,
    told: Arc<Told>,
    pub(crate) browser: Requester,
}

pub(crate) fn person(subject: &str, address: &str, proven: bool) -> Facts {
    Facts {
        subject: Subject::new("https://issuer.example", subject).unwrap(),
        name: Some("Jane".into()),
        contact: EmailAddress::parse(address).ok().map(|address| Contact { address, proven }),
        groups: Groups::Untold,
        session: Some("there".into()),
        since: None,
        said: Vec::new(),
    }
}

impl Stage {
    async fn open(pool: &PgPool) -> Self {
        Self::open_with(pool, StaffGroups::default()).await
    }

    /// Acme's provider makes these groups staff.
    pub(crate) async fn open_with(pool: &PgPool, staff_groups: StaffGroups) -> Self {
        let mut portal = TestPortal::open(pool).await;
        let told = Arc::new(Told::default());
        let provider = |id: &str, staff_groups| Provider {
            id: ProviderId::parse(id).unwrap(),
            kind: ProviderKind::Oidc,
            label: id.into(),
            unverified: false,
            staff_groups,
            organisation: None,
            host: None,
            port: told.clone(),
        };
        let (acme, other) = (provider("acme", staff_groups), provider("other", StaffGroups::default()));
        portal.service.providers = Providers::new(vec![acme, other]);
        let browser = portal.stranger("203.0.113.7").await;
        Self { portal, told, browser }
    }

    /// Sends this browser to Acme's provider; the state it will come back with.
    async fn leave(&self, browser: &Requester, purpose: Purpose) -> String {
        self.leave_for("acme", browser, purpose).await
    }

    async fn leave_for(&self, provider: &str, browser: &Requester, purpose: Purpose) -> String {
        let to = leave(&self.portal.service, browser, provider, purpose, "/t/shop_k3v9x2").await.unwrap();
        assert_eq!(to, "https://issuer.example/authorize");
        self.told.asked.lock().unwrap().as_ref().unwrap().state.expose().to_owned()
    }

    async fn back(
        &self,
        browser: &Requester,
        provider: &str,
        query: &[(&str, &str)],
    ) -> crate::Result<Vouched> {
        let query: Vec<_> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        match answer(&self.portal.service, browser, provider, &query).await? {
            Answered::Vouched(vouched) => Ok(*vouched),
            other => panic!("{other:?}"),
        }
    }

    /// The whole way of this browser as this person; its account.
    async fn sign_in(&self, browser: &Requester, facts: Facts) -> crate::Result<uuid::Uuid> {
        self.come_by("acme", browser, Purpose::SignIn, facts).await
    }

    /// The same by any of the providers, for any reason but linking.
    pub(crate) async fn come_by(
        &self,
        provider: &str,
        browser: &Requester,
        purpose: Purpose,
        facts: Facts,
    ) -> crate::Result<uuid::Uuid> {
        *self.told.facts.lock().unwrap() = Some(facts);
        let state = self.leave_for(provider, browser, purpose).await;
        let vouched = self.back(browser, provider, &[("state", &state), ("code", "good")]).await?;
        let row = self.portal.new_cookie(browser, &state).await;
        let to = enter(&self.portal.service, browser, vouched, &row).await?;
        assert_eq!(to, "/t/shop_k3v9x2");
        let account = sqlx::query_scalar("select account_id from session where id_hash = $1").bind(&row[..]);
        Ok(account.fetch_one(&self.portal.owner).await.unwrap())
    }

    /// Adds the person as one more way in of who is signed in.
    pub(crate) async fn link(&self, browser: &Requester, facts: Facts) {
        *self.told.facts.lock().unwrap() = Some(facts);
        let state = self.leave(browser, Purpose::Link).await;
        let vouched = self.back(browser, "acme", &[("state", &state), ("code", "good")]).await.unwrap();
        link(&self.portal.service, browser, vouched).await.unwrap();
    }

    /// Who the browser is now.
    pub(crate) async fn seen(&self, browser: &Requester) -> Requester {
        crate::people::session::requester_of(
            &self.portal.service,
            browser.known_session(),
            browser.browser().unwrap().address,
        )
        .await
        .unwrap()
    }
}

fn reason<T: std::fmt::Debug>(outcome: crate::Result<T>) -> Reason {
    match outcome {
        Err(Error::NotVouched(refusal)) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

const ACCOUNTS: &str = "select count(*) from account";
