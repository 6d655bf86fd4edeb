//! The roles of an organisation in words.

use innkeeper_domain::organisation::MemberRole;

/// What a role is called and what it may do.
pub(super) fn words_of(role: MemberRole) -> (&'static str, &'static str) {
    match role {
        MemberRole::Admin => ("Admin", "everything, credentials included"),
        MemberRole::Developer => ("Developer", "works with the databases, no credentials of others"),
        MemberRole::Auditor => ("Auditor", "reads activity and backups"),
        MemberRole::Billing => ("Billing", "sees plans and invoices"),
    }
}

/// What a role is called.
pub(super) fn role_label(role: MemberRole) -> &'static str {
    words_of(role).0
}
