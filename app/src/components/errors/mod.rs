//! The words of field errors: what is wrong, why, and what to do. Pages, problem+json and the command line say the same.

mod input;
mod organisation;
mod sign_in;
mod tenant;

use innkeeper_service::context::field_error::{ErrorCode, Field, FieldErrors};

/// The sentence beside a field.
pub fn sentence(field: Field, code: &ErrorCode) -> String {
    match code {
        ErrorCode::Input(code) => input::sentence(field, code),
        ErrorCode::SignIn(code) => sign_in::sentence(code),
        ErrorCode::Organisation(code) => organisation::sentence(code),
        ErrorCode::Tenant(code) => tenant::sentence(code),
    }
}

/// All sentences, one after the other, where there are no fields to put them beside.
pub fn sentences(errors: &FieldErrors) -> String {
    errors.iter().map(|error| sentence(error.field, &error.code)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
