//! The end of a tenant.

use time::Duration;

/// How long a tenant that was destroyed can be given back.
pub const GIVEN_BACK_FOR: Duration = Duration::days(7);
/// By how much a removal is put off at least when giving the tenant back did not succeed.
pub const POSTPONED_BY: Duration = Duration::days(1);
/// How long the final backup is kept after the tenant was removed.
pub const KEPT_AFTER_REMOVAL: Duration = Duration::days(30);
/// How long the final backup of a tenant that was given back is kept.
pub const KEPT_AFTER_RETURN: Duration = Duration::days(7);
