use super::{Config, ProviderConfig, SETTINGS, Setting, Source};

impl Config {
    /// The effective values for an operator, one a line, secrets hidden.
    pub fn show(&self) -> String {
        let width = SETTINGS.iter().map(|setting| setting.name.len()).max().unwrap_or_default();
        let line = |setting: &Setting<Self>| {
            let source = match self.sources.get(setting.name) {
                Some(Source::Environment) => "environment",
                Some(Source::File) => "file",
                None => "default",
            };
            format!("{:width$} = {} ({source})\n", setting.name, (setting.show)(self))
        };
        let provider = |one: &ProviderConfig| {
            let ProviderConfig { id, kind, issuer, staff_groups, .. } = one;
            let staff =
                if staff_groups.is_empty() { String::new() } else { format!(", staff: {staff_groups}") };
            format!("identity.provider {id} = {} {issuer}{staff} (file)\n", kind.as_str())
        };
        SETTINGS.iter().map(line).chain(self.providers.iter().map(provider)).collect()
    }

    /// The variables that look like settings and are none, one a line.
    pub fn misspelt(&self) -> String {
        let line = |name: &String| format!("{name} is set and is not a setting: misspelt?\n");
        self.unknown.iter().map(line).collect()
    }
}
