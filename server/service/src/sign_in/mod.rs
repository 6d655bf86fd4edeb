//! How people sign in, and the sign-in methods of their accounts: by e-mail, by a provider, by passkey.

pub mod account;
pub mod email;
pub mod oidc;
pub mod passkey;
mod refused;
