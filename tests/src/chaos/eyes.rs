//! What the program sees of the control database, past everything it breaks: by the operator's Unix socket.

use crate::operator::OperatorServer;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, Row as _, postgres::PgConnectOptions};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::timeout;

/// Nothing is there just now that could answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away;

/// A superuser's connection that is opened again whenever it was lost.
pub struct Eyes {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

/// One row, all values as text; null is empty.
pub type Row = Vec<String>;

impl Eyes {
    /// On the control database of this server.
    pub fn of(server: &OperatorServer) -> Self {
        Self { options: server.superuser("control_7"), connection: None }
    }

    /// All rows of a statement.
    pub async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, Away> {
        let asked = timeout(Duration::from_secs(5), self.ask(sql)).await;
        match asked {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(error)) => {
                let mistake = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
                // Class 42 is a statement that is wrong (PostgreSQL, appendix A).
                assert!(!mistake.is_some_and(|code| code.starts_with("42")), "{error}: {sql}");
            }
            Err(_) => {}
        }
        self.connection = None;
        Err(Away)
    }

    async fn ask(&mut self, sql: &str) -> Result<Vec<Row>, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let connection = self.connection.insert(connection);
        // Without parameters all values come as text.
        let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await?;
        let text = |row: &sqlx::postgres::PgRow, at| row.try_get_unchecked::<Option<String>, _>(at);
        let texts =
            rows.iter().map(|row| (0..row.len()).map(|at| Ok(text(row, at)?.unwrap_or_default())).collect());
        texts.collect()
    }

    /// The first column of all rows.
    pub async fn column(&mut self, sql: &str) -> Result<Vec<String>, Away> {
        Ok(self.rows(sql).await?.into_iter().filter_map(|row| row.into_iter().next()).collect())
    }
}

/// Seconds since 1970, by the clock that the server has as well.
#[expect(clippy::disallowed_methods, reason = "compared with times that the server has written down")]
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
