//! Clients that only take connections, of the portal and of its PostgreSQL, keep nobody else out.

use innkeeper_tests::{
    Options, Person, Portal,
    tenant::{code, sign_in, value},
    until,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sqlx::ConnectOptions as _;
use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const REFUSED: &str = "no connection can be accepted";

fn port_of(portal: &Portal) -> SocketAddr {
    let url = url::Url::parse(&portal.url()).unwrap();
    (Ipv4Addr::LOCALHOST, url.port().unwrap()).into()
}

async fn connect(from: Ipv4Addr, to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    // So that ports of connections that were just closed do not run out.
    socket.set_reuseaddr(true).unwrap();
    socket.bind((from, 0).into()).unwrap();
    // Reset by the portal, perhaps.
    socket.connect(to).await.ok()
}

/// Opens so many connections and sends this on each.
async fn open(from: Ipv4Addr, to: SocketAddr, count: usize, text: &'static str) -> Vec<TcpStream> {
    let mut opened = Vec::new();
    for batch in (0..count).collect::<Vec<_>>().chunks(100) {
        let one = |_| async move {
            let mut stream = connect(from, to).await?;
            stream.write_all(text.as_bytes()).await.ok()?;
            Some(stream)
        };
        opened.extend(futures::future::join_all(batch.iter().map(one)).await.into_iter().flatten());
    }
    opened
}

/// Whether the other end has neither closed nor reset it.
fn is_open(stream: &TcpStream) -> bool {
    match stream.try_read(&mut [0; 1]) {
        Ok(read) => read > 0,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// The test itself holds the other end of each connection.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

#[tokio::test]
async fn thousands_of_connections_from_one_address_keep_nobody_out() {
    raise_open_files();
    let mut portal = Portal::prepare(&Options::default());
    portal.restart().await;
    let (attacker, to) = (Ipv4Addr::new(127, 0, 0, 2), port_of(&portal));
    let ask = "GET /sign-up HTTP/1.1\r\nHost: a\r\n\r\n";
    let held = open(attacker, to, 4200, ask).await;
    let victim = Person::from(&portal, "jane@acme.example", Ipv4Addr::new(127, 0, 0, 3).into());
    assert_eq!(victim.get("/sign-up").await.status, 200);
    assert_eq!(victim.get("/health").await.status, 200);
    let share = until(30, "the closing of what is over the share", async || {
        let open = held.iter().filter(|stream| is_open(stream)).count();
        (open == 128).then_some(open)
    })
    .await;
    assert!(portal.log().contains("INNKEEPER_LIMIT_CONNECTIONS_PER_ADDRESS"), "{}", portal.log());
    println!("connections: of 4200 from one address {share} were open, and another one was answered");
}

#[tokio::test]
async fn a_portal_with_few_files_can_always_take_a_connection() {
    raise_open_files();
    let mut portal = Portal::prepare(&Options::default().open_files(1024));
    portal.restart().await;
    let to = port_of(&portal);
    let victim = Person::from(&portal, "jane@acme.example", Ipv4Addr::new(127, 0, 1, 1).into());
    let one = open(Ipv4Addr::new(127, 0, 0, 2), to, 1100, "").await;
    assert_eq!(victim.get("/sign-up").await.status, 200);
    drop(one);
    // Below their shares, but more together than there are files: they wait, and leave when they say nothing.
    let mut held = Vec::new();
    for last in 2..13 {
        held.extend(open(Ipv4Addr::new(127, 0, 0, last), to, 100, "").await);
    }
    assert_eq!(victim.get("/health").await.status, 200);
    assert_eq!(victim.get("/sign-up").await.status, 200);
    assert!(!portal.log().contains(REFUSED), "{}", portal.log());
    let said = portal.run(&["doctor"]).await;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("the portal may have only 1024 files open at once"), "{said}");
}

/// Comes to PostgreSQL as one of a tenant's roles, over TLS, up to the moment at which it would have to know the
/// password.
async fn before_the_password(
    to: SocketAddr,
    tls: &TlsConnector,
    role: &str,
    database: &str,
) -> Option<TlsStream<TcpStream>> {
    let mut stream = TcpStream::connect(to).await.ok()?;
    // SSLRequest, and the start of a session (PostgreSQL, 55.7).
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await.ok()?;
    if stream.read_u8().await.ok()? != b'S' {
        return None;
    }
    let mut stream = tls.connect("localhost".try_into().unwrap(), stream).await.ok()?;
    let text = format!("user\0{role}\0database\0{database}\0\0");
    let length = u32::try_from(text.len() + 8).unwrap();
    let start = [&length.to_be_bytes()[..], &196_608_u32.to_be_bytes(), text.as_bytes()].concat();
    stream.write_all(&start).await.ok()?;
    stream.flush().await.ok()?;
    (stream.read_u8().await.ok()? == b'R').then_some(stream)
}

#[tokio::test]
async fn connections_without_a_password_stop_no_page_and_end_by_themselves() {
    raise_open_files();
    let mut portal = Portal::prepare(&Options::default());
    portal.restart().await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let credentials = jane.reveal(&name).await;
    let role = format!("{name}_readonly");
    let mut roots = rustls::RootCertStore::empty();
    let ca = jane.get("/ca.crt").await.body;
    let ca = rustls::pki_types::pem::PemObject::from_pem_slice(&ca).unwrap();
    roots.add(ca).unwrap();
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(tls));
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, portal.database_port()));

    // More than PostgreSQL has room for, and each comes again as soon as it was ended.
    let (stop, stopped) = watch::channel(false);
    let mut attack = JoinSet::new();
    for _ in 0..400 {
        let (tls, role, name, mut stopped) = (tls.clone(), role.clone(), name.clone(), stopped.clone());
        attack.spawn(async move {
            while !*stopped.borrow() {
                match before_the_password(to, &tls, &role, &name).await {
                    // Until the server ends it.
                    Some(mut stream) => drop(stream.read_to_end(&mut Vec::new()).await),
                    // No room: the others have it all.
                    None => {
                        let _ = tokio::time::timeout(Duration::from_millis(500), stopped.changed()).await;
                    }
                }
            }
        });
    }
    let full = async || match portal.superuser("postgres").connect().await {
        Ok(_) => None,
        Err(error) => (code(&error) == "53300").then_some(()),
    };
    until(120, "no room for anybody", full).await;
    let late = Person::new(&portal, "late@acme.example");
    late.sign_up(&portal).await;
    jane.another_browser(&portal).sign_in(&portal).await;
    for page in ["/help", "/t", "/account", "/health"] {
        assert_eq!(late.get(page).await.status, 200, "{page}");
    }
    // As many at once as ask the control database at once: none has to wait for a connection that cannot be had.
    let page = format!("/t/{name}");
    let pages = futures::future::join_all((0..40).map(|_| jane.get(&page))).await;
    let answers: Vec<_> = pages.iter().map(|page| page.status).collect();
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    until(60, "that there still is no room", full).await;

    // Those that are open end by themselves.
    stop.send(true).unwrap();
    let mut customer =
        until(60, "room for a customer", async || sign_in(&credentials.options("app")).await.ok()).await;
    assert_eq!(value(&mut customer, "select 1").await, "1");
    while attack.join_next().await.is_some() {}
}
