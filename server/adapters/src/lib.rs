//! x
pub mod certificates;
pub mod mail;
pub mod sealing;
pub mod system;
pub mod embedded;
pub mod postgres_admin;
