use super::{
    failpoint::{Point, Struck, deadline, strike},
    journal::Broken,
    step::{OnFailure, Outcome, Plan, RunRow, Step, StepCx, StepError},
};
use crate::{
    db::run_events::{Change, Changes},
    workflows::engine::{claim, journal},
};
use futures::FutureExt;
use innkeeper_domain::{
    ports::Random,
    run::{RunKind, RunState},
};
use sqlx::PgPool;
use std::{collections::HashMap, io::ErrorKind, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{
    sync::{
        Semaphore,
        broadcast::{Receiver, error::RecvError},
    },
    task::JoinSet,
};

/// How an engine works.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSettings {
    /// Runs worked on at the same time by this process.
    pub workers: usize,
    /// How long a run stays with a worker that no longer says anything.
    pub lease: Duration,
    /// How often due runs are looked for although nothing was heard.
    pub poll: Duration,
    /// How long the control database may take to record something. Where the other end of a connection is gone without
    /// a word nothing ever comes, while the lease is kept over another connection.
    pub record: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            workers: 8,
            lease: Duration::from_secs(4),
            poll: Duration::from_secs(1),
            record: Duration::from_secs(15),
        }
    }
}

/// Tries of a step before it is given up, and of an undoing before a person has to look.
const TRIES: i32 = 5;
const UNDO_TRIES: i32 = 8;
/// How long until a step is tried again that somebody else is in the way of.
const BLOCKED: Duration = Duration::from_secs(15);

/// Works on runs, as the worker role. Any number of portals may have one.
pub struct Engine<C> {
    pool: PgPool,
    plans: HashMap<RunKind, Arc<dyn Plan<C>>>,
    random: Arc<dyn Random>,
    changes: Changes,
    settings: WorkerSettings,
    /// A permit for each run that may be due; who takes one looks.
    due: Arc<Semaphore>,
}

