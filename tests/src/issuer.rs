//! An issuer of OpenID Connect that answers as it is told, right or wrong: any number of issuers on one port, each by its
//! path.

pub mod http;
mod keys;
mod server;

pub use keys::{Keys, Signature};
pub use server::Issuer;

use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The portal's name at every issuer.
pub const CLIENT: &str = "portal";
/// Its secret there.
pub const CLIENT_SECRET: &str = "portal-secret-of-the-tests";

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers besides the length.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Body,
}

/// What is sent, and how.
#[derive(Debug, Clone)]
pub enum Body {
    /// This document.
    Json(Value),
    /// These bytes.
    Bytes(Vec<u8>),
    /// So many blanks before the document.
    Padded(usize, Value),
    /// Nothing, and the connection stays open.
    Silence,
    /// The connection is closed in the middle of the document.
    Cut(Value),
}

impl Answer {
    /// 200 and a document.
    pub fn json(value: Value) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: Body::Json(value),
        }
    }

    /// The document, to be changed.
    pub fn document(&mut self) -> &mut Value {
        match &mut self.body {
            Body::Json(value) | Body::Padded(_, value) | Body::Cut(value) => value,
            Body::Bytes(_) | Body::Silence => panic!("this answer has no document"),
        }
    }
}

/// All that an issuer says in one sign-in.
#[derive(Debug, Clone)]
pub struct Play {
    /// What it calls itself.
    pub issuer: String,
    /// Its description.
    pub description: Answer,
    /// Its keys.
    pub keys: Answer,
    /// Head and claims of the token; the nonce is filled in where it is the empty text.
    pub head: Value,
    /// The claims.
    pub claims: Value,
    /// Who signs it.
    pub signature: Signature,
    /// What comes with the token; the token is filled in where it is the empty text.
    pub token: Answer,
    /// What it says besides.
    pub userinfo: Answer,
    /// Who signs that, and for whom; nobody for plain JSON.
    pub signed_userinfo: Option<(Signature, Value)>,
    /// What the browser brings back; `state` is filled in where it is the empty text, and `code` where it is `code`.
    pub callback: Vec<(String, String)>,
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "an issuer has a clock of its own")]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs()).unwrap()
}

impl Play {
    /// What a good issuer says of a person.
    pub fn good(issuer: &str, keys: &Keys) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let description = json!({
            "issuer": issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"),
            "jwks_uri": at("/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "authorization_response_iss_parameter_supported": true,
        });
        let claims = json!({
            "iss": issuer, "sub": "jane", "aud": CLIENT, "exp": now() + 300, "iat": now(), "nonce": "",
            "name": "Jane", "email": "jane@acme.example", "email_verified": true,
        });
        let token =
            json!({ "access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": "" });
        let userinfo = json!({ "sub": "jane", "email": "jane@acme.example", "email_verified": true });
        let callback = [("code", "code"), ("state", ""), ("iss", issuer)];
        Self {
            issuer: issuer.to_owned(),
            description: Answer::json(description),
            keys: Answer::json(keys.public()),
            head: json!({ "alg": "RS256", "kid": "rsa", "typ": "JWT" }),
            claims,
            signature: Signature::Rsa,
            token: Answer::json(token),
            userinfo: Answer::json(userinfo),
            signed_userinfo: None,
            callback: callback.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }

    /// Signs what it says besides.
    pub fn sign_userinfo(&mut self, by: Signature, audience: Value) {
        self.signed_userinfo = Some((by, audience));
    }

    /// Changes a part of what the browser brings back.
    pub fn bring(&mut self, name: &str, value: &str) {
        self.callback.retain(|(other, _)| other != name);
        self.callback.push((name.to_owned(), value.to_owned()));
    }

    /// Leaves out a part of what the browser brings back.
    pub fn bring_no(&mut self, name: &str) {
        self.callback.retain(|(other, _)| other != name);
    }
}
