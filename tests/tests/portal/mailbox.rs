//! The local mailbox is for who has the link that the portal prints, and for nobody behind a proxy.

use innkeeper_tests::{Options, Person, Portal, until};
use reqwest::Method;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// The path and query of the link in what the portal has printed so far, the newest.
fn link(portal: &Portal) -> String {
    let start = format!("{}/dev/mailbox?token=", portal.url());
    let log = portal.log();
    let line = log.lines().rev().find(|line| line.starts_with(&start));
    line.unwrap_or_else(|| panic!("no link in {log}")).trim_start_matches(&portal.url()).to_owned()
}

/// What nginx does with `proxy_pass http://127.0.0.1:PORT` and nothing else: another Host, no header of its own, HTTP/1.0.
async fn plain_proxy(portal: &Portal) -> SocketAddr {
    let to = portal.url().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = vec![0; 16_384];
            let read = client.read(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let (first, rest) = text.split_once("\r\n").unwrap();
            let rest = rest.lines().filter(|line| !line.to_ascii_lowercase().starts_with("host:"));
            let rest: String = rest.map(|line| format!("{line}\r\n")).collect();
            let mut server = TcpStream::connect(&to).await.unwrap();
            let first = first.replace("HTTP/1.1", "HTTP/1.0");
            let asked = format!("{first}\r\nHost: {to}\r\nConnection: close\r\n{rest}");
            server.write_all(asked.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).await.unwrap();
            client.write_all(&answer).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn the_mailbox_opens_by_its_link_only() {
    let mut portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.ask_for_mail(&portal, "/sign-up").await;
    let mail = portal.mailbox.to(&jane.email).remove(0);
    let mail = format!("/dev/mailbox/{}", mail.file);
    for path in ["/dev/mailbox", mail.as_str(), "/dev/mailbox?token=", "/dev/mailbox?token=1"] {
        jane.get(path).await.is_problem(404);
    }
    let hint = jane.get("/verify").await.html().text();
    assert!(hint.contains("mailbox link that the portal printed"), "{hint}");

    let link = link(&portal);
    let (_, token) = link.split_once('=').unwrap();
    assert_eq!(token.len(), 64);
    let entered = jane.get(&link).await;
    assert_eq!(entered.leads_to(), "/dev/mailbox");
    let cookie = entered.header("set-cookie");
    for part in ["innkeeper-mailbox=", "; HttpOnly", "; SameSite=Lax", "; Path=/dev/mailbox"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(token), "the cookie is not the link");
    assert_eq!(
        (entered.header("referrer-policy"), entered.header("cache-control")),
        ("no-referrer", "no-store")
    );
    assert!(jane.get("/dev/mailbox").await.html().text().contains(&jane.email));
    let shown = jane.get(&mail).await;
    assert_eq!((shown.status, shown.header("referrer-policy")), (200, "no-referrer"));
    assert!(shown.header("cache-control").contains("no-store"));

    // Behind a proxy it is not there, with the cookie and with the link.
    for header in
        ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via", "CF-Connecting-IP"]
    {
        for path in ["/dev/mailbox", mail.as_str(), link.as_str()] {
            jane.ask(Method::GET, path, &[(header, "127.0.0.1")], None).await.is_problem(404);
        }
    }
    // Nor for who comes by one that adds nothing.
    let outside =
        Person::new(&portal, "eve@evil.example").at_site(&format!("http://{}", plain_proxy(&portal).await));
    assert_eq!(outside.get("/sign-up").await.status, 200);
    for path in ["/dev/mailbox", mail.as_str(), link.as_str()] {
        outside.get(path).await.is_problem(404);
    }

    // Another start, another link; and neither stands in the log.
    portal.stop().await;
    portal.restart().await;
    jane.get("/dev/mailbox").await.is_problem(404);
    jane.get(&link).await.is_problem(404);
    let again = self::link(&portal);
    assert_ne!(again, link);
    assert_eq!(jane.get(&again).await.leads_to(), "/dev/mailbox");
    let logged = until(10, "the log", async || {
        let log = std::fs::read_to_string(portal.folder().join("stderr.log")).ok()?;
        log.contains("/dev/mailbox").then_some(log)
    })
    .await;
    for link in [link, again] {
        assert!(!logged.contains(link.split_once('=').unwrap().1));
    }
}
