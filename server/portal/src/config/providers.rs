//! `[[identity.provider]]`: who vouches for people. Only in the file, since there may be any number of them.

use super::{
    parse,
    problem::Problem,
    staff_groups::{is_anybodys, staff_groups},
};
use innkeeper_domain::{
    identity::{ProviderId, ProviderKind},
    secret::Secret,
    staff::StaffGroups,
    text,
};
use std::{collections::BTreeSet, fs, path::PathBuf};
use toml::{Table, Value};
use url::Url;
use uuid::Uuid;

/// The name of the table in the file.
pub(super) const TABLE: &str = "identity";
/// Where Entra is, and GitHub.
const ENTRA: &str = "https://login.microsoftonline.com";
const GITHUB: (&str, &str) = ("https://github.com", "https://api.github.com");
/// The longest label.
const LABEL: usize = 40;

/// A provider of identity, as configured.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its short name.
    pub id: ProviderId,
    /// What speaks there.
    pub kind: ProviderKind,
    /// What people call it.
    pub label: String,
    /// Its issuer; for GitHub the address of its pages.
    pub issuer: String,
    /// The address of GitHub's API.
    pub api: String,
    /// The portal's name there.
    pub client_id: String,
    /// The portal's secret there.
    pub client_secret: Option<Secret>,
    /// Whom its tokens may be for besides the portal.
    pub trusted_audiences: Vec<String>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds the groups.
    pub groups_claim: String,
    /// Whether an address may be written to that it has not verified.
    pub unverified_address: bool,
    /// Whose members are staff, and as what.
    pub staff_groups: StaffGroups,
    /// Certificates (PEM) to trust besides the public ones.
    pub ca: Option<String>,
}

/// Reads all providers; what is wrong with one is noted and does not hide what is wrong with the next.
pub(super) fn read(path: &str, value: &Value, problems: &mut Vec<Problem>) -> Vec<ProviderConfig> {
    let listed = value.as_table().filter(|table| table.keys().all(|key| key == "provider"));
    let Some(Value::Array(listed)) = listed.and_then(|table| table.get("provider")) else {
        problems.push(Problem {
            name: path.to_owned(),
            problem: "`identity` holds [[identity.provider]] and [identity.customers]".into(),
            example: None,
        });
        return Vec::new();
    };
    let mut ids = BTreeSet::new();
    let mut read = Vec::new();
    for (nth, one) in listed.iter().enumerate() {
        let Value::Table(table) = one else { continue };
        let name = table
            .get("id")
            .and_then(Value::as_str)
            .map_or_else(|| format!("number {}", nth + 1), str::to_owned);
        let mut entry = Entry { table, name, asked: BTreeSet::new(), problems };
        let provider = entry.provider();
        if let Some(provider) = provider {
            if !ids.insert(provider.id.clone()) {
                entry.wrong("id", "is another provider's, too");
            }
            read.push(provider);
        }
    }
    read
}

struct Entry<'a> {
    table: &'a Table,
    name: String,
    /// The keys that mean something for this kind.
    asked: BTreeSet<&'static str>,
    problems: &'a mut Vec<Problem>,
}

