//! The list of staff.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_list_is_for_staff_and_shows_each_person_once(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    let service = &stage.portal.service;
    let mail = stage.portal.person("ola@acme.example").await;
    for who in [&stage.browser, &mail] {
        assert!(matches!(list(service, who, "", "", "").await, Err(Error::NotFound)));
    }
    stage.come_by("acme", &stage.browser, Purpose::SignIn, jane_in(&["support"])).await.unwrap();
    let jane = stage.seen(&stage.browser).await;
    stage
        .portal
        .change("insert into staff (account_id, role, created_at) select id, 'operator', now() + interval '1 s' from account where email = 'jane@acme.example'")
        .await;
    // 44 more by a provider that is gone.
    stage
        .portal
        .change(
            "with made as (insert into account (id, email, email_key, name)
               select gen_random_uuid(), format('p%s@acme.example', n), format('p%s@acme.example', n), format('Person %s', n)
               from generate_series(10, 53) n returning id)
             insert into staff (account_id, role, provider, created_at) select id, 'approver', 'gone', '2026-01-01' from made",
        )
        .await;
    for sort in ["", "address"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = list(service, &jane, "", sort, &after).await.unwrap();
            assert_eq!(page.total, 45);
            seen.extend(page.items.into_iter().map(|line| line.email));
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!((seen.len(), seen[0].as_str()), (45, "jane@acme.example"), "{sort}");
        if sort == "address" {
            assert!(seen.is_sorted());
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 45, "{sort}: each once");
    }
    let found = list(service, &jane, "JANE", "", "").await.unwrap();
    assert_eq!((found.total, found.items.len()), (1, 1));
    let line = &found.items[0];
    let group = How::Group { role: StaffRole::Viewer, provider: "acme".into(), label: Some("acme".into()) };
    assert_eq!(
        (line.role, &line.how[..]),
        (Some(StaffRole::Operator), &[group, How::Link(StaffRole::Operator)][..])
    );
    assert!(line.seen.is_some());
    let gone = list(service, &jane, "person 10", "", "").await.unwrap().items;
    assert_eq!(gone.iter().map(|line| line.role).collect::<Vec<_>>(), [None], "it holds no longer");
    assert!(list(service, &jane, "%", "", "").await.unwrap().items.is_empty());
}
