//! A tenant's credentials as its page shows them, and its roles' own connections.

use crate::Html;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// The roles, as the pages and their names say them.
pub const ROLES: [&str; 3] = ["owner", "app", "readonly"];

/// What a person gets.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The database.
    pub database: String,
    /// The server's name.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The password of each role.
    pub passwords: BTreeMap<&'static str, String>,
    /// The CA certificate, PEM.
    pub ca: String,
    /// The formats of the application's role, exactly as they stand.
    pub formats: BTreeMap<String, String>,
}

impl Credentials {
    /// Reads them off the handoff page.
    pub fn read(page: &Html, ca: &str) -> Self {
        let all = || page.elements().filter(|element| element.attribute("data-format").is_some());
        let mut formats = BTreeMap::new();
        for element in all().filter(|element| element.attribute("data-role").is_none()) {
            let format = element.attribute("data-format").unwrap_or_default().to_owned();
            assert!(formats.insert(format.clone(), element.text()).is_none(), "{format} stands twice");
        }
        assert_eq!(formats.len(), 10, "{:?}", formats.keys());
        let mut uris = BTreeMap::from([("app", formats["uri"].clone())]);
        for role in ["owner", "readonly"] {
            let mut found = all().filter(|e| e.attribute("data-role") == Some(role));
            let uri = found.next().unwrap_or_else(|| panic!("no URI of {role}"));
            assert_eq!(uri.attribute("data-format"), Some("uri"));
            assert!(found.next().is_none(), "two URIs of {role}");
            uris.insert(role, uri.text());
        }
        let parsed = |role| Url::parse(&uris[role]).unwrap();
        let app = parsed("app");
        let database = app.path().trim_start_matches('/').to_owned();
        let mut passwords = BTreeMap::new();
        for role in ROLES {
            assert_eq!(parsed(role).username(), format!("{database}_{role}"));
            passwords.insert(role, parsed(role).password().expect("a password").to_owned());
        }
        let (host, port) = (app.host_str().expect("a host").to_owned(), app.port().expect("a port"));
        Self { database, host, port, passwords, ca: ca.to_owned(), formats }
    }

    /// How a role gets in, as the credentials say: TLS, and the server checked by the bundle's CA.
    pub fn options(&self, role: &'static str) -> PgConnectOptions {
        self.options_to(role, &self.database)
    }

    /// The same, to another database.
    pub fn options_to(&self, role: &'static str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .username(&format!("{}_{role}", self.database))
            .password(&self.passwords[role])
            .database(database)
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert_from_pem(self.ca.clone().into_bytes())
            .disable_statement_logging()
    }

    /// A role's connection.
    pub async fn connect(&self, role: &'static str) -> PgConnection {
        let connected = sign_in(&self.options(role)).await;
        connected.unwrap_or_else(|error| panic!("{}_{role} cannot sign in: {error}", self.database))
    }
}

/// Connects, within a deadline.
pub async fn sign_in(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connected = tokio::time::timeout(Duration::from_secs(20), options.connect()).await;
    connected.unwrap_or_else(|_| panic!("no answer to a sign-in within 20 s"))
}

/// How a try to sign in ends: `OK`, or the code of the refusal (PostgreSQL, appendix A).
pub async fn sign_in_code(options: &PgConnectOptions) -> String {
    match sign_in(options).await {
        Ok(connection) => {
            connection.close().await.unwrap();
            "OK".into()
        }
        Err(error) => code(&error),
    }
}

/// The code of an error; its text where it has none.
pub fn code(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.map_or_else(|| error.to_string(), std::borrow::Cow::into_owned)
}

/// Runs a statement as it stands and answers `OK` or the error's code.
pub async fn outcome(connection: &mut PgConnection, sql: &str) -> String {
    let run = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection);
    match tokio::time::timeout(Duration::from_secs(20), run).await {
        Ok(Ok(_)) => "OK".into(),
        Ok(Err(error)) => code(&error),
        Err(_) => panic!("no answer within 20 s: {sql}"),
    }
}

/// Runs statements that must succeed.
pub async fn run(connection: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// The one value of a statement, as text; empty where it is null.
pub async fn value(connection: &mut PgConnection, sql: &str) -> String {
    let rows = texts(connection, sql).await;
    let [value] = &rows[..] else { panic!("not one row but {}: {sql}", rows.len()) };
    value.clone()
}

/// The first column of all rows, as text.
pub async fn texts(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    let wrapped = format!("select (row_to_json(given)::jsonb ->> 'column1') from ({sql}) as given(column1)");
    let rows = sqlx::query(AssertSqlSafe(wrapped)).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_default()).collect()
}
