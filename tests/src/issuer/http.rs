//! HTTP as far as the tests' own servers need it: one request a connection, and answers that may be broken on purpose.

use super::{Answer, Body};
use std::{collections::HashMap, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What was asked.
#[derive(Debug)]
pub struct Request {
    /// The path.
    pub path: String,
    /// All lines above the body.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Request {
    /// A header; empty where there is none.
    pub fn header(&self, wanted: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map_or("", |(_, value)| value)
    }

    /// The body as a form.
    pub fn form(&self) -> HashMap<String, String> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

/// Answers on a port of this machine as long as the test runs; its address, without a slash at its end.
pub async fn serve(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let Some(request) = read(&mut stream).await else { return };
                let answer = answer(&request);
                // The portal may have heard enough.
                let _ = send(&mut stream, answer).await;
            });
        }
    });
    address
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut got = Vec::new();
    let end = loop {
        if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut got).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&got[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    while got.len() < end + 4 + length.unwrap_or(0) {
        if stream.read_buf(&mut got).await.ok()? == 0 {
            return None;
        }
    }
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Request { path, head, body: String::from_utf8_lossy(&got[end + 4..]).into_owned() })
}

async fn send(stream: &mut TcpStream, answer: Answer) -> std::io::Result<()> {
    let (bytes, whole) = match answer.body {
        Body::Json(value) => (value.to_string().into_bytes(), true),
        Body::Bytes(bytes) => (bytes, true),
        Body::Padded(blanks, value) => ([vec![b' '; blanks], value.to_string().into_bytes()].concat(), true),
        Body::Silence => std::future::pending().await,
        Body::Cut(value) => (value.to_string().into_bytes(), false),
    };
    let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {} Answer\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        answer.status,
        bytes.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let sent = if whole { &bytes[..] } else { &bytes[..bytes.len() / 2] };
    stream.write_all(sent).await?;
    stream.shutdown().await
}
