//! For the operator's people. Others find nothing here, as at a path that leads nowhere.

pub mod claim;
pub mod domains;
mod nav;
pub mod people;
pub mod revoke;
pub mod verified;
