//! Typed identifiers. In the database a UUIDv7, outside with a prefix (`tn_…`), so that no id is taken for another.

use crate::system::{Clock, Random};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};
use uuid::Uuid;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id that begins with {prefix}")]
pub struct IdError {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub Uuid);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .filter(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or(IdError { prefix: $prefix })
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String { id.to_string() }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> { text.parse() }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }
    )*};
}

ids! {
    /// A person's account.
    AccountId "ac_";
    /// A customer.
    OrganisationId "or_";
    /// One isolated PostgreSQL environment.
    TenantId "tn_";
    /// A durable workflow.
    RunId "rn_";
    /// A request for a database that is being filled in or was accepted.
    RequestId "rq_";
    /// A one-time delivery of credentials.
    HandoffId "hd_";
    /// A PostgreSQL server that tenants live on.
    ServerId "sv_";
    /// A browser session, by its stable id (never its cookie).
    SessionId "ss_";
    /// A sign-in by mail that is under way.
    ChallengeId "ch_";
    /// A way in of an account: a mailbox, or a person at a provider of identity.
    IdentityId "id_";
    /// A mail in the outbox.
    MailId "ml_";
    /// A link by which one person becomes staff.
    StaffClaimId "sc_";
    /// An encrypted dump of one tenant's database.
    BackupId "bk_";
    /// A key by which a program uses the API.
    ApiKeyId "ak_";
}

/// Makes ids; given its clock and its randomness.
#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Ids {
    /// A maker of ids on this clock and randomness.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random }
    }

    /// A new UUIDv7 (RFC 9562, section 5.7) as the wanted type of id.
    pub fn make<T: From<Uuid>>(&self) -> T {
        let mut tail = [0; 10];
        self.random.fill(&mut tail);
        let millis = u64::try_from(self.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_and_read_with_its_prefix_only() {
        let id = TenantId(Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string(), "tn_01980000000070008000000000000001");
        assert_eq!(id.to_string().parse::<TenantId>(), Ok(id));
        assert!(id.to_string().parse::<RunId>().is_err());
        assert!("tn_01980000-0000-7000-8000-000000000001".parse::<TenantId>().is_err());
        assert!("tn_0198000000007000800000000000000G".parse::<TenantId>().is_err());
    }
}
