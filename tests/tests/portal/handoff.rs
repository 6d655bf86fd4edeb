//! Credentials are shown once, in one browser, to one person.

use innkeeper_tests::{
    Credentials, Options, Page, Person, Portal,
    tenant::{ROLES, outcome, run, sign_in_code, texts, value},
    until,
};
use reqwest::Method;

fn shows_passwords(page: &Page) -> bool {
    page.html().elements().any(|element| element.attribute("data-format").is_some())
}

#[tokio::test]
async fn of_fifty_reveals_at_once_one_browser_wins() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let path = format!("/t/{name}/handoff");
    let mut browsers = vec![jane.clone()];
    for _ in 0..4 {
        let browser = jane.another_browser(&portal);
        browser.sign_in(&portal).await;
        browsers.push(browser);
    }
    let mut control = portal.control().await;
    let state = "select state from handoff";
    for browser in &browsers {
        for method in [Method::GET, Method::HEAD, Method::GET] {
            assert_eq!(browser.ask(method, &path, &[], None).await.status, 200);
        }
        browser.ask(Method::GET, "/do/reveal", &[], None).await.is_problem(405);
        browser.ask(Method::HEAD, &format!("{path}/bundle"), &[], None).await;
        let refused = browser.get(&format!("{path}/bundle")).await;
        assert!(refused.status == 404 || refused.status == 405, "{refused}");
    }
    assert_eq!(value(&mut control, state).await, "sealed", "looking opened it");

    let mut forms = Vec::new();
    for browser in &browsers {
        forms.push((browser, browser.form(&path, "/do/reveal").await));
    }
    let presses = (0..50).map(|at| {
        let (browser, form) = &forms[at % forms.len()];
        browser.press(form)
    });
    for answer in futures::future::join_all(presses).await {
        assert_eq!(answer.leads_to(), path);
    }
    let mut winners = Vec::new();
    for browser in &browsers {
        let page = browser.open(&path).await;
        if shows_passwords(&page) {
            winners.push(browser);
        } else {
            assert!(page.html().text().contains("being viewed in another browser"), "{page}");
            assert!(page.has_form("/do/renew"), "no way on: {page}");
            let form = page.form("/do/sign-out");
            let bundle = browser.post(&format!("{path}/bundle"), &form.values).await;
            assert!((400..500).contains(&bundle.status) || bundle.status == 303, "{bundle}");
            assert_ne!(bundle.header("content-type"), "application/zip");
        }
    }
    let [winner] = winners[..] else { panic!("{} browsers show the passwords", winners.len()) };
    assert_eq!(
        value(&mut control, "select count(*) from audit_event where action = 'handoff.reveal'").await,
        "1"
    );
    let told = portal.mailbox.wait(&jane.email, 0, |mail| mail.subject.contains("viewed")).await;
    assert!(told.text.contains("127.0.0.1"), "{}", told.text);

    // Confirmed twice at once in two tabs: both are well, and nobody sees anything any more.
    let confirm = winner.form(&path, "/do/confirm").await;
    for answer in futures::future::join_all([winner.press(&confirm), winner.press(&confirm)]).await {
        assert_eq!(answer.leads_to(), format!("/t/{name}"));
    }
    assert_eq!(value(&mut control, "select count(*) from sealed_secret").await, "0");
    assert!(!shows_passwords(&winner.open(&path).await));
    let views = texts(&mut control, "select action from audit_event where action like 'handoff.%'").await;
    assert!(views.iter().any(|action| action == "handoff.view"), "{views:?}");
}

