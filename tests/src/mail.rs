//! The local mailbox, read from its files.

use crate::until;
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The folder of mails. Each file is read once: it appears whole and never changes.
pub struct Mailbox {
    folder: PathBuf,
    read: Mutex<BTreeMap<String, Arc<Mail>>>,
}

/// A mail.
#[derive(Debug)]
pub struct Mail {
    /// The file's name.
    pub file: String,
    /// The header To.
    pub to: String,
    /// The header Subject, as it stands.
    pub subject: String,
    /// The text part, decoded.
    pub text: String,
}

impl Mailbox {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, read: Mutex::default() }
    }

    /// All mails there are, oldest first.
    pub fn all(&self) -> Vec<Arc<Mail>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the first start there is no folder.
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".eml") && !read.contains_key(&name) {
                let mail = Mail::parse(name.clone(), &fs::read_to_string(entry.path()).unwrap());
                read.insert(name, Arc::new(mail));
            }
        }
        read.values().cloned().collect()
    }

    /// All mails to an address, oldest first.
    pub fn to(&self, address: &str) -> Vec<Arc<Mail>> {
        self.all().into_iter().filter(|mail| mail.to == address).collect()
    }

    /// Waits for the mail to this address that comes after so many others and satisfies the condition.
    pub async fn wait(&self, address: &str, after: usize, fits: impl Fn(&Mail) -> bool) -> Arc<Mail> {
        let found = async || self.to(address).into_iter().skip(after).find(|mail| fits(mail));
        let waiting = until(60, "the mail", found);
        tokio::select! {
            mail = waiting => mail,
            () = tokio::time::sleep(Duration::from_secs(30)) => {
                let subjects: Vec<_> = self.all().iter().map(|mail| format!("{}: {}", mail.to, mail.subject)).collect();
                panic!("not the mail to {address} within 30 s, but {subjects:#?}")
            }
        }
    }
}

impl Mail {
    fn parse(file: String, raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").expect("a mail has headers and a body");
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
            line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim()).to_owned()
        };
        let to = header("to:");
        let to = to.rsplit('<').next().unwrap_or(&to).trim_end_matches('>').to_owned();
        let kind = header("content-type:");
        let text = match kind.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            Some(boundary) => {
                let mark = format!("--{boundary}");
                let part = body
                    .split(&mark)
                    .skip(1)
                    .find(|part| part.to_ascii_lowercase().contains("content-type: text/plain"));
                part_text(part.expect("a mail has a text part"))
            }
            None => body.to_owned(),
        };
        Self { file, to, subject: header("subject:"), text }
    }

    /// The six digits that stand alone in the text.
    pub fn code(&self) -> String {
        let codes: Vec<_> = self
            .text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .filter(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()))
            .collect();
        let [code] = codes[..] else { panic!("not one code in the mail:\n{}", self.text) };
        code.to_owned()
    }

    /// The path and query of the first link to the portal that stands in the text.
    pub fn link(&self, portal: &str) -> String {
        let found = self.text.split_whitespace().find_map(|word| {
            let path = word.strip_prefix(portal)?;
            path.starts_with('/').then(|| path.to_owned())
        });
        found.unwrap_or_else(|| panic!("no link to {portal} in the mail:\n{}", self.text))
    }
}

fn part_text(part: &str) -> String {
    let (head, body) = part.trim_start().split_once("\r\n\r\n").expect("a part has headers and a body");
    if head.to_ascii_lowercase().contains("quoted-printable") { decode_quoted(body) } else { body.to_owned() }
}

/// Quoted-printable (RFC 2045, section 6.7).
fn decode_quoted(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let pair = behind.get(..2).filter(|_| *first == b'=').and_then(|pair| std::str::from_utf8(pair).ok());
        if let Some(byte) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).expect("a text part is UTF-8")
}
