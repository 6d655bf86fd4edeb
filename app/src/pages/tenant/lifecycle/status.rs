//! How the end of a database stands: what waits, and what is left.

use crate::{
    components::{Days, Notice, words},
    pages::tenant::lifecycle::run_status::{DAYS, KeepLink, on_show},
};
use innkeeper_domain::{
    removal::GIVEN_BACK_FOR,
    routes::Page,
    run::{RunKind, RunState},
    tenant::TenantState,
};
use innkeeper_service::tenants::lifecycle::{BackupLine, DangerView};
use leptos::prelude::*;
use time::OffsetDateTime;

/// What a state means that lasts: suspended, waiting for its removal, gone.
#[component]
pub(super) fn Waiting(view: DangerView) -> impl IntoView {
    let name = view.tenant.name.to_string();
    let admins = words::any_of(&view.admins);
    // While something is under way its steps say how it stands.
    let still = on_show(&view.tenant, view.run.as_ref()).is_none_or(|run| run.state == RunState::Failed);
    match (view.tenant.state, view.removal_at.filter(|_| still)) {
        (TenantState::Suspended, _) if still => view! {
            <Notice tone="warn" icon="triangle-alert" title=format!("{name} is suspended")>
                <p>{format!("Nobody can connect. All data is kept. Who can resume it: {admins}.")}</p>
            </Notice>
        }
        .into_any(),
        (TenantState::Destroying, Some(at)) => countdown(&name, &admins, at, view.now),
        (TenantState::Destroyed, _) => gone(name, &view),
        _ => ().into_any(),
    }
}

/// The 7 days, in words and drawn.
fn countdown(name: &str, admins: &str, at: OffsetDateTime, now: OffsetDateTime) -> AnyView {
    let (left, since) = (at - now, at - GIVEN_BACK_FOR);
    let still = if left.is_positive() {
        format!(
            "{} from now. Until then all data is kept. Who can cancel the deletion: {admins}.",
            words::left(left)
        )
    } else {
        "The deletion begins within minutes.".into()
    };
    view! {
        <section class="card" aria-labelledby="waits">
            <div class="card-head">
                <h2 id="waits">
                    {format!("{name} will be permanently deleted on ")}
                    <time datetime=words::stamp(at)>{words::moment(at)}</time>
                </h2>
                <p>{still}</p>
            </div>
            <div class="card-body">
                <Days days=DAYS over=now - since/>
                <p class="row between small dim tight">
                    <span>"Access blocked " <time datetime=words::stamp(since)>{words::day_and_month(since)}</time></span>
                    <span>"Deletion " <time datetime=words::stamp(at)>{words::day_and_month(at)}</time></span>
                </p>
            </div>
            <div class="card-foot">
                <KeepLink name=name.to_owned()/>
                <span class="small dim">"Restores it as it was: data, roles, passwords, allowed IP addresses."</span>
            </div>
        </section>
    }
    .into_any()
}

fn gone(name: String, view: &DangerView) -> AnyView {
    let removed = view.run.as_ref().filter(|run| run.kind == RunKind::Remove).and_then(|run| run.finished_at);
    let when = removed.map(|at| format!(" on {}", words::moment(at))).unwrap_or_default();
    let kept = match view.backup.as_ref().map(|backup| backup.kept_until) {
        Some(Some(until)) => format!(
            "Its encrypted final backup is kept until {}. Contact support if you need it.",
            words::moment(until)
        ),
        Some(None) => "Its encrypted final backup is kept. Contact support if you need it.".into(),
        None => "No backup is kept.".into(),
    };
    view! {
        <Notice icon="info" title=format!("{name} is deleted")>
            <p>{format!("The database, roles and passwords were permanently deleted{when}. This cannot be undone.")}</p>
            <p>{kept}</p>
            <p><a href=Page::Activity((&name).into()).to_string()>"View activity log"</a></p>
        </Notice>
    }
    .into_any()
}

/// What is known of a final backup.
pub(super) fn backup_rows(backup: BackupLine) -> AnyView {
    let BackupLine { bytes, created_at, read_back_at, kept_until } = backup;
    let size = bytes
        .map_or_else(|| "Not finished, started ".to_owned(), |bytes| format!("{}, ", words::bytes(bytes)));
    let read_back = read_back_at.map_or_else(|| "Not yet".to_owned(), words::moment);
    view! {
        <div>
            <dt>"Final backup"</dt>
            <dd>{size}<time datetime=words::stamp(created_at)>{words::moment(created_at)}</time></dd>
        </div>
        <div><dt>"Verified (fully readable)"</dt><dd>{read_back}</dd></div>
        {kept_until.map(|until| view! {
            <div><dt>"Kept until"</dt><dd><time datetime=words::stamp(until)>{words::moment(until)}</time></dd></div>
        })}
    }
    .into_any()
}
