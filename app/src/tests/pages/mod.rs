//! Every page with hostile texts in every place, and what all pages have in common. One file for each part of the portal.

mod account;
mod organisation;
mod staff;
mod strangers;
mod tenant;
mod wizard;

use super::{html, samples::EVIL};
use crate::web::{Filled, Mistake, Mistakes};
use innkeeper_service::sign_in::passkey::Question;
use leptos::prelude::AnyView;

/// What every page must hold to: escaped texts, one heading, nothing inline, no id twice.
pub fn sound(page: &str) {
    for raw in ["<script", "<img", "</title>", "</pre></textarea>", " style=", " onclick=", "<!>"] {
        assert!(!page.contains(raw), "{raw} in {page}");
    }
    assert_eq!(page.matches("<h1").count(), 1, "{page}");
    let mut ids: Vec<_> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id twice in {page}");
    for (mark, what) in
        [(" for=\"", "label"), (" aria-labelledby=\"", "name"), (" data-copy-from=\"", "copy button")]
    {
        for id in page.split(mark).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&id), "{what} of nothing: {id} in {page}");
        }
    }
    for described in page.split(" aria-describedby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(
            described.split(' ').all(|id| ids.contains(&id)),
            "described by nothing: {described} in {page}"
        );
    }
}

/// One mistake beside a field.
pub fn mistake(field: &str, detail: &str) -> Mistakes {
    Mistakes(vec![Mistake { field: field.into(), code: "unknown_choice".into(), detail: detail.into() }])
}

pub fn filled<T>(values: T, mistake: Option<&str>) -> Filled<T> {
    let mistakes = mistake.map(|field| self::mistake(field, EVIL)).unwrap_or_default();
    Filled { id: "form".into(), values, again: !mistakes.is_empty(), mistakes }
}

/// What a browser is asked for a passkey.
fn question() -> Question {
    Question { options: EVIL.into(), return_to: EVIL.into() }
}

/// Makes a page.
pub type Make = Box<dyn FnOnce() -> AnyView>;

fn all() -> Vec<(&'static str, Make)> {
    let rooms = [
        strangers::all(),
        account::all(),
        organisation::all(),
        wizard::all(),
        tenant::all(),
        super::danger::all(),
        staff::all(),
    ];
    rooms.into_iter().flatten().collect()
}

#[test]
fn every_page_escapes_every_text_and_holds_together() {
    let all = all();
    assert!(all.len() >= 90, "{}", all.len());
    for (name, make) in all {
        // The name stands in what a failing check prints.
        sound(&format!("{name}: {}", html(make)));
    }
}
