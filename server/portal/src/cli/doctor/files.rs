//! The data folder, the master key and the certificates.

use crate::{
    cli::report::Report,
    config::Config,
    startup::{CA, explain, is_private, open_files},
};
use innkeeper_adapters::sealing::{MasterKeyError, MasterKeys};
use innkeeper_app::components::words;
use std::{
    fs,
    path::{Path, PathBuf},
};
use time::OffsetDateTime;
use x509_parser::pem::parse_x509_pem;

/// A server's certificate is renewed a month before its end; with less than this something keeps it from that.
const SERVER_CERTIFICATE: time::Duration = time::Duration::days(14);
/// A new authority means new files for every customer: time enough to tell them.
const AUTHORITY: time::Duration = time::Duration::days(180);

pub(super) fn files(config: &Config, report: &mut Report) {
    report.looked_at.push("data folder and master key");
    let folder = &config.data_dir;
    match is_private(folder) {
        Ok(true) => {}
        Ok(false) => report.found(
            format!("others may look into the data folder {}", folder.display()),
            "Keys and e-mails are stored there.",
            format!("Run `chmod go-rw {}`.", folder.display()),
        ),
        Err(error) => report.blind(
            format!("the data folder {} cannot be read: {error}", folder.display()),
            "Without it there is no portal, or this command runs as somebody else than the portal.",
            "Run this as the portal's user, in its working folder or with its INNKEEPER_DATA_DIR.",
        ),
    }
    let why = "Without the right key no waiting credentials can be viewed and no waiting e-mail can be sent.";
    match MasterKeys::load(&config.master_key_file) {
        Ok(_) => {}
        Err(MasterKeyError::Read { cause, .. }) if cause.kind() != std::io::ErrorKind::NotFound => {
            let what = format!("the master key {} cannot be read: {cause}", config.master_key_file.display());
            report.blind(what, why, "Run this as the portal's user.");
        }
        Err(error) => report.found(
            explain(&error),
            why,
            "Put the key back from its backup, closed to others (mode 0600).",
        ),
    }
}

/// With fewer open files than this, few addresses can keep everybody else out: 4096 connections, and 256 for all else.
const OPEN_FILES: usize = 4352;

/// Whether the portal may have enough files open: each connection is one.
pub(super) fn limits(config: &Config, report: &mut Report) {
    report.looked_at.push("open files");
    let files = of_the_portal(config).unwrap_or_else(open_files);
    if files < OPEN_FILES {
        report.found(
            format!("the portal may have only {files} files open at once"),
            "Each connection of a browser is one: a few clients can keep all others out.",
            format!(
                "Raise the limit to {OPEN_FILES} or more (LimitNOFILE= of a systemd unit, `ulimit -Hn` of the shell that \
                 starts the portal), and start it again."
            ),
        );
    }
}

/// The limit of the portal that runs on this data folder, where one does.
fn of_the_portal(config: &Config) -> Option<usize> {
    let pid = fs::read_to_string(config.data_dir.join("portal.lock")).ok()?;
    let process = Path::new("/proc").join(pid.trim());
    // The file stays when its portal has gone, and another program may have the number by now.
    let name = fs::read_to_string(process.join("comm")).ok()?;
    let limits = fs::read_to_string(process.join("limits")).ok().filter(|_| name.trim() == "innkeeper")?;
    soft_limit(&limits)
}

fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        files => files.parse().ok(),
    }
}

/// The certificate files of the configuration, with the time before their end at which something is wrong.
fn certificate_files(config: &Config) -> Vec<(&'static str, PathBuf, time::Duration)> {
    match &config.database_url {
        None => vec![
            ("certificate authority", config.data_dir.join(CA).join("ca.crt"), AUTHORITY),
            ("server certificate", config.data_dir.join("postgres/tls/server.crt"), SERVER_CERTIFICATE),
        ],
        Some(_) => Vec::new(),
    }
}

pub(super) fn certificates(config: &Config, now: OffsetDateTime, report: &mut Report) {
    let files = certificate_files(config);
    if files.is_empty() {
        return;
    }
    report.looked_at.push("certificates");
    let why = "Customers' programs refuse a server whose certificate is over.";
    for (name, path, early) in files {
        match end_of(&path) {
            Ok(end) if end - now > early => {}
            Ok(end) => report.found(
                format!("the {name} {} ends on {}", path.display(), words::day(end)),
                why,
                "The portal renews server certificates by itself: look in its log. Plan a new authority with your customers.",
            ),
            Err(error) => report.blind(
                format!("the {name} {} cannot be read: {error}", path.display()),
                why,
                "Start the portal once; it makes what is missing. Run this as the portal's user.",
            ),
        }
    }
}

/// Files in the data folder that belong to nothing.
pub(super) fn leftovers(config: &Config, report: &mut Report) {
    report.looked_at.push("left-over files");
    match crate::cli::orphan::leftovers(config) {
        Ok(found) => {
            for orphan in found {
                let why = "Unknown files are never cleaned up, and may hold what others should not read.";
                report.found(format!("{}: {}", orphan.place, orphan.what), why, orphan.advice);
            }
        }
        Err(error) => report.blind(
            format!("the data folder {} cannot be looked through: {error}", config.data_dir.display()),
            "What killed portals left is not seen.",
            "Run this as the portal's user.",
        ),
    }
}

/// When a certificate ends.
fn end_of(path: &Path) -> Result<OffsetDateTime, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let (_, pem) = parse_x509_pem(&text).map_err(|error| error.to_string())?;
    let certificate = pem.parse_x509().map_err(|error| error.to_string())?;
    Ok(certificate.validity().not_after.to_datetime())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_read() {
        let own = fs::read_to_string("/proc/self/limits").unwrap();
        assert!(soft_limit(&own).is_some_and(|files| files > 0), "{own}");
        let of = |line: &str| soft_limit(&format!("Limit  Soft Limit  Hard Limit  Units\n{line}\n"));
        assert_eq!(
            of("Max open files            1024                 524288               files"),
            Some(1024)
        );
        assert_eq!(
            of("Max open files            unlimited            unlimited            files"),
            Some(usize::MAX)
        );
        assert_eq!(of("Max processes             1024                 1024                 processes"), None);
    }
}
