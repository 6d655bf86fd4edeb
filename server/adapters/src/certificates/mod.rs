//! The installation's own certificate authority, and the certificates it issues.
//!
//! Customers get `ca.crt` with their credentials and verify the server with it (`sslmode=verify-full`). So the
//! authority is never replaced behind anybody's back: a new one would cut off every client at once.

mod authority;
pub(crate) mod files;
mod server;

use std::{io, path::PathBuf};
use time::OffsetDateTime;

pub use authority::Authority;
pub use server::IssuedServer;

/// What can be wrong with the authority or with what it is asked to issue.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
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
    /// The certificate is there and its key is not.
    #[error(
        "{} is missing, but the certificate {} is there. Put the key back from a backup. If it is lost, remove the \
         certificate too: a new authority is then made, and every customer needs its new ca.crt", key.display(),
        certificate.display()
    )]
    KeyMissing {
        /// Where the key should be.
        key: PathBuf,
        /// The certificate that was found.
        certificate: PathBuf,
    },
    /// A file is not what its name says, or the two files do not belong together.
    #[error("{} cannot be used: {reason}. Put both ca.crt and ca.key back from one backup", path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The authority is past its end.
    #[error(
        "the authority in {} ended on {ended}. Move ca.crt and ca.key away to make a new one; every customer then \
         needs the new ca.crt", path.display()
    )]
    Expired {
        /// Its certificate.
        path: PathBuf,
        /// When it ended.
        ended: OffsetDateTime,
    },
    /// The name of the server is neither a host name nor an address.
    #[error("`{host}` is neither a host name nor an IP address; an example is db.example.com")]
    Host {
        /// What was given.
        host: String,
    },
    /// Making a key or a signature failed.
    #[error("a key or certificate could not be made")]
    Generate(#[from] rcgen::Error),
}
