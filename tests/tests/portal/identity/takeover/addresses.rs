//! An address opens nobody's account, whoever says it, however it is written and however sure they are.

use super::{Stage, VERA, refused};
use innkeeper_tests::{Person, tenant::value};
use serde_json::{Value, json};

/// Ways to write the victims' address, or to come near it.
const FORMS: &[&str] = &[
    VERA,
    "VERA@ACME.EXAMPLE",
    "Vera@Acme.Example",
    "vera@ACME.example",
    "ｖｅｒａ@acme.example",
    "vera＠acme.example",
    "vera@ａｃｍｅ.example",
    "vera@acme。example",
    "vera@acme．example",
    "ve\u{0301}ra@acme.example",
    "v\u{00e9}ra@acme.example",
    "\u{0432}era@acme.example",
    "vera\u{200b}@acme.example",
    "\u{202e}vera@acme.example",
    "vera@acme.example.",
    " vera@acme.example ",
    "vera@acme.example\n",
    "vera@acme.example\u{0}",
    "\"vera\"@acme.example",
    "vera+x@acme.example",
    "v.era@acme.example",
    "(x)vera@acme.example",
    "Vera <vera@acme.example>",
    "vera@acme.example,eve@evil.example",
    "eve@evil.example,vera@acme.example",
    "vera@acme.example@evil.example",
    "vera%40acme.example",
    "vera",
];

/// All that an issuer may say of whether it has verified an address.
fn words() -> Vec<(Value, bool)> {
    let sure = [json!(true), json!("true")].map(|word| (word, true));
    let unsure =
        [json!(false), json!("false"), json!("TRUE"), json!("yes"), json!(1), json!([true]), Value::Null];
    sure.into_iter().chain(unsure.map(|word| (word, false))).collect()
}

#[tokio::test]
async fn an_address_opens_nobodys_account() {
    let stage = Stage::open().await;
    let (mut tried, mut came) = (0, 0);
    for (nth, form) in FORMS.iter().enumerate() {
        for (word, sure) in words().into_iter().filter(|(word, _)| nth < 2 || word.is_boolean()) {
            for name in ["b", "loose"] {
                tried += 1;
                stage.tell(name, &format!("eve-{tried}"), form, word.clone());
                let eve = Person::new(&stage.portal, "");
                let answer = stage.sign_in(&eve, name).await.leads_to();
                let in_by = eve.get("/t").await.status == 200;
                assert_eq!(in_by, answer == "/t", "{form:?} {word} {name}: {answer}");
                if !sure && name == "b" {
                    assert!(!in_by, "{form:?} {word}: let in by an address that nobody verified");
                }
                if in_by {
                    came += 1;
                } else {
                    // An address that is none, or is not verified; the library refuses what is no word of the standard.
                    let known = [refused(name, "address"), refused(name, "form")];
                    assert!(known.contains(&answer), "{form:?} {word} {name}: {answer}");
                }
            }
        }
        stage.unharmed(form).await;
    }
    // Whoever came in has an account of their own.
    assert_eq!(stage.count("account").await, (came + 2).to_string());
    assert!(came >= 20, "only {came} of {tried} came in at all: what keeps them out is something else");
    println!(
        "identity: {tried} ways to say another's address, {came} accounts of their own, none of the victims'"
    );
    the_name_at_another_issuer_is_another_person(&stage).await;
    a_new_address_changes_neither_who_it_is_nor_who_others_are(&stage).await;
    who_comes_first_does_not_own_the_address(&stage).await;
}

async fn the_name_at_another_issuer_is_another_person(stage: &Stage) {
    let eve = Person::new(&stage.portal, "");
    stage.tell("b", "vera", VERA, json!(true));
    assert_eq!(stage.sign_in(&eve, "b").await.leads_to(), "/t");
    let own = "select count(distinct account_id) from identity where subject = 'vera'";
    assert_eq!(value(&mut stage.portal.control().await, own).await, "2");
    // A token that says it is from the victim's issuer.
    let before = stage.count("account").await;
    stage.issuer.change("b", |play| play.claims["iss"] = stage.issuer.address("a").into());
    assert_eq!(stage.sign_in(&Person::new(&stage.portal, ""), "b").await.leads_to(), refused("b", "issuer"));
    assert_eq!(stage.count("account").await, before);
    sqlx::query("delete from identity where subject = 'vera' and provider = 'b'")
        .execute(&mut stage.portal.control().await)
        .await
        .unwrap();
    stage.unharmed("the name at another issuer").await;
}

async fn a_new_address_changes_neither_who_it_is_nor_who_others_are(stage: &Stage) {
    let account = "select account_id::text from identity where provider = 'a' and subject = 'eve'";
    let eve = Person::new(&stage.portal, "");
    stage.tell("a", "eve", "eve@evil.example", json!(true));
    assert_eq!(stage.sign_in(&eve, "a").await.leads_to(), "/t");
    let own = value(&mut stage.portal.control().await, account).await;
    let before = stage.count("account").await;
    for word in [json!(true), json!(false), Value::Null] {
        // At the victim's own issuer she takes the victim's address.
        stage.tell("a", "eve", VERA, word.clone());
        let eve = Person::new(&stage.portal, "");
        assert_eq!(stage.sign_in(&eve, "a").await.leads_to(), "/t", "{word}");
        assert!(
            eve.open("/account").await.html().text().contains("eve@evil.example"),
            "mails go where they went"
        );
        assert_eq!(value(&mut stage.portal.control().await, account).await, own);
    }
    // And no address is no reason to forget who it is.
    stage.tell("a", "eve", "no address", Value::Null);
    assert_eq!(stage.sign_in(&Person::new(&stage.portal, ""), "a").await.leads_to(), "/t");
    assert_eq!(stage.count("account").await, before);
    stage.unharmed("a new address").await;
}

async fn who_comes_first_does_not_own_the_address(stage: &Stage) {
    // Eve was here with Nora's address before Nora was.
    let nora = Person::new(&stage.portal, "nora@acme.example");
    let eve = Person::new(&stage.portal, "");
    stage.tell("loose", "eve-as-nora", "nora@acme.example", Value::Null);
    assert_eq!(stage.sign_in(&eve, "loose").await.leads_to(), "/t");
    nora.sign_up(&stage.portal).await;
    let noras = "select count(distinct account_id) from identity where address = 'nora@acme.example'";
    assert_eq!(value(&mut stage.portal.control().await, noras).await, "2");
    let ways = nora.open("/account").await.html().text();
    assert!(ways.contains("Cannot be removed: your only sign-in method") && !ways.contains("eve"), "{ways}");
    stage.unharmed("who comes first").await;
}
