//! The claims of a signed token or of userinfo: all of them as they stand, and those that are checked, for the library.

use super::{known::Known, odd::Claims};
use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};
use innkeeper_domain::identity::{ProviderKind, Reason, Refusal};
use openidconnect::{IssuerUrl, JsonWebKey as _, core::CoreJwsSigningAlgorithm};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::Value;
use std::fmt;

/// The algorithms that count. None in which the two sides share a secret: then the public key could be taken for it.
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The claims of a token whose form is checked. A provider may say anything else in whatever form.
pub(super) const OF_TOKEN: &[&str] =
    &["iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "nonce", "name", "email", "email_verified"];
/// Those of userinfo.
pub(super) const OF_USERINFO: &[&str] = &["sub", "name", "email", "email_verified"];

/// The last second, and by its negative the first, of the library's calendar.
const LATEST: f64 = 8e12;

/// What a token or userinfo says.
pub(super) struct Payload {
    /// All of it. Null is as good as nothing.
    pub claims: Claims,
    /// What is checked of it, as JSON.
    pub typed: Vec<u8>,
}

impl Payload {
    /// Reads what a provider of this kind says, of which these claims are checked.
    pub fn read(kind: ProviderKind, checked: &[&str], json: &[u8]) -> Result<Self, serde_json::Error> {
        let claims = claims(json)?;
        // Entra says of no address that it is verified.
        let is_checked = |name: &str| {
            checked.contains(&name) && !(kind == ProviderKind::Entra && name == "email_verified")
        };
        if let Some(wrong) =
            checked.iter().filter(|name| is_checked(name)).find_map(|n| wrong_form(n, &claims))
        {
            return Err(serde_json::Error::custom(wrong));
        }
        let mut typed = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut typed);
        serde::Serializer::collect_map(&mut serializer, claims.iter().filter(|(name, _)| is_checked(name)))?;
        Ok(Self { claims, typed })
    }
}

/// The claims in an object, whoever made it. One that stands twice is refused, whatever is made of it: another reader
/// would take the other value.
pub(super) fn claims(json: &[u8]) -> Result<Claims, serde_json::Error> {
    serde_json::from_slice(json).map(|Unique(claims)| claims)
}

/// What is wrong with the form of a checked claim, if anything: the library's own error would not name the claim.
fn wrong_form(name: &str, claims: &Claims) -> Option<String> {
    let value = match claims.get(name) {
        None | Some(Value::Null) if matches!(name, "iss" | "sub" | "exp" | "iat") => {
            return Some(format!("{name} is missing"));
        }
        None => return None,
        Some(Value::Null) if name != "aud" => return None,
        Some(value) => value,
    };
    let (fits, wanted) = match name {
        "exp" | "iat" | "auth_time" => (value.is_number(), "a number"),
        "aud" => {
            let texts = value.as_array().is_some_and(|all| all.iter().all(Value::is_string));
            (texts || value.is_string(), "a text or a list of texts")
        }
        "email_verified" => {
            (value.is_boolean() || matches!(value.as_str(), Some("true" | "false")), "true or false")
        }
        _ => (value.is_string(), "a text"),
    };
    if !fits {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        return Some(format!("{name} is {found}, {wanted} is wanted"));
    }
    if value.as_f64().is_some_and(|at| at.abs() > LATEST) {
        return Some(format!("{name} is no time in seconds"));
    }
    let wrong_url = name == "iss" && value.as_str().is_some_and(|url| IssuerUrl::new(url.into()).is_err());
    wrong_url.then(|| "iss is no URL".into())
}

/// Claims of which none stands twice.
struct Unique(Claims);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of claims")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
                let mut claims = Claims::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if claims.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("{name:?} stands twice")));
                    }
                    claims.insert(name, value);
                }
                Ok(Unique(claims))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// As the library does it: what a careless encoder leaves in the last bits is read over.
const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// The bytes of a part of a token.
pub(super) fn decode(part: &str) -> Result<Vec<u8>, base64::DecodeError> {
    BASE64.decode(part)
}

/// A part of a token.
pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

