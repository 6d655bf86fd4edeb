//! The page of an organisation's sign-in, with hostile texts in every place.

use super::{
    html,
    pages::{filled, sound},
    samples::{self, EVIL, NOW},
};
use crate::pages::tenant::identity::{
    Again, Around, domains::DomainForm, enforce::EnforceForm, groups::GroupForm, identity_view,
    issuer::IssuerFields,
};
use innkeeper_domain::{
    identity::{GroupRule, ProviderKind, Reason},
    organisation::{MailDomain, MemberRole},
    tenant::TenantState,
};
use innkeeper_service::organisation::{DomainLine, IdentityView, IssuerView, OpenWay, Trial};

fn domain(name: &str, proven: bool, asked: bool) -> DomainLine {
    DomainLine {
        domain: MailDomain::parse(name).unwrap(),
        proof: EVIL.into(),
        proven_at: proven.then_some(NOW),
        by_dns: proven,
        staff_asked_at: asked.then_some(NOW),
    }
}

fn view() -> IdentityView {
    IdentityView {
        tenant: samples::tenant(TenantState::Active, None),
        provider: Some("org-k3v9x2k3v9".into()),
        callback: Some(EVIL.into()),
        issuer: Some(IssuerView {
            kind: ProviderKind::Entra,
            label: EVIL.into(),
            issuer: EVIL.into(),
            client_id: EVIL.into(),
            secret: true,
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
        trial: None,
        ..view()
    }
}

fn again() -> Again {
    Again {
        issuer: filled(IssuerFields { label: EVIL.into(), ..IssuerFields::default() }, Some("issuer")),
        domain: filled(DomainForm { name: EVIL.into(), domain: EVIL.into() }, Some("domain")),
        group: filled(
            GroupForm { group: EVIL.into(), role: EVIL.into(), ..GroupForm::default() },
            Some("role"),
        ),
        enforce: filled(EnforceForm { name: EVIL.into(), open: vec![EVIL.into()] }, Some("open")),
    }
}

#[test]
fn it_escapes_every_text_and_holds_together() {
    for fresh in [true, false] {
        for view in [view(), bare(), IdentityView { linked: true, ..view() }] {
            for again in [Again::default(), again()] {
                let around =
                    Around { fresh, ticket: EVIL.into(), refused: Some(Reason::Taken), again: again.clone() };
                let view = view.clone();
                sound(&html(move || identity_view(view, around)));
            }
        }
    }
}

#[test]
fn a_client_secret_is_never_shown_and_an_old_sign_in_changes_nothing() {
    let old = html(|| identity_view(view(), Around::default()));
    assert!(old.contains("There is one. Leave this empty to keep it"), "{old}");
    assert!(!old.contains("Remove this sign-in") && !old.contains("for=trial"), "{old}");
    let field = old.split("id=\"client_secret\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(!field.contains("value=\"x") && !field.contains(EVIL), "{field}");
    let fresh = html(|| identity_view(view(), Around { fresh: true, ..Around::default() }));
    assert!(fresh.contains("Remove this sign-in") && fresh.contains("for=trial"), "{fresh}");
}