#[tokio::test]
async fn what_was_not_saved_in_time_is_destroyed_and_made_anew() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let path = format!("/t/{name}/handoff");
    let mut control = portal.control().await;
    let first = jane.reveal(&name).await;

    // The window ends: the copies go, the passwords stay.
    run(&mut control, "update handoff set open_until = now() - interval '1 second'").await;
    assert!(!shows_passwords(&jane.open(&path).await), "shown after the window");
    gone(&mut control, "lapsed").await;
    let page = jane.open(&path).await;
    assert!(page.html().text().contains("Viewing window closed"), "{page}");
    assert_eq!(sign_in_code(&first.options("app")).await, "OK");

    // New passwords: the old ones stop, and who is connected is ended; the new ones are shown once. Also while a role uses
    // all its connections.
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(first.connect("owner").await);
    }
    assert_eq!(sign_in_code(&first.options("owner")).await, "53300", "the plan gives the owner 5");
    let second = renew(&jane, &name).await;
    for session in &mut held {
        assert_ne!(outcome(session, "select 1").await, "OK", "a session outlives its password");
    }
    let said = "select output from step where name = 'verify_access' order by finished_at desc limit 1";
    assert_eq!(value(&mut control, said).await, "3 TLS logins succeeded; 2 forbidden attempts were rejected");
    for role in ROLES {
        assert_ne!(first.passwords[role], second.passwords[role]);
        assert_eq!(sign_in_code(&first.options(role)).await, "28P01");
        assert_eq!(sign_in_code(&second.options(role)).await, "OK");
    }
    assert_eq!(jane.press(&jane.form(&path, "/do/confirm").await).await.leads_to(), format!("/t/{name}"));

    // Nobody opens them for 72 hours: the roles lose their passwords.
    let form = jane.form(&path, "/do/renew").await;
    jane.press(&form).await;
    until(30, "a sealed handoff", async || {
        (value(&mut control, "select count(*) from handoff where state = 'sealed'").await == "1")
            .then_some(())
    })
    .await;
    run(&mut control, "update handoff set sealed_until = now() - interval '1 second' where state = 'sealed'")
        .await;
    let answer = jane.open(&path).await;
    assert!(!answer.has_form("/do/reveal"), "revealed after its time: {answer}");
    gone(&mut control, "expired").await;
    until(30, "roles without passwords", async || {
        let sql =
            format!("select count(*) from pg_authid where rolname ~ '^{name}_' and rolpassword is not null");
        (value(&mut control, &sql).await == "0").then_some(())
    })
    .await;
    for role in ROLES {
        assert_eq!(sign_in_code(&second.options(role)).await, "28P01");
    }
    portal.mailbox.wait(&jane.email, 0, |mail| mail.subject.contains("expired")).await;
    let third = renew(&jane, &name).await;
    assert_eq!(sign_in_code(&third.options("owner")).await, "OK");

    // An old sign-in opens nothing: the person comes back by a fresh one.
    let confirm = jane.form(&path, "/do/confirm").await;
    jane.press(&confirm).await;
    let renewal = jane.form(&path, "/do/renew").await;
    run(&mut control, "update session set authenticated_at = now() - interval '6 minutes'").await;
    let away = jane.press(&renewal).await.leads_to();
    assert_eq!(away, format!("/sign-in?return={path}"));
    assert_eq!(jane.sign_in_at(&portal, &away).await, path);
    assert!(innkeeper_tests::orphans::compare(&portal).await.is_empty());
}

#[tokio::test]
async fn no_new_passwords_are_offered_while_the_last_ones_wait() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let [page, asking, handoff] =
        ["credentials", "credentials/reset", "handoff"].map(|end| format!("/t/{name}/{end}"));
    let old_tab = jane.form(&format!("/t/{name}/danger/suspend"), "/do/suspend").await.values;
    let old_tab = old_tab.with("confirmation", &name);
    let mut control = portal.control().await;
    let runs = "select count(*) from run where kind = 'renew_passwords'";

    for (state, why) in [("sealed", "have not been viewed"), ("open", "are being viewed")] {
        if state == "open" {
            jane.reveal(&name).await;
        }
        let shown = jane.open(&page).await;
        let links: Vec<_> =
            shown.html().all("a").filter_map(|a| a.attribute("href").map(str::to_owned)).collect();
        assert!(!links.contains(&asking) && links.contains(&handoff), "{state}: {links:?}");
        assert!(shown.html().text().contains(why), "{state}: {shown}");
        assert_eq!(jane.get(&asking).await.leads_to(), page, "{state}");
        // A tab that was opened before they were made.
        assert_eq!(jane.post("/do/reset-passwords", &old_tab).await.leads_to(), handoff, "{state}");
        let text = jane.open(&handoff).await.html().text();
        assert!(text.contains("The passwords were not reset") && text.contains(why), "{state}: {text}");
        assert!(!text.contains("it has changed"), "{state}: {text}");
        assert_eq!(value(&mut control, runs).await, "0", "{state}");
    }

    jane.press(&jane.form(&handoff, "/do/confirm").await).await;
    let asked = jane.form(&asking, "/do/reset-passwords").await;
    assert_eq!(
        jane.post("/do/reset-passwords", &asked.values.with("confirmation", &name)).await.leads_to(),
        handoff
    );
    assert_eq!(value(&mut control, runs).await, "1");
}

/// Waits until the newest handoff is in this state and no sealed copy is left.
async fn gone(control: &mut sqlx::PgConnection, state: &str) {
    let sql = "select state || ' ' || (select count(*) from sealed_secret) from handoff order by created_at desc limit 1";
    let wanted = format!("{state} 0");
    until(60, &wanted, async || (value(control, sql).await == wanted).then_some(())).await;
}

/// Makes new passwords and reveals them.
async fn renew(person: &Person, name: &str) -> Credentials {
    let path = format!("/t/{name}/handoff");
    let form = person.form(&path, "/do/renew").await;
    // Twice at once is once.
    for answer in futures::future::join_all([person.press(&form), person.press(&form)]).await {
        assert_eq!(answer.leads_to(), path);
    }
    until(60, "new passwords", async || person.open(&path).await.has_form("/do/reveal").then_some(())).await;
    person.reveal(name).await
}
