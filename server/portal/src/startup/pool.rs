//! Connections to the control database.

use sqlx::{
    AssertSqlSafe, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// How long somebody waits for a connection, then for a statement.
const ACQUIRE: Duration = Duration::from_secs(10);
const STATEMENT: &str = "30s";

/// A pool that connects when it is first used; by a login that becomes `role`, where one is given.
pub(super) fn lazy(options: PgConnectOptions, role: Option<&'static str>, most: u32) -> PgPool {
    let options = options
        .options([("statement_timeout", STATEMENT), ("idle_in_transaction_session_timeout", STATEMENT)]);
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(ACQUIRE)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                match role {
                    Some(role) => become_role(connection, role).await,
                    None => Ok(()),
                }
            })
        })
        // A future that is dropped while it begins a transaction, such as a request whose browser has left, leaves the
        // transaction open without the driver's knowledge: whoever gets the connection next would be in it. A rollback
        // alone would write a warning to the server's log each time there is nothing to roll back; in a transaction that
        // has failed the beginning fails, too, and the connection is not used again.
        .after_release(|connection, _| {
            Box::pin(async move { sqlx::raw_sql("BEGIN; ROLLBACK").execute(connection).await.map(|_| true) })
        })
        .connect_lazy_with(options)
}

/// Makes a connection work as one of the control database's roles.
pub(super) async fn become_role(
    connection: &mut PgConnection,
    role: &'static str,
) -> Result<(), sqlx::Error> {
    // One of the three constants.
    sqlx::raw_sql(AssertSqlSafe(format!("SET ROLE {role}"))).execute(connection).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[sqlx::test(migrations = false)]
    async fn a_transaction_that_was_not_awaited_is_over(_: PgPoolOptions, options: PgConnectOptions) {
        let pool = lazy(options, None, 1);
        for polls in 0..40 {
            let mut begin = Box::pin(pool.begin_with("begin isolation level repeatable read read only"));
            for _ in 0..polls {
                if futures::poll!(&mut begin).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(begin);
            let read_only: String =
                sqlx::query_scalar("show transaction_read_only").fetch_one(&pool).await.unwrap();
            assert_eq!(read_only, "off", "after {polls} polls");
        }
    }
}
