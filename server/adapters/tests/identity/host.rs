//! An issuer on a host of this machine, over TLS, as an operator may allow one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ED25519, PublicKeyData as _,
    SigningKey as _,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use time::OffsetDateTime;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// Its name.
pub const NAME: &str = "issuer.internal";
/// What the tokens it gives say.
pub const CLIENT: &str = "portal";
pub const NONCE: &str = "the nonce of the tests";

/// What it is asked for, and how often it was.
#[derive(Default)]
struct Said {
    answers: BTreeMap<String, Answer>,
    asked: BTreeMap<String, usize>,
}

#[derive(Clone)]
struct Answer {
    status: u16,
    location: String,
    document: Value,
}

/// One issuer.
pub struct Host {
    /// Its address, without a slash at its end.
    pub address: String,
    /// The certificate (PEM) that its own is checked by.
    pub ca: String,
    said: Arc<Mutex<Said>>,
    good: BTreeMap<String, Answer>,
}

const DESCRIPTION: &str = "/.well-known/openid-configuration";
/// Where it is asked for something, by the member of the description that names the place.
pub const PLACES: [(&str, &str); 3] =
    [("jwks_uri", "/keys"), ("token_endpoint", "/token"), ("userinfo_endpoint", "/userinfo")];

impl Host {
    /// Starts to answer, all as it should be.
    pub async fn start() -> Self {
        let (ca, acceptor) = tls();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("https://{NAME}:{}", listener.local_addr().unwrap().port());
        let good: BTreeMap<_, _> = good(&address)
            .into_iter()
            .map(|(path, document)| {
                (path.to_owned(), Answer { status: 200, location: String::new(), document })
            })
            .collect();
        let said = Arc::new(Mutex::new(Said { answers: good.clone(), asked: BTreeMap::new() }));
        let answering = said.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, said) = (acceptor.clone(), answering.clone());
                tokio::spawn(async move {
                    // Who does not trust it, or has heard enough, is no failure here.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let _ = answer(stream, &said).await;
                });
            }
        });
        Self { address, ca, said, good }
    }

    /// All as it should be again.
    pub fn be_good(&self) {
        self.said.lock().unwrap().answers.clone_from(&self.good);
    }

    /// Describes itself with this place elsewhere.
    pub fn name(&self, place: &str, address: &str) {
        let mut said = self.said.lock().unwrap();
        said.answers.get_mut(DESCRIPTION).unwrap().document[place] = address.into();
    }

    /// Sends whoever comes to a path elsewhere.
    pub fn redirect(&self, path: &str, status: u16, location: &str) {
        let answer = Answer { status, location: format!("Location: {location}\r\n"), document: json!({}) };
        self.said.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    /// How often it was asked at a path.
    pub fn asked(&self, path: &str) -> usize {
        self.said.lock().unwrap().asked.get(path).copied().unwrap_or(0)
    }
}

/// A CA, and a server with a certificate of it.
fn tls() -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([NAME.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (ca.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// What a good issuer answers at each path.
fn good(address: &str) -> [(&'static str, Value); 4] {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let now = now();
    let head = json!({ "alg": "EdDSA", "kid": "one" });
    let claims = json!({
        "iss": address, "sub": "jane", "aud": CLIENT, "exp": now + 3600, "iat": now, "nonce": NONCE,
        // Not of the standard's form, and nothing is made of them.
        "updated_at": "2026-11-30T12:00:00.123Z", "address": "Main Street 1", "locale": 7,
    });
    let text = format!("{}.{}", encode(head.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let token = format!("{text}.{}", encode(&key.sign(text.as_bytes()).unwrap()));
    let description = json!({
        "issuer": address,
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{address}/token"),
        "userinfo_endpoint": format!("{address}/userinfo"),
        "jwks_uri": format!("{address}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    });
    let keys = json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "one", "x": encode(key.der_bytes()) },
    ]});
    let redeemed = json!({ "access_token": "access", "token_type": "Bearer", "id_token": token });
    [
        (DESCRIPTION, description),
        ("/keys", keys),
        ("/token", redeemed),
        (
            "/userinfo",
            json!({ "sub": "jane", "email": "jane@acme.example", "email_verified": true,
            "updated_at": "2026-11-30T12:00:00.123Z", "phone_number_verified": "unknown", "picture": {} }),
        ),
    ]
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "an issuer has a clock of its own")]
fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

async fn answer(
    mut stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>,
    said: &Mutex<Said>,
) -> std::io::Result<()> {
    let mut got = Vec::new();
    // No body is read: whatever is sent, the answer is the same.
    while !got.windows(4).any(|four| four == b"\r\n\r\n") {
        if stream.read_buf(&mut got).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&got).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let found = {
        let mut said = said.lock().unwrap();
        *said.asked.entry(path.clone()).or_default() += 1;
        said.answers.get(&path).cloned()
    };
    let missing = Answer { status: 404, location: String::new(), document: json!({}) };
    let Answer { status, location, document } = found.unwrap_or(missing);
    let body = document.to_string();
    let answer = format!(
        "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{location}\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
