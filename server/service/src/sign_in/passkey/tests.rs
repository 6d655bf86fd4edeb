use super::*;
use crate::{
    background::cleanup, context::field_error::Field, people::session, sign_in::account, testing::TestPortal,
};
use innkeeper_domain::{
    identity::{Reason, Refusal},
    ports::{NewPasskey, PasskeyClaim, PasskeyOwner, PasskeyQuestion},
};
use sqlx::PgPool;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// Passkeys that do as the answer says: `<id> <account or -> <count>`. How real ones are checked is the adapter's.
#[derive(Default)]
struct Told(AtomicU32);

impl Told {
    fn question(&self, known: &[String]) -> PasskeyQuestion {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        PasskeyQuestion {
            options: serde_json::json!({ "number": number, "known": known }).to_string(),
            state: number.to_string(),
        }
    }
}

impl Passkeys for Told {
    fn ask_new(&self, _: &PasskeyOwner, known: &[String]) -> std::result::Result<PasskeyQuestion, Refusal> {
        Ok(self.question(known))
    }
    fn made(&self, _: &str, answer: &str) -> std::result::Result<NewPasskey, Refusal> {
        match answer {
            "bad" => Err(Refusal::new(Reason::Unverified, "told to")),
            id => Ok(NewPasskey { id: id.into(), credential: "0".into() }),
        }
    }
    fn ask(&self, known: &[String]) -> std::result::Result<PasskeyQuestion, Refusal> {
        Ok(self.question(known))
    }
    fn claim(&self, answer: &str) -> std::result::Result<PasskeyClaim, Refusal> {
        let parts: Vec<_> = answer.split(' ').collect();
        Ok(PasskeyClaim { id: parts[0].into(), account: parts[1].parse().ok() })
    }
    fn prove(&self, _: &str, answer: &str, credential: &str) -> std::result::Result<String, Refusal> {
        let count = answer.split(' ').nth(2).unwrap();
        let grown = count.parse::<u32>().unwrap() > credential.parse().unwrap();
        grown.then(|| count.to_owned()).ok_or_else(|| Refusal::new(Reason::Counter, "it did not grow"))
    }
}

async fn portal(pool: &PgPool) -> TestPortal {
    let mut portal = TestPortal::open(pool).await;
    portal.service.passkeys = Some(Arc::new(Told::default()));
    portal
}

async fn give(portal: &TestPortal, person: &Requester, id: &str) {
    begin_add(&portal.service, person).await.unwrap();
    add(&portal.service, person, "Laptop", id).await.unwrap();
}

/// Begins and answers; the path it leads to.
async fn come(portal: &TestPortal, requester: &Requester, text: &str) -> Result<String> {
    begin(&portal.service, requester, "/t/shop_k3v9x2").await?;
    let proven = answer(&portal.service, requester, text).await?;
    let row = portal.new_cookie(requester, &portal.service.ids.make::<uuid::Uuid>().to_string()).await;
    enter(&portal.service, requester, proven, &row).await
}

fn account_of(person: &Requester) -> AccountId {
    person.signed_in().unwrap().id
}

