//! What the figures were measured on.

use crate::{Result, server::Server};
use sqlx::{Connection as _, PgConnection};

/// Names and values, for people.
pub type Machine = Vec<(&'static str, String)>;

/// Describes processors, memory, PostgreSQL and how it waits for the disk.
pub async fn describe(server: &Server) -> Result<Machine> {
    let cores = std::thread::available_parallelism()?;
    let read = |path, key: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    // As a service comes, to see the kind of TLS that all ways get.
    let mut conn = PgConnection::connect_with(&server.operator).await?;
    let show = "select current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),
            current_setting('full_page_writes'), current_setting('wal_sync_method'), current_date::text,
            (select version || ' ' || cipher from pg_stat_ssl where pid = pg_backend_pid())";
    let (version, fsync, commit, pages, sync, date, tls): (
        String,
        String,
        String,
        String,
        String,
        String,
        String,
    ) = sqlx::query_as(show).fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(vec![
        ("date", date),
        ("processors", format!("{cores} ({})", read("/proc/cpuinfo", "model name"))),
        ("memory", read("/proc/meminfo", "MemTotal")),
        ("PostgreSQL", version),
        ("fsync", format!("{fsync} ({sync}), synchronous_commit {commit}, full_page_writes {pages}")),
        ("TLS", tls),
        (
            "portal",
            if cfg!(debug_assertions) { "debug build: the figures say nothing" } else { "release build" }
                .into(),
        ),
    ])
}
