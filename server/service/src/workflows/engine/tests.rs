//! The engine by itself, on real rows, with steps that only write down what was done to them.

use super::{
    Ended, Engine, NewRun, OnFailure, Outcome, Plan, RunRow, Step, StepCx, StepError, WorkerSettings, go_on,
    start, turn_back,
};
use crate::{
    Error,
    db::run_events::Changes,
    testing::TestPortal,
    workflows::engine::{claim, journal},
};
use async_trait::async_trait;
use innkeeper_domain::{
    ids::{OrganisationId, RunId, TenantId},
    run::RunKind,
};
use sqlx::{PgConnection, PgPool};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

mod exclusion;

/// How an ordered fault looks.
type Fault = fn(String) -> StepError;

/// What happens to the steps, and what is ordered to go wrong (by action, the number of times).
#[derive(Default)]
struct Theatre {
    seen: Mutex<Vec<String>>,
    orders: Mutex<HashMap<String, (u32, Fault)>>,
    /// The steps whose failure undoes nothing.
    holds: Mutex<Vec<&'static str>>,
    /// The steps whose next record is never answered.
    unanswered: Mutex<Vec<&'static str>>,
}

impl Theatre {
    fn act(&self, action: String) -> Result<(), StepError> {
        self.seen.lock().unwrap().push(action.clone());
        let ordered = match self.orders.lock().unwrap().get_mut(&action) {
            Some((left, error)) if *left > 0 => {
                *left -= 1;
                Some(*error)
            }
            _ => None,
        };
        ordered.map_or(Ok(()), |error| Err(error(action)))
    }

    fn order(&self, action: &str, times: u32, error: Fault) {
        self.orders.lock().unwrap().insert(action.into(), (times, error));
    }

    fn seen(&self) -> String {
        self.seen.lock().unwrap().join(" ")
    }
}

struct Part(&'static str, Arc<Theatre>);

#[async_trait]
impl Step<()> for Part {
    fn name(&self) -> &'static str {
        self.0
    }

    async fn apply(&self, _: &mut StepCx<'_, ()>) -> Result<Outcome, StepError> {
        self.1.act(self.0.into())?;
        Ok(Outcome::Done(format!("{} done", self.0)))
    }

    async fn undo(&self, _: &mut StepCx<'_, ()>) -> Result<(), StepError> {
        self.1.act(format!("-{}", self.0))
    }

    async fn record(&self, _: &RunRow, conn: &mut PgConnection) -> Result<(), Error> {
        let unanswered = {
            let mut all = self.1.unanswered.lock().unwrap();
            all.iter().position(|name| *name == self.0).map(|at| all.remove(at))
        };
        if unanswered.is_none() {
            return Ok(());
        }
        // The server has ended the session and let the row go, and nobody tells.
        let _ = sqlx::query("select pg_terminate_backend(pg_backend_pid())").execute(conn).await;
        std::future::pending().await
    }

    fn on_failure(&self) -> OnFailure {
        if self.1.holds.lock().unwrap().contains(&self.0) { OnFailure::Hold } else { OnFailure::Undo }
    }
}

struct Play(Vec<Box<dyn Step<()>>>, Arc<Theatre>);

#[async_trait]
impl Plan<()> for Play {
    fn kind(&self) -> RunKind {
        RunKind::Onboard
    }

    fn steps(&self) -> &[Box<dyn Step<()>>] {
        &self.0
    }

