//! Puts right what a tenant may change of its own, so that each statement finds the same house.

use innkeeper_tests::{
    Credentials, Portal,
    tenant::{ROLES, run, texts, value},
};
use sqlx::PgConnection;

/// Undoes what the statements of one tenant have done.
pub(super) struct Repair {
    att: Credentials,
    vic: String,
    inside: PgConnection,
    server: PgConnection,
    /// Statements that give each role its verifier again.
    verifiers: Vec<String>,
}

impl Repair {
    /// Remembers how the roles are.
    pub async fn prepare(portal: &Portal, att: &Credentials, vic: &Credentials) -> Self {
        let mut server = portal.sql("postgres").await;
        let sql = format!(
            "select format('alter role %I password %L', rolname, rolpassword) from pg_authid where rolname ~ '^{}_'",
            att.database
        );
        let verifiers = texts(&mut server, &sql).await;
        assert_eq!(verifiers.len(), ROLES.len());
        let inside = portal.sql(&att.database).await;
        Self { att: att.clone(), vic: vic.database.clone(), inside, server, verifiers }
    }

    /// Passwords and settings of the roles.
    pub async fn roles(&mut self) {
        let Self { att, vic, .. } = self;
        let mut statements = self.verifiers.clone();
        for role in ROLES {
            let me = format!("{}_{role}", att.database);
            statements.push(format!("alter role {me} reset all"));
            for database in [&att.database, vic] {
                statements.push(format!("alter role {me} in database {database} reset all"));
            }
        }
        statements
            .push(format!("alter role {}_readonly set default_transaction_read_only = on", att.database));
        run(&mut self.server, &statements.join("; ")).await;
    }

    /// What a statement, as the table has it, did inside the tenant's database.
    pub async fn inside(&mut self, sql: &str, me: &str) {
        let (att, vic) = (self.att.database.clone(), self.vic.clone());
        let undo = match sql {
            "select lo_create(0)" | "select lo_from_bytea(0,'x')" => {
                "select lo_unlink(oid) from pg_largeobject_metadata".into()
            }
            "create schema evil" => "drop schema evil".into(),
            "create table public.c1(i int)" => "drop table public.c1".into(),
            "create publication p1" => "drop publication p1".into(),
            "create collation public.cc (locale='C')" => "drop collation public.cc".into(),
            "create policy po on public.tt" => "drop policy po on public.tt".into(),
            "alter default privileges grant select on tables to public" => {
                format!("alter default privileges for role {me} revoke select on tables from public")
            }
            "grant all on schema public to {vic}_app" => {
                format!("revoke all on schema public from {vic}_app")
            }
            "grant select on all tables in schema public to public" => {
                "revoke select on all tables in schema public from public".into()
            }
            "alter schema public owner to {att}_app" => format!(
                "alter schema public owner to {att}_owner; revoke all on schema public from {att}_app;
                 grant usage on schema public to {att}_app"
            ),
            "drop schema public cascade" => return self.schema().await,
            // It is the owner's, who may create it as well.
            "drop extension citext cascade" => {
                return run(&mut self.att.connect("owner").await, "create extension citext schema public")
                    .await;
            }
            "drop owned by {att}_app" => return self.rights().await,
            _ if sql.starts_with("create function public.f1()") => "drop function public.f1()".into(),
            _ if sql.starts_with("create function public.f5()") => "drop function public.f5()".into(),
            _ if sql.starts_with("create conversion public.cv") => "drop conversion public.cv".into(),
            _ if sql.starts_with("alter default privileges for role {att}_owner") => {
                format!(
                    "alter default privileges for role {att}_owner grant select on tables to {att}_readonly"
                )
            }
            _ => return,
        };
        run(&mut self.inside, &undo).await;
    }

    /// The owner brings the dropped schema back by itself, and all roles work in it at once (E12); then it is made as it
    /// was.
    async fn schema(&mut self) {
        let make = "create table public.tt (i int); insert into public.tt values (1)";
        let mut owner = self.att.connect("owner").await;
        run(
            &mut owner,
            &format!("create schema public; create extension citext; create extension pgcrypto; {make}"),
        )
        .await;
        run(&mut self.att.connect("app").await, "update public.tt set i = 2; update public.tt set i = 1")
            .await;
        assert_eq!(value(&mut self.att.connect("readonly").await, "select i from public.tt").await, "1");
        let att = &self.att.database;
        let again = format!(
            "drop schema public cascade; create schema public authorization {att}_owner;
             grant usage on schema public to public;
             set local role {att}_owner; create extension citext schema public;
             create extension pgcrypto schema public; create extension \"uuid-ossp\" schema public"
        );
        run(&mut self.inside, &again).await;
        run(&mut owner, make).await;
    }

    /// What the application's role may do, which it and its owner can throw away.
    async fn rights(&mut self) {
        let att = &self.att.database;
        let (app, readonly) = (format!("{att}_app"), format!("{att}_readonly"));
        let all = "select, insert, update, delete, truncate";
        let mut statements = vec![
            format!("grant usage on schema public to {app}"),
            format!("grant {all} on public.tt to {app}"),
        ];
        let defaults = [
            format!("{all} on tables to {app}"),
            format!("select on tables to {readonly}"),
            format!("usage, select, update on sequences to {app}"),
            format!("select on sequences to {readonly}"),
            format!("usage on schemas to {app}, {readonly}"),
        ];
        statements.extend(
            defaults
                .map(|right| format!("alter default privileges for role {att}_owner, {app} grant {right}")),
        );
        run(&mut self.inside, &statements.join("; ")).await;
    }
}
