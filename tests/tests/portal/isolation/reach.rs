//! The reachability matrix: each tenant's roles, each database, each way in.

use super::Street;
use innkeeper_tests::tenant::{ROLES, sign_in, sign_in_code};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Databases that are no tenant's.
const PLATFORM: [&str; 5] = ["postgres", "template0", "template1", "innkeeper", "innkeeper_tpl"];

/// Tries every cell; only a tenant's own roles get into its own database, and only with TLS. The number of cells.
pub(super) async fn is_the_diagonal(street: &Street) -> usize {
    let socket = street.portal.data().join("postgres/run");
    let names: Vec<_> = street.tenants.iter().map(|tenant| tenant.database.clone()).collect();
    let databases: Vec<_> = names.iter().map(String::as_str).chain(PLATFORM).collect();
    let mut cells = 0;
    for tenant in &street.tenants {
        for role in ROLES {
            for database in &databases {
                let tls = tenant.options_to(role, database);
                let wants = if *database == tenant.database { "OK" } else { "28000" };
                let who = format!("{}_{role} to {database}", tenant.database);
                assert_eq!(sign_in_code(&tls).await, wants, "{who} by TLS");
                assert_eq!(
                    sign_in_code(&tls.clone().ssl_mode(PgSslMode::Disable)).await,
                    "28000",
                    "{who} without TLS"
                );
                let local = tls
                    .clone()
                    .ssl_mode(PgSslMode::Disable)
                    .socket(&socket)
                    .port(street.portal.database_port());
                assert_eq!(sign_in_code(&local).await, "28000", "{who} by the socket");
                cells += 3;
            }
            no_name_is_told(
                tenant.options_to(role, &databases[0].replace("att", "nix")),
                tenant,
                role,
                &databases,
            )
            .await;
            let wrong = tenant.options(role).password("wrong");
            assert_eq!(sign_in_code(&wrong).await, "28P01", "{role} with a wrong password");
        }
    }
    cells
}

/// A database of somebody else is refused in the same words as one that is not there.
async fn no_name_is_told(
    nowhere: PgConnectOptions,
    tenant: &innkeeper_tests::Credentials,
    role: &'static str,
    databases: &[&str],
) {
    let words = async |options: PgConnectOptions, name: &str| {
        let error = sign_in(&options).await.expect_err("refused");
        error.to_string().replace(name, "")
    };
    let unknown = databases[0].replace("att", "nix");
    let refused = words(nowhere, &unknown).await;
    for database in databases.iter().filter(|name| **name != tenant.database) {
        assert_eq!(words(tenant.options_to(role, database), database).await, refused, "{database}");
    }
}
