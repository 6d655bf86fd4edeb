use super::*;
use crate::{
    Error,
    identity::{self, Answered, Provider, Providers, Purpose},
    session,
    tenants::fixtures::{SHOP, member, organisation, tenant},
    testing::{TestPortal, Told},
};
use async_trait::async_trait;
use innkeeper_domain::{
    email::EmailAddress,
    identity::{Contact, Facts, Groups, ProviderId, ProviderKind, Reason, Refusal, Subject},
    ids::ServerId,
    organisation::MemberRole,
    ports::{Dns, DnsError, IdentityProvider, Issuers, OwnIssuer},
    staff::{StaffGroups, StaffRole},
};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};

/// Opens the one issuer there is, wherever it is said to be.
struct OneIssuer(Arc<Told>);

impl Issuers for OneIssuer {
    fn open(&self, _: OwnIssuer) -> std::result::Result<Arc<dyn IdentityProvider>, Refusal> {
        Ok(self.0.clone())
    }
}

/// Answers what is published here.
#[derive(Default)]
struct Published(Mutex<Vec<String>>);

#[async_trait]
impl Dns for Published {
    async fn texts(&self, name: &str) -> std::result::Result<Vec<String>, DnsError> {
        assert!(name.starts_with("_innkeeper."), "{name}");
        Ok(self.0.lock().unwrap().clone())
    }
}

/// Jane's organisation with a database, and its issuer that vouches for whom it is told to.
struct Stage {
    portal: TestPortal,
    told: Arc<Told>,
    dns: Arc<Published>,
    jane: Visitor,
    server: ServerId,
}

const DOMAIN: &str = "acme.example";

