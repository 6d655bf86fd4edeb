//! `innkeeper orphan`: what an operator does with resources without an owner.

use super::terminal::say;
use crate::{
    config::Config,
    startup::{Control, FIRST_SERVER, Reach, explain},
};
use clap::Subcommand;
use innkeeper_adapters::{
    backups::FolderBackups,
    leftovers,
    system::{OsRandom, SystemClock},
};
use innkeeper_domain::{
    ids::Ids,
    orphan::OrphanKind,
    ports::{Backups, Clock as _},
};
use innkeeper_service::{
    Error,
    context::servers::Servers,
    fleet::{
        doctor::Orphan,
        hba_writer::RuleWriter,
        orphans::{self, Ground},
        servers,
    },
};
use std::{io, process::ExitCode, sync::Arc, time::Duration};

/// Looking at all catalogs twice, and waiting for the tenant's lock.
const DEADLINE: Duration = Duration::from_mins(10);

#[derive(Subcommand, Debug)]
pub(crate) enum OrphanAction {
    /// List them: kind and name, what it is, and what can be done.
    List {
        /// One JSON array instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Permanently remove one. Refused if it belongs to somebody now.
    Remove {
        /// Its kind, as listed.
        #[arg(value_parser = kind)]
        kind: OrphanKind,
        /// Its name, as listed.
        name: String,
        /// Its name again: this cannot be undone.
        #[arg(long, value_name = "NAME")]
        yes_remove: String,
    },
    /// Give a database back to its tenant that was recorded as failed or deleted. The tenant is then suspended.
    Adopt {
        /// Its kind, as listed; only databases can be adopted, with their roles.
        #[arg(value_parser = kind)]
        kind: OrphanKind,
        /// Its name, as listed.
        name: String,
    },
}

fn kind(text: &str) -> Result<OrphanKind, String> {
    OrphanKind::parse(text).ok_or_else(|| {
        let all: Vec<_> = OrphanKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("the kinds are {}", all.join(", "))
    })
}

/// Files in the data folder that belong to nothing.
pub(super) fn leftovers(config: &Config) -> io::Result<Vec<Orphan>> {
    let found = leftovers::find(&config.data_dir, SystemClock.now().into())?;
    let orphan = |left: leftovers::Leftover| {
        let what = format!("{} is {}", left.name, left.what);
        Orphan::surplus(left.kind, left.name, what, "data folder")
    };
    Ok(found.into_iter().map(orphan).collect())
}

/// Does it beside a running portal.
pub(super) async fn run(config: &Config, action: OrphanAction) -> ExitCode {
    let reach = match Control::beside(config).await {
        Ok(Some(reach)) => reach,
        Ok(None) => return complain("the portal's PostgreSQL does not run: start the portal first"),
        Err(error) => return complain(&explain(&error)),
    };
    let worker = reach.worker();
    let done = async {
        let ground = ground(config, &reach, worker.clone()).await?;
        act(config, &ground, action).await
    };
    let done = tokio::time::timeout(DEADLINE, done).await;
    worker.close().await;
    match done {
        Ok(Ok(said)) => {
            say(&said);
            ExitCode::SUCCESS
        }
        Ok(Err(said)) => complain(&said),
        Err(_) => complain("this took too long; `innkeeper orphan list` shows how it stands"),
    }
}

async fn ground(config: &Config, reach: &Reach, pool: sqlx::PgPool) -> Result<Ground, String> {
    let server = reach.tenant_server().await.map_err(|error| explain(&error))?;
    let id = servers::find(&pool, FIRST_SERVER).await.map_err(|error| explain(&error))?;
    let id = id.ok_or("the server is not registered: start the portal first")?;
    let servers = Servers::default();
    servers.put(id, Arc::new(server));
    let folder = config.backups();
    let shelf = || Arc::new(FolderBackups::beside(&folder, Arc::new(OsRandom))) as Arc<dyn Backups>;
    Ok(Ground {
        ids: Ids::new(Arc::new(SystemClock), Arc::new(OsRandom)),
        rules: RuleWriter::new(pool.clone(), servers.clone()),
        backups: folder.is_dir().then(shelf),
        pool,
        servers,
    })
}

async fn act(config: &Config, ground: &Ground, action: OrphanAction) -> Result<String, String> {
    match action {
        OrphanAction::List { json } => {
            let mut found = leftovers(config).map_err(|error| error.to_string())?;
            found.extend(orphans::list(ground).await.map_err(|error| explain(&error))?);
            Ok(list(&found, json))
        }
        OrphanAction::Remove { kind, name, yes_remove } => {
            if yes_remove != name {
                return Err(format!(
                    "--yes-remove says {yes_remove:?}, and the name is {name:?}: nothing was removed"
                ));
            }
            if matches!(kind, OrphanKind::File | OrphanKind::Certificate) {
                remove_file(config, ground, kind, &name).await?;
            } else {
                orphans::remove(ground, kind, &name).await.map_err(|error| refused(&error))?;
            }
            Ok(format!("Removed: {} {name}.\n", kind.as_str()))
        }
        OrphanAction::Adopt { kind, name } => {
            orphans::adopt(ground, kind, &name).await.map_err(|error| refused(&error))?;
            Ok(format!(
                "{name} belongs to its tenant again, which is suspended: an admin of its organisation can resume it and \
                 reset the passwords.\n"
            ))
        }
    }
}

async fn remove_file(config: &Config, ground: &Ground, kind: OrphanKind, name: &str) -> Result<(), String> {
    let found = leftovers(config).map_err(|error| error.to_string())?;
    let orphan = found.into_iter().find(|orphan| orphan.kind == kind && orphan.name == name);
    let orphan = orphan.ok_or_else(|| refused(&Error::NotFound))?;
    orphans::record_removal(ground, &orphan).await.map_err(|error| explain(&error))?;
    match leftovers::remove(&config.data_dir, name, SystemClock.now().into()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused(&Error::NotFound)),
        Err(error) => Err(format!("{name} cannot be removed: {error}")),
    }
}

fn refused(error: &Error) -> String {
    match error {
        Error::NotFound => "no orphan of this kind has this name; `innkeeper orphan list` lists them".into(),
        error => explain(error),
    }
}

fn list(found: &[Orphan], json: bool) -> String {
    if json {
        // A list of texts always serialises.
        return serde_json::to_string_pretty(found).unwrap_or_default() + "\n";
    }
    if found.is_empty() {
        return "There are no resources without an owner.\n".into();
    }
    let line = |orphan: &Orphan| {
        let missing = if orphan.missing { " (missing)" } else { "" };
        let Orphan { kind, name, what, place, advice, .. } = orphan;
        format!("{} {name}{missing}\n    {place}: {what}\n    {advice}\n", kind.as_str())
    };
    found.iter().map(line).collect()
}

fn complain(what: &str) -> ExitCode {
    super::terminal::complain(&format!("innkeeper: {what}\n"));
    ExitCode::FAILURE
}
