//! What changes a database's life: the pages say what will happen, and offer what is possible and nothing else.

use super::{
    html,
    pages::{Make, filled, mistake, sound},
    samples::{self, EVIL, NOW},
};
use crate::{
    components::words,
    pages::tenant::{
        confirm::TypedForm,
        credentials::credentials_view,
        lifecycle::danger_view,
        lifecycle::views::{destroy_view, keep_view, resume_view, suspend_view},
        overview::overview_view,
        plan::{plan_check_view, plan_view},
        reset_passwords::reset_passwords_view,
    },
    web::{Filled, Mistakes},
};
use innkeeper_domain::{
    handoff::HandoffState,
    organisation::MemberRole,
    run::{RunKind, RunState, StepState},
    tenant::TenantState,
};
use innkeeper_service::tenants::{TenantView, lifecycle::DangerView};
use time::Duration;

const KINDS: [RunKind; 6] = [
    RunKind::Suspend,
    RunKind::Resume,
    RunKind::Destroy,
    RunKind::UndoDestroy,
    RunKind::Remove,
    RunKind::ChangePlan,
];

const STATES: [TenantState; 4] =
    [TenantState::Active, TenantState::Suspended, TenantState::Destroying, TenantState::Destroyed];

fn typed(mistake: Option<&'static str>) -> Filled<TypedForm> {
    filled(TypedForm { name: EVIL.into(), confirmation: EVIL.into() }, mistake)
}

fn page(view: DangerView) -> String {
    html(|| danger_view(view))
}

fn at(state: TenantState) -> DangerView {
    samples::danger(state, None)
}

/// Every page of this area in every state, for the checks that all pages pass.
pub fn all() -> Vec<(&'static str, Make)> {
    let plan = |live, chosen: &str, mistakes| {
        let (view, chosen) = (samples::plans(live), chosen.to_owned());
        move || plan_view(view, chosen, mistakes)
    };
    let mut all: Vec<(&'static str, Make)> = vec![
        ("waiting", Box::new(|| danger_view(samples::waiting()))),
        ("keep", Box::new(|| keep_view(samples::waiting(), true))),
        ("keep, sign-in too old", Box::new(|| keep_view(samples::waiting(), false))),
        ("resume", Box::new(|| resume_view(at(TenantState::Suspended), true))),
        ("plan", Box::new(plan(false, "", Mistakes::default()))),
        ("plan, not now", Box::new(plan(true, "", Mistakes::default()))),
        ("plan again", Box::new(plan(false, EVIL, mistake("plan", EVIL)))),
        ("plan, compared", Box::new(compared)),
    ];
    for live in [false, true] {
        all.push(("credentials", Box::new(move || credentials_view(samples::credentials(live, 91)))));
    }
    for state in RunState::ALL {
        let run = samples::run_of(RunKind::ChangePlan, *state);
        let mut view = samples::plans(!matches!(state, RunState::Done | RunState::Failed));
        view.tenant.run = Some((run.id, run.state, run.support_number.clone()));
        view.run = Some(run);
        all.push(("plan, a run", Box::new(move || plan_view(view, String::new(), Mistakes::default()))));
    }
    for (mistake, fresh) in [(None, true), (Some("confirmation"), true), (None, false)] {
        let active = || at(TenantState::Active);
        all.push(("suspend", Box::new(move || suspend_view(active(), typed(mistake), fresh))));
        all.push(("destroy", Box::new(move || destroy_view(active(), typed(mistake), fresh))));
        all.push((
            "rotate",
            Box::new(move || {
                reset_passwords_view(samples::credentials(false, 0), typed(mistake), EVIL.into(), fresh)
            }),
        ));
    }
    for state in STATES {
        all.push(("danger", Box::new(move || danger_view(at(state)))));
        all.push((
            "overview",
            Box::new(move || overview_view(samples::tenant(state, None), None, None, vec![])),
        ));
    }
    for kind in KINDS {
        for state in RunState::ALL {
            let view = samples::danger(TenantState::Destroying, Some(samples::run_of(kind, *state)));
            all.push(("danger, a run", Box::new(move || danger_view(view))));
        }
    }
    all
}

