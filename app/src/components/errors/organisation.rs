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
            format!("{domain} is another organisation's already. Support decides whose it is.")
        }
        OrganisationCode::DnsAway { domain } => {
            format!("{domain} could not be checked: DNS does not answer. Try again in a minute.")
        }
        OrganisationCode::LastProvenDomain => {
            "This is your last proven domain, and people come in by your own sign-in only. Open the other ways first."
                .into()
        }
        OrganisationCode::IssuerRefused { found } => format!("This address cannot be used: {found}."),
        OrganisationCode::SharedIssuer => {
            "This lets in every directory there is. Type the ID of your own.".into()
        }
        OrganisationCode::InvalidClientSecret => {
            "This is no client secret: it is too long, or holds what cannot be seen. Copy it once more.".into()
        }
        OrganisationCode::LocksEverybodyOut => {
            "This would lock everyone out. You can change the name and secret, or add audiences. To change more, open \
             the other ways first, below."
                .into()
        }
        OrganisationCode::OwnMethodCloses => {
            "You came in by a way that would be closed, and there is no sign-in of your own. Leave yours open, or set \
             one up above."
                .into()
        }
        OrganisationCode::DomainNeeded => {
            "Prove a mail domain first: nobody new could come in without.".into()
        }
        OrganisationCode::TestedWithoutAdmin => {
            "Your trial would not have made you an admin. Map one of your groups to Admin and try again.".into()
        }
        OrganisationCode::TestNeeded => {
            "Try the sign-in first, as it is set up now: the last trial has to be of today and to succeed.".into()
        }
        OrganisationCode::NotLinked => {
            "Add the sign-in to your own account first, as the person who tried it. You would shut yourself out.".into()
        }
        OrganisationCode::SeveralOrganisations { found, total } => several(found, *total),
    }
}

fn several(found: &[FoundOrganisation], total: i64) -> String {
    let line = |one: &FoundOrganisation| {
        let databases = count(usize::try_from(one.databases).unwrap_or_default(), "database", "databases");
        let stands = if one.enforced { "ways are closed" } else { "all ways are open" };
        format!("\n  {}  {databases}, {stands}", one.id)
    };
    let lines: String = found.iter().map(line).collect();
    let listed = i64::try_from(found.len()).unwrap_or(total);
    let more = if total > listed { format!("\n  and {} more", total - listed) } else { String::new() };
    format!("{total} organisations have this name: name the one you mean by its id:{lines}{more}")
}
