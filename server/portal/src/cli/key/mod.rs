//! Rotation of the master key by an operator.

mod passes;

use self::passes::Work;
use super::terminal::say;
use crate::{
    config::Config,
    startup::{Control, explain, protect_memory},
};
use clap::{Args, Subcommand};
use innkeeper_adapters::{
    sealing::{MasterKeys, MasterSealer},
    system::{OsRandom, SystemClock},
};
use innkeeper_app::components::words::count;
use innkeeper_domain::ids::Ids;
use innkeeper_service::background::master_key::{self, NotOpened};
use serde::Serialize;
use sqlx::PgPool;
use std::{path::Path, process::ExitCode, sync::Arc};

#[derive(Subcommand, Debug)]
pub(crate) enum KeyAction {
    /// Put a new master key in place of the current one, or finish a rotation that was interrupted.
    ///
    /// Running portals read the key file again by themselves. Everything is encrypted anew in batches; the former key is
    /// removed from the file once nothing needs it.
    Rotate(Rotate),
}

#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct Rotate {
    /// Only add the new key to the file, where portals read copies of it: copy the file to all of them, then rotate.
    #[arg(long, conflicts_with = "keep_old")]
    prepare: bool,
    /// Leave the former key in the file. The next rotation removes it, and does nothing else.
    #[arg(long)]
    keep_old: bool,
    /// One JSON object instead of text; the progress stays on standard error.
    #[arg(long)]
    json: bool,
}

/// How a rotation ended.
#[derive(Debug, Serialize)]
struct Rotated {
    /// `prepared`, `unfinished` or `finished`.
    state: &'static str,
    /// The key that encrypts.
    current: String,
    /// The key that will, where it is prepared.
    next: Option<String>,
    /// Former keys in the file.
    older: Vec<String>,
    /// Former keys that were removed.
    removed: Vec<String>,
    /// How many secrets were encrypted anew by this call.
    encrypted: u64,
    /// Those that do not open under any key of the file.
    not_opened: Vec<NotOpened>,
}

/// Does it beside a running portal.
pub(super) async fn run(config: &Config, action: KeyAction) -> ExitCode {
    let KeyAction::Rotate(options) = action;
    // It holds all keys, and every secret once.
    if let Err(error) = protect_memory() {
        return complain(&explain(&error));
    }
    let reach = match Control::beside(config).await {
        Ok(Some(reach)) => reach,
        Ok(None) => return complain("the portal's PostgreSQL does not run: start the portal first"),
        Err(error) => return complain(&explain(&error)),
    };
    let worker = reach.worker();
    let done = rotate(&config.master_key_file, &worker, options).await;
    worker.close().await;
    match done {
        Ok(rotated) => {
            // A struct of texts and numbers always serialises.
            let json = || serde_json::to_string_pretty(&rotated).unwrap_or_default() + "\n";
            say(&if options.json { json() } else { rotated.text(&config.master_key_file) });
            let is_left = rotated.state == "unfinished" && !options.keep_old;
            if is_left || !rotated.not_opened.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(said) => complain(&said),
    }
}

async fn rotate(path: &Path, worker: &PgPool, options: Rotate) -> Result<Rotated, String> {
    let database = |error| match error {
        innkeeper_service::Error::Database(_) | innkeeper_service::Error::Away(_) => {
            format!("{}; run `innkeeper migrate` if migrations are missing", explain(&error))
        }
        error => explain(&error),
    };
    let one = master_key::only_one(worker).await.map_err(database)?;
    let one = one.ok_or("another rotation of the master key is running on this control database")?;
    let mut keys = MasterKeys::load(path).map_err(|error| explain(&error))?;
    let found = keys.clone();
    let rotating = !keys.older().is_empty();
    if options.prepare && rotating {
        return Err("a rotation is not finished: run `innkeeper key rotate` first".into());
    }
    if !rotating {
        known(path, &keys, worker).await?;
        keys.prepare(&OsRandom);
        if options.prepare {
            replace(path, &found, &keys)?;
            return Ok(Rotated::of("prepared", &keys));
        }
    }
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(OsRandom));
    let (mut after, before) = (keys.clone(), keys.current().to_owned());
    after.promote();
    let older = if rotating { keys.older() } else { vec![before] };
    if master_key::is_retired(worker, after.current()).await.map_err(database)? {
        return Err(format!(
            "master key {} was taken out of use by an earlier rotation. Nothing was changed. Put the file in place of {} \
             that the portals use",
            after.current(),
            path.display()
        ));
    }
    master_key::begin(worker, &ids, after.current(), &older).await.map_err(database)?;
    if !rotating {
        replace(path, &found, &after)?;
    }
    let written = after.clone();
    let mut work =
        Work { worker, ids, sealer: MasterSealer::new(after.clone(), Arc::new(OsRandom)), encrypted: 0 };
    let not_opened = work.encrypt(after.current()).await?;
    let mut rotated = Rotated { encrypted: 0, not_opened, ..Rotated::of("unfinished", &after) };
    // Something under a key that is not in the file: this may be another installation's file or database, and its former
    // keys are needed there.
    let is_foreign = work.counts().await?.keys().any(|key| !after.has(key));
    if !options.keep_old && !is_foreign {
        for old in older {
            if work.retire(&old, after.current(), &mut rotated.not_opened).await? {
                after.remove(&old);
                rotated.removed.push(old);
            }
        }
        if !rotated.removed.is_empty() {
            replace(path, &written, &after)?;
        }
    }
    drop(one);
    rotated.state = if after.older().is_empty() { "finished" } else { "unfinished" };
    Ok(Rotated { older: after.older(), encrypted: work.encrypted, ..rotated })
}

