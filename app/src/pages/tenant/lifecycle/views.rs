//! What the pages say that ask whether to suspend, resume, destroy or keep a database.

use super::actions::{DestroyTenant, KeepTenant, ResumeTenant, SuspendTenant};
use crate::{
    components::words,
    pages::tenant::{
        confirm::{Asking, Press, TypedForm, TypedName, database, preview},
        usage::{sessions_in_words, size_in_words},
    },
    web::{Filled, Form, Issue},
};
use innkeeper_domain::{
    removal::{GIVEN_BACK_FOR, KEPT_AFTER_REMOVAL, KEPT_AFTER_RETURN},
    routes::Page,
    tenant::TenantState,
};
use innkeeper_service::tenants::lifecycle::DangerView;
use leptos::prelude::*;

pub(crate) fn suspend_view(view: DangerView, form: Filled<TypedForm>, fresh: bool) -> AnyView {
    let DangerView { tenant, usage, admins, .. } = view;
    let name = tenant.name.to_string();
    let Filled { id, values, mistakes, .. } = form;
    let mistake = Issue::from(mistakes.of("confirmation"));
    let rows = preview(vec![
        database(&tenant.name),
        ("Organisation", tenant.organisation.into_any()),
        ("Connections that will be closed", sessions_in_words(usage.as_ref()).into_any()),
        ("Data", size_in_words(usage.as_ref(), "kept").into_any()),
        ("Passwords, allowed IP addresses", "Kept; they work again after resuming".into_any()),
        ("Can this be undone?", format!("Yes, at any time, by {}", words::any_of(&admins)).into_any()),
    ]);
    view! {
        <Asking
            title=format!("Suspend {name}") mistakes
            means="Nobody can connect until an admin resumes it. No data is lost."
        >
            <Form<SuspendTenant> id class="card">
                <input type="hidden" name="name" value=name.clone()/>
                {rows}
                {fresh.then(|| view! { <TypedName name typed=values.confirmation mistake/> })}
                <Press label="Suspend database" icon="lock-keyhole" fresh here=Page::Suspend((&tenant.name).into()) back=Page::Danger((&tenant.name).into())/>
            </Form<SuspendTenant>>
        </Asking>
    }
    .into_any()
}

pub(crate) fn resume_view(view: DangerView, fresh: bool) -> AnyView {
    let tenant = view.tenant;
    let name = tenant.name.to_string();
    let rows = preview(vec![
        database(&tenant.name),
        ("Organisation", tenant.organisation.into_any()),
        ("Network access", format!("Connections {}", words::reach_phrase(&tenant.reach)).into_any()),
        ("Passwords", "The same as before".into_any()),
        ("Can this be undone?", "Yes: it can be suspended again at any time".into_any()),
    ]);
    view! {
        <Asking title=format!("Resume {name}") means="People and applications can connect again, as before.">
            <Form<ResumeTenant> class="card">
                <input type="hidden" name="name" value=name/>
                {rows}
                <Press label="Resume database" icon="lock-keyhole-open" fresh here=Page::Resume((&tenant.name).into()) back=Page::Danger((&tenant.name).into())/>
            </Form<ResumeTenant>>
        </Asking>
    }
    .into_any()
}

pub(crate) fn destroy_view(view: DangerView, form: Filled<TypedForm>, fresh: bool) -> AnyView {
    let DangerView { tenant, usage, admins, now, .. } = view;
    let name = tenant.name.to_string();
    let Filled { id, values, mistakes, .. } = form;
    let mistake = Issue::from(mistakes.of("confirmation"));
    let at = now + GIVEN_BACK_FOR;
    let removal = view! {
        "Not before " <time datetime=words::stamp(at)>{words::moment(at)}</time>
        ": the database, its three roles and their passwords"
    };
    let backup = format!(
        "Taken immediately and verified; without it nothing is deleted. It is kept for {} days after the deletion",
        KEPT_AFTER_REMOVAL.whole_days()
    );
    let undo = format!("Yes, until it is deleted, by {}. Not after that", words::any_of(&admins));
    let rows = preview(vec![
        database(&tenant.name),
        ("Organisation", tenant.organisation.into_any()),
        ("Connections that will be closed", sessions_in_words(usage.as_ref()).into_any()),
        ("Data", size_in_words(usage.as_ref(), "kept until it is deleted").into_any()),
        ("Final backup", backup.into_any()),
        ("Permanent deletion", removal.into_any()),
        ("Can this be undone?", undo.into_any()),
    ]);
    view! {
        <Asking
            title=format!("Delete {name}") mistakes
            means=format!(
                "Access is blocked now, and the database is permanently deleted after {} days. Until then you can cancel the deletion.",
                GIVEN_BACK_FOR.whole_days()
            )
        >
            <Form<DestroyTenant> id class="card">
                <input type="hidden" name="name" value=name.clone()/>
                {rows}
                {fresh.then(|| view! { <TypedName name typed=values.confirmation mistake/> })}
                <Press
                    label="Delete database" icon="triangle-alert" class="btn btn-primary btn-danger" fresh
                    here=Page::Delete((&tenant.name).into()) back=Page::Danger((&tenant.name).into())
                />
            </Form<DestroyTenant>>
        </Asking>
    }
    .into_any()
}

pub(crate) fn keep_view(view: DangerView, fresh: bool) -> AnyView {
    let DangerView { tenant, usage, removal_at, backup, state_before, .. } = view;
    let name = tenant.name.to_string();
    let mut rows = vec![database(&tenant.name), ("Organisation", tenant.organisation.into_any())];
    if let Some(at) = removal_at {
        let time = view! { <time datetime=words::stamp(at)>{words::moment(at)}</time> };
        rows.push(("Deletion that will be cancelled", time.into_any()));
    }
    rows.push(("Data", size_in_words(usage.as_ref(), "as when access was blocked").into_any()));
    if let Some(bytes) = backup.and_then(|backup| backup.bytes) {
        let text = format!("{}, kept for {} more days", words::bytes(bytes), KEPT_AFTER_RETURN.whole_days());
        rows.push(("Final backup", text.into_any()));
    }
    rows.push(("Passwords, allowed IP addresses", "The same as before".into_any()));
    rows.push(("Can this be undone?", "Yes: it can be deleted again".into_any()));
    let rows = preview(rows);
    let means = if state_before == Some(TenantState::Suspended) {
        "It is not deleted. It was suspended before, and will be suspended again."
    } else {
        "It is not deleted, and is restored as it was before: people and applications can connect again."
    };
    view! {
        <Asking title=format!("Cancel deletion of {name}") means=means>
            <Form<KeepTenant> class="card">
                <input type="hidden" name="name" value=name/>
                {rows}
                <Press label="Cancel deletion" icon="rotate-ccw" fresh here=Page::CancelDeletion((&tenant.name).into()) back=Page::Danger((&tenant.name).into())/>
            </Form<KeepTenant>>
        </Asking>
    }
    .into_any()
}
