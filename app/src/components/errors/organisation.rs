//! Organisations and their single sign-on.

use crate::components::words::count;
use innkeeper_service::context::field_error::{FoundOrganisation, OrganisationCode};

pub(super) fn sentence(code: &OrganisationCode) -> String {
    match code {
        OrganisationCode::SlugTaken { slug } => {
            format!("“{slug}” is already taken. Choose another address.")
        }
        OrganisationCode::SlugChanged { slug } => {
            format!("Somebody changed the address to “{slug}” since you opened this page. Check it again.")
        }
        OrganisationCode::SlugChangedTooOften { most } => {
            format!("The address was changed {most} times in 90 days. Choose one of those, or wait.")
        }
        OrganisationCode::DomainTaken { domain } => {
            format!("{domain} already belongs to another organisation. Contact support to resolve this.")
        }
        OrganisationCode::DnsAway { domain } => {
            format!("{domain} could not be checked: DNS does not answer. Try again in a minute.")
        }
        OrganisationCode::LastProvenDomain => {
            "This is your last verified domain, and SSO is required. Allow all sign-in methods first."
                .into()
        }
        OrganisationCode::IssuerRefused { found } => format!("This address cannot be used: {found}."),
        OrganisationCode::SharedIssuer => {
            "This would accept every directory. Enter the ID of your own.".into()
        }
        OrganisationCode::InvalidClientSecret => {
            "This is not a client secret: it is too long, or contains invisible characters. Copy it again.".into()
        }
        OrganisationCode::LocksEverybodyOut => {
            "This would lock everyone out. You can change the name and secret, or add audiences. To change more, allow all sign-in methods first, below."
                .into()
        }
        OrganisationCode::OwnMethodCloses => {
            "The method you signed in with would be blocked, and there is no SSO yet. Keep your method allowed, or set up SSO above."
                .into()
        }
        OrganisationCode::DomainNeeded => {
            "Verify an e-mail domain first; otherwise nobody new could sign in.".into()
        }
        OrganisationCode::TestedWithoutAdmin => {
            "The test sign-in would not have made you an admin. Map one of your groups to Admin and try again.".into()
        }
        OrganisationCode::TestNeeded => {
            "Test the current settings first: the last test sign-in must be successful and less than 24 hours old.".into()
        }
        OrganisationCode::NotLinked => {
            "Add SSO to your own account first, as the person who tested it. Otherwise you would lock yourself out.".into()
        }
        OrganisationCode::SeveralOrganisations { found, total } => several(found, *total),
    }
}

fn several(found: &[FoundOrganisation], total: i64) -> String {
    let line = |one: &FoundOrganisation| {
        let databases = count(usize::try_from(one.databases).unwrap_or_default(), "database", "databases");
        let stands = if one.enforced { "SSO is required" } else { "all sign-in methods are allowed" };
        format!("\n  {}  {databases}, {stands}", one.id)
    };
    let lines: String = found.iter().map(line).collect();
    let listed = i64::try_from(found.len()).unwrap_or(total);
    let more = if total > listed { format!("\n  and {} more", total - listed) } else { String::new() };
    format!("{total} organisations have this name. Use the id instead:{lines}{more}")
}
