use innkeeper_domain::{ports::Verifier, secret::Secret};

/// Makes SCRAM-SHA-256 verifiers as PostgreSQL stores them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScramVerifier;

impl Verifier for ScramVerifier {
    fn verifier(&self, password: &Secret) -> Secret {
        // The library draws the salt from the system's generator itself and has no public way to be given one. A
        // salt is no key: it only has to differ, so nothing is to be decided or replayed by whoever passes it in.
        Secret::new(postgres_protocol::password::scram_sha_256(password.expose().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_has_a_salt_of_its_own_and_not_the_password() {
        let password = Secret::new("k3v9x2ABCDEFGHJKLMNPQRST");
        let (one, two) = (ScramVerifier.verifier(&password), ScramVerifier.verifier(&password));
        assert!(one.expose().starts_with("SCRAM-SHA-256$4096:"));
        assert!(!one.same(&two));
        assert!(!one.expose().contains(password.expose()));
    }
}
