//! Plan F, the floor: what a good bare script needs for the same result where databases lie ready. Roles, schema,
//! default privileges, extensions and settings are prepared and not timed. Timed: the claim in one transaction, one
//! rule, one reload, three parallel sign-ins over verified TLS. No journal, no undo, no audit, no proof of refusals.

use crate::{
    Result,
    server::{Server, run},
};
use sqlx::Connection as _;

const TEMPLATE: &str = "bench_template";
const ROLES: [(&str, u32); 3] = [("owner", 5), ("app", 35), ("readonly", 10)];

/// The template with the extensions.
pub async fn prepare(server: &Server) -> Result<()> {
    let mut admin = server.connect("postgres").await?;
    run(&mut admin, format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0")).await?;
    let mut inside = server.connect(TEMPLATE).await?;
    let extensions = ["pgcrypto", "\"uuid-ossp\"", "citext"];
    let made = extensions.map(|extension| format!("CREATE EXTENSION {extension};"));
    run(&mut inside, made.concat()).await?;
    inside.close().await?;
    run(&mut admin, format!("ALTER DATABASE {TEMPLATE} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true"))
        .await?;
    Ok(admin.close().await?)
}

/// A database that lies ready under this name.
pub async fn make_slot(server: &Server, slot: &str) -> Result<()> {
    let mut admin = server.connect("postgres").await?;
    let roles = ROLES.map(|(role, _)| format!("CREATE ROLE {slot}_{role} NOLOGIN CONNECTION LIMIT 0;"));
    run(&mut admin, roles.concat()).await?;
    run(&mut admin, format!("CREATE DATABASE {slot} OWNER {slot}_owner TEMPLATE {TEMPLATE}")).await?;
    run(
        &mut admin,
        format!(
            "REVOKE ALL ON DATABASE {slot} FROM PUBLIC; GRANT CONNECT ON DATABASE {slot} TO {slot}_app, {slot}_readonly;
             ALTER DATABASE {slot} SET work_mem = '4MB'; ALTER DATABASE {slot} SET maintenance_work_mem = '4MB';
             ALTER DATABASE {slot} SET effective_cache_size = '256MB'; ALTER DATABASE {slot} SET temp_file_limit = '1GB';
             ALTER DATABASE {slot} SET idle_in_transaction_session_timeout = '10min';
             ALTER DATABASE {slot} SET log_min_duration_statement = '-1'"
        ),
    )
    .await?;
    let mut inside = server.connect(slot).await?;
    run(
        &mut inside,
        format!(
            "ALTER SCHEMA public OWNER TO {slot}_owner; GRANT USAGE ON SCHEMA public TO {slot}_app, {slot}_readonly;
             ALTER DEFAULT PRIVILEGES FOR ROLE {slot}_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {slot}_app;
             ALTER DEFAULT PRIVILEGES FOR ROLE {slot}_owner GRANT SELECT ON TABLES TO {slot}_readonly;
             ALTER DEFAULT PRIVILEGES FOR ROLE {slot}_owner GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {slot}_app"
        ),
    )
    .await?;
    inside.close().await?;
    run(&mut admin, format!("ALTER DATABASE {slot} ALLOW_CONNECTIONS false")).await?;
    Ok(admin.close().await?)
}

/// Makes the slot a customer's database.
pub async fn claim(server: &Server, slot: &str, name: &str) -> Result<()> {
    let mut admin = server.connect("postgres").await?;
    let roles = ROLES.map(|(role, limit)| {
        let password = password(name, role);
        format!(
            "ALTER ROLE {slot}_{role} RENAME TO {name}_{role};
             ALTER ROLE {name}_{role} LOGIN CONNECTION LIMIT {limit} PASSWORD '{password}';"
        )
    });
    let database = format!(
        "ALTER DATABASE {slot} RENAME TO {name}; ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT 50"
    );
    run(&mut admin, roles.concat() + &database).await?;
    let rule = format!("hostssl {name} {name}_owner,{name}_app,{name}_readonly 127.0.0.1/32 scram-sha-256\n");
    server.let_in(&mut admin, &rule).await?;
    admin.close().await?;
    let question = ["select 1".to_owned()];
    let sign_ins = ROLES.map(async |(role, _)| {
        server.visit(name, &format!("{name}_{role}"), &password(name, role), &question).await
    });
    futures::future::try_join_all(sign_ins).await.map(drop)
}

fn password(name: &str, role: &str) -> String {
    format!("bench-{name}-{role}")
}
