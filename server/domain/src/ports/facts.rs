use crate::tenant::{PerRole, TenantRole};
use std::net::IpAddr;

/// What is known about a server before a tenant is put on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Major version.
    pub major: u32,
    /// `max_connections` without those reserved for the platform.
    pub connections: i32,
    /// Places in its lock table, which all databases share.
    pub lock_table: i64,
    /// Transactions that may be prepared there (`max_prepared_transactions`): none is right.
    pub prepared_transactions: i32,
    /// Databases, templates not counted.
    pub databases: i64,
    /// Tells tenants' databases of different making apart: it changes with the statements that make one.
    pub layout: String,
    /// `shared_buffers`, in MB.
    pub shared_buffers_mb: i32,
    /// The machine it runs on, where that is this one.
    pub machine: Option<MachineFacts>,
}

/// What no SQL tells: the machine a server runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineFacts {
    /// Its memory, in MB; less where the portal and the server may use less.
    pub memory_mb: i32,
    /// Free on the disk of the server's data, in bytes.
    pub free_bytes: i64,
}

/// How much a tenant uses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Size of the database, in bytes.
    pub size_bytes: i64,
    /// Connections of each role now.
    pub connections: PerRole<i64>,
    /// Sessions ever begun in the database (`pg_stat_database.sessions`).
    pub sessions: i64,
    /// `pg_stat_database.blks_hit` and `blks_read` as a share of hits, in percent; none before any read.
    pub cache_hit_percent: Option<f64>,
}

/// What a tenant's database takes of its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageUse {
    /// Size of the database, in bytes.
    pub bytes: i64,
    /// Whether each of its roles is read-only by default there.
    pub read_only: bool,
    /// Whether a table is being written anew (VACUUM FULL, CLUSTER), of which there are two copies meanwhile.
    pub rewriting: bool,
}

/// The first connection a customer made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstConnection {
    /// The role that signed in, where the server's log says so.
    pub role: Option<TenantRole>,
    /// From where, where the server's log says so.
    pub address: Option<IpAddr>,
}

/// Everything on a server that belongs to a tenant or could, read from its catalogs and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Databases that are not the platform's own.
    pub databases: Vec<String>,
    /// Roles that are not the platform's own.
    pub roles: Vec<String>,
    /// Memberships as (group, member).
    pub memberships: Vec<(String, String)>,
    /// Settings as (database or empty, role or empty, `name=value`).
    pub settings: Vec<(String, String, String)>,
    /// Names in `pg_hba_file_rules`, with the line's number; platform groups not counted.
    pub rules: Vec<(i32, String)>,
    /// Definitions under way now: (process, statement's first words).
    pub in_flight: Vec<(i32, String)>,
}

/// Something on a server that the layout of tenants does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stray {
    /// A membership.
    Membership {
        /// In which group.
        group: String,
        /// Whose.
        member: String,
    },
    /// A setting.
    Setting {
        /// Of which database; empty for all.
        database: String,
        /// Of which role; empty for all.
        role: String,
        /// Its name.
        name: String,
    },
}
