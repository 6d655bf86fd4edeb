//! The embedded PostgreSQL cluster: the system's own server programs, run by the portal in its data folder.
//!
//! It holds the control database and is the first server that tenants are made on. Starting it is idempotent and
//! survives a portal that was killed at any moment: a server that runs is adopted, what a killed one left is cleared,
//! and a half-made data folder is made anew.

mod address;
mod binaries;
pub mod bootstrap;
mod cluster;
mod configuration;
mod error;
mod home;
mod initialise;
mod log;
mod os_user;
mod postmaster;
mod server;
mod tls;
mod tools;

use std::{net::IpAddr, path::PathBuf};

pub use address::ClusterAddress;
pub use binaries::{Binaries, find_binaries};
pub use cluster::EmbeddedCluster;
pub use error::EmbeddedError;

/// How the embedded cluster is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedSettings {
    /// The portal's data folder (`INNKEEPER_DATA_DIR`); the cluster is kept in `postgres` below it.
    pub data_dir: PathBuf,
    /// The TCP port (`INNKEEPER_EMBEDDED_PORT`).
    pub port: u16,
    /// The addresses to listen on (`INNKEEPER_EMBEDDED_LISTEN`).
    pub listen: Vec<IpAddr>,
    /// The name or address in connection strings and in the certificate (`INNKEEPER_EMBEDDED_HOST`).
    pub host: String,
    /// The folder of the server programs (`INNKEEPER_EMBEDDED_BIN`); else they are found.
    pub binaries: Option<PathBuf>,
}