#[derive(Deserialize)]
struct Head {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// What stands in a message of one of these types that one of the provider's keys has signed; `what` names it in refusals.
pub(super) fn signed(what: &str, types: &[&str], message: &str, known: &Known) -> Result<Vec<u8>, Refusal> {
    let form = |found: &str| Refusal::new(Reason::Form, format!("{what}: {found}"));
    let [head, body, signature] = message.split('.').collect::<Vec<_>>()[..] else {
        return Err(form("no signed message"));
    };
    let bytes = |part: &str| decode(part).map_err(|_| form("no signed message"));
    let text = format!("{head}.{body}");
    let head: Head = serde_json::from_slice(&bytes(head)?).map_err(|_| form("its head cannot be read"))?;
    if head.crit.is_some() || head.typ.is_some_and(|typ| !types.contains(&typ.as_str())) {
        return Err(form("its head says that it is something else"));
    }
    let signature = bytes(signature)?;
    let holds = ALGORITHMS.contains(&head.alg)
        && known.metadata.jwks().keys().iter().any(|key| {
            let named = head.kid.is_none() || head.kid.as_deref() == key.key_id().map(|id| id.as_str());
            named && key.verify_signature(&head.alg, text.as_bytes(), &signature).is_ok()
        });
    if holds {
        return bytes(body);
    }
    Err(Refusal::new(Reason::Signature, format!("{what}: no key of the provider has signed it")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Payload, String> {
        Payload::read(ProviderKind::Oidc, OF_TOKEN, json.as_bytes()).map_err(|error| error.to_string())
    }

    /// A token that has all it needs, with this besides.
    fn with(more: &str) -> String {
        format!(r#"{{"iss":"https://a.example","sub":"a","exp":1,"iat":1{more}}}"#)
    }

    #[test]
    fn only_what_is_checked_is_read_by_its_type() {
        let json = with(r#","updated_at":"today","email#de":7,"locale":{},"nbf":null"#);
        let Payload { claims, typed } = read(&json).unwrap();
        assert_eq!(claims.len(), 8);
        let typed: Value = serde_json::from_slice(&typed).unwrap();
        assert_eq!(typed, serde_json::json!({"iss": "https://a.example", "sub": "a", "exp": 1, "iat": 1}));
        for none in ["[]", "7", "null", "", "{", "{}x"] {
            assert!(read(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_claim_that_stands_twice_is_refused() {
        for name in
            ["sub", "aud", "tid", "oid", "groups", "xms_edov", "preferred_username", "sid", "nbf", "a"]
        {
            let json = format!(r#"{{"{name}":"a","b":{{"c":1}},"{name}":"a"}}"#);
            let found = claims(json.as_bytes()).unwrap_err().to_string();
            assert!(found.contains(&format!("{name:?} stands twice")), "{found}");
            assert!(read(&json).is_err_and(|found| found.contains("stands twice")), "{name}");
        }
        // What nobody reads by name may be as it is.
        assert!(claims(br#"{"a":{"b":1,"b":2}}"#).is_ok());
    }

    #[test]
    fn a_claim_of_a_wrong_form_is_named() {
        for (more, found) in [
            (r#""aud":7"#, "aud is a number, a text or a list of texts is wanted"),
            (r#""aud":["a",7]"#, "aud is a list, a text or a list of texts is wanted"),
            (r#""aud":null"#, "aud is null, a text or a list of texts is wanted"),
            (r#""auth_time":"2026-11-30""#, "auth_time is a text, a number is wanted"),
            (r#""auth_time":1e300"#, "auth_time is no time in seconds"),
            (r#""nonce":true"#, "nonce is true or false, a text is wanted"),
            (r#""azp":{}"#, "azp is an object, a text is wanted"),
            (r#""email_verified":"yes""#, "email_verified is a text, true or false is wanted"),
        ] {
            assert_eq!(read(&with(&format!(",{more}"))).err().as_deref(), Some(found), "{more}");
        }
        let whole = with("");
        for (right, wrong, found) in [
            (r#""https://a.example""#, "7", "iss is a number, a text is wanted"),
            (r#""https://a.example""#, r#""a""#, "iss is no URL"),
            (r#""exp":1"#, r#""exp":"1""#, "exp is a text, a number is wanted"),
            (r#""iat":1"#, r#""iat":[1]"#, "iat is a list, a number is wanted"),
            (r#","iat":1"#, "", "iat is missing"),
            (r#""sub":"a""#, r#""sub":null"#, "sub is missing"),
        ] {
            assert_eq!(read(&whole.replace(right, wrong)).err().as_deref(), Some(found), "{wrong}");
        }
        assert!(read(&with(r#","aud":["a"],"auth_time":1.5,"nonce":null,"azp":null"#)).is_ok());
    }
}
