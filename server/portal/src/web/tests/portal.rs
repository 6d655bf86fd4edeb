use crate::web::{AppState, Peer, Site, router};
use axum::{Router, body::Body, response::Response};
use http::{Method, Request, StatusCode, header};
use innkeeper_adapters::{
    dns::Resolver,
    identity::CustomerIssuers,
    postgres_admin::ScramVerifier,
    sealing::{MasterKey, MasterKeys, MasterSealer},
    system::{OsRandom, SystemClock},
};
use innkeeper_domain::ids::Ids;
use innkeeper_service::{
    Service, Settings,
    context::{deps::Store, every::LastRuns, providers::Providers, rate_limit::Limits, servers::Servers},
    db::run_events::Changes,
};
use sqlx::{Executor as _, PgPool, postgres::PgPoolOptions};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// A portal's router on the test's database, as the web role.
pub(crate) async fn state(owner: &PgPool, public_url: &str, limits: Limits) -> AppState {
    let random = Arc::new(OsRandom);
    let pool = PgPoolOptions::new()
        .max_connections(4)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute("set role innkeeper_web").await.map(drop) })
        })
        .connect_with((*owner.connect_options()).clone())
        .await
        .unwrap();
    // With the test's own: PostgreSQL waits five seconds for whoever is connected to a database that is dropped.
    let (test, portal) = (owner.clone(), pool.clone());
    tokio::spawn(async move {
        test.close_event().await;
        portal.close().await;
    });
    let service = Service {
        sealer: Arc::new(MasterSealer::new(MasterKeys::of(MasterKey::draw(&OsRandom)), random.clone())),
        changes: Changes::listen(pool.clone()),
        store: Store { pool, ids: Ids::new(Arc::new(SystemClock), random.clone()), random },
        verifier: Arc::new(ScramVerifier),
        providers: Providers::default(),
        issuers: Arc::new(CustomerIssuers::new(BTreeSet::new(), None, String::new(), Arc::new(SystemClock))),
        dns: Arc::new(Resolver::new(None)),
        passkeys: None,
        servers: Servers::default(),
        last_runs: LastRuns::default(),
        settings: Arc::new(Settings {
            public_url: public_url.into(),
            support: None,
            limits,
            local_mailbox: false,
        }),
    };
    let site =
        Site { public_url: public_url.into(), trusted_proxies: Vec::new(), ca_certificate: "PEM\n".into() };
    let (sender, closing) = watch::channel(false);
    // Open for as long as the test lasts: a closed one looks like the portal's end.
    std::mem::forget(sender);
    AppState::new(service, site, None, closing)
}

/// A browser with its cookies.
pub(crate) struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    pub headers: Vec<(&'static str, String)>,
}

/// An answer, read whole.
pub(crate) struct Page {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> String {
        let text = self.text();
        let mark = format!("name=\"{name}\" value=\"");
        let rest = text.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {text}")).1;
        rest.split_once('"').unwrap().0.to_owned()
    }
}

impl Browser {
    /// At a portal of this address with the usual limits.
    pub async fn at(owner: &PgPool, public_url: &str) -> Self {
        Self::of(router(state(owner, public_url, Limits::default()).await, Router::new()))
    }

    pub fn of(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), headers: Vec::new() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, "", "").await
    }

    pub async fn post(&mut self, path: &str, body: impl Into<Vec<u8>>) -> Page {
        self.send(Method::POST, path, "application/x-www-form-urlencoded", body).await
    }

    pub async fn send(&mut self, method: Method, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Page {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "portal.example");
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let mut request = request.body(Body::from(body.into())).unwrap();
        request.extensions_mut().insert(Peer(SocketAddr::from(([203, 0, 113, 9], 4711))));
        let answer = self.router.clone().oneshot(request).await.unwrap();
        self.keep(&answer);
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, 10_000_000).await.unwrap().to_vec();
        Page { status: parts.status, headers: parts.headers, bytes }
    }

    fn keep(&mut self, answer: &Response) {
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value {
                "" => drop(self.cookies.remove(name)),
                value => drop(self.cookies.insert(name.into(), value.into())),
            }
        }
    }
}
