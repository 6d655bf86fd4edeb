//! For the operator's people. Others find nothing here, as at a path that leads nowhere.

pub mod claim;
pub mod domains;
mod nav;
pub mod people;
pub mod proven;
pub mod take_back;
