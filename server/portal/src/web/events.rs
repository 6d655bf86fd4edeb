//! Live pages: a stream that says when a tenant's page is worth loading again. It carries no data.

use super::{AppState, context::RequestCx, problem::Problem, streams::Place};
use axum::{
    extract::{Path, State},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::Stream;
use http::{HeaderName, HeaderValue, header};
use innkeeper_domain::{handoff::HandoffState, ids::RunId, run::RunState, tenant::TenantState};
use innkeeper_service::{
    Error, Service,
    context::requester::Requester,
    db::run_events::Change,
    tenants::{self, TenantView},
};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::{broadcast, broadcast::error::RecvError, mpsc, watch},
    time::Instant,
};
use tokio_stream::wrappers::ReceiverStream;

/// How often a comment keeps the connection alive, and the state is looked at although nothing was heard.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Shortest time between two events. Steps of some milliseconds are not seen one by one, and each event costs a page.
const PACE: Duration = Duration::from_millis(200);
/// After this the browser asks again, and with that proves again that it may.
const LONGEST: Duration = Duration::from_mins(10);

/// GET /t/{name}/events: `change` for each change of the tenant, its run or its handoff, `end` when the run is over.
pub(super) async fn events(
    State(state): State<AppState>,
    Path(name): Path<String>,
    RequestCx { cx, .. }: RequestCx,
) -> Result<Response, Problem> {
    // Subscribed before the first look, so that nothing falls between.
    let changes = state.service.changes.subscribe();
    let view = tenants::open(&state.service, &cx.requester, &name).await?;
    let place = state.streams.enter(cx.requester.session()?).ok_or(Problem::BUSY)?;
    let (sender, receiver) = mpsc::channel(4);
    let watcher = Watcher {
        service: state.service,
        requester: cx.requester,
        name,
        changes,
        closing: state.closing,
        sender,
        _place: place,
    };
    tokio::spawn(watcher.run(Seen::of(&view)));
    let stream: ReceiverStream<Result<Event, Infallible>> = ReceiverStream::new(receiver);
    Ok(respond(stream))
}

fn respond(stream: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    let mut answer = Sse::new(stream).keep_alive(alive).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Otherwise nginx holds events back until its buffer is full.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    answer
}

/// What a page of the tenant depends on, beside the steps of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    state: TenantState,
    run: Option<(RunId, RunState)>,
    handoff: Option<HandoffState>,
    connected: bool,
}

impl Seen {
    fn of(view: &TenantView) -> Self {
        Self {
            state: view.state,
            run: view.run.as_ref().map(|(id, state, _)| (*id, *state)),
            handoff: view.handoff,
            connected: view.first_connected_at.is_some(),
        }
    }

    fn is_of_its_run(&self, change: Change) -> bool {
        matches!((change, self.run), (Change::Run(id) | Change::Due(id), Some((watched, _))) if id == watched)
    }

    fn working(&self) -> bool {
        self.run.is_some_and(|(_, state)| !state.is_over())
    }
}

struct Watcher {
    service: Service,
    requester: Requester,
    name: String,
    changes: broadcast::Receiver<Change>,
    closing: watch::Receiver<bool>,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    _place: Place,
}

/// What woke the watcher.
enum Woken {
    /// The run it watches changed.
    Run,
    /// It does not know what changed, or it is time to look.
    Look,
    /// The browser or the portal goes, or the time is over.
    Leave,
}

impl Watcher {
    async fn run(mut self, mut seen: Seen) {
        let mut paced = Instant::now();
        let until = paced + LONGEST;
        loop {
            let mut certain = match self.woken(&seen, until).await {
                Woken::Leave => return,
                Woken::Run => true,
                Woken::Look => false,
            };
            tokio::time::sleep_until(paced).await;
            // One look is for all that was heard meanwhile.
            while let Ok(heard) = self.changes.try_recv() {
                certain |= seen.is_of_its_run(heard);
            }
            let view = match tenants::open(&self.service, &self.requester, &self.name).await {
                Ok(view) => view,
                // No longer theirs.
                Err(Error::NotFound) => return,
                Err(error) => {
                    tracing::warn!(%error, "a live page cannot look at its tenant; the browser asks again");
                    return;
                }
            };
            let now = Seen::of(&view);
            let ended = seen.working() && !now.working();
            let event = match (ended, certain || now != seen) {
                (true, _) => "end",
                (false, true) => "change",
                (false, false) => continue,
            };
            seen = now;
            // A browser drops an event without data (HTML, section 9.2.6).
            if self.sender.send(Ok(Event::default().event(event).data("1"))).await.is_err() || ended {
                return;
            }
            paced = Instant::now() + PACE;
        }
    }

    async fn woken(&mut self, seen: &Seen, until: Instant) -> Woken {
        let look = tokio::time::sleep(KEEP_ALIVE);
        tokio::pin!(look);
        loop {
            tokio::select! {
                () = self.sender.closed() => return Woken::Leave,
                _ = self.closing.wait_for(|closing| *closing) => return Woken::Leave,
                () = tokio::time::sleep_until(until) => return Woken::Leave,
                () = &mut look => return Woken::Look,
                heard = self.changes.recv() => match heard {
                    Ok(change) if seen.is_of_its_run(change) => return Woken::Run,
                    Ok(Change::Anything) | Err(RecvError::Lagged(_)) => return Woken::Look,
                    Ok(_) => {}
                    Err(RecvError::Closed) => return Woken::Leave,
                },
            }
        }
    }
}
