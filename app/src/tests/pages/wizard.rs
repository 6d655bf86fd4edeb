//! The steps to a new database.

use super::{Make, filled};
use crate::{
    pages::wizard::{check::check_view, database::database_view},
    tests::{
        html,
        samples::{self, EVIL},
        text_of,
    },
    web::Mistakes,
};
use innkeeper_domain::{
    allowlist::AllowedRange, ids::RequestId, name::Wish, organisation::OrganisationName, plan::Extension,
};
use innkeeper_service::tenants::request::{Choices, Draft, Proposal, Region};
use uuid::Uuid;

fn draft() -> Draft {
    Draft {
        organisation: EVIL.into(),
        database: EVIL.into(),
        plan: EVIL.into(),
        region: EVIL.into(),
        addresses: format!("\n{EVIL}"),
        allow_any: "on".into(),
        extensions: vec!["pgcrypto".into(), EVIL.into()],
    }
}

fn choices() -> Choices {
    let region = |name: &str, full| Region { name: name.into(), label: EVIL.into(), full };
    Choices {
        plans: vec![samples::plan()],
        regions: vec![region("full", Some(samples::short())), region("open", None)],
        own: AllowedRange::parse("203.0.113.24").unwrap(),
    }
}

fn proposal() -> Proposal {
    Proposal {
        request: RequestId(Uuid::nil()),
        version: 3,
        organisation: OrganisationName::parse(&EVIL[..70]).unwrap(),
        database: Wish::parse("shop").unwrap(),
        plan: samples::plan(),
        region: Region { name: "a".into(), label: EVIL.into(), full: Some(samples::short()) },
        reach: samples::reach(),
        own: AllowedRange::parse("192.0.2.1").unwrap(),
        own_admitted: false,
        extensions: vec![Extension::Citext],
    }
}

/// The pages.
pub fn all() -> Vec<(&'static str, Make)> {
    let mut all: Vec<(&'static str, Make)> = vec![
        ("database", Box::new(|| database_view("form".into(), draft(), Mistakes::default(), choices()))),
        ("check", Box::new(|| check_view(proposal()))),
    ];
    for field in
        ["organisation", "database", "plan", "region", "addresses", "allow_any", "extensions", "surprise"]
    {
        all.push((
            "database again",
            Box::new(move || {
                let form = filled(draft(), Some(field));
                database_view(form.id, form.values, form.mistakes, choices())
            }),
        ));
    }
    all
}

#[test]
fn a_refused_form_says_so_and_keeps_what_was_typed() {
    let form = filled(draft(), Some("addresses"));
    let page = html(move || database_view(form.id, form.values, form.mistakes, choices()));
    assert!(page.contains("role=\"alert\"") && page.contains("<a href=\"#addresses\">"), "{page}");
    assert!(page.contains("aria-describedby=\"addresses-hint addresses-error\""), "{page}");
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 1, "{page}");
    assert_eq!(text_of(&page, "<textarea"), format!("\n\n{EVIL}"), "one line break belongs to the tag");
    for name in [
        "csrf",
        "form",
        "organisation",
        "database",
        "plan",
        "region",
        "addresses",
        "allow_any",
        "extensions[]",
    ] {
        assert!(page.contains(&format!("name=\"{name}\"")), "{name} in {page}");
    }
    // A full region cannot be chosen; something else is.
    assert!(page.contains("value=\"open\" checked"), "{page}");
}
