use super::{
    access::ServerAccess,
    connection::{Admin, within},
    failure::Failure,
    layout::{Names, TEMPLATE, layout_mark},
    watchdog,
};
use crate::machine;
use innkeeper_domain::{
    name::TenantName,
    ports::{ServerFacts, Usage},
    tenant::PerRole,
};
use sqlx::postgres::PgConnectOptions;
use std::{collections::HashMap, path::PathBuf};

type Facts = (i32, i32, i32, i64, i32, Option<String>);

/// Reads what decides about room. The sizes take seconds at thousands of databases.
pub(super) async fn facts(access: &ServerAccess) -> Result<ServerFacts, Failure> {
    let doing = "reading the server's facts";
    let mut admin = Admin::open(&access.admin, None).await?;
    // reserved_connections came in 16.
    let query = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int / 10000,
                current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                    - coalesce(current_setting('reserved_connections', true), '0')::int,
                current_setting('max_prepared_transactions')::int,
                (SELECT count(*) FROM pg_database WHERE NOT datistemplate),
                (pg_size_bytes(current_setting('shared_buffers')) / 1048576)::int,
                (SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1)",
    );
    let (major, connections, prepared_transactions, databases, shared_buffers_mb, template): Facts =
        within(doing, query.bind(TEMPLATE).fetch_one(admin.raw())).await?;
    let lock_table = watchdog::lock_table(&mut admin).await?;
    admin.close().await;
    let major = major.unsigned_abs();
    let look = |data: &PathBuf| match machine::look(data) {
        Ok(facts) => Some(facts),
        Err(error) => {
            tracing::warn!(data = %data.display(), %error, "memory and free space of this machine cannot be read");
            None
        }
    };
    let machine = access.data.as_ref().and_then(look);
    Ok(ServerFacts {
        major,
        connections,
        lock_table,
        prepared_transactions,
        databases,
        layout: layout_mark(&template.unwrap_or_default(), major),
        shared_buffers_mb,
        machine,
    })
}

/// Adds up the sizes of all databases.
pub(super) async fn used_bytes(options: &PgConnectOptions) -> Result<i64, Failure> {
    let mut admin = Admin::open(options, None).await?;
    let query = sqlx::query_scalar("SELECT coalesce(sum(pg_database_size(oid)), 0)::int8 FROM pg_database");
    let bytes = within("adding up the sizes of the databases", query.fetch_one(admin.raw())).await?;
    admin.close().await;
    Ok(bytes)
}

#[derive(sqlx::FromRow)]
struct Row {
    size: i64,
    owner: i64,
    app: i64,
    readonly: i64,
    sessions: i64,
    hit: i64,
    read: i64,
}

/// Reads what a tenant uses, in one query.
pub(super) async fn usage(options: &PgConnectOptions, tenant: &TenantName) -> Result<Option<Usage>, Failure> {
    let names = Names::of(tenant);
    let mut admin = Admin::open(options, None).await?;
    let query = sqlx::query_as(
        "SELECT pg_database_size(d.oid) AS size, a.owner, a.app, a.readonly,
                coalesce(s.sessions, 0) AS sessions, coalesce(s.blks_hit, 0) AS hit, coalesce(s.blks_read, 0) AS read
         FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid,
              (SELECT count(*) FILTER (WHERE usename = $2) AS owner, count(*) FILTER (WHERE usename = $3) AS app,
                      count(*) FILTER (WHERE usename = $4) AS readonly FROM pg_stat_activity WHERE datname = $1) a
         WHERE d.datname = $1",
    );
    let PerRole { owner, app, readonly } = &names.roles;
    let query = query.bind(&names.db).bind(owner).bind(app).bind(readonly);
    let found: Option<Row> = within("reading a tenant's usage", query.fetch_optional(admin.raw())).await?;
    admin.close().await;
    Ok(found.map(|Row { size, owner, app, readonly, sessions, hit, read }| Usage {
        size_bytes: size,
        connections: PerRole { owner, app, readonly },
        sessions,
        cache_hit_percent: percent(hit, read),
    }))
}

/// Counts the sessions that were begun in these databases (`pg_stat_database`); those it does not count are left out.
pub(super) async fn sessions(
    options: &PgConnectOptions,
    tenants: &[TenantName],
) -> Result<HashMap<TenantName, i64>, Failure> {
    let mut admin = Admin::open(options, None).await?;
    let names: Vec<&str> = tenants.iter().map(TenantName::as_str).collect();
    let query = sqlx::query_as(
        "SELECT n.position, s.sessions FROM unnest($1::text[]) WITH ORDINALITY AS n(name, position)
         JOIN pg_stat_database s ON s.datname = n.name WHERE current_setting('track_counts')::bool",
    );
    let found: Vec<(i64, i64)> =
        within("counting sessions", query.bind(&names).fetch_all(admin.raw())).await?;
    admin.close().await;
    let tenant = |position: i64| tenants.get(usize::try_from(position - 1).ok()?).cloned();
    Ok(found.into_iter().filter_map(|(position, count)| Some((tenant(position)?, count))).collect())
}

fn percent(hit: i64, read: i64) -> Option<f64> {
    // Blocks counted beyond 2^53 lose their last digits, which a share does not show.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let (hit, all) = (hit as f64, hit.saturating_add(read) as f64);
    (all > 0.0).then(|| 100.0 * hit / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_a_share_of_all_reads() {
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(3, 1), Some(75.0));
        assert_eq!(percent(i64::MAX, i64::MAX), Some(100.0));
    }
}
