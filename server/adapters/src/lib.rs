//! The outside world: one module for each system the portal works with, each implementing a port of the domain.

pub mod backups;
pub mod certificates;
pub mod dns;
pub mod embedded;
pub mod identity;
pub mod leftovers;
mod machine;
pub mod mail;
pub mod postgres_admin;
mod programs;
pub mod sealing;
pub mod system;
