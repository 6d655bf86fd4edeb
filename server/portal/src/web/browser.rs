//! The browser's session: its stable id and the token of its forms.

use super::{AppState, problem::Problem, store};
use async_trait::async_trait;
use innkeeper_app::web::{BrowserSession, Refusal};
use innkeeper_domain::ids::SessionId;
use tower_sessions::{Session, session};
use uuid::Uuid;

const TOKEN: &str = "csrf";

/// The session of one request.
#[derive(Clone)]
pub(super) struct Browser {
    session: Session,
    state: AppState,
}

impl Browser {
    pub fn new(session: Session, state: AppState) -> Self {
        Self { session, state }
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
        self.session.insert(TOKEN, super::context::fresh_id()).await?;
        self.session.cycle_id().await?;
        self.session.save().await?;
        Ok(self.session.id().map(|id| store::hash(&id).to_vec()).unwrap_or_default())
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
