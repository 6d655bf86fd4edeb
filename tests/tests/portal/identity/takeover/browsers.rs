//! An answer counts in the browser that asked, once, for the issuer that was asked; and nobody is led into an account, or
//! out of the one they are in.

use super::{Stage, VERA, part, refused};
use innkeeper_tests::{
    Page, Person,
    tenant::{run, value},
};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn an_answer_is_for_the_browser_that_asked() {
    let stage = Stage::open().await;
    answers_count_once(&stage).await;
    another_browsers_answer_is_no_answer(&stage).await;
    another_issuers_answer_is_no_answer(&stage).await;
    nobody_is_made_to_link(&stage).await;
    nobody_is_led_into_anothers_account(&stage).await;
    a_cookie_of_before_is_dead_after(&stage).await;
}

async fn answers_count_once(stage: &Stage) {
    stage.tell("b", "eve", "eve@evil.example", json!(true));
    let eve = Person::new(&stage.portal, "");
    let back = stage.there(&eve, "b").await;
    assert_eq!(eve.get(&back).await.leads_to(), "/t");
    let signed_in = "audit_event where action = 'session.sign_in'";
    let before = stage.count(signed_in).await;
    // The same again leads this browser to where it is, for a minute, and lets nobody in.
    assert_eq!(eve.get(&back).await.leads_to(), "/t");
    let aged = "update sign_in_press set came_in_at = came_in_at - interval '1 minute', created_at = created_at - interval '1 minute'";
    run(&mut stage.portal.control().await, aged).await;
    // The same later; the same state with a code of its own, in this browser and in another one.
    let fresh = stage.there(&eve, "b").await;
    let mixed = with(&back, "code", &part(&fresh, "code"));
    for (browser, answer) in [(&eve, &back), (&eve, &mixed), (&Person::new(&stage.portal, ""), &back)] {
        assert_eq!(browser.get(answer).await.leads_to(), refused("b", "state"));
    }
    // A refusal uses it up as well.
    let denied = format!("/sign-in/b/callback?error=access_denied&state={}", part(&fresh, "state"));
    assert_eq!(eve.get(&denied).await.leads_to(), refused("b", "declined"));
    assert_eq!(eve.get(&fresh).await.leads_to(), refused("b", "state"));
    assert_eq!(stage.count(signed_in).await, before);
    stage.unharmed("an answer that was used").await;
}

async fn another_browsers_answer_is_no_answer(stage: &Stage) {
    // Vera is on her way when somebody gets hold of what she brings back.
    stage.tell("a", "vera", VERA, json!(true));
    let (vera, eve) = (Person::new(&stage.portal, ""), Person::new(&stage.portal, ""));
    let back = stage.there(&vera, "a").await;
    assert_eq!(eve.get(&back).await.leads_to(), refused("a", "state"), "without a session");
    let own = stage.leave(&eve, "a").await;
    assert_eq!(eve.get(&back).await.leads_to(), refused("a", "state"), "with a session of their own");
    // Her code with their own state: it was given for her verifier.
    let mixed = with(&back, "state", &part(&own, "state"));
    assert_eq!(eve.get(&mixed).await.leads_to(), refused("a", "code"));
    // The code is spent there now, and hers is refused, too: she has to start again. Nobody is in.
    assert_eq!(vera.get(&back).await.leads_to(), refused("a", "code"));
    for browser in [&vera, &eve] {
        assert_eq!(browser.get("/t").await.leads_to(), "/sign-in?return=/t");
    }
    stage.unharmed("another browser's answer").await;
}

