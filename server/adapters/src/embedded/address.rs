//! Where a running cluster is reached: by the portal through its Unix socket, by customers over TCP.

use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::path::{Path, PathBuf};

/// The addresses of a running cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterAddress {
    pub(super) sockets: PathBuf,
    pub(super) port: u16,
    pub(super) host: String,
    pub(super) version: String,
}

impl ClusterAddress {
    /// Options to connect as the superuser. Statements are not logged: some of them hold verifiers of passwords.
    pub fn superuser_options(&self, database: &str) -> PgConnectOptions {
        self.options("postgres", database)
    }

    /// Options to connect as one of the roles the portal is mapped to: the control database's or the superuser.
    pub fn options(&self, role: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.sockets)
            .port(self.port)
            // The socket stays on this machine, and the server knows by it who asks.
            .ssl_mode(PgSslMode::Disable)
            .username(role)
            .database(database)
            .application_name("innkeeper")
            .disable_statement_logging()
    }

    /// The name or address for connection strings; the certificate is for it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The version of the running server, such as `15.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The folder of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.sockets
    }
}
