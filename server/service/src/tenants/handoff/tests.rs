use super::*;
use crate::{
    Error,
    context::requester::Requester,
    tenants::fixtures::{House, SHOP, member, organisation, password, run},
    testing::{denied, ip},
};
use futures::future::join_all;
use innkeeper_domain::{handoff::HandoffState, mail::Message, tenant::TenantRole};
use sqlx::PgPool;

impl House {
    async fn look(&self, requester: &Requester) -> HandoffView {
        view(&self.portal.service, requester, SHOP).await.unwrap().1
    }

    async fn press(&self, requester: &Requester) -> Result<()> {
        reveal(&self.portal.service, requester, SHOP).await
    }

    fn sweep(&self) -> Sweep {
        Sweep {
            pool: self.portal.worker.clone(),
            ids: self.portal.service.ids.clone(),
            random: self.portal.service.random.clone(),
            sealer: self.portal.service.sealer.clone(),
            public_url: "https://portal.example".into(),
        }
    }

    async fn state(&self) -> Option<HandoffState> {
        crate::tenants::open(&self.portal.service, &self.jane, SHOP).await.unwrap().handoff
    }

    /// Nothing that hands out a secret does so.
    async fn is_closed_to(&self, requester: &Requester) {
        assert!(!matches!(self.look(requester).await, HandoffView::Open(_)));
        assert!(bundle(&self.portal.service, requester, SHOP).await.is_err());
        assert!(self.press(requester).await.is_err());
    }
}

const WINDOW_OVER: &str = "update handoff set open_until = now() where state = 'open'";
const WAITED_TOO_LONG: &str = "update handoff set sealed_until = now() where state = 'sealed'";