fn form() -> IssuerForm {
    IssuerForm {
        kind: "oidc".into(),
        label: "Acme SSO".into(),
        issuer: "https://issuer.example".into(),
        client_id: "portal".into(),
        client_secret: "a secret".into(),
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

fn mistake<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Mistakes(mistakes)) => mistakes.0.into_values().collect(),
        other => panic!("{other:?}"),
    }
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
        save_issuer(service, jane, SHOP, &form()).await.unwrap();
        stage.prove(DOMAIN).await;
        add_group(service, jane, SHOP, "admins", "admin").await.unwrap();
        add_group(service, jane, SHOP, "devs", "developer").await.unwrap();
        stage
    }

    async fn prove(&self, domain: &str) {
        let service = &self.portal.service;
        add_domain(service, &self.jane, SHOP, domain).await.unwrap();
        let domains = identity(service, &self.jane, SHOP).await.unwrap().domains;
        *self.dns.0.lock().unwrap() = domains.into_iter().map(|line| line.proof).collect();
        assert!(check_domain(service, &self.jane, SHOP, domain).await.unwrap());
    }

    async fn way(&self) -> String {
        let way = sqlx::query_scalar("select provider from organisation_identity where kind is not null");
        way.fetch_one(&self.portal.owner).await.unwrap()
    }

    /// A browser goes to the issuer and comes back as this person.
    async fn back(&self, browser: &Visitor, purpose: Purpose, facts: Facts) -> Result<Answered> {
        *self.told.facts.lock().unwrap() = Some(facts);
        let way = self.way().await;
        identity::leave(&self.portal.service, browser, &way, purpose, "/t").await?;
        let state = self.told.asked.lock().unwrap().as_ref().unwrap().state.expose().to_owned();
        let query = [("state".to_owned(), state), ("code".to_owned(), "good".to_owned())];
        identity::answer(&self.portal.service, browser, &way, &query).await
    }

    /// Somebody signs in by the issuer, in a browser of their own.
    async fn sign_in(&self, facts: Facts) -> Result<Visitor> {
        let browser = self.portal.stranger("203.0.113.9").await;
        let Answered::Vouched(vouched) = self.back(&browser, Purpose::SignIn, facts).await? else { panic!() };
        let cookie = self.portal.new_cookie(&browser, &browser.session.unwrap().to_string()).await;
        identity::enter(&self.portal.service, &browser, *vouched, &cookie).await?;
        session::visitor(&self.portal.service, browser.session, browser.address).await
    }

    async fn link_and_try(&self) {
        let facts = || says("jane", "jane@acme.example", &["admins"]);
        let Answered::Vouched(vouched) = self.back(&self.jane, Purpose::Link, facts()).await.unwrap() else {
            panic!()
        };
        identity::link(&self.portal.service, &self.jane, *vouched).await.unwrap();
        self.back(&self.jane, Purpose::Trial, facts()).await.unwrap();
    }
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn groups_make_members_and_take_it_back(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let service = &stage.portal.service;
    let bob = |groups: &'static [&'static str]| says("bob", "bob@acme.example", groups);
    assert_eq!(reason(stage.sign_in(bob(&["others"])).await), Reason::Group);
    assert_eq!(
        stage.portal.count("select count(*) from account").await,
        1,
        "nothing is left of who is refused"
    );

    let first = stage.sign_in(bob(&["devs"])).await.unwrap();
    let role = tenants::open(service, &first, SHOP).await.unwrap().role;
    assert_eq!(role, MemberRole::Developer);
    assert!(matches!(identity(service, &first, SHOP).await, Err(Error::NotFound)), "for admins only");
    let second = stage.sign_in(bob(&["admins", "devs"])).await.unwrap();
    assert_eq!(tenants::open(service, &second, SHOP).await.unwrap().role, MemberRole::Admin);

    assert_eq!(reason(stage.sign_in(bob(&[])).await), Reason::Group);
    for there in [first, second] {
        let now = session::visitor(service, there.session, there.address).await.unwrap();
        assert_eq!(now.account, None, "who left is signed out of what came that way");
    }
    let told =
        "select count(*) from audit_event where action in ('member.join', 'member.change', 'member.leave')";
    assert_eq!(stage.portal.count(told).await, 3);
    // Whom an admin made a member stays one.
    let jane = stage.sign_in(says("jane-there", "jane@acme.example", &["devs"])).await.unwrap();
    assert_ne!(
        jane.account.unwrap().id,
        stage.jane.account.as_ref().unwrap().id,
        "an address is nobody's proof"
    );
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn an_issuer_speaks_for_its_organisations_domains_alone(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    for foreign in ["bob@beta.example", "bob@mail.acme.example", "bob@notacme.example", "none"] {
        assert_eq!(
            reason(stage.sign_in(says("bob", foreign, &["devs"])).await),
            Reason::Address,
            "{foreign}"
        );
    }
    let mut unproven = says("bob", "bob@acme.example", &["devs"]);
    unproven.contact.as_mut().unwrap().proven = false;
    assert_eq!(reason(stage.sign_in(unproven).await), Reason::Address, "whatever they call themselves there");
    stage.prove("beta.example").await;
    stage.sign_in(says("bob", "bob@beta.example", &["devs"])).await.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn an_issuer_that_calls_itself_like_another_has_none_of_its_people(pool: PgPool) {
    let mut stage = Stage::ready(&pool).await;
    let provider = Provider {
        id: ProviderId::parse("big").unwrap(),
        kind: ProviderKind::Oidc,
        label: "Big".into(),
        unverified: true,
        staff_groups: StaffGroups::default(),
        organisation: None,
        host: None,
        port: stage.told.clone(),
    };
    let own = stage.sign_in(says("victim", "victim@acme.example", &["devs"])).await.unwrap();
    stage.portal.service.providers = Providers::new(vec![provider]);
    let browser = stage.portal.stranger("203.0.113.9").await;
    let service = &stage.portal.service;
    identity::leave(service, &browser, "big", Purpose::SignIn, "/t").await.unwrap();
    let state = stage.told.asked.lock().unwrap().as_ref().unwrap().state.expose().to_owned();
    let query = [("state".to_owned(), state), ("code".to_owned(), "good".to_owned())];
    let Answered::Vouched(vouched) = identity::answer(service, &browser, "big", &query).await.unwrap() else {
        panic!()
    };
    let cookie = stage.portal.new_cookie(&browser, "other").await;
    identity::enter(service, &browser, *vouched, &cookie).await.unwrap();
    let other = session::visitor(service, browser.session, browser.address).await.unwrap();
    assert_ne!(own.account.unwrap().id, other.account.unwrap().id);
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn whoever_closes_the_door_has_the_key(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let no = async || mistake(enforce(service, jane, SHOP, &[]).await);
    assert!(no().await.contains("no sign-in of your own"));
    save_issuer(service, jane, SHOP, &form()).await.unwrap();
    assert!(no().await.contains("Prove a mail domain"));
    stage.prove(DOMAIN).await;
    assert!(no().await.contains("Try the sign-in first"));
    let tried = async |groups| {
        stage.back(jane, Purpose::Trial, says("jane", "jane@acme.example", groups)).await.unwrap();
        identity(service, jane, SHOP).await.unwrap().trial.unwrap()
    };
    assert_eq!(tried(&["admins"]).await.refused.unwrap().0, Reason::Group);
    assert!(no().await.contains("Try the sign-in first"));
    add_group(service, jane, SHOP, "devs", "developer").await.unwrap();
    assert_eq!(tried(&["devs"]).await.role, Some(MemberRole::Developer));
    assert!(no().await.contains("would not have made you an admin"));
    add_group(service, jane, SHOP, "admins", "admin").await.unwrap();
    tried(&["admins"]).await;
    assert!(no().await.contains("Add the sign-in to your own account"));
    stage.link_and_try().await;
    save_issuer(service, jane, SHOP, &IssuerForm { label: "Other".into(), ..form() }).await.unwrap();
    assert!(!identity(service, jane, SHOP).await.unwrap().trial.unwrap().current);
    assert!(no().await.contains("Try the sign-in first"), "what was tried is not what is enforced");
    stage.link_and_try().await;
    enforce(service, jane, SHOP, &["mail".into(), "nonsense".into()]).await.unwrap();
    let view = identity(service, jane, SHOP).await.unwrap();
    assert_eq!(
        view.ways.iter().filter(|way| way.open).map(|way| way.id.as_str()).collect::<Vec<_>>(),
        ["mail"]
    );
    let other = IssuerForm { client_id: "other".into(), ..form() };
    assert!(mistake(save_issuer(service, jane, SHOP, &other).await).contains("Open the other ways first"));
    let renewed = IssuerForm { client_secret: "a newer one".into(), ..form() };
    save_issuer(service, jane, SHOP, &renewed).await.unwrap();
    assert!(mistake(remove_domain(service, jane, SHOP, DOMAIN).await).contains("last proven domain"));
    release(service, jane, SHOP).await.unwrap();
    remove_domain(service, jane, SHOP, DOMAIN).await.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn other_ways_are_closed_for_this_organisation_and_no_other(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let beta = organisation(&stage.portal, "Beta").await;
    member(&stage.portal, beta, jane, "admin").await;
    tenant(&stage.portal, beta, jane, stage.server, "wiki_b2c3d4", "active").await;
    stage.link_and_try().await;
    enforce(service, jane, SHOP, &[]).await.unwrap();
    assert!(matches!(tenants::open(service, jane, SHOP).await, Err(Error::NotFound)));
    assert!(matches!(release(service, jane, SHOP).await, Err(Error::NotFound)), "not by the closed way");
    tenants::open(service, jane, "wiki_b2c3d4").await.unwrap();
    let closed = closed(service, jane).await.unwrap();
    assert_eq!(closed.iter().map(|one| one.organisation.as_str()).collect::<Vec<_>>(), ["Acme"]);
    let bob = EmailAddress::parse("bob@acme.example").unwrap();
    assert_eq!(
        way_of(service, &bob).await.unwrap().unwrap().provider,
        closed[0].way.clone().unwrap().provider
    );

    let own = stage.sign_in(says("jane", "jane@acme.example", &["admins"])).await.unwrap();
    assert_eq!(own.account.as_ref().unwrap().id, jane.account.as_ref().unwrap().id);
    tenants::open(service, &own, SHOP).await.unwrap();
    // Acme's admins decide whom Acme's issuer vouches for: it opens nothing of Beta, and changes nothing of the account.
    assert!(matches!(tenants::open(service, &own, "wiki_b2c3d4").await, Err(Error::NotFound)));
    let elsewhere = crate::organisation::closed(service, &own).await.unwrap();
    assert!(elsewhere.len() == 1 && elsewhere[0].organisation == "Beta" && elsewhere[0].way.is_none());
    let way = crate::account::view(service, &own).await.unwrap().ways[0].id;
    for outcome in [
        crate::account::remove(service, &own, way).await,
        crate::sign_in::ask_to_link(service, &own, "eve@evil.example").await,
        stage.back(&own, Purpose::Link, says("eve", "eve@acme.example", &[])).await.map(drop),
    ] {
        assert!(mistake(outcome).contains("your organisation's sign-in"));
    }

    remove_issuer(service, &own, SHOP).await.unwrap();
    let now = session::visitor(service, own.session, own.address).await.unwrap();
    assert_eq!(now.account, None, "who came by it is signed out");
    tenants::open(service, jane, SHOP).await.unwrap();
    assert_eq!(way_of(service, &bob).await.unwrap().map(|way| way.provider), None);
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn a_domain_is_of_one_organisation_and_only_once_it_is_shown(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let service = &stage.portal.service;
    let eve = stage.portal.person("eve@evil.example").await;
    let evil = organisation(&stage.portal, "Evil").await;
    member(&stage.portal, evil, &eve, "admin").await;
    tenant(&stage.portal, evil, &eve, stage.server, "evil_b2c3d4", "active").await;
    add_domain(service, &eve, "evil_b2c3d4", DOMAIN).await.unwrap();
    assert!(!check_domain(service, &eve, "evil_b2c3d4", DOMAIN).await.unwrap(), "Acme's proof is not Evil's");
    let proof = identity(service, &eve, "evil_b2c3d4").await.unwrap().domains[0].proof.clone();
    *stage.dns.0.lock().unwrap() = vec![proof];
    assert!(
        mistake(check_domain(service, &eve, "evil_b2c3d4", DOMAIN).await).contains("another organisation's")
    );
    for wrong in ["", "acme", "http://acme.example", "a b.example"] {
        mistake(add_domain(service, &eve, "evil_b2c3d4", wrong).await);
    }
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn only_admins_with_a_fresh_sign_in_change_anything(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let service = &stage.portal.service;
    let eve = stage.portal.person("eve@evil.example").await;
    let mut stale = stage.jane.clone();
    stale.account.as_mut().unwrap().fresh = false;
    let rows = "select sum(version)::bigint from organisation_identity";
    let before = stage.portal.count(rows).await;
    for (person, what) in [(&eve, "foreign"), (&stale, "stale")] {
        let outcomes = [
            save_issuer(service, person, SHOP, &form()).await,
            remove_issuer(service, person, SHOP).await,
            add_domain(service, person, SHOP, "x.example").await,
            check_domain(service, person, SHOP, DOMAIN).await.map(drop),
            ask_staff(service, person, SHOP, DOMAIN).await,
            remove_domain(service, person, SHOP, DOMAIN).await,
            add_group(service, person, SHOP, "x", "admin").await,
            remove_group(service, person, SHOP, "devs").await,
            enforce(service, person, SHOP, &[]).await,
            release(service, person, SHOP).await,
        ];
        for outcome in outcomes {
            match (what, &outcome) {
                ("foreign", Err(Error::NotFound)) | ("stale", Err(Error::StaleSignIn)) => {}
                _ => panic!("{what}: {outcome:?}"),
            }
        }
        let facts = says("x", "x@acme.example", &["admins"]);
        for purpose in [Purpose::Link, Purpose::Trial] {
            let outcome = stage.back(person, purpose, facts.clone()).await;
            assert!(matches!(outcome, Err(Error::NotFound | Error::StaleSignIn)), "{what}: {outcome:?}");
        }
    }
    assert_eq!(stage.portal.count(rows).await, before);
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn the_secret_is_sealed_and_stays_with_its_issuer(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let kept = "select count(*) from organisation_identity where sealed is not null";
    let clear = "select count(*) from organisation_identity where encode(sealed, 'escape') like '%a secret%'";
    assert_eq!((stage.portal.count(kept).await, stage.portal.count(clear).await), (1, 0));
    let empty = || IssuerForm { client_secret: String::new(), ..form() };
    save_issuer(service, jane, SHOP, &IssuerForm { label: "New".into(), ..empty() }).await.unwrap();
    assert_eq!(stage.portal.count(kept).await, 1, "kept for the same issuer and client");
    save_issuer(service, jane, SHOP, &IssuerForm { issuer: "https://evil.example".into(), ..empty() })
        .await
        .unwrap();
    assert_eq!(stage.portal.count(kept).await, 0, "never shown to another issuer");
    for wrong in [
        IssuerForm { kind: "github".into(), ..form() },
        IssuerForm { kind: "entra".into(), issuer: "common".into(), ..form() },
        IssuerForm {
            kind: "entra".into(),
            issuer: "https://login.microsoftonline.com/organizations/v2.0".into(),
            ..form()
        },
        IssuerForm { label: " ".into(), ..form() },
        IssuerForm { issuer: "x".repeat(300), ..form() },
        IssuerForm { client_secret: "a\0b".into(), ..form() },
    ] {
        mistake(save_issuer(service, jane, SHOP, &wrong).await);
    }
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn staff_decides_where_dns_cannot_show_it(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let mut staff = stage.portal.person("olga@operator.example").await;
    let acme = tenants::open(service, jane, SHOP).await.unwrap().organisation_id;
    for domain in ["a.example", "b.example"] {
        add_domain(service, jane, SHOP, domain).await.unwrap();
        ask_staff(service, jane, SHOP, domain).await.unwrap();
    }
    assert!(matches!(waiting(service, &staff).await, Err(Error::NotFound)), "not for customers");
    assert!(matches!(decide(service, jane, acme, "a.example", true).await, Err(Error::NotFound)));
    staff.account.as_mut().unwrap().staff = Some(StaffRole::Operator);
    let (lines, total) = waiting(service, &staff).await.unwrap();
    assert_eq!(
        (lines.len(), total, lines[0].admins.as_slice()),
        (2, 2, &["jane@acme.example".to_owned()][..])
    );
    assert!(
        matches!(decide(service, &staff, acme, "a.example", true).await, Err(Error::NotFound)),
        "to approve"
    );
    staff.account.as_mut().unwrap().staff = Some(StaffRole::Approver);
    decide(service, &staff, acme, "a.example", true).await.unwrap();
    decide(service, &staff, acme, "b.example", false).await.unwrap();
    for (domain, again) in [("a.example", false), ("b.example", true), ("c.example", true)] {
        let outcome = decide(service, &staff, acme, domain, again).await;
        assert!(matches!(outcome, Err(Error::Overtaken)), "{domain}: {outcome:?}");
    }
    let domains = identity(service, jane, SHOP).await.unwrap().domains;
    let stands: Vec<_> = domains.iter().map(|line| (line.proven_at.is_some(), line.by_dns)).collect();
    assert_eq!(stands, [(true, false), (false, false)]);
    assert_eq!(
        stage.portal.count("select count(*) from audit_event where action = 'domain.decide'").await,
        2
    );
    staff.account.as_mut().unwrap().fresh = false;
    assert!(matches!(decide(service, &staff, acme, "b.example", true).await, Err(Error::StaleSignIn)));
}
