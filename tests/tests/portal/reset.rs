//! New passwords throw out whoever is inside, and what failed does not bring the old ones back.

use innkeeper_tests::{
    Credentials, Options, Page, Person, Portal,
    tenant::{ROLES, outcome, run, sign_in_code, texts, value},
    until,
};
use std::fs;

/// What the roles have set for themselves, and the setting that the platform gives the read-only role.
const SETTINGS: &str =
    "select r.rolname || ' ' || s.setdatabase || ' ' || s.setconfig::text from pg_db_role_setting s
    join pg_roles r on r.oid = s.setrole order by 1";

/// Asks for new passwords on their page and answers it.
async fn press(jane: &Person, name: &str) -> Page {
    let page = jane.open(&format!("/t/{name}/credentials/reset")).await;
    let answer = jane.submit(&page.form("/do/reset-passwords"), &[("confirmation", name)]).await;
    assert_eq!(answer.leads_to(), format!("/t/{name}/handoff"));
    page
}

async fn over(portal: &Portal, state: &str) {
    let mut control = portal.control().await;
    let sql = "select state from run where kind = 'renew_passwords' order by created_at desc limit 1";
    until(60, state, async || (value(&mut control, sql).await == state).then_some(())).await;
}

#[tokio::test]
async fn new_passwords_end_an_intruder() {
    let mut portal = Portal::start(Options::default()).await;
    let orders = portal.folder().join("orders");
    portal.set("INNKEEPER_FAILPOINTS", &orders.to_string_lossy());
    portal.kill9().await;
    portal.restart().await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let first = jane.reveal(&name).await;
    let handoff = format!("/t/{name}/handoff");
    jane.press(&jane.form(&handoff, "/do/confirm").await).await;
    let mut control = portal.control().await;
    let settings = texts(&mut control, SETTINGS).await;

    let mut intruder = first.connect("app").await;
    let in_database = format!("alter role current_user in database {name} set search_path = mine, public");
    for sql in ["alter role current_user set work_mem = '1MB'", &in_database] {
        run(&mut intruder, sql).await;
    }
    run(&mut intruder, "alter role current_user password 'mine'").await;
    let mut mine = first.clone();
    mine.passwords.insert("app", "mine".into());
    let mut second = mine.connect("app").await;
    assert_ne!(texts(&mut control, SETTINGS).await, settings);

    let page = press(&jane, &name).await.html().text();
    assert!(
        page.contains("Existing connections") && page.contains("Closed immediately. Active now: 2"),
        "{page}"
    );
    over(&portal, "done").await;
    for session in [&mut intruder, &mut second] {
        assert_ne!(outcome(session, "select 1").await, "OK", "the intruder's session lives");
    }
    let renewed = jane.reveal(&name).await;
    signs_in(&first, "28P01").await;
    assert_eq!(sign_in_code(&mine.options("app")).await, "28P01", "the intruder's own password works");
    signs_in(&renewed, "OK").await;
    assert_eq!(texts(&mut control, SETTINGS).await, settings);
    jane.press(&jane.form(&handoff, "/do/confirm").await).await;

    // What cannot be finished leaves no password that anybody knows, says so, and can be asked for again.
    let mut session = renewed.connect("owner").await;
    fs::write(&orders, "verify_access:after_effect:fatal\n").unwrap();
    press(&jane, &name).await;
    over(&portal, "failed").await;
    assert_ne!(outcome(&mut session, "select 1").await, "OK");
    signs_in(&renewed, "28P01").await;
    let page = jane.open(&handoff).await;
    let text = page.html().text();
    assert!(text.contains("The old passwords no longer work") && page.has_form("/do/renew"), "{text}");
    let text = jane.open(&format!("/t/{name}")).await.html().text();
    assert!(text.contains("Passwords expired"), "{text}");
    jane.press(&page.form("/do/renew")).await;
    over(&portal, "done").await;
    signs_in(&jane.reveal(&name).await, "OK").await;
}

async fn signs_in(credentials: &Credentials, answer: &str) {
    for role in ROLES {
        assert_eq!(sign_in_code(&credentials.options(role)).await, answer, "{role}");
    }
}
