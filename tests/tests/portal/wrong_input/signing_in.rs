//! Signing up and in: addresses, codes, tokens, and how often.

use super::{
    raised, rows,
    texts::{HIDDEN, Mistake, long},
    trial::Trial,
};
use innkeeper_tests::{Person, Portal, Values, tenant::run};

#[tokio::test]
async fn each_field_of_signing_in_says_what_is_wrong_with_it() {
    let portal = Portal::start(raised()).await;
    let nobody = Person::new(&portal, "nobody@acme.example");
    let mut wrong: Vec<String> = [
        "",
        " ",
        "jane",
        "@acme.example",
        "jane@",
        "jane@acme",
        "a@@acme.example",
        "a b@acme.example",
        "a@acme.example.",
        ".a@acme.example",
        "a..b@acme.example",
        "\"a b\"@acme.example",
        "a@127.0.0.1",
        "a@[::1]",
        "a@-acme.example",
        "<jane@acme.example>",
        "jane@acme.example,eve@evil.example",
        "jane@acme.example;eve@evil.example",
        "jane@acme.example\r\nBcc: eve@evil.example",
        "jäne@acme.example",
        "jane@ａcme.example",
        "'jane@acme.example",
        "Jane <jane@acme.example>",
        "mailto:jane@acme.example",
    ]
    .map(str::to_owned)
    .into();
    wrong.retain(|text| text != "'jane@acme.example");
    wrong.extend(HIDDEN.map(|hidden| format!("ja{hidden}ne@acme.example")));
    wrong.extend([
        format!("{}@acme.example", long(65)),
        format!("jane@{}.example", long(250)),
        long(10_000),
        long(40_000),
    ]);
    let before = rows(&portal).await;
    let mut count = 0;
    for page in ["/sign-up", "/sign-in"] {
        let action = format!("/do{page}");
        let form = nobody.form(page, &action).await;
        let mut trial = Trial { person: &nobody, page, form, count: 0 };
        for text in &wrong {
            let values = trial.form.values.clone().with("email", text);
            trial.send("email", &values, Mistake, text).await;
        }
        let values = trial.form.values.clone().without("email");
        trial.send("email", &values, Mistake, "(missing)").await;
        trial.form.values = trial.form.values.clone().with("email", &nobody.email);
        trial.all_malformed("email").await;
        count += trial.count;
    }
    assert_eq!(rows(&portal).await, before);
    assert!(portal.mailbox.all().is_empty(), "a mail was sent");

    // Codes: the last try is never spent on what is no code.
    let mail = nobody.ask_for_mail(&portal, "/sign-up").await;
    let before = rows(&portal).await;
    let form = nobody.form("/verify", "/do/verify").await;
    let mut trial = Trial { person: &nobody, page: "/verify", form, count: 0 };
    let code = mail.code();
    let mut wrong: Vec<String> =
        ["", " ", "12345", "1234567", "abcdef", "12345a", "１２３４５６", "'", "-1", "1e5", "0x1234"]
            .map(str::to_owned)
            .into();
    wrong.extend([format!("{code}{code}"), format!("{code};"), long(10_000)]);
    wrong.extend(HIDDEN.map(|hidden| format!("{}{hidden}{}", &code[..3], &code[3..])));
    for text in wrong {
        let values = trial.form.values.clone().with("code", &text);
        trial.send("code", &values, Mistake, &text).await;
        let shown = nobody.open("/verify").await.form("/do/verify").values;
        assert_eq!(shown.get("code"), Some(""), "a code is shown again");
    }
    let values = trial.form.values.clone().without("code");
    trial.send("code", &values, Mistake, "(missing)").await;
    for token in ["x", "\u{202e}", "../..", "%00", &long(10_000)] {
        trial.count += 1;
        let answer = nobody
            .post("/do/verify", &trial.form.values.clone().with("code", &code).with("token", token))
            .await;
        assert!(answer.status == 404 || answer.leads_to().starts_with("/verify"), "{answer}");
        let path = format!("/verify?token={}", form_urlencoded(token));
        let page = nobody.get(&path).await;
        assert!(page.status == 200 || page.status == 400 || page.status == 414, "{page}");
    }
    trial.all_malformed("code").await;
    count += trial.count;
    assert_eq!(rows(&portal).await, before);
    // The right code is still good.
    let answer = nobody.submit(&trial.form, &[("code", &code)]).await;
    assert_eq!(answer.leads_to(), "/sign-up/database");
    println!("wrong input: {count} cases of signing up and in");
    the_limits_hold_and_say_how_long(&portal).await;
}

fn form_urlencoded(text: &str) -> String {
    Values::default().and("", text).encode().trim_start_matches('=').to_owned()
}

/// Too often is answered with a page that says when to try again.
async fn the_limits_hold_and_say_how_long(portal: &Portal) {
    let person = Person::new(portal, "often@acme.example");
    let mut control = portal.control().await;
    let form = person.form("/sign-up", "/do/sign-up").await;
    person.submit(&form, &[("email", &person.email)]).await;
    run(&mut control, "update rate_window set count = 1000000").await;
    let refused = person.submit(&form, &[("email", &person.email)]).await;
    refused.is_problem(429);
    assert!(
        refused.header("retry-after").parse::<u64>().is_ok_and(|wait| (1..=600).contains(&wait)),
        "{refused}"
    );
}
