use super::*;
use crate::{
    Error,
    people::session,
    testing::{TestPortal, Told},
};
use innkeeper_domain::{
    identity::Refusal,
    mail::Message,
    ports::{IdentityProvider, Issuers, OwnIssuer},
};
use sqlx::PgPool;
use std::sync::Arc;

/// Opens every issuer.
struct AnyIssuer;

impl Issuers for AnyIssuer {
    fn open(&self, _: OwnIssuer) -> std::result::Result<Arc<dyn IdentityProvider>, Refusal> {
        Ok(Arc::new(Told::default()))
    }
}

/// One more way in of a person, by this provider.
async fn add(
    portal: &TestPortal,
    person: &Requester,
    provider: &'static str,
    subject: &'static str,
) -> innkeeper_domain::ids::IdentityId {
    let id: uuid::Uuid = portal.service.ids.make();
    sqlx::query("insert into identity (id, account_id, provider, issuer, subject) values ($1, $2, $3, 'https://a.example', $4)")
        .bind(id)
        .bind(person.signed_in().unwrap().id.0)
        .bind(provider)
        .bind(subject)
        .execute(&portal.owner)
        .await
        .unwrap();
    id.into()
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_last_way_in_stays_also_when_two_are_removed_at_once(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let jane = portal.person("jane@acme.example").await;
    let joe = portal.person("joe@acme.example").await;
    let [one, two] = ["1", "2"].map(|nth| add(&portal, &jane, "mail", nth));
    let more = [one.await, two.await];
    let mail = view(service, &jane).await.unwrap().ways[0].id;
    assert!(matches!(remove(service, &joe, more[0]).await, Err(Error::NotFound)), "somebody else's");

    remove(service, &jane, mail).await.unwrap();
    let at_once = futures::future::join_all(more.map(|way| remove(service, &jane, way))).await;
    assert_eq!(at_once.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(at_once.iter().any(|one| matches!(one, Err(Error::Rejected(_)))));
    assert_eq!(view(service, &jane).await.unwrap().ways.len(), 1);
    assert_eq!(portal.count("select count(*) from audit_event where action = 'identity.remove'").await, 2);
    let mails = portal.mails("jane@acme.example").await;
    assert_eq!(mails.len(), 2, "each removal is told, and what was refused is not");
    assert_eq!(what(&mails[0]), "The e-mail address jane@acme.example was removed from the sign-in methods.");
}

fn what(mail: &Message) -> &str {
    let Message::AccountChanged { what, address, link, .. } = mail else { panic!("another mail") };
    assert_eq!((address.as_str(), link.as_str()), ("203.0.113.7", "https://portal.example/account"));
    what
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_removed_way_is_called_what_its_person_calls_it(pool: PgPool) {
    let mut portal = TestPortal::open(&pool).await;
    portal.service.issuers = Arc::new(AnyIssuer);
    let jane = portal.person("jane@acme.example").await;
    let ways = [("passkey", "AbC"), ("org-k3v9x2k3v9", "u-1"), ("org-b2c3d4b2c3", "u-2"), ("gone", "g-1")];
    let mut added = Vec::new();
    for (provider, subject) in ways {
        added.push(add(&portal, &jane, provider, subject).await);
    }
    portal.change("update identity set name = 'Laptop' where provider = 'passkey'").await;
    portal
        .change("update identity set address = 'jane@acme.example' where provider = 'org-k3v9x2k3v9'")
        .await;
    portal.change("insert into organisation (id, name, slug) values (gen_random_uuid(), 'Acme', 'acme'), (gen_random_uuid(), 'Beta', 'beta')").await;
    // Acme's issuer is set up, and Beta's was taken away.
    portal
        .change(
            "insert into organisation_identity (organisation_id, provider, kind, label, issuer, client_id, groups_claim)
             select id, 'org-k3v9x2k3v9', 'oidc', 'Acme SSO', 'https://a.example', 'portal', 'groups' from organisation
             where name = 'Acme'",
        )
        .await;
    portal
        .change(
            "insert into organisation_identity (organisation_id, provider)
             select id, 'org-b2c3d4b2c3' from organisation where name = 'Beta'",
        )
        .await;
    for way in added {
        remove(&portal.service, &jane, way).await.unwrap();
    }
    let mails = portal.mails("jane@acme.example").await;
    let expected = [
        "The passkey Laptop was removed from the sign-in methods.",
        "Acme SSO (jane@acme.example) was removed from the sign-in methods.",
        "Single sign-on (u-2) was removed from the sign-in methods.",
        "gone (g-1) was removed from the sign-in methods.",
    ];
    assert_eq!(mails.iter().map(what).collect::<Vec<_>>(), expected);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_way_that_is_not_offered_any_more_is_none(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let jane = portal.person("jane@acme.example").await;
    let mail = view(service, &jane).await.unwrap().ways[0].id;
    let gone = add(&portal, &jane, "gone", "1").await;
    assert!(matches!(remove(service, &jane, mail).await, Err(Error::Rejected(_))), "it would lock her out");
    remove(service, &jane, gone).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_old_sign_in_removes_no_way_in(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let mut jane = portal.person("jane@acme.example").await;
    let way = add(&portal, &jane, "passkey", "1").await;
    jane.account.as_mut().unwrap().fresh = false;
    assert!(matches!(remove(&portal.service, &jane, way).await, Err(Error::StaleSignIn)));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn sessions_end_at_once_and_nobody_elses_do(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let [here, there, phone] = [0, 1, 2].map(|_| portal.person("jane@acme.example"));
    let (here, there, phone) = (here.await, there.await, phone.await);
    let joe = portal.person("joe@acme.example").await;
    let shown = view(service, &here).await.unwrap().sessions;
    assert_eq!((shown.len(), shown[0].here, shown[0].id), (3, true, here.session().unwrap()));

    assert!(matches!(end(service, &here, here.session().unwrap()).await, Err(Error::Conflict)));
    end(service, &joe, there.session().unwrap()).await.unwrap();
    assert_eq!(view(service, &here).await.unwrap().sessions.len(), 3, "nobody ends another's");
    end(service, &here, there.session().unwrap()).await.unwrap();
    let gone = session::requester_of(service, there.known_session(), there.browser().unwrap().address)
        .await
        .unwrap();
    assert_eq!(gone.account, None);
    end_others(service, &here).await.unwrap();
    let left = view(service, &here).await.unwrap().sessions;
    assert_eq!(left.iter().map(|line| line.id).collect::<Vec<_>>(), [here.session().unwrap()]);
    assert_eq!(
        session::requester_of(service, phone.known_session(), phone.browser().unwrap().address)
            .await
            .unwrap()
            .account,
        None
    );
    assert!(
        session::requester_of(service, joe.known_session(), joe.browser().unwrap().address)
            .await
            .unwrap()
            .account
            .is_some()
    );
    assert_eq!(portal.count("select count(*) from audit_event where action = 'session.end'").await, 2);
}
