//! The audit log: who did what to what, from where. Written in the transaction of the change.

use innkeeper_domain::ids::{AccountId, Ids, OrganisationId, TenantId};
use serde_json::Value;
use sqlx::PgConnection;
use std::net::IpAddr;
use uuid::Uuid;

/// Who acts.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A signed-in person, by account and address.
    Account(AccountId, String),
    /// Somebody who is not signed in.
    Anonymous,
    /// Who has the machine, by its command line.
    Operator,
    /// The portal itself.
    System,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Who.
    pub actor: Actor,
    /// From which address, where it came from a browser.
    pub address: Option<IpAddr>,
    /// What, as `noun.verb` (`handoff.reveal`).
    pub action: &'static str,
    /// To what: a name or id that stays readable when the thing is gone.
    pub subject: &'a str,
    /// Whose organisation it concerns.
    pub organisation: Option<OrganisationId>,
    /// Which tenant it concerns.
    pub tenant: Option<TenantId>,
    /// More, without secrets.
    pub detail: Value,
}

/// Records an entry in the caller's transaction.
pub async fn record(conn: &mut PgConnection, ids: &Ids, entry: Entry<'_>) -> Result<(), sqlx::Error> {
    let (kind, id, name) = match &entry.actor {
        Actor::Account(id, email) => ("account", Some(id.0), email.as_str()),
        Actor::Anonymous => ("anonymous", None, "anonymous"),
        Actor::Operator => ("staff", None, "command line"),
        Actor::System => ("system", None, "innkeeper"),
    };
    sqlx::query!(
        "insert into audit_event (id, organisation_id, tenant_id, actor_kind, actor_id, actor, action, subject, address, detail)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        ids.make::<Uuid>(),
        entry.organisation.map(|o| o.0),
        entry.tenant.map(|t| t.0),
        kind,
        id,
        name,
        entry.action,
        entry.subject,
        entry.address.map(ipnet::IpNet::from),
        entry.detail,
    )
    .execute(conn)
    .await?;
    Ok(())
}
