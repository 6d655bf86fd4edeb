//! Rate limits: fixed windows in the control database, so that all portals count together.

use crate::{Error, Result};
use sqlx::PgPool;
use std::net::IpAddr;

/// So many in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many are let through in a window.
    pub count: i32,
    /// The window's length in seconds.
    pub seconds: i32,
}

/// The limits and their documented defaults.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Sign-in mails asked for from one address.
    pub mail_per_address: Limit,
    /// Sign-in mails sent to one mailbox.
    pub mail_per_mailbox: Limit,
    /// Sign-in mails in all.
    pub mail_in_all: Limit,
    /// Tries to sign in from one address.
    pub verify_per_address: Limit,
    /// Databases asked for by one account.
    pub request_per_account: Limit,
    /// Any other change by one account.
    pub change_per_account: Limit,
    /// Any other change from one address.
    pub change_per_address: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        let ten_minutes = |count| Limit { count, seconds: 600 };
        Self {
            mail_per_address: ten_minutes(120),
            mail_per_mailbox: ten_minutes(6),
            mail_in_all: ten_minutes(3000),
            verify_per_address: ten_minutes(240),
            request_per_account: ten_minutes(20),
            change_per_account: ten_minutes(300),
            change_per_address: ten_minutes(1200),
        }
    }
}

/// Counts one more for the key, and refuses it when the window is full.
///
/// A fixed window may let twice the count through around its edge; the counts are chosen with that in mind.
pub async fn take(pool: &PgPool, key: &str, limit: Limit) -> Result<()> {
    let window = sqlx::query!(
        r#"insert into rate_window as w (key, started_at, count) values ($1, now(), 1)
           on conflict (key) do update set
             started_at = case when w.started_at <= now() - make_interval(secs => $2) then now() else w.started_at end,
             count = case when w.started_at <= now() - make_interval(secs => $2) then 1 else least(w.count, $3) + 1 end
           returning count, ceil(extract(epoch from started_at + make_interval(secs => $2) - now()))::bigint as "wait!""#,
        key,
        f64::from(limit.seconds),
        limit.count,
    )
    .fetch_one(pool)
    .await?;
    if window.count > limit.count {
        return Err(Error::TooMany(u64::try_from(window.wait).unwrap_or(1).max(1)));
    }
    Ok(())
}

/// The key of an address: IPv6 by its /64, which is one customer's.
pub fn address_key(what: &str, address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => format!("{what} {v4}"),
        IpAddr::V6(v6) => format!("{what} {:x?}", &v6.segments()[..4]),
    }
}
