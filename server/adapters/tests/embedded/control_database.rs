//! Roles and database of the control database.

use crate::support::{Scratch, execute, refusal, superuser, text};
use innkeeper_adapters::embedded::bootstrap::{self, BootstrapError, ControlDatabase};
use sqlx::{ConnectOptions as _, PgConnection};

const ROLES: [&str; 3] = [bootstrap::OWNER_ROLE, bootstrap::WEB_ROLE, bootstrap::WORKER_ROLE];

#[tokio::test]
async fn the_control_database_is_made_once_and_mended_always() {
    let scratch = Scratch::new("control", "data");
    let cluster = scratch.start().await;
    let mut admin = superuser(cluster.address()).await;
    let closed = ControlDatabase { created: false, open_to_public: Vec::new() };

    // What a crash in the middle leaves: one role, which somebody has also made too strong.
    execute(&mut admin, "CREATE ROLE innkeeper_web LOGIN CREATEDB").await;
    assert_eq!(
        cluster.ensure_control_database().await.unwrap(),
        ControlDatabase { created: true, ..closed.clone() }
    );
    let before = state(&mut admin).await;
    assert_eq!(cluster.ensure_control_database().await.unwrap(), closed);
    assert_eq!(state(&mut admin).await, before, "a second run changes nothing");

    let strong = "SELECT count(*)::text FROM pg_roles WHERE rolname LIKE 'innkeeper\\_%' AND rolcanlogin AND NOT \
                  (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)";
    assert_eq!(text(&mut admin, strong).await, "3");
    for role in ROLES {
        let mut session = cluster.options(role, bootstrap::DATABASE).connect().await.unwrap();
        assert_eq!(text(&mut session, "SELECT current_user::text").await, role);
        for database in ["postgres", "template1"] {
            let answer = refusal(cluster.options(role, database)).await;
            assert!(answer.contains("no pg_hba.conf entry"), "{role} in {database}: {answer}");
            let allowed: bool = sqlx::query_scalar("SELECT has_database_privilege($1, $2, 'CONNECT')")
                .bind(role)
                .bind(database)
                .fetch_one(&mut admin)
                .await
                .unwrap();
            assert!(!allowed, "{role} in {database}");
        }
    }
    let mut owner = cluster.options(bootstrap::OWNER_ROLE, bootstrap::DATABASE).connect().await.unwrap();
    execute(&mut owner, "CREATE TABLE mine ()").await;
    drop(owner);

    a_login_with_few_rights_gets_as_far_as_it_can(&mut admin).await;
    cluster.stop().await.unwrap();
}

/// The same on a server of which the portal has no superuser: the session's role is lowered for the test.
async fn a_login_with_few_rights_gets_as_far_as_it_can(admin: &mut PgConnection) {
    execute(admin, "DROP DATABASE innkeeper").await;
    execute(admin, "DROP ROLE innkeeper_owner, innkeeper_web, innkeeper_worker").await;
    execute(admin, "GRANT CONNECT ON DATABASE postgres TO PUBLIC").await;
    execute(admin, "CREATE ROLE clerk CREATEROLE CREATEDB; CREATE ROLE guest CREATEDB").await;

    let odd = "Odd \"name\"";
    execute(admin, "SET SESSION AUTHORIZATION guest").await;
    match bootstrap::ensure_control_database(admin, odd).await {
        Err(BootstrapError::Denied { statement, .. }) => {
            assert!(statement.starts_with("CREATE ROLE innkeeper_owner"));
        }
        other => panic!("{other:?}"),
    }
    execute(admin, "SET SESSION AUTHORIZATION clerk").await;
    for created in [true, false] {
        let made = bootstrap::ensure_control_database(admin, odd).await.unwrap();
        assert_eq!(made, ControlDatabase { created, open_to_public: vec!["postgres".to_owned()] });
        assert_eq!(text(admin, "SELECT current_user::text").await, "clerk");
    }
    for role in ROLES {
        execute(admin, format!("SET ROLE {role}; RESET ROLE")).await;
    }
    execute(admin, "RESET SESSION AUTHORIZATION; ALTER ROLE innkeeper_web CREATEROLE").await;
    execute(admin, "SET SESSION AUTHORIZATION clerk").await;
    let refused = bootstrap::ensure_control_database(admin, odd).await;
    assert!(matches!(refused, Err(BootstrapError::TooStrong { role: "innkeeper_web" })), "{refused:?}");
    execute(admin, "RESET SESSION AUTHORIZATION").await;
    let public = "SELECT has_database_privilege('public', 'Odd \"name\"', 'CONNECT')::text";
    assert_eq!(text(admin, public).await, "false");
}

/// All that the bootstrap may change.
async fn state(admin: &mut PgConnection) -> String {
    text(
        admin,
        "SELECT (SELECT string_agg(d.datname || d.datdba || coalesce(d.datacl::text, ''), ' ' ORDER BY d.datname) \
                 FROM pg_database d) || (SELECT string_agg(a::text, ' ' ORDER BY oid) FROM pg_authid a) \
                || (SELECT count(*) FROM pg_auth_members)",
    )
    .await
}
