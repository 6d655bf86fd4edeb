//! Sessions that are ended for their locks: its people read why, nobody else does.

use innkeeper_tests::{
    Options, Person, Portal,
    tenant::{outcome, run},
    until,
};

#[tokio::test]
async fn its_people_read_why_sessions_were_ended() {
    let portal = Portal::start(Options::default()).await;
    let (jane, other) =
        (Person::new(&portal, "jane@acme.example"), Person::new(&portal, "joe@other.example"));
    jane.sign_up(&portal).await;
    other.sign_up(&portal).await;
    let (shop, blog) = (jane.create("Acme", "shop", &[]).await, other.create("Other", "blog", &[]).await);
    let credentials = jane.reveal(&shop).await;
    let mut app = credentials.connect("app").await;
    let flood = "select count(pg_advisory_lock(i)) from generate_series(1, 2000000) i";
    let mut end = outcome(&mut app, flood).await;
    if end == "53200" {
        // On a busy machine the table may be full first; it stays so as long as this session lives.
        end = outcome(&mut app, "select pg_sleep(15)").await;
    }
    assert_eq!(end, "57P01");
    let mut readonly = credentials.connect("readonly").await;
    run(&mut readonly, "set default_transaction_read_only = off").await;
    let foreign = format!(
        "begin; alter role current_user in database {blog} set work_mem = '5MB'; select pg_sleep(15)"
    );
    assert_eq!(outcome(&mut readonly, &foreign).await, "57P01");

    let text = until(30, "the page", async || {
        let text = jane.open(&format!("/t/{shop}")).await.html().text();
        (text.contains("30,000 are allowed at once") && text.contains("not part of this database"))
            .then_some(text)
    })
    .await;
    assert!(text.contains("Connections were closed in the last 24 hours"), "{text}");
    let others = other.open(&format!("/t/{blog}")).await.html().text();
    assert!(!others.contains("Sessions were ended"), "{others}");
    // Also on the plan, before anything happens.
    let plan = jane.open(&format!("/t/{shop}")).await.html().text();
    assert!(plan.contains("Lock limit") && plan.contains("30,000"), "{plan}");
}
