//! Organisations, each at its own address, and how their people come in: the own issuer, mail domains, organisations at
//! GitHub, what groups make of people, and whether other ways stay open. Only admins see and change that, with a fresh
//! sign-in.

mod change;
mod create;
mod domain_review;
mod domain_revoked_mail;
mod domains;
#[cfg(test)]
mod fixtures;
pub mod github;
mod list;
pub mod membership_source;
pub mod membership_sync;
mod rename_slug;
mod revoke_domain;
pub mod search;
pub mod sso;
#[cfg(test)]
mod tests;
pub mod verified_domain;
mod verified_domains;
mod view;

pub use domain_review::{Waiting, decide, waiting};
pub use domains::{DomainLine, add_domain, ask_staff, check_domain, remove_domain};
pub use github::{GitHubGroup, GitHubLine, add_github, remove_github};
pub use list::{OrganisationLine, list};
pub use rename_slug::rename_slug;
pub use revoke_domain::{TakingBack, take_back, taking_back};
pub use sso::{
    connection::{IssuerForm, remove_issuer, save_issuer},
    enforcement::{Closed, KnownWay, closed, enforce, way_of},
    group_mapping::{add_group, remove_group},
    relax::{Relaxed, relax},
    test_sign_in::Trial,
    view::{IdentityView, IssuerView, OpenWay, identity},
};
pub use verified_domains::{Proven, proven};
pub use view::{OrganisationView, open};

pub(crate) use create::create;
