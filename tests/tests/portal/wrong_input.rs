//! Whatever is typed: a clear answer beside the field with everything still there, or a page that says why not; and
//! nothing is left behind.

use innkeeper_tests::{
    Form, Options, Page, Person, Portal, Values, catalog,
    tenant::{run, texts},
};
use reqwest::Method;

/// What a case must come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wants {
    /// A mistake beside the field, and everything typed still there.
    Mistake,
    /// The next page.
    Accepted,
}
use Wants::{Accepted, Mistake};

/// Characters that are invisible, break lines, or turn the direction of writing.
const HIDDEN: [&str; 9] =
    ["\u{1}", "\u{7f}", "\u{85}", "\n", "\r\n", "\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}"];

fn long(count: usize) -> String {
    "a".repeat(count)
}

/// The tables in which something could be left behind.
const TABLES: [&str; 13] = [
    "account",
    "organisation",
    "member",
    "request",
    "tenant",
    "run",
    "step",
    "handoff",
    "reservation",
    "hba_rule",
    "sealed_secret",
    "allowlist_entry",
    "outbox",
];

/// How many rows each table has.
async fn rows(portal: &Portal) -> Vec<String> {
    let counts = TABLES.map(|table| format!("select '{table} ' || count(*) from {table}"));
    texts(&mut portal.control().await, &counts.join(" union all ")).await
}

fn raised() -> Options {
    ["MAIL_PER_ADDRESS", "MAIL_PER_MAILBOX", "VERIFY_PER_ADDRESS", "CHANGE_PER_ACCOUNT", "CHANGE_PER_ADDRESS"]
        .iter()
        .fold(Options::default(), |options, name| {
            options.set(&format!("INNKEEPER_LIMIT_{name}"), "100000/600")
        })
}

fn organisations() -> Vec<(String, Wants)> {
    let mut cases: Vec<_> =
        ["", " ", "\t", &long(81), &long(10_000)].map(|text| (text.to_owned(), Mistake)).into();
    cases.extend(HIDDEN.map(|hidden| (format!("Ac{hidden}me"), Mistake)));
    let fine = [
        "O'Neil \"& Söhne\"",
        "<script>alert(1)</script>",
        "pg_acme",
        "'; drop table tenant; --",
        "株式会社",
        "${7*7}{{x}}%s",
    ];
    cases.extend(fine.map(|text| (text.to_owned(), Accepted)));
    cases
}

fn databases() -> Vec<(String, Wants)> {
    let mut cases: Vec<_> = [
        "",
        " ",
        &long(21),
        &long(10_000),
        "pg_shop",
        "pg_",
        "innkeeper",
        "innkeeper_shop",
        "1shop",
        "_shop",
        "Shop",
        "shop-1",
        "sh op",
        "shöp",
        "ѕhop",
        "sh'op",
        "sh\"op",
        "sh\\op",
        "shop;drop database postgres",
        "../etc",
        "sh/op",
        "$shop",
        "%s",
    ]
    .map(|text| (text.to_owned(), Mistake))
    .into();
    cases.extend(HIDDEN.map(|hidden| (format!("sh{hidden}op"), Mistake)));
    let fine = ["a", "template1", "postgres", "all", "samerole", "public", &long(20)];
    cases.extend(fine.map(|text| (text.to_owned(), Accepted)));
    cases
}

fn addresses() -> Vec<(String, Wants)> {
    let many = |count: u32| {
        (0..count).map(|n| format!("10.0.{}.{}", n / 256, n % 256)).collect::<Vec<_>>().join("\r\n")
    };
    let mut cases: Vec<_> = [
        "",
        " \r\n ",
        "nowhere",
        "300.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "0x7f.0.0.1",
        "2130706433",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "10.0.0.0/8/8",
        "10.0.0.0/255.0.0.0",
        "10.0.0.1/8",
        "0.0.0.0/0",
        "::/0",
        "::ffff:0.0.0.0/96",
        "2001:db8::1/32",
        "2001:db8::/129",
        ":::1",
        "2001:db8::g",
        "[2001:db8::1]",
        "fe80::1%eth0",
        "1.2.3.4 1.2.3.5",
        "1.2.3.4,1.2.3.5",
        "1.2.3.4;1.2.3.5",
        "127.0.0.1\r\nnowhere",
        "all",
        "samehost",
        "+innkeeper_tenants",
        "127.0.0.1/32 trust",
        "127.0.0.1 # mine",
        "127.0.0.1'",
        "127.0.0.1\"",
        "localhost",
        "*",
        "10.0.0.0/8\trust",
        &many(51),
        &long(5000),
        &many(3000),
    ]
    .map(|text| (text.to_owned(), Mistake))
    .into();
    // A real line end is what parts the lines of this field.
    let hidden = HIDDEN.into_iter().filter(|hidden| !hidden.ends_with('\n'));
    cases.extend(hidden.map(|hidden| (format!("127.0.0.1{hidden}"), Mistake)));
    let fine = [
        "2001:db8::/32",
        "10.0.0.0/8",
        "  127.0.0.1  ",
        "127.0.0.1\r\n\r\n127.0.0.1\n",
        "::ffff:203.0.113.7",
        "2001:DB8::1",
        &many(50),
    ];
    cases.extend(fine.map(|text| (text.to_owned(), Accepted)));
    cases
}

