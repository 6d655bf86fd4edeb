//! How a server function ends.

use super::Mistakes;
use innkeeper_domain::routes::Page;
use innkeeper_service::{Error, context::target::Forbidden};
use leptos::server_fn::{
    ServerFn,
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// The one answer of a change that went well: where to go next, a path of this portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeeOther(pub String);

/// Goes there.
pub fn see_other(path: impl Into<String>) -> Result<SeeOther, Refusal> {
    Ok(SeeOther(path.into()))
}

/// The one error of every change. Leaves the process only as far as the portal's handler, which answers in HTTP.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Refusal {
    /// The form is shown again with its mistakes.
    Rejected {
        /// The form's page; may hold a query already.
        page: String,
        /// The action of the form that shows them, where it is another than the one that was sent.
        action: Option<String>,
        /// What may be echoed.
        values: serde_json::Value,
        /// By field.
        mistakes: Mistakes,
    },
    /// Not a form of this portal. Quotes what was typed: neither logged nor shown.
    Malformed(String),
    /// A member of the organisation whose role lacks the permission.
    Forbidden(Forbidden),
    /// Not there, or not theirs.
    NotFound,
    /// Changed since the person looked.
    Conflict {
        /// The page that shows how it stands now, where it is known.
        return_to: Option<String>,
    },
    /// The control database cannot be reached at the moment.
    Away,
    /// Too often; seconds to wait.
    TooMany(u64),
    /// The sign-in is too old; afterwards the person comes back to this page.
    StaleSignIn {
        /// That page.
        return_to: String,
    },
    /// A fault of ours, logged where it became a refusal.
    Internal,
}

/// Turns a use case's error into a refusal: mistakes go back to `page` with what was typed.
pub fn refused<T: Serialize>(page: &str, form: &T, error: Error) -> Refusal {
    match error {
        Error::Rejected(errors) => Refusal::Rejected {
            page: page.into(),
            action: None,
            // Forms are structs of texts, which always serialise.
            values: serde_json::to_value(form).unwrap_or_default(),
            mistakes: Mistakes::from(&errors),
        },
        Error::Conflict => Refusal::Conflict { return_to: Some(page.into()) },
        Error::StaleSignIn => Refusal::StaleSignIn { return_to: page.into() },
        other => other.into(),
    }
}

impl Refusal {
    /// The same, shown by the form of another action than the one that was sent.
    pub fn shown_by<F: ServerFn>(self) -> Self {
        match self {
            Self::Rejected { page, values, mistakes, .. } => {
                Self::Rejected { page, action: Some(F::PATH.into()), values, mistakes }
            }
            other => other,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::Forbidden(forbidden) => Self::Forbidden(forbidden),
            Error::TooMany(seconds) => Self::TooMany(seconds),
            Error::StaleSignIn => Self::StaleSignIn { return_to: Page::Landing.into() },
            Error::Conflict => Self::Conflict { return_to: None },
            Error::Away(error) => {
                tracing::error!(%error, "a change failed, since the control database is away");
                Self::Away
            }
            error => {
                tracing::error!(%error, "a change failed");
                Self::Internal
            }
        }
    }
}

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(what) | ServerFnErrorErr::Deserialization(what) => Self::Malformed(what),
            other => {
                tracing::error!(error = %other, "server function");
                Self::Internal
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use innkeeper_service::context::field_error::{Field, SignInCode};

    #[test]
    fn mistakes_keep_what_was_typed_but_no_secret() {
        #[derive(Serialize)]
        struct Typed {
            email: String,
            code: super::super::Secret,
        }
        let typed = Typed { email: "a@b".into(), code: super::super::Secret("123456".into()) };
        let Refusal::Rejected { page, action: None, values, mistakes } =
            refused(&Page::Verify.to_string(), &typed, Error::rejected(Field::Code, SignInCode::CodeMissing))
        else {
            panic!("not rejected");
        };
        assert_eq!(page, "/verify");
        assert_eq!(values, serde_json::json!({ "email": "a@b", "code": "" }));
        assert_eq!(mistakes.of("code"), Some("Enter the six digits from the e-mail."));
        assert_eq!(mistakes.0[0].code, "code_missing");
        assert!(!format!("{typed:?}", typed = typed.code).contains("123456"));
    }
}
