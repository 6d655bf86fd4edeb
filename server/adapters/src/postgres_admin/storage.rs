//! What tenants' databases take, and keeping those that take too much from writing.

use super::{
    connection::{Admin, within},
    failure::Failure,
    layout::PLATFORM,
    session::Held,
};
use innkeeper_domain::{name::TenantName, ports::StorageUse};
use sqlx::postgres::{PgConnectOptions, types::Oid};
use std::collections::HashMap;

const DOING: &str = "reading what databases take";
/// `query_canceled` (PostgreSQL, appendix A).
const TOO_LONG: &str = "57014";

/// Reads what each tenant's database takes. Files of temporary tables count, temporary files of sorts do not. A database
/// of so many files that they are not counted within 10 s is left out, so that it keeps nobody from counting the others.
pub(super) async fn storage(options: &PgConnectOptions) -> Result<HashMap<TenantName, StorageUse>, Failure> {
    let options = options.clone().options([("statement_timeout", "10s")]);
    let mut admin = Admin::open(&options, None).await?;
    let query = sqlx::query_as(
        "SELECT d.datname::text, d.oid,
                (SELECT count(*) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                 WHERE s.setdatabase = d.oid AND 'default_transaction_read_only=on' = ANY (s.setconfig)
                   AND r.rolname IN (d.datname || '_owner', d.datname || '_app', d.datname || '_readonly')) = 3,
                EXISTS (SELECT FROM pg_stat_progress_cluster p WHERE p.datid = d.oid)
         FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba WHERE o.rolname = $1 AND NOT d.datistemplate",
    );
    let query = query.bind(PLATFORM).fetch_all(admin.raw());
    let rows: Vec<(String, Oid, bool, bool)> = within(DOING, query).await?;
    let mut found = HashMap::new();
    for (name, oid, read_only, rewriting) in rows {
        let Ok(tenant) = TenantName::parse(&name) else { continue };
        // A database that was dropped meanwhile has no size.
        let size = sqlx::query_scalar("SELECT pg_database_size($1)").bind(oid).fetch_one(admin.raw());
        match within::<Option<i64>>(DOING, size).await {
            Ok(bytes) => {
                found.extend(bytes.map(|bytes| (tenant, StorageUse { bytes, read_only, rewriting })));
            }
            Err(failure) if failure.is(TOO_LONG) => {
                tracing::warn!(tenant = name, "its files cannot be counted in time");
            }
            Err(failure) => return Err(failure),
        }
    }
    admin.close().await;
    Ok(found)
}

impl Held {
    /// Makes the tenant's transactions read-only unless they ask for more, and ends its sessions; or no longer, which
    /// ends those that idle, so that clients which keep their connections notice.
    ///
    /// A setting of a role in a database comes before those that a role has made for itself everywhere (PostgreSQL, ALTER
    /// ROLE).
    pub(super) async fn set_read_only(&mut self, read_only: bool) -> Result<(), Failure> {
        let doing = "making the database read-only";
        let change = if read_only {
            "SET default_transaction_read_only = on"
        } else {
            "RESET default_transaction_read_only"
        };
        let statements = ["owner", "app", "readonly"]
            .map(|role| format!("ALTER ROLE {{{role}}} IN DATABASE {{db}} {change};\n"));
        self.insist(doing, self.names.fill(&statements.concat())).await?;
        if read_only {
            return self.tell_to_end(doing).await.map(drop);
        }
        let query = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = ANY ($1) AND state = 'idle'",
        );
        let query = query.bind(self.names.logins()).fetch_one(self.admin.raw());
        within::<i64>(doing, query).await.map(drop)
    }
}
