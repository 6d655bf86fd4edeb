//! What is wrong in a form, as it is shown and as programs read it.

use crate::components::errors::sentence;
use innkeeper_service::context::field_error::FieldErrors;
use serde::{Deserialize, Serialize};

/// What is wrong with one field of a form (RFC 9457, section 3: an entry of `errors`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// The field's name.
    pub field: String,
    /// The code for programs.
    pub code: String,
    /// What is wrong, why, and what to do.
    pub detail: String,
}

/// All that is wrong in a form, at most one mistake for each field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// What is wrong with a field, in words.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|mistake| mistake.field == field).map(|mistake| mistake.detail.as_str())
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All words, one sentence after the other, where there are no fields to put them beside.
    pub fn text(&self) -> String {
        self.0.iter().map(|mistake| mistake.detail.as_str()).collect::<Vec<_>>().join(" ")
    }
}

impl From<&FieldErrors> for Mistakes {
    fn from(errors: &FieldErrors) -> Self {
        let mistake = |error: &innkeeper_service::context::field_error::FieldError| Mistake {
            field: error.field.as_str().into(),
            code: error.code.as_str().into(),
            detail: sentence(error.field, &error.code),
        };
        Self(errors.iter().map(mistake).collect())
    }
}
