//! The HTTP server and its limits, over real sockets.

use crate::web::{Peer, ServerLimits, listen};
use axum::{Extension, Router, body::Body, routing::get};
use bytes::Bytes;
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, watch},
    task::JoinHandle,
    time::timeout,
};

const LONG: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    close: watch::Sender<bool>,
    task: JoinHandle<()>,
}

async fn run(router: Router, limits: ServerLimits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (close, closing) = watch::channel(false);
    Running { address, close, task: tokio::spawn(listen(listener, router, limits, closing)) }
}

async fn say(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn hear(mut stream: TcpStream) -> String {
    let mut text = String::new();
    timeout(LONG, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    text
}

#[tokio::test]
async fn a_client_that_never_finishes_its_head_is_cut_off() {
    let limits = ServerLimits { head: Duration::from_millis(100), ..ServerLimits::default() };
    let running = run(Router::new(), limits).await;
    let stream = say(running.address, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await;
    assert!(!hear(stream).await.contains("200 OK"));
    let silent = TcpStream::connect(running.address).await.unwrap();
    assert_eq!(hear(silent).await, "");
}

#[tokio::test]
async fn a_request_under_way_is_finished_and_no_other_begun() {
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let marks = (entered.clone(), leave.clone());
    let slow = move || {
        let (entered, leave) = marks.clone();
        async move {
            entered.notify_one();
            leave.notified().await;
            "done"
        }
    };
    let running = run(Router::new().route("/", get(slow)), ServerLimits::default()).await;
    let stream = say(running.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    timeout(LONG, entered.notified()).await.unwrap();
    running.close.send(true).unwrap();
    leave.notify_one();
    let text = hear(stream).await;
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.ends_with("done"), "{text}");
    timeout(LONG, running.task).await.unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_keep_the_portal() {
    let entered = Arc::new(Notify::new());
    let mark = entered.clone();
    let stuck = move || {
        let mark = mark.clone();
        async move {
            mark.notify_one();
            std::future::pending::<&'static str>().await
        }
    };
    let limits = ServerLimits { farewell: Duration::from_millis(100), ..ServerLimits::default() };
    let running = run(Router::new().route("/", get(stuck)), limits).await;
    let _stream = say(running.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    timeout(LONG, entered.notified()).await.unwrap();
    running.close.send(true).unwrap();
    timeout(LONG, running.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn each_request_knows_its_peer_and_connections_are_counted() {
    let router = Router::new().route("/", get(async |Extension(peer): Extension<Peer>| peer.0.to_string()));
    let running = run(router, ServerLimits { connections: 1, ..ServerLimits::default() }).await;
    let first = say(running.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let own = first.local_addr().unwrap().to_string();
    // Waits in the system's queue until the first has gone.
    let second = say(running.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(hear(first).await.ends_with(&own));
    assert!(hear(second).await.starts_with("HTTP/1.1 200 OK"));
}

const ASK: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A connection from an address of this machine.
async fn from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let router = Router::new().route("/", get(async || "done"));
    let limits = ServerLimits { connections: 8, per_address: 4, head: LONG * 100, ..ServerLimits::default() };
    let running = run(router, limits).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = from("127.0.0.2", running.address).await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        // Taken, for it is answered; what comes is left unread but for a byte.
        timeout(LONG, stream.read_u8()).await.unwrap().unwrap();
        held.push(stream);
    }
    for _ in 0..20 {
        let mut stream = from("127.0.0.2", running.address).await;
        // Its end, or that it was reset.
        let ended = timeout(LONG, stream.read_u8()).await.unwrap();
        assert!(ended.is_err(), "more than its share");
    }
    let mut victim = from("127.0.0.3", running.address).await;
    victim.write_all(ASK.replace("Host", "Connection: close\r\nHost").as_bytes()).await.unwrap();
    assert!(hear(victim).await.ends_with("done"));
    // What it gives back it may take again.
    drop(held.pop());
    loop {
        let mut stream = from("127.0.0.2", running.address).await;
        if stream.write_all(ASK.as_bytes()).await.is_ok() && stream.read_u8().await.is_ok() {
            break;
        }
    }
}

#[tokio::test]
async fn a_trusted_proxy_has_no_share() {
    let router = Router::new().route("/", get(async || "done"));
    let proxies = vec!["127.0.0.2/32".parse().unwrap()];
    let running = run(router, ServerLimits { per_address: 1, proxies, ..ServerLimits::default() }).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut stream = from("127.0.0.2", running.address).await;
        stream.write_all(ASK.as_bytes()).await.unwrap();
        timeout(LONG, stream.read_u8()).await.unwrap().unwrap();
        held.push(stream);
    }
}

#[tokio::test]
async fn who_reads_nothing_is_cut_off_also_from_a_stream() {
    struct Left(Arc<Notify>);
    impl Drop for Left {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let left = Arc::new(Notify::new());
    let mark = left.clone();
    let endless = move || {
        let left = Left(mark.clone());
        let pieces = futures::stream::repeat_with(move || {
            // The stream's own, and dropped with it.
            let _ = &left;
            Ok::<_, Infallible>(Bytes::from_static(&[b'a'; 1 << 14]))
        });
        async move { Body::from_stream(pieces) }
    };
    let limits = ServerLimits { write: Duration::from_millis(200), ..ServerLimits::default() };
    let running = run(Router::new().route("/", get(endless)), limits).await;
    let stream = say(running.address, ASK).await;
    timeout(LONG, left.notified()).await.unwrap();
    drop(stream);
}
