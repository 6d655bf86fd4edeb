//! What an operator decides: read from the environment and `innkeeper.toml`, checked as a whole before anything starts.

mod customers;
mod database_url;
mod parse;
mod problem;
mod providers;
mod setting;
mod settings;
mod show;
mod staff_groups;
mod values;

#[cfg(test)]
mod tests;

pub use customers::CustomersConfig;
pub use parse::LogFormat;
pub use problem::{Problem, Problems, Source};
pub use providers::ProviderConfig;
pub use setting::Setting;
pub use settings::{Config, SETTINGS, manual};

use innkeeper_adapters::embedded::EmbeddedSettings;
use innkeeper_domain::secret::Secret;
use innkeeper_service::context::rate_limit::Limits;
use setting::FILE;
use settings::{INNKEEPER_DATABASE_URL, INNKEEPER_MAIL_FROM, INNKEEPER_MAIL_URL, INNKEEPER_PUBLIC_URL, Read};
use std::{collections::BTreeMap, fs, io::ErrorKind, net::SocketAddr, path::PathBuf};
use url::Url;
use values::Values;

/// The file that is read where none is named.
const USUAL_FILE: &str = "innkeeper.toml";

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
        let named = environment.get(FILE).filter(|path| !path.is_empty());
        let path = named.map_or(USUAL_FILE, String::as_str);
        match fs::read_to_string(path) {
            Ok(text) => Self::read(environment, Some((path, &text))),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
                Self::read(environment, None)
            }
            Err(error) => Err(Problems(vec![Problem {
                name: FILE.into(),
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
        let mut values = Values::new(SETTINGS, environment, file);
        let mut read = Read::all(&mut values);
        read.complete(&mut values);
        read.finish(values, values::unknown(SETTINGS, environment))
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

    /// The cluster that the portal runs itself where it is not given the URL of a server.
    pub fn embedded(&self) -> EmbeddedSettings {
        EmbeddedSettings {
            data_dir: self.data_dir.clone(),
            port: self.embedded_port,
            listen: self.embedded_listen.clone(),
            host: self.embedded_host.clone(),
            binaries: self.embedded_bin.clone(),
        }
    }

    /// The rate limits.
    pub fn limits(&self) -> Limits {
        Limits {
            mail_per_address: self.limit_mail_per_address,
            mail_per_mailbox: self.limit_mail_per_mailbox,
            mail_in_all: self.limit_mail_in_all,
            verify_per_address: self.limit_verify_per_address,
            request_per_account: self.limit_request_per_account,
            change_per_account: self.limit_change_per_account,
            change_per_address: self.limit_change_per_address,
        }
    }
}

impl Read {
    /// What follows from other settings, and what is wrong only beside others.
    fn complete(&mut self, values: &mut Values) {
        if let (None, Some(folder)) = (&self.master_key_file, &self.data_dir) {
            self.master_key_file = Some(folder.join("master.key"));
        }
        let elsewhere = self.listen.is_some_and(|listen| !listen.ip().is_loopback());
        if elsewhere && !values.given(&INNKEEPER_PUBLIC_URL) {
            let problem = "is missing: INNKEEPER_LISTEN is no loopback address, so the portal cannot know how it is reached";
            values.refuse(&INNKEEPER_PUBLIC_URL, problem);
        }
        let no_mail = !values.given(&INNKEEPER_MAIL_URL);
        if no_mail && values.given(&INNKEEPER_DATABASE_URL) {
            let problem = "is missing: the local mailbox is for the embedded cluster only";
            values.refuse(&INNKEEPER_MAIL_URL, problem);
        }
        if !values.given(&INNKEEPER_MAIL_FROM) {
            let host = self.public_url.iter().flatten().find_map(Url::host_str);
            let usual = host.and_then(|host| parse::sender(&format!("innkeeper@{host}")).ok());
            let names_sender = |url: &Secret| {
                Url::parse(url.expose()).is_ok_and(|url| url.query_pairs().any(|(name, _)| name == "from"))
            };
            if usual.is_none() && self.mail_url.iter().flatten().any(|url| !names_sender(url)) {
                let problem = "is missing: the public URL has no name from which mail can come";
                values.refuse(&INNKEEPER_MAIL_FROM, problem);
            }
            // The local mailbox sends nothing, so anybody will do.
            self.mail_from = usual.or_else(|| parse::sender(parse::NOBODY).ok());
        }
    }
}
