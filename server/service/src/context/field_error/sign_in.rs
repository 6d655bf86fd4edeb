//! Codes about signing in and about the methods of an account.

/// Why somebody cannot sign in with this, or change their sign-in methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInCode {
    /// No code was typed.
    CodeMissing,
    /// Not six digits.
    CodeMalformed,
    /// More than a code can be.
    CodeTooLong,
    /// Not the code of the newest mail.
    WrongCode {
        /// How many tries are left.
        tries_left: i32,
    },
    /// So many wrong codes were typed for this address today that only the link in the mail is taken.
    CodesLocked,
    /// The organisation of this mail domain lets its people in by its own sign-in only.
    SignsInElsewhere {
        /// What its people call that sign-in.
        label: String,
    },
    /// The only method that is left.
    LastMethod,
    /// The session came by an organisation's own sign-in, whose admins decide who that is.
    OrganisationSignIn,
    /// An organisation of theirs is closed to the method by which the session came.
    ClosedMethod {
        /// The organisation's name.
        organisation: String,
    },
    /// Nobody would be left to look after an organisation.
    NoAdminLeft {
        /// The organisation's name.
        organisation: String,
    },
    /// Several of the staff have this address.
    SeveralAccounts {
        /// Their account ids.
        ids: Vec<innkeeper_domain::ids::AccountId>,
    },
}

impl SignInCode {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::CodeMissing => "code_missing",
            Self::CodeMalformed => "code_malformed",
            Self::CodeTooLong => "code_too_long",
            Self::WrongCode { .. } => "wrong_code",
            Self::CodesLocked => "codes_locked",
            Self::SignsInElsewhere { .. } => "signs_in_elsewhere",
            Self::LastMethod => "last_sign_in_method",
            Self::OrganisationSignIn => "organisation_sign_in",
            Self::ClosedMethod { .. } => "closed_sign_in_method",
            Self::NoAdminLeft { .. } => "no_admin_left",
            Self::SeveralAccounts { .. } => "several_accounts",
        }
    }
}
