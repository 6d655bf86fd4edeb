//! Issuers change their keys: a new one is found, one that was taken away signs nothing any more, and nobody can make the
//! portal look for keys as often as they like.

use super::{oidc, start};
use innkeeper_tests::{
    Page, Person, Portal, Values,
    issuer::{Answer, Issuer, Play, Signature, now},
    until,
};
use serde_json::{Value, json};
use std::time::Instant;

/// The shortest time between two looks for missing keys, in seconds.
const PAUSE: u64 = 10;

struct Stage {
    portal: Portal,
    issuer: Issuer,
}

impl Stage {
    /// A whole sign-in with a token of this key: where it leads.
    async fn sign_in(&self, key: &str, by: Signature) -> String {
        self.issuer.change("acme", |play| {
            play.head["kid"] = key.into();
            play.signature = by;
            (play.claims["iat"], play.claims["exp"]) = (now().into(), (now() + 300).into());
        });
        let jane = Person::new(&self.portal, "");
        let sent = jane.get("/sign-in/acme?return=/t").await.leads_to();
        jane.get(&self.issuer.sign_in("acme", &sent)).await.leads_to()
    }

    /// The issuer has these keys from now on.
    fn have(&self, keys: &[&Value]) {
        self.issuer.change("acme", |play| play.keys = Answer::json(json!({ "keys": keys })));
    }

    fn looked(&self) -> usize {
        assert_eq!(
            self.issuer.asked("acme", "keys"),
            self.issuer.asked("acme", ".well-known/openid-configuration")
        );
        self.issuer.asked("acme", "keys")
    }

    /// A message that somebody signed out, of a key that nobody has.
    async fn message(&self, nth: usize) -> Page {
        let claims = json!({
            "iss": self.issuer.address("acme"), "aud": "portal", "sub": "jane", "iat": now(), "exp": now() + 60,
            "jti": nth.to_string(), "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        let head = json!({ "alg": "RS256", "kid": format!("of-nobody-{nth}"), "typ": "logout+jwt" });
        let token = self.issuer.keys().sign(&head, &claims, Signature::Stranger);
        let nobody = Person::new(&self.portal, "");
        nobody.post("/sign-in/acme/back-channel", &Values::default().with("logout_token", &token)).await
    }
}

const REFUSED: &str = "/sign-in?provider=acme&reason=signature";

#[tokio::test]
async fn keys_come_and_go_and_are_not_looked_for_without_end() {
    let issuer = Issuer::start().await;
    let address = issuer.address("acme");
    let mut play = Play::good(&address, issuer.keys());
    play.description.document().as_object_mut().unwrap().remove("userinfo_endpoint");
    let old = play.keys.document()["keys"][0].clone();
    let mut new = issuer.keys().stranger();
    new["kid"] = "new".into();
    issuer.say("acme", play);
    let portal = start(&oidc("acme", &address)).await;
    let stage = Stage { portal, issuer };
    stage.have(&[&old]);

    assert_eq!(stage.sign_in("rsa", Signature::Rsa).await, "/t");
    assert_eq!(stage.sign_in("rsa", Signature::Rsa).await, "/t");
    assert_eq!(stage.looked(), 1, "what is known is not asked for again");

    // A new key, beside the old one: it is looked for once, and both sign.
    stage.have(&[&old, &new]);
    for (key, by) in [("new", Signature::Stranger), ("new", Signature::Stranger), ("rsa", Signature::Rsa)] {
        assert_eq!(stage.sign_in(key, by).await, "/t", "{key}");
        assert_eq!(stage.looked(), 2, "{key}");
    }
    // A token that only says it is of the new key is looked at no longer.
    assert_eq!(stage.sign_in("new", Signature::Rsa).await, REFUSED);

    // Anybody can send tokens of keys that nobody has.
    let (begun, before) = (Instant::now(), stage.looked());
    for nth in 0..60 {
        assert_eq!(stage.message(nth).await.status, 400);
        if nth % 4 == 0 {
            assert_eq!(stage.sign_in(&format!("of-nobody-{nth}"), Signature::Rsa).await, REFUSED);
            assert_eq!(stage.sign_in("new", Signature::Stranger).await, "/t", "the others are not kept out");
        }
    }
    let (looked, most) = (stage.looked() - before, 1 + begun.elapsed().as_secs() / PAUSE);
    assert!(u64::try_from(looked).unwrap() <= most, "75 tokens made it look {looked} times, {most} at most");
    println!("identity: 75 tokens of unknown keys made the portal look for keys {looked} times");

    // The old key is taken away: from the next look on it signs nothing.
    stage.have(&[&new]);
    let before = stage.looked();
    until(60, "the next look for keys", async || {
        assert_eq!(stage.sign_in("of-nobody", Signature::Rsa).await, REFUSED);
        (stage.looked() > before).then_some(())
    })
    .await;
    assert_eq!(stage.sign_in("rsa", Signature::Rsa).await, REFUSED);
    assert_eq!(stage.sign_in("new", Signature::Stranger).await, "/t");
}