/// The page that compares the plan with a smaller one.
fn compared() -> leptos::prelude::AnyView {
    let view = samples::plans(false);
    let new = view.offers[1].plan.clone();
    plan_check_view(view, new, true)
}

/// The pages of this area that a page leads to, and the functions that its forms call.
fn ways(page: &str) -> Vec<String> {
    let links = page.split(" href=\"/t/shop_k3v9x2/").skip(1).filter_map(|rest| rest.split('"').next());
    let acts = page.split(" action=\"/do/").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|end| end.starts_with("danger/")).chain(acts).map(str::to_owned).collect()
}

#[test]
fn only_what_is_possible_is_offered() {
    let of = |state, kind, run| ways(&page(samples::danger(state, Some(samples::run_of(kind, run)))));
    let (active, suspended, destroying) =
        (TenantState::Active, TenantState::Suspended, TenantState::Destroying);
    let both = ["danger/suspend", "danger/delete"];
    assert_eq!(ways(&page(at(active))), both);
    assert_eq!(ways(&page(at(suspended))), ["danger/resume", "danger/delete"]);
    assert_eq!(of(active, RunKind::Suspend, RunState::Failed), both);
    assert_eq!(of(active, RunKind::Suspend, RunState::Running), [""; 0]);
    assert_eq!(of(suspended, RunKind::Resume, RunState::Stuck), [""; 0]);
    assert_eq!(of(suspended, RunKind::Suspend, RunState::Stuck), ["try-again"]);
    assert_eq!(of(destroying, RunKind::Destroy, RunState::Running), ["danger/cancel-deletion"]);
    assert_eq!(of(destroying, RunKind::Destroy, RunState::Stuck), ["danger/cancel-deletion", "try-again"]);
    assert_eq!(of(destroying, RunKind::UndoDestroy, RunState::Running), [""; 0]);
    assert_eq!(of(destroying, RunKind::Remove, RunState::Running), [""; 0]);
    assert_eq!(of(TenantState::Destroyed, RunKind::Remove, RunState::Done), [""; 0]);
    assert_eq!(ways(&page(samples::waiting())), ["danger/cancel-deletion"]);
    let busy = DangerView { live: true, ..at(active) };
    let busy = page(busy);
    assert_eq!(ways(&busy), [""; 0]);
    assert!(busy.contains("Another operation is in progress"), "{busy}");
}

#[test]
fn a_page_looks_by_itself_only_while_something_goes_on() {
    for (state, looks) in [
        (RunState::Running, true),
        (RunState::Unwinding, true),
        (RunState::Done, false),
        (RunState::Failed, false),
        (RunState::Stuck, false),
    ] {
        let run = samples::run_of(RunKind::Destroy, state);
        let page = page(samples::danger(TenantState::Destroying, Some(run)));
        assert_eq!(page.contains("data-live=\"/t/shop_k3v9x2/events\""), looks, "{page}");
        assert_eq!(page.contains("http-equiv=\"refresh\""), looks, "{page}");
        assert_eq!(page.contains("OB-7K3M-92QF"), state != RunState::Done, "{page}");
    }
}

#[test]
fn a_destruction_that_stopped_says_that_nothing_was_removed() {
    let stuck = samples::run_of(RunKind::Destroy, RunState::Stuck);
    let page = page(samples::danger(TenantState::Destroying, Some(stuck)));
    for words in ["Nothing was deleted", ">Try again</button>", ">Cancel deletion</a>", "failed. "] {
        assert!(page.contains(words), "{words} not in {page}");
    }
}

