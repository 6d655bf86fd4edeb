//! For the operator's people. Others find nothing here, as at a path that leads nowhere.

pub mod claim;
pub mod people;
