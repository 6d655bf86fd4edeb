//! The roles of an organisation in words.

use innkeeper_domain::organisation::MemberRole;

/// What a role is called and what it may do.
pub(super) fn words_of(role: MemberRole) -> (&'static str, &'static str) {
    match role {
        MemberRole::Admin => ("Admin", "full access, including credentials"),
        MemberRole::Developer => ("Developer", "sees the databases and how to connect; no credentials"),
        MemberRole::Auditor => ("Auditor", "sees the databases and their activity log"),
        MemberRole::Billing => ("Billing", "sees the databases"),
    }
}

/// What a role is called.
pub(super) fn role_label(role: MemberRole) -> &'static str {
    words_of(role).0
}
