//! Passkeys: a way in by a key that a person's device or password manager keeps, and a way to show that it is still them.
//!
//! A browser is asked ([`begin`], [`begin_add`]), its page shows the question ([`pending`]), and what comes back is
//! checked against it once, within five minutes, in the same session: [`answer`] and [`enter`] let in, [`add`] makes it
//! one more way in. Signing in asks for no name, so that nobody learns who has an account.

mod add;
mod answer;
mod enter;
mod question;
#[cfg(test)]
mod tests;

pub use add::{add, begin_add};
pub use answer::{Proven, answer};
pub use enter::enter;
pub use question::{Question, begin, pending};

use crate::{
    Error, Result, Service,
    context::{rate_limit, requester::Requester},
    sign_in::oidc::Purpose,
};
use innkeeper_domain::{ids::AccountId, ports::Passkeys};
use sqlx::PgExecutor;

/// The most passkeys of an account.
pub const MOST: usize = 10;

/// Whether a passkey is worth offering to this requester: to a stranger always, to somebody signed in where they have one.
/// Never where the portal's address has no name.
pub async fn offered(service: &Service, requester: &Requester) -> Result<bool> {
    match (&service.passkeys, &requester.account) {
        (None, _) => Ok(false),
        (Some(_), None) => Ok(true),
        (Some(_), Some(person)) => Ok(!ids_of(&service.pool, person.id).await?.is_empty()),
    }
}

/// [`Error::NotFound`] where there are none, see [`offered`].
fn port(service: &Service) -> Result<&dyn Passkeys> {
    service.passkeys.as_deref().ok_or(Error::NotFound)
}

/// Why somebody comes with a passkey: who is signed in shows that it is still them.
fn purpose(requester: &Requester) -> Purpose {
    if requester.account.is_some() { Purpose::Fresh } else { Purpose::SignIn }
}

async fn count(service: &Service, requester: &Requester) -> Result<()> {
    let limit = service.settings.limits.verify_per_address;
    rate_limit::take(
        &service.pool,
        &rate_limit::address_key("sign in by", requester.browser()?.address),
        limit,
    )
    .await
}

/// The ids of an account's passkeys.
async fn ids_of(db: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<String>> {
    let ids = sqlx::query_scalar!(
        "select subject from identity where account_id = $1 and issuer = 'passkey' order by created_at",
        account.0
    );
    Ok(ids.fetch_all(db).await?)
}
