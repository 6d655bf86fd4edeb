use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use std::process::Command;

/// Who signs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// The issuer's RSA key (RS256).
    Rsa,
    /// The issuer's curve key (ES256).
    Curve,
    /// An RSA key that is nobody's.
    Stranger,
    /// The client's secret (HS256).
    Secret,
    /// The text of the issuer's public key, taken for a secret (HS256).
    PublicKey,
    /// Nobody: the signature is empty.
    Nobody,
    /// Sixty-four zeros, which a careless check of ES256 takes.
    Zeros,
    /// The issuer's RSA key, with one bit turned.
    Flipped,
}

/// The keys of all issuers of a test.
pub struct Keys {
    rsa: RsaKeyPair,
    stranger: RsaKeyPair,
    curve: EcdsaKeyPair,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa() -> RsaKeyPair {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER"])
        .output()
        .expect("openssl makes the RSA keys: run script/setup test");
    RsaKeyPair::from_der(&made.stdout).unwrap()
}

impl Keys {
    /// New ones.
    pub fn draw() -> Self {
        let random = SystemRandom::new();
        let curve = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let curve =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, curve.as_ref(), &random).unwrap();
        Self { rsa: rsa(), stranger: rsa(), curve }
    }

    /// The public keys of the issuer (RFC 7517).
    pub fn public(&self) -> Value {
        let point = self.curve.public_key().as_ref();
        json!({ "keys": [
            public_rsa(&self.rsa, "rsa"),
            { "kty": "EC", "use": "sig", "alg": "ES256", "kid": "curve", "crv": "P-256",
              "x": encode(&point[1..33]), "y": encode(&point[33..]) },
        ]})
    }

    /// The public key of nobody.
    pub fn stranger(&self) -> Value {
        public_rsa(&self.stranger, "rsa")
    }

    /// A signed token (RFC 7515).
    pub fn sign(&self, head: &Value, claims: &Value, by: Signature) -> String {
        let text = format!("{}.{}", encode(head.to_string()), encode(claims.to_string()));
        let random = SystemRandom::new();
        let rsa = |key: &RsaKeyPair| {
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
            signature
        };
        let shared = |secret: &[u8]| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes()).as_ref().to_vec()
        };
        let signature = match by {
            Signature::Rsa => rsa(&self.rsa),
            Signature::Stranger => rsa(&self.stranger),
            Signature::Curve => self.curve.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Signature::Secret => shared(super::CLIENT_SECRET.as_bytes()),
            Signature::PublicKey => shared(self.public()["keys"][0]["n"].as_str().unwrap().as_bytes()),
            Signature::Nobody => Vec::new(),
            Signature::Zeros => vec![0; 64],
            Signature::Flipped => {
                let mut signature = rsa(&self.rsa);
                signature[100] ^= 1;
                signature
            }
        };
        format!("{text}.{}", encode(signature))
    }
}

fn public_rsa(key: &RsaKeyPair, kid: &str) -> Value {
    let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(key.public());
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": encode(n), "e": encode(e) })
}