fn reason<T: std::fmt::Debug>(outcome: Result<T>) -> Reason {
    match outcome {
        Err(Error::NotVouched(refusal)) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_passkey_signs_in_its_account_and_nobody_learns_of_it_before(pool: PgPool) {
    let portal = portal(&pool).await;
    let service = &portal.service;
    let jane = portal.person("jane@acme.example").await;
    assert!(!offered(service, &jane).await.unwrap(), "she has none");
    give(&portal, &jane, "key").await;
    assert!(offered(service, &jane).await.unwrap());
    let way = account::view(service, &jane).await.unwrap().ways.pop().unwrap();
    assert_eq!((way.provider.as_str(), way.called.as_str()), ("passkey", "Laptop"));

    let browser = portal.stranger("198.51.100.9").await;
    assert_eq!(pending(service, &browser, false).await.unwrap(), None);
    begin(service, &browser, "/").await.unwrap();
    let asked = pending(service, &browser, false).await.unwrap().unwrap().options;
    assert!(asked.contains(r#""known": []"#), "{asked}");
    let id = account_of(&jane);
    assert_eq!(come(&portal, &browser, &format!("key {id} 1")).await.unwrap(), "/t/shop_k3v9x2");
    let known = session::requester_of(service, browser.known_session(), browser.browser().unwrap().address)
        .await
        .unwrap();
    assert_eq!(known.fresh().unwrap().id, id);
    assert_eq!(portal.count("select count(*) from audit_event where action = 'session.sign_in'").await, 1);

    // The way ends, and with it what came by it.
    account::remove(service, &jane, way.id).await.unwrap();
    let gone = session::requester_of(service, browser.known_session(), browser.browser().unwrap().address)
        .await
        .unwrap();
    assert!(gone.account.is_none());
    let stranger = portal.stranger("198.51.100.9").await;
    assert_eq!(reason(come(&portal, &stranger, &format!("key {id} 2")).await), Reason::Unknown);
    assert_eq!(portal.count("select count(*) from passkey").await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_question_is_answered_once_in_time_and_where_it_was_asked(pool: PgPool) {
    let portal = portal(&pool).await;
    let service = &portal.service;
    let jane = portal.person("jane@acme.example").await;
    give(&portal, &jane, "key").await;
    let text = format!("key {} 1", account_of(&jane));
    let [one, other] = [portal.stranger("198.51.100.9").await, portal.stranger("198.51.100.9").await];

    assert_eq!(reason(answer(service, &one, &text).await), Reason::State, "never asked");
    begin(service, &one, "/").await.unwrap();
    assert_eq!(reason(answer(service, &other, &text).await), Reason::State, "another browser");
    let changed = Requester { account: jane.account.clone(), ..one.clone() };
    assert_eq!(reason(answer(service, &changed, &text).await), Reason::State, "another purpose");
    answer(service, &one, &text).await.unwrap();
    assert_eq!(reason(answer(service, &one, &text).await), Reason::State, "once");
    assert_eq!(pending(service, &one, false).await.unwrap(), None);

    begin(service, &one, "/").await.unwrap();
    sqlx::query("update passkey_question set expires_at = now()").execute(&portal.owner).await.unwrap();
    assert_eq!(reason(answer(service, &one, &text).await), Reason::State, "too late");
    assert_eq!(pending(service, &one, false).await.unwrap(), None);
    let kept = "select count(*) from passkey_question";
    assert_eq!(portal.count(kept).await, 2, "hers and this one's");
    cleanup::once(&portal.worker).await.unwrap();
    assert_eq!(portal.count(kept).await, 0);
    assert_eq!(portal.count("select count(*) from audit_event where action = 'sign_in.refused'").await, 5);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_count_that_does_not_grow_lets_nobody_in(pool: PgPool) {
    let portal = portal(&pool).await;
    let service = &portal.service;
    let jane = portal.person("jane@acme.example").await;
    give(&portal, &jane, "key").await;
    let text = |count: u32| format!("key {} {count}", account_of(&jane));
    let [one, other] = [portal.stranger("198.51.100.9").await, portal.stranger("198.51.100.9").await];
    come(&portal, &one, &text(5)).await.unwrap();
    let copied = portal.stranger("192.0.2.9").await;
    assert_eq!(reason(come(&portal, &copied, &text(5)).await), Reason::Counter);
    let told = "select count(*) from audit_event where action = 'sign_in.refused' and subject = 'passkey'
                and detail->>'reason' = 'counter'";
    assert_eq!(portal.count(told).await, 1);

    // The same count from two at once, each against what was kept before.
    begin(service, &other, "/").await.unwrap();
    begin(service, &copied, "/").await.unwrap();
    let first = answer(service, &other, &text(6)).await.unwrap();
    let second = answer(service, &copied, &text(6)).await.unwrap();
    let rows = [portal.new_cookie(&other, "a").await, portal.new_cookie(&copied, "b").await];
    enter(service, &other, first, &rows[0]).await.unwrap();
    assert!(matches!(enter(service, &copied, second, &rows[1]).await, Err(Error::Conflict)));
    assert!(
        session::requester_of(service, copied.known_session(), copied.browser().unwrap().address)
            .await
            .unwrap()
            .account
            .is_none()
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn only_an_own_passkey_shows_that_it_is_still_them(pool: PgPool) {
    let portal = portal(&pool).await;
    let [jane, joe] = [portal.person("jane@acme.example").await, portal.person("joe@acme.example").await];
    give(&portal, &jane, "hers").await;
    give(&portal, &joe, "his").await;
    sqlx::query("update session set authenticated_at = now() - interval '1 hour'")
        .execute(&portal.owner)
        .await
        .unwrap();
    let again = async || {
        session::requester_of(&portal.service, jane.known_session(), jane.browser().unwrap().address)
            .await
            .unwrap()
            .account
            .unwrap()
    };
    assert_eq!(reason(come(&portal, &jane, &format!("his {} 1", account_of(&joe))).await), Reason::Another);
    assert_eq!(reason(come(&portal, &jane, &format!("hers {} 1", account_of(&joe))).await), Reason::Subject);
    assert!(!again().await.fresh);
    // Asked for one of hers, it need not say whose it is; a stranger's has to.
    come(&portal, &jane, "hers - 1").await.unwrap();
    assert!(again().await.fresh && again().await.id == account_of(&jane));
    let stranger = portal.stranger("198.51.100.9").await;
    assert_eq!(reason(come(&portal, &stranger, "hers - 2").await), Reason::Subject);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn passkeys_are_added_to_a_fresh_sign_in_ten_at_most(pool: PgPool) {
    let portal = portal(&pool).await;
    let service = &portal.service;
    let jane = portal.person("jane@acme.example").await;
    let mut old = jane.clone();
    old.account.as_mut().unwrap().fresh = false;
    assert!(matches!(begin_add(service, &old).await, Err(Error::StaleSignIn)));
    assert_eq!(reason(add(service, &jane, "Laptop", "key").await), Reason::State, "nothing was begun");

    begin_add(service, &jane).await.unwrap();
    for wrong in ["", "a\u{202e}b", &"x".repeat(61)] {
        let typed = add(service, &jane, wrong, "key").await;
        assert!(matches!(typed, Err(Error::Rejected(found)) if found.of(Field::Name).is_some()), "{wrong}");
    }
    assert!(pending(service, &jane, true).await.unwrap().is_some(), "a wrong name leaves it open");
    assert_eq!(reason(add(service, &jane, "Laptop", "bad").await), Reason::Unverified);
    for number in 1..MOST {
        give(&portal, &jane, &format!("key {number}")).await;
    }
    begin_add(service, &jane).await.unwrap();
    let asked = pending(service, &jane, true).await.unwrap().unwrap().options;
    assert!(asked.contains("key 1") && asked.contains("key 9"), "{asked}");
    assert_eq!(reason(add(service, &jane, "Laptop", "key 1").await), Reason::Taken);

    // Two browsers begin the tenth, and meet before the account; one of them would make the eleventh.
    let there = portal.person("jane@acme.example").await;
    begin_add(service, &jane).await.unwrap();
    begin_add(service, &there).await.unwrap();
    let mut held = portal.owner.begin().await.unwrap();
    let lock = sqlx::query("select from account where id = $1 for update").bind(account_of(&jane).0);
    lock.execute(&mut *held).await.unwrap();
    let let_go = async {
        let waiting = "select count(*) from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock'";
        let both_wait = async {
            while portal.count(waiting).await < 2 {
                tokio::task::yield_now().await;
            }
        };
        let minute = std::time::Duration::from_mins(1);
        tokio::time::timeout(minute, both_wait).await.expect("both wait for the account");
        held.commit().await.unwrap();
    };
    let both = tokio::join!(add(service, &jane, "Laptop", "a"), add(service, &there, "Phone", "b"), let_go);
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    assert!(matches!(begin_add(service, &jane).await, Err(Error::Rejected(_))));
    assert_eq!(portal.count("select count(*) from passkey").await, 10);
    let ways = account::view(service, &jane).await.unwrap().ways;
    assert_eq!(ways.iter().filter(|way| way.provider == "passkey").count(), MOST);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn where_the_address_has_no_name_there_are_none(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let jane = portal.person("jane@acme.example").await;
    let service = &portal.service;
    assert!(!offered(service, &portal.stranger("198.51.100.9").await).await.unwrap());
    assert!(matches!(begin(service, &jane, "/").await, Err(Error::NotFound)));
    assert!(matches!(begin_add(service, &jane).await, Err(Error::NotFound)));
    assert!(matches!(answer(service, &jane, "x").await, Err(Error::NotFound)));
}
