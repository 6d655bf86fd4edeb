//! The wizard: what a person fills in until there is a request for a database, and its acceptance.
//!
//! A draft is a row, one for each account. What is accepted is parsed again: nothing that a page once said counts.

mod accept;
mod check;
mod choices;
mod draft;
mod memberships;
#[cfg(test)]
mod tests;

pub use accept::accept;
pub(crate) use choices::plans;
pub use choices::{Choices, Region};
pub use draft::Draft;
pub(crate) use draft::keep;

use crate::{
    Error, Result, Service,
    context::{rate_limit, requester::Requester},
};
use innkeeper_domain::{
    allowlist::{AllowedRange, Reach, own_range},
    ids::RequestId,
    name::Wish,
    organisation::OrganisationName,
    permission::Permission,
    plan::{Extension, Plan},
};

/// A draft that can be accepted, as the check page shows it.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The request.
    pub request: RequestId,
    /// Counts the changes of the draft: accepting names the version that was shown.
    pub version: i32,
    /// Whose the database will be.
    pub organisation: OrganisationName,
    /// What it is to be called.
    pub database: Wish,
    /// With which plan.
    pub plan: Plan,
    /// In which region.
    pub region: Region,
    /// From where it can be reached.
    pub reach: Reach,
    /// The requester's own address.
    pub own: AllowedRange,
    /// Whether it can be reached from there.
    pub own_admitted: bool,
    /// With which extensions.
    pub extensions: Vec<Extension>,
}

/// What there is to choose from, and the draft as it stands: the kept one, or one filled in beforehand.
pub async fn open(service: &Service, requester: &Requester) -> Result<(Choices, Draft)> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin(&service.pool).await?;
    let offer = choices::load(&mut tx).await?;
    let organisations = memberships::organisations(&mut tx, person.id).await?;
    let draft = match draft::load_open(&mut tx, person.id).await? {
        Some(kept) => kept.draft,
        None => Draft::suggest(&person.email, requester.browser()?.address, &offer, &organisations),
    };
    tx.commit().await?;
    Ok((offer.choices(own_range(requester.browser()?.address)), draft))
}

/// Keeps a draft in which nothing is wrong; else all that is wrong, by field.
pub async fn save(service: &Service, requester: &Requester, draft: &Draft) -> Result<()> {
    let person = requester.signed_in()?;
    let limit = service.settings.limits.change_per_account;
    rate_limit::take(&service.pool, &format!("wizard of {}", person.id), limit).await?;
    let mut tx = requester.begin(&service.pool).await?;
    requester.authorize(&mut tx, Permission::RequestDraft).await?;
    check::check(&mut tx, person, draft).await?;
    keep(&mut tx, service.ids.make(), person.id, draft).await?;
    Ok(tx.commit().await?)
}

/// The draft as it would be accepted; [`Error::NotFound`] if there is none.
pub async fn propose(service: &Service, requester: &Requester) -> Result<Proposal> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin(&service.pool).await?;
    let kept = draft::load_open(&mut tx, person.id).await?.ok_or(Error::NotFound)?;
    let checked = check::check(&mut tx, person, &kept.draft).await?;
    tx.commit().await?;
    let own = own_range(requester.browser()?.address);
    Ok(Proposal {
        request: kept.id,
        version: kept.version,
        organisation: checked.organisation,
        database: checked.database,
        plan: checked.plan,
        region: checked.region,
        own_admitted: checked.reach.admits(requester.browser()?.address),
        own,
        reach: checked.reach,
        extensions: checked.extensions,
    })
}
