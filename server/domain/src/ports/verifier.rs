use crate::secret::Secret;

/// Makes what a server stores instead of a password.
pub trait Verifier: Send + Sync {
    /// The SCRAM-SHA-256 verifier of a password (RFC 5803), with a salt of its own: no two are alike.
    fn verifier(&self, password: &Secret) -> Secret;
}
