//! What an operator decides: read from the environment and `innkeeper.toml`, checked as a whole before anything starts.

mod customers;
mod database_url;
mod parse;
mod providers;
mod show;
mod staff_groups;
mod table;
mod values;

#[cfg(test)]
mod tests;

pub use customers::CustomersConfig;
pub use providers::ProviderConfig;
pub use table::{SETTINGS, Setting, manual};
pub use values::{Problem, Problems, Source};

use innkeeper_adapters::{embedded::EmbeddedSettings, mail::Sender};
use innkeeper_domain::{email::EmailAddress, secret::Secret};
use innkeeper_service::rate::{Limit, Limits};
use ipnet::IpNet;
use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use url::Url;
use values::Values;

/// The file that is read where none is named.
const USUAL_FILE: &str = "innkeeper.toml";

/// Where the control database is.
#[derive(Debug, Clone)]
pub enum Database {
    /// In the cluster the portal runs itself.
    Embedded(EmbeddedSettings),
    /// On the server of this URL, which is the first server for tenants as well.
    External(Secret),
}

/// How mails go out.
#[derive(Debug, Clone)]
pub enum Mail {
    /// Into files that somebody at the machine reads.
    Local,
    /// By the mail server of this URL.
    Smtp(Secret),
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The effective configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the portal listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where browsers reach it, if that is given.
    pub public_url: Option<Url>,
    /// The data folder, absolute.
    pub data_dir: PathBuf,
    /// The control database.
    pub database: Database,
    /// The master key's file, absolute.
    pub master_key_file: PathBuf,
    /// How mails go out.
    pub mail: Mail,
    /// Who they come from.
    pub mail_from: Sender,
    /// Whom customers write to.
    pub support: Option<EmailAddress>,
    /// Proxies whose word on the client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The log's filter.
    pub log: String,
    /// The log's form.
    pub log_format: LogFormat,
    /// Most tenants of the first server, taken over when it is registered.
    pub max_tenants: Option<i32>,
    /// Databases the first server keeps ready, taken over when it is registered.
    pub ready_slots: Option<i32>,
    /// The rate limits.
    pub limits: Limits,
    /// Who vouches for people.
    pub providers: Vec<ProviderConfig>,
    /// What holds for the issuers that customers name.
    pub customers: CustomersConfig,
    /// Environment variables that look like settings and are none.
    pub unknown: Vec<String>,
    sources: BTreeMap<&'static str, Source>,
}

impl Config {
    /// Reads the process's environment, and the file it names or the usual one in the working folder.
    pub fn load() -> Result<Self, Problems> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .collect();
        Self::load_from(&environment)
    }

    fn load_from(environment: &BTreeMap<String, String>) -> Result<Self, Problems> {
        let named = environment.get(table::FILE).filter(|path| !path.is_empty());
        let path = named.map_or(USUAL_FILE, String::as_str);
        match fs::read_to_string(path) {
            Ok(text) => Self::read(environment, Some((path, &text))),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
                Self::read(environment, None)
            }
            Err(error) => Err(Problems(vec![Problem {
                name: table::FILE.into(),
                problem: format!("the file {path} cannot be read: {error}"),
                example: Some("/etc/innkeeper/innkeeper.toml"),
            }])),
        }
    }

    /// Reads a configuration from these variables and this file (its path and its text). All problems come at once.
    pub fn read(
        environment: &BTreeMap<String, String>,
        file: Option<(&str, &str)>,
    ) -> Result<Self, Problems> {
        let mut values = Values::new(environment, file);
        let config = Self::build(&mut values, values::unknown(environment));
        match config {
            Some(config) if values.problems.is_empty() => Ok(config),
            _ => Err(Problems(values.problems)),
        }
    }

    /// None, or something to be thrown away, where a problem was noted.
    fn build(values: &mut Values, unknown: Vec<String>) -> Option<Self> {
        // Everything is read before the first `?`, so that no problem hides another.
        let listen = values.read("INNKEEPER_LISTEN", parse::address_and_port);
        let public_url = public_url(values, listen);
        let data_dir = values.read("INNKEEPER_DATA_DIR", parse::path);
        let database = database(values, data_dir.as_deref());
        let key = values.read("INNKEEPER_MASTER_KEY_FILE", parse::path);
        let mail = mail(values, public_url.as_ref());
        let support = values.read("INNKEEPER_SUPPORT_EMAIL", parse::email);
        let proxies = values.read("INNKEEPER_TRUSTED_PROXIES", |text| parse::list(text, parse::range));
        let log = values.read("INNKEEPER_LOG", parse::log);
        let log_format = values.read("INNKEEPER_LOG_FORMAT", |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("is neither text nor json"),
        });
        let max_tenants = values.read("INNKEEPER_MAX_TENANTS", parse::count);
        let ready_slots = values.read("INNKEEPER_READY_SLOTS", parse::slots);
        let limits = limits(values);
        let (data_dir, (mail, mail_from)) = (data_dir?, mail?);
        Some(Self {
            listen: listen?,
            public_url,
            database: database?,
            master_key_file: key.unwrap_or_else(|| data_dir.join("master.key")),
            data_dir,
            mail,
            mail_from,
            support,
            trusted_proxies: proxies.unwrap_or_default(),
            log: log?,
            log_format: log_format?,
            max_tenants,
            ready_slots,
            limits: limits?,
            providers: std::mem::take(&mut values.providers),
            customers: std::mem::take(&mut values.customers),
            unknown,
            sources: SETTINGS.iter().map(|setting| (setting.name, values.source(setting.name))).collect(),
        })
    }

    /// Where browsers reach a portal that listens here, without a slash at its end.
    pub fn public_url(&self, bound: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.origin().ascii_serialization(),
            None => format!("http://{bound}"),
        }
    }

    /// The folder of backups.
    pub fn backups(&self) -> PathBuf {
        self.data_dir.join("backups")
    }

    /// The folder of the local mailbox.
    pub fn mailbox(&self) -> PathBuf {
        self.data_dir.join("mailbox")
    }
}

