//! `innkeeper config check` refuses the providers that `serve` would refuse, each with its name, and no others.

use super::{CLIENT_SECRET, configure, oidc};
use innkeeper_tests::{Options, Portal};
use rcgen::{CertificateParams, KeyPair};
use std::fs;

#[tokio::test]
async fn the_check_refuses_what_the_start_would() {
    let portal = Portal::prepare(&Options::default());
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["sso.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let file = |name: &str, content: &str| {
        let path = portal.folder().join(name);
        fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    };
    let good = file("good.pem", &(key.serialize_pem() + &certificate.pem()));
    let wrong = [
        ("empty", file("empty.pem", "")),
        ("words", file("words.pem", "this is no certificate")),
        ("key", file("key.pem", &key.serialize_pem())),
        ("broken", file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
        ("half", file("half.pem", &certificate.pem()[..200])),
    ];
    let with = |id: &str, file: &str| oidc(id, "https://sso.example") + &format!("ca_file = {file:?}\n");
    let hub = "[[identity.provider]]\nid = \"hub\"\nkind = \"github\"\nclient_id = \"x\"\n";
    let queried = oidc("queried", "https://sso.example/?tenant=1");
    let refused = [
        wrong.iter().map(|(id, file)| with(id, file)).collect::<String>(),
        hub.to_owned(),
        queried,
        with("fine", &good),
    ]
    .concat();

    configure(&portal, &refused);
    let checked = portal.run(&["config", "check"]).await;
    let said = String::from_utf8(checked.stderr).unwrap();
    assert!(!checked.status.success(), "{said}");
    for (id, word) in wrong
        .iter()
        .map(|(id, _)| (*id, "CA certificate"))
        .chain([("hub", "client_secret"), ("queried", "issuer")])
    {
        let line = said.lines().find(|line| line.contains(&format!("identity.provider {id}: ")));
        assert!(line.is_some_and(|line| line.contains(word)), "nothing of {id}: {said}");
    }
    assert!(!said.contains("identity.provider fine") && !said.contains(CLIENT_SECRET), "{said}");
    // The start says the same of the first.
    let served = portal.run(&["serve"]).await;
    let start = String::from_utf8(served.stderr).unwrap();
    assert!(
        !served.status.success() && start.contains("identity.provider empty: the CA certificate"),
        "{start}"
    );

    configure(&portal, &(with("fine", &good) + hub + "client_secret = \"y\"\n"));
    let checked = portal.run(&["config", "check"]).await;
    let said = String::from_utf8([checked.stdout, checked.stderr].concat()).unwrap();
    assert!(checked.status.success() && said.contains("identity.provider fine"), "{said}");
}

#[tokio::test]
async fn trusted_audiences_are_a_list_of_texts() {
    let portal = Portal::prepare(&Options::default());
    let with =
        |id: &str, value: &str| oidc(id, "https://sso.example") + &format!("trusted_audiences = {value}\n");
    let hub =
        "[[identity.provider]]\nid = \"hub\"\nkind = \"github\"\nclient_id = \"x\"\nclient_secret = \"y\"\n";
    let fine = with("fine", "[\"2819283@proj\", \"291111111111\"]");
    let wrong = [("number", "7"), ("mixed", "[\"a\", 7]"), ("empty", "[\"\"]"), ("blank", "[\"a \"]")];
    let all = wrong.map(|(id, value)| with(id, value)).concat();
    configure(&portal, &(all + &fine + hub + "trusted_audiences = [\"a\"]\n"));
    let checked = portal.run(&["config", "check"]).await;
    let said = String::from_utf8(checked.stderr).unwrap();
    assert!(!checked.status.success(), "{said}");
    for id in wrong.map(|(id, _)| id).into_iter().chain(["hub"]) {
        assert!(
            said.contains(&format!("identity.provider {id}: trusted_audiences")),
            "nothing of {id}: {said}"
        );
    }
    assert!(!said.contains("identity.provider fine"), "{said}");

    configure(&portal, &(fine + hub));
    let checked = portal.run(&["config", "check"]).await;
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
