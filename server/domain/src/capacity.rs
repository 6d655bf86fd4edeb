//! Room on a server: what it has, what is promised of it, and what one more tenant would take.
//!
//! Plans are promised beyond what a server has (overcommit), since few tenants use all of theirs at once. What must
//! never be exceeded, the space on the disk, is looked at as well.

mod claim;

pub use claim::{CONNECTION_MB, Claim};

use std::fmt;

/// Space that stays free on a server's disk, in bytes: for its write-ahead log (`max_wal_size` is 1 GB by default),
/// logs and temporary files.
pub const KEPT_FREE: i64 = GB;
/// From here on a server is nearly full, in percent.
pub const NEARLY_FULL: i64 = 80;

const GB: i64 = 1_000_000_000;

/// The disk of a server: what its databases take, and the most they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// Bytes of all databases.
    pub used: i64,
    /// The most, in bytes.
    pub most: i64,
}

impl Disk {
    /// By the operator's limit and by what is free on the disk, where these are known; the tighter one counts.
    pub fn of(used: i64, max_gb: Option<i64>, free: Option<i64>) -> Option<Self> {
        let by_limit = max_gb.map(|gb| gb.saturating_mul(GB));
        let by_space = free.map(|free| used.saturating_add(free).saturating_sub(KEPT_FREE));
        let most = by_limit.into_iter().chain(by_space).min()?;
        Some(Self { used, most: most.max(0) })
    }
}

/// The figures of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// Where it stands, for people.
    pub place: String,
    /// Takes no new tenants.
    pub draining: bool,
    /// Promised to tenants.
    pub promised: Claim,
    /// The most databases.
    pub databases: i64,
    /// Connections that tenants can share.
    pub connections: i64,
    /// Connections promised for each of them.
    pub connection_overcommit: i64,
    /// Its disk; none: no limit is known.
    pub disk: Option<Disk>,
    /// GB promised for each GB that its databases may take.
    pub storage_overcommit: i64,
    /// Memory that is left for connections, in MB; none: no limit is known.
    pub memory_mb: Option<i64>,
    /// MB promised for each of them.
    pub memory_overcommit: i64,
}

/// A figure of which there can be too little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Databases.
    Databases,
    /// Space that databases really take.
    Disk,
    /// Connections promised.
    Connections,
    /// Storage promised.
    Storage,
    /// Memory promised.
    Memory,
}

/// How much of a resource is taken. Disk in bytes, storage in GB, memory in MB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Of which.
    pub resource: Resource,
    /// So much is taken or promised.
    pub taken: i64,
    /// Of so much.
    pub most: i64,
}

impl Level {
    /// In percent; full where there is none at all.
    pub fn percent(&self) -> i64 {
        if self.most <= 0 { 100 } else { self.taken.saturating_mul(100) / self.most }
    }

    /// Whether there is more than [`NEARLY_FULL`] of it.
    pub fn is_nearly_full(&self) -> bool {
        self.percent() >= NEARLY_FULL
    }

    /// What staff can do to have more of it.
    pub fn staff_can(&self) -> &'static str {
        match self.resource {
            Resource::Databases => "allow more databases on the server",
            Resource::Disk => "enlarge the server's disk",
            Resource::Connections => "raise the server's max_connections or its connection_overcommit",
            Resource::Storage => "enlarge the server's disk or raise its storage_overcommit",
            Resource::Memory => "give the server more memory or raise its memory_overcommit",
        }
    }
}

/// “17 of 20 databases are taken”.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, taken, most } = self;
        match resource {
            Resource::Databases => write!(f, "{taken} of {most} databases are taken"),
            Resource::Disk => {
                write!(f, "{} of {} GB on its disk are used", gigabytes(*taken), gigabytes(*most))
            }
            Resource::Connections => write!(f, "{taken} of {most} connections are promised"),
            Resource::Storage => write!(f, "{taken} of {most} GB of storage are promised"),
            Resource::Memory => write!(f, "{taken} of {most} MB of memory are promised"),
        }
    }
}

