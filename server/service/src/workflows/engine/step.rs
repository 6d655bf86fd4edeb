use crate::Error;
use async_trait::async_trait;
use innkeeper_domain::{
    ids::{OrganisationId, RunId, TenantId},
    ports::{BackupError, ServerError},
    run::{RunKind, RunState},
    support::SupportNumber,
};
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::{sync::Arc, time::Duration};

/// How an action went that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The effect is there. What was done, for the person who watches; never a secret.
    Done(String),
    /// Something else has to happen first; look again after this time. Counts as a try.
    Wait(Duration),
}

/// Why an action did not succeed. The text is shown to the person who waits and to staff; never a secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StepError {
    /// Worth another try.
    #[error("{0}")]
    Retry(String),
    /// Somebody else is in the way: it is looked again until the run's deadline.
    #[error("{why}")]
    Blocked {
        /// What is waited for, for the person who waits.
        why: String,
        /// Who is in the way, for the operator alone.
        by: String,
    },
    /// Trying again would end the same way.
    #[error("{0}")]
    Fatal(String),
}

impl From<&ServerError> for StepError {
    fn from(error: &ServerError) -> Self {
        match error {
            ServerError::Unavailable { .. } => Self::Retry(error.to_string()),
            ServerError::Refused { .. } => Self::Fatal(error.to_string()),
            ServerError::Blocked { by, .. } => Self::Blocked { why: error.to_string(), by: by.clone() },
        }
    }
}

impl From<ServerError> for StepError {
    fn from(error: ServerError) -> Self {
        Self::from(&error)
    }
}

impl From<BackupError> for StepError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Unavailable { .. } => Self::Retry(error.to_string()),
            BackupError::Refused { .. } => Self::Fatal(error.to_string()),
        }
    }
}

impl From<&Error> for StepError {
    fn from(error: &Error) -> Self {
        match error {
            Error::Database(_) | Error::Away(_) | Error::Conflict => Self::Retry(error.to_string()),
            Error::Server(error) => error.into(),
            _ => Self::Fatal(error.to_string()),
        }
    }
}

impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

/// A failure that is told to several who waited for the same.
impl From<Arc<Error>> for StepError {
    fn from(error: Arc<Error>) -> Self {
        Self::from(&*error)
    }
}

impl From<sqlx::Error> for StepError {
    fn from(error: sqlx::Error) -> Self {
        Error::from(error).into()
    }
}

/// What becomes of a run when a step has failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The step is undone, and all before it.
    Undo,
    /// Nothing is undone: the run is stuck where it stands, until a person lets it go on or turns it back.
    Hold,
}

/// A run as its worker holds it.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// Which.
    pub id: RunId,
    /// Whose.
    pub organisation: OrganisationId,
    /// About which tenant.
    pub tenant: TenantId,
    /// What for.
    pub kind: RunKind,
    /// The number to quote.
    pub support_number: SupportNumber,
    /// Where it stands.
    pub state: RunState,
    /// The step that is next, or being undone.
    pub cursor: usize,
    /// Tries of that step so far.
    pub attempts: i32,
    /// What it was started with.
    pub input: Value,
    /// The fencing token of this hold.
    pub token: i64,
    /// Seconds until its deadline, by the control database's clock when it was taken; negative when over.
    pub seconds_left: f64,
    /// Why it failed, once it did.
    pub failure: Option<String>,
}

/// What a step may use. `C` is what the steps of one hold share, such as a session with a server; it is dropped with
/// the hold, so that nothing of it can outlive the lease.
pub struct StepCx<'a, C> {
    /// The run.
    pub run: &'a RunRow,
    /// Shared by the steps of this hold.
    pub hold: &'a mut C,
}

impl RunRow {
    /// Whether the run is held under this row's token; in a transaction it stays so until its end. Who lost the lease of a
    /// run changes nothing of it any more.
    pub(super) async fn is_held(&self, conn: &mut PgConnection) -> sqlx::Result<bool> {
        let held = sqlx::query_scalar!(
            "select true from run where id = $1 and lease_token = $2 and lease_until > now() for update",
            self.id.0,
            self.token
        )
        .fetch_optional(conn)
        .await?;
        Ok(held.is_some())
    }

    /// Begins a transaction on the control database that only this hold of the run can commit: it keeps the run's row
    /// until its end. A worker that woke after its lease was over would otherwise change what nobody undoes any more.
    pub async fn begin(&self, pool: &PgPool) -> Result<Transaction<'static, Postgres>, StepError> {
        let mut tx = pool.begin().await?;
        if self.is_held(&mut tx).await? { Ok(tx) } else { Err(lost()) }
    }

    /// Whether the run is still this worker's. To be asked once the tenant's lock on its server is held: the next
    /// worker has to wait for that lock.
    pub async fn still_held(&self, pool: &PgPool) -> Result<(), StepError> {
        let mut conn = pool.acquire().await?;
        if self.is_held(&mut conn).await? { Ok(()) } else { Err(lost()) }
    }
}

/// What is written down of it is refused as well.
fn lost() -> StepError {
    StepError::Retry("another worker has this run now".into())
}

/// One part of a run. Its name is stored: renaming is adding, the old one stays until no rows name it.
#[async_trait]
pub trait Step<C: Send>: Send + Sync {
    /// Its name, as stored.
    fn name(&self) -> &'static str;

    /// How long one try may take; then it counts as failed.
    fn deadline(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// What becomes of the run when this step has failed for good.
    fn on_failure(&self) -> OnFailure {
        OnFailure::Undo
    }

    /// Makes the effect. Looks first: an effect that is there already is success.
    async fn apply(&self, cx: &mut StepCx<'_, C>) -> Result<Outcome, StepError>;

    /// Takes the effect away, whole or half made. Absent is success.
    async fn undo(&self, cx: &mut StepCx<'_, C>) -> Result<(), StepError>;

    /// What changes in the control database together with the record that the step is done.
    async fn record(&self, _run: &RunRow, _conn: &mut PgConnection) -> Result<(), Error> {
        Ok(())
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// All steps done.
    Done,
    /// Undone whole, because of this.
    Failed(String),
    /// Could not be undone, because of this.
    Stuck(String),
}

/// The steps of a kind of run, in order.
#[async_trait]
pub trait Plan<C: Send>: Send + Sync {
    /// Its kind.
    fn kind(&self) -> RunKind;
    /// Its steps.
    fn steps(&self) -> &[Box<dyn Step<C>>];
    /// What changes together with the record that the run has ended.
    async fn ended(&self, run: &RunRow, how: &Ended, conn: &mut PgConnection) -> Result<(), Error>;
}
