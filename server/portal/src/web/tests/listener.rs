//! The door, over real sockets.

use crate::web::{Door, Peer, listen};
use axum::{Extension, Router, routing::get};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
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

async fn run(router: Router, door: Door) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (close, closing) = watch::channel(false);
    Running { address, close, task: tokio::spawn(listen(listener, router, door, closing)) }
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
    let door = Door { head: Duration::from_millis(100), ..Door::default() };
    let running = run(Router::new(), door).await;
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
    let running = run(Router::new().route("/", get(slow)), Door::default()).await;
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
    let door = Door { farewell: Duration::from_millis(100), ..Door::default() };
    let running = run(Router::new().route("/", get(stuck)), door).await;
    let _stream = say(running.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    timeout(LONG, entered.notified()).await.unwrap();
    running.close.send(true).unwrap();
    timeout(LONG, running.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn each_request_knows_its_peer_and_connections_are_counted() {
    let router = Router::new().route("/", get(async |Extension(peer): Extension<Peer>| peer.0.to_string()));
    let running = run(router, Door { connections: 1, ..Door::default() }).await;
    let first = say(running.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let own = first.local_addr().unwrap().to_string();
    // Waits in the system's queue until the first has gone.
    let second = say(running.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(hear(first).await.ends_with(&own));
    assert!(hear(second).await.starts_with("HTTP/1.1 200 OK"));
}
