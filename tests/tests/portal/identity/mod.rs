//! Signing in by an issuer that is broken in one way: the portal refuses with the reason, says it in words, writes it
//! down, and lets nobody in. Its twin, which is not broken, signs in.

mod table;

use innkeeper_tests::{
    Options, Person, Portal,
    issuer::{CLIENT, CLIENT_SECRET, Issuer, Play},
};
use std::fmt::Write as _;
use table::{Case, cases};

/// The sign-in of one person by the issuer of this name: the answer to what the browser brings back.
async fn sign_in(portal: &Portal, issuer: &Issuer, name: &str) -> innkeeper_tests::Page {
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
    for Case { name, fault, twin, .. } in &cases {
        for (name, change) in [((*name).to_owned(), fault), (format!("{name}-ok"), twin)] {
            let address = issuer.address(&name);
            let mut play = Play::good(&address, issuer.keys());
            change(&mut play, issuer.keys());
            issuer.say(&name, play);
            write!(
                configuration,
                "[[identity.provider]]\nid = {name:?}\nkind = \"oidc\"\nissuer = {address:?}\nlabel = {name:?}\n\
                 client_id = {CLIENT:?}\nclient_secret = {CLIENT_SECRET:?}\n"
            )
            .unwrap();
        }
    }
    let mut portal =
        Portal::prepare(&Options::default().set("INNKEEPER_LIMIT_VERIFY_PER_ADDRESS", "10000/600"));
    std::fs::write(portal.folder().join("innkeeper.toml"), configuration).unwrap();
    portal.restart().await;

    let mut wrong = Vec::new();
    for Case { name, reason, .. } in &cases {
        let answer = sign_in(&portal, &issuer, name).await;
        let to = answer.leads_to();
        if !to.starts_with(&format!("/sign-in?provider={name}&reason={reason}")) {
            wrong.push(format!("{name}: {to} instead of {reason}"));
            continue;
        }
        let page = Person::new(&portal, "jane@acme.example").open(&to).await;
        let text = page.html().text();
        assert!(
            text.contains("did not let you in") && text.contains(&format!("Code: {reason}")),
            "{name}: {text}"
        );
        let logged = portal.log().lines().any(|line| {
            line.contains(&format!("provider={name} ")) && line.contains(&format!("refusal={reason}: "))
        });
        assert!(logged, "{name}: nothing of {reason} in the log");

        let answer = sign_in(&portal, &issuer, &format!("{name}-ok")).await;
        if answer.leads_to() != "/t" {
            wrong.push(format!("{name}'s twin: {answer}"));
        }
    }
    println!("identity: {} broken issuers refused, as many twins let in", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
