//! Codes about organisations and their single sign-on.

use innkeeper_domain::{ids::OrganisationId, organisation::MailDomain, organisation_slug::OrganisationSlug};

/// Why an organisation cannot be changed like this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganisationCode {
    /// Another organisation has this slug, or had it lately.
    SlugTaken {
        /// The slug.
        slug: OrganisationSlug,
    },
    /// Somebody changed the slug meanwhile.
    SlugChanged {
        /// The slug that it has now.
        slug: String,
    },
    /// The slug was changed too often lately.
    SlugChangedTooOften {
        /// How often it may be changed within 90 days.
        most: i64,
    },
    /// The mail domain belongs to another organisation.
    DomainTaken {
        /// The domain.
        domain: MailDomain,
    },
    /// DNS did not answer.
    DnsAway {
        /// The domain that was looked up.
        domain: MailDomain,
    },
    /// The last proven domain of an organisation whose people come in by its own sign-in only.
    LastProvenDomain,
    /// The issuer's address may not be asked.
    IssuerRefused {
        /// What was found wrong with it.
        found: String,
    },
    /// An issuer that lets in every directory there is.
    SharedIssuer,
    /// No client secret: too long, or with characters that cannot be seen.
    InvalidClientSecret,
    /// The change would lock everybody out, since other methods are closed.
    LocksEverybodyOut,
    /// The requester's method would be closed, and the organisation has no sign-in of its own.
    OwnMethodCloses,
    /// A mail domain has to be proven first.
    DomainNeeded,
    /// The test sign-in did not make the requester an admin.
    TestedWithoutAdmin,
    /// The sign-in has to be tested first.
    TestNeeded,
    /// The tested sign-in is no method of the requester's account.
    NotLinked,
    /// Several organisations have this name.
    SeveralOrganisations {
        /// Those that can be listed.
        found: Vec<FoundOrganisation>,
        /// How many there are.
        total: i64,
    },
}

/// One of several organisations with the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOrganisation {
    /// Its id.
    pub id: OrganisationId,
    /// How many databases it has.
    pub databases: i64,
    /// Whether single sign-on is enforced.
    pub enforced: bool,
}

impl OrganisationCode {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::SlugTaken { .. } => "slug_taken",
            Self::SlugChanged { .. } => "slug_changed",
            Self::SlugChangedTooOften { .. } => "slug_changed_too_often",
            Self::DomainTaken { .. } => "domain_taken",
            Self::DnsAway { .. } => "dns_away",
            Self::LastProvenDomain => "last_proven_domain",
            Self::IssuerRefused { .. } => "issuer_refused",
            Self::SharedIssuer => "shared_issuer",
            Self::InvalidClientSecret => "invalid_client_secret",
            Self::LocksEverybodyOut => "locks_everybody_out",
            Self::OwnMethodCloses => "own_method_closes",
            Self::DomainNeeded => "domain_needed",
            Self::TestedWithoutAdmin => "tested_without_admin",
            Self::TestNeeded => "test_needed",
            Self::NotLinked => "not_linked",
            Self::SeveralOrganisations { .. } => "several_organisations",
        }
    }
}
