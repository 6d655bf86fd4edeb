use super::*;
use crate::{tenants, testing::denied};

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
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
    assert!(denied(&identity(service, &first, ACME).await, true), "for admins only");
    let second = stage.sign_in(bob(&["admins", "devs"])).await.unwrap();
    assert_eq!(tenants::open(service, &second, SHOP).await.unwrap().role, MemberRole::Admin);

    assert_eq!(reason(stage.sign_in(bob(&[])).await), Reason::Group);
    for there in [first, second] {
        let now = session::requester_of(service, there.known_session(), there.browser().unwrap().address)
            .await
            .unwrap();
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

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
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

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_issuer_that_calls_itself_like_another_has_none_of_its_people(pool: PgPool) {
    let mut stage = Stage::ready(&pool).await;
    let own = stage.sign_in(says("victim", "victim@acme.example", &["devs"])).await.unwrap();
    stage.operators("big");
    let other = stage.sign_in_by("big", says("victim", "victim@acme.example", &["devs"])).await.unwrap();
    assert_ne!(own.account.unwrap().id, other.account.unwrap().id);
}
