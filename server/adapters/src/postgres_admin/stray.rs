//! Taking away what the layout does not have.

use super::{
    connection::{Admin, within},
    failure::Failure,
    quote::identifier,
};
use innkeeper_domain::ports::Stray;
use sqlx::postgres::PgConnectOptions;

/// Removes it. Absent is success.
pub(super) async fn remove(options: &PgConnectOptions, stray: &Stray) -> Result<(), Failure> {
    let doing = "removing what the layout does not have";
    let mut admin = Admin::open(options, None).await?;
    let sql = match stray {
        Stray::Membership { group, member } => {
            // From 16 on a membership is there once for each grantor, and a superuser may name whom he means.
            let query = sqlx::query_scalar(
                "SELECT DISTINCT r.rolname::text FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid
                 JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.grantor
                 WHERE g.rolname = $1 AND m.rolname = $2 AND current_setting('server_version_num')::int >= 160000",
            );
            let grantors: Vec<String> =
                within(doing, query.bind(group).bind(member).fetch_all(admin.raw())).await?;
            let revoke = format!("REVOKE {} FROM {}", identifier(group), identifier(member));
            if grantors.is_empty() {
                revoke
            } else {
                let by = |grantor: &String| format!("{revoke} GRANTED BY {} CASCADE;", identifier(grantor));
                grantors.iter().map(by).collect()
            }
        }
        Stray::Setting { database, role, name } => match (database.as_str(), role.as_str()) {
            (database, "") => format!("ALTER DATABASE {} RESET {}", identifier(database), identifier(name)),
            ("", role) => format!("ALTER ROLE {} RESET {}", identifier(role), identifier(name)),
            (database, role) => format!(
                "ALTER ROLE {} IN DATABASE {} RESET {}",
                identifier(role),
                identifier(database),
                identifier(name)
            ),
        },
    };
    let done = admin.run(doing, sql).await;
    admin.close().await;
    done
}
