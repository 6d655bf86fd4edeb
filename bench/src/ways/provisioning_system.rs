//! The Postgres Provisioning System's way (github.com/b33lz3bubTH/auto-managed-services at 845fc67, before `PgBouncer`
//! came in): `POST /provision` of `postgres/golang/main.go`, lines 122 to 190. One role, one database, grants; no rule,
//! no limit, no extension, no check.
//!
//! Left out, which makes it faster than it is: nginx and HTTP. Like the original it opens one connection for each
//! request. Changed: that connection is over TLS.

use crate::{
    Result,
    server::{OPERATOR, Server},
};

/// Makes an application's database.
pub async fn create(server: &Server, name: &str) -> Result<()> {
    let (database, user) = (format!("app_{name}"), format!("app_{name}_user"));
    let password = format!("{name:0>32}");
    let statements = [
        format!(
            "CREATE ROLE \"{user}\" WITH LOGIN PASSWORD $pwd${password}$pwd$ NOSUPERUSER NOCREATEDB NOCREATEROLE;"
        ),
        format!("CREATE DATABASE \"{database}\" OWNER \"{user}\""),
        format!("REVOKE ALL ON DATABASE \"{database}\" FROM PUBLIC"),
        format!("GRANT ALL PRIVILEGES ON DATABASE \"{database}\" TO \"{user}\""),
    ];
    server.visit("postgres", OPERATOR, OPERATOR, &statements).await
}