async fn another_issuers_answer_is_no_answer(stage: &Stage) {
    let vera = Person::new(&stage.portal, "");
    stage.tell("a", "vera", VERA, json!(true));
    let back = stage.there(&vera, "a").await;
    let at = |name: &str, answer: &str| answer.replacen("/sign-in/a/", &format!("/sign-in/{name}/"), 1);
    // What the first issuer says, at the other one's door.
    assert_eq!(vera.get(&at("b", &back)).await.leads_to(), refused("b", "state"));
    // And in answer to a question to that one: it names another issuer, or none.
    for (name, reason) in [("b", "answer-issuer"), ("silent", "answer-issuer")] {
        let mixed = with(&at(name, &back), "state", &part(&stage.leave(&vera, name).await, "state"));
        assert_eq!(vera.get(&mixed).await.leads_to(), refused(name, reason));
    }
    let unnamed = back.split("&iss=").next().unwrap();
    for (name, reason) in [("b", "answer-issuer"), ("silent", "code")] {
        let mixed = with(&at(name, unnamed), "state", &part(&stage.leave(&vera, name).await, "state"));
        assert_eq!(vera.get(&mixed).await.leads_to(), refused(name, reason));
    }
    // Its own answer still counts: nobody else's has used it up.
    assert_eq!(vera.get(&back).await.leads_to(), "/t");
    assert_eq!(sign_out(&vera).await, 303);
    stage.unharmed("another issuer's answer").await;
}

async fn nobody_is_made_to_link(stage: &Stage) {
    let vera = &stage.by_mail;
    let link = link_of(vera, "b").await;
    let ticket = part(&link, "ticket");
    let other = part(&link_of(vera, "a").await, "ticket");
    let eve = Person::new(&stage.portal, "");
    stage.tell("b", "eve", "eve@evil.example", json!(true));
    assert_eq!(stage.sign_in(&eve, "b").await.leads_to(), "/t");
    let eves = part(&link_of(&eve, "b").await, "ticket");
    let short = &ticket[..ticket.len() - 1];
    let wrong = ["", "x", short, &ticket.to_uppercase(), &other, &eves];
    for ticket in wrong.map(|ticket| format!("&ticket={ticket}")).iter().map(String::as_str).chain([""]) {
        vera.get(&format!("/sign-in/b?for=link&return=/account{ticket}")).await.is_problem(404);
    }
    for purpose in ["Link", "LINK", "link%20", "sign_in", "x"] {
        vera.get(&format!("/sign-in/b?for={purpose}&ticket={ticket}")).await.is_problem(404);
    }
    // Her ticket in another's browser, and in none's.
    for browser in [&eve, &Person::new(&stage.portal, "")] {
        browser.get(&link).await.is_problem(404);
    }
    // Eve asks for one more way into her own account, and has Vera's browser bring back the answer.
    let sent = eve.get(&link_of(&eve, "b").await).await.leads_to();
    stage.tell("b", "eves-other-self", "eve@evil.example", json!(true));
    let back = stage.issuer.sign_in("b", &sent);
    assert_eq!(vera.get(&back).await.leads_to(), refused("b", "state"));
    // The other way round: Vera asks, and Eve's browser answers with who she is.
    let sent = vera.get(&link).await.leads_to();
    let back = stage.issuer.sign_in("b", &sent);
    assert_eq!(eve.get(&back).await.leads_to(), refused("b", "state"));
    stage.unharmed("a forced link").await;

    // Whoever sits down at her desk later has to show that it is her.
    let aged =
        "update session set authenticated_at = authenticated_at + make_interval(mins => $1) where account_id =
                  (select account_id from identity where subject = 'vera@acme.example')";
    let mut control = stage.portal.control().await;
    sqlx::query(aged).bind(-6).execute(&mut control).await.unwrap();
    let answer = vera.get(&link).await.leads_to();
    assert!(answer.starts_with("/sign-in?"), "{answer}");
    sqlx::query(aged).bind(6).execute(&mut control).await.unwrap();
    stage.unharmed("a link that was late").await;

    // With all that is right it works, and only for her.
    let sent = vera.get(&link).await.leads_to();
    stage.tell("b", "vera-too", VERA, json!(false));
    assert_eq!(vera.get(&stage.issuer.sign_in("b", &sent)).await.leads_to(), "/account");
    let whose = "select count(*) from identity a join identity b using (account_id)
                 where a.subject = 'vera-too' and b.subject = 'vera@acme.example'";
    assert_eq!(value(&mut control, whose).await, "1");
    sqlx::query("delete from identity where subject = 'vera-too'").execute(&mut control).await.unwrap();
    stage.unharmed("a link of her own").await;
}

