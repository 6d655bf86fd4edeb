//! Whatever is typed: a clear answer beside the field with everything still there, or a page that says why not; and
//! nothing is left behind.

mod life;
mod signing_in;
mod texts;
mod trial;
mod wizard;

use innkeeper_tests::{Options, Portal, tenant::texts as rows_of};

/// The tables in which something could be left behind.
const TABLES: [&str; 14] = [
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
    "backup",
];

/// How many rows each table has.
async fn rows(portal: &Portal) -> Vec<String> {
    let counts = TABLES.map(|table| format!("select '{table} ' || count(*) from {table}"));
    rows_of(&mut portal.control().await, &counts.join(" union all ")).await
}

fn raised() -> Options {
    ["MAIL_PER_ADDRESS", "MAIL_PER_MAILBOX", "VERIFY_PER_ADDRESS", "CHANGE_PER_ACCOUNT", "CHANGE_PER_ADDRESS"]
        .iter()
        .fold(Options::default(), |options, name| {
            options.set(&format!("INNKEEPER_LIMIT_{name}"), "100000/600")
        })
}
