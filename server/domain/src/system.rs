//! Time and randomness, as the portal is given them.

use time::OffsetDateTime;

/// Says what time it is. Deadlines of things in the control database use the database's own clock instead.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// Draws random bytes fit for keys.
pub trait Random: Send + Sync {
    /// Fills the slice.
    fn fill(&self, bytes: &mut [u8]);
}
