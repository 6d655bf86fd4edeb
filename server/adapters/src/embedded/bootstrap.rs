//! Roles and database of the control database. Roles belong to a whole server, so this stands outside the migrations.
//!
//! Every statement can be repeated, and a crash between two of them is mended by the next run. It works on the embedded
//! cluster and on any server whose login is a superuser, or at least may create roles and databases.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use std::borrow::Cow;

/// The control database of the embedded cluster.
pub const DATABASE: &str = "innkeeper";
/// Owns the control database and runs its migrations.
pub const OWNER_ROLE: &str = "innkeeper_owner";
/// Serves pages and the API; row-level security holds it to one organisation.
pub const WEB_ROLE: &str = "innkeeper_web";
/// Runs the workflow engine.
pub const WORKER_ROLE: &str = "innkeeper_worker";

const ROLES: [&str; 3] = [OWNER_ROLE, WEB_ROLE, WORKER_ROLE];
/// Any number, the same in every portal: two of them on one server take turns.
const LOCK: i64 = 0x696e_6e6b_6565_7065;

/// What stands after the bootstrap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlDatabase {
    /// Whether the database was made by this run.
    pub created: bool,
    /// Those of the control database, `postgres` and `template1` that every role may still connect to, since the login
    /// was not allowed to close them.
    pub open_to_public: Vec<String>,
}

/// Why the control database could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The login may not do what is needed.
    #[error(
        "the login of INNKEEPER_DATABASE_URL is not allowed to run `{statement}`; run it as an administrator"
    )]
    Denied {
        /// What an administrator has to run.
        statement: String,
        /// The server's answer.
        #[source]
        source: sqlx::Error,
    },
    /// A role of the control database can do more than it should.
    #[error(
        "the role {role} may do more than it should; run `ALTER ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE \
         NOREPLICATION NOBYPASSRLS` as an administrator"
    )]
    TooStrong {
        /// Which role.
        role: &'static str,
    },
    /// The server could not be asked.
    #[error("the control database could not be made ready")]
    Query(#[from] sqlx::Error),
}

/// What the login may do, and what the server understands.
struct Login {
    superuser: bool,
    /// The privilege to ask for: from 16 on a membership does not always allow SET ROLE.
    membership: &'static str,
}

