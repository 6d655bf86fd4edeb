//! What is wrong with a configuration, and where its values came from.

use std::fmt;

/// Where a value that is given came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An environment variable.
    Environment,
    /// The file.
    File,
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
