//! A tenant: one isolated PostgreSQL environment of an organisation.

use serde::{Deserialize, Serialize};

macro_rules! stored {
    ($name:ident { $($(#[$doc:meta])* $variant:ident $text:literal,)* }) => {
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// As stored and written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
            /// Reads the stored form.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use stored;

/// Where a tenant stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantState {
    /// Asked for; nothing was decided yet.
    Requested,
    /// Waits for staff.
    AwaitingApproval,
    /// Staff said no.
    Declined,
    /// Being made.
    Provisioning,
    /// In use.
    Active,
    /// Cut off, everything kept.
    Suspended,
    /// Could not be made; nothing is left on the server.
    Failed,
    /// Cut off, waiting for its removal.
    Destroying,
    /// Gone.
    Destroyed,
}

stored!(TenantState {
    Requested "requested",
    AwaitingApproval "awaiting_approval",
    Declined "declined",
    Provisioning "provisioning",
    Active "active",
    Suspended "suspended",
    Failed "failed",
    Destroying "destroying",
    Destroyed "destroyed",
});

/// The three login roles of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TenantRole {
    /// Owns the schema; runs migrations.
    Owner,
    /// Reads and writes data.
    App,
    /// Reads data.
    ReadOnly,
}

stored!(TenantRole {
    Owner "owner",
    App "app",
    ReadOnly "readonly",
});

impl TenantRole {
    /// As a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::App => "Application",
            Self::ReadOnly => "Read-only",
        }
    }
}

/// One value for each role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerRole<T> {
    /// For the owner.
    pub owner: T,
    /// For the application.
    pub app: T,
    /// For the read-only role.
    pub readonly: T,
}

impl<T> PerRole<T> {
    /// Makes one value for each role.
    pub fn make(mut make: impl FnMut(TenantRole) -> T) -> Self {
        Self {
            owner: make(TenantRole::Owner),
            app: make(TenantRole::App),
            readonly: make(TenantRole::ReadOnly),
        }
    }

    /// The value of a role.
    pub fn of(&self, role: TenantRole) -> &T {
        match role {
            TenantRole::Owner => &self.owner,
            TenantRole::App => &self.app,
            TenantRole::ReadOnly => &self.readonly,
        }
    }

    /// The value of a role, to be changed.
    pub fn of_mut(&mut self, role: TenantRole) -> &mut T {
        match role {
            TenantRole::Owner => &mut self.owner,
            TenantRole::App => &mut self.app,
            TenantRole::ReadOnly => &mut self.readonly,
        }
    }

    /// Each role with its value.
    pub fn iter(&self) -> impl Iterator<Item = (TenantRole, &T)> {
        TenantRole::ALL.iter().map(|role| (*role, self.of(*role)))
    }
}
