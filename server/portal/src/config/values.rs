use super::{
    customers::{self, CustomersConfig},
    parse::Refused,
    problem::{Problem, Source},
    providers::{self, ProviderConfig},
    setting::{FILE, Fallback, PREFIX, Setting, Value},
};
use std::collections::BTreeMap;

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
    pub fn new<C>(
        settings: &[Setting<C>],
        environment: &BTreeMap<String, String>,
        file: Option<(&str, &str)>,
    ) -> Self {
        let mut values = Self::default();
        if let Some((path, text)) = file {
            values.take_file(settings, path, text);
        }
        for setting in settings {
            if let Some(text) = environment.get(setting.name).filter(|text| !text.trim().is_empty()) {
                values.texts.insert(setting.name, (text.trim().to_owned(), Source::Environment));
            }
        }
        values
    }

    fn take_file<C>(&mut self, settings: &[Setting<C>], path: &str, text: &str) {
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
            let Some(setting) = settings.iter().find(|setting| setting.key == key) else {
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
                    format!("{} in {path} is neither text, number nor list of texts", setting.key),
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

    /// Reads a setting: the given value, else its default. None where it is wrong, which is noted, or where other
    /// settings decide.
    pub fn read<C, T: Value, U: Into<T>>(
        &mut self,
        setting: &Setting<C>,
        parse: impl FnOnce(&str) -> Result<U, Refused>,
    ) -> Option<T> {
        let text = match (self.texts.get(setting.name), setting.fallback) {
            (Some((text, _)), _) => text.clone(),
            (None, Fallback::Value(text)) => text.to_owned(),
            (None, Fallback::Words(_)) => return T::unset(),
        };
        match parse(&text) {
            Ok(value) => Some(value.into()),
            Err(error) => {
                let shown = if setting.secret { String::new() } else { format!("`{}` ", visible(&text)) };
                self.refuse(setting, format!("{shown}{error}"));
                None
            }
        }
    }

    /// Whether the setting is given.
    pub fn given<C>(&self, setting: &Setting<C>) -> bool {
        self.texts.contains_key(setting.name)
    }

    /// Where the values that are given came from.
    pub fn sources(&self) -> BTreeMap<&'static str, Source> {
        self.texts.iter().map(|(name, (_, source))| (*name, *source)).collect()
    }

    /// Notes what is wrong with a setting as a whole.
    pub fn refuse<C>(&mut self, setting: &Setting<C>, problem: impl Into<String>) {
        self.problems.push(Problem {
            name: setting.name.to_owned(),
            problem: problem.into(),
            example: Some(setting.example),
        });
    }
}

/// Variables that look like settings and are none: most likely misspelt.
pub(super) fn unknown<C>(settings: &[Setting<C>], environment: &BTreeMap<String, String>) -> Vec<String> {
    let known = |name: &str| {
        name == FILE
            || name.starts_with("INNKEEPER_FAILPOINT")
            || settings.iter().any(|setting| setting.name == name)
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
