//! Nobody gets in as somebody else: not by an address, not by another browser's answer, not by a link that is put under
//! somebody's hand.

mod addresses;
mod browsers;
mod entra;

use super::{oidc, start};
use innkeeper_tests::{
    Page, Person, Portal,
    issuer::{Issuer, Play},
    tenant::value,
};
use serde_json::{Value, json};

/// The victims' address.
const VERA: &str = "vera@acme.example";

/// A portal with four issuers, and two victims with the same address: one came by mail, one by the first issuer.
struct Stage {
    portal: Portal,
    issuer: Issuer,
    by_mail: Person,
    by_issuer: Person,
    /// Everything of the victims, as it was.
    before: String,
}

/// The victims' accounts, ways in and sessions.
const VICTIMS: &str = "
    select string_agg(line, E'\\n' order by line) from (
      select 'account ' || a.id || ' ' || a.email || ' ' || coalesce(a.name, '-') as line from account a
        where a.id in (select account_id from identity where subject in ('vera@acme.example', 'vera'))
      union all
      select 'way ' || i.account_id || ' ' || i.id || ' ' || i.issuer || ' ' || i.subject from identity i
        where i.account_id in (select account_id from identity where subject in ('vera@acme.example', 'vera'))
      union all
      select 'session ' || s.account_id || ' ' || s.id || ' ' || encode(s.id_hash, 'hex') || s.authenticated_at
        from session s
        where s.account_id in (select account_id from identity where subject in ('vera@acme.example', 'vera'))) as all_of_them";

impl Stage {
    async fn open() -> Self {
        let issuer = Issuer::start().await;
        let mut configuration = String::new();
        for name in ["a", "b", "loose", "silent"] {
            let address = issuer.address(name);
            issuer.say(name, play(&issuer, name, "vera", VERA, json!(true)));
            configuration += &oidc(name, &address);
            if name == "loose" {
                configuration += "unverified_address = true\n";
            }
        }
        // This one does not say that it is itself who answers.
        issuer.change("silent", |play| {
            play.description.document()["authorization_response_iss_parameter_supported"] = false.into();
            play.bring_no("iss");
        });
        let portal = start(&configuration).await;
        let by_mail = Person::new(&portal, VERA);
        by_mail.sign_up(&portal).await;
        let by_issuer = Person::new(&portal, VERA);
        let mut stage = Self { portal, issuer, by_mail, by_issuer, before: String::new() };
        assert_eq!(stage.sign_in(&stage.by_issuer, "a").await.leads_to(), "/t");
        stage.before = stage.picture().await;
        assert_eq!(stage.before.lines().count(), 6, "two of each: {}", stage.before);
        stage
    }

    async fn picture(&self) -> String {
        value(&mut self.portal.control().await, VICTIMS).await
    }

    /// Nothing of the victims has changed, and their browsers are theirs.
    async fn unharmed(&self, what: &str) {
        assert_eq!(self.picture().await, self.before, "{what}");
        for vera in [&self.by_mail, &self.by_issuer] {
            assert_eq!(vera.get("/t").await.status, 200, "{what}");
        }
    }

    /// From the portal to an issuer: the address there.
    async fn leave(&self, browser: &Person, name: &str) -> String {
        browser.get(&format!("/sign-in/{name}?return=/t")).await.leads_to()
    }

    /// From the portal to an issuer, where somebody signs in: where their browser is sent back to.
    async fn there(&self, browser: &Person, name: &str) -> String {
        let to = self.leave(browser, name).await;
        self.issuer.sign_in(name, &to)
    }

    /// The whole way.
    async fn sign_in(&self, browser: &Person, name: &str) -> Page {
        browser.get(&self.there(browser, name).await).await
    }

    /// Lets an issuer say this of the next person.
    fn tell(&self, name: &str, subject: &str, address: &str, verified: Value) {
        let (claims, callback) = {
            let play = play(&self.issuer, name, subject, address, verified);
            (play.claims, play.callback)
        };
        self.issuer.change(name, |play| {
            play.claims = claims;
            if name != "silent" {
                play.callback = callback;
            }
        });
    }

    async fn count(&self, what: &str) -> String {
        value(&mut self.portal.control().await, &format!("select count(*) from {what}")).await
    }
}

/// What an issuer says of a person, in the token alone.
fn play(issuer: &Issuer, name: &str, subject: &str, address: &str, verified: Value) -> Play {
    let mut play = Play::good(&issuer.address(name), issuer.keys());
    play.description.document().as_object_mut().unwrap().remove("userinfo_endpoint");
    play.claims["sub"] = subject.into();
    play.claims["email"] = address.into();
    play.claims.as_object_mut().unwrap().remove("name");
    match verified {
        Value::Null => drop(play.claims.as_object_mut().unwrap().remove("email_verified")),
        verified => play.claims["email_verified"] = verified,
    }
    play
}

fn refused(name: &str, reason: &str) -> String {
    format!("/sign-in?provider={name}&reason={reason}")
}

/// A part of an address's query.
fn part(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1;
    let mut parts = form_urlencoded::parse(query.as_bytes());
    parts.find(|(key, _)| key == name).unwrap_or_else(|| panic!("no {name} in {address}")).1.into_owned()
}
