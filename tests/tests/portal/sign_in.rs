//! Signing in by mail: looking consumes nothing, the browser that asked presses, another one types the code, and
//! nothing works twice.

use futures::future::join_all;
use innkeeper_tests::{
    Form, Options, Page, Person, Portal,
    tenant::{run, value},
};
use reqwest::Method;

fn signed_in(answer: &Page) -> bool {
    answer.status == 303 && !answer.leads_to().starts_with("/verify")
}

/// Types a code into the form of a page.
async fn type_code(person: &Person, path: &str, code: &str) -> Page {
    let form = person.form(path, "/do/verify").await;
    person.submit(&form, &[("code", code)]).await
}

/// A code that is not this one.
fn another(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..5])
}

#[tokio::test]
async fn a_mail_signs_in_once_and_only_by_a_press() {
    let options = ["MAIL_PER_ADDRESS", "MAIL_PER_MAILBOX", "VERIFY_PER_ADDRESS"]
        .iter()
        .fold(Options::default(), |options, name| {
            options.set(&format!("INNKEEPER_LIMIT_{name}"), "1000/600")
        });
    let portal = Portal::start(options).await;
    let site = portal.url();

    // Scanners follow links, however often; then the press still works, and afterwards nothing does.
    let jane = Person::new(&portal, "jane@acme.example");
    let mail = jane.ask_for_mail(&portal, "/sign-up").await;
    let (link, code) = (mail.link(&site), mail.code());
    let scanner = Person::new(&portal, "nobody@scanner.example");
    for _ in 0..10 {
        for (who, method) in
            [(&scanner, Method::GET), (&scanner, Method::HEAD), (&jane, Method::HEAD), (&jane, Method::GET)]
        {
            let page = who.ask(method, &link, &[], None).await;
            assert_eq!((page.status, page.header("referrer-policy")), (200, "no-referrer"), "{page}");
        }
    }
    // A scanner that presses gets nowhere: it is asked for the code.
    let pressed = scanner.press(&scanner.form(&link, "/do/verify").await).await;
    assert!(!signed_in(&pressed), "{pressed}");
    assert_eq!(scanner.get("/").await.status, 200);
    let before =
        value(&mut portal.control().await, "select count(*) from session where account_id is not null").await;
    assert_eq!(before, "0");
    let press = jane.form(&link, "/do/verify").await;
    let answer = jane.press(&press).await;
    assert_eq!(answer.leads_to(), "/sign-up/database");
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("innkeeper=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let again = jane.press(&press).await;
    assert_eq!(
        again.leads_to(),
        "/sign-up/database",
        "the same press leads the same browser to the same place"
    );
    assert_eq!(again.header("set-cookie"), "", "and needs no other cookie");
    for who in [&jane, &scanner] {
        let text = who.open(&link).await.html().text();
        assert!(text.contains("already been used"), "{text}");
    }
    let typed = scanner
        .post("/do/verify", &scanner.form("/sign-in", "/do/sign-in").await.values.with("code", &code))
        .await;
    assert!(!signed_in(&typed), "a used code signs in: {typed}");

    // The code serves another browser, which comes by the link.
    let (desk, phone) = (Person::new(&portal, "joe@acme.example"), Person::new(&portal, "joe@acme.example"));
    let mail = desk.ask_for_mail(&portal, "/sign-up").await;
    let shown = phone.open(&mail.link(&site)).await.html().text();
    assert!(!shown.contains("joe@acme.example"), "another browser learns the address: {shown}");
    assert!(signed_in(&type_code(&phone, &mail.link(&site), &mail.code()).await));
    assert_eq!(phone.get("/").await.status, 303);
    assert_eq!(desk.get("/").await.status, 200, "the browser that asked is not signed in by another's code");
    assert!(!signed_in(&type_code_if_asked(&desk, &mail.code()).await));

    // In the browser that asked the code works as well, with blanks as people type them.
    let mail = desk.ask_for_mail(&portal, "/sign-in").await;
    let code = mail.code();
    assert!(signed_in(&type_code(&desk, "/verify", &format!("{} {}", &code[..3], &code[3..])).await));

    five_wrong_codes_end_it(&portal).await;
    the_way_back_leads_nowhere_else(&portal).await;
    known_and_unknown_are_answered_alike(&portal).await;
    links_name_the_portal_whatever_the_host(&portal).await;
}

/// Types the code where the page still asks for it; else what the page answers.
async fn type_code_if_asked(person: &Person, code: &str) -> Page {
    let page = person.open("/verify").await;
    if page.has_form("/do/verify") {
        person.submit(&page.form("/do/verify"), &[("code", code)]).await
    } else {
        page
    }
}

async fn five_wrong_codes_end_it(portal: &Portal) {
    let ann = Person::new(portal, "ann@acme.example");
    let mail = ann.ask_for_mail(portal, "/sign-up").await;
    let wrong = another(&mail.code());
    for left in (0..5).rev() {
        let answer = type_code(&ann, "/verify", &wrong).await;
        let page = ann.open(&answer.leads_to()).await;
        if left > 0 {
            let mistake = page.html().mistake("code").expect("a mistake beside the field");
            assert!(mistake.contains(&format!("{left} attempt")), "{mistake}");
        }
    }
    let page = ann.open("/verify").await;
    assert!(!page.has_form("/do/verify") && page.html().text().contains("expired"), "{page}");
    let page = ann.open(&mail.link(&portal.url())).await;
    assert!(!page.has_form("/do/verify"), "the link outlives its code: {page}");
    assert_eq!(ann.get("/").await.status, 200);
}

/// Paths and URLs that must not be led to after a sign-in.
const ELSEWHERE: &[&str] = &[
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "/..//evil.example",
    "/t/../../evil",
    "/@evil.example",
    "/do/sign-out",
    "/sign-up?x=//evil.example\r\nX: 1",
    "/t/a%0d%0aX:1",
    "///evil.example",
    " //evil.example",
    "/t/shop_k3v9x2/../../..//evil.example",
    "data:text/html,x",
];

async fn the_way_back_leads_nowhere_else(portal: &Portal) {
    let joe = Person::new(portal, "joe@acme.example");
    for wrong in ELSEWHERE {
        let before = portal.mailbox.to(&joe.email).len();
        let form = joe.form("/sign-in", "/do/sign-in").await;
        let answer = joe.submit(&form, &[("email", &joe.email), ("return_to", wrong)]).await;
        if answer.status != 303 {
            assert_eq!(answer.status, 400, "{answer}");
            continue;
        }
        let mail = portal.mailbox.wait(&joe.email, before, |_| true).await;
        let press = joe.form(&mail.link(&portal.url()), "/do/verify").await;
        let to = joe.press(&press).await.leads_to();
        assert!(["/", "/sign-up/database"].contains(&to.as_str()), "{wrong:?} led to {to}");
    }
    println!("sign-in: {} ways out refused", ELSEWHERE.len());
}

async fn known_and_unknown_are_answered_alike(portal: &Portal) {
    let mut bodies = Vec::new();
    for email in ["jane@acme.example", "stranger@acme.example"] {
        let person = Person::new(portal, email);
        let form = person.form("/sign-in", "/do/sign-in").await;
        let answer = person.submit(&form, &[("email", email)]).await;
        let page = person.open(&answer.leads_to()).await;
        let csrf = page.form("/do/verify").values;
        let mut text = page.text().replace(email, "");
        for (_, value) in csrf.0.iter().filter(|(_, value)| value.len() > 20) {
            text = text.replace(value.as_str(), "");
        }
        bodies.push(text);
    }
    assert_eq!(bodies[0], bodies[1]);
}

async fn links_name_the_portal_whatever_the_host(portal: &Portal) {
    let eve = Person::new(portal, "eve@acme.example");
    let form = eve.form("/sign-in", "/do/sign-in").await;
    let values = form.values.with("email", &eve.email);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
    ];
    let answer = eve.ask(Method::POST, "/do/sign-in", &headers, Some(values.encode().into_bytes())).await;
    if answer.status == 303 {
        let mail = portal.mailbox.wait(&eve.email, 0, |_| true).await;
        assert!(!mail.text.contains("evil.example"), "{}", mail.text);
        assert!(mail.link(&portal.url()).starts_with("/verify?token="));
    } else {
        assert!((400..500).contains(&answer.status), "{answer}");
    }
}

