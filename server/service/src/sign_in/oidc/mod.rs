//! Signing in by a provider of identity: a browser is sent there with a question that is kept, and comes back with an
//! answer to it, once, within 10 minutes, in the same browser and for the same provider.
//!
//! The pieces: [`leave`] sends it, [`answer`] takes what it brings back and checks it with the provider, and [`enter`]
//! lets the person in whom the provider vouches for.

mod begin_authorization;
mod complete_sign_in;
mod handle_callback;
mod sign_out;
#[cfg(test)]
pub(crate) mod tests;
mod vouched;

pub(crate) use begin_authorization::context as question_context;
pub use begin_authorization::{leave, ticket};
pub use complete_sign_in::{enter, link};
pub use handle_callback::{Answered, answer};
pub use sign_out::{signed_out, way_out};
pub use vouched::Vouched;

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
