use super::{
    choices::Offer,
    memberships::{Membership, free_name},
};
use crate::{Error, Result};
use innkeeper_domain::{
    allowlist::own_range,
    email::EmailAddress,
    ids::{AccountId, RequestId},
    name::Wish,
    plan::Extension,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use std::net::IpAddr;

/// What was typed and chosen, as it was; no secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// Name of the organisation.
    pub organisation: String,
    /// Name for the database.
    pub database: String,
    /// Name of a plan.
    pub plan: String,
    /// Name of a region.
    pub region: String,
    /// Addresses and ranges, one a line.
    pub addresses: String,
    /// The tick for any address: `on` or empty.
    pub allow_any: String,
    /// Names of extensions.
    pub extensions: Vec<String>,
}

/// The largest draft, in bytes of JSON; the table holds no more either.
pub const MOST: usize = 15_000;

/// A draft that is kept.
pub struct Kept {
    pub id: RequestId,
    pub version: i32,
    pub draft: Draft,
}

impl Draft {
    /// A draft filled in as far as can be guessed, so that little is left to type.
    pub fn suggest(
        email: &EmailAddress,
        address: IpAddr,
        offer: &Offer,
        organisations: &[Membership],
    ) -> Self {
        let own = organisations.iter().find(|own| own.is_own());
        let wish = Wish::suggest(email.suggestion());
        let plan = offer.plans.first();
        let regions = offer.regions(plan);
        let region = regions.iter().find(|region| region.full.is_none()).or(regions.first());
        Self {
            organisation: own.map(|own| own.name.clone()).unwrap_or_default(),
            database: match own {
                Some(own) if own.wishes.iter().any(|taken| taken == wish.as_str()) => {
                    free_name(&wish, &own.wishes)
                }
                _ => wish.to_string(),
            },
            plan: plan.map(|plan| plan.name.clone()).unwrap_or_default(),
            region: region.map(|region| region.name.clone()).unwrap_or_default(),
            addresses: own_range(address).to_string(),
            allow_any: String::new(),
            extensions: Extension::DEFAULT.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The account's open draft.
pub async fn load_open(conn: &mut PgConnection, account: AccountId) -> Result<Option<Kept>> {
    let row = sqlx::query!(
        "select id, version, values from request where account_id = $1 and tenant_name is null",
        account.0
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok(Kept { id: RequestId(row.id), version: row.version, draft: read(row.values)? }))
        .transpose()
}

/// Reads a stored draft.
pub fn read(values: serde_json::Value) -> Result<Draft> {
    serde_json::from_value(values).map_err(|what| Error::corrupt("draft", what))
}

/// Keeps the account's one open draft; saving the same again is no new version. `new` is its id if there is none yet.
pub async fn keep(conn: &mut PgConnection, new: RequestId, account: AccountId, draft: &Draft) -> Result<()> {
    let values = serde_json::to_value(draft).map_err(|what| Error::corrupt("draft", what))?;
    sqlx::query!(
        r#"insert into request as r (id, account_id, "values") values ($1, $2, $3)
           on conflict (account_id) where tenant_name is null do update set updated_at = now(),
             version = r.version + case when r."values" = excluded."values" then 0 else 1 end,
             "values" = excluded."values""#,
        new.0,
        account.0,
        values,
    )
    .execute(conn)
    .await?;
    Ok(())
}