#[test]
fn a_suspension_that_is_held_says_that_nobody_can_connect() {
    let stuck = samples::run_of(RunKind::Suspend, RunState::Stuck);
    let page = page(samples::danger(TenantState::Suspended, Some(stuck)));
    for words in
        ["Suspended; needs attention", "Nobody can connect, and it stays that way", ">Needs attention<"]
    {
        assert!(page.contains(words), "{words} not in {page}");
    }
    assert!(!page.contains("Who can resume it"), "{page}");
}

#[test]
fn what_cannot_be_brought_back_at_once_is_tried_again_and_not_destroyed_again() {
    let mut stuck = samples::run_of(RunKind::Destroy, RunState::Stuck);
    stuck.steps[0].state = StepState::Undoing;
    let page = page(samples::danger(TenantState::Destroying, Some(stuck)));
    assert_eq!(ways(&page), ["try-again"]);
    assert!(page.contains("is not restored yet") && page.contains("could not be rolled back"), "{page}");
}

#[test]
fn the_wait_is_said_in_utc_and_drawn() {
    let view = |passed| html(move || danger_view(DangerView { now: NOW + passed, ..samples::waiting() }));
    let page = view(Duration::hours(60));
    let time = "<time datetime=\"2026-11-28T01:20:12Z\">28 November 2026, 01:20 UTC</time>";
    assert!(page.contains(time), "{page}");
    assert!(page.contains("4 days 12 hours from now") && page.contains("2 of 7 days are over"), "{page}");
    assert!(page.contains("1.1 MB") && page.contains("21 November 2026, 01:21 UTC"), "the backup: {page}");
    // Seven cells, and on top of them two whole ones and half of one.
    assert_eq!(page.matches("fill-opacity=\".25\"").count(), 7);
    assert_eq!(page.matches("height=\"100%\"").count(), 10, "{page}");
    assert!(view(Duration::days(8)).contains("The deletion begins within minutes"));
}

#[test]
fn what_is_gone_says_until_when_its_backup_is_kept() {
    let run = samples::run_of(RunKind::Remove, RunState::Done);
    let view =
        DangerView { backup: Some(samples::backup()), ..samples::danger(TenantState::Destroyed, Some(run)) };
    let page = page(view);
    assert!(page.contains("kept until 28 December 2026, 01:20 UTC"), "{page}");
    assert!(!page.contains("Active connections"), "{page}");
}

#[test]
fn the_preview_names_what_it_is_about_with_its_figures() {
    let page = html(|| destroy_view(at(TenantState::Active), typed(None), true));
    for words in [
        "<h1>Delete shop_k3v9x2</h1>",
        "4: 3 as application, 1 as read-only",
        "8.1 MB, kept until it is deleted",
        "28 November 2026, 01:20 UTC",
        "ola@acme.example",
        "Type shop_k3v9x2 to confirm",
        ">Delete database</button>",
    ] {
        assert!(page.contains(words), "{words} not in {page}");
    }
    let silent = DangerView { usage: None, ..at(TenantState::Active) };
    let page = html(|| suspend_view(silent, typed(None), true));
    assert!(page.contains("Not known: the server did not answer within 3 seconds"), "{page}");
}

#[test]
fn an_old_sign_in_leads_to_a_fresh_one_and_back() {
    let page = html(|| suspend_view(at(TenantState::Active), typed(None), false));
    assert!(page.contains("/sign-in?return=/t/shop_k3v9x2/danger/suspend"), "{page}");
    assert!(!page.contains("</button>") && !page.contains("name=\"confirmation\""), "{page}");
}

#[test]
fn a_wrong_name_stands_beside_its_field_with_what_was_typed() {
    let page = html(|| destroy_view(at(TenantState::Active), typed(Some("confirmation")), true));
    sound(&page);
    assert!(page.contains("<a href=\"#confirmation\">"), "{page}");
    assert!(page.contains("aria-describedby=\"confirmation-error\""), "{page}");
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 1);
    // Which database it is comes from the page, never from what was typed.
    assert!(page.contains("name=\"name\" value=\"shop_k3v9x2\""), "{page}");
}

