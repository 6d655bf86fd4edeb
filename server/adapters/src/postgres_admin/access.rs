//! All that is needed to administer a server.

use innkeeper_domain::connection::Endpoint;
use sqlx::postgres::PgConnectOptions;
use std::{net::IpAddr, path::PathBuf};

/// How the portal's own trials to sign in reach a server.
#[derive(Debug, Clone)]
pub struct ProbeAccess {
    /// Name or address to connect to; the server's certificate must name it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The portal's address as the server sees it.
    pub source: IpAddr,
}

/// All that is needed to administer a server.
pub struct ServerAccess {
    /// A superuser in the maintenance database, over a Unix socket or TCP.
    pub admin: PgConnectOptions,
    /// Where customers reach it.
    pub endpoint: Endpoint,
    /// The certificates (PEM) that its customers trust, and the probe besides the public ones.
    pub ca_certificate: String,
    /// How to try what customers will do.
    pub probe: ProbeAccess,
    /// The control database's name, where it is on this server.
    pub control_database: Option<String>,
    /// Whether its operator has databases and roles of his own on it. Then only what is named as a tenant's things are
    /// can be an orphan.
    pub shared: bool,
    /// The folder in which `pg_dump` is looked for before the usual ones.
    pub programs: Option<PathBuf>,
    /// The folder of its data, where that is on this machine.
    pub data: Option<PathBuf>,
}
