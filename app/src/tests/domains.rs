//! The pages of proven mail domains, with hostile texts in every place.

use super::{
    html,
    pages::{filled, sound},
    samples::{EVIL, NOW},
};
use crate::pages::staff::{
    revoke::{RevokeForm, revoke_view},
    verified::{Asked, verified_view},
};
use innkeeper_domain::{ids::OrganisationId, organisation::MailDomain};
use innkeeper_service::{
    db::paging::Page,
    organisations::{Proven, TakingBack},
};
use uuid::Uuid;

fn proven(by_dns: bool) -> Proven {
    Proven {
        organisation: OrganisationId(Uuid::nil()),
        name: EVIL.into(),
        domain: MailDomain::parse("acme.example").unwrap(),
        proven_at: NOW,
        by_dns,
    }
}

fn asked(closed: bool) -> TakingBack {
    TakingBack {
        proven: proven(!closed),
        admins: vec![EVIL.into()],
        people: 2,
        others: 0,
        closed_since: closed.then_some(NOW),
    }
}

#[test]
fn they_escape_every_text_and_hold_together() {
    for search in ["", EVIL] {
        for items in [vec![], vec![proven(true), proven(false)]] {
            let asked = Asked { search: search.into(), first: false };
            let page = Page { total: 30, items, next: Some(EVIL.into()) };
            sound(&html(move || verified_view(page, &asked, true)));
        }
    }
    for (closed, fresh) in [(true, true), (false, false)] {
        for mistake in [None, Some("reason")] {
            let typed = RevokeForm { reason: EVIL.into(), ..RevokeForm::default() };
            sound(&html(move || revoke_view(asked(closed), filled(typed, mistake), fresh)));
        }
    }
}

#[test]
fn only_who_may_is_led_to_taking_back_and_only_fresh_it_can_be_pressed() {
    let list = |may| {
        let page = Page { total: 1, items: vec![proven(true)], next: None };
        html(move || verified_view(page, &Asked { first: true, ..Asked::default() }, may))
    };
    let leads = "href=\"/staff/domains/verified/or_00000000000000000000000000000000/acme_example\"";
    assert!(list(true).contains(leads) && !list(false).contains("Revoke"));
    let page = |fresh| html(move || revoke_view(asked(true), filled(RevokeForm::default(), None), fresh));
    assert!(page(true).contains("name=\"reason\"") && page(true).contains("stay blocked"));
    let stale = page(false);
    assert!(!stale.contains("name=\"reason\"") && stale.contains("Sign in again to continue"), "{stale}");
}
