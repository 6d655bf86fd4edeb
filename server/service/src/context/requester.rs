//! Who asks, and by which door.

use super::audit::{Action, Actor, Entry};
use crate::{
    Error, Result,
    context::field_error::{Field, SignInCode},
    db::{self, Tx},
};
use innkeeper_domain::{
    email::EmailAddress,
    identity::ProviderId,
    ids::{AccountId, ApiKeyId, IdentityId, RunId, SessionId},
    staff::StaffRole,
};
use sqlx::PgPool;
use std::net::IpAddr;

/// Who asks for a use case.
#[derive(Debug, Clone)]
pub struct Requester {
    /// By which door.
    pub via: Via,
    /// The person, once signed in.
    pub account: Option<SignedIn>,
}

/// The door by which somebody asks.
#[derive(Debug, Clone)]
pub enum Via {
    /// A page.
    Browser(Browser),
    /// The API, by a key.
    ApiKey(ApiKey),
    /// The command line: whoever has the machine. Its transactions are those of the worker role, which sees everything.
    Operator,
    /// The portal itself, at its start or by a timer.
    System,
    /// A run of a workflow.
    Run(RunId),
}

/// A browser as the portal knows it, for the length of one request.
#[derive(Debug, Clone)]
pub struct Browser {
    /// Its session by its stable id; none before it has one.
    pub session: Option<SessionId>,
    /// The address it asks from. Behind a proxy the one that a trusted proxy tells.
    pub address: IpAddr,
    /// What it calls itself (`User-Agent`), as far as that can be kept.
    pub agent: Option<String>,
}

/// A key of the API, for the length of one request.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Which one.
    pub id: ApiKeyId,
    /// The address that it is used from.
    pub address: IpAddr,
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
    /// The operator, by the command line.
    pub const OPERATOR: Self = Self { via: Via::Operator, account: None };
    /// The portal itself.
    pub const SYSTEM: Self = Self { via: Via::System, account: None };

    /// A browser in which nobody is signed in.
    pub fn browser_at(session: Option<SessionId>, address: IpAddr) -> Self {
        Self { via: Via::Browser(Browser { session, address, agent: None }), account: None }
    }

    /// Begins a transaction that sees what the requester sees: a person their own requests, and all organisations they are
    /// a member of and which open to the way they came by. [`Error::NotFound`] for who is not signed in.
    pub async fn begin(&self, pool: &PgPool) -> Result<Tx> {
        self.seen(Tx::begin(pool).await?).await
    }

    /// Begins one that sees nothing that is an organisation's, whoever asks: for what changes who that is.
    pub async fn begin_unscoped(&self, pool: &PgPool) -> Result<Tx> {
        Ok(Tx::begin(pool).await?)
    }

    /// The same as [`Self::begin`] for reading only: all that is read stands as it did at one moment, so that a page never shows a run that
    /// has ended beside a tenant of before.
    pub async fn begin_read(&self, pool: &PgPool) -> Result<Tx> {
        self.seen(Tx::begin_read(pool).await?).await
    }

    async fn seen(&self, mut tx: Tx) -> Result<Tx> {
        if matches!(self.via, Via::Browser(_) | Via::ApiKey(_)) {
            let person = self.signed_in()?;
            db::as_account(&mut tx, person.id, &person.way, person.identity).await?;
        }
        Ok(tx)
    }

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

    /// The browser; [`Error::NotFound`] where none asks.
    pub fn browser(&self) -> Result<&Browser> {
        match &self.via {
            Via::Browser(browser) => Ok(browser),
            _ => Err(Error::NotFound),
        }
    }

    /// The browser's session; [`Error::NotFound`] if it has none.
    pub fn session(&self) -> Result<SessionId> {
        self.known_session().ok_or(Error::NotFound)
    }

    /// The browser's session, if a browser asks and has one.
    pub fn known_session(&self) -> Option<SessionId> {
        self.browser().ok().and_then(|browser| browser.session)
    }

    /// From which address; none for whoever asks on this machine.
    pub fn address(&self) -> Option<IpAddr> {
        match &self.via {
            Via::Browser(Browser { address, .. }) | Via::ApiKey(ApiKey { address, .. }) => Some(*address),
            Via::Operator | Via::System | Via::Run(_) => None,
        }
    }

    /// An entry of the audit log of what the requester does, to be completed and recorded.
    pub fn audit(&self, action: Action) -> Entry {
        self.actor(action).audit(action).from(self.address())
    }

    /// Who acts in it, for the audit log.
    fn actor(&self, action: Action) -> Actor {
        match (&self.via, &self.account) {
            (Via::ApiKey(key), _) => Actor::ApiKey(key.id),
            (Via::Operator, _) => Actor::Operator,
            (Via::System, _) => Actor::System,
            (Via::Run(run), _) => Actor::Run(*run),
            (Via::Browser(_), None) => Actor::Anonymous,
            (Via::Browser(_), Some(person)) => {
                let email = person.email.to_string();
                if action.is_of_staff() {
                    Actor::Staff(person.id, email)
                } else {
                    Actor::Account(person.id, email)
                }
            }
        }
    }
}
