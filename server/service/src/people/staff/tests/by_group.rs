//! Staff by a group at a provider.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn groups_decide_at_each_sign_in(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    for (facts, wanted) in [
        (jane_in(&["customers", "support"]), Some(StaffRole::Viewer)),
        (jane_in(&["support", "heads", "db-team"]), Some(StaffRole::Approver)),
        (jane_in(&["db-team"]), Some(StaffRole::Operator)),
        (jane_in(&["db-team"]), Some(StaffRole::Operator)),
        (jane_in(&["DB-TEAM", "staff", "*", ""]), None),
        (jane_in(&["support"]), Some(StaffRole::Viewer)),
        (Facts { groups: Groups::Untold, ..jane_in(&[]) }, None),
        (jane_in(&["support"]), Some(StaffRole::Viewer)),
        (Facts { groups: Groups::TooMany, ..jane_in(&[]) }, None),
    ] {
        stage.come_by("acme", &stage.browser, Purpose::SignIn, facts.clone()).await.unwrap();
        assert_eq!(role(&stage, &stage.browser).await, wanted, "{:?}", facts.groups);
    }
    // Whoever comes to more is told by mail.
    let mails = stage.portal.mails("jane@acme.example").await;
    assert_eq!(mails.len(), 4);
    let first = matches!(&mails[0], Message::AccountChanged { what, address, .. }
        if what == "A group of acme gave you the staff role viewer." && address == "203.0.113.7");
    assert!(first);
    let told = deeds(&stage.portal).await;
    assert_eq!(told, done(&[("staff.change", 2), ("staff.join", 3), ("staff.leave", 3)]));

    // Who shows that it is still them is asked for their groups, too.
    let jane = stage.seen(&stage.browser).await;
    stage.come_by("acme", &jane, Purpose::Fresh, jane_in(&["db-team"])).await.unwrap();
    assert_eq!(role(&stage, &jane).await, Some(StaffRole::Operator));
    // Somebody else with the same address is not she.
    let other = stage.portal.stranger("198.51.100.9").await;
    let twin = Facts { groups: Groups::Listed(Vec::new()), ..person("2", "jane@acme.example", true) };
    stage.come_by("acme", &other, Purpose::SignIn, twin).await.unwrap();
    assert_eq!(role(&stage, &other).await, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn nobody_is_staff_by_a_group_in_a_session_of_another_way(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    let mail = stage.portal.person("jane@acme.example").await;
    // Linking takes no groups along.
    stage.link(&mail, jane_in(&["heads"])).await;
    assert_eq!(stage.portal.count("select count(*) from staff").await, 0);
    stage.come_by("acme", &stage.browser, Purpose::SignIn, jane_in(&["heads"])).await.unwrap();
    assert_eq!(role(&stage, &stage.browser).await, Some(StaffRole::Approver));
    assert_eq!(role(&stage, &mail).await, None, "the same account, by mail");
    for way in ["mail", "passkey", "other", "org-acme", "unknown", ""] {
        sqlx::query("update session set provider = $1 where id = $2")
            .bind(way)
            .bind(mail.session().unwrap().0)
            .execute(&stage.portal.owner)
            .await
            .unwrap();
        assert_eq!(role(&stage, &mail).await, None, "by {way}");
    }
    // A provider without groups of staff makes nobody staff, whatever it says and whatever row there is.
    let other = stage.portal.stranger("198.51.100.9").await;
    stage
        .come_by(
            "other",
            &other,
            Purpose::SignIn,
            Facts { groups: jane_in(&["heads"]).groups, ..person("3", "joe@acme.example", true) },
        )
        .await
        .unwrap();
    assert_eq!(role(&stage, &other).await, None);
    stage
        .portal
        .change("insert into staff (account_id, role, provider) select account_id, 'approver', 'other' from identity where subject = '3'")
        .await;
    assert_eq!(role(&stage, &other).await, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn where_groups_make_staff_no_first_link_is_made(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    assert!(first(&stage.portal.service, &stage.portal.worker).await.unwrap().is_none());
    assert_eq!(stage.portal.count("select count(*) from staff_claim").await, 0);
}
