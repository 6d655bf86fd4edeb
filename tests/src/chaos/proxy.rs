//! A proxy between the portals and PostgreSQL that breaks connections as networks do. It sees bytes only: TLS passes.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

/// In which direction bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From a portal to PostgreSQL.
    ToServer,
    /// From PostgreSQL to a portal.
    ToClient,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It works.
    Whole,
    /// Both ends are reset (RST).
    Cut,
    /// One direction ends as by a shutdown (FIN), what still comes for it is thrown away; the other goes on.
    HalfClosed(Way),
    /// Nothing passes until then.
    Frozen(Instant),
    /// One byte a second passes until then.
    Dripping(Instant),
}

type Links = Arc<Mutex<BTreeMap<u16, watch::Sender<Fate>>>>;

/// A listening proxy; dropping it ends all its connections.
pub struct Proxy {
    port: u16,
    links: Links,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on 127.0.0.1 for the server on this port.
    pub async fn start(port: u16, server: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let links = Links::default();
        let task = tokio::spawn(accept(listener, server, links.clone()));
        Ok(Self { port, links, task })
    }

    /// Its own port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The connections there are, by the port from which each comes to the server (`client_port` of
    /// `pg_stat_activity`).
    pub fn links(&self) -> Vec<u16> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Decides over a connection; whether there still is one.
    pub fn decide(&self, link: u16, fate: Fate) -> bool {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.get(&link).is_some_and(|orders| orders.send(fate).is_ok())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        for link in self.links() {
            self.decide(link, Fate::Cut);
        }
    }
}

async fn accept(listener: TcpListener, server: u16, links: Links) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let links = links.clone();
        tokio::spawn(async move {
            // Where no server listens the client sees its connection closed.
            let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
            let Ok(address) = server.local_addr() else { return };
            let (orders, fate) = watch::channel(Fate::Whole);
            let all = || links.lock().unwrap_or_else(PoisonError::into_inner);
            all().insert(address.port(), orders);
            carry(client, server, fate).await;
            all().remove(&address.port());
        });
    }
}

/// Carries bytes both ways until both ends have closed or it is cut.
async fn carry(mut client: TcpStream, mut server: TcpStream, fate: watch::Receiver<Fate>) {
    // As a network does, one packet is not held back for the next.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let mut cut = fate.clone();
    let is_cut = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let both = async {
            tokio::join!(
                pump(from_client, to_server, Way::ToServer, fate.clone()),
                pump(from_server, to_client, Way::ToClient, fate.clone()),
            )
        };
        tokio::select! {
            _ = both => false,
            _ = cut.wait_for(|fate| *fate == Fate::Cut) => true,
        }
    };
    if is_cut {
        // Closed this way a socket sends RST; one that is gone already needs none.
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

/// One direction, until its end. However it ends, the other side is told.
async fn pump(from: ReadHalf<'_>, mut to: WriteHalf<'_>, way: Way, fate: watch::Receiver<Fate>) {
    // Both say that a socket is gone, which is an end as well.
    let _ = pass(from, &mut to, way, fate).await;
    let _ = to.shutdown().await;
}

async fn pass(
    mut from: ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
    way: Way,
    mut fate: watch::Receiver<Fate>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut closed = false;
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read?,
            Ok(()) = fate.changed() => {
                if *fate.borrow_and_update() == Fate::HalfClosed(way) && !closed {
                    to.shutdown().await?;
                    closed = true;
                }
                continue;
            }
        };
        if read == 0 {
            return Ok(());
        }
        if closed {
            continue;
        }
        let mut rest = &buffer[..read];
        let now = *fate.borrow();
        match now {
            Fate::Frozen(end) => sleep_until(end).await,
            Fate::Dripping(end) => {
                while Instant::now() < end && !rest.is_empty() {
                    to.write_all(&rest[..1]).await?;
                    rest = &rest[1..];
                    sleep(Duration::from_secs(1)).await;
                }
            }
            Fate::Whole | Fate::Cut | Fate::HalfClosed(_) => {}
        }
        to.write_all(rest).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, Proxy, Way};
    use crate::{portal::free_port, until};
    use std::{io::ErrorKind, time::Duration};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        time::Instant,
    };

    /// A client, the server's end of its connection, and the proxy between them.
    async fn connected() -> (TcpStream, TcpStream, Proxy, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start(free_port(), listener.local_addr().unwrap().port()).await.unwrap();
        let client = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let link = until(5, "the link", async || proxy.links().pop()).await;
        (client, server, proxy, link)
    }

    #[tokio::test]
    async fn a_cut_connection_is_reset_at_both_ends() {
        let (mut client, mut server, proxy, link) = connected().await;
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'x');
        assert!(proxy.decide(link, Fate::Cut));
        for end in [&mut client, &mut server] {
            assert_eq!(end.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        }
        until(5, "no link", async || proxy.links().is_empty().then_some(())).await;
    }

    #[tokio::test]
    async fn a_half_closed_connection_carries_one_way_only() {
        let (mut client, mut server, proxy, link) = connected().await;
        assert!(proxy.decide(link, Fate::HalfClosed(Way::ToServer)));
        assert_eq!(server.read_u8().await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
        client.write_all(b"into nothing").await.unwrap();
        server.write_all(b"y").await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'y');
    }

    #[tokio::test]
    async fn a_frozen_connection_goes_on_later() {
        let (mut client, mut server, proxy, link) = connected().await;
        let end = Instant::now() + Duration::from_millis(300);
        assert!(proxy.decide(link, Fate::Frozen(end)));
        client.write_all(b"z").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'z');
        assert!(Instant::now() >= end);
    }
}
