use crate::plan::Limits;

/// Memory that a connection takes besides its `work_mem`, in MB: the process with its caches of catalogs and plans.
pub const CONNECTION_MB: i64 = 10;

/// What tenants take of a server, or can take by their plans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claim {
    /// Databases.
    pub databases: i64,
    /// Connections.
    pub connections: i64,
    /// Size of the databases, in GB.
    pub storage_gb: i64,
    /// Memory of all connections, in MB.
    pub memory_mb: i64,
}

impl Claim {
    /// Nothing.
    pub const NONE: Self = Self { databases: 0, connections: 0, storage_gb: 0, memory_mb: 0 };

    /// What a tenant with these limits can take.
    pub fn of(limits: &Limits) -> Self {
        let connections = i64::from(limits.connections);
        Self {
            databases: 1,
            connections,
            storage_gb: limits.storage_gb.into(),
            memory_mb: connections * (i64::from(limits.work_mem_mb) + CONNECTION_MB),
        }
    }

    /// The larger of both, figure by figure: what a tenant needs while it goes from one plan to another.
    pub fn larger(self, other: Self) -> Self {
        self.with(other, i64::max)
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        self.with(other, i64::saturating_add)
    }

    /// This without a part of it.
    pub fn without(self, part: Self) -> Self {
        self.with(part, |all, part| all.saturating_sub(part).max(0))
    }

    fn with(self, other: Self, figure: fn(i64, i64) -> i64) -> Self {
        Self {
            databases: figure(self.databases, other.databases),
            connections: figure(self.connections, other.connections),
            storage_gb: figure(self.storage_gb, other.storage_gb),
            memory_mb: figure(self.memory_mb, other.memory_mb),
        }
    }
}
