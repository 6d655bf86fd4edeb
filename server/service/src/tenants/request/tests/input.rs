//! What is typed and chosen, right and wrong.

use super::{NOTHING_MADE, accepted, draft, mistakes, portal, saved};
use crate::{
    Error,
    context::{
        field_error::TenantCode,
        rate_limit::{Limit, Limits},
        requester::{Requester, SignedIn},
    },
    tenants::request::{Draft, Region, accept, open, propose, save},
    testing::{TestPortal, shortage},
};
use innkeeper_domain::{
    allowlist::{RangeError, ReachError},
    ids::IdentityId,
    organisation::OrganisationName,
    plan::Extension,
};
use sqlx::PgPool;

/// Puts a value into a field.
type Change = fn(&mut Draft, String);

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_newcomer_gets_a_draft_in_which_only_the_organisation_is_missing(pool: PgPool) {
    let portal = portal(&pool).await;
    let person = portal.person("jane@acme-robotics.example").await;
    let (choices, mut draft) = open(&portal.service, &person).await.unwrap();
    assert_eq!(
        choices.plans.iter().map(|plan| plan.name.as_str()).collect::<Vec<_>>(),
        ["starter", "professional"]
    );
    assert_eq!(choices.regions, [Region { name: "eu1".into(), label: "Region eu1".into(), full: None }]);
    assert_eq!(choices.own.to_string(), "203.0.113.7");
    assert_eq!(draft.database, "acme_robotics");
    assert_eq!((draft.plan.as_str(), draft.region.as_str()), ("starter", "eu1"));
    assert_eq!((draft.addresses.as_str(), draft.allow_any.as_str()), ("203.0.113.7", ""));
    assert_eq!(draft.extensions, ["pgcrypto", "uuid-ossp", "citext"]);
    let missing = mistakes(save(&portal.service, &person, &draft).await.unwrap_err());
    assert_eq!(missing.into_keys().collect::<Vec<_>>(), ["organisation"]);
    draft.organisation = "Acme Robotics".into();
    save(&portal.service, &person, &draft).await.unwrap();
    assert_eq!(open(&portal.service, &person).await.unwrap().1, draft, "what was typed is still there");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn each_wrong_input_is_told_beside_its_field_and_leaves_nothing(pool: PgPool) {
    let portal = portal(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let long = "a".repeat(60_000);
    let lines = "203.0.113.1\n".repeat(51);
    let many = (0..51).map(|n| format!("203.0.113.{n}")).collect::<Vec<_>>().join("\n");
    let set: [(&str, &[&str], Change); 6] = [
        (
            "organisation",
            &["", " \t", "a\nb", "a\u{202e}b", "a\0b", "a\u{200b}b", &"x".repeat(81), &long],
            |d, v| {
                d.organisation = v;
            },
        ),
        (
            "database",
            &[
                "",
                "Shop",
                "1shop",
                "pg_shop",
                "innkeeper",
                "a-b",
                "a\"b",
                "a'b",
                "a;b",
                "a\nb",
                "a\0",
                "caf\u{e9}",
                &"a".repeat(21),
                &long,
            ],
            |d, v| d.database = v,
        ),
        ("plan", &["", "Starter", "enterprise", "starter\0", &long], |d, v| d.plan = v),
        ("region", &["", "eu2", "EU1", "eu1'", &long], |d, v| d.region = v),
        (
            "addresses",
            &[
                "",
                "\n\n",
                "acme.example",
                "203.0.113.300",
                "203.0.113.5/24",
                "1.2.3.4/33",
                "::1/129",
                "fe80::1%eth0",
                "1.2.3.4\0",
                "0.0.0.0/0",
                "::/0",
                &many,
                &lines.repeat(20),
                &long,
            ],
            |d, v| d.addresses = v,
        ),
        ("allow_any", &["1", "true", "ON", "on ", &long], |d, v| d.allow_any = v),
    ];
    for (field, values, change) in set {
        for value in values {
            let mut bad = draft("Acme", "shop");
            change(&mut bad, (*value).into());
            let told = mistakes(save(&portal.service, &person, &bad).await.unwrap_err());
            assert_eq!(told.into_keys().collect::<Vec<_>>(), [field], "{value:.40}");
        }
    }
    let everything = Draft { addresses: "203.0.113.1\n0.0.0.0/0".into(), ..draft("Acme", "shop") };
    let told = mistakes(save(&portal.service, &person, &everything).await.unwrap_err());
    let everything = ReachError::Line { line: 2, error: RangeError::Everything("0.0.0.0/0".into()) };
    assert_eq!(told["addresses"], everything.into());
    for extensions in [vec!["plpython3u"], vec!["citext", "'"], vec![""], vec!["citext"; 65]] {
        let bad =
            Draft { extensions: extensions.into_iter().map(Into::into).collect(), ..draft("Acme", "shop") };
        let told = mistakes(save(&portal.service, &person, &bad).await.unwrap_err());
        assert_eq!(told.into_keys().collect::<Vec<_>>(), ["extensions"]);
    }
    let all = mistakes(save(&portal.service, &person, &Draft::default()).await.unwrap_err());
    assert_eq!(
        all.into_keys().collect::<Vec<_>>(),
        ["addresses", "database", "organisation", "plan", "region"]
    );
    assert_eq!(portal.count("select count(*) from request").await, 0);
    assert_eq!(portal.count(NOTHING_MADE).await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_is_odd_but_right_is_taken(pool: PgPool) {
    let portal = portal(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let odd = Draft {
        organisation: "O'Brien & Żółć \"GmbH\" <b>😀</b> %s \\".into(),
        addresses: "::ffff:203.0.113.9\r\n\r\n2001:DB8::/32\n".into(),
        extensions: vec!["citext".into(), "citext".into()],
        ..draft("", "shop_2")
    };
    let name = accepted(&portal, &person, &odd).await;
    let kept: String =
        sqlx::query_scalar("select name from organisation").fetch_one(&portal.owner).await.unwrap();
    assert_eq!(kept, odd.organisation);
    let ranges: Vec<String> = sqlx::query_scalar("select range::text from allowlist_entry order by 1")
        .fetch_all(&portal.owner)
        .await
        .unwrap();
    assert_eq!(ranges, ["2001:db8::/32", "203.0.113.9/32"]);
    assert!(name.as_str().starts_with("shop_2_"));
    let open_to_all = Draft {
        addresses: "0.0.0.0/0".into(),
        allow_any: "on".into(),
        extensions: vec![],
        ..draft("Acme", "all")
    };
    accepted(&portal, &person, &open_to_all).await;
    assert_eq!(portal.count("select count(*) from tenant where anywhere and extensions = '{}'").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_longest_draft_that_can_be_right_fits(pool: PgPool) {
    let portal = portal(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let longest_ranges = (0..50).map(|n| format!("2001:db8:aaaa:bbbb:cccc:dddd:eeee:{n:x}/128"));
    let mut addresses = longest_ranges.collect::<Vec<_>>().join("\n") + "\n";
    addresses.push_str(&"\t\n".repeat((6000 - addresses.len()) / 2));
    let longest = Draft {
        organisation: "\u{1f600}".repeat(80),
        database: "a".repeat(20),
        addresses,
        extensions: Extension::ALL.iter().cycle().take(64).map(ToString::to_string).collect(),
        ..draft("", "")
    };
    accepted(&portal, &person, &longest).await;
    assert_eq!(portal.count("select count(*) from allowlist_entry").await, 50);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_member_who_is_no_admin_cannot_add_databases(pool: PgPool) {
    let portal = portal(&pool).await;
    let (jane, ola) = (portal.person("jane@acme.example").await, portal.person("ola@acme.example").await);
    accepted(&portal, &jane, &draft("Acme", "shop")).await;
    sqlx::query(
        "insert into member (organisation_id, account_id, role) select id, $1, 'developer' from organisation",
    )
    .bind(ola.signed_in().unwrap().id.0)
    .execute(&portal.owner)
    .await
    .unwrap();
    let told = mistakes(save(&portal.service, &ola, &draft("acme", "other")).await.unwrap_err());
    let organisation = OrganisationName::parse("acme").unwrap();
    assert_eq!(told["organisation"], TenantCode::AdminsOnly { organisation }.into());
    assert_eq!(open(&portal.service, &ola).await.unwrap().1.organisation, "");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_region_without_room_says_which_figure_is_short(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    portal.server("eu1", 2).await;
    let (jane, ola) = (portal.person("jane@acme.example").await, portal.person("ola@other.example").await);
    accepted(&portal, &jane, &draft("Acme", "shop")).await;
    let (request, version) = saved(&portal, &ola, &draft("Other", "shop")).await;
    portal.change("update server set max_tenants = 1").await;
    let said = "Region eu1 has no capacity for another database: 1 of 1 databases are taken. Choose another region, \
                or contact support. Staff can allow more databases on the server, or add another server.";
    let told = mistakes(accept(&portal.service, &ola, &request, &version).await.unwrap_err());
    assert_eq!(shortage(&told["region"]), said);
    assert_eq!(portal.count("select count(*) from tenant").await, 1);
    let (choices, _) = open(&portal.service, &ola).await.unwrap();
    assert_eq!(choices.regions[0].full.as_ref().unwrap().to_string(), said);

    portal.change("update server set max_tenants = 10, connections = 1, connection_overcommit = 120").await;
    let large = Draft { plan: "professional".into(), ..draft("Other", "shop") };
    let told = mistakes(save(&portal.service, &ola, &large).await.unwrap_err());
    assert!(shortage(&told["region"]).contains("this plan needs 100, 70 of 120 are free"), "{told:?}");
    save(&portal.service, &ola, &draft("Other", "shop")).await.unwrap();

    portal.change("update server set max_gb = 100, used_bytes = 100000000000").await;
    let told = mistakes(propose(&portal.service, &ola).await.unwrap_err());
    assert!(shortage(&told["region"]).contains("no disk space left: 100 of 100 GB"), "{told:?}");
    portal.change("update server set draining = true").await;
    let told = mistakes(propose(&portal.service, &ola).await.unwrap_err());
    assert!(shortage(&told["region"]).contains("takes no new databases"), "{told:?}");
    // One server with room is enough for a region, and newcomers are led to a region with room.
    portal.server("eu2", 10).await;
    let (choices, fresh) = open(&portal.service, &portal.person("new@new.example").await).await.unwrap();
    assert_eq!(choices.regions.iter().filter(|region| region.full.is_none()).count(), 1);
    assert_eq!(fresh.region, "eu2");
    portal.server("eu1", 10).await;
    propose(&portal.service, &ola).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn saving_is_limited_by_account(pool: PgPool) {
    let limits = Limits { change_per_account: Limit { count: 2, seconds: 600 }, ..Limits::default() };
    let portal = TestPortal::open_with(&pool, limits).await;
    portal.server("eu1", 1000).await;
    let jane = portal.person("jane@acme.example").await;
    for _ in 0..2 {
        save(&portal.service, &jane, &draft("Acme", "shop")).await.unwrap();
    }
    assert!(matches!(
        save(&portal.service, &jane, &draft("Acme", "shop")).await,
        Err(Error::TooMany(1..=600))
    ));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_organisation_that_was_joined_unasked_gets_nothing_by_its_name(pool: PgPool) {
    let portal = portal(&pool).await;
    let (eve, ola) = (portal.person("eve@evil.example").await, portal.person("ola@acme.example").await);
    accepted(&portal, &eve, &draft("Acme", "trap")).await;
    // Ola's groups at one of the operator's providers make her an admin there; she comes by it.
    let way: uuid::Uuid = sqlx::query_scalar(
        "with way as (insert into identity (id, account_id, provider, issuer, subject)
           values (gen_random_uuid(), $1, 'hub', 'https://hub.example', 'ola') returning id, account_id)
         insert into member (organisation_id, account_id, role, provider, identity_id, vouched_at)
         select o.id, way.account_id, 'admin', 'hub', way.id, now() from organisation o, way returning identity_id",
    )
    .bind(ola.signed_in().unwrap().id.0)
    .fetch_one(&portal.owner)
    .await
    .unwrap();
    let came = |person| SignedIn { way: "hub".into(), identity: Some(IdentityId(way)), ..person };
    let by_hub = Requester { account: ola.account.clone().map(came), ..ola.clone() };
    let (_, suggested) = open(&portal.service, &by_hub).await.unwrap();
    assert_eq!(suggested.organisation, "");
    let told = mistakes(save(&portal.service, &by_hub, &draft("acme", "mine")).await.unwrap_err());
    assert_eq!(told["organisation"].as_str(), "joined_organisation");
    // One of her own of the same name is meant, although the other one is older.
    accepted(&portal, &ola, &draft("Acme", "mine")).await;
    accepted(&portal, &by_hub, &draft("Acme", "second")).await;
    assert_eq!(
        portal
            .count("select count(distinct organisation_id) from tenant where wish in ('mine', 'second')")
            .await,
        1
    );
}
