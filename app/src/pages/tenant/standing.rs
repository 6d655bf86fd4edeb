//! What a database's own state asks of its people: shown on every page where it matters.

use crate::components::Notice;
use innkeeper_domain::{
    handoff::HandoffState, organisation::MemberRole, removal::GIVEN_BACK_FOR, tenant::TenantState,
};
use innkeeper_service::tenants::TenantView;
use leptos::prelude::*;

/// That a database is cut off, what that means, and who can undo it. Nothing while it is in use.
#[component]
pub(super) fn CutOff(tenant: TenantView) -> impl IntoView {
    let page = format!("/t/{}/danger", tenant.name);
    let (tone, title, text, who, link) = match tenant.state {
        TenantState::Suspended => (
            "warn",
            "This database is suspended",
            "Nobody can connect. Everything in it is kept.".to_owned(),
            "can resume it.",
            "See how it stands",
        ),
        TenantState::Destroying => (
            "warn",
            "This database is being destroyed",
            format!(
                "Nobody can connect. It is removed for good {} days after it was cut off.",
                GIVEN_BACK_FOR.whole_days()
            ),
            "can keep it until then.",
            "See how it stands",
        ),
        TenantState::Destroyed => (
            "",
            "This database is destroyed",
            "Its data, its roles and its passwords are gone.".to_owned(),
            "can see how long the final backup is kept.",
            "See what is left",
        ),
        _ => return ().into_any(),
    };
    let next = if tenant.role == MemberRole::Admin {
        view! { <p>{format!("You {who} ")} <a href=page>{link}</a></p> }.into_any()
    } else {
        view! { <p>{format!("An admin of {} {who}", tenant.organisation)}</p> }.into_any()
    };
    let icon = if tone.is_empty() { "info" } else { "triangle-alert" };
    view! { <Notice tone icon title><p>{text}</p>{next}</Notice> }.into_any()
}

/// That passwords wait for somebody, for admins.
#[component]
pub(super) fn PasswordsWait(tenant: TenantView) -> impl IntoView {
    let page = format!("/t/{}/handoff", tenant.name);
    let (title, text, link) = match tenant.handoff {
        Some(HandoffState::Sealed) => (
            "The credentials wait for you",
            "They are sealed, and can be opened once.",
            "Open the credentials",
        ),
        Some(HandoffState::Open) => (
            "The credentials are open",
            "Save them and say so before their 15 minutes are over.",
            "Go to the credentials",
        ),
        Some(HandoffState::Lapsed) => (
            "Did you save the credentials?",
            "They were shown, and nobody said that they are saved.",
            "See what to do",
        ),
        Some(HandoffState::Expired) => {
            ("The roles have no passwords", "Nobody opened the credentials in time.", "Make new passwords")
        }
        Some(HandoffState::Revoked) => (
            "New passwords were asked for",
            "The page of the credentials says how it stands.",
            "See how it stands",
        ),
        Some(HandoffState::Confirmed) | None => return ().into_any(),
    };
    if tenant.role != MemberRole::Admin || tenant.state != TenantState::Active {
        return ().into_any();
    }
    view! {
        <Notice tone="warn" icon="key-round" title=title>
            <p>{text} " " <a href=page>{link}</a></p>
        </Notice>
    }
    .into_any()
}
