//! Signing in by an issuer that is broken in one way: the portal refuses with the reason, says it in words, writes it
//! down, and lets nobody in. Its twin, which is not broken, signs in.

mod configuration;
mod github;
mod keys;
mod redirects;
mod sessions;
mod table;
mod takeover;
mod teams;

use innkeeper_tests::{
    Options, Page, Person, Portal,
    issuer::{CLIENT, CLIENT_SECRET, Issuer, Play},
};
use std::fmt::Write as _;
use table::{Case, TRUSTED, cases};

/// The configuration of an issuer.
fn oidc(id: &str, issuer: &str) -> String {
    format!(
        "[[identity.provider]]\nid = {id:?}\nkind = \"oidc\"\nissuer = {issuer:?}\nlabel = {id:?}\n\
         client_id = {CLIENT:?}\nclient_secret = {CLIENT_SECRET:?}\n"
    )
}

/// A portal with these providers, in which nobody is told to wait.
async fn start(configuration: &str) -> Portal {
    let limits = ["VERIFY_PER_ADDRESS", "MAIL_PER_ADDRESS", "MAIL_PER_MAILBOX"];
    let options = limits.iter().fold(Options::default(), |options, limit| {
        options.set(&format!("INNKEEPER_LIMIT_{limit}"), "10000/600")
    });
    let mut portal = Portal::prepare(&options);
    configure(&portal, configuration);
    portal.restart().await;
    portal
}

/// Writes the configuration, for the next start.
fn configure(portal: &Portal, configuration: &str) {
    std::fs::write(portal.folder().join("innkeeper.toml"), configuration).unwrap();
}

/// The sign-in of one person by the issuer of this name: the answer to what the browser brings back.
async fn sign_in(portal: &Portal, issuer: &Issuer, name: &str) -> Page {
    let jane = Person::new(portal, "jane@acme.example");
    let sent = jane.get(&format!("/sign-in/{name}?return=/t")).await;
    let to = sent.leads_to();
    if !to.starts_with("http") {
        // The issuer could not even be asked.
        return sent;
    }
    let back = issuer.sign_in(name, &to);
    let answer = jane.get(&back).await;
    let signed_in = jane.get("/t").await.status == 200;
    assert_eq!(signed_in, answer.leads_to() == "/t", "{name}: {answer}");
    answer
}

#[tokio::test]
async fn a_broken_issuer_lets_nobody_in_and_its_twin_does() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let issuer = Issuer::start().await;
    let mut configuration = String::new();
    for Case { name, .. } in &cases {
        for name in [(*name).to_owned(), format!("{name}-ok")] {
            configuration += &oidc(&name, &issuer.address(&name));
            writeln!(configuration, "trusted_audiences = {TRUSTED:?}").unwrap();
        }
    }
    let portal = start(&configuration).await;

    let mut wrong = Vec::new();
    // Said right before it is heard: what it says of times is of now.
    let say = |name: &str, change: &table::Change| {
        let mut play = Play::good(&issuer.address(name), issuer.keys());
        change(&mut play, issuer.keys());
        issuer.say(name, play);
    };
    for Case { name, reason, fault, twin, claim } in &cases {
        say(name, fault);
        let answer = sign_in(&portal, &issuer, name).await;
        let to = answer.leads_to();
        if !to.starts_with(&format!("/sign-in?provider={name}&reason={reason}")) {
            wrong.push(format!("{name}: {to} instead of {reason}"));
            continue;
        }
        let page = Person::new(&portal, "jane@acme.example").open(&to).await;
        let text = page.html().text();
        assert!(
            text.contains("Sign-in failed: ") && text.contains(&format!("Code: {reason}")),
            "{name}: {text}"
        );
        let logged = portal.log().lines().any(|line| {
            line.contains(&format!("provider={name} "))
                && line.contains(&format!("refusal={reason}: "))
                && claim.is_none_or(|claim| line.contains(&format!(": {claim} is ")))
        });
        assert!(logged, "{name}: nothing of {reason} and {claim:?} in the log");

        say(&format!("{name}-ok"), twin);
        let answer = sign_in(&portal, &issuer, &format!("{name}-ok")).await;
        if answer.leads_to() != "/t" {
            wrong.push(format!("{name}'s twin: {answer}"));
        }
    }
    println!("identity: {} broken issuers refused, as many twins let in", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