/// Makes the three roles and the database of this name where they are missing, and closes the databases that every
/// role may connect to otherwise. The connection is to any database of the server, and must not be pooled: an error
/// can leave the advisory lock on it.
///
/// A login that is no superuser is made a member of the three roles, so that it can `SET ROLE` to them.
pub async fn ensure_control_database(
    connection: &mut PgConnection,
    name: &str,
) -> Result<ControlDatabase, BootstrapError> {
    sqlx::raw_sql("SET lock_timeout = '60s'").execute(&mut *connection).await?;
    sqlx::query("SELECT pg_catalog.pg_advisory_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    let login = login(connection).await?;
    for role in ROLES {
        ensure_role(connection, &login, role).await?;
    }
    let created = ensure_database(connection, name).await?;
    let open_to_public = close(connection, &login, name).await?;
    sqlx::query("SELECT pg_catalog.pg_advisory_unlock($1)").bind(LOCK).execute(&mut *connection).await?;
    sqlx::raw_sql("RESET lock_timeout").execute(&mut *connection).await?;
    Ok(ControlDatabase { created, open_to_public })
}

async fn login(connection: &mut PgConnection) -> Result<Login, BootstrapError> {
    let sql = "SELECT rolsuper, pg_catalog.current_setting('server_version_num')::int4 AS version \
               FROM pg_catalog.pg_roles WHERE rolname = current_user";
    let row = sqlx::query(sql).fetch_one(connection).await?;
    let version: i32 = row.try_get("version")?;
    Ok(Login {
        superuser: row.try_get("rolsuper")?,
        membership: if version >= 160_000 { "SET" } else { "MEMBER" },
    })
}

async fn ensure_role(
    connection: &mut PgConnection,
    login: &Login,
    role: &'static str,
) -> Result<(), BootstrapError> {
    let sql = "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls, rolinherit \
               FROM pg_catalog.pg_roles WHERE rolname = $1";
    let found: Option<(bool, bool)> = sqlx::query_as(sql).bind(role).fetch_optional(&mut *connection).await?;
    // The owner of a database acts as `pg_database_owner`, who owns its schema public, only if it inherits. None of the
    // three is a member of anything else.
    let owner = role == OWNER_ROLE;
    let inherit = if owner { "INHERIT" } else { "NOINHERIT" };
    let weak = "NOSUPERUSER NOCREATEDB NOCREATEROLE";
    if let Some((strong, inherits)) = found {
        if strong && !login.superuser {
            return Err(BootstrapError::TooStrong { role });
        }
        if strong {
            run(connection, format!("ALTER ROLE {role} {weak} NOREPLICATION NOBYPASSRLS")).await?;
        }
        // An administrator's own roles for web and worker do no harm by inheriting nothing.
        if inherits != owner && (owner || login.superuser) {
            run(connection, format!("ALTER ROLE {role} {inherit}")).await?;
        }
    } else {
        run(connection, format!("CREATE ROLE {role} LOGIN {weak} {inherit}")).await?;
    }
    if login.superuser {
        return Ok(());
    }
    let sql = "SELECT pg_catalog.pg_has_role(current_user, $1, $2)";
    let member: bool =
        sqlx::query_scalar(sql).bind(role).bind(login.membership).fetch_one(&mut *connection).await?;
    if !member {
        run(connection, format!("GRANT {role} TO CURRENT_USER")).await?;
    }
    Ok(())
}

/// Makes the database, or takes over one that is there. Says whether it was made.
async fn ensure_database(connection: &mut PgConnection, name: &str) -> Result<bool, BootstrapError> {
    let sql =
        "SELECT pg_catalog.pg_get_userbyid(datdba)::text FROM pg_catalog.pg_database WHERE datname = $1";
    let owner: Option<String> = sqlx::query_scalar(sql).bind(name).fetch_optional(&mut *connection).await?;
    let database = quoted(connection, name).await?;
    match owner.as_deref() {
        None => {
            let from = "TEMPLATE template0 ENCODING 'UTF8'";
            run(connection, format!("CREATE DATABASE {database} OWNER {OWNER_ROLE} {from}")).await?;
            Ok(true)
        }
        Some(OWNER_ROLE) => Ok(false),
        Some(_) => {
            run(connection, format!("ALTER DATABASE {database} OWNER TO {OWNER_ROLE}")).await?;
            Ok(false)
        }
    }
}

/// Lets the three roles into the database and nobody else, and names what stays open.
async fn close(
    connection: &mut PgConnection,
    login: &Login,
    name: &str,
) -> Result<Vec<String>, BootstrapError> {
    let database = quoted(connection, name).await?;
    let own = format!(
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {}",
        ROLES.join(", ")
    );
    if login.superuser {
        run(connection, own).await?;
        close_usual(connection).await?;
    } else {
        // As the owner, whether or not the login inherits from it. If this fails, the role is the login's again.
        run(connection, format!("SET ROLE {OWNER_ROLE}; {own}; RESET ROLE")).await?;
    }
    let sql = "SELECT datname::text FROM pg_catalog.pg_database \
               WHERE datname IN ($1, 'postgres', 'template1') \
               AND pg_catalog.has_database_privilege('public', oid, 'CONNECT') ORDER BY datname";
    Ok(sqlx::query_scalar(sql).bind(name).fetch_all(connection).await?)
}

/// Closes those of the databases that every server has which are there and open. A portal beside this one may be
/// preparing the server: of two changes of one database at once the second fails.
async fn close_usual(connection: &mut PgConnection) -> Result<(), BootstrapError> {
    let sql = "SELECT datname::text FROM pg_catalog.pg_database WHERE datname IN ('postgres', 'template1') \
               AND pg_catalog.has_database_privilege('public', oid, 'CREATE, CONNECT, TEMPORARY') ORDER BY datname";
    let open: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *connection).await?;
    if open.is_empty() {
        return Ok(());
    }
    run(connection, format!("REVOKE ALL ON DATABASE {} FROM PUBLIC", open.join(", "))).await
}

/// The name as an identifier, quoted by the server.
async fn quoted(connection: &mut PgConnection, name: &str) -> Result<String, BootstrapError> {
    Ok(sqlx::query_scalar("SELECT pg_catalog.quote_ident($1)").bind(name).fetch_one(connection).await?)
}

/// Runs statements made of this module's constants and a quoted identifier.
async fn run(connection: &mut PgConnection, statement: String) -> Result<(), BootstrapError> {
    match sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(connection).await {
        Ok(_) => Ok(()),
        Err(source) => Err(match code(&source).as_deref() {
            // Insufficient privilege (PostgreSQL, appendix A).
            Some("42501") => BootstrapError::Denied { statement, source },
            _ => BootstrapError::Query(source),
        }),
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(Cow::into_owned)
}
