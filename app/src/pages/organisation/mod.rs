//! The pages of an organisation.

pub mod address;
pub mod former;
pub mod list;
mod nav;
pub mod overview;
mod roles;
pub mod sso;