#[test]
fn old_passwords_are_warned_of_in_words() {
    let after = |days| html(move || credentials_view(samples::credentials(false, days)));
    assert!(!after(90).contains("days old") && after(90).contains("90 days ago"));
    assert!(after(91).contains("The passwords are 91 days old"));
    let waits = html(|| credentials_view(samples::credentials(true, 0)));
    assert!(!waits.contains("/credentials/reset") && waits.contains("Available once"), "{waits}");
    for state in HandoffState::ALL {
        let mut view = samples::credentials(false, 0);
        view.tenant.handoff = Some(*state);
        let page = html(move || credentials_view(view));
        let offered = page.contains("/credentials/reset");
        let waiting = matches!(state, HandoffState::Sealed | HandoffState::Open);
        assert_eq!((offered, page.contains("Not available")), (!waiting, waiting), "{state:?}: {page}");
        assert!(!waiting || page.contains("href=\"/t/shop_k3v9x2/handoff\""), "{page}");
    }
}

#[test]
fn the_overview_says_which_backup_there_is() {
    let of = |backup| {
        let page =
            html(move || overview_view(samples::tenant(TenantState::Active, None), None, backup, vec![]));
        page.split_once("<dt>Last backup</dt>").unwrap().1.split_once("</dd>").unwrap().0.to_owned()
    };
    let none = of(None);
    assert!(none.contains("None") && none.contains("taken when the database is deleted"), "{none}");
    let line = samples::backup();
    let (day, size) = (words::day(line.created_at), words::bytes(line.bytes.unwrap()));
    let some = of(Some(line));
    assert!(some.contains(&day) && some.contains(&size) && some.contains("verified"), "{some}");
    assert!(!some.contains("None"), "{some}");
}

#[test]
fn a_plan_is_compared_before_it_changes() {
    let page = html(|| plan_view(samples::plans(false), String::new(), Mistakes::default()));
    assert!(page.contains("value=\"small\" id=\"plan\" checked"), "{page}");
    assert_eq!(page.matches(" disabled").count(), 2, "the plan in force and the refused one: {page}");
    let page = html(compared);
    assert!(page.contains("1 connection is above the new limit"), "{page}");
    assert!(page.contains("<td class=\"end\">50</td><td class=\"end\"><strong>3</strong>"), "{page}");
}

#[test]
fn a_plan_that_could_not_be_changed_says_why() {
    let run = samples::run_of(RunKind::ChangePlan, RunState::Failed);
    let mut view = samples::plans(false);
    view.tenant.run = Some((run.id, run.state, run.support_number.clone()));
    view.run = Some(run);
    let later = {
        let mut later = view.clone();
        later.tenant.run = None;
        later
    };
    let page = html(move || plan_view(view, String::new(), Mistakes::default()));
    assert!(page.contains("The plan of shop_k3v9x2 could not be changed"), "{page}");
    assert!(page.contains("failed. ") && page.contains(">Change plan<"), "{page}");
    let page = html(move || plan_view(later, String::new(), Mistakes::default()));
    assert!(!page.contains("could not be changed"), "something came after it: {page}");
}

#[test]
fn only_admins_see_the_way_to_these_pages() {
    let of = |role, state| {
        let tenant = TenantView { role, ..samples::tenant(state, Some(HandoffState::Confirmed)) };
        html(move || overview_view(tenant, None, None, vec![]))
    };
    for state in STATES {
        let (admin, other) = (of(MemberRole::Admin, state), of(MemberRole::Developer, state));
        for end in ["/credentials", "/plan", "/danger"] {
            let href = format!("href=\"/t/shop_k3v9x2{end}");
            assert!(admin.contains(&href) && !other.contains(&href), "{href} in {other}");
        }
    }
    let suspended = of(MemberRole::Developer, TenantState::Suspended);
    assert!(suspended.contains("can resume it"), "{suspended}");
}
