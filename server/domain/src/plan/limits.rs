//! The limits of a plan.

use crate::tenant::{PerRole, TenantRole};
use serde::{Deserialize, Serialize};

/// Most locks (`pg_locks` without fast path) that all sessions of one tenant may hold together for longer than two seconds,
/// whatever the plan: a tenth of the lock table of a server with `max_locks_per_transaction = 1024` and
/// `max_connections = 300`. A statement over 750 partitions with two indexes each holds 2,250.
pub const LOCKS_PER_TENANT: i64 = 30_000;

/// A tenant may hold one of so many parts of a server's lock table.
pub const PARTS_OF_LOCK_TABLE: i64 = 10;

/// What a plan allows. Enforced by the server: connections and temporary files. The rest is a starting value that
/// a session may change, watched from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Connections to the database in all.
    pub connections: i32,
    /// Connections of each role; together never above `connections`.
    pub role_connections: PerRole<i32>,
    /// `work_mem` and `maintenance_work_mem`, in MB.
    pub work_mem_mb: i32,
    /// `effective_cache_size`, in MB.
    pub effective_cache_size_mb: i32,
    /// Size of the database, in GB.
    pub storage_gb: i32,
    /// `temp_file_limit`, in GB.
    pub temp_file_limit_gb: i32,
    /// `idle_in_transaction_session_timeout`, in minutes.
    pub idle_in_transaction_minutes: i32,
}

impl Limits {
    /// Whether the roles' connections fit into the database's.
    pub fn is_consistent(&self) -> bool {
        TenantRole::ALL.iter().map(|role| self.role_connections.of(*role)).sum::<i32>() <= self.connections
    }

    /// `storage_gb` in bytes.
    pub fn storage_bytes(&self) -> i64 {
        i64::from(self.storage_gb) << 30
    }

    /// Whether a database of this size takes more than the plan allows.
    pub fn is_above_storage(&self, bytes: i64) -> bool {
        bytes > self.storage_bytes()
    }

    /// Whether a database that was above takes so little, less than 95 %, that it may write again.
    pub fn is_well_below_storage(&self, bytes: i64) -> bool {
        bytes < self.storage_bytes() / 100 * 95
    }

    /// The settings of the database, as PostgreSQL writes them.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        // Without `..`, so that a new limit does not compile until it has its place here.
        let Self {
            connections: _,
            role_connections: _,
            work_mem_mb,
            effective_cache_size_mb,
            storage_gb: _,
            temp_file_limit_gb,
            idle_in_transaction_minutes,
        } = self;
        vec![
            ("work_mem", format!("{work_mem_mb}MB")),
            ("maintenance_work_mem", format!("{work_mem_mb}MB")),
            ("effective_cache_size", format!("{effective_cache_size_mb}MB")),
            ("temp_file_limit", format!("{temp_file_limit_gb}GB")),
            ("idle_in_transaction_session_timeout", format!("{idle_in_transaction_minutes}min")),
            ("log_min_duration_statement", "-1".into()),
            // RAISE LOG in a loop would fill the disk of all; a sign-in is logged before this holds.
            ("log_min_messages", "fatal".into()),
        ]
    }
}
