use super::{Answer, Body, CLIENT, CLIENT_SECRET, Keys, Play};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// A sign-in at an issuer: what it says, and the question it was asked.
struct Stage {
    play: Play,
    nonce: String,
    challenge: String,
}

/// The issuers, on one port of this machine.
#[derive(Clone)]
pub struct Issuer {
    address: String,
    keys: Arc<Keys>,
    stages: Arc<Mutex<HashMap<String, Stage>>>,
}

impl Issuer {
    /// Starts to answer.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { address, keys: Arc::new(Keys::draw()), stages: Arc::default() };
        let answering = issuer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answering.clone().answer(stream));
            }
        });
        issuer
    }

    /// Where an issuer of this name is.
    pub fn address(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// The keys of all of them.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Lets an issuer say this from now on.
    pub fn say(&self, name: &str, play: Play) {
        let stage = Stage { play, nonce: String::new(), challenge: String::new() };
        self.stages.lock().unwrap().insert(name.to_owned(), stage);
    }

    /// Signs somebody in who was sent here with this address: where their browser is sent back to.
    pub fn sign_in(&self, name: &str, sent: &str) -> String {
        let sent = Url::parse(sent).unwrap();
        let asked: HashMap<_, _> = sent.query_pairs().into_owned().collect();
        for (part, wanted) in
            [("response_type", "code"), ("client_id", CLIENT), ("code_challenge_method", "S256")]
        {
            assert_eq!(asked.get(part).map(String::as_str), Some(wanted), "{sent}");
        }
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"), "{sent}");
        let mut stages = self.stages.lock().unwrap();
        let stage = stages.get_mut(name).unwrap();
        stage.nonce.clone_from(&asked["nonce"]);
        stage.challenge.clone_from(&asked["code_challenge"]);
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        for (part, value) in &stage.play.callback {
            let own = if part == "state" && value.is_empty() { &asked["state"] } else { value };
            back.query_pairs_mut().append_pair(part, own);
        }
        back[url::Position::BeforePath..].to_owned()
    }

    async fn answer(self, mut stream: TcpStream) {
        let Some((path, head, body)) = read(&mut stream).await else { return };
        let answer = self.say_to(&path, &head, &body);
        // The portal may have heard enough.
        let _ = send(&mut stream, answer).await;
    }

    fn say_to(&self, path: &str, head: &str, body: &str) -> Answer {
        let stages = self.stages.lock().unwrap();
        let (name, what) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let missing = Answer { status: 404, ..Answer::json(json!({})) };
        let Some(Stage { play, nonce, challenge }) = stages.get(name) else { return missing };
        match what {
            ".well-known/openid-configuration" => play.description.clone(),
            "keys" => play.keys.clone(),
            "userinfo" => play.userinfo.clone(),
            "token" => {
                check_redeemed(head, body, challenge);
                let mut answer = play.token.clone();
                if let Body::Json(document) | Body::Padded(_, document) | Body::Cut(document) =
                    &mut answer.body
                    && document["id_token"] == ""
                {
                    let mut claims = play.claims.clone();
                    if claims["nonce"] == "" {
                        claims["nonce"] = Value::from(nonce.as_str());
                    }
                    document["id_token"] = self.keys.sign(&play.head, &claims, play.signature).into();
                }
                answer
            }
            _ => missing,
        }
    }
}

/// The portal must say who it is, and show what the question's hash was made of.
fn check_redeemed(head: &str, body: &str, challenge: &str) {
    let sent: HashMap<_, _> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let verifier = sent.get("code_verifier").expect("a verifier");
    let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
    assert_eq!(hash, challenge, "the verifier is that of the question");
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}")));
    let shown = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .any(|(name, value)| name.eq_ignore_ascii_case("authorization") && value == basic)
        || sent.get("client_secret").is_some_and(|secret| secret == CLIENT_SECRET);
    assert!(shown, "the portal says who it is: {head}");
}

/// Path, head and body of a request.
async fn read(stream: &mut TcpStream) -> Option<(String, String, String)> {
    let mut got = Vec::new();
    let end = loop {
        if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut got).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&got[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    while got.len() < end + 4 + length.unwrap_or(0) {
        if stream.read_buf(&mut got).await.ok()? == 0 {
            return None;
        }
    }
    let path = head.split(' ').nth(1)?.to_owned();
    Some((path, head, String::from_utf8_lossy(&got[end + 4..]).into_owned()))
}

async fn send(stream: &mut TcpStream, answer: Answer) -> std::io::Result<()> {
    let (bytes, whole) = match answer.body {
        Body::Json(value) => (value.to_string().into_bytes(), true),
        Body::Bytes(bytes) => (bytes, true),
        Body::Padded(blanks, value) => ([vec![b' '; blanks], value.to_string().into_bytes()].concat(), true),
        Body::Silence => std::future::pending().await,
        Body::Cut(value) => (value.to_string().into_bytes(), false),
    };
    let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {} Answer\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        answer.status,
        bytes.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let sent = if whole { &bytes[..] } else { &bytes[..bytes.len() / 2] };
    stream.write_all(sent).await?;
    stream.shutdown().await
}
