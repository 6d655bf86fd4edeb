//! GitHub organisations whose people join by themselves.

use super::{
    change::{Act, conclude},
    teams::{RemoveTeam, TeamForm, Teams, called},
};
use crate::{
    components::{Icon, words},
    pages::organisation::roles::words_of,
    web::{Cx, Field, Filled, Form, Refusal, SeeOther, needs},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::{
    organisations::{self, GitHubGroup, GitHubLine, IdentityView, KnownWay},
    sign_in::oidc,
};
use leptos::{prelude::*, server_fn::ServerFn as _};
use serde::{Deserialize, Serialize};

/// What is typed of an organisation there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GitHubForm {
    /// The organisation's slug.
    pub organisation: String,
    /// Short name of the provider.
    pub provider: String,
    /// Its name there.
    pub login: String,
}

/// Takes down an organisation there.
#[server(prefix = "/do", endpoint = "add-github")]
pub async fn add_github(
    /// What was sent.
    #[server(flatten)]
    form: GitHubForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let GitHubForm { organisation, provider, login } = &form;
    let ended = organisations::add_github(&cx.service, &cx.requester, organisation, provider, login).await;
    conclude(organisation, &form, ended, "Organisation added. Now verify that you own it.").await
}

needs!(AddGithub, SsoChange);

/// Takes one away.
#[server(prefix = "/do", endpoint = "remove-github")]
pub async fn remove_github(
    /// What was sent.
    #[server(flatten)]
    form: GitHubForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let GitHubForm { organisation, provider, login } = &form;
    let ended = organisations::remove_github(&cx.service, &cx.requester, organisation, provider, login).await;
    conclude(organisation, &form, ended, "Removed.").await
}

needs!(RemoveGithub, SsoChange);

/// The card, where the operator has a provider that has organisations.
#[component]
pub(super) fn GitHub(
    view: IdentityView,
    form: Filled<GitHubForm>,
    team: Filled<TeamForm>,
    csrf: String,
    fresh: bool,
) -> impl IntoView {
    let slug = view.organisation.slug.to_string();
    let Filled { id, values, mistakes, .. } = form;
    let lines = view.github.clone().into_iter();
    let rows: Vec<_> =
        lines.map(|line| view! { <Line line slug=slug.clone() csrf=csrf.clone() fresh/> }).collect();
    let rows = (!rows.is_empty()).then(|| view! { <ul class="rows" role="list">{rows}</ul> });
    let teams = view.github.iter().any(|line| line.shown_at.is_some()).then(|| {
        view! { <Teams lines=view.github.clone() slug=slug.clone() form=team fresh/> }
    });
    view! {
        <section class="card" aria-labelledby="github">
            <div class="card-head"><h2 id="github">"GitHub organisations"</h2></div>
            <p class="card-body small dim">
                "Members of these organisations or teams join at their next GitHub sign-in, and leave at the first one after their membership ended. People who joined this way can access your databases only with GitHub, for 24 hours after each sign-in."
            </p>
            {rows}
            {teams}
            <Form<AddGithub> id>
                <input type="hidden" name="organisation" value=slug/>
                <div class="card-body stack">
                    <Where hubs=view.hubs chosen=values.provider/>
                    <Field
                        name="login" form=AddGithub::PATH label="GitHub organisation" class="input mono" autocomplete="off"
                        hint="The part after github.com/ in its URL. One of its owners has to verify it."
                        value=values.login mistake=mistakes.of("login")
                    />
                </div>
                <div class="card-foot">
                    <button type="submit" class="btn" disabled=!fresh><Icon name="plus"/>"Add organisation"</button>
                </div>
            </Form<AddGithub>>
        </section>
    }
}

/// At which of the operator's providers it is, where there are several.
#[component]
fn Where(hubs: Vec<KnownWay>, chosen: String) -> impl IntoView {
    if let [KnownWay { provider, .. }] = hubs.as_slice() {
        return view! { <input type="hidden" name="provider" value=provider.clone()/> }.into_any();
    }
    let options: Vec<_> = hubs
        .into_iter()
        .map(|KnownWay { provider, label }| {
            let selected = provider == chosen;
            view! { <option value=provider selected=selected>{label}</option> }
        })
        .collect();
    view! {
        <div class="field">
            <label for="provider">"GitHub provider"</label>
            <select id="provider" name="provider" class="input">{options}</select>
        </div>
    }
    .into_any()
}

#[component]
fn Line(line: GitHubLine, slug: String, csrf: String, fresh: bool) -> impl IntoView {
    let GitHubLine { provider, login, shown_at, asked_by, asked_here, groups } = line;
    let stands = match (shown_at, asked_here) {
        (Some(at), _) => format!("Verified by its owner {asked_by} on {}.", words::day(at)),
        (None, true) => "Unverified: sign in at GitHub as one of its owners.".into(),
        (None, false) => format!("{asked_by} has to verify it. If you are its owner, add it again yourself."),
    };
    let to = Page::Provider((&provider).into())
        .with("for", "own")
        .with("ticket", oidc::ticket(&csrf, &provider))
        .with("return", Page::SignInSettings((&slug).into()))
        .to_string();
    let label = if shown_at.is_some() { "Refresh teams" } else { "Verify ownership" };
    let which = format!(" {login}");
    let show = (asked_here && fresh).then(|| {
        view! { <a class="btn btn-sm" href=to>{label}<span class="vh">{which.clone()}</span></a> }
    });
    let remove = fresh.then(|| {
        let fields = vec![
            ("organisation", slug.clone()),
            ("provider", provider.clone()),
            ("login", login.to_string()),
        ];
        view! { <Act<RemoveGithub> fields label="Remove" which=which.clone() class="btn btn-quiet btn-sm"/> }
    });
    let (tone, word) =
        if shown_at.is_some() { ("badge ok", "Verified") } else { ("badge warn", "Unverified") };
    let mapped = groups.into_iter().filter_map(|one| Some((one.role?, one)));
    let mapped: Vec<_> = mapped
        .map(|(role, GitHubGroup { group, team, .. })| {
            let (label, may) = words_of(role);
            let shown = called(login.as_str(), team);
            let which = format!(" {shown}");
            let remove = fresh.then(|| {
                let fields = vec![("organisation", slug.clone()), ("group", format!("{provider}/{group}"))];
                view! { <Act<RemoveTeam> fields label="Remove" which class="btn btn-quiet btn-sm"/> }
            });
            view! {
                <li>
                    <p class="name">{shown}</p>
                    <p>{may}</p>
                    <span class="badge">{label}</span>
                    <div>{remove}</div>
                </li>
            }
        })
        .collect();
    view! {
        <li>
            <p class="name mono">{login.to_string()}</p>
            <p>{stands}</p>
            <span class=tone>{word}</span>
            <div class="row">{show}{remove}</div>
        </li>
        {mapped}
    }
}
