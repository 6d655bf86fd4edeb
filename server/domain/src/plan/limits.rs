//! The limits of a plan.

use crate::tenant::{PerRole, TenantRole};
use serde::{Deserialize, Serialize};

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
