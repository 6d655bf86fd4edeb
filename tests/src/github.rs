//! GitHub as it answers: refusals with status 200, codes that count once and only with the verifier of their question, and
//! an API whose answers have what its description requires (`github/required.json`, made from npm's `@octokit/openapi`
//! 23.0.2: each required member with its type, `?` where it may be null).

mod api;

pub use api::required;

use crate::issuer::{
    Answer, Body, CLIENT, CLIENT_SECRET,
    http::{Request, serve},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use url::Url;

/// Somebody at GitHub.
#[derive(Debug, Clone)]
pub struct Someone {
    /// Their number, which stays.
    pub id: u64,
    /// Their name there, which may be given to somebody else.
    pub login: String,
    /// Their addresses: address, whether it is the first one, whether it is verified.
    pub addresses: Vec<(String, bool, bool)>,
    /// Their organisations.
    pub organisations: Vec<Belongs>,
}

/// How somebody belongs to an organisation.
#[derive(Debug, Clone)]
pub struct Belongs {
    /// The organisation's number and name.
    pub to: (i64, String),
    /// `active`, or `pending` for who was invited.
    pub state: &'static str,
    /// `admin` for an owner, `member`, or `billing_manager`.
    pub role: &'static str,
    /// Their teams in it, by number and name.
    pub teams: Vec<(i64, String)>,
}

impl Belongs {
    /// One of the people of an organisation, in these teams.
    pub fn new(number: i64, login: &str, teams: &[(i64, &str)]) -> Self {
        let teams = teams.iter().map(|(number, name)| (*number, (*name).to_owned())).collect();
        Self { to: (number, login.into()), state: "active", role: "member", teams }
    }
}

impl Someone {
    /// Somebody with one verified address.
    pub fn new(id: u64, login: &str, address: &str) -> Self {
        Self { id, login: login.into(), addresses: vec![(address.into(), true, true)], organisations: vec![] }
    }
}

/// What stands behind a code, and then behind a token.
#[derive(Debug, Clone)]
struct Grant {
    person: Someone,
    scopes: Vec<String>,
    challenge: String,
    callback: String,
}

#[derive(Default)]
struct State {
    /// How many codes were given.
    given: usize,
    codes: HashMap<String, Grant>,
    tokens: HashMap<String, Grant>,
    /// All teams of the organisations, by the organisation's name.
    teams: HashMap<String, Vec<(i64, String)>>,
    /// What is answered at a path instead.
    instead: HashMap<String, Answer>,
}

/// GitHub, on one port of this machine: its pages at the address, its API under `/api`.
#[derive(Clone)]
pub struct GitHub {
    address: String,
    state: Arc<Mutex<State>>,
}

impl GitHub {
    /// Starts to answer.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let answering = state.clone();
        let address = serve(move |request| answering.lock().unwrap().answer(request)).await;
        Self { address, state }
    }

    /// The address of its pages.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An organisation has these teams from now on.
    pub fn teams(&self, login: &str, teams: &[(i64, &str)]) {
        let teams = teams.iter().map(|(number, name)| (*number, (*name).to_owned())).collect();
        self.state.lock().unwrap().teams.insert(login.to_owned(), teams);
    }

    /// Answers this at a path from now on.
    pub fn instead(&self, path: &str, answer: Answer) {
        self.state.lock().unwrap().instead.insert(path.to_owned(), answer);
    }

    /// Answers as it should again.
    pub fn as_ever(&self) {
        self.state.lock().unwrap().instead.clear();
    }

    /// A token with these rights, as if the person had given it.
    pub fn token(&self, person: &Someone, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let grant =
            Grant { person: person.clone(), scopes, challenge: String::new(), callback: String::new() };
        self.state.lock().unwrap().give(grant)
    }

    /// Signs a person in who was sent here with this address: where their browser is sent back to.
    pub fn sign_in(&self, sent: &str, person: &Someone) -> String {
        let sent = Url::parse(sent).unwrap();
        assert!(sent.as_str().starts_with(&format!("{}/login/oauth/authorize?", self.address)), "{sent}");
        let asked: HashMap<_, _> = sent.query_pairs().into_owned().collect();
        assert_eq!((asked["client_id"].as_str(), asked["code_challenge_method"].as_str()), (CLIENT, "S256"));
        let mut state = self.state.lock().unwrap();
        state.given += 1;
        let code = format!("code-{}", state.given);
        let grant = Grant {
            person: person.clone(),
            scopes: asked["scope"].split(' ').map(str::to_owned).collect(),
            challenge: asked["code_challenge"].clone(),
            callback: asked["redirect_uri"].clone(),
        };
        state.codes.insert(code.clone(), grant);
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked["state"]);
        back[url::Position::BeforePath..].to_owned()
    }
}

