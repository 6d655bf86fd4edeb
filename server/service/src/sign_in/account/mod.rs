//! A person's own account: the ways in, and where they are signed in.

mod methods;
mod sessions;
#[cfg(test)]
mod tests;

pub use methods::{Way, remove};
pub use sessions::{SessionLine, end, end_others};

use crate::{Result, Service, context::requester::Requester};

/// What the account's page shows.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// Where the person is written to.
    pub email: String,
    /// What they are called, by whoever vouched for them first.
    pub name: Option<String>,
    /// The ways in, the oldest first.
    pub ways: Vec<Way>,
    /// Where they are signed in, this browser first, then the one seen last.
    pub sessions: Vec<SessionLine>,
    /// Whether that is only what belongs to the organisation's own way by which they came.
    pub partly: bool,
}

/// Reads the requester's own account.
pub async fn view(service: &Service, requester: &Requester) -> Result<AccountView> {
    let person = requester.signed_in()?;
    let name = sqlx::query_scalar!("select name from account where id = $1", person.id.0)
        .fetch_one(&service.pool)
        .await?;
    Ok(AccountView {
        email: person.email.to_string(),
        name,
        ways: methods::of(service, requester).await?,
        sessions: sessions::of(service, requester).await?,
        partly: person.only_way().is_some(),
    })
}
