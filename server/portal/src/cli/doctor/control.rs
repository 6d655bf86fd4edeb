//! The control database, and what waits in it.

use crate::{
    cli::report::{DEADLINE, Report},
    config::Config,
    startup::{Reach, explain},
};
use innkeeper_adapters::{backups::FolderBackups, sealing::MasterKeys, system::OsRandom};
use innkeeper_service::{background::master_key, db::MIGRATIONS, fleet::doctor};
use sqlx::{Connection as _, PgPool, migrate::Migrate as _};
use std::{collections::BTreeMap, sync::Arc};

pub(super) async fn database(worker: &PgPool, report: &mut Report) -> bool {
    report.looked_at.push("control database");
    let ask = async { worker.acquire().await?.ping().await };
    let why = "Without the control database the portal does nothing.";
    let advice = "Does the server run, and is it reachable from here? `innkeeper config check` shows which one is meant.";
    match tokio::time::timeout(DEADLINE, ask).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => report.blind(format!("the control database does not answer: {error}"), why, advice),
        Err(_) => report.blind(
            format!("the control database did not answer within {} s", DEADLINE.as_secs()),
            why,
            advice,
        ),
    }
    false
}

pub(super) async fn migrations(reach: &Reach, report: &mut Report) {
    report.looked_at.push("migrations");
    let applied = async {
        let mut owner = reach.owner().await.map_err(|error| explain(&error))?;
        owner.list_applied_migrations(&MIGRATIONS.table_name).await.map_err(|error| error.to_string())
    };
    let why = "The program and the schema must match.";
    let applied: BTreeMap<_, _> = match tokio::time::timeout(DEADLINE, applied).await {
        Ok(Ok(applied)) => applied.into_iter().map(|ran| (ran.version, ran.checksum)).collect(),
        Ok(Err(error)) => {
            return report.blind(
                format!("the list of migrations cannot be read: {error}"),
                why,
                "Run `innkeeper migrate`.",
            );
        }
        Err(_) => return report.blind("the list of migrations was not read in time", why, "Try again."),
    };
    for known in MIGRATIONS.iter() {
        let name = format!("{} {}", known.version, known.description);
        match applied.get(&known.version) {
            Some(checksum) if *checksum == known.checksum => {}
            Some(_) => report.found(
                format!("migration {name} ran with another content than this program has"),
                why,
                "This program is not the release that created the database: use that one, or a newer one.",
            ),
            None => report.found(
                format!("migration {name} has not run"),
                why,
                "Run `innkeeper migrate`, or start the portal again.",
            ),
        }
    }
    for version in applied.keys().filter(|version| !MIGRATIONS.version_exists(**version)) {
        let what = format!("migration {version} has run and is not in this program");
        report.found(what, why, "A newer portal has used this database: use that program.");
    }
}

pub(super) async fn work(worker: &PgPool, report: &mut Report) {
    report.looked_at.push("runs and e-mails");
    match tokio::time::timeout(DEADLINE, doctor::work(worker)).await {
        Ok(Ok(found)) => report.found.extend(found),
        Ok(Err(error)) => {
            let advice = "Run `innkeeper migrate` if migrations are missing; the server's log says more.";
            report.blind(
                format!("runs and e-mails cannot be read: {error}"),
                "People may be waiting.",
                advice,
            );
        }
        Err(_) => {
            report.blind("runs and e-mails were not read in time", "People may be waiting.", "Try again.");
        }
    }
}

/// How full the servers are.
pub(super) async fn capacity(worker: &PgPool, report: &mut Report) {
    report.looked_at.push("capacity");
    let why = "New databases may be refused.";
    match tokio::time::timeout(DEADLINE, doctor::capacity(worker)).await {
        Ok(Ok(found)) => report.found.extend(found),
        Ok(Err(error)) => {
            let advice = "Run `innkeeper migrate` if migrations are missing; the server's log says more.";
            report.blind(format!("how full the servers are cannot be read: {error}"), why, advice);
        }
        Err(_) => report.blind("how full the servers are was not read in time", why, "Try again."),
    }
}

/// Whether what is encrypted can be decrypted with this portal's keys, and how far a rotation of the key is.
pub(super) async fn keys(config: &Config, worker: &PgPool, report: &mut Report) {
    // Where it cannot be read, that was said before.
    let Ok(keys) = MasterKeys::load(&config.master_key_file) else { return };
    let current = keys.current();
    let asked = async {
        let retired = master_key::is_retired(worker, current).await?;
        Ok::<_, innkeeper_service::Error>((master_key::sealed_under(worker).await?, retired))
    };
    let why = "What is encrypted under another key cannot be decrypted: e-mails are not sent, credentials cannot be shown.";
    let (sealed, retired) = match tokio::time::timeout(DEADLINE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let advice = "Run `innkeeper migrate` if migrations are missing; the server's log says more.";
            return report.blind(format!("the encrypted texts cannot be read: {error}"), why, advice);
        }
        Err(_) => {
            return report.blind("the encrypted texts were not read in time", why, "Run this command again.");
        }
    };
    for other in sealed.keys().filter(|key| !keys.has(key)) {
        report.found(
            format!("e-mails or credentials are encrypted under master key {other}, and this portal has {current}"),
            why,
            "Give all portals of one control database the same INNKEEPER_MASTER_KEY_FILE, the one that has been used so \
             far. If a rotation has removed that key, add its line from a backup of the file to the end of the file.",
        );
    }
    if retired {
        report.found(
            format!("master key {current} was retired by a rotation, and this portal still uses it"),
            "Nothing can be encrypted under it: no e-mail is sent, and no database can be created.",
            "Replace INNKEEPER_MASTER_KEY_FILE by the file of the portal on which `innkeeper key rotate` ran.",
        );
    }
    if let Some(next) = keys.next() {
        report.found(
            format!("master key {next} is prepared and not in use yet"),
            "A rotation of the master key has begun and is not finished.",
            "Copy INNKEEPER_MASTER_KEY_FILE to all portals of this control database, then run `innkeeper key rotate`.",
        );
    }
    if !keys.older().is_empty() {
        let (done, total) = (sealed.get(current).copied().unwrap_or_default(), sealed.values().sum::<i64>());
        report.found(
            format!("the master key is being rotated: {done} of {total} secrets are under the current key {current}"),
            "Until that is finished, whoever has a copy of the former key can read what is encrypted under it.",
            "Run `innkeeper key rotate`: it goes on where it stopped, and then removes the former key from the file.",
        );
    }
}

/// The files of backups and what the control database says of them.
pub(super) async fn backups(config: &Config, worker: &PgPool, report: &mut Report) {
    report.looked_at.push("backups");
    let why = "The final backup is all that is left of a database that was removed.";
    let folder = config.backups();
    // Made with the first start; a portal elsewhere keeps its own.
    let Ok(true) = folder.try_exists() else { return };
    let shelf = FolderBackups::beside(&folder, Arc::new(OsRandom));
    match tokio::time::timeout(DEADLINE, doctor::backups(worker, &shelf)).await {
        Ok(Ok(Ok(found))) => {
            for orphan in found {
                report.found(format!("{}: {}", orphan.place, orphan.what), why, orphan.advice);
            }
        }
        Ok(Ok(Err(error))) => report.blind(explain(&error), why, "Run this as the portal's user."),
        Ok(Err(error)) => {
            report.blind(format!("the backups cannot be compared: {error}"), why, "Run this command again.");
        }
        Err(_) => report.blind("the backups were not compared in time", why, "Run this command again."),
    }
}
