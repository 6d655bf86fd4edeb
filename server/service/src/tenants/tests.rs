use super::{
    fixtures::{House, SHOP, member, organisation, run, tenant},
    *,
};
use crate::{Error, testing::ip};
use innkeeper_domain::{
    handoff::HandoffState,
    organisation::MemberRole,
    ports::Usage,
    run::{RunKind, RunState, StepState},
    tenant::{TenantRole, TenantState},
};
use sqlx::PgPool;

/// The names of all pages, each page's length before them.
async fn all_pages(house: &House, sort: &str) -> (Vec<usize>, Vec<String>) {
    let (mut sizes, mut names, mut after) = (vec![], vec![], String::new());
    loop {
        let page = list(&house.portal.service, &house.jane, "", sort, &after).await.unwrap();
        assert_eq!(page.total, 45);
        sizes.push(page.items.len());
        names.extend(page.items.into_iter().map(|line| line.name));
        match page.next {
            Some(next) => after = next,
            None => return (sizes, names),
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_list_has_pages_in_both_orders(pool: PgPool) {
    let house = House::open(&pool).await;
    let mut made = vec![];
    for at in 0..45 {
        // Not in the order of names.
        let name = format!("t{:02}_aaaaaa", (at * 7) % 45);
        house.tenant(&name, "active").await;
        made.push(name);
    }
    house.tenant("gone_aaaaaa", "destroyed").await;
    // Three share each instant: the page's edge falls among equals.
    house.portal.change(
        "update tenant set created_at = '2026-11-21 12:00+00'::timestamptz + make_interval(secs => n / 3) from
         (select id as i, row_number() over (order by id) - 1 as n from tenant) as numbered where id = i",
    ).await;
    let (sizes, newest_first) = all_pages(&house, "created").await;
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(newest_first.len(), 45);
    let expected: Vec<String> = sqlx::query_scalar(
        "select name from tenant where state <> 'destroyed' order by created_at desc, id desc",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(newest_first, expected);
    let (sizes, by_name) = all_pages(&house, "name").await;
    made.sort();
    assert_eq!((sizes, by_name), (vec![20, 20, 5], made));
    for bad in ["nonsense", "c.1", "n.t01_aaaaaa", "'; drop table tenant; --", "\0"] {
        let page = list(&house.portal.service, &house.jane, "", "created", bad).await.unwrap();
        assert_eq!(page.items[0].name, newest_first[0], "{bad} leads to the first page");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_search_takes_signs_as_they_are(pool: PgPool) {
    let house = House::open(&pool).await;
    house.tenant(SHOP, "active").await;
    house.tenant("ledger_k3v9x2", "failed").await;
    let percent = organisation(&house.portal, "100% Bikes \\ Söhne").await;
    member(&house.portal, percent, &house.jane, "developer").await;
    tenant(&house.portal, percent, &house.jane, house.server_id, "rides_k3v9x2", "active").await;
    for (search, found) in [
        ("", vec!["ledger_k3v9x2", "rides_k3v9x2", SHOP]),
        ("  SHOP ", vec![SHOP]),
        ("ACME", vec!["ledger_k3v9x2", SHOP]),
        ("r_k3", vec!["ledger_k3v9x2"]),
        ("sh_p", vec![]),
        ("%", vec!["rides_k3v9x2"]),
        ("100%", vec!["rides_k3v9x2"]),
        ("1%s", vec![]),
        ("\\", vec!["rides_k3v9x2"]),
        ("söHNE", vec!["rides_k3v9x2"]),
        ("sho\0p", vec![SHOP]),
        ("' or true --", vec![]),
    ] {
        let page = list(&house.portal.service, &house.jane, search, "name", "").await.unwrap();
        let names: Vec<_> = page.items.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, found, "{search}");
        assert_eq!(page.total, i64::try_from(found.len()).unwrap());
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_line_says_what_a_row_needs(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.shop().await;
    let line =
        || async { list(&house.portal.service, &house.jane, "", "", "").await.unwrap().items.remove(0) };
    let first = line().await;
    assert_eq!(
        (
            first.wish.as_str(),
            first.organisation.as_str(),
            first.plan_label.as_str(),
            first.region_label.as_str()
        ),
        ("shop", "Acme Robotics", "Starter", "Region north")
    );
    assert_eq!((first.state, first.unconfirmed), (TenantState::Active, true));
    for (state, unconfirmed) in
        [("lapsed", true), ("expired", true), ("confirmed", false), ("revoked", false)]
    {
        sqlx::query("update handoff set state = $1").bind(state).execute(&pool).await.unwrap();
        assert_eq!(line().await.unconfirmed, unconfirmed, "{state}");
    }
    house.seal(shop).await;
    assert!(line().await.unconfirmed, "the newest handoff counts");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn bad_missing_and_foreign_names_are_alike(pool: PgPool) {
    let house = House::open(&pool).await;
    let other = organisation(&house.portal, "Other").await;
    let owner = house.portal.person("olaf@other.example").await;
    member(&house.portal, other, &owner, "admin").await;
    tenant(&house.portal, other, &owner, house.server_id, "theirs_k3v9x2", "active").await;
    let service = &house.portal.service;
    assert!(open(service, &owner, "theirs_k3v9x2").await.is_ok());
    for name in ["theirs_k3v9x2", "missing_k3v9x2", "", "..", "shop", "Shop_k3v9x2", "a\0b", "' or true"] {
        assert!(matches!(open(service, &house.jane, name).await, Err(Error::NotFound)), "{name}");
        assert!(matches!(runs(service, &house.jane, name, "").await, Err(Error::NotFound)), "{name}");
    }
    assert_eq!(list(service, &house.jane, "theirs", "", "").await.unwrap().total, 0);
    let stranger = house.portal.stranger("203.0.113.9").await;
    assert!(matches!(open(service, &stranger, "theirs_k3v9x2").await, Err(Error::NotFound)));
    assert!(matches!(list(service, &stranger, "", "", "").await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_view_is_whole(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.shop().await;
    let latest = run(&house.portal, house.acme, shop, "onboard", "done").await;
    let service = &house.portal.service;
    let auditor = house.colleague("otto@acme.example", "auditor").await;
    assert_eq!(open(service, &auditor, SHOP).await.unwrap().role, MemberRole::Auditor);
    let view = open(service, &house.jane, SHOP).await.unwrap();
    assert_eq!((view.id, view.organisation_id, view.server), (shop, house.acme, Some(house.server_id)));
    let endpoint = view.endpoint.unwrap();
    assert_eq!((endpoint.host.as_str(), endpoint.port, view.major), ("localhost", 5433, 15));
    assert_eq!(
        view.reach.ranges().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["198.51.100.0/24", "203.0.113.7"]
    );
    assert_eq!(view.extensions.iter().map(|e| e.name()).collect::<Vec<_>>(), ["pgcrypto", "citext"]);
    assert_eq!((view.plan.label.as_str(), view.plan.limits.connections), ("Starter", 50));
    assert_eq!((view.role, view.handoff), (MemberRole::Admin, Some(HandoffState::Sealed)));
    let (id, state, number) = view.run.unwrap();
    assert_eq!((id, state), (latest, RunState::Done));
    assert!(number.as_str().starts_with("OB-"));

    house.portal.change("update handoff set sealed_until = now()").await;
    house.portal.change("update allowlist_entry set expires_at = now() where range = '203.0.113.7/32'").await;
    house
        .portal
        .change("update tenant set server_id = null, first_connected_at = now(), first_connected_role = 'app', first_connected_from = '2001:db8::7'")
        .await;
    let view = open(service, &house.jane, SHOP).await.unwrap();
    assert_eq!(view.handoff, Some(HandoffState::Expired), "before the sweep came");
    assert_eq!(view.reach.ranges().len(), 1, "entries end");
    assert_eq!((view.endpoint, view.server, view.major), (None, None, 15));
    assert_eq!(
        (view.first_connected_role, view.first_connected_from),
        (Some(TenantRole::App), Some(ip("2001:db8::7")))
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn usage_is_what_the_server_says_in_time(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let view = open(&house.portal.service, &house.jane, SHOP).await.unwrap();
    let told = Usage { size_bytes: 7_000_000, sessions: 3, ..Usage::default() };
    *house.server.usage.lock().unwrap() = Some(told.clone());
    assert_eq!(usage(&house.portal.service, &view).await, Some(told));
    *house.server.hangs.lock().unwrap() = true;
    assert_eq!(usage(&house.portal.service, &view).await, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_journal_has_pages_of_runs_with_their_steps(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.shop().await;
    for _ in 0..22 {
        run(&house.portal, house.acme, shop, "renew_passwords", "failed").await;
    }
    let newest = run(&house.portal, house.acme, shop, "onboard", "running").await;
    house.portal.change("update run set created_at = now() - interval '1 hour' where state = 'failed'").await;
    let service = &house.portal.service;
    let (_, first) = runs(service, &house.jane, SHOP, "").await.unwrap();
    assert_eq!((first.items.len(), first.total), (10, 23));
    let line = &first.items[0];
    assert_eq!((line.id, line.kind, line.state), (newest, RunKind::Onboard, RunState::Running));
    let steps: Vec<_> = line
        .steps
        .iter()
        .map(|s| (s.name.as_str(), s.state, s.attempts, s.seconds.map(f64::floor)))
        .collect();
    assert_eq!(steps[0], ("check_capacity", StepState::Done, 1, Some(2.0)));
    assert_eq!((steps[1].0, steps[1].1, steps[1].2), ("create_roles", StepState::Running, 2));
    assert!(steps[1].3.unwrap() >= 8.0, "so far");
    assert_eq!(steps[2], ("create_database", StepState::Waiting, 0, None));
    let (_, second) = runs(service, &house.jane, SHOP, &first.next.unwrap()).await.unwrap();
    let (_, third) = runs(service, &house.jane, SHOP, second.next.as_ref().unwrap()).await.unwrap();
    assert_eq!((second.items.len(), third.items.len(), third.next), (10, 3, None));
    let mut ids: Vec<_> =
        [first.items, second.items, third.items].concat().iter().map(|line| line.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 23, "each once");
}