    async fn ended(&self, _: &RunRow, how: &Ended, _: &mut PgConnection) -> Result<(), Error> {
        self.1.act(format!("{how:?}")).map_err(|e| Error::Corrupt(e.to_string()))
    }
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A portal with one run of three steps that is due.
async fn stage(pool: &PgPool) -> (TestPortal, Arc<Theatre>, RunId) {
    let portal = TestPortal::open(pool).await;
    let (theatre, run) = begin(&portal).await;
    (portal, theatre, run)
}

/// One more run of three steps, in place of an earlier one.
async fn begin(portal: &TestPortal) -> (Arc<Theatre>, RunId) {
    let pool = &portal.owner;
    sqlx::query("truncate step, run, tenant cascade").execute(pool).await.unwrap();
    let person = portal.person("jane@acme.example").await;
    let (organisation, tenant): (OrganisationId, TenantId) =
        (portal.service.ids.make(), portal.service.ids.make());
    sqlx::query(
        "insert into organisation (id, name, slug) values ($1, 'Acme', 'acme-' || right($1::uuid::text, 12))",
    )
    .bind(organisation.0)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into tenant (id, organisation_id, name, wish, state, plan_name, plan_version, region, requested_by, extensions, anywhere)
         values ($1, $2, 'shop_k3v9x2', 'shop', 'provisioning', 'starter', 1, 'local', $3, '{}', true)",
    )
    .bind(tenant.0)
    .bind(organisation.0)
    .bind(person.account.unwrap().id.0)
    .execute(pool)
    .await
    .unwrap();
    let new = NewRun {
        kind: RunKind::Onboard,
        organisation,
        tenant,
        input: serde_json::json!({}),
        deadline_minutes: 5,
    };
    let mut conn = pool.acquire().await.unwrap();
    let (run, _) =
        start(&mut conn, &portal.service.ids, &*portal.service.random, &new, &NAMES).await.unwrap();
    (Arc::default(), run)
}

fn play(theatre: &Arc<Theatre>) -> Play {
    Play(NAMES.map(|name| Box::new(Part(name, theatre.clone())) as Box<dyn Step<()>>).into(), theatre.clone())
}

/// An engine for this play that looks for runs so often by itself.
fn engine(portal: &TestPortal, theatre: &Arc<Theatre>, poll: Duration, changes: Changes) -> Engine<()> {
    let settings =
        WorkerSettings { workers: 2, lease: Duration::from_secs(4), poll, record: Duration::from_secs(3) };
    let service = &portal.service;
    Engine::new(
        portal.worker.clone(),
        vec![Arc::new(play(theatre)) as Arc<dyn Plan<()>>],
        service.random.clone(),
        changes,
        settings,
    )
}

async fn state(portal: &TestPortal, run: RunId) -> String {
    let state = sqlx::query_scalar("select state from run where id = $1").bind(run.0);
    state.fetch_one(&portal.owner).await.unwrap()
}

/// Lets an engine work until the run is over, and says how it ended.
async fn perform(portal: &TestPortal, theatre: &Arc<Theatre>, run: RunId) -> String {
    let working =
        tokio::spawn(engine(portal, theatre, Duration::from_millis(5), portal.service.changes.clone()).run());
    let over = async {
        loop {
            // Retries need not be waited out.
            sqlx::query("update run set schedule_at = now() where schedule_at > now()")
                .execute(&portal.owner)
                .await
                .unwrap();
            let state = state(portal, run).await;
            if !matches!(state.as_str(), "running" | "unwinding") {
                return state;
            }
            tokio::task::yield_now().await;
        }
    };
    let state = tokio::time::timeout(Duration::from_secs(30), over).await.expect("the run does not end");
    working.abort();
    state
}

