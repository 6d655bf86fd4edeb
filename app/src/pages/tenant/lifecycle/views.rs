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
        ("Sessions that end now", sessions_in_words(usage.as_ref()).into_any()),
        ("Data", size_in_words(usage.as_ref(), "kept").into_any()),
        ("Passwords, addresses", "Kept; they work again once it is resumed".into_any()),
        ("Can it be undone?", format!("Yes, at any time, by {}", words::any_of(&admins)).into_any()),
    ]);
    view! {
        <Asking
            title=format!("Suspend {name}") mistakes
            means="Nobody can connect until an admin resumes it. Nothing in it is lost."
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
        ("Let in", format!("Connections {}", words::reach_phrase(&tenant.reach)).into_any()),
        ("Passwords", "The same as before".into_any()),
        ("Can it be undone?", "Yes: it can be suspended again at any time".into_any()),
    ]);
    view! {
        <Asking title=format!("Resume {name}") means="People and programs can connect again, as before.">
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
        "Taken at once and read back whole; without it nothing is removed. It is kept for {} days after the removal",
        KEPT_AFTER_REMOVAL.whole_days()
    );
    let undo = format!("Yes, until it is removed, by {}. Not after that", words::any_of(&admins));
    let rows = preview(vec![
        database(&tenant.name),
        ("Organisation", tenant.organisation.into_any()),
        ("Sessions that end now", sessions_in_words(usage.as_ref()).into_any()),
        ("Data", size_in_words(usage.as_ref(), "kept until it is removed").into_any()),
        ("Final backup", backup.into_any()),
        ("Removed for good", removal.into_any()),
        ("Can it be undone?", undo.into_any()),
    ]);
    view! {
        <Asking
            title=format!("Destroy {name}") mistakes
            means=format!(
                "It is cut off now, and removed for good after {} days. Until then it can be kept.",
                GIVEN_BACK_FOR.whole_days()
            )
        >
            <Form<DestroyTenant> id class="card">
                <input type="hidden" name="name" value=name.clone()/>
                {rows}
                {fresh.then(|| view! { <TypedName name typed=values.confirmation mistake/> })}
                <Press
                    label="Destroy database" icon="triangle-alert" class="btn btn-primary btn-danger" fresh
                    here=Page::Destroy((&tenant.name).into()) back=Page::Danger((&tenant.name).into())
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
        rows.push(("Removal, called off", time.into_any()));
    }
    rows.push(("Data", size_in_words(usage.as_ref(), "as when it was cut off").into_any()));
    if let Some(bytes) = backup.and_then(|backup| backup.bytes) {
        let text = format!("{}, kept for {} more days", words::bytes(bytes), KEPT_AFTER_RETURN.whole_days());
        rows.push(("Final backup", text.into_any()));
    }
    rows.push(("Passwords, addresses", "The same as before".into_any()));
    rows.push(("Can it be undone?", "Yes: it can be destroyed again".into_any()));
    let rows = preview(rows);
    let means = if state_before == Some(TenantState::Suspended) {
        "It is not removed. It was suspended before, and is so again."
    } else {
        "It is not removed, and comes back as it was before: people and programs can connect again."
    };
    view! {
        <Asking title=format!("Keep {name}") means=means>
            <Form<KeepTenant> class="card">
                <input type="hidden" name="name" value=name/>
                {rows}
                <Press label="Keep database" icon="rotate-ccw" fresh here=Page::Keep((&tenant.name).into()) back=Page::Danger((&tenant.name).into())/>
            </Form<KeepTenant>>
        </Asking>
    }
    .into_any()
}
