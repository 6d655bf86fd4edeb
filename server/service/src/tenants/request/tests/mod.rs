mod input;

use super::{Draft, accept, open, propose, save};
use crate::{
    Error,
    context::{
        field_error::{ErrorCode, TenantCode},
        rate_limit::{Limit, Limits},
        requester::Requester,
    },
    testing::TestPortal,
};
use futures::future::join_all;
use innkeeper_domain::{
    name::{TenantName, Wish},
    ports::Random,
};
use sqlx::PgPool;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

fn draft(organisation: &str, database: &str) -> Draft {
    Draft {
        organisation: organisation.into(),
        database: database.into(),
        plan: "starter".into(),
        region: "eu1".into(),
        addresses: "203.0.113.7\n198.51.100.0/24".into(),
        allow_any: String::new(),
        extensions: vec!["citext".into(), "pgcrypto".into()],
    }
}

async fn portal(pool: &PgPool) -> TestPortal {
    let portal = TestPortal::open(pool).await;
    portal.server("eu1", 1000).await;
    portal
}

/// Saves a draft; request and version as the check page would send them.
async fn saved(portal: &TestPortal, person: &Requester, draft: &Draft) -> (String, String) {
    save(&portal.service, person, draft).await.unwrap();
    let proposal = propose(&portal.service, person).await.unwrap();
    (proposal.request.to_string(), proposal.version.to_string())
}

async fn accepted(portal: &TestPortal, person: &Requester, draft: &Draft) -> TenantName {
    let (request, version) = saved(portal, person, draft).await;
    accept(&portal.service, person, &request, &version).await.unwrap()
}

/// The fields that are refused, and why.
fn mistakes(error: Error) -> std::collections::BTreeMap<&'static str, ErrorCode> {
    match error {
        Error::Rejected(errors) => {
            errors.iter().map(|error| (error.field.as_str(), error.code.clone())).collect()
        }
        other => panic!("{other}"),
    }
}

