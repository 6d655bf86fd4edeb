//! Providers of identity: OpenID Connect (`oidc`), what Authentik and Entra do in their own way (`odd`), GitHub,
//! and passkeys, which need none of them.
//!
//! Whatever is asked of a provider goes through one client (`fetch`) that follows no redirects, reads no more and waits
//! no longer than it should, and goes only where it may.

mod customers;
mod exchange;
mod fetch;
mod github;
mod graph;
mod known;
mod logout;
mod odd;
mod oidc;
mod passkeys;
mod payload;
mod registration;
mod token;
mod userinfo;

pub use customers::CustomerIssuers;
pub use fetch::{Fetch, FetchError, Lookup, Rule, SystemLookup};
pub use github::{GitHub, GitHubSettings};
pub use passkeys::WebAuthn;
pub use registration::{Oidc, OidcSettings};
