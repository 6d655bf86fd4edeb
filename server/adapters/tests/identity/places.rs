//! The guard stands at each place that an issuer names: its description, its keys, where codes are redeemed, and where it
//! is asked besides.

use super::{
    Canary, Told, customer, forms,
    host::{CLIENT, Host, NAME, NONCE, PLACES},
};
use async_trait::async_trait;
use innkeeper_adapters::{
    identity::{Fetch, Lookup, Oidc, OidcSettings},
    system::SystemClock,
};
use innkeeper_domain::{
    identity::{Facts, ProviderKind, Reason, Refusal},
    ports::{Answer, Asked, IdentityProvider as _},
    secret::Secret,
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, atomic::Ordering},
};

/// The allowed host is on this machine; all others are where they are told to be.
struct Names(Arc<Told>);

#[async_trait]
impl Lookup for Names {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if host == NAME { Ok(vec![Ipv4Addr::LOCALHOST.into()]) } else { self.0.addresses(host).await }
    }
}

/// A customer's issuer at this address, where the operator allows these inner hosts.
fn oidc(issuer: &str, inner: &[&str], ca: &str, others: Arc<Told>) -> Result<Oidc, Refusal> {
    let fetch = Fetch::looking_up(customer(inner), Some(ca), Arc::new(Names(others))).unwrap();
    let settings = OidcSettings {
        kind: ProviderKind::Oidc,
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(Secret::new("secret")),
        trusted_audiences: Vec::new(),
        scopes: Vec::new(),
        groups: "groups".to_owned(),
        graph: "https://graph.microsoft.com".into(),
    };
    Oidc::new(settings, fetch, Arc::new(SystemClock))
}

/// A whole sign-in.
async fn walk(oidc: &Oidc) -> Result<Facts, Refusal> {
    let asked = Asked {
        callback: "https://portal.example/sign-in/own/callback".into(),
        state: Secret::new("state"),
        nonce: Secret::new(NONCE),
        verifier: Secret::new("a verifier of forty-three characters or more"),
        fresh: false,
    };
    oidc.start(&asked).await?;
    oidc.finish(&asked, &Answer { code: Secret::new("code"), issuer: None }).await
}

async fn sign_in(issuer: &str, ca: &str, others: Arc<Told>) -> Result<Facts, Refusal> {
    walk(&oidc(issuer, &[NAME], ca, others)?).await
}

fn inner() -> Arc<Told> {
    Told::new(&[&["127.0.0.1"]])
}

#[tokio::test]
async fn no_place_leads_to_this_machine() {
    let (canary, host) = (Canary::sit().await, Host::start().await);
    let forms = forms::all(canary.port);
    let mut refused = 0;
    for form in &forms {
        match sign_in(form, &host.ca, inner()).await {
            Err(Refusal { reason: Reason::Forbidden | Reason::Discovery, .. }) => refused += 1,
            other => panic!("issuer {form}: {other:?}"),
        }
    }
    for (place, _) in PLACES {
        let mut by_the_guard = 0;
        for form in &forms {
            host.name(place, form);
            match sign_in(&host.address, &host.ca, inner()).await {
                Err(Refusal { reason: Reason::Forbidden, .. }) => by_the_guard += 1,
                // Some are no addresses at all.
                Err(Refusal { reason: Reason::Form, .. }) => {}
                other => panic!("{place} {form}: {other:?}"),
            }
            refused += 1;
        }
        assert!(by_the_guard >= 400, "{place}: the guard saw only {by_the_guard}");
        host.be_good();
        // Its twin signs in: nothing else kept it out.
        let jane = sign_in(&host.address, &host.ca, inner()).await.unwrap();
        assert_eq!(jane.subject.subject(), "jane", "{place}");
    }
    assert_eq!(canary.heard(), 0);
    assert!(refused >= 2000, "{refused}");
    for (_, path) in PLACES {
        assert!(host.asked(path) >= 3, "{path}: the twins came there");
    }
    println!("identity: {refused} addresses refused at four places, this machine heard nothing");
}

#[tokio::test]
async fn no_redirect_is_followed_from_any_place() {
    let (canary, host) = (Canary::sit().await, Host::start().await);
    let paths = ["/.well-known/openid-configuration", "/keys", "/token", "/userinfo"];
    let mut refused = 0;
    for path in paths {
        for status in [301, 302, 303, 307, 308] {
            for to in
                ["https://127.0.0.1:{}/", "http://127.0.0.1:{}/", "//localhost:{}/", "https://[::1]:{}/"]
            {
                host.redirect(path, status, &to.replace("{}", &canary.port.to_string()));
                let said = sign_in(&host.address, &host.ca, inner()).await;
                let right = matches!(&said, Err(Refusal { reason: Reason::Discovery | Reason::Form, .. }));
                assert!(right, "{path} {status} {to}: {said:?}");
                refused += 1;
            }
        }
        host.be_good();
        sign_in(&host.address, &host.ca, inner()).await.unwrap();
    }
    assert_eq!(canary.heard(), 0);
    println!("identity: {refused} redirects not followed");
}

#[tokio::test]
async fn a_host_that_the_operator_does_not_name_is_not_asked() {
    let host = Host::start().await;
    for inner_hosts in [&[][..], &["another.internal"], &["internal"], &["x.issuer.internal"]] {
        let said = walk(&oidc(&host.address, inner_hosts, &host.ca, inner()).unwrap()).await;
        assert!(matches!(said, Err(Refusal { reason: Reason::Forbidden, .. })), "{inner_hosts:?}: {said:?}");
    }
    // Nor is one whose certificate nobody vouches for.
    let fetch = Fetch::looking_up(customer(&[NAME]), None, Arc::new(Names(inner()))).unwrap();
    let said = super::ask(&fetch, &host.address).await;
    assert!(matches!(said, Err(super::FetchError::Unreachable(_))), "{said:?}");
    assert_eq!(host.asked("/.well-known/openid-configuration") + host.asked("/"), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_address_leads_nowhere_at_any_place() {
    let canary = Arc::new(Canary::sit().await);
    let mut places = tokio::task::JoinSet::new();
    for place in ["issuer", "jwks_uri", "token_endpoint", "userinfo_endpoint"] {
        let canary = canary.clone();
        places.spawn(async move {
            let host = Host::start().await;
            let elsewhere = format!("https://rebind.example:{}/x", canary.port);
            // Public the first time, which is then connected to and nothing else; this machine the second time.
            let told = Told::new(&[&["93.184.216.34"], &["127.0.0.1"]]);
            let issuer = if place == "issuer" { &elsewhere } else { &host.address };
            if place != "issuer" {
                host.name(place, &elsewhere);
            }
            for (nth, reason) in [(1, Reason::Unreachable), (2, Reason::Forbidden), (3, Reason::Forbidden)] {
                // Made anew: an issuer that could not be read is not asked again at once.
                let oidc = oidc(issuer, &[NAME], &host.ca, told.clone()).unwrap();
                let refusal = walk(&oidc).await.unwrap_err();
                assert_eq!(
                    (refusal.reason, told.asked.load(Ordering::SeqCst)),
                    (reason, nth),
                    "{place}: {refusal}"
                );
            }
        });
    }
    while let Some(place) = places.join_next().await {
        place.unwrap();
    }
    assert_eq!(canary.heard(), 0);
}
