//! The string literals of the sources, and those of them that hold a path where a [`Page`] should.

use super::names::is_test;
use innkeeper_domain::routes::{API, Page};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::visit::Visit;

/// The string literals of a file that hold a path of the portal. Not those in attributes, which are docs and what macros
/// take, nor those in tests and in the table of the router (`path!`).
pub fn of(file: &syn::File) -> Vec<String> {
    let first = first_segments();
    all(file).into_iter().filter(|text| holds_path(&first, text)).collect()
}

/// The string literals of a file, without those that [`of`] does not look at.
pub fn all(file: &syn::File) -> Vec<String> {
    let mut literals = Literals::default();
    literals.visit_file(file);
    literals.found
}

/// What comes after the first slash of the portal's paths.
fn first_segments() -> BTreeSet<&'static str> {
    let all = Page::PATTERNS.iter().chain([&API]);
    all.filter_map(|pattern| pattern.split('/').nth(1)).filter(|first| !first.is_empty()).collect()
}

fn holds_path(first: &BTreeSet<&str>, text: &str) -> bool {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c));
    let is_path = |rest: &str| {
        rest.strip_prefix('/').is_some_and(|rest| first.contains(rest.split(ends).next().unwrap_or("")))
    };
    // At the beginning, or after something that `format!` puts there.
    is_path(text) || text.split('}').skip(1).any(is_path)
}

#[derive(Default)]
struct Literals {
    found: Vec<String>,
}

impl Literals {
    fn look_in(&mut self, tokens: TokenStream) {
        let mut before = [String::new(), String::new()];
        for token in tokens {
            let of_router = before == ["path", "!"];
            let attribute = before[1] == "#";
            before = [std::mem::take(&mut before[1]), token.to_string()];
            match token {
                TokenTree::Group(group) if attribute && group.delimiter() == Delimiter::Bracket => {}
                TokenTree::Group(group) if !of_router => self.look_in(group.stream()),
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                        self.found.push(text.value());
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.found.push(text.value());
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.look_in(found.tokens.clone());
    }
}
