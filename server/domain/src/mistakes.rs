//! What a person got wrong in a form: data, not an error.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Mistakes by the name of their field; each says what, why and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistakes(pub BTreeMap<String, String>);

impl Mistakes {
    /// One mistake beside one field.
    pub fn one(field: &str, what: impl Into<String>) -> Self {
        let mut mistakes = Self::default();
        mistakes.add(field, what);
        mistakes
    }

    /// Adds a mistake; the first one of a field stays.
    pub fn add(&mut self, field: &str, what: impl Into<String>) {
        self.0.entry(field.into()).or_insert_with(|| what.into());
    }

    /// The value, or its mistake beside `field` and nothing.
    pub fn take<T, E: std::fmt::Display>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|what| self.add(field, what.to_string())).ok()
    }

    /// The mistake of a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
