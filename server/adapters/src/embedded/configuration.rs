//! The server's settings: what is the portal's, and what stays the operator's.

use super::{
    EmbeddedError, EmbeddedSettings,
    bootstrap::{DATABASE, OWNER_ROLE, WEB_ROLE, WORKER_ROLE},
    error::file,
    home::Home,
    os_user::OsUser,
};
use crate::certificates::files::{self, Access};
use innkeeper_domain::hba;
use std::{fmt::Write as _, fs, net::IpAddr, path::Path};

/// The line of `postgresql.conf` by which the portal's settings are read. The path is relative to that file, so that
/// the data folder can be moved.
const INCLUDE: &str = "include '../innkeeper.conf'";

/// Writes the settings and who is who; both are the portal's and are made anew at each start.
pub(super) fn write(
    home: &Home,
    settings: &EmbeddedSettings,
    users: [&OsUser; 2],
) -> Result<(), EmbeddedError> {
    for (name, text) in [("innkeeper.conf", render(home, settings)), ("pg_ident.conf", identities(users))] {
        let path = home.root.join(name);
        files::replace(&path, text.as_bytes(), Access::own(0o644)).map_err(file(&path, "written"))?;
    }
    Ok(())
}

/// Gives a cluster that was just made its access rules: the portal's lines and nothing else.
pub(super) fn write_first_rules(cluster: &Path, owner: Option<(u32, u32)>) -> Result<(), EmbeddedError> {
    let path = cluster.join("pg_hba.conf");
    let text = with_rules("").unwrap_or_default();
    files::replace(&path, text.as_bytes(), Access { mode: 0o600, owner }).map_err(file(&path, "written"))
}

/// Sees that the lines the portal depends on stand in the cluster's own files, and leaves those files alone if so.
pub(super) fn ensure_lines(cluster: &Path, owner: Option<(u32, u32)>) -> Result<(), EmbeddedError> {
    let ensure = |name: &str, add: fn(&str) -> Option<String>| {
        let path = cluster.join(name);
        let text = fs::read_to_string(&path).map_err(file(&path, "read"))?;
        match add(&text) {
            Some(text) => {
                let access = Access { mode: 0o600, owner };
                files::replace(&path, text.as_bytes(), access).map_err(file(&path, "written"))
            }
            None => Ok(()),
        }
    };
    ensure("postgresql.conf", with_include)?;
    ensure("pg_hba.conf", with_rules)
}

/// The operator's rules: the portal's roles come in through the Unix socket, as users of this machine that the map
/// `innkeeper` names. Nobody comes in over the network unless a line says so.
fn rules() -> [String; 2] {
    [
        "local all postgres peer map=innkeeper".to_owned(),
        format!("local {DATABASE} {OWNER_ROLE},{WEB_ROLE},{WORKER_ROLE} peer map=innkeeper"),
    ]
}

/// The text with the missing rules behind the tenants' block, or nothing if none is missing.
fn with_rules(text: &str) -> Option<String> {
    let mut missing = rules().to_vec();
    missing.retain(|rule| !text.lines().any(|line| line.trim() == rule));
    if missing.is_empty() {
        return None;
    }
    let added = missing.join("\n") + "\n";
    let block = hba::find_block(text).map_or(0, |block| text.find(block).unwrap_or_default() + block.len());
    let (before, after) = text.split_at(block);
    Some(format!("{before}{added}{after}"))
}

fn with_include(text: &str) -> Option<String> {
    (!text.lines().any(|line| line.trim() == INCLUDE)).then(|| format!("{text}\n{INCLUDE}\n"))
}

/// `pg_ident.conf`: the portal may be any of its roles; the server's own user may administer it.
fn identities([portal, cluster]: [&OsUser; 2]) -> String {
    let mut text = "# Written by Innkeeper at each start.\n".to_owned();
    let mut map = |user: &OsUser, role: &str| {
        // A `String` takes every write.
        let _ = writeln!(text, "innkeeper \"{}\" {role}", user.name.replace('"', "\"\""));
    };
    for role in ["postgres", OWNER_ROLE, WEB_ROLE, WORKER_ROLE] {
        map(portal, role);
    }
    if cluster != portal {
        map(cluster, "postgres");
    }
    text
}