fn public_url(values: &mut Values, listen: Option<SocketAddr>) -> Option<Url> {
    let url = values.read("INNKEEPER_PUBLIC_URL", parse::public_url);
    let missing = !values.given("INNKEEPER_PUBLIC_URL");
    if missing && listen.is_some_and(|listen| !listen.ip().is_loopback()) {
        let problem = "is missing: INNKEEPER_LISTEN is no loopback address, so the portal cannot know how it is reached";
        values.wrong("INNKEEPER_PUBLIC_URL", problem);
    }
    url
}

fn database(values: &mut Values, data_dir: Option<&Path>) -> Option<Database> {
    let url = values.read("INNKEEPER_DATABASE_URL", database_url::database_url);
    let port = values.read("INNKEEPER_EMBEDDED_PORT", parse::port);
    let listen = values.read("INNKEEPER_EMBEDDED_LISTEN", |text| parse::list(text, parse::address));
    let host = values.read("INNKEEPER_EMBEDDED_HOST", parse::host);
    let binaries = values.read("INNKEEPER_EMBEDDED_BIN", parse::folder);
    if values.given("INNKEEPER_DATABASE_URL") {
        return url.map(Database::External);
    }
    let data_dir = data_dir?.to_owned();
    Some(Database::Embedded(EmbeddedSettings {
        data_dir,
        port: port?,
        listen: listen?,
        host: host?,
        binaries,
    }))
}

fn mail(values: &mut Values, public_url: Option<&Url>) -> Option<(Mail, Sender)> {
    let from = values.read("INNKEEPER_MAIL_FROM", parse::sender);
    let usual =
        public_url.and_then(Url::host_str).and_then(|host| parse::sender(&format!("innkeeper@{host}")).ok());
    let named = from.is_some() || usual.is_some() || values.given("INNKEEPER_MAIL_FROM");
    // A name that can never be somebody's (RFC 6761, section 6.4): the local mailbox sends nothing.
    let sender = from.or(usual).or_else(|| parse::sender("innkeeper@innkeeper.invalid").ok())?;
    let url = values.read("INNKEEPER_MAIL_URL", |text| parse::mail_url(text, &sender));
    match url {
        Some((_, names_sender)) if !named && !names_sender => {
            values.wrong(
                "INNKEEPER_MAIL_FROM",
                "is missing: the public URL has no name from which mail can come",
            );
            None
        }
        Some((url, _)) => Some((Mail::Smtp(url), sender)),
        None if values.given("INNKEEPER_MAIL_URL") => None,
        None if values.given("INNKEEPER_DATABASE_URL") => {
            values.wrong(
                "INNKEEPER_MAIL_URL",
                "is missing: the local mailbox is for the embedded cluster only",
            );
            None
        }
        None => Some((Mail::Local, sender)),
    }
}

fn limits(values: &mut Values) -> Option<Limits> {
    let mut read = |name| -> Option<Limit> { values.read(name, parse::limit) };
    let all = [
        read("INNKEEPER_LIMIT_MAIL_PER_ADDRESS"),
        read("INNKEEPER_LIMIT_MAIL_PER_MAILBOX"),
        read("INNKEEPER_LIMIT_MAIL_IN_ALL"),
        read("INNKEEPER_LIMIT_VERIFY_PER_ADDRESS"),
        read("INNKEEPER_LIMIT_REQUEST_PER_ACCOUNT"),
        read("INNKEEPER_LIMIT_CHANGE_PER_ACCOUNT"),
        read("INNKEEPER_LIMIT_CHANGE_PER_ADDRESS"),
    ];
    let [mail_per_address, mail_per_mailbox, mail_in_all, verify_per_address, request, account, address] =
        all;
    Some(Limits {
        mail_per_address: mail_per_address?,
        mail_per_mailbox: mail_per_mailbox?,
        mail_in_all: mail_in_all?,
        verify_per_address: verify_per_address?,
        request_per_account: request?,
        change_per_account: account?,
        change_per_address: address?,
    })
}
