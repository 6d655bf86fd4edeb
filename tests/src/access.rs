//! What the portal's pages and changes take, as its own tables say: the permission of each page and of each server
//! function. Tests of authorisation go through these, so that none of them keeps a list.

use innkeeper_app::web::rules;
use innkeeper_domain::{permission::Permission, routes::Page};

/// A page or a change by its path, with what it takes.
#[derive(Debug, Clone)]
pub struct Place {
    /// The path. Of a page with the values that were asked for.
    pub path: String,
    /// What it takes.
    pub permission: Permission,
}

/// The pages that a browser gets whose patterns begin so and whose names are all among the values; none that is sent by a
/// form, and no stream, which does not end.
pub fn pages(begin: &str, values: &[(&str, &str)]) -> Vec<Place> {
    let sent = [Page::Bundle("x".into()).pattern(), Page::Callback("x".into()).pattern()];
    let patterns =
        Page::PATTERNS.iter().filter(|pattern| pattern.starts_with(begin) && !sent.contains(pattern));
    patterns
        .map(|pattern| {
            let parts: Vec<_> = pattern.split('/').map(|part| value_of(part, values)).collect();
            let path = parts.join("/");
            let page = Page::parse(&path).unwrap_or_else(|| panic!("{path} is no page"));
            (page.is_stream(), Place { path, permission: page.permission() })
        })
        .filter(|(stream, _)| !stream)
        .map(|(_, place)| place)
        .collect()
}

fn value_of<'a>(part: &'a str, values: &[(&str, &'a str)]) -> &'a str {
    let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else { return part };
    let value = values.iter().find(|(known, _)| *known == name);
    value.unwrap_or_else(|| panic!("give {name} a value in the test")).1
}

/// All changes that a page can ask for.
pub fn changes() -> Vec<Place> {
    let mut all: Vec<_> =
        rules().map(|rule| Place { path: rule.path.into(), permission: rule.permission }).collect();
    all.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!all.is_empty(), "the server functions are not linked into this test");
    all
}

impl Place {
    /// Whether members of an organisation have it, some of them at least.
    pub fn is_of_members(&self) -> bool {
        !self.permission.grant().members.is_empty()
    }

    /// Whether it is for nobody but staff.
    pub fn is_of_staff(&self) -> bool {
        self.permission.is_of_staff_only()
    }
}
