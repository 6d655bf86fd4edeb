//! Sign-up and sign-in by mail: the same way for both, so that nobody learns who has an account.
//!
//! Somebody asks, and gets a link and a six-digit code in one mail: a challenge. It lives ten minutes, serves once,
//! and is bound to the browser that asked: there the link, and a press on its page, is enough, or the code alone.
//! In another browser the link needs the code beside it, so that neither a scanner that follows links nor somebody
//! who was sent one gets in. Looking changes nothing. (OWASP ASVS 5.0.0: 6.3.8, 6.5.1 to 6.5.5, 6.6.2, 6.6.3.)

mod ask;
mod challenge;
mod check;
mod complete;
mod link;
mod pending;
#[cfg(test)]
mod tests;

pub use ask::{ask, ask_to_link};
pub use check::{Checked, check};
pub use complete::complete;
pub use link::link;
pub use pending::{Pending, pending};

/// Wrong codes that end a challenge. A code has 20 bits (ASVS 6.5.4).
const TRIES: i32 = 5;
/// Codes that may be tried for one mailbox in a day by who does not have the link: 30 of a million.
const BLIND_TRIES_A_DAY: i64 = 30;
