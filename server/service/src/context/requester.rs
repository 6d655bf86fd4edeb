//! Who asks: a browser, and the person signed in there, if any.

use crate::{
    Error, Result,
    context::{
        audit,
        field_error::{Field, SignInCode},
    },
    db::{self, Tx},
};
use innkeeper_domain::{
    email::EmailAddress,
    identity::ProviderId,
    ids::{AccountId, IdentityId, SessionId},
    staff::StaffRole,
};
use sqlx::PgPool;
use std::net::IpAddr;

/// A browser as the portal knows it, for the length of one request.
#[derive(Debug, Clone)]
pub struct Requester {
    /// The browser's session by its stable id; none before the browser has one.
    pub session: Option<SessionId>,
    /// The address it asks from. Behind a proxy the one that a trusted proxy tells.
    pub address: IpAddr,
    /// What the browser calls itself (`User-Agent`), as far as that can be kept.
    pub agent: Option<String>,
    /// The person, once signed in.
    pub account: Option<SignedIn>,
}

/// A person who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The account.
    pub id: AccountId,
    /// Its address.
    pub email: EmailAddress,
    /// The way this session came by: `mail`, `passkey`, or a provider's short name.
    pub way: String,
    /// The way in itself.
    pub identity: Option<IdentityId>,
    /// Whether the sign-in is at most [`innkeeper_domain::handoff::FRESH_FOR`] old, by the control database's clock.
    pub fresh: bool,
    /// What they may do as one of the staff in this session; none for everybody else.
    pub staff: Option<StaffRole>,
}

impl SignedIn {
    /// Begins a transaction that sees what the person sees: their own requests, and all organisations they are a member of
    /// and which open to the way they came by.
    pub async fn begin(&self, pool: &PgPool) -> Result<Tx> {
        let mut tx = pool.begin().await?;
        db::as_account(&mut tx, self.id, &self.way, self.identity).await?;
        Ok(tx)
    }

    /// The same for reading only: all that is read stands as it did at one moment, so that a page never shows a run that
    /// has ended beside a tenant of before.
    pub async fn begin_read(&self, pool: &PgPool) -> Result<Tx> {
        let mut tx = pool.begin_with("begin isolation level repeatable read read only").await?;
        db::as_account(&mut tx, self.id, &self.way, self.identity).await?;
        Ok(tx)
    }

    /// Whether an organisation's own way vouches for them in this session.
    pub fn by_organisation(&self) -> bool {
        self.way.starts_with(ProviderId::OWN)
    }

    /// The only way of the account that this session sees, where an organisation's own way vouches: its admins decide who
    /// that is, and the person's other ways and browsers are none of their business.
    pub fn only_way(&self) -> Option<&str> {
        self.by_organisation().then_some(self.way.as_str())
    }
}

impl Requester {
    /// The person; [`Error::NotFound`] if nobody is signed in.
    pub fn signed_in(&self) -> Result<&SignedIn> {
        self.account.as_ref().ok_or(Error::NotFound)
    }

    /// The person, if the sign-in is fresh; else [`Error::StaleSignIn`].
    pub fn fresh(&self) -> Result<&SignedIn> {
        self.signed_in().and_then(|person| person.fresh.then_some(person).ok_or(Error::StaleSignIn))
    }

    /// The person with a fresh sign-in by a way that is their own: what changes the account itself is not for somebody whom
    /// an organisation's issuer vouches for, since its admins decide who that is.
    pub fn themselves(&self) -> Result<&SignedIn> {
        let person = self.fresh()?;
        if person.by_organisation() {
            return Err(Error::rejected(Field::SignInMethod, SignInCode::OrganisationSignIn));
        }
        Ok(person)
    }

    /// The browser's session; [`Error::NotFound`] if it has none.
    pub fn session(&self) -> Result<SessionId> {
        self.session.ok_or(Error::NotFound)
    }

    /// Who acts, for the audit log.
    pub fn actor(&self) -> audit::Actor {
        self.account.as_ref().map_or(audit::Actor::Anonymous, |person| {
            audit::Actor::Account(person.id, person.email.to_string())
        })
    }
}
