//! What a refused form keeps until it is shown again.

use super::Mistakes;
use serde::{Deserialize, Serialize, Serializer};

/// A form as a page shows it.
#[derive(Clone, Debug, Default)]
pub struct Filled<T> {
    /// The form's id; the same when it is shown again.
    pub id: String,
    /// What was typed.
    pub values: T,
    /// What is wrong with it.
    pub mistakes: Mistakes,
    /// Whether this is a refused form shown again.
    pub again: bool,
}

/// A refused form, kept in a row of its own until it is shown again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FormState {
    /// The form's id.
    pub id: String,
    /// The path that it is sent to, by which the page knows which of its forms this is.
    pub action: String,
    /// What may be echoed of what was typed; secrets serialise as nothing.
    pub values: serde_json::Value,
    /// What is wrong with it.
    pub mistakes: Mistakes,
}

/// Typed into a form, never echoed, never stored: serialises as nothing.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}
