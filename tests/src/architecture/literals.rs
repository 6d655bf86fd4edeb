//! Paths of the portal that stand as text in its sources, where a [`Page`] should.

use super::names::is_test;
use innkeeper_domain::routes::{API, Page};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::visit::Visit;

/// The string literals of a file that hold a path of the portal. Not those in attributes, which are docs and what macros
/// take, nor those in tests and in the table of the router (`path!`).
pub fn of(file: &syn::File) -> Vec<String> {
    let mut literals = Literals { first: first_segments(), found: vec![] };
    literals.visit_file(file);
    literals.found
}

/// What comes after the first slash of the portal's paths.
fn first_segments() -> BTreeSet<&'static str> {
    let all = Page::PATTERNS.iter().chain([&API]);
    all.filter_map(|pattern| pattern.split('/').nth(1)).filter(|first| !first.is_empty()).collect()
}

struct Literals {
    first: BTreeSet<&'static str>,
    found: Vec<String>,
}

impl Literals {
    fn look_at(&mut self, text: &str) {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c));
        let is_path = |rest: &str| {
            rest.strip_prefix('/')
                .is_some_and(|rest| self.first.contains(rest.split(ends).next().unwrap_or("")))
        };
        // At the beginning, or after something that `format!` puts there.
        if is_path(text) || text.split('}').skip(1).any(is_path) {
            self.found.push(text.to_owned());
        }
    }

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
                        self.look_at(&text.value());
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
        self.look_at(&text.value());
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.look_in(found.tokens.clone());
    }
}
