//! What clients really say whom a server refuses is what the help page and the guide of the bundle explain.

use innkeeper_tests::{Credentials, Options, Page, Person, Portal};
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{fs, process::Command};

/// A message that is explained, with what is said of it. `…` stands for anything.
type Entry = (String, String);

fn of_help(page: &Page) -> Vec<Entry> {
    let html = page.html();
    let texts = |name| html.all(name).map(|element| element.text()).collect::<Vec<_>>();
    texts("dt").into_iter().zip(texts("dd")).collect()
}

fn of_guide(guide: &str) -> Vec<Entry> {
    let (_, rows) = guide.split_once("## When a connection is refused").unwrap();
    let rows = rows.lines().filter(|line| line.starts_with("| `"));
    let entries = rows.flat_map(|row| {
        let (what, about) = row[2..].split_once(" | ").unwrap();
        what.split('`').skip(1).step_by(2).map(|what| (what.to_owned(), about.to_owned())).collect::<Vec<_>>()
    });
    entries.collect()
}

/// What is said of a message: by the entry that fits it most closely.
fn explained<'a>(entries: &'a [Entry], message: &str) -> &'a str {
    let fits = |(what, _): &&Entry| {
        what.split('…').try_fold(message, |rest, part| Some(rest.split_once(part.trim())?.1)).is_some()
    };
    let closest = entries.iter().filter(fits).max_by_key(|(what, _)| what.len());
    &closest.unwrap_or_else(|| panic!("nothing of {message:?} in {entries:?}")).1
}

/// What the server says to who comes like that.
async fn said(options: PgConnectOptions) -> String {
    match options.connect().await {
        Err(sqlx::Error::Database(error)) => error.message().to_owned(),
        other => panic!("not refused by the server: {other:?}"),
    }
}

/// What psql says whose home folder has no root certificate.
fn without_certificate(shop: &Credentials, portal: &Portal) -> String {
    let home = portal.folder().join("home");
    fs::create_dir(&home).unwrap();
    let psql =
        Command::new("psql").args([&shop.formats["uri"], "-Xc", "select 1"]).env("HOME", home).output();
    String::from_utf8(psql.unwrap().stderr).unwrap()
}

#[tokio::test]
async fn help_and_guide_explain_the_messages_that_really_come() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let elsewhere = jane.create("Acme", "away", &[("addresses", "203.0.113.7")]).await;
    let away = jane.reveal(&elsewhere).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let shop = jane.reveal(&name).await;
    let guide =
        jane.bundle(&jane.open(&format!("/t/{name}/handoff")).await).await.remove("README.md").unwrap();
    let (help, guide) = (of_help(&jane.open("/help").await), of_guide(&guide));

    let app = || shop.options("app");
    let limit = format!("alter role {name}_readonly connection limit 0");
    sqlx::raw_sql(sqlx::AssertSqlSafe(limit)).execute(&mut portal.sql("postgres").await).await.unwrap();
    // The message, and a word of what each is explained by.
    let refused = [
        (said(away.options("app")).await, "list"),
        (said(app().ssl_mode(PgSslMode::Disable)).await, "verify-full"),
        (said(shop.options_to("app", "postgres")).await, "maintenance database"),
        (said(app().username("nobody")).await, "username"),
        (said(app().password("nothing")).await, "reset"),
        (said(shop.options("readonly")).await, "pool"),
        (without_certificate(&shop, &portal), "ertificate"),
    ];
    for (message, word) in refused {
        for entries in [&help, &guide] {
            let about = explained(entries, &message);
            assert!(about.contains(word), "{message:?} is explained by {about:?}");
        }
        println!("explained: {message}");
    }
}
