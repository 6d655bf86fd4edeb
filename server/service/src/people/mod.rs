//! People: their sessions, the providers that vouch for them, and the operator's staff.

pub mod lockout;
pub mod providers;
pub mod refused_forms;
pub mod removed_providers;
pub mod return_to;
pub mod session;
pub mod staff;
pub mod staff_roles;
