//! All settings on one page: what is read, what is documented and what `innkeeper config check` shows.

/// What holds where a setting is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// This value.
    Value(&'static str),
    /// Something that follows from other settings, in words.
    Follows(&'static str),
    /// Nothing, and what that means.
    Nothing(&'static str),
}

/// One setting. In the file it has the same name in lower case without `INNKEEPER_`.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Name in the environment.
    pub name: &'static str,
    /// Where it is not given.
    pub fallback: Fallback,
    /// A good value.
    pub example: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
}

impl Setting {
    /// The key in the file.
    pub fn key(&self) -> String {
        self.name.trim_start_matches(PREFIX).to_ascii_lowercase()
    }
}

/// What every name begins with.
pub const PREFIX: &str = "INNKEEPER_";
/// Names the file; the only setting that cannot stand in it.
pub const FILE: &str = "INNKEEPER_CONFIG";

const fn setting(
    name: &'static str,
    fallback: Fallback,
    example: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, fallback, example, help, secret: false }
}

const fn secret(
    name: &'static str,
    fallback: Fallback,
    example: &'static str,
    help: &'static str,
) -> Setting {
    Setting { name, fallback, example, help, secret: true }
}

use Fallback::{Follows, Nothing, Value};

/// The settings, in the order in which they are shown.
pub const SETTINGS: &[Setting] = &[
    setting("INNKEEPER_LISTEN", Value("127.0.0.1:8080"), "127.0.0.1:8080", "Address and port of the portal."),
    setting(
        "INNKEEPER_PUBLIC_URL",
        Follows("http://<listen> where that is a loopback address"),
        "https://databases.example.com",
        "Where browsers reach the portal: https, or http on a loopback name. Links in mails begin with it.",
    ),
    setting("INNKEEPER_DATA_DIR", Value("./data"), "/var/lib/innkeeper", "Folder of all the portal keeps."),
    secret(
        "INNKEEPER_DATABASE_URL",
        Nothing("the embedded cluster"),
        "postgres://innkeeper:password@db.example.com/innkeeper?sslmode=verify-full&sslrootcert=/etc/innkeeper/db-ca.crt",
        "PostgreSQL server and control database to use instead of the embedded cluster.",
    ),
    setting("INNKEEPER_EMBEDDED_PORT", Value("54320"), "54320", "TCP port of the embedded cluster."),
    setting(
        "INNKEEPER_EMBEDDED_LISTEN",
        Value("127.0.0.1"),
        "127.0.0.1, 192.0.2.10",
        "Addresses the embedded cluster listens on, for its customers.",
    ),
    setting(
        "INNKEEPER_EMBEDDED_HOST",
        Value("localhost"),
        "db.example.com",
        "Name or address of the embedded cluster in connection strings and its certificate.",
    ),
    setting(
        "INNKEEPER_EMBEDDED_BIN",
        Follows("the newest of PostgreSQL 15 to 18 that is found"),
        "/usr/lib/postgresql/15/bin",
        "Folder of initdb, pg_ctl and postgres.",
    ),
    setting(
        "INNKEEPER_MASTER_KEY_FILE",
        Follows("<data dir>/master.key"),
        "/etc/innkeeper/master.key",
        "The key that seals all secrets; made where there is none. Keep a backup apart from the data.",
    ),
    secret(
        "INNKEEPER_MAIL_URL",
        Nothing("with the embedded cluster: the local mailbox <data dir>/mailbox"),
        "smtp://user:password@mail.example.com:587",
        "Mail server: smtp:// with STARTTLS, smtps:// with TLS.",
    ),
    setting(
        "INNKEEPER_MAIL_FROM",
        Follows("innkeeper@<host of the public URL>"),
        "Innkeeper <databases@example.com>",
        "Sender of the mails.",
    ),
    setting(
        "INNKEEPER_SUPPORT_EMAIL",
        Nothing("pages name no address"),
        "support@example.com",
        "Whom customers write to.",
    ),
    setting(
        "INNKEEPER_TRUSTED_PROXIES",
        Nothing("the peer's address is the client's"),
        "127.0.0.1, 10.0.0.0/8",
        "Addresses and ranges of proxies whose X-Forwarded-For is believed.",
    ),
    setting("INNKEEPER_LOG", Value("info"), "info,sqlx=warn", "What is logged (directives of env_logger)."),
    setting("INNKEEPER_LOG_FORMAT", Value("text"), "json", "Form of the log: text or json."),
    setting(
        "INNKEEPER_MAX_TENANTS",
        Follows("1000, or as set in the control database"),
        "250",
        "Most tenants on the first server; taken over when it is registered.",
    ),
    setting(
        "INNKEEPER_READY_SLOTS",
        Follows("2, or as set in the control database"),
        "5",
        "Databases the first server keeps ready for each set of extensions in use, 0 to 100; taken over when it is registered.",
    ),
    setting(
        "INNKEEPER_LIMIT_MAIL_PER_ADDRESS",
        Value("120/600"),
        "120/600",
        "Sign-in mails asked for from one address: how many in how many seconds.",
    ),
    setting(
        "INNKEEPER_LIMIT_MAIL_PER_MAILBOX",
        Value("6/600"),
        "6/600",
        "Sign-in mails sent to one mailbox: how many in how many seconds.",
    ),
    setting(
        "INNKEEPER_LIMIT_MAIL_IN_ALL",
        Value("3000/600"),
        "3000/600",
        "Sign-in mails in all: how many in how many seconds.",
    ),
    setting(
        "INNKEEPER_LIMIT_VERIFY_PER_ADDRESS",
        Value("240/600"),
        "240/600",
        "Tries to sign in from one address: how many in how many seconds.",
    ),
    setting(
        "INNKEEPER_LIMIT_REQUEST_PER_ACCOUNT",
        Value("20/600"),
        "20/600",
        "Databases asked for by one account: how many in how many seconds.",
    ),
    setting(
        "INNKEEPER_LIMIT_CHANGE_PER_ACCOUNT",
        Value("300/600"),
        "300/600",
        "Changes of any kind by one account: how many in how many seconds.",
    ),
    setting(
        "INNKEEPER_LIMIT_CHANGE_PER_ADDRESS",
        Value("1200/600"),
        "1200/600",
        "Changes of any kind from one address: how many in how many seconds.",
    ),
];

/// The table as text, for `--help` and the operator's guide.
pub fn manual() -> String {
    let head = format!(
        "Settings. Each is read from the environment, else from innkeeper.toml in the working folder (or the file named \
         by {FILE}), there in lower case without {PREFIX}: listen = \"127.0.0.1:8080\". Lists are separated by commas, \
         or TOML arrays.\n"
    );
    let entry = |setting: &Setting| {
        let (Value(fallback) | Follows(fallback) | Nothing(fallback)) = setting.fallback;
        let Setting { name, help, example, .. } = setting;
        format!("\n{name}\n    {help}\n    Default: {fallback}. Example: {example}\n")
    };
    std::iter::once(head).chain(SETTINGS.iter().map(entry)).collect()
}
