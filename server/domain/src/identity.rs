//! Signing in by somebody else's word: the providers of identity, what they say of a person, and why their word is
//! not taken.

mod facts;
mod github;
mod provider;
mod refusal;
mod rules;

pub use facts::{Contact, Facts, Groups, Subject, SubjectError};
pub use github::{GitHubLogin, GitHubLoginError, GitHubOrganisation, GitHubTeam};
pub use provider::{ProviderId, ProviderIdError, ProviderKind};
pub use refusal::{Reason, Refusal};
pub use rules::{GroupRule, role_of};