/// Puts the keys into the file, if that holds what was found there or written last: somebody else may have rotated it.
fn replace(path: &Path, found: &MasterKeys, keys: &MasterKeys) -> Result<(), String> {
    let now = MasterKeys::load(path).map_err(|error| explain(&error))?;
    let ids = |keys: &MasterKeys| (keys.current().to_owned(), keys.next().map(str::to_owned), keys.older());
    if ids(&now) != ids(found) {
        return Err(format!(
            "{} was changed by somebody else meanwhile and stays as it is. Run `innkeeper key rotate` again: it goes on \
             from there",
            path.display()
        ));
    }
    keys.replace(path, &OsRandom).map_err(|error| refused(&error))
}

/// Refuses to start if something is encrypted under a key that is not in the file: it may be the wrong file.
async fn known(path: &Path, keys: &MasterKeys, worker: &PgPool) -> Result<(), String> {
    let sealed = master_key::sealed_under(worker).await.map_err(|error| explain(&error))?;
    match sealed.iter().find(|(key, _)| !keys.has(key)) {
        None => Ok(()),
        Some((key, number)) => Err(format!(
            "{} encrypted under master key {key}, which is not in {}. Nothing was changed. Is this the file that the \
             portals use? If it is, add the line of that key from a backup of the file to its end, and run this again",
            are(usize::try_from(*number).unwrap_or(usize::MAX)),
            path.display()
        )),
    }
}

fn refused(error: &innkeeper_adapters::sealing::MasterKeyError) -> String {
    format!(
        "{}. Run this as the portal's user. Where the file comes from a store of secrets and is read-only, set \
         INNKEEPER_MASTER_KEY_FILE to a copy of it for this command, and put the copy into the store after each step: \
         `key rotate --prepare`, `key rotate --keep-old`, `key rotate`",
        explain(error)
    )
}

fn are(number: usize) -> String {
    format!("{} {}", count(number, "secret", "secrets"), if number == 1 { "is" } else { "are" })
}

impl Rotated {
    fn of(state: &'static str, keys: &MasterKeys) -> Self {
        Self {
            state,
            current: keys.current().to_owned(),
            next: keys.next().map(str::to_owned),
            older: keys.older(),
            removed: Vec::new(),
            encrypted: 0,
            not_opened: Vec::new(),
        }
    }

    fn text(&self, path: &Path) -> String {
        let file = path.display();
        if let Some(next) = &self.next {
            return format!(
                "Master key {next} is added to {file}, and not in use yet. Copy the file to all portals of this control \
                 database, then run `innkeeper key rotate`.\n"
            );
        }
        let number = usize::try_from(self.encrypted).unwrap_or(usize::MAX);
        let mut lines = vec![format!(
            "{} encrypted anew. The current master key is {}.\n",
            count(number, "secret was", "secrets were"),
            self.current
        )];
        lines.extend(self.removed.iter().map(|key| format!("Former key {key} is removed from {file}.\n")));
        lines.extend(self.older.iter().map(|key| {
            format!("Former key {key} is still in {file}. `innkeeper key rotate` removes it once nothing needs it.\n")
        }));
        let failed = |one: &NotOpened| format!("Cannot be decrypted: {}: {}\n", one.place, one.why);
        lines.extend(self.not_opened.iter().map(failed));
        lines.push("Back up the key file now, apart from the data.\n".into());
        lines.concat()
    }
}

fn complain(what: &str) -> ExitCode {
    super::terminal::complain(&format!("innkeeper: {what}\n"));
    ExitCode::FAILURE
}
