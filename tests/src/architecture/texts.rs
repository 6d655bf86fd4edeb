//! Texts of the sources that a person can read.

use super::{literals, names::is_test};
use syn::visit::Visit;

/// The sentences of a file: on a page all that has a space or begins with a capital, elsewhere what begins as a sentence or is an error's text. At the
/// command line the help too, which stands in doc comments.
pub fn of(is_page: bool, is_command: bool, file: &syn::File) -> Vec<String> {
    let mut attributes = Attributes { is_command, found: vec![] };
    attributes.visit_file(file);
    let literals =
        literals::all(file).into_iter().filter(|text| is_sentence(text) || is_page && text.contains(' '));
    literals.chain(attributes.found).collect()
}

/// Not SQL, nor what is read by a program.
fn is_sentence(text: &str) -> bool {
    let mut chars = text.trim_start().chars();
    let begins = matches!((chars.next(), chars.next()), (Some(first), Some(second))
        if (first.is_uppercase() || "{“".contains(first)) && !second.is_uppercase());
    begins && text.contains(' ')
}

struct Attributes {
    is_command: bool,
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Attributes {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let path = attribute.path();
        let text = match &attribute.meta {
            syn::Meta::NameValue(doc) if self.is_command && path.is_ident("doc") => match &doc.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            syn::Meta::List(list) if path.is_ident("error") => {
                list.tokens.clone().into_iter().find_map(|token| match token {
                    proc_macro2::TokenTree::Literal(text) => match syn::Lit::new(text) {
                        syn::Lit::Str(text) => Some(text.value()),
                        _ => None,
                    },
                    _ => None,
                })
            }
            _ => None,
        };
        self.found.extend(text);
    }
}
