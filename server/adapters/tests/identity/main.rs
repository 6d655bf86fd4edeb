//! Where a customer's word can lead the portal: nowhere on this machine or its network, however it is written.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "the counts a test stands for are printed")]

mod away;
mod forms;
mod host;
mod places;

use async_trait::async_trait;
use http::Request;
use innkeeper_adapters::identity::{Fetch, FetchError, Lookup, Rule};
use std::{
    collections::BTreeSet,
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;

/// Hears whoever comes to this machine, on one port of both its own addresses.
struct Canary {
    port: u16,
    heard: Arc<AtomicUsize>,
}

impl Canary {
    async fn sit() -> Self {
        let four = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = four.local_addr().unwrap().port();
        let heard = Arc::new(AtomicUsize::new(0));
        let six = TcpListener::bind(("::1", port)).await.ok();
        for listener in [Some(four), six].into_iter().flatten() {
            let heard = heard.clone();
            tokio::spawn(async move {
                while listener.accept().await.is_ok() {
                    heard.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        Self { port, heard }
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

/// Answers one address after the other, the last one for ever.
struct Told {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Told {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self { answers: answers.iter().map(parse).collect(), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Lookup for Told {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let nth = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        Ok(self.answers[nth].clone())
    }
}

fn customer(inner: &[&str]) -> Rule {
    let inner: BTreeSet<String> = inner.iter().map(|name| (*name).to_owned()).collect();
    Rule::Customer { inner: Arc::new(inner) }
}

async fn ask(fetch: &Fetch, url: &str) -> Result<(), FetchError> {
    let Ok(request) = Request::get(url).body(Vec::new()) else {
        return Err(FetchError::Forbidden("no address".into()));
    };
    fetch.fetch(request).await.map(drop)
}

#[tokio::test]
async fn no_form_of_an_address_leads_to_this_machine() {
    let canary = Canary::sit().await;
    // Names that are not literally addresses are this machine's, too.
    let fetch = Fetch::looking_up(customer(&[]), None, Told::new(&[&["127.0.0.1"]])).unwrap();
    let forms = forms::all(canary.port);
    assert!(forms.len() >= 500, "{} forms", forms.len());
    for form in &forms {
        match ask(&fetch, form).await {
            Err(FetchError::Forbidden(_)) => {}
            other => panic!("{form}: {other:?}"),
        }
    }
    assert_eq!(canary.heard(), 0);
    println!("identity: {} forms of addresses refused, this machine heard nothing", forms.len());
}

#[tokio::test]
async fn one_address_that_may_not_be_asked_is_enough() {
    let canary = Canary::sit().await;
    for answers in
        [&["1.1.1.1", "127.0.0.1"][..], &["::1", "2606:4700::1111"], &["10.0.0.1"], &["169.254.169.254"]]
    {
        let fetch = Fetch::looking_up(customer(&[]), None, Told::new(&[answers])).unwrap();
        let asked = ask(&fetch, &format!("https://issuer.example:{}/", canary.port)).await;
        assert!(matches!(asked, Err(FetchError::Forbidden(_))), "{answers:?}: {asked:?}");
    }
    assert_eq!(canary.heard(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_looked_up_once_for_a_connection() {
    let canary = Canary::sit().await;
    // Nobody speaks for that name at the first one, a public address; whoever looked again before connecting would come
    // here.
    let told = Told::new(&[&["93.184.216.34"], &["127.0.0.1"]]);
    let public = Told::new(&[&["127.0.0.1"]]);
    let fetch = Fetch::looking_up(customer(&[]), None, told.clone()).unwrap();
    let first = ask(&fetch, &format!("https://issuer.example:{}/", canary.port)).await;
    assert!(matches!(first, Err(FetchError::Unreachable(_))), "{first:?}");
    assert_eq!(told.asked.load(Ordering::SeqCst), 1);
    let second = ask(&fetch, &format!("https://issuer.example:{}/", canary.port)).await;
    assert!(matches!(second, Err(FetchError::Forbidden(_))), "{second:?}");
    assert_eq!(canary.heard(), 0);
    // Its twin, which the operator named, comes.
    let fetch = Fetch::looking_up(customer(&["sso.internal"]), None, public).unwrap();
    let inner = ask(&fetch, &format!("https://SSO.internal:{}/", canary.port)).await;
    assert!(matches!(inner, Err(FetchError::Unreachable(_))), "the canary speaks no TLS: {inner:?}");
    assert_eq!(canary.heard(), 1);
}
