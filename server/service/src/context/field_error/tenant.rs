//! Codes about databases: asking for one, and changing it.

use innkeeper_domain::{
    capacity::Short,
    name::{TenantName, Wish},
    organisation::OrganisationName,
};

/// Why a database cannot be made or changed like this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantCode {
    /// No server has room for it.
    NoRoom(Short),
    /// The organisation has a database of this name.
    NameTaken {
        /// The name.
        name: Wish,
        /// A name near to it that is free.
        free: String,
    },
    /// Who joined this organisation by a group adds no databases to it.
    JoinedOrganisation {
        /// Its name.
        organisation: OrganisationName,
    },
    /// Only admins of this organisation add databases to it.
    AdminsOnly {
        /// Its name.
        organisation: OrganisationName,
    },
    /// The session came by an organisation's own sign-in, and this is another one.
    OtherOrganisation,
    /// What was typed to confirm is not the database's name.
    NotConfirmed {
        /// Its name.
        name: TenantName,
    },
    /// The plan that it has already.
    SamePlan {
        /// The plan's label.
        plan: String,
    },
    /// What is stored is more than the plan allows.
    DataTooLarge {
        /// The plan's label.
        plan: String,
        /// What is stored, in GB, rounded up.
        stored_gb: i64,
        /// What the plan allows, in GB.
        most_gb: i64,
    },
}

impl TenantCode {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::NoRoom(_) => "no_room",
            Self::NameTaken { .. } => "database_name_taken",
            Self::JoinedOrganisation { .. } => "joined_organisation",
            Self::AdminsOnly { .. } => "admins_only",
            Self::OtherOrganisation => "other_organisation",
            Self::NotConfirmed { .. } => "not_confirmed",
            Self::SamePlan { .. } => "same_plan",
            Self::DataTooLarge { .. } => "data_too_large",
        }
    }
}
