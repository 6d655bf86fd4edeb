//! The first session of a customer, as the server's log tells of it.
//!
//! Limits: only the newest part of the newest log file is read (`TAIL`); a server that logs neither as JSON nor
//! as text into files of its own, without `log_connections`, or in another language than English tells nothing,
//! and then only a session that is open now is seen. Who calls himself as our probe does is not seen at all.

use super::{
    connection::{Admin, within},
    failure::Failure,
    layout::Names,
    log::{self, Authorized},
    sign_in::PROBE,
};
use innkeeper_domain::{name::TenantName, ports::FirstConnection, tenant::TenantRole};
use sqlx::postgres::PgConnectOptions;

const DOING: &str = "looking for the first connection";
/// How much of the log is read, in bytes.
const TAIL: i64 = 1 << 20;

/// Looks in the log, then among the open sessions.
pub(super) async fn first(
    options: &PgConnectOptions,
    tenant: &TenantName,
) -> Result<Option<FirstConnection>, Failure> {
    let names = Names::of(tenant);
    let mut admin = Admin::open(options, None).await?;
    let found = match in_log(&mut admin, &names).await? {
        Some(found) => Some(found),
        None => in_activity(&mut admin, &names).await?,
    };
    admin.close().await;
    Ok(found)
}

async fn in_log(admin: &mut Admin, names: &Names) -> Result<Option<FirstConnection>, Failure> {
    // Reading by bytes: the tail may begin within a character.
    let query = sqlx::query_as(
        "SELECT kind, current_setting('log_line_prefix'),
                pg_read_binary_file(file, greatest(0, (pg_stat_file(file, true)).size - $1), $1, true)
         FROM unnest(ARRAY['jsonlog', 'stderr']) WITH ORDINALITY AS k(kind, position),
              LATERAL (SELECT pg_current_logfile(kind) AS file OFFSET 0) l
         WHERE file IS NOT NULL ORDER BY position LIMIT 1",
    );
    let tail: Option<(String, String, Option<Vec<u8>>)> =
        within(DOING, query.bind(TAIL).fetch_optional(admin.raw())).await?;
    let Some((kind, prefix, Some(bytes))) = tail else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let sessions = if kind == "jsonlog" { log::read_json(&text) } else { log::read_text(&text, &prefix) };
    Ok(sessions.into_iter().find_map(|session| customers(session, names)))
}

/// The session, if it is one of this tenant and not ours.
fn customers(session: Authorized, names: &Names) -> Option<FirstConnection> {
    let ours = session.application.as_deref() == Some(PROBE) || session.database != names.db;
    let role = role_of(names, &session.user)?;
    (!ours).then_some(FirstConnection { role: Some(role), address: session.address })
}

async fn in_activity(admin: &mut Admin, names: &Names) -> Result<Option<FirstConnection>, Failure> {
    let query = sqlx::query_as(
        "SELECT usename::text, host(client_addr) FROM pg_stat_activity
         WHERE datname = $1 AND usename = ANY($2) AND application_name <> $3 ORDER BY backend_start LIMIT 1",
    );
    let query = query.bind(&names.db).bind(names.logins()).bind(PROBE);
    let found: Option<(String, Option<String>)> = within(DOING, query.fetch_optional(admin.raw())).await?;
    Ok(found.map(|(user, address)| FirstConnection {
        role: role_of(names, &user),
        address: address.and_then(|text| text.parse().ok()),
    }))
}

fn role_of(names: &Names, user: &str) -> Option<TenantRole> {
    names.roles.iter().find(|(_, name)| *name == user).map(|(role, _)| role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tenants_own_sessions_count() {
        let names = Names::of(&TenantName::parse("shop_k3v9x2").unwrap());
        let session = |user: &str, database: &str, application: Option<&str>| {
            let (user, database) = (user.into(), database.into());
            let session =
                Authorized { user, database, application: application.map(Into::into), address: None };
            customers(session, &names).and_then(|found| found.role)
        };
        assert_eq!(session("shop_k3v9x2_app", "shop_k3v9x2", Some("psql")), Some(TenantRole::App));
        assert_eq!(session("shop_k3v9x2_owner", "shop_k3v9x2", None), Some(TenantRole::Owner));
        assert_eq!(session("shop_k3v9x2_app", "shop_k3v9x2", Some(PROBE)), None);
        assert_eq!(session("shop_k3v9x2_app", "shop_k3v9x2x", None), None);
        assert_eq!(session("postgres", "shop_k3v9x2", None), None);
    }
}
