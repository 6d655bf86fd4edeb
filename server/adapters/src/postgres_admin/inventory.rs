//! What stands on a server, from its catalogs alone: nothing here is shared with the code that makes tenants, so
//! that a mistake there is seen here.

use super::{
    connection::{Admin, within},
    failure::Failure,
};
use innkeeper_domain::{name::TenantName, ports::Inventory, tenant::TenantRole};
use sqlx::postgres::PgConnectOptions;

const DOING: &str = "reading the server's inventory";

/// Databases besides those of every server, the template and the portal's own ($1).
const DATABASES: &str = "SELECT datname::text FROM pg_database
    WHERE datname NOT IN ('postgres', 'template0', 'template1', 'innkeeper_tpl') AND datname IS DISTINCT FROM $1
    ORDER BY 1";

/// Roles besides PostgreSQL's own, the first superuser, the portal's login and the platform's.
const ROLES: &str = r"SELECT rolname::text FROM pg_roles
    WHERE oid <> 10 AND rolname <> session_user AND rolname !~ '^pg_' AND rolname !~ '^innkeeper' ORDER BY 1";

/// Memberships of these roles, in whatever group.
const MEMBERSHIPS: &str = "SELECT DISTINCT g.rolname::text, m.rolname::text FROM pg_auth_members a
    JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
    WHERE m.oid <> 10 AND m.rolname <> session_user AND m.rolname !~ '^pg_' AND m.rolname !~ '^innkeeper' ORDER BY 1, 2";

/// Settings kept for a database, a role, or both.
const SETTINGS: &str = "SELECT coalesce(d.datname, '')::text, coalesce(r.rolname, '')::text, c.setting
    FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase
    LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS c(setting)
    WHERE (d.oid IS NULL OR (d.datname NOT IN ('postgres', 'template0', 'template1', 'innkeeper_tpl')
                             AND d.datname IS DISTINCT FROM $1))
      AND (r.oid IS NULL OR (r.oid <> 10 AND r.rolname <> session_user AND r.rolname !~ '^pg_' AND r.rolname !~ '^innkeeper'))
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
      AND n.name <> session_user AND n.name IS DISTINCT FROM $1
    ORDER BY 1, 2";

/// Definitions of databases and roles under way, also those whose client is gone. No more than three words: what
/// follows may hold a verifier.
const IN_FLIGHT: &str = r"SELECT pid, substring(query FROM '(?i)^\s*((?:create|drop)\s+(?:database|role)\s+[^\s;]+)')
    FROM pg_stat_activity
    WHERE application_name = 'innkeeper' AND state <> 'idle' AND pid <> pg_backend_pid()
      AND query ~* '^\s*(create|drop)\s+(database|role)\s' ORDER BY 1";

/// Reads everything that could be an orphan; `control` is the control database, where it is on this server.
pub(super) async fn inventory(
    options: &PgConnectOptions,
    control: Option<&str>,
) -> Result<Inventory, Failure> {
    let mut admin = Admin::open(options, None).await?;
    let found = Inventory {
        databases: within(DOING, sqlx::query_scalar(DATABASES).bind(control).fetch_all(admin.raw())).await?,
        roles: within(DOING, sqlx::query_scalar(ROLES).fetch_all(admin.raw())).await?,
        memberships: within(DOING, sqlx::query_as(MEMBERSHIPS).fetch_all(admin.raw())).await?,
        settings: within(DOING, sqlx::query_as(SETTINGS).bind(control).fetch_all(admin.raw())).await?,
        rules: within(DOING, sqlx::query_as(RULES).bind(control).fetch_all(admin.raw())).await?,
        in_flight: within(DOING, sqlx::query_as(IN_FLIGHT).fetch_all(admin.raw())).await?,
    };
    admin.close().await;
    Ok(found)
}

/// What is named as a tenant's things are, or mixes with them; the rest is the server's operator's.
pub(super) fn ours(found: Inventory) -> Inventory {
    let Inventory { mut databases, mut roles, mut memberships, mut settings, mut rules, in_flight } = found;
    databases.retain(|name| is_ours(name));
    roles.retain(|name| is_ours(name));
    memberships
        .retain(|(group, member)| is_ours(group) || is_ours(member) || group.starts_with("innkeeper_"));
    settings.retain(|(database, role, _)| is_ours(database) || is_ours(role));
    rules.retain(|(_, name)| is_ours(name));
    Inventory { databases, roles, memberships, settings, rules, in_flight }
}

/// Whether a tenant's database, group or role can have this name.
fn is_ours(name: &str) -> bool {
    let tenant = |name| TenantName::parse(name).is_ok();
    let mut bases =
        TenantRole::ALL.iter().filter_map(|role| name.strip_suffix(role.as_str())?.strip_suffix('_'));
    tenant(name) || bases.any(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operators_own_things_are_no_orphans() {
        let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
        };
        let setting = |database: &str, role: &str| (database.to_owned(), role.to_owned(), "a=b".to_owned());
        let found = Inventory {
            databases: text(&["metrics", "shop_k3v9x2"]),
            roles: text(&["watcher", "shop_k3v9x2", "shop_k3v9x2_readonly", "shop_k3v9x2_other"]),
            memberships: pairs(&[
                ("staff", "watcher"),
                ("innkeeper_tenants", "watcher"),
                ("shop_k3v9x2", "watcher"),
            ]),
            settings: vec![
                setting("metrics", "watcher"),
                setting("shop_k3v9x2", "watcher"),
                setting("", "watcher"),
            ],
            rules: vec![(3, "watcher".into()), (4, "shop_k3v9x2".into())],
            in_flight: vec![(1, "CREATE DATABASE x".into())],
        };
        let wanted = Inventory {
            databases: text(&["shop_k3v9x2"]),
            roles: text(&["shop_k3v9x2", "shop_k3v9x2_readonly"]),
            memberships: pairs(&[("innkeeper_tenants", "watcher"), ("shop_k3v9x2", "watcher")]),
            settings: vec![setting("shop_k3v9x2", "watcher")],
            rules: vec![(4, "shop_k3v9x2".into())],
            in_flight: found.in_flight.clone(),
        };
        assert_eq!(ours(found), wanted);
    }
}
