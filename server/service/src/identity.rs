//! Signing in by a provider of identity: a browser is sent there with a question that is kept, and comes back with an
//! answer to it, once, within 10 minutes, in the same browser and for the same provider.
//!
//! The pieces: [`leave`] sends it, [`answer`] takes what it brings back and checks it with the provider, and [`enter`]
//! lets the person in whom the provider vouches for.

mod answer;
mod enter;
mod join;
mod leave;
mod own_address;
mod providers;
mod refused;
mod removed;
mod sign_out;
mod standing;
#[cfg(test)]
pub(crate) mod tests;

pub use answer::{Answered, Vouched, answer};
pub use enter::{enter, link};
pub(crate) use join::{leave_all, rules};
pub use leave::{leave, ticket};
pub(crate) use own_address::own_address;
pub(crate) use providers::secret_context;
pub use providers::{Provider, Providers, named};
pub(crate) use refused::record_refusal_by;
pub use removed::end_removed;
pub use sign_out::{signed_out, way_out};

/// Why somebody goes to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in, or up.
    SignIn,
    /// To have it as one more way in.
    Link,
    /// To show that it is still them.
    Fresh,
    /// To see what the organisation's own way would make of them.
    Trial,
    /// To show which organisations there are theirs.
    Own,
}

impl Purpose {
    /// As stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Link => "link",
            Self::Fresh => "fresh",
            Self::Trial => "trial",
            Self::Own => "own",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::SignIn, Self::Link, Self::Fresh, Self::Trial, Self::Own]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}
