//! All settings on one page, one entry each: what is read, how, what is documented, and what `innkeeper config check`
//! shows.

use super::{
    customers::CustomersConfig,
    database_url::database_url,
    parse::{self, LogFormat},
    problem::{Problems, Source},
    providers::ProviderConfig,
    setting::{FILE, Fallback, PREFIX, Setting, Value, settings},
    values::Values,
};
use innkeeper_adapters::mail::Sender;
use innkeeper_domain::{email::EmailAddress, secret::Secret};
use innkeeper_service::context::rate_limit::Limit;
use ipnet::IpNet;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};
use url::Url;

settings! {
    /// Address and port of the portal.
    INNKEEPER_LISTEN => listen: SocketAddr = parse::address_and_port,
        default "127.0.0.1:8080", example "127.0.0.1:8080";

    /// Where browsers reach the portal: https, or http on a loopback name. Links in e-mails begin with it.
    INNKEEPER_PUBLIC_URL => public_url: Option<Url> = parse::public_url,
        unset "http://<listen> where that is a loopback address", example "https://databases.example.com",
        show |config| config.public_url(config.listen);

    /// Folder of all the portal keeps.
    INNKEEPER_DATA_DIR => data_dir: PathBuf = parse::path,
        default "./data", example "/var/lib/innkeeper";

    /// PostgreSQL server and control database to use instead of the embedded cluster.
    INNKEEPER_DATABASE_URL => database_url: Option<Secret> = database_url,
        unset "the embedded cluster",
        example "postgres://innkeeper:password@db.example.com/innkeeper?sslmode=verify-full&sslrootcert=/etc/innkeeper/db-ca.crt",
        show |config| or(config.database_url.as_ref(), "none: the embedded cluster");

    /// TCP port of the embedded cluster.
    INNKEEPER_EMBEDDED_PORT => embedded_port: u16 = parse::number(1_u16.., "a port from 1 to 65535"),
        default "54320", example "54320", show |config| embedded(config, config.embedded_port.show());

    /// Addresses the embedded cluster listens on, for its customers.
    INNKEEPER_EMBEDDED_LISTEN => embedded_listen: Vec<IpAddr> = |text| parse::list(text, parse::address),
        default "127.0.0.1", example "127.0.0.1, 192.0.2.10",
        show |config| embedded(config, config.embedded_listen.show());

    /// Name or address of the embedded cluster in connection strings and its certificate.
    INNKEEPER_EMBEDDED_HOST => embedded_host: String = parse::host,
        default "localhost", example "db.example.com", show |config| embedded(config, config.embedded_host.show());

    /// Folder of initdb, pg_ctl and postgres.
    INNKEEPER_EMBEDDED_BIN => embedded_bin: Option<PathBuf> = parse::folder,
        unset "the newest of PostgreSQL 15 to 18 that is found", example "/usr/lib/postgresql/15/bin",
        show |config| embedded(config, or(config.embedded_bin.as_ref(), "found at start"));

    /// The key that encrypts all secrets; created where there is none. Keep a backup apart from the data.
    INNKEEPER_MASTER_KEY_FILE => master_key_file: PathBuf = parse::path,
        unset "<data dir>/master.key", example "/etc/innkeeper/master.key";

    /// Mail server: smtp:// with STARTTLS, smtps:// with TLS.
    INNKEEPER_MAIL_URL => mail_url: Option<Secret> = parse::mail_url,
        unset "with the embedded cluster: the local mailbox <data dir>/mailbox",
        example "smtp://user:password@mail.example.com:587",
        show |config| or(config.mail_url.as_ref(), &format!("none: the local mailbox {}", config.mailbox().display()));

    /// Sender of the e-mails.
    INNKEEPER_MAIL_FROM => mail_from: Sender = parse::sender,
        unset "innkeeper@<host of the public URL>", example "Innkeeper <databases@example.com>";

    /// Whom customers write to.
    INNKEEPER_SUPPORT_EMAIL => support_email: Option<EmailAddress> = parse::email,
        unset "pages name no address", example "support@example.com";

    /// Addresses and ranges of proxies whose X-Forwarded-For is believed.
    INNKEEPER_TRUSTED_PROXIES => trusted_proxies: Vec<IpNet> = |text| parse::list(text, parse::range),
        unset "the peer's address is the client's", example "127.0.0.1, 10.0.0.0/8";

    /// What is logged (directives of env_logger).
    INNKEEPER_LOG => log: String = parse::log,
        default "info", example "info,sqlx=warn";

    /// Form of the log: text or json.
    INNKEEPER_LOG_FORMAT => log_format: LogFormat = parse::log_format,
        default "text", example "json";

    /// Most tenants on the first server; taken over when it is registered.
    INNKEEPER_MAX_TENANTS => max_tenants: Option<i32> = parse::number(0_i32.., "a whole number from 0 on"),
        unset "1000, or as set in the control database", example "250",
        show |config| or(config.max_tenants.as_ref(), "as registered, 1000 at first");

    /// Databases the first server keeps ready for each set of extensions in use, 0 to 100; taken over when it is registered.
    INNKEEPER_READY_SLOTS => ready_slots: Option<i32> = parse::number(0_i32..=100, "a whole number from 0 to 100"),
        unset "2, or as set in the control database", example "5",
        show |config| or(config.ready_slots.as_ref(), "as registered, 2 at first");

    /// Sign-in e-mails asked for from one address: how many in how many seconds.
    INNKEEPER_LIMIT_MAIL_PER_ADDRESS => limit_mail_per_address: Limit = parse::limit,
        default "120/600", example "120/600";

    /// Sign-in e-mails sent to one mailbox: how many in how many seconds.
    INNKEEPER_LIMIT_MAIL_PER_MAILBOX => limit_mail_per_mailbox: Limit = parse::limit,
        default "6/600", example "6/600";

    /// Sign-in e-mails in all: how many in how many seconds.
    INNKEEPER_LIMIT_MAIL_IN_ALL => limit_mail_in_all: Limit = parse::limit,
        default "3000/600", example "3000/600";

    /// Tries to sign in from one address: how many in how many seconds.
    INNKEEPER_LIMIT_VERIFY_PER_ADDRESS => limit_verify_per_address: Limit = parse::limit,
        default "240/600", example "240/600";

    /// Databases asked for by one account: how many in how many seconds.
    INNKEEPER_LIMIT_REQUEST_PER_ACCOUNT => limit_request_per_account: Limit = parse::limit,
        default "20/600", example "20/600";

    /// Changes of any kind by one account: how many in how many seconds.
    INNKEEPER_LIMIT_CHANGE_PER_ACCOUNT => limit_change_per_account: Limit = parse::limit,
        default "300/600", example "300/600";

    /// Changes of any kind from one address: how many in how many seconds.
    INNKEEPER_LIMIT_CHANGE_PER_ADDRESS => limit_change_per_address: Limit = parse::limit,
        default "1200/600", example "1200/600";

    /// Connections of one client address at the same time; more are closed at once. Trusted proxies have no such limit.
    INNKEEPER_LIMIT_CONNECTIONS_PER_ADDRESS => limit_connections_per_address: usize =
        parse::number(1_usize.., "a whole number from 1 on"),
        default "128", example "128";
}

/// The value, or these words where there is none.
fn or<T: Value>(value: Option<&T>, words: &str) -> String {
    value.map_or_else(|| words.to_owned(), Value::show)
}

/// How a setting of the embedded cluster is shown.
fn embedded(config: &Config, value: String) -> String {
    if config.database_url.is_some() { "not used".into() } else { value }
}

/// The table as text, for `--help` and the operator's guide.
pub fn manual() -> String {
    let head = format!(
        "Settings. Each is read from the environment, else from innkeeper.toml in the working folder (or the file named \
         by {FILE}), there in lower case without {PREFIX}: listen = \"127.0.0.1:8080\". Lists are separated by commas, \
         or TOML arrays.\n"
    );
    let entry = |setting: &Setting<Config>| {
        let (Fallback::Value(fallback) | Fallback::Words(fallback)) = setting.fallback;
        let Setting { name, help, example, .. } = setting;
        format!("\n{name}\n    {help}\n    Default: {fallback}. Example: {example}\n")
    };
    std::iter::once(head).chain(SETTINGS.iter().map(entry)).collect()
}
