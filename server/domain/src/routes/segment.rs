use crate::{
    identity::ProviderId, ids::OrganisationId, name::TenantName, organisation_slug::OrganisationSlug,
};
use std::marker::PhantomData;

/// A value in a path, which names a `T`: a parsed one, or the text by which somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<T> {
    text: String,
    names: PhantomData<T>,
}

impl<T> Segment<T> {
    /// The value, not encoded.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T> From<String> for Segment<T> {
    fn from(text: String) -> Self {
        Self { text, names: PhantomData }
    }
}

impl<T> From<&String> for Segment<T> {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl<T> From<&str> for Segment<T> {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// What is parsed already stands only where its own kind is meant.
macro_rules! named {
    ($($name:ty),+) => {$(
        impl From<$name> for Segment<$name> {
            fn from(name: $name) -> Self {
                name.to_string().into()
            }
        }
        impl From<&$name> for Segment<$name> {
            fn from(name: &$name) -> Self {
                name.to_string().into()
            }
        }
    )+};
}

named!(TenantName, OrganisationSlug, ProviderId, OrganisationId);
