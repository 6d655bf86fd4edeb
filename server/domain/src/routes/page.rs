use super::{Link, Segment, pattern};
use crate::{
    identity::ProviderId, ids::OrganisationId, name::TenantName, organisation_slug::OrganisationSlug,
    permission::Permission,
};
use std::fmt;

/// Writes the enum, its patterns, its permissions, and both ways between a page and its path from one table. Where two patterns fit a path,
/// the one that comes first is meant.
macro_rules! pages {
    ($($(#[$doc:meta])* $page:ident $(($($value:ident: $of:ty),+))? = $pattern:literal needs $permission:ident,)+) => {
        /// Something of the portal that has an address: a page, or what else a browser or a program asks for.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Page {
            $($(#[$doc])* #[doc = concat!("\n\n`", $pattern, "`")] $page $(($(Segment<$of>),+))?,)+
        }

        impl Page {
            /// The pattern of every page, as the portal's router writes them.
            pub const PATTERNS: &[&str] = &[$($pattern),+];

            /// The pattern of this page.
            pub fn pattern(&self) -> &'static str {
                match self {
                    $(Self::$page $(($($value),+))? => { $($(let _ = $value;)+)? $pattern })+
                }
            }

            /// What it takes to see this page.
            pub fn permission(&self) -> Permission {
                match self {
                    $(Self::$page $(($($value),+))? => { $($(let _ = $value;)+)? Permission::$permission })+
                }
            }

            /// What stands in the pattern's braces, in order.
            pub(super) fn values(&self) -> Vec<&str> {
                match self {
                    $(Self::$page $(($($value),+))? => vec![$($($value.as_str()),+)?],)+
                }
            }

            /// Reads a path, without its query, as the router does; none where the portal has nothing of that shape.
            pub fn parse(path: &str) -> Option<Self> {
                $(if let Some(found) = pattern::values($pattern, path) {
                    let mut _found = found.into_iter();
                    return Some(Self::$page $(($({
                        let $value = _found.next()?;
                        $value.into()
                    }),+))?);
                })+
                None
            }
        }
    };
}

pages! {
    /// The front page.
    Landing = "/" needs PublicView,
    /// Help.
    Help = "/help" needs PublicView,
    /// The first step of making a database, for who has no account.
    SignUp = "/sign-up" needs PublicView,
    /// The choices for a new database.
    Database = "/sign-up/database" needs RequestDraft,
    /// The last look before a database is made.
    Review = "/sign-up/review" needs RequestDraft,
    /// The sign-in.
    SignIn = "/sign-in" needs PublicView,
    /// The sign-in by a passkey.
    Passkey = "/sign-in/passkey" needs PublicView,
    /// Sends a browser to a provider.
    Provider(provider: ProviderId) = "/sign-in/{provider}" needs PublicView,
    /// Where a provider sends a browser back to.
    Callback(provider: ProviderId) = "/sign-in/{provider}/callback" needs PublicView,
    /// Sends a browser to a provider to sign out there as well.
    ProviderSignOut(provider: ProviderId) = "/sign-in/{provider}/out" needs PublicView,
    /// Where a provider says that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0).
    BackChannelLogout(provider: ProviderId) = "/sign-in/{provider}/back-channel" needs PublicView,
    /// What somebody sees who has signed out.
    SignedOut = "/signed-out" needs PublicView,
    /// Where the link of a sign-in mail leads, and its code is typed.
    Verify = "/verify" needs PublicView,
    /// One's account.
    Account = "/account" needs AccountView,
    /// The second step of adding a passkey.
    AddPasskey = "/account/passkey" needs AccountView,
    /// The list of one's organisations.
    Organisations = "/o" needs AccountView,
    /// An organisation at a glance.
    Organisation(slug: OrganisationSlug) = "/o/{slug}" needs OrganisationView,
    /// The sign-in settings of an organisation.
    SignInSettings(slug: OrganisationSlug) = "/o/{slug}/sign-in" needs SsoView,
    /// The list of one's databases.
    Tenants = "/t" needs AccountView,
    /// A database at a glance.
    Tenant(name: TenantName) = "/t/{name}" needs TenantView,
    /// How far the set-up of a database is.
    Setup(name: TenantName) = "/t/{name}/setup" needs TenantView,
    /// The credentials of a database, while they can be shown.
    Handoff(name: TenantName) = "/t/{name}/handoff" needs HandoffView,
    /// The same as one file.
    Bundle(name: TenantName) = "/t/{name}/handoff/bundle" needs HandoffView,
    /// The events of a database's pages, a stream.
    Events(name: TenantName) = "/t/{name}/events" needs TenantView,
    /// How to connect to a database.
    Connect(name: TenantName) = "/t/{name}/connect" needs TenantView,
    /// What is known of a database's credentials.
    Credentials(name: TenantName) = "/t/{name}/credentials" needs CredentialsView,
    /// Asks whether a database is to have new passwords.
    ResetPasswords(name: TenantName) = "/t/{name}/credentials/reset" needs CredentialsView,
    /// The plan of a database, and the others.
    Plan(name: TenantName) = "/t/{name}/plan" needs PlanView,
    /// Asks whether a database is to have this plan.
    PlanCheck(name: TenantName, plan: String) = "/t/{name}/plan/{plan}" needs PlanView,
    /// The journal of a database.
    Activity(name: TenantName) = "/t/{name}/activity" needs TenantView,
    /// Where [`Page::SignInSettings`] were before an organisation had an address.
    FormerSettings(name: TenantName) = "/t/{name}/settings/identity" needs TenantView,
    /// What suspends or removes a database.
    Danger(name: TenantName) = "/t/{name}/danger" needs LifecycleView,
    /// Asks whether a database is to be suspended.
    Suspend(name: TenantName) = "/t/{name}/danger/suspend" needs LifecycleView,
    /// Asks whether a database is to be resumed.
    Resume(name: TenantName) = "/t/{name}/danger/resume" needs LifecycleView,
    /// Asks whether a database is to be destroyed.
    Delete(name: TenantName) = "/t/{name}/danger/delete" needs LifecycleView,
    /// Asks whether a database is to be kept after all.
    CancelDeletion(name: TenantName) = "/t/{name}/danger/cancel-deletion" needs LifecycleView,
    /// The list of the staff.
    Staff = "/staff" needs StaffView,
    /// Where a link leads that makes somebody staff.
    StaffClaim = "/staff/claim" needs PublicView,
    /// The mail domains that staff decides.
    StaffDomains = "/staff/domains" needs DomainReview,
    /// The verified mail domains.
    VerifiedDomains = "/staff/domains/verified" needs DomainReview,
    /// Asks whether a verified domain is to be taken back; the domain with `_` for its dots.
    RevokeDomain(organisation: OrganisationId, domain: String) = "/staff/domains/verified/{organisation}/{domain}" needs DomainRevokeView,
    /// The local mailbox.
    Mailbox = "/dev/mailbox" needs PublicView,
    /// A mail of the local mailbox.
    Mail(file: String) = "/dev/mailbox/{file}" needs PublicView,
    /// What a form is sent to.
    ServerFunction(name: String) = "/do/{name}" needs PublicView,
    /// Whether the portal lives.
    Health = "/health" needs PublicView,
    /// A style, script, font or picture.
    Asset(path: String) = "/assets/{*path}" needs PublicView,
    /// The picture that browsers ask for by themselves.
    Favicon = "/favicon.ico" needs PublicView,
    /// The certificate of the authority that signed the servers' certificates.
    CaCertificate = "/ca.crt" needs PublicView,
}

/// A page of a database, once it is said of which.
pub type TenantPage = fn(Segment<TenantName>) -> Page;

/// A page of an organisation, once it is said of which.
pub type OrganisationPage = fn(Segment<OrganisationSlug>) -> Page;

impl Page {
    /// This page with a value in its query.
    #[must_use]
    pub fn with(&self, name: &str, value: impl fmt::Display) -> Link {
        Link::from(self).with(name, value)
    }

    /// The whole URL of this page, for who is elsewhere.
    pub fn absolute(&self, public_url: &str) -> String {
        format!("{public_url}{self}")
    }
}

impl fmt::Display for Page {
    /// Writes the path, percent-encoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pattern::write(self.pattern(), &self.values(), f)
    }
}

impl From<Page> for String {
    fn from(page: Page) -> Self {
        page.to_string()
    }
}

impl From<&Page> for Link {
    fn from(page: &Page) -> Self {
        Self::to(page.to_string())
    }
}

impl From<Page> for Link {
    fn from(page: Page) -> Self {
        Self::from(&page)
    }
}
