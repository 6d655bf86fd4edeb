//! The HTTP server: connections are taken, limited and, at the end, let finish.

mod deadline;
mod share;

use self::{deadline::WriteDeadline, share::Shares};
use super::Peer;
use axum::{Router, body::Body};
use http::Request;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use ipnet::IpNet;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::Instant,
};
use tower::ServiceExt as _;

/// How many connections the server takes, and how long each may do nothing.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Connections at the same time; more wait in the system's queue.
    pub connections: usize,
    /// Connections of one client address at the same time; more are closed at once.
    pub per_address: usize,
    /// Whose connections are counted only in all.
    pub proxies: Vec<IpNet>,
    /// How long a client may take for the head of a request, or stay without asking for anything.
    pub head: Duration,
    /// How long a client may leave unread what it is sent.
    pub write: Duration,
    /// How long requests under way may take once the portal ends.
    pub farewell: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            per_address: 128,
            proxies: Vec::new(),
            head: Duration::from_secs(15),
            write: Duration::from_secs(30),
            farewell: Duration::from_secs(10),
        }
    }
}

/// How often it is said that somebody has too many connections.
const SAY_AGAIN: Duration = Duration::from_mins(1);

/// Serves until `closing` turns true; then takes no more connections and waits for the requests under way.
pub async fn listen(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    mut closing: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let shares = Shares::new(limits.per_address, &limits.proxies);
    let mut said: Option<Instant> = None;
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    loop {
        let accepted = async {
            // The semaphore is never closed, so this is a place or an endless wait.
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                refused(&error).await;
                continue;
            }
        };
        let Some(share) = shares.take(peer.ip()) else {
            drop(stream);
            if said.is_none_or(|said| said.elapsed() > SAY_AGAIN) {
                said = Some(Instant::now());
                too_many(peer, limits.per_address);
            }
            continue;
        };
        let stream = TokioIo::new(WriteDeadline::new(stream_of(stream), limits.write));
        let connection = builder.serve_connection(stream, service(&router, peer)).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // Clients leave in the middle of things all the time.
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
            drop((place, share));
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.farewell, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            "requests were still under way after {} s; they are cut off",
            limits.farewell.as_secs()
        );
    }
}

/// Small answers go out at once instead of waiting for more.
fn stream_of(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    stream
}

type Incoming = hyper::body::Incoming;

fn service(
    router: &Router,
    peer: SocketAddr,
) -> TowerToHyperService<
    impl tower::Service<
        Request<Incoming>,
        Response = axum::response::Response,
        Error = std::convert::Infallible,
        Future: Send,
    > + Clone
    + Send
    + use<>,
> {
    let service = router.clone().map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request
    });
    TowerToHyperService::new(service)
}

fn too_many(peer: SocketAddr, most: usize) {
    tracing::warn!(
        client = %peer.ip(),
        "more than {most} connections from one address: further ones are closed. If this is a proxy, add it to \
         INNKEEPER_TRUSTED_PROXIES; otherwise raise INNKEEPER_LIMIT_CONNECTIONS_PER_ADDRESS if it needs more"
    );
}

/// A client that left between is nothing; without file descriptors, accepting at once again would only burn the
/// processor.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "no connection can be accepted; trying again in 1 s");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
