//! The inputs that use cases refuse, by their names.

/// An input of a use case, as the domain calls it. A form whose field has this name shows the error beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Field {
    Account,
    Addresses,
    AllowAny,
    ClientId,
    ClientSecret,
    Code,
    Confirmation,
    Database,
    Domain,
    Email,
    Extensions,
    Group,
    GroupsClaim,
    Issuer,
    Kind,
    Label,
    Login,
    Name,
    Open,
    Organisation,
    Passkey,
    Plan,
    Reason,
    Region,
    Role,
    SignInMethod,
    Slug,
    TrustedAudiences,
}

impl Field {
    /// Its name, in forms and for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Addresses => "addresses",
            Self::AllowAny => "allow_any",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::Code => "code",
            Self::Confirmation => "confirmation",
            Self::Database => "database",
            Self::Domain => "domain",
            Self::Email => "email",
            Self::Extensions => "extensions",
            Self::Group => "group",
            Self::GroupsClaim => "groups_claim",
            Self::Issuer => "issuer",
            Self::Kind => "kind",
            Self::Label => "label",
            Self::Login => "login",
            Self::Name => "name",
            Self::Open => "open",
            Self::Organisation => "organisation",
            Self::Passkey => "passkey",
            Self::Plan => "plan",
            Self::Reason => "reason",
            Self::Region => "region",
            Self::Role => "role",
            Self::SignInMethod => "sign_in_method",
            Self::Slug => "slug",
            Self::TrustedAudiences => "trusted_audiences",
        }
    }
}