impl State {
    fn give(&mut self, grant: Grant) -> String {
        let token = format!("gho_{}", self.tokens.len());
        self.tokens.insert(token.clone(), grant);
        token
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if let Some(answer) = self.instead.get(path) {
            return answer.clone();
        }
        match path.strip_prefix("/api") {
            Some(path) => self.call(path, query, request),
            None if path == "/login/oauth/access_token" => self.redeem(request),
            None => Answer { status: 404, ..Answer::json(json!({})) },
        }
    }

    /// Gives a token for a code, or says with status 200 why not (GitHub Docs, "Troubleshooting OAuth app access token
    /// request errors").
    fn redeem(&mut self, request: &Request) -> Answer {
        let sent = request.form();
        let given = |name: &str| sent.get(name).map_or("", String::as_str);
        let refuse = |error: &str, description: &str| {
            let at = "/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors";
            Answer::json(json!({
                "error": error, "error_description": description, "error_uri": format!("https://docs.github.com{at}"),
            }))
        };
        if (given("client_id"), given("client_secret")) != (CLIENT, CLIENT_SECRET) {
            let description = "The client_id and/or client_secret passed are incorrect.";
            return refuse("incorrect_client_credentials", description);
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, given("code_verifier").as_bytes());
        let shown = URL_SAFE_NO_PAD.encode(digest);
        // A code counts once, whatever comes of it.
        let Some(grant) = self.codes.remove(given("code")).filter(|grant| grant.challenge == shown) else {
            return refuse("bad_verification_code", "The code passed is incorrect or expired.");
        };
        if grant.callback != given("redirect_uri") {
            let description = "The redirect_uri MUST match the registered callback URL for this application.";
            return refuse("redirect_uri_mismatch", description);
        }
        let scope = grant.scopes.join(",");
        let token = self.give(grant);
        if request.header("accept").contains("application/json") {
            return Answer::json(json!({ "access_token": token, "token_type": "bearer", "scope": scope }));
        }
        let text = format!("access_token={token}&scope={scope}&token_type=bearer");
        let headers =
            vec![("Content-Type".into(), "application/x-www-form-urlencoded; charset=utf-8".into())];
        Answer { status: 200, headers, body: Body::Bytes(text.into_bytes()) }
    }

    /// What the API says to a token.
    fn call(&self, path: &str, query: &str, request: &Request) -> Answer {
        let problem = |status, message: &str| Answer {
            status,
            ..Answer::json(json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }))
        };
        if request.header("user-agent").is_empty() {
            return problem(403, "Request forbidden by administrative rules.");
        }
        let token = request.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let Some(Grant { person, scopes, .. }) = self.tokens.get(token) else {
            return problem(401, "Bad credentials");
        };
        let may = |scope: &str| scopes.iter().any(|given| given == scope);
        let page = |all| Answer::json(api::page(all, query));
        let of = path.strip_prefix("/orgs/").and_then(|rest| rest.strip_suffix("/teams"));
        match path {
            "/user" => Answer::json(api::user(person)),
            "/user/emails" if may("user:email") => page(api::emails(person)),
            "/user/memberships/orgs" if may("read:org") => page(api::memberships(person, query)),
            "/user/teams" if may("read:org") => page(api::teams(person)),
            _ => match of.and_then(|login| self.teams.get(login)) {
                Some(teams) if may("read:org") => page(teams.iter().map(api::team).collect()),
                _ => problem(404, "Not Found"),
            },
        }
    }
}
