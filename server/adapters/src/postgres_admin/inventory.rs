//! What stands on a server, from its catalogs alone: nothing here is shared with the code that makes tenants, so
//! that a mistake there is seen here.

use super::{
    connection::{Admin, within},
    failure::Failure,
};
use innkeeper_domain::ports::Inventory;
use sqlx::postgres::PgConnectOptions;

const DOING: &str = "reading the server's inventory";

/// Databases besides those of every server, the template and the portal's own.
const DATABASES: &str = "SELECT datname::text FROM pg_database
    WHERE datname NOT IN ('postgres', 'template0', 'template1', 'innkeeper_tpl', 'innkeeper') ORDER BY 1";

/// Roles besides PostgreSQL's own, the first superuser and the platform's.
const ROLES: &str = r"SELECT rolname::text FROM pg_roles
    WHERE oid <> 10 AND rolname !~ '^pg_' AND rolname !~ '^innkeeper' ORDER BY 1";

/// Memberships of these roles, in whatever group.
const MEMBERSHIPS: &str = "SELECT DISTINCT g.rolname::text, m.rolname::text FROM pg_auth_members a
    JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
    WHERE m.oid <> 10 AND m.rolname !~ '^pg_' AND m.rolname !~ '^innkeeper' ORDER BY 1, 2";

/// Settings kept for a database, a role, or both.
const SETTINGS: &str = "SELECT coalesce(d.datname, '')::text, coalesce(r.rolname, '')::text, c.setting
    FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase
    LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS c(setting)
    WHERE (d.oid IS NULL OR d.datname NOT IN ('postgres', 'template0', 'template1', 'innkeeper_tpl', 'innkeeper'))
      AND (r.oid IS NULL OR (r.oid <> 10 AND r.rolname !~ '^pg_' AND r.rolname !~ '^innkeeper'))
      AND NOT (d.oid IS NULL AND r.oid IS NULL)
    ORDER BY 1, 2, 3";

/// Names of databases, roles and groups in the rules: words with a meaning and the platform's own left out.
const RULES: &str = "SELECT DISTINCT f.line_number, n.name
    FROM pg_hba_file_rules f, LATERAL (
        SELECT unnest(f.database) UNION SELECT regexp_replace(unnest(f.user_name), '^\\+', '')) AS n(name)
    WHERE n.name NOT IN ('all', 'sameuser', 'samerole', 'samegroup', 'replication',
                         'postgres', 'template0', 'template1')
      AND n.name !~ '^innkeeper' AND n.name !~ '^pg_'
      AND n.name <> (SELECT rolname FROM pg_roles WHERE oid = 10)
    ORDER BY 1, 2";

/// Definitions of databases and roles under way, also those whose client is gone. No more than three words: what
/// follows may hold a verifier.
const IN_FLIGHT: &str = r"SELECT pid, substring(query FROM '(?i)^\s*((?:create|drop)\s+(?:database|role)\s+[^\s;]+)')
    FROM pg_stat_activity
    WHERE application_name = 'innkeeper' AND state <> 'idle' AND pid <> pg_backend_pid()
      AND query ~* '^\s*(create|drop)\s+(database|role)\s' ORDER BY 1";

/// Reads everything that could be an orphan.
pub(super) async fn inventory(options: &PgConnectOptions) -> Result<Inventory, Failure> {
    let mut admin = Admin::open(options, None).await?;
    let found = Inventory {
        databases: within(DOING, sqlx::query_scalar(DATABASES).fetch_all(admin.raw())).await?,
        roles: within(DOING, sqlx::query_scalar(ROLES).fetch_all(admin.raw())).await?,
        memberships: within(DOING, sqlx::query_as(MEMBERSHIPS).fetch_all(admin.raw())).await?,
        settings: within(DOING, sqlx::query_as(SETTINGS).fetch_all(admin.raw())).await?,
        rules: within(DOING, sqlx::query_as(RULES).fetch_all(admin.raw())).await?,
        in_flight: within(DOING, sqlx::query_as(IN_FLIGHT).fetch_all(admin.raw())).await?,
    };
    admin.close().await;
    Ok(found)
}
