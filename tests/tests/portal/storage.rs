//! A tenant above its plan's storage writes no more until it takes less again; its people are told why.

use innkeeper_tests::{
    Options, Person, Portal,
    tenant::{code, outcome, run, sign_in, value},
    until,
};

/// Grows by 25 MB each time, without filling the log of changes.
const GROW: &str = "insert into big select repeat(md5(i::text), 62) from generate_series(1, 12500) i";

#[tokio::test]
async fn a_full_database_is_read_only_until_it_takes_less() {
    let portal = Portal::start(Options::default()).await;
    let mut control = portal.control().await;
    run(&mut control, r#"update plan set limits = limits || '{"storage_gb": 1}' where name = 'starter'"#)
        .await;
    let (jane, other) =
        (Person::new(&portal, "jane@acme.example"), Person::new(&portal, "joe@other.example"));
    jane.sign_up(&portal).await;
    other.sign_up(&portal).await;
    let (shop, blog) = (jane.create("Acme", "shop", &[]).await, other.create("Other", "blog", &[]).await);
    let (credentials, neighbour) = (jane.reveal(&shop).await, other.reveal(&blog).await);
    let mut neighbours = neighbour.connect("app").await;
    let page = format!("/t/{shop}");
    assert!(!jane.open(&page).await.html().text().contains("Storage is full"));

    let mut owner = credentials.connect("owner").await;
    // What roles set for themselves does not keep them writing.
    for role in ["owner", "app"] {
        let mut session = credentials.connect(role).await;
        run(&mut session, "alter role current_user set default_transaction_read_only = off").await;
    }
    run(&mut owner, "create unlogged table big (text text); alter table big alter text set storage plain")
        .await;
    run(&mut owner, "create table small (id int)").await;
    let mut app = credentials.connect("app").await;
    until(120, "the writer to be ended", async || (outcome(&mut owner, GROW).await == "57P01").then_some(()))
        .await;
    // Its other sessions as well, idle ones among them.
    assert!(outcome(&mut app, "select 1").await != "OK", "the application's session was ended");

    // Who comes while the sessions are being ended is ended with them.
    until(30, "a session that reads", async || {
        let mut app = credentials.connect("app").await;
        assert_ne!(outcome(&mut app, "insert into small values (1)").await, "OK");
        (outcome(&mut app, "select count(*) from big").await == "OK").then_some(())
    })
    .await;
    let mut app = credentials.connect("app").await;
    assert_eq!(outcome(&mut app, "insert into small values (1)").await, "25006");
    run(&mut neighbours, "create temp table own (id int); insert into own values (1)").await;

    let told = until(30, "the page", async || {
        let text = jane.open(&page).await.html().text();
        text.contains("Storage is full").then_some(text)
    })
    .await;
    assert!(told.contains("exceeded its plan's 1 GB on") && told.contains("95 %"), "{told}");
    let mail =
        portal.mailbox.wait("jane@acme.example", 0, |mail| mail.subject.contains("storage is full")).await;
    assert!(mail.text.contains("1 GB") && mail.text.contains(&page), "{}", mail.text);

    // Somebody who switches the default off and goes on is ended again.
    let mut owner = credentials.connect("owner").await;
    run(&mut owner, "set default_transaction_read_only = off").await;
    until(120, "who goes on to be ended", async || {
        (outcome(&mut owner, GROW).await == "57P01").then_some(())
    })
    .await;

    // Deleting is possible all the time, and opens it again by itself.
    let mut owner = credentials.connect("owner").await;
    run(&mut owner, "set default_transaction_read_only = off").await;
    run(&mut owner, "delete from big where ctid > '(30000,0)'").await;
    run(&mut owner, "vacuum full big").await;
    until(60, "writing to be possible", async || {
        let mut app = sign_in(&credentials.options("app")).await.map_err(|error| code(&error)).ok()?;
        (outcome(&mut app, "insert into small values (2)").await == "OK").then_some(())
    })
    .await;
    until(30, "the page", async || {
        (!jane.open(&page).await.html().text().contains("Storage is full")).then_some(())
    })
    .await;
    let recorded = "select string_agg(action, ' ' order by position) from audit_event where action like 'tenant.storage%'";
    assert_eq!(value(&mut control, recorded).await, "tenant.storage_full tenant.storage_released");
    let mails =
        portal.mailbox.to("jane@acme.example").iter().filter(|mail| mail.subject.contains("full")).count();
    assert_eq!(mails, 1);
}
