use super::{external::ExternalError, providers::ProviderError};
use innkeeper_adapters::{
    certificates::CertificateError,
    embedded::{EmbeddedError, bootstrap::BootstrapError},
    mail::MailUrlError,
    sealing::MasterKeyError,
};
use innkeeper_domain::ports::ServerError;
use std::{io, net::SocketAddr, path::PathBuf};

/// Why the portal did not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the data folder {} cannot be made or protected. Set INNKEEPER_DATA_DIR, for example to /var/lib/innkeeper", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The address is taken, or not one of this machine.
    #[error(
        "cannot listen on {address}. Is another portal running? Set INNKEEPER_LISTEN, for example to 127.0.0.1:8081"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A provider of identity cannot be worked with.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The process could not be set up.
    #[error("{doing}")]
    Process {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The installation's certificate authority.
    #[error("the installation's certificate authority")]
    Certificate(#[from] CertificateError),
    /// The embedded cluster.
    #[error("the embedded cluster")]
    Embedded(#[from] EmbeddedError),
    /// Roles and database of the control database.
    #[error("the control database")]
    Bootstrap(#[from] BootstrapError),
    /// The server of the URL.
    #[error(transparent)]
    External(#[from] ExternalError),
    /// The control database could not be reached or asked.
    #[error("the control database could not be reached as {role}")]
    Connect {
        /// As which role.
        role: &'static str,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The control database has another shape than this program knows.
    #[error(
        "the control database could not be brought up to date. A database that a newer portal has migrated needs that portal"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The master key.
    #[error("the master key")]
    MasterKey(#[from] MasterKeyError),
    /// The certificate by which customers check their server: of the URL's `sslrootcert`, or the installation's own.
    #[error("the certificate {} cannot be read", path.display())]
    RootCertificate {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The local mailbox.
    #[error("the local mailbox {} cannot be made", path.display())]
    Mailbox {
        /// Its folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folder of backups.
    #[error("the folder of backups {} cannot be made", path.display())]
    Backups {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The mail server's URL.
    #[error(transparent)]
    MailUrl(#[from] MailUrlError),
    /// The first server for tenants.
    #[error("the first server")]
    Server(#[from] ServerError),
    /// A row of the control database.
    #[error(transparent)]
    Service(#[from] innkeeper_service::Error),
    /// Work in the background ended although it never should.
    #[error("{0} ended, which it never should; the log says why. Start the portal again")]
    WorkerEnded(&'static str),
}