async fn nobody_is_led_into_anothers_account(stage: &Stage) {
    let eve = Person::new(&stage.portal, "");
    stage.tell("b", "eve", "eve@evil.example", json!(true));
    let strangers = Person::new(&stage.portal, "");
    let on_her_way = Person::new(&stage.portal, "");
    stage.leave(&on_her_way, "b").await;
    for vera in [&stage.by_mail, &stage.by_issuer, &strangers, &on_her_way] {
        let back = stage.there(&eve, "b").await;
        assert_eq!(vera.get(&back).await.leads_to(), refused("b", "state"));
    }
    for nobody in [&strangers, &on_her_way] {
        assert_eq!(nobody.get("/t").await.leads_to(), "/sign-in?return=/t");
    }
    stage.unharmed("another's answer under her hand").await;
}

async fn a_cookie_of_before_is_dead_after(stage: &Stage) {
    stage.tell("b", "nora", "nora@acme.example", json!(true));
    // Eve gets a session and puts its cookie into Nora's browser.
    let eve = Person::new(&stage.portal, "");
    let planted = cookie(&eve.get("/sign-in/b").await).expect("a cookie");
    let nora = Person::new(&stage.portal, "");
    let ask = async |path: &str, cookie: &str| nora.ask(Method::GET, path, &[("cookie", cookie)], None).await;
    let sent = ask("/sign-in/b?return=/t", &planted).await.leads_to();
    let answer = ask(&stage.issuer.sign_in("b", &sent), &planted).await;
    assert_eq!(answer.leads_to(), "/t");
    let own = cookie(&answer).expect("a new cookie");
    assert_ne!(own, planted);
    assert_eq!((ask("/t", &own).await.status, ask("/t", &planted).await.status), (200, 303));
    assert_eq!(eve.get("/t").await.status, 303, "the browser it came from is not in");

    // One more way in does not change it: who is in stays who they are.
    let page = ask("/account", &own).await;
    let link = link_on(&page, "a");
    stage.tell("a", "nora-too", "nora@acme.example", json!(true));
    let back = stage.issuer.sign_in("a", &ask(&link, &own).await.leads_to());
    let answer = ask(&back, &own).await;
    assert_eq!((answer.leads_to().as_str(), cookie(&answer)), ("/account", None));
    assert_eq!(ask("/t", &own).await.status, 200);

    // To show that it is still her does.
    let sent = ask("/sign-in/b?for=fresh&return=/t", &own).await.leads_to();
    stage.issuer.change("b", |play| {
        play.claims["sub"] = "nora".into();
        play.claims["auth_time"] = innkeeper_tests::issuer::now().into();
    });
    let answer = ask(&stage.issuer.sign_in("b", &sent), &own).await;
    assert_eq!(answer.leads_to(), "/t");
    let newer = cookie(&answer).expect("a new cookie");
    assert_ne!(newer, own);
    let alive = [(&newer, 200), (&own, 303), (&planted, 303)];
    for (cookie, status) in alive {
        assert_eq!(ask("/t", cookie).await.status, status);
    }
    stage.unharmed("a cookie of before").await;
}

/// The session's cookie, where an answer sets it.
fn cookie(page: &Page) -> Option<String> {
    let mut set = page.header("set-cookie").lines();
    let own = set.find(|line| line.starts_with("innkeeper="))?;
    Some(own.split(';').next()?.to_owned())
}

/// A query with another value for a part.
fn with(address: &str, name: &str, value: &str) -> String {
    let (path, query) = address.split_once('?').unwrap();
    let mut changed = form_urlencoded::Serializer::new(format!("{path}?"));
    for (key, old) in form_urlencoded::parse(query.as_bytes()) {
        changed.append_pair(&key, if key == name { value } else { &old });
    }
    changed.finish().replace("?&", "?")
}

/// Where the account's page leads to add a provider.
async fn link_of(person: &Person, name: &str) -> String {
    link_on(&person.open("/account").await, name)
}

fn link_on(page: &Page, name: &str) -> String {
    let html = page.html();
    let wanted = format!("/sign-in/{name}?for=link");
    let links = html.elements().filter_map(|element| element.attribute("href").map(str::to_owned));
    links.into_iter().find(|link| link.starts_with(&wanted)).unwrap_or_else(|| panic!("no {wanted}: {page}"))
}

async fn sign_out(person: &Person) -> u16 {
    person.press(&person.form("/account", "/do/sign-out").await).await.status
}