/// Bytes in GB, with one digit below ten.
fn gigabytes(bytes: i64) -> String {
    let tenths = bytes / (GB / 10);
    if tenths < 100 { format!("{}.{}", tenths / 10, tenths % 10) } else { (tenths / 10).to_string() }
}

/// Why a tenant has no room: the figure that is short, what the customer can do, and what staff can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short(String);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Capacity {
    /// All levels, in the order in which they are looked at.
    pub fn levels(&self) -> Vec<Level> {
        let level = |resource, taken, most| Level { resource, taken, most };
        let Claim { databases, connections, storage_gb, memory_mb } = self.promised;
        let promised = self.connections.saturating_mul(self.connection_overcommit);
        let mut levels = vec![level(Resource::Databases, databases, self.databases)];
        levels.extend(self.disk.map(|disk| level(Resource::Disk, disk.used, disk.most)));
        levels.push(level(Resource::Connections, connections, promised));
        levels.extend(self.disk.map(|disk| {
            // Multiplied first: a small disk is not rounded to nothing.
            level(Resource::Storage, storage_gb, disk.most.saturating_mul(self.storage_overcommit) / GB)
        }));
        levels.extend(
            self.memory_mb.map(|mb| {
                level(Resource::Memory, memory_mb, mb.max(0).saturating_mul(self.memory_overcommit))
            }),
        );
        levels
    }

    /// The same server without what it has promised to one tenant.
    #[must_use]
    pub fn without(mut self, reserved: Claim) -> Self {
        self.promised = self.promised.without(reserved);
        self
    }

    /// The first thing that is short for a tenant which is not counted in `promised`, has `has` and wants `wants`
    /// instead; none if there is room. What it does not want more of than it has cannot be short.
    pub fn short(&self, has: Claim, wants: Claim) -> Option<Short> {
        let new = has.databases == 0;
        if new && self.draining {
            return Some(Short(format!(
                "{} takes no new databases at the moment. Choose another region, or contact support. Staff can add a server.",
                self.place
            )));
        }
        let level = self.levels().into_iter().find(|level| {
            let (had, wanted) = match level.resource {
                Resource::Databases => (has.databases, wants.databases),
                Resource::Connections => (has.connections, wants.connections),
                Resource::Storage => (has.storage_gb, wants.storage_gb),
                Resource::Memory => (has.memory_mb, wants.memory_mb),
                // Space is taken by what is stored, which nobody knows beforehand: some has to be left.
                Resource::Disk => {
                    return wants.storage_gb > has.storage_gb && level.taken >= level.most;
                }
            };
            wanted > had && level.taken.saturating_add(wanted) > level.most
        })?;
        Some(self.refusal(&level, wants, new))
    }

    fn refusal(&self, level: &Level, wants: Claim, new: bool) -> Short {
        let place = &self.place;
        let free = level.most.saturating_sub(level.taken).max(0);
        let most = level.most;
        let (what, smaller) = match level.resource {
            Resource::Databases => (format!("{place} has no capacity for another database: {level}."), false),
            Resource::Disk => (format!("{place} has no disk space left: {level}."), false),
            Resource::Connections => (
                format!(
                    "{place} has too few connections left: this plan needs {}, {free} of {most} are free.",
                    wants.connections
                ),
                true,
            ),
            Resource::Storage => (
                format!(
                    "{place} has too little storage left: this plan needs {} GB, {free} of {most} are free.",
                    wants.storage_gb
                ),
                true,
            ),
            Resource::Memory => (
                format!(
                    "{place} has too little memory left: this plan needs {} MB, {free} of {most} are free.",
                    wants.memory_mb
                ),
                true,
            ),
        };
        let customer = match (new, smaller) {
            (true, true) => "Choose a smaller plan or another region, or contact support.",
            (true, false) => "Choose another region, or contact support.",
            (false, _) => "Keep your plan or choose a smaller one, or contact support.",
        };
        Short(format!("{what} {customer} Staff can {}, or add another server.", level.staff_can()))
    }
}

#[cfg(test)]
mod tests;
