//! How long a session counts that came by a provider: to change something it has to be fresh, and it ends with the way in,
//! whether the person or the operator takes that away.

use super::{configure, oidc, start};
use innkeeper_tests::{
    Form, Person, Portal,
    issuer::{Issuer, Play, now},
    tenant::value,
};
use serde_json::Value;

fn silent(issuer: &Issuer, name: &str, subject: &str) -> Play {
    let mut play = Play::good(&issuer.address(name), issuer.keys());
    play.description.document().as_object_mut().unwrap().remove("userinfo_endpoint");
    play.claims["sub"] = subject.into();
    play
}

/// The way there and back from this link; where it leads.
async fn walk(browser: &Person, issuer: &Issuer, name: &str, link: &str) -> String {
    let sent = browser.get(link).await.leads_to();
    browser.get(&issuer.sign_in(name, &sent)).await.leads_to()
}

#[tokio::test]
async fn who_shows_that_it_is_still_them_has_signed_in_there_just_now() {
    let issuer = Issuer::start().await;
    issuer.say("acme", silent(&issuer, "acme", "jane"));
    let portal = start(&oidc("acme", &issuer.address("acme"))).await;
    let jane = Person::new(&portal, "");
    assert_eq!(walk(&jane, &issuer, "acme", "/sign-in/acme?return=/t").await, "/t");
    let when =
        async || value(&mut portal.control().await, "select max(authenticated_at)::text from session").await;
    let first = when().await;

    // Without a word of when, or with one of long ago, of the future, or of nothing.
    let told: [(&str, Value, Value); 6] = [
        ("stale", Value::Null, Value::Null),
        ("stale", (now() - 1000).into(), (now() - 200).into()),
        ("stale", 0.into(), (now() - 1).into()),
        ("stale", (now() + 1000).into(), now().into()),
        ("form", "just now".into(), now().into()),
        ("form", Value::Bool(true), now().into()),
    ];
    for (reason, wrong, right) in told {
        let sent = jane.get("/sign-in/acme?for=fresh&return=/account").await.leads_to();
        assert!(sent.contains("&prompt=login") && sent.contains("&max_age=300"), "{sent}");
        let tell = |time: &Value| {
            issuer.change("acme", |play| match time {
                Value::Null => drop(play.claims.as_object_mut().unwrap().remove("auth_time")),
                time => play.claims["auth_time"] = time.clone(),
            });
        };
        tell(&wrong);
        let to = jane.get(&issuer.sign_in("acme", &sent)).await.leads_to();
        assert_eq!(to, format!("/sign-in?provider=acme&reason={reason}"), "{wrong}");
        assert!(jane.open(&to).await.html().text().contains(&format!("Code: {reason}")));
        assert_eq!(when().await, first, "{wrong}: it counts as fresh");
        assert_eq!(jane.get("/t").await.status, 200, "{wrong}: she is still signed in");
        // To sign in it is enough: nobody asked when.
        let another = Person::new(&portal, "");
        if reason == "stale" {
            assert_eq!(walk(&another, &issuer, "acme", "/sign-in/acme?return=/t").await, "/t", "{wrong}");
            assert_eq!(another.press(&another.form("/account", "/do/sign-out").await).await.status, 303);
        }
        if !right.is_null() {
            tell(&right);
            let to = walk(&jane, &issuer, "acme", "/sign-in/acme?for=fresh&return=/account").await;
            assert_eq!(to, "/account", "{right}");
            assert_ne!(when().await, first, "{right}");
            sqlx::query(
                "update session set authenticated_at = $1::text::timestamptz where account_id is not null",
            )
            .bind(&first)
            .execute(&mut portal.control().await)
            .await
            .unwrap();
        }
    }
}

async fn is_in(person: &Person) -> bool {
    person.get("/t").await.status == 200
}

/// The account of who is signed in by this name.
async fn account(portal: &Portal, subject: &str) -> String {
    let whose = format!("select account_id::text from identity where subject = '{subject}'");
    value(&mut portal.control().await, &whose).await
}

/// The id of a way in, as it stands in forms.
async fn way(portal: &Portal, subject: &str) -> String {
    let id = format!("select id::text from identity where subject = '{subject}'");
    format!("id_{}", value(&mut portal.control().await, &id).await.replace('-', ""))
}

