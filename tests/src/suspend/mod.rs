//! Suspending a tenant whose clients come back at once, again and again.
//!
//! An admin suspends and resumes by the pages. Judged is what the server itself lists, and what the clients get to
//! see.

mod clients;
mod report;
mod watch;

pub use report::Report;

use crate::{
    Options, Person, Portal,
    tenant::{run as run_sql, texts, value},
    until,
};
use clients::Clients;
use std::time::Instant;
use watch::Watch;

/// Clients that come back as fast as they can.
pub const CLIENTS: usize = 50;
/// Longest wait for each thing that a round waits for, in seconds.
const PATIENCE: u64 = 120;

/// Suspends and resumes so many times, and tells of each.
pub async fn run(rounds: usize, tell: impl Fn(&str)) -> Report {
    let began = Instant::now();
    let mut options = Options::default().waiting_for_the_disk();
    for name in ["REQUEST_PER_ACCOUNT", "CHANGE_PER_ACCOUNT", "CHANGE_PER_ADDRESS"] {
        options = options.set(&format!("INNKEEPER_LIMIT_{name}"), "100000/600");
    }
    let portal = Portal::start(options).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[("plan", "professional")]).await;
    let credentials = jane.reveal(&name).await;
    let mut out = Instant::now();
    let clients = Clients::start(&credentials);
    let mut report = Report::default();
    for round in 1..=rounds {
        let inside = async || clients.were_all_in_since(out).then_some(());
        until(PATIENCE, "every client inside", inside).await;

        let watch = Watch::start(&portal, &name).await;
        let ordered = press(&portal, &jane, &name, "suspend").await;
        report.run_ms.push(over(&portal, &name, "suspended").await);
        let told = Instant::now();
        // Each has to try again and to be told no.
        let refused = async || clients.were_all_refused_since(told).then_some(());
        until(PATIENCE, "every client refused", refused).await;
        let seen = watch.end().await;
        let mut found = clients.answered_since(told);
        match seen.none_since {
            Some(none_since) => {
                report.cut_ms.push((none_since - ordered).as_secs_f64() * 1000.0);
                if none_since > told {
                    found.push("a session was listed after the run was done".into());
                }
            }
            None => found.extend(seen.last.into_iter().map(|session| format!("{session} is there"))),
        }
        tell(&format!("round {round}: {:.0} ms, {found:?}", report.cut_ms.last().unwrap_or(&f64::NAN)));
        report.found.extend(found.into_iter().map(|what| format!("round {round}: {what}")));

        out = told;
        press(&portal, &jane, &name, "resume").await;
        over(&portal, &name, "active").await;
    }
    report.refused = clients.end().await;
    report.seconds = began.elapsed().as_secs_f64();
    report
}

/// Presses a button of the danger zone; when it was pressed.
async fn press(portal: &Portal, jane: &Person, name: &str, act: &str) -> Instant {
    let mut control = portal.control().await;
    run_sql(&mut control, "update session set authenticated_at = now()").await;
    let form = jane.form(&format!("/t/{name}/danger/{act}"), &format!("/do/{act}")).await;
    let typed: &[(&str, &str)] =
        if form.values.get("confirmation").is_some() { &[("confirmation", name)] } else { &[] };
    let pressed = Instant::now();
    let answer = jane.submit(&form, typed).await;
    assert!(answer.leads_to().starts_with(&format!("/t/{name}/danger")), "{answer}");
    pressed
}

/// Waits for the end of the tenant's newest run, which must bring it to this state; how long the run took by the
/// journal, in milliseconds.
async fn over(portal: &Portal, name: &str, state: &str) -> f64 {
    let mut control = portal.control().await;
    let newest = format!(
        "run r join tenant t on t.id = r.tenant_id where t.name = '{name}' order by r.created_at desc limit 1"
    );
    let ended = format!("select r.state || ' ' || t.state from {newest}");
    let ends = async || {
        let ended = texts(&mut control, &ended).await.pop().unwrap_or_default();
        (!ended.starts_with("running")).then_some(ended)
    };
    assert_eq!(until(PATIENCE, "the end of the run", ends).await, format!("done {state}"));
    let took = format!("select extract(epoch from r.finished_at - r.created_at) * 1000 from {newest}");
    value(&mut control, &took).await.parse().unwrap()
}
