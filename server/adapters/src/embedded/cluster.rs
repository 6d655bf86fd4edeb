//! The cluster as the portal sees it.

use super::{
    ClusterAddress, EmbeddedError, EmbeddedSettings,
    bootstrap::{self, BootstrapError, ControlDatabase},
    configuration, find_binaries,
    home::{DataFolder, Home},
    initialise,
    log::Pruning,
    os_user, postmaster, server, tls,
    tools::Tools,
};
use crate::certificates::Authority;
use innkeeper_domain::backoff::Backoff;
use sqlx::{ConnectOptions as _, Connection as _, postgres::PgConnectOptions};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::time::sleep;

/// How often the server is looked at, and the longest pause between two tries to start it again.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(15));

/// A running cluster that this process drives. Dropping it leaves the server running, to be adopted by the next
/// portal; [`EmbeddedCluster::stop`] ends it.
#[derive(Debug)]
pub struct EmbeddedCluster {
    address: ClusterAddress,
    settings: EmbeddedSettings,
    data_dir: PathBuf,
    home: Home,
    tools: Tools,
    /// New certificate files that the server was not told of yet.
    unread: AtomicBool,
    _pruning: Pruning,
    _lock: File,
}

impl EmbeddedCluster {
    /// Makes the cluster where there is none, starts it or adopts the server that runs, and waits (at most 60 s)
    /// until it answers. `now` decides whether the server's certificate is due.
    ///
    /// As root, the server and all its files belong to the user `postgres` (else `innkeeper`). If that user cannot
    /// enter the data folder, the cluster is kept below `/var/lib/innkeeper`, with a link from the data folder.
    pub async fn start(
        settings: EmbeddedSettings,
        authority: &Authority,
        now: OffsetDateTime,
    ) -> Result<Self, EmbeddedError> {
        let data = DataFolder::open(&settings.data_dir)?;
        let lock = data.lock()?;
        let existing = data.existing()?;
        let portal = os_user::portal().await?;
        let owner = existing.as_ref().map(|(path, owner, _)| (path.as_path(), *owner));
        let user = os_user::cluster(&portal, owner).await?;
        let made_by = existing.as_ref().map(|(path, _, version)| (path.as_path(), *version));
        let binaries = find_binaries(settings.binaries.as_deref(), made_by).await?;
        let tools = Tools::new(binaries, user, &portal);
        let home = Home::prepare(&data, &tools).await?;

        initialise::ensure_cluster(&home, &tools).await?;
        configuration::write(&home, &settings, [&portal, tools.user()])?;
        configuration::ensure_lines(&home.cluster(), tools.owner())?;
        tls::ensure(&home, &tools, &settings.host, authority, now)?;
        let address = server::bring_up(&home, &tools, &settings).await?;
        let pruning = Pruning::start(home.log());
        // What was written before was read by the server when it was brought up.
        let unread = AtomicBool::new(false);
        Ok(Self { address, settings, data_dir: data.0, home, tools, unread, _pruning: pruning, _lock: lock })
    }

    /// The cluster of these settings if its server runs, for a command beside the portal. Changes nothing.
    pub async fn running(settings: &EmbeddedSettings) -> Result<Option<ClusterAddress>, EmbeddedError> {
        let Ok(data) = settings.data_dir.canonicalize() else { return Ok(None) };
        let Some((cluster, ..)) = DataFolder(data).existing()? else { return Ok(None) };
        let root = cluster.parent().unwrap_or(&cluster).to_owned();
        let home = Home { sockets: root.clone(), root };
        match server::settled(&home, settings).await? {
            Some((_, address)) => {
                let (connection, address) = server::connect(&home, address).await?;
                // Nothing depends on how this ends: the version is there.
                let _ = connection.close().await;
                Ok(Some(address))
            }
            None => Ok(None),
        }
    }

    /// Where the cluster is reached.
    pub fn address(&self) -> &ClusterAddress {
        &self.address
    }

    /// Options to connect as the superuser, over the Unix socket.
    pub fn superuser_options(&self, database: &str) -> PgConnectOptions {
        self.address.superuser_options(database)
    }

    /// Options to connect as one of the control database's roles, over the Unix socket.
    pub fn options(&self, role: &str, database: &str) -> PgConnectOptions {
        self.address.options(role, database)
    }

    /// The name or address for connection strings.
    pub fn host(&self) -> &str {
        self.address.host()
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The version of the running server, such as `15.18`.
    pub fn version(&self) -> &str {
        self.address.version()
    }

    /// The portal's data folder.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The folder of the server's log: files `postgresql-*.json` in PostgreSQL's JSON format, newest name last.
    pub fn log_dir(&self) -> PathBuf {
        self.home.log()
    }

    /// Makes the roles and the database of the control database where they are missing.
    pub async fn ensure_control_database(&self) -> Result<ControlDatabase, BootstrapError> {
        let mut connection =
            self.superuser_options("postgres").connect().await.map_err(BootstrapError::Query)?;
        let made = bootstrap::ensure_control_database(&mut connection, bootstrap::DATABASE).await;
        // Nothing depends on how this ends: what was done is committed.
        let _ = connection.close().await;
        made
    }

    /// Issues the server's certificate anew if it is due, and has the server read it. Says whether it was. Nobody
    /// who is connected notices. Meant to be called again and again, for a portal that runs longer than a certificate is
    /// valid; after an error the next call does what is left.
    pub fn renew_certificate(
        &self,
        authority: &Authority,
        now: OffsetDateTime,
    ) -> Result<bool, EmbeddedError> {
        if tls::ensure(&self.home, &self.tools, self.host(), authority, now)? {
            self.unread.store(true, Ordering::SeqCst);
        }
        let told = self.unread.load(Ordering::SeqCst);
        if told && let Some(running) = postmaster::find(&self.home.cluster())? {
            postmaster::reload(&running)?;
        }
        self.unread.store(false, Ordering::SeqCst);
        Ok(told)
    }

    /// Starts the server again whenever it has ended, by whatever hand. Never ends; dropped it watches no longer.
    pub async fn keep_running(&self) {
        let mut backoff = PAUSES;
        loop {
            sleep(backoff.pause()).await;
            let found = match postmaster::find(&self.home.cluster()) {
                Ok(Some(_)) => Ok(false),
                Ok(None) => {
                    tracing::error!("the embedded cluster has ended; starting it again");
                    server::bring_up(&self.home, &self.tools, &self.settings).await.map(|_| true)
                }
                Err(error) => Err(error),
            };
            match found {
                Ok(started) => {
                    if started {
                        tracing::info!("the embedded cluster runs again");
                    }
                    backoff = PAUSES;
                }
                Err(error) => {
                    let next = backoff.upcoming();
                    tracing::error!(%error, "the embedded cluster cannot be started; trying again in {next:?}");
                }
            }
        }
    }

    /// Stops the server: sessions are ended and all is written within 20 s, else it is stopped at once and recovers at
    /// its next start.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        server::stop(&self.home, &self.tools).await?;
        if !self.home.sockets.starts_with(&self.home.root) {
            // An empty folder that stays does no harm; the next start uses it again.
            let _ = fs::remove_dir(&self.home.sockets);
        }
        Ok(())
    }
}
