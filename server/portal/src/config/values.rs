use super::{
    customers::{self, CustomersConfig},
    providers::{self, ProviderConfig},
    table::{FILE, Fallback, PREFIX, SETTINGS, Setting},
};
use std::{collections::BTreeMap, fmt};

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An environment variable.
    Environment,
    /// The file.
    File,
    /// The table's own default, or what follows from others.
    Default,
}

/// A value that cannot be used: its name, what is wrong, and an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, or the file.
    pub name: String,
    /// What is wrong with it; never a secret.
    pub problem: String,
    /// A good value, as it is written in the environment.
    pub example: Option<&'static str>,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, problem, example } = self;
        write!(f, "{name}: {problem}")?;
        match example {
            Some(example) => write!(f, "\n    Example: {name}='{example}'"),
            None => Ok(()),
        }
    }
}

/// The given values, and what was found wrong while reading them.
#[derive(Default)]
pub(super) struct Values {
    texts: BTreeMap<&'static str, (String, Source)>,
    pub problems: Vec<Problem>,
    /// What stands only in the file.
    pub providers: Vec<ProviderConfig>,
    /// What holds for the issuers that customers name.
    pub customers: CustomersConfig,
}

impl Values {
    /// Takes what is given; the environment wins over the file. An empty variable counts as not given.
    pub fn new(environment: &BTreeMap<String, String>, file: Option<(&str, &str)>) -> Self {
        let mut values = Self::default();
        if let Some((path, text)) = file {
            values.take_file(path, text);
        }
        for setting in SETTINGS {
            if let Some(text) = environment.get(setting.name).filter(|text| !text.trim().is_empty()) {
                values.texts.insert(setting.name, (text.trim().to_owned(), Source::Environment));
            }
        }
        values
    }

    fn take_file(&mut self, path: &str, text: &str) {
        let refuse = |problem: String| Problem { name: path.to_owned(), problem, example: None };
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                // The parser's own words quote the line, which may hold a password.
                let line =
                    error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
                self.problems.push(refuse(format!("line {line} is not TOML: {}", error.message())));
                return;
            }
        };
        for (key, value) in table {
            if key == providers::TABLE {
                self.take_identity(path, value);
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|setting| setting.key() == key) else {
                self.problems.push(refuse(format!(
                    "`{key}` is not a setting; `innkeeper config check --help` lists them"
                )));
                continue;
            };
            match plain(&value) {
                Some(text) if text.trim().is_empty() => {}
                Some(text) => drop(self.texts.insert(setting.name, (text.trim().to_owned(), Source::File))),
                None => self.refuse(
                    setting,
                    format!("{} in {path} is neither text, number nor list of texts", setting.key()),
                ),
            }
        }
    }

    /// `[[identity.provider]]` and `[identity.customers]`.
    fn take_identity(&mut self, path: &str, value: toml::Value) {
        let toml::Value::Table(mut table) = value else {
            return self.refuse_identity(path);
        };
        match table.remove("customers") {
            None => {}
            Some(toml::Value::Table(customers)) => {
                self.customers = customers::read(&customers, &mut self.problems);
            }
            Some(_) => return self.refuse_identity(path),
        }
        if !table.is_empty() {
            self.providers = providers::read(path, &toml::Value::Table(table), &mut self.problems);
        }
    }

    fn refuse_identity(&mut self, path: &str) {
        let problem = "`identity` holds [[identity.provider]] and [identity.customers]".into();
        self.problems.push(Problem { name: path.to_owned(), problem, example: None });
    }

    /// Reads a setting: the given value, else the table's. None when there is neither, or it is wrong, which is noted.
    pub fn read<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let setting = setting(name);
        let text = match (self.texts.get(name), setting.fallback) {
            (Some((text, _)), _) => text.clone(),
            (None, Fallback::Value(text)) => text.to_owned(),
            (None, _) => return None,
        };
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                let shown = if setting.secret { String::new() } else { format!("`{}` ", visible(&text)) };
                self.refuse(setting, format!("{shown}{error}"));
                None
            }
        }
    }

    /// Whether the setting is given.
    pub fn given(&self, name: &'static str) -> bool {
        self.texts.contains_key(name)
    }

    /// Where its value came from.
    pub fn source(&self, name: &'static str) -> Source {
        self.texts.get(name).map_or(Source::Default, |(_, source)| *source)
    }

    /// Notes what is wrong with a setting as a whole.
    pub fn wrong(&mut self, name: &'static str, problem: impl Into<String>) {
        self.refuse(setting(name), problem.into());
    }

    fn refuse(&mut self, setting: &Setting, problem: String) {
        self.problems.push(Problem {
            name: setting.name.to_owned(),
            problem,
            example: Some(setting.example),
        });
    }
}

/// The table's line of this name.
fn setting(name: &'static str) -> &'static Setting {
    match SETTINGS.iter().find(|setting| setting.name == name) {
        Some(setting) => setting,
        None => panic!("{name} is not in the table of settings"),
    }
}

/// Variables that look like settings and are none: most likely misspelt.
pub(super) fn unknown(environment: &BTreeMap<String, String>) -> Vec<String> {
    let known = |name: &str| {
        name == FILE
            || name.starts_with("INNKEEPER_FAILPOINT")
            || SETTINGS.iter().any(|setting| setting.name == name)
    };
    environment.keys().filter(|name| name.starts_with(PREFIX) && !known(name)).cloned().collect()
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Array(items) => Some(items.iter().map(plain).collect::<Option<Vec<_>>>()?.join(",")),
        _ => None,
    }
}

/// A wrong value in a message: short, and without characters that would do something to a terminal.
fn visible(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
