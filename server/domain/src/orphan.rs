//! What stands somewhere and belongs to nobody: the kinds, and what staff can do about each.

use crate::tenant::stored;
use serde::{Deserialize, Serialize};

/// What an orphan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrphanKind {
    /// A database.
    Database,
    /// A role.
    Role,
    /// A membership, named `group/member`.
    Membership,
    /// A setting of a database, a role or both, named `database/role/setting`.
    Setting,
    /// Lines of `pg_hba.conf`, by the tenant they name.
    Rule,
    /// A definition that has been under way for long, by its process.
    Process,
    /// A sealed secret, named `tenant/purpose`.
    Secret,
    /// A place on a server, by its tenant.
    Reservation,
    /// A backup, by its id.
    Backup,
    /// A file that a killed portal left, by its path in the data folder.
    File,
    /// A certificate or key, by its path in the data folder.
    Certificate,
}

stored!(OrphanKind {
    Database "database",
    Role "role",
    Membership "membership",
    Setting "setting",
    Rule "rule",
    Process "process",
    Secret "secret",
    Reservation "reservation",
    Backup "backup",
    File "file",
    Certificate "certificate",
});

impl OrphanKind {
    /// Why it cannot be given to a tenant again; none where it can.
    pub fn not_adopted(self) -> Option<&'static str> {
        match self {
            Self::Database => None,
            Self::Role => Some("A tenant's roles are adopted with its database: adopt that."),
            Self::Membership | Self::Setting => {
                Some("A tenant has exactly those of its layout and its plan, no others: remove it.")
            }
            Self::Rule => {
                Some("Rules are written from the allowlists of the control database: change these.")
            }
            Self::Process => Some("It ends by itself: look again in a minute."),
            Self::Secret => Some("Nothing uses it: remove it, and reset the passwords where needed."),
            Self::Reservation => Some("A place is reserved again with the next request: remove it."),
            Self::Backup => Some(
                "Its key is gone with its row, and no other opens it: put the row back from a backup of the control database.",
            ),
            Self::File => Some("It is half of something that was written again since: remove it."),
            Self::Certificate => Some(
                "Certificates and keys are used under their own names only: remove it, or give it its name.",
            ),
        }
    }
}