impl Entry<'_> {
    fn wrong(&mut self, key: &str, problem: impl Into<String>) {
        let name = format!("identity.provider {}: {key}", self.name);
        self.problems.push(Problem { name, problem: problem.into(), example: None });
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        self.asked.insert(key);
        match self.table.get(key) {
            None => None,
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Some(_) => {
                self.wrong(key, "is no text, or an empty one");
                None
            }
        }
    }

    fn needed(&mut self, key: &'static str, why: &str) -> Option<String> {
        let text = self.text(key);
        if text.is_none() && !self.table.contains_key(key) {
            self.wrong(key, format!("is missing: {why}"));
        }
        text
    }

    fn list(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.asked.insert(key);
        let value = self.table.get(key)?;
        let texts = value.as_array().and_then(|items| {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        if texts.is_none() {
            self.wrong(key, "is no list of texts");
        }
        texts
    }

    fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.asked.insert(key);
        let value = self.table.get(key)?;
        if value.as_bool().is_none() {
            self.wrong(key, "is neither true nor false");
        }
        value.as_bool()
    }

    /// Whom tokens may be for besides the portal. GitHub makes no tokens.
    fn trusted_audiences(&mut self, kind: ProviderKind) -> Vec<String> {
        const KEY: &str = "trusted_audiences";
        let listed = if kind == ProviderKind::GitHub { None } else { self.list(KEY) }.unwrap_or_default();
        // An audience is compared to the letter: with a blank at its end it would be without effect.
        if listed.iter().any(|audience| audience.is_empty() || audience.trim() != audience) {
            self.wrong(KEY, "holds an empty text, or one with blanks around it");
        }
        listed
    }

    /// Groups by role. GitHub tells of none.
    fn staff_groups(&mut self, kind: ProviderKind, issuer: Option<&String>) -> StaffGroups {
        const KEY: &str = "staff_groups";
        let Some(value) = self.table.get(KEY).filter(|_| kind != ProviderKind::GitHub) else {
            return StaffGroups::default();
        };
        self.asked.insert(KEY);
        if issuer.is_some_and(|issuer| is_anybodys(issuer)) {
            self.wrong(KEY, "would be anybody's to give: set `tenant` to the number of your own directory");
        }
        staff_groups(value).unwrap_or_else(|problem| {
            self.wrong(KEY, problem);
            StaffGroups::default()
        })
    }

    /// The content of a file that is named.
    fn file(&mut self, key: &'static str) -> Option<String> {
        let path = PathBuf::from(self.text(key)?);
        match fs::read_to_string(&path) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) => {
                self.wrong(key, format!("{} cannot be read: {error}", path.display()));
                None
            }
        }
    }

    fn url(&mut self, key: &'static str, text: &str) {
        match Url::parse(text) {
            Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && parse::is_loopback(&url)) => {}
            Ok(_) => self.wrong(key, "is not encrypted: use https (http only on this machine)"),
            Err(error) => self.wrong(key, format!("is not a URL ({error})")),
        }
    }

    fn provider(&mut self) -> Option<ProviderConfig> {
        let id = self.needed("id", "a short name, which stands in the callback's address");
        let id = id.and_then(|text| {
            ProviderId::parse(&text).map_err(|error| self.wrong("id", error.to_string())).ok()
        });
        if id.as_ref().is_some_and(|id| id.as_str().starts_with("org-")) {
            self.wrong("id", "begins with `org-`, which is for the providers of customers' organisations");
        }
        let kind = self.needed("kind", "oidc, authentik, entra or github");
        let kind = kind.and_then(|text| {
            let kind = ProviderKind::parse(&text);
            if kind.is_none() {
                self.wrong("kind", format!("`{text}` is none of oidc, authentik, entra and github"));
            }
            kind
        });
        let client_id = self.needed("client_id", "the portal's name at the provider");
        let client_secret = match (self.text("client_secret"), self.file("client_secret_file")) {
            (Some(_), Some(_)) => {
                self.wrong("client_secret_file", "and client_secret are both given: use one of them");
                None
            }
            (text, file) => text.or(file).map(Secret::new),
        };
        let label = self.text("label");
        if let Some(Err(error)) = label.as_ref().map(|label| text::line(label, LABEL)) {
            self.wrong("label", format!("is refused: {error}"));
        }
        let kind = kind?;
        let issuer = self.issuer(kind);
        let api = if kind == ProviderKind::GitHub { self.text("api") } else { None };
        if let Some(api) = &api {
            self.url("api", api);
        }
        let (usual_label, usual_scopes): (_, &[&str]) = match kind {
            ProviderKind::Oidc => ("Single sign-on", &["profile", "email"]),
            ProviderKind::Authentik => ("Authentik", &["profile", "email"]),
            ProviderKind::Entra => ("Microsoft", &["profile", "email"]),
            ProviderKind::GitHub => ("GitHub", &["read:user", "user:email"]),
        };
        let scopes = self.list("scopes");
        let trusted_audiences = self.trusted_audiences(kind);
        let groups_claim = self.text("groups_claim");
        let unverified = self.flag("unverified_address");
        let staff_groups = self.staff_groups(kind, issuer.as_ref());
        let ca = self.file("ca_file");
        self.refuse_others();
        Some(ProviderConfig {
            id: id?,
            kind,
            label: label.unwrap_or_else(|| usual_label.to_owned()),
            issuer: issuer?,
            api: api.unwrap_or_else(|| GITHUB.1.to_owned()),
            client_id: client_id?,
            client_secret,
            trusted_audiences,
            scopes: scopes.unwrap_or_else(|| usual_scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            groups_claim: groups_claim.unwrap_or_else(|| "groups".to_owned()),
            // These two verify no address unless they are told to.
            unverified_address: unverified
                .unwrap_or(matches!(kind, ProviderKind::Authentik | ProviderKind::Entra)),
            staff_groups,
            ca,
        })
    }

    fn issuer(&mut self, kind: ProviderKind) -> Option<String> {
        let issuer = match kind {
            ProviderKind::Oidc => self.needed("issuer", "the address the provider calls itself"),
            ProviderKind::Authentik => {
                let issuer = self.needed("issuer", "https://<host>/application/o/<slug>/");
                if issuer.as_ref().is_some_and(|issuer| !issuer.ends_with('/')) {
                    self.wrong("issuer", "ends in no slash; that of Authentik does");
                }
                issuer
            }
            ProviderKind::Entra => {
                let tenant = self.text("tenant");
                match (self.text("issuer"), tenant) {
                    (Some(issuer), None) => Some(issuer),
                    (None, Some(tenant)) => {
                        let any = ["organizations", "common"].contains(&tenant.as_str());
                        if !any && Uuid::try_parse(&tenant).is_err() {
                            self.wrong("tenant", "is neither the directory's number nor `organizations`");
                        }
                        Some(format!("{ENTRA}/{}/v2.0", tenant.to_lowercase()))
                    }
                    _ => {
                        self.wrong(
                            "tenant",
                            "is missing: the directory's number, or `organizations` for all of them",
                        );
                        None
                    }
                }
            }
            ProviderKind::GitHub => Some(self.text("issuer").unwrap_or_else(|| GITHUB.0.to_owned())),
        };
        if let Some(issuer) = &issuer {
            self.url("issuer", issuer);
        }
        issuer
    }

    /// A key that means nothing is most likely misspelt, and would silently be without effect.
    fn refuse_others(&mut self) {
        let others: Vec<String> =
            self.table.keys().filter(|key| !self.asked.contains(key.as_str())).cloned().collect();
        for key in others {
            self.wrong(&key, "is no setting of a provider of this kind");
        }
    }
}