impl<C: Default + Send + 'static> Engine<C> {
    /// An engine for these plans.
    pub fn new(
        pool: PgPool,
        plans: Vec<Arc<dyn Plan<C>>>,
        random: Arc<dyn Random>,
        changes: Changes,
        settings: WorkerSettings,
    ) -> Self {
        let plans = plans.into_iter().map(|plan| (plan.kind(), plan)).collect();
        Self { pool, plans, random, changes, settings, due: Arc::new(Semaphore::new(0)) }
    }

    /// Works until the future is dropped; what is under way then is taken up again when its lease is over.
    pub async fn run(self) {
        // Before the first worker looks, so that nothing falls between.
        let changes = self.changes.subscribe();
        let engine = Arc::new(self);
        let mut workers: JoinSet<()> = (0..engine.settings.workers).map(|_| engine.clone().work()).collect();
        let working = async {
            while let Some(ended) = workers.join_next().await {
                tracing::error!(?ended, "a worker of the engine ended; starting another");
                workers.spawn(engine.clone().work());
            }
        };
        tokio::select! {
            () = working => {}
            () = engine.wake(changes) => {}
        }
    }

    async fn work(self: Arc<Self>) {
        loop {
            match self.answered(claim::claim(&self.pool, self.settings.lease)).await {
                Ok(Some(run)) => {
                    self.hold(run).await;
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "no run can be taken from the control database; trying again");
                }
            }
            if let Ok(Ok(permit)) = tokio::time::timeout(self.settings.poll, self.due.acquire()).await {
                permit.forget();
            }
        }
    }

    /// Wakes one worker for each run that is due: all would ask the control database for the same one.
    async fn wake(&self, mut changes: Receiver<Change>) {
        loop {
            let change = changes.recv().await;
            let missing = self.settings.workers.saturating_sub(self.due.available_permits());
            match change {
                Ok(Change::Due(_)) => self.due.add_permits(missing.min(1)),
                Ok(Change::Anything) | Err(RecvError::Lagged(_)) => self.due.add_permits(missing),
                Ok(Change::Run(_) | Change::Mail) => {}
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Gives the run back until later, when a worker is woken; `why` is what went wrong with this try.
    async fn later(&self, run: &RunRow, wait: Duration, why: Option<&str>) -> Result<(), Broken> {
        self.answered(journal::later(&self.pool, run, wait, why)).await?;
        self.wake_in(wait);
        Ok(())
    }

    /// The same where somebody else is in the way, which counts as no try.
    async fn blocked(&self, run: &RunRow, why: &str, by: &str) -> Result<(), Broken> {
        tracing::warn!(why, by, "the step is held up; looking again in {} s", BLOCKED.as_secs());
        self.answered(journal::blocked(&self.pool, run, BLOCKED, why, by)).await?;
        self.wake_in(BLOCKED);
        Ok(())
    }

    fn wake_in(&self, wait: Duration) {
        let due = self.due.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            due.add_permits(1);
        });
    }

    /// What the control database says in time.
    async fn answered<T, E: From<crate::Error>>(
        &self,
        asking: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let late = |_| Err(crate::Error::Database(std::io::Error::from(ErrorKind::TimedOut).into()).into());
        tokio::time::timeout(self.settings.record, asking).await.unwrap_or_else(late)
    }

    /// Works on a run for as long as the lease holds.
    async fn hold(&self, mut run: RunRow) {
        let (id, token) = (run.id, run.token);
        let span = tracing::info_span!("run", %id, kind = run.kind.as_str(), number = %run.support_number);
        let work = async {
            tokio::select! {
                worked = self.advance(&mut run) => match worked {
                    Ok(()) => {}
                    Err(Broken::Lost) => tracing::warn!("another worker has this run now"),
                    Err(Broken::Failed(error)) => tracing::error!(%error, "the journal cannot be written; the run will be taken again"),
                },
                () = claim::keep(&self.pool, id, token, self.settings.lease) => tracing::warn!("the lease was lost"),
            }
        };
        tracing::Instrument::instrument(work, span).await;
    }

    async fn advance(&self, run: &mut RunRow) -> Result<(), Broken> {
        let Some(plan) = self.plans.get(&run.kind).cloned() else {
            // A newer portal's run: leave it to one that knows it.
            return self.later(run, Duration::from_secs(30), None).await;
        };
        let mut hold = C::default();
        let mut intended = false;
        loop {
            let going = match run.state {
                RunState::Running => self.forward(run, &*plan, &mut hold, &mut intended).await?,
                RunState::Unwinding => self.backward(run, &*plan, &mut hold).await?,
                RunState::Done | RunState::Failed | RunState::Stuck => false,
            };
            if !going {
                return Ok(());
            }
        }
    }

    /// Runs the step at the cursor; whether to go on at once. `intended`: its intent is recorded by this hold.
    async fn forward(
        &self,
        run: &mut RunRow,
        plan: &dyn Plan<C>,
        hold: &mut C,
        intended: &mut bool,
    ) -> Result<bool, Broken> {
        let Some(step) = plan.steps().get(run.cursor) else {
            return Err(Broken::Failed(crate::Error::corrupt("cursor", run.cursor)));
        };
        if run.seconds_left <= 0.0 {
            return self.fail(run, plan, &**step, "It exceeded its time limit.").await;
        }
        if !*intended {
            // A fault ordered here can only kill or hang: there is nothing to fail yet.
            let _ = strike(step.name(), Point::BeforeIntent).await;
            self.answered(journal::intent(&self.pool, run, false)).await?;
        }
        *intended = false;
        match apply(&**step, run, hold).await {
            Ok(Outcome::Done(note)) => {
                self.answered(journal::done(&self.pool, run, plan, &note)).await?;
                // A fault ordered here can only kill or hang: there is nothing left to fail.
                let _ = strike(step.name(), Point::AfterDone).await;
                *intended = !run.state.is_over();
                Ok(true)
            }
            Ok(Outcome::Wait(wait)) => {
                self.later(run, wait, None).await?;
                Ok(false)
            }
            Err(StepError::Retry(why)) if run.attempts + 1 < TRIES => {
                tracing::warn!(step = step.name(), %why, "step will be tried again");
                self.later(run, self.backoff(run.attempts), Some(&why)).await?;
                Ok(false)
            }
            Err(StepError::Blocked { why, by }) => {
                self.blocked(run, &why, &by).await?;
                Ok(false)
            }
            Err(StepError::Retry(why) | StepError::Fatal(why)) => self.fail(run, plan, &**step, &why).await,
        }
    }

    /// A step has failed for good; whether to go on at once.
    async fn fail(
        &self,
        run: &mut RunRow,
        plan: &dyn Plan<C>,
        step: &dyn Step<C>,
        why: &str,
    ) -> Result<bool, Broken> {
        match step.on_failure() {
            OnFailure::Undo => {
                tracing::error!(step = step.name(), why, "step failed; undoing");
                self.answered(journal::give_up(&self.pool, run, why)).await?;
                Ok(true)
            }
            OnFailure::Hold => {
                tracing::error!(step = step.name(), why, "STUCK: step failed, a person has to look");
                self.answered(journal::hold(&self.pool, run, plan, why)).await?;
                Ok(false)
            }
        }
    }

    /// Undoes the step at the cursor; whether to go on at once.
    async fn backward(&self, run: &mut RunRow, plan: &dyn Plan<C>, hold: &mut C) -> Result<bool, Broken> {
        let Some(step) = plan.steps().get(run.cursor) else {
            return Err(Broken::Failed(crate::Error::corrupt("cursor", run.cursor)));
        };
        if !self.answered(journal::was_intended(&self.pool, run)).await? {
            self.answered(journal::undone(&self.pool, run, plan)).await?;
            return Ok(true);
        }
        self.answered(journal::intent(&self.pool, run, true)).await?;
        match undo(&**step, run, hold).await {
            Ok(()) => {
                self.answered(journal::undone(&self.pool, run, plan)).await?;
                Ok(true)
            }
            Err(StepError::Retry(why)) if run.attempts + 1 < UNDO_TRIES => {
                tracing::warn!(step = step.name(), %why, "undoing will be tried again");
                self.later(run, self.backoff(run.attempts), Some(&why)).await?;
                Ok(false)
            }
            Err(StepError::Blocked { why, by }) => {
                self.blocked(run, &why, &by).await?;
                Ok(false)
            }
            Err(StepError::Retry(why) | StepError::Fatal(why)) => {
                tracing::error!(step = step.name(), %why, "STUCK: undoing failed, a person has to look");
                self.answered(journal::stuck(&self.pool, run, plan, &why)).await?;
                Ok(false)
            }
        }
    }

    /// 0.2 s, four times as long each time, 10 s at most, and up to half as much again at random.
    fn backoff(&self, attempts: i32) -> Duration {
        let mut byte = [0];
        self.random.fill(&mut byte);
        let base = 0.2 * 4_f64.powi(attempts.clamp(0, 3));
        Duration::from_secs_f64(base.min(10.0) * (1.0 + f64::from(byte[0]) / 512.0))
    }
}

