//! The audit log: who did what to what, from where. Written in the transaction of the change.

mod action;

pub use action::Action;

use crate::{context::target::Target, db};
use innkeeper_domain::ids::{AccountId, ApiKeyId, Ids, OrganisationId, RunId, TenantId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::{fmt::Display, net::IpAddr};
use uuid::Uuid;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person, by account and address.
    Account(AccountId, String),
    /// One of the staff, in what only staff do.
    Staff(AccountId, String),
    /// A program, by an API key.
    ApiKey(ApiKeyId),
    /// Somebody who is not signed in.
    Anonymous,
    /// The operator, by the command line.
    Operator,
    /// A run of a workflow.
    Run(RunId),
    /// The portal itself.
    System,
}

impl Actor {
    /// An entry of what it did, to be completed and recorded.
    pub fn audit(self, action: Action) -> Entry {
        Entry {
            actor: self,
            address: None,
            action,
            subject: String::new(),
            organisation: None,
            tenant: None,
            detail: json!({}),
        }
    }

    /// Its kind as it is stored, its id where it has one, and a name that stays readable when it is gone.
    fn stored(&self) -> (&'static str, Option<Uuid>, &str) {
        match self {
            Self::Account(id, email) => ("account", Some(id.0), email),
            Self::Staff(id, email) => ("staff", Some(id.0), email),
            Self::ApiKey(id) => ("api_key", Some(id.0), "API key"),
            Self::Anonymous => ("anonymous", None, "anonymous"),
            Self::Operator => ("operator", None, "command line"),
            Self::Run(id) => ("run", Some(id.0), "innkeeper"),
            Self::System => ("system", None, "innkeeper"),
        }
    }
}

/// An entry of the audit log: `requester.audit(Action::…).of(&target).detail(…).record(…)`.
#[derive(Debug, Clone)]
#[must_use = "an entry is in the log once it is recorded"]
pub struct Entry {
    actor: Actor,
    address: Option<IpAddr>,
    action: Action,
    subject: String,
    organisation: Option<OrganisationId>,
    tenant: Option<TenantId>,
    detail: Value,
}

impl Entry {
    /// From which address, where it came from elsewhere.
    pub fn from(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    /// To what: a name or id that stays readable when the thing is gone.
    pub fn subject(self, subject: impl Display) -> Self {
        Self { subject: subject.to_string(), ..self }
    }

    /// To an organisation or a tenant.
    pub fn of(self, target: &impl Target) -> Self {
        Self {
            subject: target.name(),
            organisation: Some(target.organisation()),
            tenant: target.tenant(),
            ..self
        }
    }

    /// Which organisation it concerns.
    pub fn in_organisation(self, organisation: impl Into<Option<OrganisationId>>) -> Self {
        Self { organisation: organisation.into(), ..self }
    }

    /// Which tenant it concerns, and whose that is.
    pub fn in_tenant(self, whose: impl Into<Option<(OrganisationId, TenantId)>>) -> Self {
        let (organisation, tenant) = whose.into().unzip();
        Self { organisation, tenant, ..self }
    }

    /// More, as an object without secrets.
    pub fn detail(self, detail: Value) -> Self {
        Self { detail, ..self }
    }

    /// Writes it in the caller's transaction.
    pub async fn record(self, conn: &mut PgConnection, ids: &Ids) -> Result<(), sqlx::Error> {
        let (kind, id, name) = self.actor.stored();
        sqlx::query!(
            "insert into audit_event (id, organisation_id, tenant_id, actor_kind, actor_id, actor, action, subject, address, detail)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            ids.make::<Uuid>(),
            self.organisation.map(|o| o.0),
            self.tenant.map(|t| t.0),
            kind,
            id,
            name,
            self.action.as_str(),
            self.subject,
            self.address.map(ipnet::IpNet::from),
            self.detail,
        )
        .execute(&mut *conn)
        .await?;
        db::proof::audited(conn).await
    }
}
