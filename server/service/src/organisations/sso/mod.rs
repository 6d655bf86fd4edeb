//! Single sign-on of an organisation: its provider, the trial of it, group mapping, and enforcement.

pub mod connection;
pub mod enforcement;
pub mod group_mapping;
pub mod relax;
pub mod test_sign_in;
pub mod view;
