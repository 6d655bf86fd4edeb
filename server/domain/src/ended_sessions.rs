//! Sessions that the platform ended because the server's other tenants would have suffered by them.

use crate::{
    name::TenantName,
    tenant::{TenantRole, stored},
};

/// Why sessions were ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Asked for a lock on a system catalog that keeps others from reading it.
    CatalogLock,
    /// Asked for a lock on a database or role that is not the tenant's own.
    ForeignLock,
    /// Held more locks than a tenant may.
    LockCount,
    /// Held more locks than its share, while all tenants together had nearly filled the server's lock table.
    ServerLocks,
}

stored!(EndReason {
    CatalogLock "catalog_lock",
    ForeignLock "foreign_lock",
    LockCount "lock_count",
    ServerLocks "server_locks",
});

/// Sessions of one role of a tenant that were ended for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSessions {
    /// Whose.
    pub tenant: TenantName,
    /// As which role they had signed in.
    pub role: TenantRole,
    /// The rule by which they were ended.
    pub reason: EndReason,
    /// Number of sessions.
    pub sessions: i64,
}
