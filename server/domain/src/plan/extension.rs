//! The extensions a customer can have.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An extension that the platform installs; all come with PostgreSQL itself and are safe on a shared server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Extension {
    /// Statement statistics.
    PgStatStatements,
    /// Cryptographic functions.
    Pgcrypto,
    /// UUID functions.
    UuidOssp,
    /// Text without case.
    Citext,
    /// Similar texts.
    PgTrgm,
    /// Key-value pairs.
    Hstore,
    /// GIN indexes on plain types.
    BtreeGin,
    /// Texts without accents.
    Unaccent,
}

/// A name that is no extension of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("There is no such extension here. Choose from the list.")]
pub struct UnknownExtension;

impl Extension {
    /// All, in the order in which people see them.
    pub const ALL: [Self; 8] = [
        Self::PgStatStatements,
        Self::Pgcrypto,
        Self::UuidOssp,
        Self::Citext,
        Self::PgTrgm,
        Self::Hstore,
        Self::BtreeGin,
        Self::Unaccent,
    ];

    /// Those that are ticked at first. Any owner of a database can create them, so a dump with them loads anywhere.
    pub const DEFAULT: [Self; 3] = [Self::Pgcrypto, Self::UuidOssp, Self::Citext];

    /// Its name in PostgreSQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::PgStatStatements => "pg_stat_statements",
            Self::Pgcrypto => "pgcrypto",
            Self::UuidOssp => "uuid-ossp",
            Self::Citext => "citext",
            Self::PgTrgm => "pg_trgm",
            Self::Hstore => "hstore",
            Self::BtreeGin => "btree_gin",
            Self::Unaccent => "unaccent",
        }
    }

    /// What it is good for, in a few words.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::PgStatStatements => "which statements take the time",
            Self::Pgcrypto => "hashing and encryption",
            Self::UuidOssp => "UUID generators",
            Self::Citext => "text compared without case",
            Self::PgTrgm => "search for similar text",
            Self::Hstore => "key-value columns",
            Self::BtreeGin => "combined GIN indexes",
            Self::Unaccent => "search without accents",
        }
    }

    /// Whether the owner of a database can create it, as PostgreSQL's own `trusted` says; for others it takes a superuser.
    pub fn is_trusted(self) -> bool {
        self != Self::PgStatStatements
    }

    /// The schema it lives in: the platform's own where a tenant must not drop or read it whole.
    pub fn schema(self) -> &'static str {
        if self.is_trusted() { "public" } else { "innkeeper" }
    }

    /// Parses its name in PostgreSQL.
    pub fn parse(name: &str) -> Result<Self, UnknownExtension> {
        Self::ALL.into_iter().find(|extension| extension.name() == name).ok_or(UnknownExtension)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Extension> for String {
    fn from(extension: Extension) -> String {
        extension.name().into()
    }
}

impl TryFrom<String> for Extension {
    type Error = UnknownExtension;
    fn try_from(name: String) -> Result<Self, UnknownExtension> {
        Self::parse(&name)
    }
}
