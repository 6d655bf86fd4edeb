//! Work of every portal process that nobody asks for: sending mail, removing what is over, saying whether all is well.

pub mod cleanup;
pub mod health;
pub mod master_key;
pub mod outbox;
