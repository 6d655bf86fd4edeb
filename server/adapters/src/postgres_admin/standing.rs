use super::{
    connection::{Admin, within},
    failure::Failure,
    layout::{Names, PLATFORM},
};
use innkeeper_domain::{name::TenantName, standing::Standing, tenant::PerRole};
use sqlx::postgres::PgConnectOptions;
use std::collections::HashMap;

const DOING: &str = "reading how tenants stand";

/// Reads how all tenants of the server stand, in two queries.
pub(super) async fn standings(options: &PgConnectOptions) -> Result<HashMap<TenantName, Standing>, Failure> {
    let mut admin = Admin::open(options, None).await?;
    let databases = sqlx::query_as(
        "SELECT d.datname::text, d.datconnlimit, d.datallowconn,
                ARRAY(SELECT unnest(s.setconfig) FROM pg_db_role_setting s
                      WHERE s.setdatabase = d.oid AND s.setrole = 0)
         FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1 AND NOT d.datistemplate",
    );
    let databases: Vec<(String, i32, bool, Vec<String>)> =
        within(DOING, databases.bind(PLATFORM).fetch_all(admin.raw())).await?;
    let roles = sqlx::query_as("SELECT rolname::text, rolcanlogin, rolconnlimit FROM pg_roles");
    let roles: Vec<(String, bool, i32)> = within(DOING, roles.fetch_all(admin.raw())).await?;
    admin.close().await;
    let roles: HashMap<_, _> =
        roles.into_iter().map(|(name, signs_in, most)| (name, (signs_in, most))).collect();
    let standing = |(name, connections, open, settings): (String, i32, bool, Vec<String>)| {
        let name = TenantName::parse(&name).ok()?;
        let names = Names::of(&name);
        let roles = PerRole::make(|role| roles.get(names.roles.of(role)).copied());
        Some((name, Standing { connections, open, roles, settings }))
    };
    Ok(databases.into_iter().filter_map(standing).collect())
}
