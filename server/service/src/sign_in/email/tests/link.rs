//! A mailbox as one more way in.

use super::*;
use crate::{context::field_error::Field, sign_in::account};
use innkeeper_domain::identity::Reason;

const MORE: &str = "jane.s@acme.example";
const MAILBOXES: &str = "select count(*) from identity where provider = 'mail'";

async fn asked_to_add(portal: &TestPortal, requester: &Requester, email: &str) -> (String, String) {
    ask_to_link(&portal.service, requester, email).await.unwrap();
    mailed(portal, email).await
}

/// Presses the link or types the code, and makes it a way in.
async fn add(portal: &TestPortal, requester: &Requester, token: &str, code: &str) -> crate::Result<()> {
    let checked = check(&portal.service, requester, token, code).await?;
    assert!(checked.is_link());
    link(&portal.service, requester, checked).await
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_mailbox_becomes_one_more_way_in_of_who_asked(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let jane = portal.person(JANE).await;
    let (token, code) = asked_to_add(&portal, &jane, MORE).await;
    let adding = |press| Pending::Adding { email: MORE.into(), press };
    assert_eq!(pending(service, &jane, &token).await.unwrap(), adding(true));
    assert_eq!(pending(service, &jane, "").await.unwrap(), adding(false));
    assert_eq!(portal.count(MAILBOXES).await, 1, "looking adds nothing");
    // Nobody gets in by it, and it is not used up by trying.
    let checked = check(service, &jane, &token, "").await.unwrap();
    let cookie = portal.new_cookie(&jane, "new").await;
    assert!(matches!(complete(service, &jane, checked, &cookie).await, Err(Error::Conflict)));
    portal.change("delete from session where data = '{}' and account_id is null").await;

    add(&portal, &jane, "", &code).await.unwrap();
    assert!(matches!(add(&portal, &jane, &token, "").await, Err(Error::Conflict)), "once");
    let ways = account::view(service, &jane).await.unwrap().ways;
    assert_eq!(ways.iter().map(|way| way.called.as_str()).collect::<Vec<_>>(), [JANE, MORE]);
    let told = portal.mails(JANE).await.pop();
    assert!(matches!(told, Some(Message::AccountChanged { what, .. }) if what.contains(MORE)));
    // Once more is success, and changes nothing.
    let (token, _) = asked_to_add(&portal, &jane, "Jane.S@acme.example").await;
    add(&portal, &jane, &token, "").await.unwrap();
    assert_eq!(portal.count(MAILBOXES).await, 2);
    assert_eq!(portal.count("select count(*) from audit_event where action = 'identity.add'").await, 1);

    // It opens that account.
    let phone = portal.stranger("198.51.100.9").await;
    let (token, _) = asked(&portal, &phone, MORE).await;
    sign_in(&portal, &phone, &token, "").await.unwrap();
    let seen = session::requester_of(service, phone.known_session(), phone.browser().unwrap().address)
        .await
        .unwrap();
    assert_eq!(seen.signed_in().unwrap().id, jane.signed_in().unwrap().id);
    assert_eq!(portal.count("select count(*) from account").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn nobody_elses_browser_or_account_gets_it(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let (jane, joe) = (portal.person(JANE).await, portal.person("joe@acme.example").await);
    let mut old = jane.clone();
    old.account.as_mut().unwrap().fresh = false;
    assert!(matches!(ask_to_link(service, &old, MORE).await, Err(Error::StaleSignIn)));
    let stranger = portal.stranger("198.51.100.9").await;
    assert!(matches!(ask_to_link(service, &stranger, MORE).await, Err(Error::NotFound)));
    refused(Field::Email, ask_to_link(service, &jane, "jane at acme").await);

    let (token, code) = asked_to_add(&portal, &jane, MORE).await;
    let elsewhere = portal.person(JANE).await;
    let signed_out = Requester { account: None, ..jane.clone() };
    let other_person = Requester { account: joe.account.clone(), ..jane.clone() };
    for who in [&stranger, &joe, &elsewhere, &signed_out, &other_person] {
        assert_eq!(pending(service, who, &token).await.unwrap(), Pending::AddingElsewhere);
        for code in ["", code.as_str()] {
            assert!(matches!(check(service, who, &token, code).await, Err(Error::Conflict)));
        }
    }
    // What Jane's browser has checked is of no use to another.
    let checked = check(service, &jane, &token, "").await.unwrap();
    for who in [&joe, &elsewhere, &other_person] {
        assert!(matches!(link(service, who, checked).await, Err(Error::Conflict)));
    }
    assert_eq!((portal.count(MAILBOXES).await, portal.count(TRIED).await), (2, 0));
    portal.change("update challenge set expires_at = now()").await;
    assert_eq!(pending(service, &jane, &token).await.unwrap(), Pending::AddingOver);
    assert!(matches!(link(service, &jane, checked).await, Err(Error::Conflict)), "too late");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_mailbox_of_another_account_is_refused_once_it_was_proven(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let (jane, joe) = (portal.person(JANE).await, portal.person("joe@acme.example").await);
    let (token, _) = asked_to_add(&portal, &jane, "Joe@acme.example").await;
    let known = portal.mails("Joe@acme.example").await;
    let unknown = asked_to_add(&portal, &jane, "nobody@acme.example").await;
    assert!(
        matches!(&known[..], [Message::AddMailbox { .. }]),
        "it says no more than to anybody: {unknown:?}"
    );
    match add(&portal, &jane, &token, "").await {
        Err(Error::NotVouched(refusal)) => assert_eq!(refusal.reason, Reason::Taken),
        other => panic!("{other:?}"),
    }
    assert!(matches!(add(&portal, &jane, &token, "").await, Err(Error::Conflict)), "used up");
    assert_eq!(account::view(service, &jane).await.unwrap().ways.len(), 1);
    assert_eq!(account::view(service, &joe).await.unwrap().ways.len(), 1);
    assert_eq!(portal.count("select count(*) from audit_event where action = 'sign_in.refused'").await, 1);

    // Of two accounts at once one gets the mailbox.
    let mut checked = Vec::new();
    for who in [&jane, &joe] {
        let (token, _) = asked_to_add(&portal, who, MORE).await;
        checked.push((who, check(service, who, &token, "").await.unwrap()));
    }
    let at_once = join_all(checked.into_iter().map(|(who, checked)| link(service, who, checked))).await;
    assert_eq!(at_once.iter().filter(|one| one.is_ok()).count(), 1);
    assert!(
        at_once.iter().any(|one| matches!(one, Err(Error::NotVouched(_)))),
        "the other is told so: {at_once:?}"
    );
    assert_eq!(portal.count(MAILBOXES).await, 3);
}
