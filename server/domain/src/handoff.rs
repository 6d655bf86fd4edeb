//! The one-time delivery of credentials.

use crate::tenant::stored;
use serde::{Deserialize, Serialize};
use time::Duration;

/// How long a handoff waits to be opened.
pub const SEALED_FOR: Duration = Duration::hours(72);
/// How long it can be seen once it was opened.
pub const OPEN_FOR: Duration = Duration::minutes(15);
/// How old a sign-in may be for secrets to be shown or changed.
pub const FRESH_FOR: Duration = Duration::minutes(5);

/// Where a handoff stands. Only `Sealed` and `Open` have a sealed copy of the passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffState {
    /// Waits for the addressed person.
    Sealed,
    /// Shown in one browser session until its window ends.
    Open,
    /// The person has saved the passwords.
    Confirmed,
    /// The window ended without a word; the passwords are valid.
    Lapsed,
    /// The roles have no password any more: nobody opened it in time, or a later change of passwords did not succeed.
    Expired,
    /// Taken back, because new passwords were made.
    Revoked,
}

stored!(HandoffState {
    Sealed "sealed",
    Open "open",
    Confirmed "confirmed",
    Lapsed "lapsed",
    Expired "expired",
    Revoked "revoked",
});
