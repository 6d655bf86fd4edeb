//! What the teams of organisations at GitHub make of their people.

use super::{change::conclude, groups::Roles};
use crate::{
    components::Icon,
    web::{About, Cx, Filled, Form, Issue, Refusal, SeeOther, described_by, id_of, needs},
};
use innkeeper_service::organisations::{self, GitHubLine};
use leptos::{prelude::*, server_fn::ServerFn as _};
use serde::{Deserialize, Serialize};

/// What is chosen of a team.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TeamForm {
    /// The organisation's slug.
    pub organisation: String,
    /// Short name of the provider, a slash, and the group as it says it.
    pub group: String,
    /// What its people become.
    pub role: String,
}

impl TeamForm {
    fn parts(&self) -> (&str, &str) {
        self.group.split_once('/').unwrap_or_default()
    }
}

/// Says what a team makes of its people.
#[server(prefix = "/do", endpoint = "add-team")]
pub async fn add_team(
    /// What was sent.
    #[server(flatten)]
    form: TeamForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let (way, group) = form.parts();
    let wanted = (group, form.role.as_str());
    let ended = organisations::add_group(&cx.service, &cx.requester, &form.organisation, way, wanted).await;
    conclude(&form.organisation, &form, ended, "Saved. Applies to each person from their next sign-in.").await
}

needs!(AddTeam, SsoChange);

/// Takes that back.
#[server(prefix = "/do", endpoint = "remove-team")]
pub async fn remove_team(
    /// What was sent.
    #[server(flatten)]
    form: TeamForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let (way, group) = form.parts();
    let ended = organisations::remove_group(&cx.service, &cx.requester, &form.organisation, way, group).await;
    conclude(&form.organisation, &form, ended, "Removed. Applies to each person from their next sign-in.")
        .await
}

needs!(RemoveTeam, SsoChange);

/// What people call a group.
pub(super) fn called(login: &str, team: Option<String>) -> String {
    team.map_or_else(|| format!("{login}: everybody"), |team| format!("{login}: {team}"))
}
/// The form for what a group makes of its people.
#[component]
pub(super) fn Teams(
    lines: Vec<GitHubLine>,
    slug: String,
    form: Filled<TeamForm>,
    fresh: bool,
) -> impl IntoView {
    let Filled { id, values, mistakes, .. } = form;
    let groups = lines.into_iter().flat_map(|GitHubLine { provider, login, groups, .. }| {
        groups
            .into_iter()
            .map(move |one| (format!("{provider}/{}", one.group), called(login.as_str(), one.team)))
    });
    let options: Vec<_> = groups
        .map(|(value, shown)| {
            let selected = value == values.group;
            view! { <option value=value selected=selected>{shown}</option> }
        })
        .collect();
    let mistake = Issue::from(mistakes.of("group"));
    let wrong = mistake.0.is_some();
    let group = id_of(AddTeam::PATH, "group");
    view! {
        <Form<AddTeam> id>
            <input type="hidden" name="organisation" value=slug/>
            <div class="card-body stack">
                <div class="field">
                    <label for=group.clone()>"Organisation or team"</label>
                    <About id=group.clone() issue=mistake/>
                    <select
                        id=group.clone() name="group" class="input" aria-invalid=wrong.then_some("true")
                        aria-describedby=described_by(&group, false, wrong)
                    >{options}</select>
                </div>
                <Roles form=AddTeam::PATH label="Role for members" chosen=values.role mistake=mistakes.of("role")/>
            </div>
            <div class="card-foot">
                <button type="submit" class="btn" disabled=!fresh><Icon name="plus"/>"Add mapping"</button>
            </div>
        </Form<AddTeam>>
    }
}