/// The cookie of a session in an answer.
fn cookie(answer: &Page) -> Option<String> {
    let lines = answer.header("set-cookie").lines();
    lines
        .filter_map(|line| line.split(';').next())
        .find(|pair| pair.starts_with("innkeeper="))
        .map(str::to_owned)
}

async fn is_in(person: &Person) -> bool {
    person.get("/account").await.status == 200
}

/// The same form, sent so often at once with the cookie that the page had, whatever cookies come in between.
async fn at_once(portal: &Portal, form: &Form, cookie: &str, times: usize) -> Vec<Page> {
    let send = || async {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("cookie", cookie)];
        let body = Some(form.values.encode().into_bytes());
        Person::new(portal, "").ask(Method::POST, &form.action, &headers, body).await
    };
    join_all((0..times).map(|_| send())).await
}

async fn is_in_by(portal: &Portal, cookie: &str) -> bool {
    let page = Person::new(portal, "").ask(Method::GET, "/account", &[("cookie", cookie)], None).await;
    page.status == 200
}

#[tokio::test]
async fn however_often_it_is_pressed_the_browser_is_in() {
    let options = [
        "MAIL_PER_ADDRESS",
        "MAIL_PER_MAILBOX",
        "VERIFY_PER_ADDRESS",
        "CHANGE_PER_ADDRESS",
        "CHANGE_PER_ACCOUNT",
    ]
    .iter()
    .fold(Options::default(), |options, name| options.set(&format!("INNKEEPER_LIMIT_{name}"), "100000/600"));
    let portal = Portal::start(options).await;
    let site = portal.url();
    let mut control = portal.control().await;
    for times in [2, 40] {
        for round in 0..20 {
            let jane = Person::new(&portal, "jane@acme.example");
            let mail = jane.ask_for_mail(&portal, "/sign-in").await;
            // By the link and by the code in turns.
            let form = if round % 2 == 0 {
                jane.form(&mail.link(&site), "/do/verify").await
            } else {
                let form = jane.form("/verify", "/do/verify").await;
                let values = form.values.clone().with("code", &mail.code());
                Form { values, ..form }
            };
            let answers = join_all((0..times).map(|_| jane.press(&form))).await;
            for answer in &answers {
                assert_eq!(
                    answer.leads_to(),
                    "/sign-up/database",
                    "{times} presses, round {round}: {answer}"
                );
            }
            assert!(is_in(&jane).await, "{times} presses, round {round}");
        }
    }
    let let_in = "select count(*) from audit_event where action = 'session.sign_in'";
    assert_eq!(value(&mut control, let_in).await, "40", "each mail let in once");

    // Whichever answer the browser takes, it is in by that one alone; the cookie from before is worth nothing.
    let asking = Person::new(&portal, "jane@acme.example");
    let before = cookie(&asking.open("/sign-in").await).expect("a form makes a session");
    let mail = asking.ask_for_mail(&portal, "/sign-in").await;
    let form = asking.form(&mail.link(&site), "/do/verify").await;
    let answers = at_once(&portal, &form, &before, 10).await;
    let cookies: Vec<_> = answers.iter().map(|answer| cookie(answer).expect("a cookie of its own")).collect();
    for cookie in &cookies {
        assert!(is_in_by(&portal, cookie).await, "{cookie}");
    }
    assert!(!is_in_by(&portal, &before).await, "the cookie from before lets in");
    let one_browser =
        "select count(distinct id) || ' ' || (count(*) > 1) from session where account_id is not null
        and id = (select session_id from sign_in_press order by created_at desc limit 1)";
    assert_eq!(value(&mut control, one_browser).await, "1 true");

    // Another page that was asked for with the old cookie takes nobody's cookie away.
    let late = Person::new(&portal, "").ask(Method::GET, "/sign-in", &[("cookie", &before)], None).await;
    assert_eq!((late.status, late.header("set-cookie")), (200, ""));

    // Nobody else gets in by the same request: not without the cookie, not with another one, not with other secrets.
    let stranger = Person::new(&portal, "nobody@evil.example");
    let own = cookie(&stranger.open("/sign-in").await).unwrap();
    let other = Form { values: form.values.clone().with("token", &"a".repeat(43)), ..form.clone() };
    for (form, cookie) in [(&form, ""), (&form, own.as_str()), (&other, before.as_str())] {
        for answer in at_once(&portal, form, cookie, 2).await {
            assert!(!signed_in(&answer), "{answer}");
        }
    }
    assert!(!is_in(&stranger).await && !is_in_by(&portal, &own).await);

    // After a minute it was used, and after signing out it is over.
    let aged = "update sign_in_press set created_at = created_at - interval '1 minute', came_in_at = came_in_at - interval '1 minute'";
    run(&mut control, aged).await;
    for answer in at_once(&portal, &form, &before, 2).await {
        assert_eq!(answer.status, 403, "{answer}");
    }
    // Whoever lost all answers begins anew with the old cookie.
    let lost = Person::new(&portal, "").ask(Method::GET, "/sign-in", &[("cookie", &before)], None).await;
    let anew = cookie(&lost).expect("a new session");
    assert!(anew != before && !is_in_by(&portal, &anew).await);
    let jane = Person::new(&portal, "jane@acme.example");
    let before = cookie(&jane.open("/sign-in").await).unwrap();
    let mail = jane.ask_for_mail(&portal, "/sign-in").await;
    let form = jane.form(&mail.link(&site), "/do/verify").await;
    assert!(signed_in(&jane.press(&form).await) && is_in(&jane).await);
    jane.press(&jane.form("/account", "/do/sign-out").await).await;
    for answer in at_once(&portal, &form, &before, 2).await {
        assert!(!signed_in(&answer), "{answer}");
    }
    assert!(!is_in(&jane).await);
}
