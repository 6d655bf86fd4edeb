//! What can go wrong with the embedded cluster, in words for the operator.

use crate::certificates::CertificateError;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

/// Why the embedded cluster could not be found, made, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// A file or folder could not be read or written.
    #[error("{} could not be {what}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What was tried, in the past tense.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The path of the data folder cannot stand in PostgreSQL's settings.
    #[error(
        "the data folder {path:?} cannot be used: {reason}. Set INNKEEPER_DATA_DIR, for example to /var/lib/innkeeper"
    )]
    Path {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another portal drives this cluster.
    #[error(
        "the data folder {} is in use by another portal ({holder}). One portal drives an embedded cluster; several \
         need INNKEEPER_DATABASE_URL", data_dir.display()
    )]
    InUse {
        /// The data folder.
        data_dir: PathBuf,
        /// The process id the other one left, or words to that effect.
        holder: String,
    },
    /// There are no server programs.
    #[error(
        "no PostgreSQL server programs (initdb, pg_ctl, postgres) of version 15 to 18 were found; found: {found}. \
         Install them with `apt-get install postgresql`, or name their folder in INNKEEPER_EMBEDDED_BIN, for example \
         /usr/lib/postgresql/15/bin"
    )]
    BinariesMissing {
        /// Folders and versions that were found and do not serve, or "none".
        found: String,
    },
    /// The data was made by a version of which there are no programs.
    #[error(
        "the cluster in {} was made by PostgreSQL {cluster} and needs its programs; found: {found}. Install them with \
         `apt-get install postgresql-{cluster}`, or name their folder in INNKEEPER_EMBEDDED_BIN", path.display()
    )]
    ClusterVersion {
        /// The cluster's folder.
        path: PathBuf,
        /// Its major version.
        cluster: u16,
        /// Folders and versions that were found.
        found: String,
    },
    /// Started by root, and there is nobody the server may run as.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `innkeeper`. Make one with `useradd \
         --system --user-group --no-create-home --shell /usr/sbin/nologin innkeeper`"
    )]
    NoUser,
    /// A user id without a name, which PostgreSQL cannot work with.
    #[error("the user id {id} has no name on this machine; PostgreSQL needs one (a line in /etc/passwd)")]
    NamelessUser {
        /// The id.
        id: u32,
    },
    /// The data belongs to someone else.
    #[error("{} belongs to the user id {owner}; start the portal as that user or as root", path.display())]
    NotOwner {
        /// The cluster's folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The user the server runs as cannot get to the data.
    #[error(
        "the user {user}, as whom PostgreSQL runs, cannot enter {}: a folder on the way is closed to others. Open it \
         with `chmod o+x`, or set INNKEEPER_DATA_DIR, for example to /var/lib/innkeeper", path.display()
    )]
    Unreachable {
        /// The folder.
        path: PathBuf,
        /// The user.
        user: String,
    },
    /// A program could not be run at all.
    #[error("{} could not be run as the user {user}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// As whom.
        user: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("{} failed: {output}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// The end of what it said.
        output: String,
    },
    /// A program did not end in time.
    #[error("{} did not finish within {seconds} s", program.display())]
    Deadline {
        /// The program.
        program: PathBuf,
        /// How long it had.
        seconds: u64,
    },
    /// Something else listens where the cluster should.
    #[error("{address} is taken by another program. Set INNKEEPER_EMBEDDED_PORT to a free port, for example {}", other_port(*address))]
    PortTaken {
        /// Where.
        address: SocketAddr,
    },
    /// The address is not one of this machine, or may not be used.
    #[error(
        "the embedded cluster cannot listen on {address}. Set INNKEEPER_EMBEDDED_LISTEN, for example to 127.0.0.1"
    )]
    Listen {
        /// The address.
        address: IpAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server did not come up.
    #[error("the embedded PostgreSQL server did not start: {reason}. Its last lines:\n{log}")]
    NotStarted {
        /// What was seen.
        reason: String,
        /// The end of its log.
        log: String,
    },
    /// Parts of a killed server do not go away.
    #[error("processes of a killed PostgreSQL server still use {}: {pids:?}. End them, then start again", path.display())]
    Remains {
        /// The cluster's folder.
        path: PathBuf,
        /// Their process ids.
        pids: Vec<i32>,
    },
    /// The server answered a question of the portal with an error.
    #[error("the embedded PostgreSQL server could not be asked {what}")]
    Query {
        /// What was asked.
        what: &'static str,
        /// Its answer.
        #[source]
        source: sqlx::Error,
    },
    /// The server's certificate could not be issued.
    #[error("the certificate of the embedded PostgreSQL server could not be issued")]
    Certificate(#[from] CertificateError),
}

/// Builds the error of a file operation.
pub(super) fn file(path: impl Into<PathBuf>, what: &'static str) -> impl FnOnce(io::Error) -> EmbeddedError {
    let path = path.into();
    move |source| EmbeddedError::File { path, what, source }
}

fn other_port(address: SocketAddr) -> u16 {
    address.port().checked_add(1).unwrap_or(54330)
}
