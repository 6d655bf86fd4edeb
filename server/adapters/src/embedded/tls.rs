//! The server's certificate: issued where it is missing or due.

use super::{EmbeddedError, error::file, home::Home, tools::Tools};
use crate::certificates::{
    Authority,
    files::{self, Access},
};
use innkeeper_domain::secret::Secret;
use time::OffsetDateTime;

/// Sees that the server has a good certificate for this host. Says whether anything was written, so that a running
/// server has to read it.
///
/// The two files cannot be replaced as one. If a crash leaves a key and a certificate that do not belong together, the
/// next start finds the pair due.
pub(super) fn ensure(
    home: &Home,
    tools: &Tools,
    host: &str,
    authority: &Authority,
    now: OffsetDateTime,
) -> Result<bool, EmbeddedError> {
    let [certificate, key, ca] = ["server.crt", "server.key", "ca.crt"].map(|name| home.tls().join(name));
    let read = |path| files::read_if_there(path).map_err(file(path, "read"));
    let write = |path, text: &str, access| {
        files::replace(path, text.as_bytes(), access).map_err(file(path, "written"))
    };

    let mut written = false;
    if read(&ca)?.as_deref() != Some(authority.certificate_pem()) {
        write(&ca, authority.certificate_pem(), Access::own(0o644))?;
        written = true;
    }
    let current_key = Secret::new(read(&key)?.unwrap_or_default());
    let current = read(&certificate)?.unwrap_or_default();
    if authority.server_certificate_due(&current, &current_key, host, now) {
        let issued = authority.issue_server(host, now)?;
        write(&key, issued.key_pem.expose(), Access { mode: 0o600, owner: tools.owner() })?;
        write(&certificate, &issued.certificate_pem, Access::own(0o644))?;
        written = true;
    }
    Ok(written)
}
