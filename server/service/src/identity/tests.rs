use super::*;
use crate::{
    Error,
    testing::{TestPortal, Told},
    visitor::Visitor,
};
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
    pub(crate) browser: Visitor,
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
    async fn leave(&self, browser: &Visitor, purpose: Purpose) -> String {
        self.leave_for("acme", browser, purpose).await
    }

    async fn leave_for(&self, provider: &str, browser: &Visitor, purpose: Purpose) -> String {
        let to = leave(&self.portal.service, browser, provider, purpose, "/t/shop_k3v9x2").await.unwrap();
        assert_eq!(to, "https://issuer.example/authorize");
        self.told.asked.lock().unwrap().as_ref().unwrap().state.expose().to_owned()
    }

    async fn back(
        &self,
        browser: &Visitor,
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
    async fn sign_in(&self, browser: &Visitor, facts: Facts) -> crate::Result<uuid::Uuid> {
        self.come_by("acme", browser, Purpose::SignIn, facts).await
    }

    /// The same by any of the providers, for any reason but linking.
    pub(crate) async fn come_by(
        &self,
        provider: &str,
        browser: &Visitor,
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
    pub(crate) async fn link(&self, browser: &Visitor, facts: Facts) {
        *self.told.facts.lock().unwrap() = Some(facts);
        let state = self.leave(browser, Purpose::Link).await;
        let vouched = self.back(browser, "acme", &[("state", &state), ("code", "good")]).await.unwrap();
        link(&self.portal.service, browser, vouched).await.unwrap();
    }

    /// Who the browser is now.
    pub(crate) async fn seen(&self, browser: &Visitor) -> Visitor {
        crate::session::visitor(&self.portal.service, browser.session, browser.address).await.unwrap()
    }
}

fn reason<T: std::fmt::Debug>(outcome: crate::Result<T>) -> Reason {
    match outcome {
        Err(Error::NotVouched(refusal)) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

const ACCOUNTS: &str = "select count(*) from account";

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn who_is_vouched_for_gets_an_account_once(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let jane = stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    let elsewhere = stage.portal.stranger("198.51.100.9").await;
    // She has another address by now, and another name.
    let again = stage.sign_in(&elsewhere, person("1", "jane.doe@acme.example", true)).await.unwrap();
    assert_eq!((again, stage.portal.count(ACCOUNTS).await), (jane, 1));
    let known =
        crate::session::visitor(&stage.portal.service, elsewhere.session, elsewhere.address).await.unwrap();
    assert_eq!(known.fresh().unwrap().email.to_string(), "jane@acme.example", "mails go where they went");
    assert_eq!(
        stage.portal.count("select count(*) from audit_event where action = 'account.create'").await,
        1
    );
    assert_eq!(
        stage.portal.count("select count(*) from audit_event where action = 'session.sign_in'").await,
        2
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn an_address_opens_nobodys_account(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let owner = stage.portal.person("jane@acme.example").await.signed_in().unwrap().id.0;
    let first = stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    let second = stage.sign_in(&stage.browser, person("2", "JANE@acme.example", true)).await.unwrap();
    assert!(owner != first && owner != second && first != second);
    // Nor does a mail to it open theirs.
    assert_eq!(stage.portal.person("jane@acme.example").await.signed_in().unwrap().id.0, owner);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn an_address_that_nobody_verified_is_not_written_to(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    for facts in [person("1", "jane@acme.example", false), person("1", "none", true)] {
        assert_eq!(reason(stage.sign_in(&stage.browser, facts).await), Reason::Address);
    }
    assert_eq!(stage.portal.count(ACCOUNTS).await, 0);
    let refused =
        "select count(*) from audit_event where action = 'sign_in.refused' and detail->>'reason' = 'address'";
    assert_eq!(stage.portal.count(refused).await, 2);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn an_answer_counts_once_in_the_browser_that_asked_and_for_whom_it_asked(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    *stage.told.facts.lock().unwrap() = Some(person("1", "jane@acme.example", true));
    let state = stage.leave(&stage.browser, Purpose::SignIn).await;
    let good = [("state", state.as_str()), ("code", "good")];

    let other = stage.portal.stranger("198.51.100.9").await;
    let nobody = Visitor { session: None, ..other.clone() };
    assert_eq!(reason(stage.back(&other, "acme", &good).await), Reason::State);
    assert_eq!(reason(stage.back(&nobody, "acme", &good).await), Reason::State);
    assert_eq!(reason(stage.back(&stage.browser, "other", &good).await), Reason::State);
    assert_eq!(reason(stage.back(&stage.browser, "acme", &[("code", "good")]).await), Reason::State);
    assert_eq!(
        reason(stage.back(&stage.browser, "acme", &[("state", "x"), ("code", "good")]).await),
        Reason::State
    );
    let twice = [good[0], good[1], good[0]];
    assert_eq!(reason(stage.back(&stage.browser, "acme", &twice).await), Reason::Answer);
    assert!(matches!(stage.back(&stage.browser, "unknown", &good).await, Err(Error::NotFound)));

    let at_once = futures::future::join_all((0..20).map(|_| stage.back(&stage.browser, "acme", &good))).await;
    assert_eq!(at_once.iter().filter(|one| one.is_ok()).count(), 1, "of twenty at once one counts");
    assert_eq!(reason(stage.back(&stage.browser, "acme", &good).await), Reason::State);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn an_answer_is_too_late_after_ten_minutes(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let state = stage.leave(&stage.browser, Purpose::SignIn).await;
    let later = "update authorization_request set expires_at = expires_at - interval '10 minutes'";
    assert_eq!(stage.portal.change(later).await, 1);
    assert_eq!(
        reason(stage.back(&stage.browser, "acme", &[("state", &state), ("code", "good")]).await),
        Reason::State
    );
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn a_providers_refusal_is_told_and_ends_the_question(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    for (query, wanted) in [
        ([("error", "access_denied"), ("code", "good")], Reason::Declined),
        ([("code", ""), ("more", "")], Reason::Answer),
        ([("code", "bad"), ("more", "")], Reason::Code),
    ] {
        let state = stage.leave(&stage.browser, Purpose::SignIn).await;
        let mut query = query.to_vec();
        query.push(("state", &state));
        assert_eq!(reason(stage.back(&stage.browser, "acme", &query).await), wanted);
        let good = [("state", state.as_str()), ("code", "good")];
        assert_eq!(reason(stage.back(&stage.browser, "acme", &good).await), Reason::State);
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn who_shows_that_it_is_still_them_has_to_be_the_same(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let service = &stage.portal.service;
    let stranger = leave(service, &stage.browser, "acme", Purpose::Fresh, "/").await;
    assert!(matches!(stranger, Err(Error::NotFound)));
    stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    let jane = crate::session::visitor(service, stage.browser.session, stage.browser.address).await.unwrap();

    let state = stage.leave(&jane, Purpose::Fresh).await;
    assert!(stage.told.asked.lock().unwrap().as_ref().unwrap().fresh);
    *stage.told.facts.lock().unwrap() = Some(person("2", "jane@acme.example", true));
    let other = stage.back(&jane, "acme", &[("state", &state), ("code", "good")]).await;
    assert_eq!(reason(other), Reason::Subject);

    let state = stage.leave(&jane, Purpose::Fresh).await;
    *stage.told.facts.lock().unwrap() = Some(person("1", "jane@acme.example", true));
    stage.back(&jane, "acme", &[("state", &state), ("code", "good")]).await.unwrap();
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn a_session_ends_with_its_way_in(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    assert_eq!(stage.portal.change("delete from identity where subject = '1'").await, 1);
    let gone =
        crate::session::visitor(&stage.portal.service, stage.browser.session, stage.browser.address).await;
    assert_eq!(gone.unwrap().account, None);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn what_is_kept_of_a_question_cannot_be_read(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let state = stage.leave(&stage.browser, Purpose::SignIn).await;
    let asked = stage.told.asked.lock().unwrap().clone().unwrap();
    let kept: String = sqlx::query_scalar(
        "select authorization_request::text || encode(sealed, 'escape') from authorization_request",
    )
    .fetch_one(&stage.portal.owner)
    .await
    .unwrap();
    for secret in [state.as_str(), asked.nonce.expose(), asked.verifier.expose()] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn one_more_way_in_is_added_by_who_is_signed_in_and_to_nobody_else(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let service = &stage.portal.service;
    let jane = stage.portal.person("jane@acme.example").await;
    let joe = stage.portal.person("joe@acme.example").await;
    let mut old = jane.clone();
    old.account.as_mut().unwrap().fresh = false;
    let early = leave(service, &old, "acme", Purpose::Link, "/account").await;
    assert!(matches!(early, Err(Error::StaleSignIn)));

    *stage.told.facts.lock().unwrap() = Some(person("1", "other@issuer.example", false));
    for _ in 0..2 {
        let state = stage.leave(&jane, Purpose::Link).await;
        let vouched = stage.back(&jane, "acme", &[("state", &state), ("code", "good")]).await.unwrap();
        assert!(vouched.is_link());
        assert_eq!(link(service, &jane, vouched).await.unwrap(), "/t/shop_k3v9x2", "once more is success");
    }
    let ways = crate::account::view(service, &jane).await.unwrap().ways;
    let shown: Vec<_> = ways.iter().map(|way| (way.label.as_deref(), way.called.as_str())).collect();
    assert_eq!(shown, [(None, "jane@acme.example"), (Some("acme"), "other@issuer.example")]);
    assert_eq!(stage.portal.count("select count(*) from audit_event where action = 'identity.add'").await, 1);
    let told =
        "select count(*) from outbox where kind = 'account_changed' and recipient = 'jane@acme.example'";
    assert_eq!(stage.portal.count(told).await, 1);

    let state = stage.leave(&joe, Purpose::Link).await;
    let taken = stage.back(&joe, "acme", &[("state", &state), ("code", "good")]).await;
    assert_eq!(reason(taken), Reason::Taken);
    // The browser is somebody else's by the time it comes back.
    let state = stage.leave(&jane, Purpose::Link).await;
    let vouched = stage.back(&jane, "acme", &[("state", &state), ("code", "good")]).await.unwrap();
    let changed = Visitor { account: joe.account.clone(), ..jane.clone() };
    assert!(matches!(link(service, &changed, vouched).await, Err(Error::NotFound)));
    assert_eq!(crate::account::view(service, &joe).await.unwrap().ways.len(), 1);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn sessions_end_with_the_provider_that_they_came_by(pool: PgPool) {
    let mut stage = Stage::open(&pool).await;
    let mail = stage.portal.person("joe@acme.example").await;
    stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    let nobody = stage.portal.stranger("198.51.100.9").await;
    crate::session::flash(&stage.portal.service, stage.browser.session.unwrap(), "hello").await.unwrap();
    assert_eq!(end_removed(&stage.portal.service).await.unwrap(), 0, "all are offered");
    let all = std::mem::take(&mut stage.portal.service.providers);
    assert_eq!(end_removed(&stage.portal.service).await.unwrap(), 1);
    assert_eq!(end_removed(&stage.portal.service).await.unwrap(), 0);
    for (visitor, alive) in
        [(&stage.browser, (false, false)), (&mail, (true, true)), (&nobody, (true, false))]
    {
        let seen = crate::session::visitor(&stage.portal.service, visitor.session, visitor.address).await;
        let seen = seen.unwrap();
        assert_eq!((seen.session.is_some(), seen.account.is_some()), alive);
    }
    assert_eq!(stage.portal.count("select count(*) from flash").await, 0);
    let written = "select count(*) from audit_event where action = 'session.end' and subject = 'acme'
                   and detail->>'ended' = '1'";
    assert_eq!(stage.portal.count(written).await, 1);
    // Put back, it lets the same person in.
    stage.portal.service.providers = all;
    let back = stage.portal.stranger("203.0.113.8").await;
    stage.sign_in(&back, person("1", "jane@acme.example", true)).await.unwrap();
    assert_eq!(stage.portal.count(ACCOUNTS).await, 2);
}

#[test]
fn a_ticket_is_of_one_session_and_one_provider() {
    let all = [ticket("a", "acme"), ticket("b", "acme"), ticket("a", "other")];
    assert!(all[0] != all[1] && all[0] != all[2] && all[0] == ticket("a", "acme"));
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn who_signs_out_there_is_signed_out_here_and_later_sessions_are_not(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let service = &stage.portal.service;
    let other = stage.portal.stranger("198.51.100.9").await;
    stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    stage.sign_in(&other, person("2", "joe@acme.example", true)).await.unwrap();
    let out = async |provider: &'static str, message: &'static str| {
        signed_out(service, &other, provider, message).await
    };
    assert_eq!(reason(out("acme", "nonsense").await), Reason::Form);
    assert_eq!(out("acme", "-60 1").await.unwrap(), 0, "it was said before she signed in");
    assert_eq!(out("other", "1 1").await.unwrap(), 0, "another provider's word");
    assert_eq!(out("acme", "1 1").await.unwrap(), 1);
    assert_eq!(out("acme", "1 1").await.unwrap(), 0, "said again");
    let jane = crate::session::visitor(service, stage.browser.session, stage.browser.address).await.unwrap();
    let joe = crate::session::visitor(service, other.session, other.address).await.unwrap();
    assert!(jane.account.is_none() && joe.account.is_some());
    assert_eq!(out("acme", "1 there").await.unwrap(), 1, "by the session there");
    let to = way_out(service, "acme").await.unwrap().unwrap();
    assert_eq!(to, "https://issuer.example/out?back=https://portal.example/");
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn who_was_signed_in_there_all_along_has_not_just_shown_who_they_are(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let now: time::OffsetDateTime = sqlx::query_scalar("select now()").fetch_one(&pool).await.unwrap();
    let minutes = |ago: i64| now - time::Duration::minutes(ago);
    for (since, fresh) in
        [(None, true), (Some(minutes(1)), true), (Some(minutes(6)), false), (Some(minutes(-9)), true)]
    {
        let browser = stage.portal.stranger("203.0.113.7").await;
        let jane = Facts { since, ..person("jane", "jane@acme.example", true) };
        stage.sign_in(&browser, jane).await.unwrap();
        let visitor =
            crate::session::visitor(&stage.portal.service, browser.session, browser.address).await.unwrap();
        assert_eq!(visitor.signed_in().unwrap().fresh, fresh, "{since:?}");
    }
}
