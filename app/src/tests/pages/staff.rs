//! The pages of the staff.

use super::Make;
use crate::{
    components::Asked,
    pages::staff::{claim, domains::domains_view, people},
    tests::samples::{EVIL, NOW},
};
use innkeeper_domain::{
    ids::{AccountId, OrganisationId},
    organisation::MailDomain,
    staff::StaffRole,
};
use innkeeper_service::{
    db::paging::Page,
    organisations::Waiting,
    people::staff::{How, StaffLine, Standing},
};
use uuid::Uuid;

fn member() -> StaffLine {
    let group = |label| How::Group { role: StaffRole::Viewer, provider: EVIL.into(), label };
    StaffLine {
        account: AccountId(Uuid::nil()),
        email: EVIL.into(),
        name: Some(EVIL.into()),
        role: Some(StaffRole::Operator),
        how: vec![group(Some(EVIL.into())), group(None), How::Link(StaffRole::Operator)],
        since: NOW,
        seen: Some(NOW),
    }
}

/// The pages.
pub fn all() -> Vec<(&'static str, Make)> {
    let mut all: Vec<(&'static str, Make)> = vec![
        (
            "mail domains of the staff",
            Box::new(|| {
                let line = Waiting {
                    organisation: OrganisationId(Uuid::nil()),
                    name: EVIL.into(),
                    domain: MailDomain::parse("acme.example").unwrap(),
                    asked_at: NOW,
                    admins: vec![EVIL.into()],
                };
                domains_view(vec![line], 2, true, true, Some(EVIL.into()))
            }),
        ),
        ("mail domains of the staff, none", Box::new(|| domains_view(vec![], 0, true, false, None))),
    ];
    for items in [vec![], vec![member(), StaffLine { name: None, role: None, seen: None, ..member() }]] {
        all.push((
            "staff",
            Box::new(move || {
                let asked = Asked { search: EVIL.into(), sort: "address".into(), after: EVIL.into() };
                people::staff_view(Page { total: 30, items, next: Some(EVIL.into()) }, asked)
            }),
        ));
    }
    for standing in [
        Standing::Dead,
        Standing::SignIn,
        Standing::OtherWay,
        Standing::Stale,
        Standing::Open(StaffRole::Approver),
    ] {
        all.push((
            "staff claim",
            Box::new(move || {
                let around = claim::Around { email: Some(EVIL.into()), ways: vec![EVIL.into(), EVIL.into()] };
                claim::claim_view(standing, EVIL.into(), &around)
            }),
        ));
    }
    all
}
