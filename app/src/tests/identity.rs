//! The page of an organisation's sign-in, with hostile texts in every place.

use super::{
    html,
    pages::{filled, mistake, sound},
    samples::{self, EVIL, NOW},
};
use crate::pages::organisation::sso::{
    Again, Around, domains::DomainForm, enforce::EnforceForm, github::GitHubForm, groups::GroupForm,
    identity_view, issuer::IssuerFields, teams::TeamForm,
};
use innkeeper_domain::{
    identity::{GitHubLogin, GroupRule, ProviderKind, Reason},
    organisation::{MailDomain, MemberRole},
};
use innkeeper_service::organisations::{
    DomainLine, GitHubGroup, GitHubLine, IdentityView, IssuerView, KnownWay, OpenWay, Trial,
};

fn domain(name: &str, proven: bool, asked: bool) -> DomainLine {
    DomainLine {
        domain: MailDomain::parse(name).unwrap(),
        proof: EVIL.into(),
        proven_at: proven.then_some(NOW),
        by_dns: proven,
        staff_asked_at: asked.then_some(NOW),
    }
}

fn github(login: &str, shown: bool, asked_here: bool) -> GitHubLine {
    let group =
        |team: Option<&str>, role| GitHubGroup { group: EVIL.into(), team: team.map(str::to_owned), role };
    GitHubLine {
        provider: EVIL.into(),
        login: GitHubLogin::parse(login).unwrap(),
        shown_at: shown.then_some(NOW),
        asked_by: EVIL.into(),
        asked_here,
        groups: vec![group(None, None), group(Some(EVIL), Some(MemberRole::Admin))],
    }
}

fn view() -> IdentityView {
    IdentityView {
        organisation: samples::organisation(MemberRole::Admin),
        provider: Some("org-k3v9x2k3v9".into()),
        callback: Some(EVIL.into()),
        issuer: Some(IssuerView {
            kind: ProviderKind::Entra,
            label: EVIL.into(),
            issuer: EVIL.into(),
            client_id: EVIL.into(),
            secret: true,
            trusted_audiences: vec![EVIL.into()],
            groups_claim: EVIL.into(),
        }),
        enforced_at: Some(NOW),
        ways: vec![OpenWay { id: EVIL.into(), label: EVIL.into(), open: true }],
        domains: vec![
            domain("a.example", true, false),
            domain("b.example", false, true),
            domain("c.example", false, false),
        ],
        groups: MemberRole::ALL.map(|role| GroupRule { group: EVIL.into(), role }).into(),
        github: vec![github("a", true, true), github("b", false, true), github("c", false, false)],
        hubs: ["a", "b"].map(|id| KnownWay { provider: id.into(), label: EVIL.into() }).into(),
        trial: Some(Trial {
            at: NOW,
            current: false,
            refused: Some((Reason::Group, EVIL.into())),
            role: None,
            said: vec![(EVIL.into(), EVIL.into())],
        }),
        linked: false,
    }
}

fn bare() -> IdentityView {
    IdentityView {
        provider: None,
        callback: None,
        issuer: None,
        enforced_at: None,
        domains: Vec::new(),
        groups: Vec::new(),
        github: Vec::new(),
        trial: None,
        ..view()
    }
}

fn again() -> Again {
    Again {
        issuer: filled(IssuerFields { label: EVIL.into(), ..IssuerFields::default() }, Some("issuer")),
        domain: filled(DomainForm { organisation: EVIL.into(), domain: EVIL.into() }, Some("domain")),
        group: filled(
            GroupForm { group: EVIL.into(), role: EVIL.into(), ..GroupForm::default() },
            Some("role"),
        ),
        github: filled(
            GitHubForm { organisation: EVIL.into(), provider: EVIL.into(), login: EVIL.into() },
            Some("login"),
        ),
        team: filled(
            TeamForm { organisation: EVIL.into(), group: EVIL.into(), role: EVIL.into() },
            Some("group"),
        ),
        enforce: filled(EnforceForm { organisation: EVIL.into(), open: vec![EVIL.into()] }, Some("open")),
        rejected: Some(("/do/add-team".into(), mistake("group", EVIL))),
    }
}

#[test]
fn it_escapes_every_text_and_holds_together() {
    for fresh in [true, false] {
        let without = IdentityView { hubs: Vec::new(), ..bare() };
        for view in [view(), bare(), without, IdentityView { linked: true, ..view() }] {
            for again in [Again::default(), again()] {
                let around = Around {
                    fresh,
                    csrf: EVIL.into(),
                    refused: Some(Reason::Taken),
                    unshown: Some(Reason::Owner),
                    again: again.clone(),
                };
                let view = view.clone();
                sound(&html(move || identity_view(view, around)));
            }
        }
    }
}

#[test]
fn a_client_secret_is_never_shown_and_an_old_sign_in_changes_nothing() {
    let old = html(|| identity_view(view(), Around::default()));
    assert!(old.contains("A secret is saved. Leave this empty to keep it"), "{old}");
    assert!(!old.contains("Remove SSO") && !old.contains("for=trial"), "{old}");
    let field = old.split("id=\"save-issuer-client_secret\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(!field.contains("value=\"x") && !field.contains(EVIL), "{field}");
    let fresh = html(|| identity_view(view(), Around { fresh: true, ..Around::default() }));
    assert!(fresh.contains("Remove SSO") && fresh.contains("for=trial"), "{fresh}");
    assert!(fresh.contains("for=own") && !old.contains("for=own"), "{old}");
}
