//! What permissions are asked for on, and who lacks one.

use innkeeper_domain::{
    ids::{OrganisationId, TenantId},
    organisation::MemberRole,
    permission::Permission,
};
use serde::{Deserialize, Serialize};

/// What a permission of an organisation's members is asked for on: an organisation, or one of its tenants.
pub trait Target {
    /// Its name, which stays readable when it is gone.
    fn name(&self) -> String;
    /// Whose it is.
    fn organisation(&self) -> OrganisationId;
    /// Which tenant it is, if it is one.
    fn tenant(&self) -> Option<TenantId> {
        None
    }
    /// What the requester is in its organisation; none for who is no member.
    fn role(&self) -> Option<MemberRole>;
}

/// Somebody who lacks a permission, and knows that the thing is there, since they are a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forbidden {
    /// What they lack.
    pub permission: Permission,
    /// The addresses of the organisation's admins, 20 at most: who can do it, or let them.
    pub admins: Vec<String>,
}
