//! What a database's own state asks of its people: shown on every page where it matters.

use crate::components::{Notice, words};
use innkeeper_domain::{
    ended_sessions::EndReason, handoff::HandoffState, permission::Permission, plan::LOCKS_PER_TENANT,
    removal::GIVEN_BACK_FOR, routes::Page, tenant::TenantState, text::thousands,
};
use innkeeper_service::tenants::{EndedLine, TenantView};
use leptos::prelude::*;

/// That a database is cut off, what that means, and who can undo it. Nothing while it is in use.
#[component]
pub(super) fn CutOff(tenant: TenantView) -> impl IntoView {
    let page = Page::Danger((&tenant.name).into()).to_string();
    let (tone, title, text, who, link) = match tenant.state {
        TenantState::Suspended => (
            "warn",
            "This database is suspended",
            "Nobody can connect. All data is kept.".to_owned(),
            "can resume it.",
            "View status",
        ),
        TenantState::Destroying => (
            "warn",
            "This database is being deleted",
            format!(
                "Nobody can connect. It is permanently deleted {} days after access was blocked.",
                GIVEN_BACK_FOR.whole_days()
            ),
            "can cancel the deletion until then.",
            "View status",
        ),
        TenantState::Destroyed => (
            "",
            "This database is deleted",
            "Its data, roles and passwords are deleted.".to_owned(),
            "can see how long the final backup is kept.",
            "View status",
        ),
        _ => return ().into_any(),
    };
    let next = if tenant.may(Permission::LifecycleView) {
        view! { <p>{format!("You {who} ")} <a href=page>{link}</a></p> }.into_any()
    } else {
        view! { <p>{format!("An admin of {} {who}", tenant.organisation)}</p> }.into_any()
    };
    let icon = if tone.is_empty() { "info" } else { "triangle-alert" };
    view! { <Notice tone icon title><p>{text}</p>{next}</Notice> }.into_any()
}

/// That the database is read-only since it takes more than its plan's storage, and what to do.
#[component]
pub(super) fn StorageFull(tenant: TenantView) -> impl IntoView {
    let Some(since) = tenant.storage_full_at.filter(|_| tenant.state == TenantState::Active) else {
        return ().into_any();
    };
    let storage = tenant.plan.limits.storage_gb;
    let plan = tenant.may(Permission::PlanView).then(|| {
        view! { " " <a href=Page::Plan((&tenant.name).into()).to_string()>"Change plan"</a> }
    });
    view! {
        <Notice tone="warn" icon="triangle-alert" title="Storage is full: the database is read-only">
            <p>
                {format!("This database exceeded its plan's {storage} GB on {}. ", words::moment(since))}
                "Connections were closed; new ones can read but not write. Writing is possible again by itself once the \
                 database takes less than 95 % of its storage. " {plan}
            </p>
            <p>
                "To delete data, run " <code>"SET default_transaction_read_only = off"</code>
                " first; space is returned by " <code>"TRUNCATE"</code> ", " <code>"DROP TABLE"</code> " or "
                <code>"VACUUM FULL"</code> "."
            </p>
        </Notice>
    }
    .into_any()
}

/// Sessions that were ended for what they did to others on the server, and why.
#[component]
pub(super) fn SessionsEnded(lines: Vec<EndedLine>) -> impl IntoView {
    if lines.is_empty() {
        return ().into_any();
    }
    let lines: Vec<_> = lines.into_iter().map(|line| view! { <li>{ended_in_words(&line)}</li> }).collect();
    view! {
        <Notice tone="warn" icon="triangle-alert" title="Connections were closed in the last 24 hours">
            <ul>{lines}</ul>
        </Notice>
    }
    .into_any()
}

fn ended_in_words(line: &EndedLine) -> String {
    let sessions = if line.sessions == 1 { "connection" } else { "connections" };
    let why = match line.reason {
        EndReason::CatalogLock => {
            "requested a lock on a system catalog that would have blocked everybody on the server".to_owned()
        }
        EndReason::ForeignLock => {
            "held a lock on a database or role that is not part of this database".to_owned()
        }
        EndReason::LockCount => format!(
            "held too many locks: {} are allowed at once, or a tenth of the server's lock table if that is less",
            thousands(LOCKS_PER_TENANT)
        ),
        EndReason::ServerLocks => {
            "held many locks while the lock table of the server was nearly full".to_owned()
        }
    };
    let (count, role, at) = (line.sessions, line.role.label(), words::moment(line.last_at));
    format!("{role}: {count} {sessions} {why}. Last on {at}.")
}

/// That passwords wait for somebody, for admins.
#[component]
pub(super) fn PasswordsWait(tenant: TenantView) -> impl IntoView {
    let page = Page::Handoff((&tenant.name).into()).to_string();
    let (title, text, link) = match tenant.handoff {
        Some(HandoffState::Sealed) => {
            ("Credentials ready to view", "They can be viewed once.", "View credentials")
        }
        Some(HandoffState::Open) => (
            "Credentials are being viewed",
            "Save them and confirm before the 15 minutes end.",
            "Go to the credentials",
        ),
        Some(HandoffState::Lapsed) => (
            "Credentials were not confirmed as saved",
            "They were viewed. If you did not save them, reset the passwords.",
            "View status",
        ),
        Some(HandoffState::Expired) => {
            ("Passwords expired", "Nobody can connect until you reset them.", "Reset passwords")
        }
        Some(HandoffState::Revoked) => {
            ("Password reset in progress", "The credentials page shows the status.", "View status")
        }
        Some(HandoffState::Confirmed) | None => return ().into_any(),
    };
    if !tenant.may(Permission::HandoffView) || tenant.state != TenantState::Active {
        return ().into_any();
    }
    view! {
        <Notice tone="warn" icon="key-round" title=title>
            <p>{text} " " <a href=page>{link}</a></p>
        </Notice>
    }
    .into_any()
}
