//! What a customer dumps holds what the customer made and nothing of the platform's: it loads elsewhere without an error
//! and changes nothing of the server there. By the real programs, as the customer runs them.

mod kept;
mod loads;

use crate::cluster::{Cluster, Guest, run_sql};
use innkeeper_adapters::postgres_admin::PostgresServer;
use innkeeper_domain::{plan::Extension, ports::TenantServer, secret::Secret, tenant::TenantRole};
use sqlx::{ConnectOptions as _, PgConnection};
use std::{path::PathBuf, process::Command};

/// What an application has in its database.
const CONTENT: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TABLE things (id serial PRIMARY KEY, name citext, mood mood DEFAULT 'happy',
        key uuid DEFAULT uuid_generate_v4());
    CREATE INDEX ON things USING gin ((name::text) gin_trgm_ops);
    CREATE FUNCTION next_of(n int) RETURNS int LANGUAGE sql AS 'SELECT n + 1';
    CREATE VIEW nexts AS SELECT id, next_of(id) FROM things;
    CREATE SCHEMA extra;
    CREATE TABLE extra.more (id bigint GENERATED ALWAYS AS IDENTITY, thing int REFERENCES things);
    INSERT INTO things (name) VALUES ('A row');
    INSERT INTO extra.more (thing) VALUES (1);
    SELECT lo_from_bytea(0, 'large');";

/// A server with a customer on it, and one on which nobody has ever heard of the platform.
struct Site {
    cluster: Cluster,
    server: PostgresServer,
    shop: Guest,
    bare: Cluster,
}

/// Where a dump is loaded: a database, and who loads it.
struct Target<'a> {
    cluster: &'a Cluster,
    user: String,
    password: Secret,
    database: String,
}

impl Site {
    async fn with(major: u32, extensions: &[Extension]) -> Self {
        let (cluster, bare) = (Cluster::start_version(major), Cluster::start_version(major));
        let server = cluster.server();
        server.prepare().await.unwrap();
        let shop = Guest::new("shop_aaaaaa");
        let site = Self { cluster, server, shop, bare };
        site.onboard(&site.shop, extensions).await;
        run_sql(&mut site.shop.connect(&site.cluster, TenantRole::Owner).await, CONTENT).await.unwrap();
        site
    }

    async fn onboard(&self, guest: &Guest, extensions: &[Extension]) {
        guest.onboard(&self.server).await;
        self.server.lock(&guest.name).await.unwrap().install_extensions(extensions).await.unwrap();
    }

    /// Runs `pg_dump` as the customer does.
    fn dump(&self, options: &[&str]) -> PathBuf {
        self.dump_of(&self.shop, options)
    }

    fn dump_of(&self, guest: &Guest, options: &[&str]) -> PathBuf {
        let file = self.cluster.folder.join("customers.dump");
        let target = self.tenant(guest);
        let mut command = target.program(self.cluster.clients().join("pg_dump"));
        assert_eq!(said(command.args(options).arg("-f").arg(&file)), "", "pg_dump {options:?}");
        file
    }

    fn text_of(&self, guest: &Guest, options: &[&str]) -> String {
        std::fs::read_to_string(self.dump_of(guest, options)).unwrap()
    }

    /// As the owner of another tenant.
    fn tenant(&self, guest: &Guest) -> Target<'_> {
        let owner = TenantRole::Owner;
        let password = guest.passwords.of(owner).clone();
        Target {
            cluster: &self.cluster,
            user: guest.name.role(owner),
            password,
            database: guest.name.to_string(),
        }
    }

    /// As the owner of a new database of a server of his own, who is no superuser.
    async fn own(&self, user: &str) -> Target<'_> {
        let password = Secret::new("own");
        let mut admin = self.bare.connect("postgres").await;
        for role in ["me", "colleague"] {
            let make = format!("CREATE ROLE {role} LOGIN PASSWORD '{}'", password.expose());
            // There from an earlier load.
            let _ = run_sql(&mut admin, &make).await;
        }
        run_sql(&mut admin, "DROP DATABASE IF EXISTS loc WITH (FORCE)").await.unwrap();
        run_sql(&mut admin, "CREATE DATABASE loc OWNER me").await.unwrap();
        Target { cluster: &self.bare, user: user.into(), password, database: "loc".into() }
    }
}

impl Target<'_> {
    fn program(&self, path: PathBuf) -> Command {
        let mut command = Command::new(path);
        // The administrator of these servers comes in by the socket only.
        let host = if self.user == "postgres" { self.cluster.folder.clone() } else { "127.0.0.1".into() };
        command
            .env("PGHOST", host)
            .env("PGPORT", self.cluster.port.to_string())
            .env("PGUSER", &self.user)
            .env("PGPASSWORD", self.password.expose())
            .env("PGDATABASE", &self.database)
            .env("PGOPTIONS", "-c client_min_messages=warning");
        command
    }

    fn psql(&self) -> Command {
        let mut command = self.program("/usr/lib/postgresql/15/bin/psql".into());
        command.args(["-X", "-q", "-o", "/dev/null"]);
        command
    }

    fn restore(&self) -> Command {
        let mut command = self.program(self.cluster.clients().join("pg_restore"));
        command.args(["-1", "-O", "-x", "-d", &self.database]);
        command
    }

    async fn connect(&self) -> PgConnection {
        self.cluster.customer(&self.user, &self.password, &self.database).connect().await.unwrap()
    }
}

/// What a program says besides its output; nothing if all went well.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    if output.status.success() { said } else { format!("{}: {said}", output.status) }
}

/// What a tenant that chose the statistics has in its dumps of them.
const STATISTICS: &str = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA innkeeper;";

/// The other lines of a dump in text that are none of the tenant's doing.
fn of_the_platforms(text: &str) -> Vec<&str> {
    let marks = ["innkeeper", "FUNCTION pg_catalog", "SCHEMA pg_catalog", "FROM PUBLIC"];
    let lines = text.lines().filter(|line| *line != STATISTICS);
    lines.filter(|line| marks.iter().any(|mark| line.contains(mark))).collect()
}
