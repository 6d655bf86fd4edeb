//! The words that `docs/glossary.md` says not to use, and where one of them is used.

use super::Package;
use std::{fs, path::Path};

/// A word not to use, with the term to use.
#[derive(Debug)]
pub struct Word {
    /// In lower case, as in the last column.
    pub avoid: String,
    /// The first column of the same row.
    pub term: String,
}

/// The last column of the glossary.
pub fn words() -> Vec<Word> {
    let text = fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ")).skip(1);
    let words = rows.flat_map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (term, avoid) = (cells[0].to_owned(), cells[3].to_owned());
        let avoid: Vec<_> = avoid.split(',').map(|word| word.trim().to_lowercase()).collect();
        avoid.into_iter().filter(|word| !word.is_empty()).map(move |avoid| Word { avoid, term: term.clone() })
    });
    words.collect()
}

/// Where one of the words is used, as `file: "word" (term): text`: in the packages, in the templates of
/// e-mails, and in the scripts.
pub fn used(words: &[Word], packages: &[Package]) -> Vec<String> {
    let sources = packages.iter().flat_map(|package| {
        package.texts.iter().map(|(file, text)| (format!("{}/src/{file}", package.folder), text.clone()))
    });
    let found = sources.chain(other_files()).filter_map(|(file, text)| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let word = words.iter().find(|word| holds(&text, &word.avoid))?;
        Some(format!("{file}: \"{}\" ({}): {text}", word.avoid, word.term))
    });
    found.collect()
}

/// Whether a text has these words as words: not within another one, nor in a name such as `mail-domain` or `{sealed}`.
pub fn holds(text: &str, words: &str) -> bool {
    let text = text.to_lowercase();
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "-_/{}:`<".contains(c));
        !part(before) && !part(after.filter(|c| *c != ':'))
    })
}

fn other_files() -> impl Iterator<Item = (String, String)> {
    let mut folders = vec![root().join("server/adapters/templates"), root().join("public")];
    let mut found = vec![];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|kind| ["txt", "html", "js"].iter().any(|known| kind == *known))
            {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().display().to_string(), text));
            }
        }
    }
    found.into_iter()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
