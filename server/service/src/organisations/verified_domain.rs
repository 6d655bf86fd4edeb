//! Whether an address is in a domain that the organisation has verified.

use crate::{Result, context::providers::Provider};
use innkeeper_domain::{
    identity::{Facts, ProviderKind, Reason, Refusal},
    ids::OrganisationId,
};
use sqlx::PgConnection;

/// Whether the person's address is in a domain that the organisation has shown to be its own: it speaks for no others.
pub(crate) async fn own_address(
    conn: &mut PgConnection,
    provider: &Provider,
    organisation: OrganisationId,
    facts: &Facts,
) -> Result<()> {
    let contact = facts.contact.as_ref();
    let contact = contact.ok_or_else(|| Refusal::new(Reason::Address, "no address"))?;
    // Whoever has an account at an issuer that serves many may call themselves what they like there.
    if provider.kind == ProviderKind::Oidc && !contact.proven {
        return Err(
            Refusal::new(Reason::Address, "the issuer does not say that the address is verified").into()
        );
    }
    let own = sqlx::query_scalar!(
        r#"select exists (select from organisation_domain
           where organisation_id = $1 and domain = $2 and proven_at is not null) as "own!""#,
        organisation.0,
        contact.address.domain(),
    )
    .fetch_one(conn)
    .await?;
    if own {
        return Ok(());
    }
    let what = format!("{} is not a verified domain of the organisation", contact.address.domain());
    Err(Refusal::new(Reason::Address, what).into())
}
