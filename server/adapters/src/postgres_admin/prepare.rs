use super::{
    connection::{Admin, within},
    failure::Failure,
    layout::{OPEN_DATABASES, PLATFORM, SERVER_SQL, TEMPLATE, TENANTS, template_mark, template_sql},
    quote,
};
use sqlx::postgres::PgConnectOptions;

const DOING: &str = "preparing the server";

/// Makes the platform's roles and the template. What is there is left; a half-made template is made anew.
pub(super) async fn prepare(options: &PgConnectOptions) -> Result<(), Failure> {
    let mut admin = Admin::open(options, None).await?;
    let major = major(&mut admin).await?;
    if !is_prepared(&mut admin, major).await? {
        admin.close().await;
        admin = Admin::open_locked(options, None, "server prepare").await?;
        make_roles(&mut admin).await?;
        close_to_public(&mut admin).await?;
        if !has_template(&mut admin, major).await? {
            make_template(&mut admin, options, major).await?;
        }
    }
    admin.close().await;
    Ok(())
}

/// The server's major version; older ones than 15 cannot hold tenants.
pub(super) async fn major(admin: &mut Admin) -> Result<u32, Failure> {
    let query = sqlx::query_scalar("SELECT current_setting('server_version_num')::int / 10000");
    let major: i32 = within(DOING, query.fetch_one(admin.raw())).await?;
    match u32::try_from(major) {
        Ok(major) if major >= 15 => Ok(major),
        _ => {
            Err(Failure::refused(DOING, format!("PostgreSQL {major} is too old: 15 is the oldest supported")))
        }
    }
}

async fn is_prepared(admin: &mut Admin, major: u32) -> Result<bool, Failure> {
    let query = sqlx::query_scalar(
        "SELECT (SELECT count(*) = 2 FROM pg_roles WHERE rolname = ANY($1) AND NOT (rolcanlogin OR rolsuper
                 OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls))
            AND NOT EXISTS (SELECT FROM pg_database WHERE datname = ANY($2)
                 AND has_database_privilege('public', oid, 'CREATE, CONNECT, TEMPORARY'))
            AND EXISTS (SELECT FROM pg_database WHERE datname = $3 AND datistemplate AND NOT datallowconn
                 AND shobj_description(oid, 'pg_database') = $4)",
    );
    let query =
        query.bind([PLATFORM, TENANTS]).bind(OPEN_DATABASES).bind(TEMPLATE).bind(template_mark(major));
    within(DOING, query.fetch_one(admin.raw())).await
}

async fn make_roles(admin: &mut Admin) -> Result<(), Failure> {
    let query = sqlx::query_scalar("SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1)");
    let there: Vec<String> = within(DOING, query.bind([PLATFORM, TENANTS]).fetch_all(admin.raw())).await?;
    let missing = [PLATFORM, TENANTS].into_iter().filter(|role| !there.iter().any(|found| found == role));
    let create: Vec<_> = missing.map(|role| format!("CREATE ROLE {role} NOLOGIN NOSUPERUSER;\n")).collect();
    admin.run(DOING, create.concat() + SERVER_SQL).await
}

/// Databases that every server has are closed to all but administrators; a server may lack one of them.
async fn close_to_public(admin: &mut Admin) -> Result<(), Failure> {
    let query = sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname = ANY($1)");
    let there: Vec<String> = within(DOING, query.bind(OPEN_DATABASES).fetch_all(admin.raw())).await?;
    let revoke = |name: &String| format!("REVOKE ALL ON DATABASE {} FROM PUBLIC;\n", quote::identifier(name));
    admin.run(DOING, there.iter().map(revoke).collect()).await
}

/// Whether the template is whole and of this version. One that is neither is removed.
async fn has_template(admin: &mut Admin, major: u32) -> Result<bool, Failure> {
    let query = sqlx::query_as(
        "SELECT datistemplate, datistemplate AND NOT datallowconn
            AND coalesce(shobj_description(oid, 'pg_database') = $2, false)
         FROM pg_database WHERE datname = $1",
    );
    let query = query.bind(TEMPLATE).bind(template_mark(major));
    let (is_template, whole): (bool, bool) = match within(DOING, query.fetch_optional(admin.raw())).await? {
        None => return Ok(false),
        Some(found) => found,
    };
    if whole {
        return Ok(true);
    }
    if is_template {
        admin.run(DOING, format!("ALTER DATABASE {TEMPLATE} IS_TEMPLATE false")).await?;
    }
    admin.run(DOING, format!("DROP DATABASE {TEMPLATE} WITH (FORCE)")).await?;
    Ok(false)
}

/// Makes the template; it counts only once it is marked as one, which is the last step.
async fn make_template(admin: &mut Admin, options: &PgConnectOptions, major: u32) -> Result<(), Failure> {
    let create = format!("CREATE DATABASE {TEMPLATE} OWNER {PLATFORM} TEMPLATE template0 CONNECTION LIMIT 0");
    admin.run(DOING, create).await?;
    admin.run(DOING, format!("REVOKE ALL ON DATABASE {TEMPLATE} FROM PUBLIC")).await?;
    let mut inside = Admin::open(options, Some(TEMPLATE)).await?;
    inside.run(DOING, template_sql(major)).await?;
    inside.close().await;
    let mark = quote::literal(&template_mark(major));
    let finish = format!(
        "COMMENT ON DATABASE {TEMPLATE} IS {mark};
         ALTER DATABASE {TEMPLATE} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true"
    );
    admin.run(DOING, finish).await
}
