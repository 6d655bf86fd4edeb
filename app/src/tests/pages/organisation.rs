//! The list of organisations, and the overview of one. Its sign-in settings are in `identity.rs`.

use super::{Make, filled};
use crate::{
    components::Asked,
    pages::organisation::{address::AddressForm, list::organisations_view, overview::organisation_view},
    tests::{
        html,
        samples::{self, EVIL},
    },
};
use innkeeper_domain::organisation::MemberRole;
use innkeeper_service::{
    db::paging::Page,
    organisations::{Closed, OrganisationLine},
};

/// The pages.
pub fn all() -> Vec<(&'static str, Make)> {
    let line = || OrganisationLine {
        name: EVIL.into(),
        slug: samples::slug(),
        role: MemberRole::Admin,
        databases: 1,
    };
    let mut all: Vec<(&'static str, Make)> = Vec::new();
    for (items, search) in [(vec![], ""), (vec![], EVIL), (vec![line()], "")] {
        all.push((
            "organisations",
            Box::new(move || {
                let total = i64::try_from(items.len()).unwrap();
                let asked = Asked { search: search.into(), sort: "name".into(), after: EVIL.into() };
                let closed = vec![Closed { organisation: EVIL.into(), ways: vec![] }];
                organisations_view(Page { total, items, next: Some(EVIL.into()) }, asked, closed, EVIL)
            }),
        ));
    }
    for role in MemberRole::ALL {
        for (lines, fresh, mistake) in
            [(vec![], true, Some("slug")), (vec![], false, None), (vec![samples::line()], true, None)]
        {
            all.push((
                "organisation",
                Box::new(move || {
                    let typed = AddressForm { organisation: EVIL.into(), slug: EVIL.into() };
                    organisation_view(samples::organisation(role), (lines, 70), filled(typed, mistake), fresh)
                }),
            ));
        }
    }
    all
}

#[test]
fn only_admins_change_the_address_and_only_with_a_fresh_sign_in() {
    let page = |role, fresh| {
        html(move || {
            let form = filled(AddressForm::default(), None);
            organisation_view(samples::organisation(role), (vec![], 0), form, fresh)
        })
    };
    let admins = page(MemberRole::Admin, true);
    assert!(admins.contains("/do/rename-slug") && admins.contains("href=\"/o/acme/sign-in\""), "{admins}");
    let old = page(MemberRole::Admin, false);
    assert!(!old.contains("Change address") && old.contains("/sign-in?return=/o/acme"), "{old}");
    let others = page(MemberRole::Developer, true);
    assert!(!others.contains("rename-slug") && !others.contains("/o/acme/sign-in"), "{others}");
}