fn choices(known: &str) -> Vec<(String, Wants)> {
    let unknown = ["", " ", "unknown", "'", "\"", "pg_", &long(10_000), "\u{202e}", "\u{1}", "a\nb"];
    let mut cases: Vec<_> = unknown.map(|text| (text.to_owned(), Mistake)).into();
    cases.extend(
        [known.to_uppercase(), format!("{known} "), format!("{known}\n")].map(|text| (text, Mistake)),
    );
    cases
}

/// Counts cases and checks each.
struct Trial<'a> {
    person: &'a Person,
    page: &'a str,
    form: Form,
    count: usize,
}

impl Trial<'_> {
    /// Sends these values; what was typed into the field named is wrong or fine.
    async fn send(&mut self, field: &str, values: &Values, wants: Wants, shown: &str) {
        self.count += 1;
        let answer = self.person.post(&self.form.action, values).await;
        let to = answer.leads_to();
        let back = to.starts_with(self.page) && to.contains("form=");
        let case = format!("{field} {}: {to}", shown.chars().take(60).collect::<String>().escape_debug());
        assert_eq!(back, wants == Mistake, "{case}");
        if back {
            let page = self.person.open(&to).await;
            let mistake = page.html().mistake(field).unwrap_or_default();
            assert!(mistake.len() > 10, "no words beside the field: {case}: {page}");
            assert!(
                page.html().text().contains("There is a mistake") || page.html().text().contains("mistakes"),
                "{case}"
            );
            assert!(!mistake.chars().any(char::is_control), "{mistake:?}: {case}");
            self.is_still_there(&page, values, &case);
        }
    }

    /// What can be shown again is what was typed; secrets, and choices that are none, are not.
    fn is_still_there(&self, page: &Page, typed: &Values, case: &str) {
        let shown = page.form(&self.form.action);
        for name in ["organisation", "database", "addresses", "email"] {
            let lines = |text: &str| text.replace("\r\n", "\n");
            // What is longer than any field can be comes back empty, beside its mistake.
            if let Some(value) = typed.get(name).filter(|value| value.len() <= 6000) {
                let again = shown.values.get(name).unwrap_or_default();
                assert_eq!(lines(again), lines(value), "{name} is lost: {case}");
            }
        }
        let ticked = |values: &Values| values.get("allow_any") == Some("on");
        assert_eq!(ticked(&shown.values), ticked(typed), "the tick is lost: {case}");
    }

    /// A request that is no form of a browser: refused as a whole.
    async fn malformed(&mut self, body: Vec<u8>, status: u16) {
        self.count += 1;
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = self.person.ask(Method::POST, &self.form.action, &kind, Some(body)).await;
        assert_eq!(answer.status, status, "{shown}: {answer}");
        answer.is_problem(status);
    }

    /// Each kind of body that no browser sends.
    async fn all_malformed(&mut self, field: &str) {
        let good = self.form.values.encode();
        for (name, value) in self.form.values.clone().0 {
            if !name.ends_with("[]") && !["csrf", "form"].contains(&name.as_str()) {
                // Which of the two should hold?
                self.malformed(self.form.values.clone().and(&name, &value).encode().into_bytes(), 400).await;
            }
        }
        for tail in
            [format!("&{field}[x]=1"), "&x=%FF".into(), "&x=%00".into(), format!("&{field}=%ED%A0%80")]
        {
            self.malformed(format!("{good}{tail}").into_bytes(), 400).await;
        }
        self.malformed([good.as_bytes(), b"&x=\xff"].concat(), 400).await;
        self.malformed(format!("{good}&x={}", long(70_000)).into_bytes(), 413).await;
        let csrf = self.form.values.get("csrf").unwrap_or_default();
        self.malformed(format!("csrf=x&csrf={csrf}").into_bytes(), 403).await;
        for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
            self.count += 1;
            let headers = if kind.is_empty() { vec![] } else { vec![("content-type", kind)] };
            let body = Some(good.clone().into_bytes());
            self.person.ask(Method::POST, &self.form.action, &headers, body).await.is_problem(415);
        }
    }
}

