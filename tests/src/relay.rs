//! Connections from an address of this machine's choice: customers come from somewhere else than the portal.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
};

/// Whoever connects to it reaches a port of this machine, and comes from the relay's address. Dropping it ends its
/// connections.
pub struct Relay {
    port: u16,
    _work: JoinSet<()>,
}

impl Relay {
    /// A relay from one of 127.0.0.0/8 to a port of 127.0.0.1.
    pub async fn start(from: Ipv4Addr, to: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut work = JoinSet::new();
        work.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    // What went wrong with a connection its client is told by its end.
                    let _ = carry(&mut client, from, to).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { port, _work: work }
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

async fn carry(client: &mut TcpStream, from: Ipv4Addr, to: u16) -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    let mut server = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, to))).await?;
    copy_bidirectional(client, &mut server).await.map(drop)
}
