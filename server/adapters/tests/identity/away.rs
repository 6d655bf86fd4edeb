//! A provider that is away is not asked by everybody who waits for it.

use innkeeper_adapters::{
    identity::{Fetch, Oidc, OidcSettings, Rule},
    system::SystemClock,
};
use innkeeper_domain::{
    identity::{ProviderKind, Reason},
    ports::{Asked, IdentityProvider as _},
    secret::Secret,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, task::JoinSet};

#[tokio::test]
async fn of_many_at_once_one_asks() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let answer =
                b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    let settings = OidcSettings {
        kind: ProviderKind::Oidc,
        issuer,
        client_id: "portal".into(),
        client_secret: None,
        trusted_audiences: Vec::new(),
        scopes: Vec::new(),
        groups: "groups".into(),
        graph: String::new(),
    };
    let fetch = Fetch::new(Rule::Operator, None).unwrap();
    let oidc = Arc::new(Oidc::new(settings, fetch, Arc::new(SystemClock)).unwrap());
    let draw = || Secret::new("drawn");
    let question = Asked {
        callback: "https://portal.example/callback".into(),
        state: draw(),
        nonce: draw(),
        verifier: draw(),
        fresh: false,
    };
    let mut waiting = JoinSet::new();
    for _ in 0..20 {
        let (oidc, question) = (oidc.clone(), question.clone());
        waiting.spawn(async move { oidc.start(&question).await });
    }
    let answers = waiting.join_all().await;
    server.abort();
    assert!(answers.into_iter().all(|answer| answer.unwrap_err().reason == Reason::Unreachable));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
