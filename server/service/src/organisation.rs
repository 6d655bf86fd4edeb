//! How an organisation's people come in: its own issuer, its mail domains, its organisations at GitHub, what groups make
//! of people, and whether other ways stay open. Only its admins see and change that, with a fresh sign-in.

mod decide;
mod domains;
mod enforce;
#[cfg(test)]
mod fixtures;
pub(crate) mod github;
mod groups;
mod issuer;
mod lost;
pub mod operator;
mod proven;
mod reach;
mod take_back;
#[cfg(test)]
mod tests;
pub(crate) mod trial;
mod view;

pub use decide::{Waiting, decide, waiting};
pub use domains::{DomainLine, add_domain, ask_staff, check_domain, remove_domain};
pub use enforce::{Closed, KnownWay, closed, enforce, release, way_of};
pub use github::{GitHubGroup, GitHubLine, add_github, remove_github};
pub use groups::{add_group, remove_group};
pub use issuer::{IssuerForm, remove_issuer, save_issuer};
pub use proven::{Proven, proven};
pub(crate) use reach::{may_change_ways, shut, stays_in_reach};
pub use take_back::{TakingBack, take_back, taking_back};
pub use trial::Trial;
pub use view::{IdentityView, IssuerView, OpenWay, identity};

use crate::{
    Result, Service,
    store::{self, Tx},
    tenants::{self, TenantView},
    visitor::Visitor,
};
use innkeeper_domain::name::draw_plain;
use serde_json::Value;

/// Begins a change by an admin with a fresh sign-in. Of two at once the second waits, and sees what the first did.
async fn begin(service: &Service, visitor: &Visitor, name: &str) -> Result<(Tx, TenantView)> {
    let person = visitor.signed_in()?;
    let mut tx = store::begin_as_account(&service.pool, person).await?;
    let tenant = tenants::load_as_admin(&mut tx, person.id, name).await?;
    visitor.fresh()?;
    let provider = format!("org-{}", draw_plain(&*service.random, 10));
    sqlx::query!(
        "insert into organisation_identity (organisation_id, provider) values ($1, $2)
         on conflict (organisation_id) do nothing",
        tenant.organisation_id.0,
        provider,
    )
    .execute(&mut *tx)
    .await?;
    let organisation = tenant.organisation_id.0;
    sqlx::query!(
        "select provider from organisation_identity where organisation_id = $1 for update",
        organisation
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok((tx, tenant))
}

/// Commits a change with what is told of it.
async fn end(
    service: &Service,
    visitor: &Visitor,
    mut tx: Tx,
    tenant: &TenantView,
    action: &'static str,
    detail: Value,
) -> Result<()> {
    tenants::record(service, visitor, &mut tx, tenant, action, detail).await?;
    Ok(tx.commit().await?)
}