async fn steps(portal: &TestPortal) -> Vec<(String, Option<String>)> {
    sqlx::query_as("select state, error from step order by position").fetch_all(&portal.owner).await.unwrap()
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_run_goes_through_its_steps_once_and_in_order(pool: PgPool) {
    let (portal, theatre, run) = stage(&pool).await;
    assert_eq!(perform(&portal, &theatre, run).await, "done");
    assert_eq!(theatre.seen(), "a b c Done");
    assert!(steps(&portal).await.iter().all(|(state, error)| state == "done" && error.is_none()));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_step_that_fails_for_good_is_undone_with_all_before_it(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    for (at, seen) in
        [("a", "a -a Failed(\"a\")"), ("b", "a b -b -a Failed(\"b\")"), ("c", "a b c -c -b -a Failed(\"c\")")]
    {
        let (theatre, run) = begin(&portal).await;
        theatre.order(at, 1, StepError::Fatal);
        assert_eq!(perform(&portal, &theatre, run).await, "failed");
        assert_eq!(theatre.seen(), seen);
        let failure: String = sqlx::query_scalar("select failure from run").fetch_one(&pool).await.unwrap();
        assert_eq!(failure, at);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_is_due_is_taken_although_nobody_looks_for_an_hour(pool: PgPool) {
    let (portal, theatre, early) = stage(&pool).await;
    // Due again by the time alone, which nobody tells.
    theatre.order("b", 1, StepError::Retry);
    let changes = Changes::listen(portal.worker.clone());
    let working = tokio::spawn(engine(&portal, &theatre, Duration::from_hours(1), changes).run());
    let done = async |run| {
        while state(&portal, run).await != "done" {
            tokio::task::yield_now().await;
        }
    };
    done(early).await;
    let (_, late) = begin(&portal).await;
    done(late).await;
    working.abort();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_step_is_tried_again_and_then_given_up(pool: PgPool) {
    let (portal, theatre, run) = stage(&pool).await;
    theatre.order("b", 4, StepError::Retry);
    assert_eq!(perform(&portal, &theatre, run).await, "done");
    assert_eq!(theatre.seen(), "a b b b b b c Done");
    let (theatre, run) = begin(&portal).await;
    theatre.order("b", 99, StepError::Retry);
    assert_eq!(perform(&portal, &theatre, run).await, "failed");
    assert_eq!(theatre.seen(), "a b b b b b -b -a Failed(\"b\")");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_step_that_panics_has_failed_once_more(pool: PgPool) {
    let (portal, theatre, run) = stage(&pool).await;
    theatre.order("b", 1, |_| panic!("ordered"));
    theatre.order("c", 99, |_| panic!("ordered"));
    theatre.order("-b", 2, |_| panic!("ordered"));
    assert_eq!(perform(&portal, &theatre, run).await, "failed");
    let why = "An internal error of the portal; see its log.";
    assert_eq!(theatre.seen(), format!("a b b c c c c c -c -b -b -b -a Failed({why:?})"));
    let undone = || ("undone".to_owned(), None);
    assert_eq!(steps(&portal).await, [undone(), undone(), ("failed".into(), Some(why.into()))]);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_undoing_that_fails_is_stuck_and_says_where(pool: PgPool) {
    let (portal, theatre, run) = stage(&pool).await;
    theatre.order("c", 1, StepError::Fatal);
    theatre.order("-b", 1, StepError::Fatal);
    assert_eq!(perform(&portal, &theatre, run).await, "stuck");
    assert_eq!(theatre.seen(), "a b c -c -b Stuck(\"-b\")");
    assert_eq!(steps(&portal).await[1], ("undoing".into(), Some("-b".into())));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_step_that_holds_is_left_to_a_person(pool: PgPool) {
    let (portal, theatre, run) = stage(&pool).await;
    theatre.holds.lock().unwrap().push("b");
    theatre.order("b", 2, StepError::Fatal);
    assert_eq!(perform(&portal, &theatre, run).await, "stuck");
    assert_eq!(theatre.seen(), "a b Stuck(\"b\")");
    // It goes on where it stopped, and stops there again.
    let mut conn = portal.worker.acquire().await.unwrap();
    assert!(go_on(&mut conn, run, 5).await.unwrap());
    assert!(!go_on(&mut conn, run, 5).await.unwrap(), "once");
    assert_eq!(perform(&portal, &theatre, run).await, "stuck");
    // Its time being over holds it as well.
    go_on(&mut conn, run, 0).await.unwrap();
    assert_eq!(perform(&portal, &theatre, run).await, "stuck");
    assert!(theatre.seen().ends_with("b Stuck(\"b\") Stuck(\"It exceeded its time limit.\")"));
    go_on(&mut conn, run, 5).await.unwrap();
    assert_eq!(perform(&portal, &theatre, run).await, "done");
    assert!(theatre.seen().ends_with(") b c Done"), "{}", theatre.seen());
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_run_is_turned_back_from_where_it_is(pool: PgPool) {
    let (portal, theatre, run) = stage(&pool).await;
    let mut conn = portal.worker.acquire().await.unwrap();
    // Before its first step, while another worker believes to have it.
    let held = claim::claim(&portal.worker, Duration::from_secs(60)).await.unwrap().unwrap();
    assert!(turn_back(&mut conn, run, "jane keeps it").await.unwrap());
    assert!(!turn_back(&mut conn, run, "again").await.unwrap(), "it is on its way back already");
    assert!(matches!(journal::intent(&portal.worker, &held, false).await, Err(journal::Broken::Lost)));
    assert!(held.begin(&portal.worker).await.is_err() && held.still_held(&portal.worker).await.is_err());
    assert_eq!(perform(&portal, &theatre, run).await, "failed");
    assert_eq!(theatre.seen(), "Failed(\"jane keeps it\")");

    // Where it is stuck going forward; not where its undoing is stuck, nor once it is over.
    let (theatre, run) = begin(&portal).await;
    theatre.holds.lock().unwrap().push("c");
    theatre.order("c", 1, StepError::Fatal);
    theatre.order("-b", 1, StepError::Fatal);
    assert_eq!(perform(&portal, &theatre, run).await, "stuck");
    assert!(turn_back(&mut conn, run, "jane keeps it").await.unwrap());
    assert_eq!(perform(&portal, &theatre, run).await, "stuck");
    assert!(!turn_back(&mut conn, run, "again").await.unwrap());
    assert!(go_on(&mut conn, run, 5).await.unwrap());
    assert_eq!(perform(&portal, &theatre, run).await, "failed");
    assert_eq!(theatre.seen(), "a b c Stuck(\"c\") -c -b Stuck(\"-b\") -b -a Failed(\"jane keeps it\")");
    assert!(!turn_back(&mut conn, run, "again").await.unwrap());
    assert!(!go_on(&mut conn, run, 5).await.unwrap());
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_run_past_its_deadline_is_undone(pool: PgPool) {
    let (portal, theatre, run) = stage(&pool).await;
    portal.change("update run set deadline_at = now()").await;
    assert_eq!(perform(&portal, &theatre, run).await, "failed");
    assert_eq!(theatre.seen(), "Failed(\"It exceeded its time limit.\")");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_lost_the_lease_writes_nothing(pool: PgPool) {
    let (portal, theatre, _) = stage(&pool).await;
    let lease = Duration::from_secs(4);
    let mut first = claim::claim(&portal.worker, lease).await.unwrap().unwrap();
    assert!(claim::claim(&portal.worker, lease).await.unwrap().is_none(), "one holder at a time");
    portal.change("update run set lease_until = now() - interval '1 second'").await;
    let second = claim::claim(&portal.worker, lease).await.unwrap().unwrap();
    assert!(second.token > first.token);
    let plan = play(&theatre);
    assert!(matches!(journal::intent(&portal.worker, &first, false).await, Err(journal::Broken::Lost)));
    assert!(matches!(
        journal::done(&portal.worker, &mut first, &plan, "late").await,
        Err(journal::Broken::Lost)
    ));
    assert!(matches!(journal::give_up(&portal.worker, &mut first, "late").await, Err(journal::Broken::Lost)));
    assert!(matches!(journal::later(&portal.worker, &first, lease, None).await, Err(journal::Broken::Lost)));
    assert!(steps(&portal).await.iter().all(|(state, _)| state == "waiting"));
    assert!(journal::intent(&portal.worker, &second, false).await.is_ok());
}

#[test]
fn the_names_in_the_journal_are_those_of_the_plans() {
    // The plans need tools; their names are compared where a portal runs. Here: no name twice in one run.
    for kind in RunKind::ALL {
        let names = crate::workflows::step_names(*kind);
        let unique: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{kind:?}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_record_that_is_never_answered_does_not_hold_a_run_for_ever(pool: PgPool) {
    let (portal, theatre, run) = stage(&pool).await;
    theatre.unanswered.lock().unwrap().push("b");
    assert_eq!(perform(&portal, &theatre, run).await, "done");
    assert_eq!(theatre.seen(), "a b b c Done", "what was not recorded is done again");
}
