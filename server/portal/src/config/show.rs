use super::{Config, Database, LogFormat, Mail, ProviderConfig, SETTINGS, Source, table::Setting};
use innkeeper_domain::secret::Secret;
use innkeeper_service::rate::Limit;
use std::fmt::Display;
use url::Url;

impl Config {
    /// The effective values for an operator, one a line, secrets hidden.
    pub fn show(&self) -> String {
        let width = SETTINGS.iter().map(|setting| setting.name.len()).max().unwrap_or_default();
        let line = |setting: &Setting| {
            let source = match self.sources.get(setting.name) {
                Some(Source::Environment) => "environment",
                Some(Source::File) => "file",
                Some(Source::Default) | None => "default",
            };
            format!("{:width$} = {} ({source})\n", setting.name, self.value(setting))
        };
        let misspelt = |name: &String| format!("{name} is set and is not a setting: misspelt?\n");
        let provider = |one: &ProviderConfig| {
            let ProviderConfig { id, kind, issuer, staff_groups, .. } = one;
            let staff =
                if staff_groups.is_empty() { String::new() } else { format!(", staff: {staff_groups}") };
            format!("identity.provider {id} = {} {issuer}{staff} (file)\n", kind.as_str())
        };
        let settings = SETTINGS.iter().map(line).chain(self.providers.iter().map(provider));
        settings.chain(self.unknown.iter().map(misspelt)).collect()
    }

    fn value(&self, setting: &Setting) -> String {
        let embedded = match &self.database {
            Database::Embedded(settings) => Some(settings),
            Database::External(_) => None,
        };
        let limits = &self.limits;
        let unused = || "not used".to_owned();
        match setting.name {
            "INNKEEPER_LISTEN" => self.listen.to_string(),
            "INNKEEPER_PUBLIC_URL" => self.public_url(self.listen),
            "INNKEEPER_DATA_DIR" => self.data_dir.display().to_string(),
            "INNKEEPER_DATABASE_URL" => match &self.database {
                Database::Embedded(_) => "none: the embedded cluster".into(),
                Database::External(url) => masked(url),
            },
            "INNKEEPER_EMBEDDED_PORT" => embedded.map_or_else(unused, |e| e.port.to_string()),
            "INNKEEPER_EMBEDDED_LISTEN" => embedded.map_or_else(unused, |e| joined(&e.listen)),
            "INNKEEPER_EMBEDDED_HOST" => embedded.map_or_else(unused, |e| e.host.clone()),
            "INNKEEPER_EMBEDDED_BIN" => embedded.map_or_else(unused, |e| {
                e.binaries.as_ref().map_or_else(|| "found at start".into(), |dir| dir.display().to_string())
            }),
            "INNKEEPER_MASTER_KEY_FILE" => self.master_key_file.display().to_string(),
            "INNKEEPER_MAIL_URL" => match &self.mail {
                Mail::Local => format!("none: the local mailbox {}", self.mailbox().display()),
                Mail::Smtp(url) => masked(url),
            },
            "INNKEEPER_MAIL_FROM" => format!("{} <{}>", self.mail_from.name, self.mail_from.address),
            "INNKEEPER_SUPPORT_EMAIL" => {
                self.support.as_ref().map_or_else(|| "none".into(), ToString::to_string)
            }
            "INNKEEPER_TRUSTED_PROXIES" if self.trusted_proxies.is_empty() => "none".into(),
            "INNKEEPER_TRUSTED_PROXIES" => joined(&self.trusted_proxies),
            "INNKEEPER_LOG" => self.log.clone(),
            "INNKEEPER_LOG_FORMAT" => match self.log_format {
                LogFormat::Text => "text".into(),
                LogFormat::Json => "json".into(),
            },
            "INNKEEPER_MAX_TENANTS" => self
                .max_tenants
                .map_or_else(|| "as registered, 1000 at first".into(), |count| count.to_string()),
            "INNKEEPER_READY_SLOTS" => {
                self.ready_slots.map_or_else(|| "as registered, 2 at first".into(), |count| count.to_string())
            }
            "INNKEEPER_LIMIT_MAIL_PER_ADDRESS" => limit(limits.mail_per_address),
            "INNKEEPER_LIMIT_MAIL_PER_MAILBOX" => limit(limits.mail_per_mailbox),
            "INNKEEPER_LIMIT_MAIL_IN_ALL" => limit(limits.mail_in_all),
            "INNKEEPER_LIMIT_VERIFY_PER_ADDRESS" => limit(limits.verify_per_address),
            "INNKEEPER_LIMIT_REQUEST_PER_ACCOUNT" => limit(limits.request_per_account),
            "INNKEEPER_LIMIT_CHANGE_PER_ACCOUNT" => limit(limits.change_per_account),
            "INNKEEPER_LIMIT_CHANGE_PER_ADDRESS" => limit(limits.change_per_address),
            name => panic!("{name} is in the table of settings and is not shown"),
        }
    }
}

/// Scheme, user, server and path. The query may hold a password as well, so nothing of it.
pub(crate) fn masked(url: &Secret) -> String {
    let Ok(url) = Url::parse(url.expose()) else { return "[hidden]".into() };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let user = if url.username().is_empty() { "" } else { "[hidden]@" };
    format!("{}://{user}{host}{port}{}", url.scheme(), url.path())
}

fn joined<T: Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn limit(Limit { count, seconds }: Limit) -> String {
    format!("{count}/{seconds}")
}
