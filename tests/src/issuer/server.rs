use super::{
    Answer, Body, CLIENT, CLIENT_SECRET, Keys, Play,
    http::{Request, serve},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use url::Url;

/// What a code was given for.
struct Question {
    nonce: String,
    challenge: String,
    callback: String,
    /// What the token will say.
    claims: Value,
}

/// An issuer: what it says, the questions it was asked, and how often it was asked at each path.
struct Stage {
    play: Play,
    questions: HashMap<String, Question>,
    given: usize,
    asked: HashMap<String, usize>,
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
        let (keys, stages) = (Arc::new(Keys::draw()), Arc::<Mutex<HashMap<_, _>>>::default());
        let issuer = Self { address: String::new(), keys, stages };
        let answering = issuer.clone();
        let address = serve(move |request| answering.answer(request)).await;
        Self { address, ..issuer }
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
        let mut stages = self.stages.lock().unwrap();
        let asked = stages.remove(name).map(|stage| stage.asked).unwrap_or_default();
        stages.insert(name.to_owned(), Stage { play, questions: HashMap::new(), given: 0, asked });
    }

    /// Changes what an issuer says from now on; the codes it gave stay.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut Play)) {
        change(&mut self.stages.lock().unwrap().get_mut(name).unwrap().play);
    }

    /// How often an issuer was asked at a path.
    pub fn asked(&self, name: &str, path: &str) -> usize {
        self.stages.lock().unwrap()[name].asked.get(path).copied().unwrap_or(0)
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
        let Stage { play, questions, given, .. } = stages.get_mut(name).unwrap();
        *given += 1;
        let code = format!("code-{given}");
        let question = Question {
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
            callback: asked["redirect_uri"].clone(),
            claims: play.claims.clone(),
        };
        questions.insert(code.clone(), question);
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        for (part, value) in &play.callback {
            let own = match (part.as_str(), value.as_str()) {
                ("state", "") => &asked["state"],
                ("code", "code") => &code,
                _ => value,
            };
            back.query_pairs_mut().append_pair(part, own);
        }
        back[url::Position::BeforePath..].to_owned()
    }

    fn answer(&self, request: &Request) -> Answer {
        let mut stages = self.stages.lock().unwrap();
        let path = request.path.trim_start_matches('/');
        let found = stages
            .iter_mut()
            .find_map(|(name, stage)| Some((path.strip_prefix(name.as_str())?.strip_prefix('/')?, stage)));
        let missing = Answer { status: 404, ..Answer::json(json!({})) };
        let Some((what, stage)) = found else { return missing };
        *stage.asked.entry(what.to_owned()).or_default() += 1;
        match what {
            ".well-known/openid-configuration" => stage.play.description.clone(),
            "keys" => stage.play.keys.clone(),
            "userinfo" => self.userinfo(&stage.play),
            "token" => self.redeem(stage, request),
            _ => missing,
        }
    }

    /// As JSON, or signed (OpenID Connect Core 1.0, section 5.3.2).
    fn userinfo(&self, play: &Play) -> Answer {
        let mut answer = play.userinfo.clone();
        if let Some((by, audience)) = &play.signed_userinfo {
            let mut claims = answer.document().clone();
            claims["iss"] = play.issuer.clone().into();
            claims["aud"] = audience.clone();
            answer.body = Body::Bytes(self.keys.sign(&play.head, &claims, *by).into_bytes());
            answer.headers = vec![("Content-Type".into(), "application/jwt".into())];
        }
        answer
    }

    /// A code counts once, and for who was given it (RFC 6749, section 5.2; RFC 7636, section 4.6).
    fn redeem(&self, Stage { play, questions, .. }: &mut Stage, request: &Request) -> Answer {
        let refuse = |status, error| Answer { status, ..Answer::json(json!({ "error": error })) };
        let sent = request.form();
        let given = |name: &str| sent.get(name).map_or("", String::as_str);
        let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}")));
        if request.header("authorization") != basic && given("client_secret") != CLIENT_SECRET {
            return refuse(401, "invalid_client");
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, given("code_verifier").as_bytes());
        let shown = URL_SAFE_NO_PAD.encode(digest);
        let fits =
            |question: &Question| question.challenge == shown && question.callback == given("redirect_uri");
        let Some(mut question) = questions.remove(given("code")).filter(fits) else {
            return refuse(400, "invalid_grant");
        };
        let mut answer = play.token.clone();
        if let Body::Json(document) | Body::Padded(_, document) | Body::Cut(document) = &mut answer.body
            && document["id_token"] == ""
        {
            if question.claims["nonce"] == "" {
                question.claims["nonce"] = Value::from(question.nonce);
            }
            document["id_token"] = self.keys.sign(&play.head, &question.claims, play.signature).into();
        }
        answer
    }
}
