//! The list of databases, and the pages of one. What changes its life is in `danger.rs`.

use super::Make;
use crate::{
    components::Asked,
    pages::{
        tenant::{
            activity::activity_view, connect::connect_view, handoff::handoff_view, overview::overview_view,
            setup::setup_view,
        },
        tenants::tenants_view,
    },
    tests::{
        html,
        samples::{self, EVIL},
    },
};
use innkeeper_domain::{
    ended_sessions::EndReason,
    handoff::HandoffState,
    run::RunState,
    tenant::{TenantRole, TenantState},
};
use innkeeper_service::{
    db::paging::Page,
    organisations::{Closed, KnownWay},
    tenants::{EndedLine, handoff::HandoffView},
};

/// The pages.
pub fn all() -> Vec<(&'static str, Make)> {
    let mut all: Vec<(&'static str, Make)> = vec![
        (
            "overview",
            Box::new(|| {
                overview_view(
                    samples::tenant(TenantState::Active, Some(HandoffState::Sealed)),
                    Some(samples::usage()),
                    None,
                    vec![],
                )
            }),
        ),
        (
            "overview of a full database whose sessions were ended",
            Box::new(|| {
                let mut tenant = samples::tenant(TenantState::Active, None);
                tenant.storage_full_at = Some(tenant.created_at);
                let line = |reason| EndedLine {
                    role: TenantRole::App,
                    reason,
                    sessions: 2,
                    last_at: time::OffsetDateTime::UNIX_EPOCH,
                };
                overview_view(tenant, None, None, EndReason::ALL.iter().map(|reason| line(*reason)).collect())
            }),
        ),
        (
            "overview without figures",
            Box::new(|| {
                overview_view(
                    samples::tenant(TenantState::Suspended, None),
                    None,
                    Some(samples::backup()),
                    vec![],
                )
            }),
        ),
        (
            "connect",
            Box::new(|| connect_view(samples::tenant(TenantState::Active, None), TenantRole::App, EVIL)),
        ),
        (
            "credentials",
            Box::new(|| {
                let view = HandoffView::Open(Box::new(samples::open_handoff()));
                handoff_view(samples::tenant(TenantState::Active, None), view, EVIL.into(), true, EVIL.into())
            }),
        ),
    ];
    for state in [RunState::Running, RunState::Unwinding, RunState::Failed, RunState::Stuck] {
        all.push(("setup", Box::new(move || setup_view(samples::setup(state)))));
    }
    let runs = |count| (0..count).map(|_| samples::setup(RunState::Failed).run).collect::<Vec<_>>();
    for (items, next) in [(runs(0), None), (runs(1), Some(EVIL.to_owned()))] {
        all.push((
            "runs",
            Box::new(move || {
                activity_view(
                    samples::tenant(TenantState::Active, None),
                    Page { total: 12, items, next },
                    false,
                )
            }),
        ));
    }
    for items in [vec![], vec![samples::line()]] {
        all.push((
            "tenants",
            Box::new(move || {
                let asked = Asked { search: EVIL.into(), sort: "name".into(), after: EVIL.into() };
                let way = |id: &str| KnownWay { provider: id.into(), label: EVIL.into() };
                let closed = |ways| Closed { organisation: EVIL.into(), ways };
                let closed = vec![closed(vec![way("org-a"), way("mail")]), closed(vec![])];
                tenants_view(Page { total: 30, items, next: Some(EVIL.into()) }, asked, closed, EVIL)
            }),
        ));
    }
    all
}

#[test]
fn a_run_that_is_over_no_longer_refreshes() {
    let running = html(|| setup_view(samples::setup(RunState::Running)));
    assert!(running.contains("http-equiv=\"refresh\" content=\"3\""), "{running}");
    assert!(running.contains("data-live=\"/t/shop_k3v9x2/events\""), "{running}");
    let failed = html(|| setup_view(samples::setup(RunState::Failed)));
    assert!(!failed.contains("http-equiv") && !failed.contains("data-live"), "{failed}");
    for button in ["Try again", "Start over"] {
        assert!(failed.contains(&format!("{button}</button>")), "{failed}");
    }
    let stuck = html(|| setup_view(samples::setup(RunState::Stuck)));
    assert!(!stuck.contains("Try again</button>") && stuck.contains("OB-7K3M-92QF"), "{stuck}");
}
