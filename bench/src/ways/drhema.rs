//! The drhema API's way (github.com/drhema/postgres-as-service at 73b9fd2): `createDatabase` of
//! `src/database.service.ts`, lines 51 to 87, with the pools of `src/db.ts` and the tables of `postgres.sh`. One role,
//! one database, a row and an audit row; no rule, no limit, no extension, no check.
//!
//! Left out, which makes it faster than it is: HTTP, Express and Node.js. Both pools keep their connections, as they do
//! under load. Changed: TLS is verified.

use crate::{
    Result,
    server::{Server, run},
};
use serde_json::json;
use sqlx::{
    AssertSqlSafe, Connection as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
    raw_sql,
};
use std::time::Duration;

const CONTROL: &str = "postgres_control";
const TABLES: &str = "
CREATE TABLE databases (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(), database_name VARCHAR(255) UNIQUE NOT NULL,
  username VARCHAR(255) UNIQUE NOT NULL, password_hash VARCHAR(255) NOT NULL, owner_email VARCHAR(255),
  friendly_name VARCHAR(255), max_connections INTEGER DEFAULT 20, status VARCHAR(50) DEFAULT 'active',
  created_at TIMESTAMP DEFAULT NOW(), updated_at TIMESTAMP DEFAULT NOW());
CREATE TABLE api_keys (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(), key_hash VARCHAR(255) UNIQUE NOT NULL, name VARCHAR(255));
CREATE TABLE audit_logs (
  id SERIAL PRIMARY KEY, api_key_id UUID REFERENCES api_keys(id), action VARCHAR(100) NOT NULL,
  resource_type VARCHAR(50), resource_id VARCHAR(255), ip_address VARCHAR(50), details JSONB,
  created_at TIMESTAMP DEFAULT NOW());
CREATE INDEX idx_databases_status ON databases(status);
CREATE INDEX idx_databases_created_at ON databases(created_at);
CREATE INDEX idx_databases_email ON databases(owner_email);
CREATE INDEX idx_audit_logs_created_at ON audit_logs(created_at);
CREATE INDEX idx_audit_logs_api_key ON audit_logs(api_key_id);
CREATE INDEX idx_audit_logs_action ON audit_logs(action);";

/// Its two pools.
pub struct Drhema {
    control: PgPool,
    admin: PgPool,
}

impl Drhema {
    /// Makes its control database, not timed.
    pub async fn prepare(server: &Server) -> Result<Self> {
        let mut admin = server.connect("postgres").await?;
        run(&mut admin, format!("CREATE DATABASE {CONTROL}")).await?;
        admin.close().await?;
        let mut inside = server.connect(CONTROL).await?;
        run(&mut inside, TABLES.into()).await?;
        inside.close().await?;
        // src/db.ts: up to 20 and 50 connections, idle for 30 s, not asked whether they live.
        let pool = |most, options: PgConnectOptions| {
            let pool = PgPoolOptions::new().max_connections(most).test_before_acquire(false);
            pool.idle_timeout(Duration::from_secs(30)).connect_lazy_with(options)
        };
        Ok(Self {
            control: pool(20, server.operator.clone().database(CONTROL)),
            admin: pool(50, server.operator.clone()),
        })
    }

    /// Makes a customer's database.
    pub async fn create(&self, id: &str) -> Result<()> {
        let (database, user) = (format!("tenant_{id}"), format!("user_{id}"));
        let password = format!("{:0>14}", id.replace('_', ""));
        let hashed = password.clone();
        let hash = tokio::task::spawn_blocking(move || bcrypt::hash(hashed, 10)).await??;

        let mut client = self.control.acquire().await?;
        let mut admin = self.admin.acquire().await?;
        raw_sql("BEGIN").execute(&mut *client).await?;
        // node-postgres prepares a query with values each time anew.
        let row: String = sqlx::query_scalar(
            "INSERT INTO databases (database_name, username, password_hash, owner_email, friendly_name, max_connections)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id::text",
        )
        .persistent(false)
        .bind(&database)
        .bind(&user)
        .bind(hash)
        .bind("customer@example.com")
        .bind("Customer XYZ Database")
        .bind(20)
        .fetch_one(&mut *client)
        .await?;
        sqlx::query(
            "INSERT INTO audit_logs (action, resource_type, resource_id, details) VALUES ($1, $2, $3, $4)",
        )
        .persistent(false)
        .bind("database_created")
        .bind("database")
        .bind(row)
        .bind(json!({ "database_name": &database, "username": &user }))
        .execute(&mut *client)
        .await?;
        raw_sql("COMMIT").execute(&mut *client).await?;
        for statement in [
            format!("CREATE USER {user} WITH ENCRYPTED PASSWORD '{password}'"),
            format!("CREATE DATABASE {database} OWNER {user}"),
            format!("GRANT ALL PRIVILEGES ON DATABASE {database} TO {user}"),
        ] {
            raw_sql(AssertSqlSafe(statement)).execute(&mut *admin).await?;
        }
        Ok(())
    }
}
