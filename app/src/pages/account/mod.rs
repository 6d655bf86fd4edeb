//! A person's own account.

pub mod methods;
pub mod overview;
pub mod passkey;
pub mod sessions;
pub mod signed_out;