async fn apply<C: Send>(step: &dyn Step<C>, run: &RunRow, hold: &mut C) -> Result<Outcome, StepError> {
    let acting = async {
        strike(step.name(), Point::AfterIntent).await?;
        strike(step.name(), Point::InEffect).await?;
        let outcome = step.apply(&mut StepCx { run, hold }).await?;
        match strike(step.name(), Point::AfterEffect).await? {
            Struck::No => Ok(outcome),
            Struck::Twice => step.apply(&mut StepCx { run, hold }).await,
        }
    };
    within(step, acting).await
}

async fn undo<C: Send>(step: &dyn Step<C>, run: &RunRow, hold: &mut C) -> Result<(), StepError> {
    let acting = async {
        strike(step.name(), Point::UndoAfterIntent).await?;
        strike(step.name(), Point::UndoInEffect).await?;
        step.undo(&mut StepCx { run, hold }).await?;
        match strike(step.name(), Point::UndoAfterEffect).await? {
            Struck::No => Ok(()),
            Struck::Twice => step.undo(&mut StepCx { run, hold }).await,
        }
    };
    within(step, acting).await
}

/// A try that takes too long or panics counts as any other that failed.
async fn within<C: Send, T>(
    step: &dyn Step<C>,
    acting: impl Future<Output = Result<T, StepError>>,
) -> Result<T, StepError> {
    // What a panic leaves half changed is the step's session, which it had taken out of the hold and is gone.
    let acting = AssertUnwindSafe(acting).catch_unwind();
    let most = deadline(step.deadline());
    match tokio::time::timeout(most, acting).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_)) => Err(StepError::Retry("An internal error of the portal; see its log.".into())),
        Err(_) => Err(StepError::Retry(format!("no answer within {} s", most.as_secs()))),
    }
}