/// The form on the account's page that removes it.
async fn removal(portal: &Portal, person: &Person, subject: &str) -> Option<Form> {
    let way = way(portal, subject).await;
    let forms = person.open("/account").await.html().forms();
    forms.into_iter().find(|form| form.action == "/do/remove-way" && form.values.get("way") == Some(&way))
}

#[tokio::test]
async fn a_session_ends_with_its_way_in() {
    let issuer = Issuer::start().await;
    let configuration =
        |names: &[&str]| -> String { names.iter().map(|name| oidc(name, &issuer.address(name))).collect() };
    for name in ["a", "b"] {
        issuer.say(name, silent(&issuer, name, &format!("jane-at-{name}")));
    }
    let mut portal = start(&configuration(&["a", "b"])).await;
    // One person, two ways: in by one, and the other one added.
    let (desk, phone, mail) =
        (Person::new(&portal, ""), Person::new(&portal, ""), Person::new(&portal, "joe@acme.example"));
    mail.sign_up(&portal).await;
    assert_eq!(walk(&desk, &issuer, "a", "/sign-in/a?return=/t").await, "/t");
    let add = async || {
        let page = desk.open("/account").await.html();
        let mut links = page.elements().filter_map(|element| element.attribute("href").map(str::to_owned));
        links.find(|link| link.starts_with("/sign-in/b?for=link")).unwrap()
    };
    assert_eq!(walk(&desk, &issuer, "b", &add().await).await, "/account");
    assert_eq!(walk(&phone, &issuer, "b", "/sign-in/b?return=/t").await, "/t");
    assert_eq!(account(&portal, "jane-at-a").await, account(&portal, "jane-at-b").await);

    // She takes the second away: who came by it is out at once, and she is not.
    let form = removal(&portal, &desk, "jane-at-b").await.expect("a form for it");
    assert_eq!(desk.press(&form).await.leads_to(), "/account");
    assert_eq!((is_in(&desk).await, is_in(&phone).await, is_in(&mail).await), (true, false, true));

    // The operator takes the first away: from the next start on nobody is in by it.
    assert_eq!(walk(&desk, &issuer, "b", &add().await).await, "/account");
    assert_eq!(walk(&phone, &issuer, "b", "/sign-in/b?return=/t").await, "/t");
    let (jane, ways) = (account(&portal, "jane-at-a").await, "select count(*) from identity");
    portal.stop().await;
    configure(&portal, &configuration(&["b"]));
    portal.restart().await;
    assert_eq!((is_in(&desk).await, is_in(&phone).await, is_in(&mail).await), (false, true, true));
    assert_eq!(value(&mut portal.control().await, ways).await, "3", "the ways in stay");
    let written = "select count(*) from audit_event where action = 'session.end' and subject = 'a' and actor_kind = 'system'";
    assert_eq!(value(&mut portal.control().await, written).await, "1");
    Person::new(&portal, "").get("/sign-in/a").await.is_problem(404);
    // Her other way is her only one now, and she cannot throw it away.
    let page = phone.open("/account").await.html().text();
    assert!(
        page.contains("(no longer available)")
            && page.contains("Cannot be removed: your only sign-in method"),
        "{page}"
    );
    assert!(removal(&portal, &phone, "jane-at-b").await.is_none());
    let gone = removal(&portal, &phone, "jane-at-a").await.expect("a form for it");
    let form = Form { values: gone.values.with("way", &way(&portal, "jane-at-b").await), ..gone };
    let page = phone.open(&phone.press(&form).await.leads_to()).await.html().text();
    assert!(page.contains("This is your only sign-in method."), "{page}");

    // Put back, it is the same person's.
    portal.stop().await;
    configure(&portal, &configuration(&["a", "b"]));
    portal.restart().await;
    assert!(is_in(&phone).await && is_in(&mail).await);
    assert_eq!(walk(&desk, &issuer, "a", "/sign-in/a?return=/t").await, "/t");
    assert_eq!(account(&portal, "jane-at-a").await, jane);
    assert_eq!(value(&mut portal.control().await, ways).await, "3");
}
