use crate::{
    Error, Result,
    context::{
        field_error::{ErrorCode, Field, InputCode, OrganisationCode, SignInCode},
        providers::{Provider, Providers},
        requester::Requester,
    },
    people::session,
    sign_in::oidc::{self, Answered, Purpose},
    tenants::fixtures::{SHOP, member, organisation, tenant},
    testing::{TestPortal, Told, rejection},
};
mod enforcing;
mod github;
mod joining;
mod memberships;
mod settings;
mod slug;

use super::{
    fixtures::{ACME, DOMAIN, Published},
    *,
};
use innkeeper_domain::{
    email::EmailAddress,
    identity::{Contact, Facts, Groups, ProviderId, ProviderKind, Reason, Refusal, Subject},
    ids::ServerId,
    organisation::MemberRole,
    ports::{IdentityProvider, Issuers, OwnIssuer},
    staff::{StaffGroups, StaffRole},
};
use sqlx::PgPool;
use std::sync::Arc;

/// Opens the one issuer there is, wherever it is said to be.
struct OneIssuer(Arc<Told>);

impl Issuers for OneIssuer {
    fn open(&self, _: OwnIssuer) -> std::result::Result<Arc<dyn IdentityProvider>, Refusal> {
        Ok(self.0.clone())
    }
}

/// Jane's organisation with a database, and its issuer that vouches for whom it is told to.
struct Stage {
    portal: TestPortal,
    told: Arc<Told>,
    dns: Arc<Published>,
    jane: Requester,
    server: ServerId,
}

fn form() -> IssuerForm {
    IssuerForm {
        kind: "oidc".into(),
        label: "Acme SSO".into(),
        issuer: "https://issuer.example".into(),
        client_id: "portal".into(),
        client_secret: "a secret".into(),
        trusted_audiences: String::new(),
        groups_claim: String::new(),
    }
}

fn says(subject: &str, address: &str, groups: &[&str]) -> Facts {
    Facts {
        subject: Subject::new("https://issuer.example", subject).unwrap(),
        name: None,
        contact: EmailAddress::parse(address).ok().map(|address| Contact { address, proven: true }),
        groups: Groups::Listed(groups.iter().map(|&group| group.to_owned()).collect()),
        session: None,
        since: None,
        said: vec![("email".into(), address.into())],
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> ErrorCode {
    rejection(outcome).1
}

fn reason<T: std::fmt::Debug>(outcome: Result<T>) -> Reason {
    match outcome {
        Err(Error::NotVouched(refusal)) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

impl Stage {
    async fn open(pool: &PgPool) -> Self {
        let mut portal = TestPortal::open(pool).await;
        let (told, dns) = (Arc::new(Told::default()), Arc::new(Published::default()));
        portal.service.issuers = Arc::new(OneIssuer(told.clone()));
        portal.service.dns = dns.clone();
        let jane = portal.person("jane@acme.example").await;
        let acme = organisation(&portal, "Acme").await;
        member(&portal, acme, &jane, "admin").await;
        let server = portal.server("north", 100).await;
        tenant(&portal, acme, &jane, server, SHOP, "active").await;
        Self { portal, told, dns, jane, server }
    }

    /// The same with an issuer, a proven domain, and two groups.
    async fn ready(pool: &PgPool) -> Self {
        let stage = Self::open(pool).await;
        let Self { portal, jane, .. } = &stage;
        let service = &portal.service;
        save_issuer(service, jane, ACME, &form()).await.unwrap();
        stage.prove(DOMAIN).await;
        add_group(service, jane, ACME, "", ("admins", "admin")).await.unwrap();
        add_group(service, jane, ACME, "", ("devs", "developer")).await.unwrap();
        stage
    }

    /// The same issuer is one of the operator's, too, by this short name.
    fn operators(&mut self, name: &str) {
        let provider = Provider {
            id: ProviderId::parse(name).unwrap(),
            kind: ProviderKind::Oidc,
            label: name.to_uppercase(),
            unverified: true,
            staff_groups: StaffGroups::default(),
            organisation: None,
            host: None,
            port: self.told.clone(),
        };
        self.portal.service.providers = Providers::new(vec![provider]);
    }

    async fn prove(&self, domain: &str) {
        let service = &self.portal.service;
        add_domain(service, &self.jane, ACME, domain).await.unwrap();
        let domains = identity(service, &self.jane, ACME).await.unwrap().domains;
        *self.dns.0.lock().unwrap() = domains.into_iter().map(|line| line.proof).collect();
        assert!(check_domain(service, &self.jane, ACME, domain).await.unwrap());
    }

    async fn way(&self) -> String {
        let way = sqlx::query_scalar("select provider from organisation_identity where kind is not null");
        way.fetch_one(&self.portal.owner).await.unwrap()
    }

    /// A browser goes to the issuer and comes back as this person.
    async fn back(&self, browser: &Requester, purpose: Purpose, facts: Facts) -> Result<Answered> {
        self.back_by(&self.way().await, browser, purpose, facts).await
    }

    /// The same by another way.
    async fn back_by(
        &self,
        way: &str,
        browser: &Requester,
        purpose: Purpose,
        facts: Facts,
    ) -> Result<Answered> {
        *self.told.facts.lock().unwrap() = Some(facts);
        oidc::leave(&self.portal.service, browser, way, purpose, "/t").await?;
        let state = self.told.asked.lock().unwrap().as_ref().unwrap().state.expose().to_owned();
        let query = [("state".to_owned(), state), ("code".to_owned(), "good".to_owned())];
        oidc::answer(&self.portal.service, browser, way, &query).await
    }

    /// Somebody signs in by the issuer, in a browser of their own.
    async fn sign_in(&self, facts: Facts) -> Result<Requester> {
        self.sign_in_by(&self.way().await, facts).await
    }

    /// The same by another way.
    async fn sign_in_by(&self, way: &str, facts: Facts) -> Result<Requester> {
        let browser = self.portal.stranger("203.0.113.9").await;
        let answered = self.back_by(way, &browser, Purpose::SignIn, facts).await?;
        let Answered::Vouched(vouched) = answered else { panic!() };
        let cookie = self.portal.new_cookie(&browser, &browser.session().unwrap().to_string()).await;
        oidc::enter(&self.portal.service, &browser, *vouched, &cookie).await?;
        session::requester_of(
            &self.portal.service,
            browser.known_session(),
            browser.browser().unwrap().address,
        )
        .await
    }

    async fn link_and_try(&self) {
        let facts = || says("jane", "jane@acme.example", &["admins"]);
        let Answered::Vouched(vouched) = self.back(&self.jane, Purpose::Link, facts()).await.unwrap() else {
            panic!()
        };
        oidc::link(&self.portal.service, &self.jane, *vouched).await.unwrap();
        self.back(&self.jane, Purpose::Trial, facts()).await.unwrap();
    }
}