const NOTHING_MADE: &str = "select (select count(*) from organisation) + (select count(*) from member)
    + (select count(*) from tenant) + (select count(*) from allowlist_entry) + (select count(*) from run)";

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn accepting_makes_everything_the_workers_need_and_records_it(pool: PgPool) {
    let portal = portal(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let name = accepted(&portal, &person, &draft(" Acme Robotics ", "shop")).await;
    assert!(name.as_str().starts_with("shop_"), "{name}");
    let row: (String, String, String, i32, String, bool, Vec<String>, String) = sqlx::query_as(
        "select t.name, t.state, plan_name, plan_version, region, anywhere, extensions, o.name
         from tenant t join organisation o on o.id = organisation_id",
    )
    .fetch_one(&portal.owner)
    .await
    .unwrap();
    let extensions = vec!["pgcrypto".to_owned(), "citext".to_owned()];
    let wanted = (
        name.to_string(),
        "provisioning".into(),
        "starter".into(),
        1,
        "eu1".into(),
        false,
        extensions,
        "Acme Robotics".into(),
    );
    assert_eq!(row, wanted);
    let ranges: Vec<String> = sqlx::query_scalar("select range::text from allowlist_entry order by 1")
        .fetch_all(&portal.owner)
        .await
        .unwrap();
    assert_eq!(ranges, ["198.51.100.0/24", "203.0.113.7/32"]);
    assert_eq!(portal.count("select count(*) from member where role = 'admin'").await, 1);
    assert_eq!(
        portal.count("select count(*) from run where kind = 'onboard' and state = 'running'").await,
        1
    );
    let audited = "select count(*) from audit_event where action in ('tenant.request', 'organisation.create')
        and organisation_id is not null and actor = 'jane@acme.example' and address = '203.0.113.7'";
    assert_eq!(portal.count(audited).await, 2);
    assert!(matches!(propose(&portal.service, &person).await, Err(Error::NotFound)), "the draft is used up");
    let (_, next) = open(&portal.service, &person).await.unwrap();
    assert_eq!((next.organisation.as_str(), next.database.as_str()), ("Acme Robotics", "acme"));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn fifty_presses_at_once_make_one_tenant_and_fifty_good_answers(pool: PgPool) {
    let portal = portal(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let (request, version) = saved(&portal, &person, &draft("Acme", "shop")).await;
    let presses = (0..50).map(|_| accept(&portal.service, &person, &request, &version));
    let names: Vec<TenantName> = join_all(presses).await.into_iter().map(Result::unwrap).collect();
    assert!(names.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(portal.count("select count(*) from tenant").await, 1);
    assert_eq!(portal.count("select count(*) from run").await, 1);
    assert_eq!(portal.count("select count(*) from organisation").await, 1);
    // A late press, of an old page with an old version, after another draft was begun.
    save(&portal.service, &person, &draft("Acme", "shop2")).await.unwrap();
    assert_eq!(accept(&portal.service, &person, &request, "1").await.unwrap(), names[0]);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_is_accepted_is_what_the_page_showed(pool: PgPool) {
    let portal = portal(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let (request, shown) = saved(&portal, &person, &draft("Acme", "shop")).await;
    let (same, again) = saved(&portal, &person, &draft("Acme", "shop")).await;
    assert_eq!((&same, &again), (&request, &shown), "saving the same changes nothing");
    let changed = Draft { plan: "professional".into(), ..draft("Acme", "shop") };
    let (_, now) = saved(&portal, &person, &changed).await;
    assert!(matches!(accept(&portal.service, &person, &request, &shown).await, Err(Error::Conflict)));
    assert_eq!(portal.count(NOTHING_MADE).await, 0);
    accept(&portal.service, &person, &request, &now).await.unwrap();
    assert_eq!(portal.count("select count(*) from tenant where plan_name = 'professional'").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn somebody_elses_request_is_not_found(pool: PgPool) {
    let portal = portal(&pool).await;
    let (jane, eve) = (portal.person("jane@acme.example").await, portal.person("eve@evil.example").await);
    let (request, version) = saved(&portal, &jane, &draft("Acme", "shop")).await;
    for request in [request.as_str(), "rq_00000000000070008000000000000000", "", "tn_1", "rq_'"] {
        assert!(
            matches!(accept(&portal.service, &eve, request, &version).await, Err(Error::NotFound)),
            "{request}"
        );
    }
    for version in ["", "x", "1.0", "99999999999"] {
        assert!(matches!(accept(&portal.service, &jane, &request, version).await, Err(Error::NotFound)));
    }
    let stranger = portal.stranger("203.0.113.7").await;
    assert!(matches!(accept(&portal.service, &stranger, &request, &version).await, Err(Error::NotFound)));
    assert!(matches!(open(&portal.service, &stranger).await, Err(Error::NotFound)));
    let made = accept(&portal.service, &jane, &request, &version).await.unwrap();
    assert!(matches!(accept(&portal.service, &eve, &request, &version).await, Err(Error::NotFound)));
    // The second wall: even without a condition on the account, the rows are not there for her.
    let mut tx = portal.begin_as(&eve).await;
    for hidden in
        ["select count(*) from request", "select count(*) from tenant", "select count(*) from organisation"]
    {
        let seen: i64 = sqlx::query_scalar(hidden).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(seen, 0, "{hidden} after {made}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn two_people_may_have_the_same_organisation_and_wish_and_learn_nothing(pool: PgPool) {
    let portal = portal(&pool).await;
    let (jane, ola) = (portal.person("jane@acme.example").await, portal.person("ola@other.example").await);
    let first = accepted(&portal, &jane, &draft("Acme", "shop")).await;
    let second = accepted(&portal, &ola, &draft("Acme", "shop")).await;
    assert_ne!(first, second);
    assert_eq!(portal.count("select count(*) from organisation where name = 'Acme'").await, 2);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_name_is_taken_once_within_an_organisation(pool: PgPool) {
    let portal = portal(&pool).await;
    let jane = portal.person("jane@acme.example").await;
    accepted(&portal, &jane, &draft("Acme", "acme")).await;
    let told = mistakes(save(&portal.service, &jane, &draft("ACME", "acme")).await.unwrap_err());
    let taken = |name: &str, free: &str| {
        ErrorCode::from(TenantCode::NameTaken { name: Wish::parse(name).unwrap(), free: free.into() })
    };
    assert_eq!(told["database"], taken("acme", "acme_staging"));
    assert_eq!(open(&portal.service, &jane).await.unwrap().1.database, "acme_staging");
    accepted(&portal, &jane, &draft("ACME", "acme_staging")).await;
    assert_eq!(portal.count("select count(*) from organisation").await, 1, "the organisation is used again");
    let told = mistakes(save(&portal.service, &jane, &draft("Acme", "acme")).await.unwrap_err());
    assert_eq!(told["database"], taken("acme", "acme_test"));
    // Another organisation of the same person, and a name whose tenant is gone.
    accepted(&portal, &jane, &draft("Other", "acme")).await;
    portal.change("update tenant set state = 'destroyed'").await;
    accepted(&portal, &jane, &draft("Acme", "acme")).await;
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn two_admins_who_want_one_name_at_once_get_one_tenant_and_one_clear_answer(pool: PgPool) {
    let portal = portal(&pool).await;
    let (jane, ola) = (portal.person("jane@acme.example").await, portal.person("ola@acme.example").await);
    accepted(&portal, &jane, &draft("Acme", "first")).await;
    sqlx::query(
        "insert into member (organisation_id, account_id, role) select id, $1, 'admin' from organisation",
    )
    .bind(ola.signed_in().unwrap().id.0)
    .execute(&portal.owner)
    .await
    .unwrap();
    let wishes = [
        saved(&portal, &jane, &draft("Acme", "shop")).await,
        saved(&portal, &ola, &draft("Acme", "shop")).await,
    ];
    let answers = join_all([
        accept(&portal.service, &jane, &wishes[0].0, &wishes[0].1),
        accept(&portal.service, &ola, &wishes[1].0, &wishes[1].1),
    ])
    .await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (1, 1));
    let told = mistakes(bad.into_iter().next().unwrap().unwrap_err());
    assert_eq!(told["database"].as_str(), "database_name_taken");
    assert_eq!(portal.count("select count(*) from tenant where wish = 'shop'").await, 1);
    assert_eq!(portal.count("select count(*) from organisation").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn two_tabs_that_name_a_new_organisation_make_one(pool: PgPool) {
    let portal = portal(&pool).await;
    let jane = portal.person("jane@acme.example").await;
    let (request, version) = saved(&portal, &jane, &draft("Acme", "one")).await;
    let second_tab = async {
        save(&portal.service, &jane, &draft("Acme", "two")).await?;
        let next = propose(&portal.service, &jane).await?;
        accept(&portal.service, &jane, &next.request.to_string(), &next.version.to_string()).await
    };
    let (first, second) = futures::join!(accept(&portal.service, &jane, &request, &version), second_tab);
    // Either the second tab came in time to change the request, or it made a second one.
    let fine =
        |answer: &crate::Result<TenantName>| matches!(answer, Ok(_) | Err(Error::Conflict | Error::NotFound));
    assert!(fine(&first) && fine(&second) && (first.is_ok() || second.is_ok()), "{first:?} {second:?}");
    assert_eq!(portal.count("select count(*) from organisation").await, 1);
}

/// Zeros for the drawn part of so many names, then what another draws.
struct Stuttering(AtomicUsize, Arc<dyn Random>);

impl Random for Stuttering {
    fn fill(&self, bytes: &mut [u8]) {
        let stutter = |left: usize| (bytes.len() == 6 && left > 0).then(|| left - 1);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, stutter) {
            Ok(_) => bytes.fill(0),
            Err(_) => self.1.fill(bytes),
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_drawn_name_that_is_taken_is_drawn_again(pool: PgPool) {
    let mut portal = portal(&pool).await;
    let (jane, ola) = (portal.person("jane@acme.example").await, portal.person("ola@other.example").await);
    portal.service.store.random = Arc::new(Stuttering(AtomicUsize::new(4), portal.service.random.clone()));
    assert_eq!(accepted(&portal, &jane, &draft("Acme", "shop")).await.as_str(), "shop_aaaaaa");
    let second = accepted(&portal, &ola, &draft("Other", "shop")).await;
    assert_ne!(second.as_str(), "shop_aaaaaa");
    assert_eq!(portal.count("select count(*) from allowlist_entry").await, 4);
    assert_eq!(portal.count("select count(*) from run").await, 2);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_account_may_ask_for_so_many_databases_and_a_second_press_is_none(pool: PgPool) {
    let limits = Limits { request_per_account: Limit { count: 2, seconds: 600 }, ..Limits::default() };
    let portal = TestPortal::open_with(&pool, limits).await;
    portal.server("eu1", 1000).await;
    let (jane, ola) = (portal.person("jane@acme.example").await, portal.person("ola@other.example").await);
    accepted(&portal, &jane, &draft("Acme", "one")).await;
    let (request, version) = saved(&portal, &jane, &draft("Acme", "two")).await;
    for _ in 0..5 {
        accept(&portal.service, &jane, &request, &version).await.unwrap();
    }
    let (request, version) = saved(&portal, &jane, &draft("Acme", "three")).await;
    let refused = accept(&portal.service, &jane, &request, &version).await;
    assert!(matches!(refused, Err(Error::TooMany(1..=600))), "{refused:?}");
    accepted(&portal, &ola, &draft("Other", "one")).await;
    portal.change("update request set updated_at = updated_at - interval '600 seconds' where tenant_name is not null").await;
    accept(&portal.service, &jane, &request, &version).await.unwrap();
}