fn render(home: &Home, settings: &EmbeddedSettings) -> String {
    let listen: Vec<_> = settings.listen.iter().map(IpAddr::to_string).collect();
    let path = |path: &Path| quoted(&path.to_string_lossy());
    let tls = home.tls();
    format!(
        "# Written by Innkeeper at each start. Your own settings go into postgresql.conf, below the line that
# includes this file.
cluster_name = 'innkeeper'
listen_addresses = {listen}
port = {port}
# Double quotes: the setting is a list, and a path may hold commas.
unix_socket_directories = {sockets}
ident_file = {identities}

# 30 connections stay free for the platform: runs need two each, and what watches the server some more.
max_connections = 320
superuser_reserved_connections = 30
# So long a connection can be held without a password.
authentication_timeout = 10s
# One tenant must not be able to fill the lock table that all share.
max_locks_per_transaction = 1024

ssl = on
ssl_cert_file = {certificate}
ssl_key_file = {key}
ssl_ca_file = {authority}
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'

shared_preload_libraries = 'pg_stat_statements'
# ALTER ROLE … PASSWORD would stand there as it was typed.
pg_stat_statements.track_utility = off

# JSON, since the name of a role that fails to sign in is text from outside and could otherwise fake lines.
log_destination = 'jsonlog'
logging_collector = on
log_directory = {log}
log_filename = 'postgresql-%Y%m%d-%H%M%S.log'
log_file_mode = 0600
log_rotation_size = 10MB
log_rotation_age = 1d
log_timezone = 'UTC'
log_line_prefix = '%m [%p] user=%u,db=%d,host=%h '
# Shows when a tenant's first connection comes, from where, and as whom.
log_connections = on
# Not even `ddl`: tenants' statements are theirs, and ALTER ROLE … PASSWORD holds a password.
log_statement = none
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0

fsync = on
",
        listen = quoted(&listen.join(",")),
        port = settings.port,
        sockets = quoted(&format!("\"{}\"", home.sockets.to_string_lossy().replace('"', "\"\""))),
        identities = path(&home.root.join("pg_ident.conf")),
        certificate = path(&tls.join("server.crt")),
        key = path(&tls.join("server.key")),
        authority = path(&tls.join("ca.crt")),
        log = path(&home.log()),
    )
}

/// A string in the syntax of `postgresql.conf` (PostgreSQL, 20.1.2), where a backslash escapes too.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "local all postgres peer map=innkeeper\n\
        local innkeeper innkeeper_owner,innkeeper_web,innkeeper_worker peer map=innkeeper\n";

    #[test]
    fn rules_are_added_below_the_tenants_block_and_above_the_operators_lines() {
        let block = hba::render(&[]);
        let file = hba::replace_block("local all all reject\n", &block);
        assert_eq!(with_rules(&file), Some(format!("{block}{RULES}local all all reject\n")));
        assert_eq!(with_rules(""), Some(RULES.to_owned()));
    }

    #[test]
    fn a_file_that_has_the_rules_is_left_as_it_is() {
        let file = hba::replace_block(&format!("# mine\n{RULES}"), &hba::render(&[]));
        assert_eq!(with_rules(&file), None);
        let one_lost = file.replace("local all postgres peer map=innkeeper\n", "");
        assert_eq!(with_rules(&one_lost).unwrap().matches("postgres peer").count(), 1);
    }

    #[test]
    fn the_include_is_added_once() {
        let once = with_include("port = 5432\n").unwrap();
        assert_eq!(once, format!("port = 5432\n\n{INCLUDE}\n"));
        assert_eq!(with_include(&once), None);
    }

    #[test]
    fn paths_cannot_leave_their_quotes() {
        let home = Home { root: "/it's \\ here".into(), sockets: "/a,\"b\"".into() };
        let settings = EmbeddedSettings {
            data_dir: "/".into(),
            port: 54329,
            listen: vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
            host: "localhost".to_owned(),
            binaries: None,
        };
        let text = render(&home, &settings);
        assert!(text.contains("\nssl_cert_file = '/it''s \\\\ here/tls/server.crt'\n"), "{text}");
        assert!(text.contains("\nunix_socket_directories = '\"/a,\"\"b\"\"\"'\n"), "{text}");
        assert!(text.contains("\nlisten_addresses = '127.0.0.1,::1'\nport = 54329\n"), "{text}");
    }

    #[test]
    fn the_portal_is_mapped_to_its_roles_and_the_server_to_its_own() {
        let root = OsUser { name: "root".to_owned(), uid: 0, gid: 0 };
        let server = OsUser { name: "postgres".to_owned(), uid: 101, gid: 104 };
        let text = identities([&root, &server]);
        assert_eq!(text.lines().filter(|line| line.starts_with("innkeeper \"root\" ")).count(), 4);
        assert!(text.ends_with("innkeeper \"postgres\" postgres\n"));
        assert_eq!(identities([&root, &root]).lines().count(), 5);
    }
}
