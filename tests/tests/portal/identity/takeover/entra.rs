//! At Entra a person is a directory and a number in it, whatever else the token calls them.

use super::{oidc, part, start};
use innkeeper_tests::{
    Person,
    issuer::{Issuer, Play},
    tenant::value,
};

const OWN: &str = "8a0c3f5e-1111-4222-8333-444455556666";
const OTHER: &str = "9b1d4a6f-2222-4333-8444-555566667777";
const VERA: &str = "0f1e2d3c-aaaa-4bbb-8ccc-ddddeeeeff01";
const EVE: &str = "0f1e2d3c-aaaa-4bbb-8ccc-ddddeeeeff02";
/// The name of the issuer: Entra's address for all directories.
const ALL: &str = "entra/organizations/v2.0";

fn play(issuer: &Issuer, directory: &str, number: &str, subject: &str) -> Play {
    let mut play = Play::good(&issuer.address(ALL), issuer.keys());
    play.description.document()["issuer"] = issuer.address("entra/{tenantid}/v2.0").into();
    // It says nothing of who answers.
    play.description.document()["authorization_response_iss_parameter_supported"] = false.into();
    play.bring_no("iss");
    for (name, said) in [
        ("iss", issuer.address(&format!("entra/{directory}/v2.0"))),
        ("tid", directory.into()),
        ("oid", number.into()),
        ("sub", subject.into()),
        // Whoever owns a directory can say this.
        ("email", "vera@acme.example".into()),
        ("preferred_username", "vera@acme.example".into()),
    ] {
        play.claims[name] = said.into();
    }
    play.claims["xms_edov"] = true.into();
    play
}

#[tokio::test]
async fn a_person_of_entra_is_a_number_in_a_directory() {
    let issuer = Issuer::start().await;
    issuer.say(ALL, play(&issuer, OWN, VERA, "pairwise"));
    let configuration = oidc("entra", &issuer.address(ALL)).replace("\"oidc\"", "\"entra\"");
    let portal = start(&configuration).await;
    let account = async |directory: &str, number: &str| {
        let whose = format!(
            "select coalesce(max(account_id::text), 'nobody') from identity where issuer like '%/{directory}/v2.0' and subject = '{number}'"
        );
        value(&mut portal.control().await, &whose).await
    };
    let sign_in = async |directory: &str, number: &str, subject: &str| {
        let said = play(&issuer, directory, number, subject);
        issuer.change(ALL, |play| play.claims = said.claims);
        let browser = Person::new(&portal, "");
        let sent = browser.get("/sign-in/entra?return=/t").await.leads_to();
        assert!(part(&sent, "scope").contains("openid"));
        browser.get(&issuer.sign_in(ALL, &sent)).await.leads_to()
    };

    assert_eq!(sign_in(OWN, VERA, "pairwise").await, "/t");
    let vera = account(OWN, VERA).await;
    // Another name in the token, as another application of hers gets it: the same person.
    assert_eq!(sign_in(OWN, VERA, "pairwise-of-another-app").await, "/t");
    assert_eq!(value(&mut portal.control().await, "select count(*) from account").await, "1");

    // Somebody else, who says the same of themselves besides: another number, another directory, or both.
    for (directory, number) in [(OWN, EVE), (OTHER, VERA), (OTHER, EVE)] {
        assert_eq!(sign_in(directory, number, "pairwise").await, "/t");
        assert_ne!(account(directory, number).await, vera, "{directory} {number}");
    }
    assert_eq!(
        value(&mut portal.control().await, "select count(distinct account_id) from identity").await,
        "4"
    );

    // A directory cannot speak for another one.
    for (name, wrong, reason) in [
        ("iss", issuer.address(&format!("entra/{OWN}/v2.0")), "issuer"),
        ("tid", OWN.to_owned(), "issuer"),
        ("tid", "{tenantid}".to_owned(), "subject"),
        ("oid", String::new(), "subject"),
    ] {
        let mut said = play(&issuer, OTHER, VERA, "pairwise");
        said.claims[name] = wrong.clone().into();
        issuer.change(ALL, |play| play.claims = said.claims);
        let browser = Person::new(&portal, "");
        let sent = browser.get("/sign-in/entra").await.leads_to();
        let answer = browser.get(&issuer.sign_in(ALL, &sent)).await.leads_to();
        assert_eq!(answer, format!("/sign-in?provider=entra&reason={reason}"), "{name} is {wrong}");
    }
    assert_eq!(account(OWN, VERA).await, vera);
    assert_eq!(value(&mut portal.control().await, "select count(*) from identity").await, "4");
}
