//! A session that nothing but its operator can end: its database stays closed, and whoever else waits is told.

use innkeeper_tests::{
    Options, Person, Portal,
    process::signal,
    tenant::{ROLES, outcome, run, sign_in_code, value},
    until,
};
use rustix::process::Signal;
use sqlx::AssertSqlSafe;

/// An expression over a few kilobytes that libxml2 works on for hours, and looks for no interrupt.
const ATTACK: &str = "select xpath('count(//*[count(//*[count(//*) > 0]) > 0])',
    ('<a>' || repeat('<b/>', 3000) || '</a>')::xml)";

async fn press(jane: &Person, name: &str, act: &str) {
    let form = jane.form(&format!("/t/{name}/danger/{act}"), &format!("/do/{act}")).await;
    let answer = jane.submit(&form, &[("confirmation", name)]).await;
    assert_eq!(answer.leads_to(), format!("/t/{name}/danger"));
}

async fn said(portal: &Portal, arguments: &[&str]) -> String {
    let output = portal.run(arguments).await;
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[tokio::test]
async fn a_suspension_that_cannot_end_a_session_stays_closed() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let shop = jane.create("Acme", "shop", &[]).await;
    let credentials = jane.reveal(&shop).await;
    jane.press(&jane.form(&format!("/t/{shop}/handoff"), "/do/confirm").await).await;
    let joe = Person::new(&portal, "joe@blog.example");
    joe.sign_up(&portal).await;
    let blog = joe.create("Blog", "blog", &[]).await;
    press(&joe, &blog, "delete").await;
    let mut control = portal.control().await;
    let state = async |name: &str| {
        value(&mut portal.control().await, &format!("select state from tenant where name = '{name}'")).await
    };
    let waits = format!("select removal_at is not null from tenant where name = '{blog}'");
    until(60, "a removal that waits", async || (value(&mut control, &waits).await == "true").then_some(()))
        .await;

    let mut other = credentials.connect("app").await;
    let mut attacker = credentials.connect("readonly").await;
    let pid = value(&mut attacker, "select pg_backend_pid()").await;
    let attack = tokio::spawn(async move {
        sqlx::raw_sql(AssertSqlSafe(ATTACK.to_owned())).execute(&mut attacker).await.map(drop)
    });
    let at_work = format!(
        "select count(*) from pg_stat_activity where pid = {pid} and state = 'active' and query like '%xpath%'
           and query_start < clock_timestamp() - interval '1 second'"
    );
    until(20, "the attack", async || (value(&mut control, &at_work).await == "1").then_some(())).await;

    press(&jane, &shop, "suspend").await;
    let run_is = async |kind: &str, state: &str| {
        let sql = format!("select state from run where kind = '{kind}' order by created_at desc limit 1");
        let mut control = portal.control().await;
        until(180, state, async || (value(&mut control, &sql).await == state).then_some(())).await;
    };
    run_is("suspend", "stuck").await;

    // Closed, everywhere, and it says why.
    let closed = format!(
        "select (select datconnlimit = 0 from pg_database where datname = '{shop}')
           and not exists (select from pg_roles where rolname ~ '^{shop}_' and rolcanlogin)"
    );
    assert_eq!(value(&mut control, &closed).await, "true");
    assert_eq!(state(&shop).await, "suspended");
    assert_ne!(outcome(&mut other, "select 1").await, "OK");
    for role in ROLES {
        assert_eq!(sign_in_code(&credentials.options(role)).await, "28000");
    }
    let named = format!("process {pid} (role {shop}_readonly");
    let page = jane.open(&format!("/t/{shop}/danger")).await.html().text();
    assert!(page.contains("Suspended; needs attention") && page.contains(&named), "{page}");
    assert!(!page.contains("xpath"), "{page}");
    assert!(jane.open(&format!("/t/{shop}")).await.html().text().contains("is suspended"));
    let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    portal.mailbox.wait(&jane.email, 0, |mail| in_one_line(&mail.text).contains(&named)).await;
    for command in [&["run", "stuck"][..], &["doctor"]] {
        let said = said(&portal, command).await;
        assert!(said.contains(&named), "{command:?}: {said}");
    }

    // The removal of another customer's database waits: the operator reads for whom, the customer only that it does.
    run(&mut control, &format!("update tenant set removal_at = now() where name = '{blog}'")).await;
    let by = "select coalesce(max(blocked_by), '') from step where name = 'drop_database'";
    until(60, "what the removal waits for", async || {
        value(&mut control, by).await.contains(&named).then_some(())
    })
    .await;
    let page = joe.open(&format!("/t/{blog}/danger")).await.html().text();
    assert!(page.contains("waiting for another session on the server to end"), "{page}");
    assert!(!page.contains(&shop) && !page.contains(&pid), "{page}");
    let doctor = said(&portal, &["doctor"]).await;
    assert!(doctor.contains("drop_database") && doctor.matches(&named).count() == 2, "{doctor}");

    // The operator ends the process, and PostgreSQL all others; the removal goes on, and the suspension when asked.
    signal(pid.parse().unwrap(), Signal::KILL);
    attack.await.unwrap().unwrap_err();
    until(30, "the end of all sessions", async || {
        (outcome(&mut control, "select 1").await != "OK").then_some(())
    })
    .await;
    let back = async || sign_in_code(&portal.superuser("innkeeper")).await == "OK";
    until(60, "PostgreSQL", async || back().await.then_some(())).await;
    run_is("remove", "done").await;
    assert_eq!(state(&blog).await, "destroyed");
    assert_eq!(state(&shop).await, "suspended");
    jane.press(&jane.form(&format!("/t/{shop}/danger"), "/do/try-again").await).await;
    run_is("suspend", "done").await;
    assert_eq!(state(&shop).await, "suspended");
    assert_eq!(value(&mut portal.control().await, &closed).await, "true");

    // And it is an ordinary suspension from here on.
    press(&jane, &shop, "resume").await;
    run_is("resume", "done").await;
    assert_eq!(state(&shop).await, "active");
    for role in ROLES {
        assert_eq!(sign_in_code(&credentials.options(role)).await, "OK");
    }
}
