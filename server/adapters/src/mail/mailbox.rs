use super::{Sender, eml::Entity, render::render};
use async_trait::async_trait;
use innkeeper_domain::{
    mail::OutgoingMail,
    ports::{Clock, LocalMailbox, MailError, MailboxEntry, MailboxMail, Mailer},
};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use time::{
    OffsetDateTime, PrimitiveDateTime, UtcOffset, format_description::BorrowedFormatItem,
    macros::format_description,
};

/// How many mails are kept; the oldest go first.
const KEPT: usize = 5_000;
/// Longer files are not shown; no mail of the portal comes near it.
const LONGEST: u64 = 1024 * 1024;
/// Begins the name of a file that is being written.
const UNFINISHED: &str = ".tmp-";
const STAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:6]Z");

/// Instead of a mail server: each mail is a file `<time>-<hash of its Message-ID>.eml` in a folder that only
/// its owner may read. Files appear whole, by rename; a mail sent twice is one file; the newest 5,000 stay.
#[derive(Clone)]
pub struct Mailbox {
    folder: Arc<Path>,
    sender: Sender,
    clock: Arc<dyn Clock>,
    writing: Arc<Mutex<()>>,
}

impl Mailbox {
    /// Makes the folder (mode 0700) where there is none, and removes what a killed portal left half-written.
    pub fn new(folder: &Path, sender: Sender, clock: Arc<dyn Clock>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { folder: folder.into(), sender, clock, writing: Arc::default() })
    }

    fn store(&self, message_id: &str, at: OffsetDateTime, mail: &[u8]) -> io::Result<()> {
        let name = FileName::new(at, message_id);
        // Two writers of one mail would not see each other's file.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let present = self.names()?;
        if present.iter().any(|old| old.hash == name.hash) {
            return Ok(());
        }
        let temporary = self.folder.join(format!("{UNFINISHED}{}", name.hash));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(mail)?;
        file.sync_all()?;
        fs::rename(&temporary, self.folder.join(name.to_string()))?;
        for old in present.iter().skip(KEPT - 1) {
            fs::remove_file(self.folder.join(old.to_string()))?;
        }
        Ok(())
    }

    /// The names of all mails, newest first.
    fn names(&self) -> io::Result<Vec<FileName>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            names.extend(entry?.file_name().to_str().and_then(FileName::parse));
        }
        names.sort_by(|a, b| b.cmp(a));
        Ok(names)
    }

    fn raw(&self, name: &FileName) -> io::Result<String> {
        let mut raw = String::new();
        File::open(self.folder.join(name.to_string()))?.take(LONGEST).read_to_string(&mut raw)?;
        Ok(raw)
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let now = self.clock.now();
        let message = render(mail, &self.sender, now).map_err(|e| MailError::Refused(e.to_string()))?;
        let (mailbox, id) = (self.clone(), mail.message_id.clone());
        let stored = tokio::task::spawn_blocking(move || mailbox.store(&id, now, &message.formatted())).await;
        let failed = |cause: &dyn std::fmt::Display| {
            MailError::Later(format!("the mailbox {} cannot be written: {cause}", self.folder.display()))
        };
        stored.map_err(|e| failed(&e))?.map_err(|e| failed(&e))
    }
}

impl LocalMailbox for Mailbox {
    fn list(&self, limit: usize) -> Vec<MailboxEntry> {
        let names = self.names().unwrap_or_else(|error| {
            tracing::warn!(folder = %self.folder.display(), %error, "the local mailbox cannot be listed");
            Vec::new()
        });
        let entry = |name: &FileName| {
            // Removed since it was listed, or not a mail of ours: not shown.
            let raw = self.raw(name).ok()?;
            let mail = Entity::parse(&raw)?;
            let (to, subject) = (mail.header("To"), mail.header("Subject"));
            Some(MailboxEntry { file: name.to_string(), to, subject, at: name.at })
        };
        names.iter().filter_map(entry).take(limit).collect()
    }

    fn read(&self, file: &str) -> Option<MailboxMail> {
        let raw = self.raw(&FileName::parse(file)?).ok()?;
        let mail = Entity::parse(&raw)?;
        let (subject, to) = (mail.header("Subject"), mail.header("To"));
        let (text, html) = (mail.text("text/plain")?, mail.text("text/html"));
        Some(MailboxMail { subject, to, text, html, raw })
    }
}

/// The name of a mail's file: `20251121T031500.123456Z-0123456789abcdef.eml`. In order of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct FileName {
    at: OffsetDateTime,
    hash: String,
}

impl FileName {
    fn new(at: OffsetDateTime, message_id: &str) -> Self {
        let hash = blake3::hash(message_id.as_bytes()).to_hex()[..16].to_owned();
        Self { at: at.to_offset(UtcOffset::UTC), hash }
    }

    /// Reads a name, and nothing that only resembles one: what passes stays in the folder.
    fn parse(text: &str) -> Option<Self> {
        let (stamp, hash) = text.strip_suffix(".eml")?.split_once('-')?;
        let at = PrimitiveDateTime::parse(stamp, STAMP).ok()?.assume_utc();
        let name = Self { at, hash: hash.to_owned() };
        let hex = hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (hex && name.to_string() == text).then_some(name)
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stamp = self.at.format(STAMP).map_err(|_| std::fmt::Error)?;
        write!(f, "{stamp}-{}.eml", self.hash)
    }
}

#[cfg(test)]
mod tests;
