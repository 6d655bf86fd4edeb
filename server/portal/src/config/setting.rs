//! What a setting is, and the macro that makes the table of them, [`Config`](super::Config) and its reading out of
//! one list of entries.

use super::parse::LogFormat;
use innkeeper_adapters::mail::Sender;
use innkeeper_domain::{email::EmailAddress, secret::Secret};
use innkeeper_service::context::rate_limit::Limit;
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};
use url::Url;

/// What every name begins with.
pub const PREFIX: &str = "INNKEEPER_";
/// Names the file; the only setting that cannot stand in it.
pub const FILE: &str = "INNKEEPER_CONFIG";

/// What holds where a setting is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// This value.
    Value(&'static str),
    /// What follows from other settings, or from there being none, in words.
    Words(&'static str),
}

/// One setting, as it is documented and shown.
#[derive(Debug, Clone, Copy)]
pub struct Setting<C> {
    /// Name in the environment.
    pub name: &'static str,
    /// Key in the file: the name in lower case without `INNKEEPER_`.
    pub key: &'static str,
    /// Where it is not given.
    pub fallback: Fallback,
    /// A good value.
    pub example: &'static str,
    /// What it does, in one sentence or two.
    pub help: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
    /// The value in force, for an operator.
    pub show: fn(&C) -> String,
}

/// Makes of each entry a row of [`SETTINGS`](super::SETTINGS) and a field of [`Config`](super::Config):
///
/// ```text
/// /// What it does; this is its documentation everywhere.
/// INNKEEPER_NAME => name: Type = how its text is parsed,
///     default "text" (or: unset "in words what holds then", for a type that has an unset value or is filled in by
///     `Read::complete`), example "text", show |config| how it is shown, if not as its type is;
/// ```
macro_rules! settings {
    ($(
        $(#[doc = $help:literal])+
        $name:ident => $field:ident: $type:ty = $parse:expr,
            $kind:ident $fallback:literal, example $example:literal $(, show $show:expr)?;
    )+) => {
        $(
            pub(super) const $name: Setting<Config> = Setting {
                name: stringify!($name),
                key: stringify!($field),
                fallback: settings!(@fallback $kind $fallback),
                example: $example,
                help: concat!($($help),+).trim_ascii_start(),
                secret: <$type as Value>::SECRET,
                show: settings!(@show $field $($show)?),
            };
        )+

        /// The settings, in the order in which they are shown.
        pub const SETTINGS: &[Setting<Config>] = &[$($name),+];

        /// The effective configuration.
        #[derive(Debug, Clone)]
        #[expect(clippy::doc_markdown, reason = "the same text stands in a terminal")]
        pub struct Config {
            $($(#[doc = $help])+ pub $field: $type,)+
            /// Who vouches for people.
            pub providers: Vec<ProviderConfig>,
            /// What holds for the issuers that customers name.
            pub customers: CustomersConfig,
            /// Environment variables that look like settings and are none.
            pub unknown: Vec<String>,
            pub(super) sources: BTreeMap<&'static str, Source>,
        }

        /// What was read of each setting: none where it is wrong, or not given and without a value for that.
        pub(super) struct Read {
            $(pub $field: Option<$type>,)+
        }

        impl Read {
            /// Reads all of them; what is wrong is noted.
            pub fn all(values: &mut Values) -> Self {
                Self { $($field: values.read(&$name, $parse),)+ }
            }

            /// The configuration, if nothing is wrong with it.
            pub fn finish(self, values: Values, unknown: Vec<String>) -> Result<Config, Problems> {
                let sources = values.sources();
                let Values { problems, providers, customers, .. } = values;
                match ($(self.$field,)+) {
                    ($(Some($field),)+) if problems.is_empty() => {
                        Ok(Config { $($field,)+ providers, customers, unknown, sources })
                    }
                    _ => Err(Problems(problems)),
                }
            }
        }
    };
    (@fallback default $text:literal) => { Fallback::Value($text) };
    (@fallback unset $words:literal) => { Fallback::Words($words) };
    (@show $field:ident) => { |config| Value::show(&config.$field) };
    (@show $field:ident $show:expr) => { $show };
}
pub(super) use settings;

/// The type of a setting.
pub(super) trait Value: Sized {
    /// Whether it is never shown.
    const SECRET: bool = false;

    /// The value of a setting that is not given and has no default; none if it takes other settings to know.
    fn unset() -> Option<Self> {
        None
    }

    /// As an operator reads it.
    fn show(&self) -> String;
}

macro_rules! shown_as_text {
    ($($type:ty),+) => { $(impl Value for $type {
        fn show(&self) -> String {
            self.to_string()
        }
    })+ };
}
shown_as_text!(SocketAddr, IpAddr, IpNet, Url, EmailAddress, String, u16, i32, usize);

impl Value for PathBuf {
    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Value for Sender {
    fn show(&self) -> String {
        format!("{} <{}>", self.name, self.address)
    }
}

impl Value for Limit {
    fn show(&self) -> String {
        format!("{}/{}", self.count, self.seconds)
    }
}

impl Value for LogFormat {
    fn show(&self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Json => "json".into(),
        }
    }
}

impl Value for Secret {
    const SECRET: bool = true;

    fn show(&self) -> String {
        masked(self)
    }
}

impl<T: Value> Value for Option<T> {
    const SECRET: bool = T::SECRET;

    fn unset() -> Option<Self> {
        Some(None)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "none".into(), Value::show)
    }
}

impl<T: Value> Value for Vec<T> {
    fn unset() -> Option<Self> {
        Some(Vec::new())
    }

    fn show(&self) -> String {
        if self.is_empty() {
            return "none".into();
        }
        self.iter().map(Value::show).collect::<Vec<_>>().join(", ")
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
