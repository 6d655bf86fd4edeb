//! The browser's session: its stable id and the token of its forms.

use super::{AppState, problem::Problem, store};
use async_trait::async_trait;
use innkeeper_app::web::{BrowserSession, Refusal};
use innkeeper_domain::ids::SessionId;
use innkeeper_service::people::session::press;
use std::sync::{Arc, OnceLock};
use tower_sessions::{Session, session};
use uuid::Uuid;

const TOKEN: &str = "csrf";

/// The session of one request.
#[derive(Clone)]
pub(super) struct Browser {
    session: Session,
    state: AppState,
    /// The hash of the cookie it came with, whether or not there is a session to it.
    presented: Option<[u8; 32]>,
    /// The hash of the cookie that took its place.
    renewed: Arc<OnceLock<Vec<u8>>>,
}

impl Browser {
    pub fn new(session: Session, state: AppState) -> Self {
        // Before the row is looked for: without one nothing is left of the cookie.
        let presented = session.id().map(|id| store::hash(&id));
        Self { session, state, presented, renewed: Arc::default() }
    }

    /// The hash of the cookie that the request came with.
    pub fn presented(&self) -> Option<[u8; 32]> {
        self.presented
    }

    /// The hash of the cookie that was given in its place.
    pub fn renewed(&self) -> Option<&[u8]> {
        self.renewed.get().map(Vec::as_slice)
    }

    /// Whether its cookie has just been given up for a new one, which an answer to this request must not replace.
    pub async fn is_given_up(&self) -> Result<bool, Problem> {
        match self.presented {
            Some(cookie) if self.id().await?.is_none() => {
                Ok(press::is_given_up(&self.state.service, &cookie).await?)
            }
            _ => Ok(false),
        }
    }

    /// Gives a browser without a session a new row of this one; the hash of its cookie.
    pub async fn join(&self, session: SessionId) -> Result<Vec<u8>, Problem> {
        self.session.insert(store::STABLE_ID, session.0).await?;
        Ok(self.replace().await?)
    }

    /// The stable id, if the browser has a session.
    pub async fn id(&self) -> Result<Option<SessionId>, Problem> {
        Ok(self.session.get::<Uuid>(store::STABLE_ID).await?.map(SessionId))
    }

    /// The token of its forms, if it has seen one.
    pub async fn token(&self) -> Result<Option<String>, Problem> {
        Ok(self.session.get(TOKEN).await?)
    }

    /// Keeps the token of the first form it sees, and with it the session. Saved at the end of the request.
    pub async fn keep_token(&self, token: &str) -> Result<(), Problem> {
        if self.session.get_value(store::STABLE_ID).await?.is_none() {
            self.session.insert(store::STABLE_ID, self.state.service.ids.make::<Uuid>()).await?;
        }
        Ok(self.session.insert(TOKEN, token).await?)
    }

    /// Forgets a session that is over, before anything is made for a new one.
    pub async fn forget(&self) -> Result<(), Problem> {
        Ok(self.session.flush().await?)
    }

    async fn replace(&self) -> Result<Vec<u8>, session::Error> {
        if self.session.get_value(store::STABLE_ID).await?.is_none() {
            self.session.insert(store::STABLE_ID, self.state.service.ids.make::<Uuid>()).await?;
        }
        // A form that was open before sign-in is worth nothing after it.
        self.session.insert(TOKEN, super::fresh_id::fresh_id()).await?;
        self.session.cycle_id().await?;
        self.session.save().await?;
        let hash = self.session.id().map(|id| store::hash(&id).to_vec()).unwrap_or_default();
        // Nothing renews it twice.
        let _ = self.renewed.set(hash.clone());
        Ok(hash)
    }
}

#[async_trait]
impl BrowserSession for Browser {
    async fn renew(&self) -> Result<Vec<u8>, Refusal> {
        self.replace().await.map_err(refusal)
    }

    async fn end(&self) -> Result<(), Refusal> {
        // Its row may be gone already; then only the cookie goes.
        self.session.flush().await.map_err(refusal)
    }
}

fn refusal(error: session::Error) -> Refusal {
    tracing::error!(%error, "the session cannot be changed");
    Refusal::Internal
}