fn stale(requester: &Requester) -> Requester {
    let mut requester = requester.clone();
    requester.account.as_mut().unwrap().fresh = false;
    requester
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_press_opens_it_in_this_session_only(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    assert!(matches!(house.look(&house.jane).await, HandoffView::Sealed { fresh: true, .. }));
    assert!(matches!(house.look(&stale(&house.jane)).await, HandoffView::Sealed { fresh: false, .. }));
    assert!(bundle(&house.portal.service, &house.jane, SHOP).await.is_err(), "nothing before the press");
    assert_eq!(house.recorded("handoff.view").await, 0);

    house.press(&house.jane).await.unwrap();
    // A page that was lost on its way, or loaded again, shows them still; also with a sign-in that has aged since.
    for requester in [&house.jane, &stale(&house.jane)] {
        let HandoffView::Open(open) = house.look(requester).await else { panic!("not open") };
        assert_eq!(open.credentials.passwords.of(TenantRole::Owner).expose(), password(TenantRole::Owner));
        assert_eq!(open.credentials.passwords.of(TenantRole::App).expose(), password(TenantRole::App));
        assert_eq!(
            open.credentials.passwords.of(TenantRole::ReadOnly).expose(),
            password(TenantRole::ReadOnly)
        );
        assert_eq!((open.until - open.opened_at).whole_seconds(), 15 * 60);
        assert_eq!(open.from, Some(ip("203.0.113.7")));
        assert!(!format!("{open:?}").contains("PassW0rd"), "not in logs");
    }
    assert_eq!((house.recorded("handoff.reveal").await, house.recorded("handoff.view").await), (1, 2));
    house.press(&house.jane).await.unwrap();
    assert_eq!(house.recorded("handoff.reveal").await, 1, "a second press here changes nothing");

    let elsewhere = house.jane_elsewhere().await;
    let HandoffView::OpenElsewhere { from, .. } = house.look(&elsewhere).await else {
        panic!("not elsewhere")
    };
    assert_eq!(from, Some(ip("203.0.113.7")));
    assert!(matches!(house.press(&elsewhere).await, Err(Error::Conflict)));
    assert!(matches!(confirm(&house.portal.service, &elsewhere, SHOP).await, Err(Error::Conflict)));
    house.is_closed_to(&elsewhere).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn it_is_for_the_addressed_person(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let ola = house.colleague("ola@acme.example", "admin").await;
    let HandoffView::NotYours { addressed_to } = house.look(&ola).await else { panic!("not hers") };
    assert_eq!(addressed_to, "jane@acme.example");
    assert!(matches!(house.press(&ola).await, Err(Error::Conflict)));
    assert!(matches!(renew(&house.portal.service, &ola, SHOP).await, Err(Error::Conflict)));
    house.press(&house.jane).await.unwrap();
    house.is_closed_to(&ola).await;
    // Another person signed in to the same browser session is another person.
    let in_her_browser = Requester { account: ola.account.clone(), ..house.jane.clone() };
    house.is_closed_to(&in_her_browser).await;
    assert!(matches!(confirm(&house.portal.service, &in_her_browser, SHOP).await, Err(Error::Conflict)));
    assert_eq!(house.state().await, Some(HandoffState::Open));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn others_find_nothing(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    house.press(&house.jane).await.unwrap();
    let service = &house.portal.service;
    let other = organisation(&house.portal, "Other").await;
    let foreign = house.portal.person("olaf@other.example").await;
    member(&house.portal, other, &foreign, "admin").await;
    let mut requesters = vec![foreign, house.portal.stranger("203.0.113.9").await];
    for (email, role) in
        [("d@acme.example", "developer"), ("a@acme.example", "auditor"), ("b@acme.example", "billing")]
    {
        requesters.push(house.colleague(email, role).await);
    }
    for (position, requester) in requesters.iter().enumerate() {
        // For who is no member the same answer as for a name that does not exist, also to a sign-in that is not fresh.
        let aged = if requester.account.is_some() { stale(requester) } else { requester.clone() };
        for name in [SHOP, "missing_k3v9x2", "x"] {
            let member = position > 1 && name == SHOP;
            assert!(denied(&view(service, requester, name).await, member));
            assert!(denied(&reveal(service, &aged, name).await, member));
            assert!(denied(&bundle(service, requester, name).await, member));
            assert!(denied(&confirm(service, requester, name).await, member));
            assert!(denied(&renew(service, &aged, name).await, member));
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_old_sign_in_opens_and_renews_nothing(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let aged = stale(&house.jane);
    assert!(matches!(house.press(&aged).await, Err(Error::StaleSignIn)));
    assert_eq!(house.state().await, Some(HandoffState::Sealed));
    house.press(&house.jane).await.unwrap();
    confirm(&house.portal.service, &house.jane, SHOP).await.unwrap();
    assert!(matches!(renew(&house.portal.service, &aged, SHOP).await, Err(Error::StaleSignIn)));
    assert_eq!(house.portal.count("select count(*) from run").await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn of_fifty_sessions_at_once_one_wins(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    house.colleague("ola@acme.example", "admin").await;
    house.colleague("dora@acme.example", "developer").await;
    let mut sessions = vec![];
    for _ in 0..50 {
        sessions.push(house.jane_elsewhere().await);
    }
    let presses = join_all(sessions.iter().map(|session| house.press(session))).await;
    assert_eq!(presses.iter().filter(|press| press.is_ok()).count(), 1);
    assert!(presses.iter().all(|press| matches!(press, Ok(()) | Err(Error::Conflict))));
    let mut shown = 0;
    for (session, press) in sessions.iter().zip(&presses) {
        let open = matches!(house.look(session).await, HandoffView::Open(_));
        assert_eq!(open, press.is_ok(), "shown to the winner and nobody else");
        shown += usize::from(open);
    }
    assert_eq!((shown, house.recorded("handoff.reveal").await), (1, 1));
    // Each admin is told once; others are not.
    for (to, mails) in [("jane@acme.example", 1), ("ola@acme.example", 1), ("dora@acme.example", 0)] {
        assert_eq!(house.portal.mails(to).await.len(), mails, "{to}");
    }
    let Message::CredentialsRevealed { tenant, person, address, at, link } =
        house.portal.mails("ola@acme.example").await.remove(0)
    else {
        panic!("another mail")
    };
    assert_eq!([&*tenant, &person, &address], [SHOP, "jane@acme.example", "203.0.113.7"]);
    assert_eq!(link, "https://portal.example/t/shop_k3v9x2/handoff");
    assert!(at.ends_with(" UTC"), "{at}");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn after_the_window_nothing_is_shown_before_and_after_the_sweep(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    house.press(&house.jane).await.unwrap();
    assert_eq!(house.sweep().round().await.unwrap(), 0, "still open");
    assert_eq!(house.portal.change(WINDOW_OVER).await, 1);
    for swept in [0, 3] {
        let HandoffView::Lapsed { from, .. } = house.look(&house.jane).await else { panic!("not lapsed") };
        assert_eq!(from, Some(ip("203.0.113.7")));
        house.is_closed_to(&house.jane).await;
        assert_eq!(house.state().await, Some(HandoffState::Lapsed));
        assert_eq!(house.copies().await, 3 - swept);
        house.sweep().round().await.unwrap();
    }
    assert_eq!((house.copies().await, house.recorded("handoff.lapse").await), (0, 1));
    // The passwords are valid: the person may still say that they are saved.
    confirm(&house.portal.service, &house.jane_elsewhere().await, SHOP).await.unwrap();
    assert_eq!(house.state().await, Some(HandoffState::Confirmed));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn unopened_it_expires_and_the_passwords_are_taken_away(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    assert_eq!(house.portal.change(WAITED_TOO_LONG).await, 1);
    assert!(matches!(house.look(&house.jane).await, HandoffView::Expired { .. }), "before the sweep came");
    house.is_closed_to(&house.jane).await;
    // Two portals sweep at once.
    let (one, other) = (house.sweep(), house.sweep());
    let (a, b) = tokio::join!(one.round(), other.round());
    assert_eq!(a.unwrap() + b.unwrap(), 1);
    assert!(matches!(house.look(&house.jane).await, HandoffView::Expired { .. }));
    house.is_closed_to(&house.jane).await;
    assert_eq!((house.copies().await, house.recorded("handoff.expire").await), (0, 1));
    assert_eq!(
        house
            .portal
            .count("select count(*) from run where kind = 'expire_passwords' and state = 'running'")
            .await,
        1
    );
    let mails = house.portal.mails("jane@acme.example").await;
    assert!(matches!(&mails[..], [Message::CredentialsExpired { .. }]));
    // New passwords have to wait for that run.
    let service = &house.portal.service;
    assert!(matches!(renew(service, &house.jane, SHOP).await, Err(Error::Conflict)));
    house.portal.change("update run set state = 'done'").await;
    renew(service, &house.jane, SHOP).await.unwrap();
    assert!(matches!(house.look(&house.jane).await, HandoffView::Renewing));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn passwords_that_could_not_be_taken_away_are_tried_again(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    house.portal.change(WAITED_TOO_LONG).await;
    house.sweep().round().await.unwrap();
    let runs = || house.portal.count("select count(*) from run where kind = 'expire_passwords'");
    house.portal.change("update run set state = 'failed', finished_at = now()").await;
    house.sweep().round().await.unwrap();
    assert_eq!(runs().await, 1, "not at once");
    house.portal.change("update run set finished_at = now() - interval '6 minutes'").await;
    let (one, other) = (house.sweep(), house.sweep());
    let (a, b) = tokio::join!(one.round(), other.round());
    assert_eq!(a.unwrap() + b.unwrap(), 0, "no handoff ends by it");
    assert_eq!(runs().await, 2, "by one of two portals");
    house
        .portal
        .change("update run set state = 'failed', finished_at = now() - interval '6 minutes' where state = 'running'")
        .await;
    house.portal.change("update handoff set closed_at = now() - interval '25 hours'").await;
    house.sweep().round().await.unwrap();
    assert_eq!(runs().await, 2, "not for ever");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_cannot_be_ended_holds_nothing_else_up(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.shop().await;
    run(&house.portal, house.acme, shop, "renew_passwords", "running").await;
    let other = house.tenant("other_k3v9x2", "active").await;
    house.seal(other).await;
    house.portal.change(WAITED_TOO_LONG).await;
    assert_eq!(house.sweep().round().await.unwrap(), 1, "one tenant has a run that must end first");
    house.portal.change("update run set state = 'done' where kind = 'renew_passwords'").await;
    assert_eq!(house.sweep().round().await.unwrap(), 1);
    assert_eq!(house.sweep().round().await.unwrap(), 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn to_confirm_destroys_the_copies(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let service = &house.portal.service;
    assert!(
        matches!(confirm(service, &house.jane, SHOP).await, Err(Error::Conflict)),
        "nothing was shown yet"
    );
    house.press(&house.jane).await.unwrap();
    assert_eq!(house.copies().await, 3);
    let presses = join_all((0..20).map(|_| confirm(service, &house.jane, SHOP))).await;
    assert!(presses.iter().all(Result::is_ok), "{presses:?}");
    assert_eq!((house.copies().await, house.recorded("handoff.confirm").await), (0, 1));
    assert!(matches!(house.look(&house.jane).await, HandoffView::Confirmed { .. }));
    house.is_closed_to(&house.jane).await;
    assert_eq!(house.sweep().round().await.unwrap(), 0, "it is over");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn thirty_presses_make_new_passwords_once(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.shop().await;
    let service = &house.portal.service;
    assert!(matches!(renew(service, &house.jane, SHOP).await, Err(Error::Conflict)), "sealed for her");
    house.press(&house.jane).await.unwrap();
    assert!(matches!(renew(service, &house.jane, SHOP).await, Err(Error::Conflict)), "shown to her");
    // Somebody has opened it that should not have: another admin takes it back.
    let ola = house.colleague("ola@acme.example", "admin").await;
    let presses = join_all((0..30).map(|_| renew(service, &ola, SHOP))).await;
    assert!(presses.iter().all(Result::is_ok), "{presses:?}");
    assert_eq!(house.portal.count("select count(*) from run").await, 1);
    assert_eq!(house.recorded("handoff.renew").await, 1);
    assert_eq!(house.state().await, Some(HandoffState::Revoked));
    let (kind, input): (String, Value) =
        sqlx::query_as("select kind, input from run").fetch_one(&pool).await.unwrap();
    assert_eq!(kind, "renew_passwords");
    assert_eq!(input, json!({ "addressed_to": ola.signed_in().unwrap().id }));
    for requester in [&house.jane, &ola] {
        assert!(matches!(house.look(requester).await, HandoffView::Renewing));
        house.is_closed_to(requester).await;
    }
    assert_eq!(house.copies().await, 0, "those that were shown");
    // The run seals new ones; nothing that is pressed on old pages destroys them.
    house.seal(shop).await;
    house.portal.change("update handoff set state = 'lapsed', opened_at = now(), closed_at = now()").await;
    confirm(service, &house.jane, SHOP).await.unwrap();
    assert_eq!(house.copies().await, 3);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn new_passwords_where_nobody_waits_for_the_old_ones(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    for (state, after) in [
        ("confirmed", HandoffState::Confirmed),
        ("lapsed", HandoffState::Lapsed),
        ("expired", HandoffState::Expired),
        ("revoked", HandoffState::Revoked),
    ] {
        sqlx::query("update handoff set state = $1, opened_at = now(), closed_at = now()")
            .bind(state)
            .execute(&pool)
            .await
            .unwrap();
        renew(&house.portal.service, &house.jane, SHOP).await.unwrap();
        assert_eq!(house.state().await, Some(after));
        assert_eq!(
            house.portal.change("update run set state = 'done' where state = 'running'").await,
            1,
            "{state}"
        );
    }
    // Over, and not swept yet: closed as what it is.
    for (moved, after) in [
        (
            "update handoff set state = 'sealed', sealed_until = now(), opened_at = null",
            HandoffState::Expired,
        ),
        ("update handoff set state = 'open', open_until = now(), opened_at = now()", HandoffState::Lapsed),
    ] {
        sqlx::query(moved).execute(&pool).await.unwrap();
        renew(&house.portal.service, &house.jane, SHOP).await.unwrap();
        assert_eq!(house.state().await, Some(after));
        assert_eq!(house.sweep().round().await.unwrap(), 0, "already ended");
        assert_eq!(house.copies().await, 0);
        house.portal.change("update run set state = 'done'").await;
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_tenant_that_is_not_in_use_hands_nothing_over(pool: PgPool) {
    let house = House::open(&pool).await;
    house.tenant("empty_k3v9x2", "active").await;
    let (_, empty) = view(&house.portal.service, &house.jane, "empty_k3v9x2").await.unwrap();
    assert!(matches!(empty, HandoffView::NotReady));
    assert!(matches!(renew(&house.portal.service, &house.jane, "empty_k3v9x2").await, Err(Error::Conflict)));
    house.shop().await;
    house.press(&house.jane).await.unwrap();
    for state in ["provisioning", "suspended", "failed", "destroyed"] {
        sqlx::query("update tenant set state = $1 where name = $2")
            .bind(state)
            .bind(SHOP)
            .execute(&pool)
            .await
            .unwrap();
        assert!(matches!(house.look(&house.jane).await, HandoffView::NotReady), "{state}");
        house.is_closed_to(&house.jane).await;
        assert!(matches!(renew(&house.portal.service, &house.jane, SHOP).await, Err(Error::Conflict)));
    }
}
