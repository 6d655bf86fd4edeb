//! How the people of an organisation come in: its own sign-in, its mail domains, its groups, a trial, and closing the rest.

mod change;
pub mod domains;
pub mod enforce;
pub mod github;
pub mod groups;
pub mod issuer;
pub mod teams;
mod test_sign_in;

pub use change::AboutForm;

use super::nav::{OrganisationNav, moved};
use crate::{
    components::Notice,
    pages::{load, part, tenant::confirm::SignInAgain},
    web::{Cx, ErrorSummary, Filled, Mistakes, PageTitle},
};
use domains::{AddDomain, DomainForm, Domains};
use enforce::{EnforceForm, EnforceSignIn, Enforcing};
use github::{AddGithub, GitHub, GitHubForm};
use groups::{AddGroup, GroupForm, Groups};
use innkeeper_domain::{identity::Reason, routes::Page};
use innkeeper_service::{
    organisations::{self, IdentityView},
    sign_in::oidc,
};
use issuer::{Issuer, IssuerFields, SaveIssuer};
use leptos::{prelude::*, server_fn::ServerFn as _};
use teams::{AddTeam, TeamForm};
use test_sign_in::TestSignIn;

/// The forms of the page; at most one of them was refused.
#[derive(Clone, Default)]
pub(crate) struct Again {
    pub(crate) issuer: Filled<IssuerFields>,
    pub(crate) domain: Filled<DomainForm>,
    pub(crate) group: Filled<GroupForm>,
    pub(crate) github: Filled<GitHubForm>,
    pub(crate) team: Filled<TeamForm>,
    pub(crate) enforce: Filled<EnforceForm>,
    /// The action of whichever form or button was refused, and what is wrong.
    pub(crate) rejected: Option<(String, Mistakes)>,
}

/// What the page knows besides what is set up.
#[derive(Clone, Default)]
pub(crate) struct Around {
    /// Whether the sign-in is recent enough to change anything.
    pub(crate) fresh: bool,
    /// The session's token, of which links to the ways make their tickets.
    pub(crate) csrf: String,
    /// Why the own way was not added to the account.
    pub(crate) refused: Option<Reason>,
    /// Why an organisation at GitHub was not shown to be theirs.
    pub(crate) unshown: Option<Reason>,
    /// What was typed and refused.
    pub(crate) again: Again,
}

/// The fields of a form, in its order; none where a button was refused.
fn fields_of(action: &str) -> &'static [&'static str] {
    match action {
        SaveIssuer::PATH => {
            &["kind", "label", "issuer", "client_id", "client_secret", "trusted_audiences", "groups_claim"]
        }
        AddDomain::PATH => &["domain"],
        AddGroup::PATH | AddTeam::PATH => &["group", "role"],
        AddGithub::PATH => &["login"],
        EnforceSignIn::PATH => &["open"],
        _ => &[],
    }
}

/// The page.
#[component]
pub fn IdentityPage() -> impl IntoView {
    let cx = Cx::get();
    let Some(fresh) = cx.signed_in().map(|person| person.fresh) else { return ().into_any() };
    let slug = part("slug");
    let [refused, unshown] = ["reason", "github"].map(|name| Reason::parse(&cx.asked(name)));
    let again = Again {
        issuer: cx.form::<SaveIssuer, _>(),
        domain: cx.form::<AddDomain, _>(),
        group: cx.form::<AddGroup, _>(),
        github: cx.form::<AddGithub, _>(),
        team: cx.form::<AddTeam, _>(),
        enforce: cx.form::<EnforceSignIn, _>(),
        rejected: cx.rejected().map(|(action, mistakes)| (action.to_owned(), mistakes.clone())),
    };
    let csrf = cx.csrf();
    let (asked, ask) = (slug.clone(), cx.clone());
    load(async move { organisations::identity(&cx.service, &cx.requester, &slug).await }, move |view| {
        if view.organisation.slug.as_str() != asked {
            return moved(&ask, &view.organisation.slug, Page::SignInSettings);
        }
        identity_view(view, Around { fresh, csrf, refused, unshown, again })
    })
}

pub(crate) fn identity_view(view: IdentityView, around: Around) -> AnyView {
    let Around { fresh, csrf, refused, unshown, again } = around;
    let ticket = view.provider.as_deref().map(|provider| oidc::ticket(&csrf, provider));
    let organisation = view.organisation.clone();
    let page = Page::SignInSettings((&organisation.slug).into()).to_string();
    let Again { issuer, domain, group, github, team, enforce, rejected } = again;
    let (action, mistakes) = rejected.unwrap_or_default();
    let stale = (!fresh).then(|| {
        view! {
            <Notice icon="lock-keyhole" title="Read-only">
                <p>"You can change sign-in settings only within 5 minutes of signing in. Your sign-in is older."</p>
                <p><SignInAgain what="Sign in again to change it" back=page/></p>
            </Notice>
        }
    });
    let title = "SSO was not added to your account";
    let refused = refused.map(|reason| (title, reason));
    let unshown = unshown.map(|reason| ("Ownership was not verified", reason));
    let refusals: Vec<_> = refused
        .into_iter()
        .chain(unshown)
        .map(|(title, reason)| {
            view! {
                <Notice tone="bad" icon="circle-alert" title>
                    <p>{reason.words()}</p>
                    <p class="small">{format!("Code: {}", reason.code())}</p>
                </Notice>
            }
        })
        .collect();
    let hubs = !view.hubs.is_empty() || !view.github.is_empty();
    let hubs = hubs.then(|| {
        view! { <GitHub view=view.clone() form=github team csrf fresh/> }
    });
    view! {
        <PageTitle text=format!("Single sign-on (SSO) of {}", organisation.name) error=!mistakes.is_empty()/>
        <ErrorSummary mistakes fields=fields_of(&action) form=action/>
        <div class="page-head">
            <h1>{format!("Single sign-on (SSO) of {}", organisation.name)}</h1>
            <p>"How members of your organisation sign in."</p>
        </div>
        <OrganisationNav slug=organisation.slug role=organisation.role current=Page::SignInSettings/>
        <div class="stack">
            {stale}
            {refusals}
            <Issuer view=view.clone() form=issuer fresh/>
            <Domains view=view.clone() form=domain fresh/>
            <Groups view=view.clone() form=group fresh/>
            <TestSignIn view=view.clone() ticket=ticket.unwrap_or_default() fresh/>
            {hubs}
            <Enforcing view form=enforce fresh/>
        </div>
    }
    .into_any()
}
