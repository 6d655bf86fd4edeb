//! Connections to the control database.

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long somebody waits for a connection, then for a statement.
const ACQUIRE: Duration = Duration::from_secs(10);
const STATEMENT: &str = "30s";
/// How often a pool that keeps its connections is looked at, and how long one more may take to open.
const REFILL: Duration = Duration::from_secs(10);
const OPEN: Duration = Duration::from_secs(1);

/// A pool that connects when it is first used; by a login that becomes `role`, where one is given.
pub(super) fn lazy(options: PgConnectOptions, role: Option<&'static str>, most: u32) -> PgPool {
    pool(PgPoolOptions::new().max_connections(most), options, role)
}

/// A pool that opens all its connections at once and keeps them: whoever takes all others that the server has keeps
/// nobody from the pages.
pub(super) fn kept(options: PgConnectOptions, role: Option<&'static str>, most: u32) -> PgPool {
    let wanted = PgPoolOptions::new().max_connections(most).min_connections(most);
    let pool = pool(wanted.idle_timeout(None).max_lifetime(None), options, role);
    tokio::spawn(refill(pool.clone(), most, REFILL));
    pool
}

/// Opens what was lost while the server was away, once it lets somebody in again. Ends with the pool.
async fn refill(pool: PgPool, most: u32, every: Duration) {
    let look = async {
        loop {
            sleep(every).await;
            if pool.size() >= most {
                continue;
            }
            // None of those that are left is risked before one more was let in.
            let options = pool.connect_options();
            let Ok(Ok(one)) = timeout(OPEN, options.connect()).await else { continue };
            // Nothing depends on how this ends.
            let _ = one.close().await;
            if let Ok(Ok(mut one)) = timeout(OPEN, pool.acquire()).await {
                // The pool opens all that are missing when one is closed.
                one.close_on_drop();
            }
        }
    };
    // The end of the pool.
    let _ = pool.close_event().do_until(look).await;
}

fn pool(wanted: PgPoolOptions, options: PgConnectOptions, role: Option<&'static str>) -> PgPool {
    let options = options
        .options([("statement_timeout", STATEMENT), ("idle_in_transaction_session_timeout", STATEMENT)]);
    wanted
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
    async fn all_connections_are_opened_without_use_and_again_when_one_is_lost(
        _: PgPoolOptions,
        options: PgConnectOptions,
    ) {
        let pool = kept(options, None, 3);
        let whole = async || {
            while (pool.size(), pool.num_idle()) != (3, 3) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(20), whole()).await.unwrap();
        tokio::spawn(refill(pool.clone(), 3, Duration::from_millis(20)));
        for _ in 0..3 {
            let lost: Vec<_> = [pool.acquire().await.unwrap(), pool.acquire().await.unwrap()].into();
            for one in lost {
                one.close().await.unwrap();
            }
            timeout(Duration::from_secs(20), whole()).await.unwrap();
        }
    }

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
