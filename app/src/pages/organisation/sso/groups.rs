//! What groups make of people.

use super::change::{AboutForm, Act, conclude};
use crate::{
    components::Icon,
    pages::organisation::roles::words_of,
    web::{About, Cx, Field, Filled, Form, Issue, Refusal, SeeOther, described_by, id_of, needs},
};
use innkeeper_domain::{identity::GroupRule, organisation::MemberRole};
use innkeeper_service::organisations::{self, IdentityView};
use leptos::{prelude::*, server_fn::ServerFn as _};
use serde::{Deserialize, Serialize};

/// What is typed of a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupForm {
    /// The organisation's slug.
    pub organisation: String,
    /// The group.
    pub group: String,
    /// What its people become.
    pub role: String,
}

/// Says what a group makes of its people.
#[server(prefix = "/do", endpoint = "add-group")]
pub async fn add_group(
    /// What was sent.
    #[server(flatten)]
    form: GroupForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let GroupForm { organisation, group, role } = &form;
    let ended = organisations::add_group(&cx.service, &cx.requester, organisation, "", (group, role)).await;
    conclude(organisation, &form, ended, "Saved. Applies to each person from their next sign-in.").await
}

needs!(AddGroup, SsoChange);

/// Takes that back.
#[server(prefix = "/do", endpoint = "remove-group")]
pub async fn remove_group(
    /// What was sent.
    #[server(flatten)]
    form: AboutForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended =
        organisations::remove_group(&cx.service, &cx.requester, &form.organisation, "", &form.what).await;
    conclude(&form.organisation, &form, ended, "Removed. Applies to each person from their next sign-in.")
        .await
}

needs!(RemoveGroup, SsoChange);

/// The card.
#[component]
pub(super) fn Groups(view: IdentityView, form: Filled<GroupForm>, fresh: bool) -> impl IntoView {
    let slug = view.organisation.slug.to_string();
    let Filled { id, values, mistakes, .. } = form;
    let rows: Vec<_> =
        view.groups.into_iter().map(|rule| view! { <Line rule slug=slug.clone() fresh/> }).collect();
    let rows = (!rows.is_empty()).then(|| view! { <ul class="rows" role="list">{rows}</ul> });
    view! {
        <section class="card" aria-labelledby="groups">
            <div class="card-head"><h2 id="groups">"Group mapping"</h2></div>
            <p class="card-body small dim">
                "People who sign in with your SSO and belong to one of these groups join automatically; people in none of them cannot sign in, and members who no longer belong to one lose their membership at the next attempt. If several groups match, the highest role applies."
            </p>
            {rows}
            <Form<AddGroup> id>
                <input type="hidden" name="organisation" value=slug/>
                <div class="card-body stack">
                    <Field
                        name="group" form=AddGroup::PATH label="Group" class="input mono" autocomplete="off"
                        hint="As in the groups claim: a name, or for Entra the group's object ID. Use * for everybody."
                        value=values.group mistake=mistakes.of("group")
                    />
                    <Roles form=AddGroup::PATH label="Role" chosen=values.role mistake=mistakes.of("role")/>
                </div>
                <div class="card-foot">
                    <button type="submit" class="btn" disabled=!fresh><Icon name="plus"/>"Add group"</button>
                </div>
            </Form<AddGroup>>
        </section>
    }
}

#[component]
pub(super) fn Roles(
    /// The action of its form.
    form: &'static str,
    label: &'static str,
    chosen: String,
    #[prop(into)] mistake: Issue,
) -> impl IntoView {
    let options = MemberRole::ALL.map(|role| {
        let (called, may) = words_of(role);
        let selected = role.as_str() == chosen || (chosen.is_empty() && role == MemberRole::Developer);
        view! { <option value=role.as_str() selected=selected>{format!("{called}: {may}")}</option> }
    });
    let id = id_of(form, "role");
    let about = described_by(&id, false, mistake.0.is_some());
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <About id=id.clone() issue=mistake/>
            <select
                id=id name="role" class="input" aria-invalid=about.is_some().then_some("true")
                aria-describedby=about
            >{options.into_iter().collect_view()}</select>
        </div>
    }
}

#[component]
fn Line(rule: GroupRule, slug: String, fresh: bool) -> impl IntoView {
    let (label, may) = words_of(rule.role);
    let everybody = rule.group == GroupRule::EVERYBODY;
    let shown = if everybody { "Everybody".to_owned() } else { rule.group.clone() };
    let which = format!(" {shown}");
    let act = fresh.then(|| {
        let fields = vec![("organisation", slug), ("what", rule.group)];
        view! { <Act<RemoveGroup> fields label="Remove" which class="btn btn-quiet btn-sm"/> }
    });
    view! {
        <li>
            <p class=if everybody { "name" } else { "name mono" }>{shown}</p>
            <p>{may}</p>
            <span class="badge">{label}</span>
            <div>{act}</div>
        </li>
    }
}