#[tokio::test]
async fn each_field_of_the_wizard_says_what_is_wrong_with_it() {
    let portal = Portal::start(raised()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let server = catalog::shared(&mut portal.sql("postgres").await).await;
    let form = jane.form("/sign-up/database", "/do/database").await;
    let good = form.values.clone().with("organisation", "Acme").with("database", "shop");
    let region = form.values.get("region").unwrap().to_owned();
    jane.post(&form.action, &good).await;
    let before = rows(&portal).await;
    let mut trial = Trial { person: &jane, page: "/sign-up/database", form, count: 0 };

    let fields = [
        ("organisation", organisations()),
        ("database", databases()),
        ("addresses", addresses()),
        (
            "plan",
            [choices("starter"), vec![("enterprise".into(), Mistake), ("professional".into(), Accepted)]]
                .concat(),
        ),
        ("region", choices(&region)),
        ("allow_any", ["yes", "ON", "1", "\u{202e}", "'"].map(|text| (text.to_owned(), Mistake)).into()),
    ];
    for (field, cases) in fields {
        for (text, wants) in cases {
            let values = good.clone().with(field, &text);
            trial.send(field, &values, wants, &text).await;
        }
        if field != "allow_any" {
            trial.send(field, &good.clone().without(field), Mistake, "(missing)").await;
        }
    }
    for text in ["", "plpython3u", "dblink", "file_fdw", "'", "PGCRYPTO", "\u{202e}", &long(10_000)] {
        trial.send("extensions", &good.clone().and("extensions[]", text), Mistake, text).await;
    }
    let hundred = (0..100).fold(good.clone(), |values, _| values.and("extensions[]", "citext"));
    trial.send("extensions", &hundred, Mistake, "(a hundred)").await;
    trial.send("extensions", &good.clone().without("extensions[]"), Accepted, "(none)").await;
    trial.send("extensions", &good.clone().and("extensions[]", "citext"), Accepted, "(one twice)").await;
    for everything in ["0.0.0.0/0", "::/0", ""] {
        let values = good.clone().with("addresses", everything).with("allow_any", "on");
        trial.send("addresses", &values, Accepted, everything).await;
    }
    // More wrong at once, with the tick: all of it is said, and the tick stays.
    let wrong = good.clone().with("organisation", "").with("database", "1").with("allow_any", "on");
    trial.send("organisation", &wrong, Mistake, "(two at once)").await;
    trial.form.values = good.clone();
    trial.all_malformed("database").await;
    let count = trial.count;
    assert_eq!(rows(&portal).await, before);
    assert_eq!(
        catalog::difference(&server, &catalog::shared(&mut portal.sql("postgres").await).await),
        [""; 0]
    );

    // What is shown is what was typed, not what a browser would make of it.
    let tag = "<script>alert(1)</script>";
    jane.post(&trial.form.action, &good.clone().with("organisation", tag)).await;
    let check = jane.open("/sign-up/check").await.html().text();
    assert!(check.contains(tag), "{check}");
    the_last_page(&portal, &jane, &good, count).await;
}

/// The page with the press that makes the database, and the names in later forms.
async fn the_last_page(portal: &Portal, jane: &Person, good: &Values, tried: usize) {
    let mut count = tried;
    jane.post("/do/database", good).await;
    let form = jane.form("/sign-up/check", "/do/check").await;
    let before = rows(portal).await;
    let other = "rq_01890a5d-ac96-774b-bcce-b302099a8057";
    let wrong = [
        form.values.clone().with("request", ""),
        form.values.clone().with("request", "x"),
        form.values.clone().with("request", other),
        form.values.clone().with("request", &long(10_000)),
        form.values.clone().with("request", "\u{202e}"),
        form.values.clone().without("request"),
        form.values.clone().with("version", ""),
        form.values.clone().with("version", "x"),
        form.values.clone().with("version", "-1"),
        form.values.clone().with("version", "99999999999999999999"),
        form.values.clone().with("version", "1' or 1=1"),
        form.values.clone().without("version"),
        form.values.clone().with("version", "0"),
        form.values.clone().with("version", "2000000000"),
    ];
    for values in wrong {
        count += 1;
        let answer = jane.post("/do/check", &values).await;
        if answer.status == 303 {
            assert_eq!(answer.leads_to(), "/sign-up/check");
        } else {
            answer.is_problem(404);
        }
    }
    let mut trial = Trial { person: jane, page: "/sign-up/check", form, count };
    trial.all_malformed("version").await;
    for action in ["/do/retry", "/do/start-over", "/do/reveal", "/do/confirm", "/do/renew"] {
        for name in
            ["", "x", "shop_aaaaaa", "../..", "shop_aaaaaa/../x", "%", "\u{202e}", "a\r\nX: 1", &long(10_000)]
        {
            trial.count += 1;
            jane.post(action, &trial.form.values.clone().with("name", name)).await.is_problem(404);
        }
        trial.count += 1;
        jane.post(action, &trial.form.values).await.is_problem(404);
    }
    assert_eq!(rows(portal).await, before);
    println!("wrong input: {} cases of the wizard and later forms", trial.count);
    // After all of it the page still makes what it shows.
    let name = innkeeper_tests::person::tenant_of(&jane.press(&trial.form).await.leads_to());
    jane.wait_until_ready(&name, 60).await;
}

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
