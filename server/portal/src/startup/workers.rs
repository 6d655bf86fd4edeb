use super::{FIRST_SERVER, Reach, StartError, explain, providers};
use crate::config::Config;
use innkeeper_adapters::{
    backups::FolderBackups,
    mail::{Mailbox, SmtpMailer},
    postgres_admin::{PostgresServer, ScramVerifier},
    sealing::MasterSealer,
    system::{OsRandom, SystemClock},
};
use innkeeper_domain::{
    backoff::Backoff,
    ids::Ids,
    ports::{Backups, Clock, LocalMailbox, Mailer, Random, Sealer, TenantServer},
};
use innkeeper_service::{
    Service, Settings,
    background::{cleanup, master_key, outbox::MailWorker},
    context::{deps::Store, every::LastRuns, servers::Servers},
    db::run_events::Changes,
    fleet::{
        first_connection,
        hba_writer::RuleWriter,
        reconcile::{Looked, Reconciler},
        servers::{self, Registration},
        storage::StorageLimit,
        warm_pool, watchdog,
    },
    people::staff::{self, Link},
    tenants::{handoff::Sweep, lifecycle::Removals},
    workflows::{self, Tools, engine::WorkerSettings},
};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// The region of the first server.
const REGION: (&str, &str) = ("main", "Main");
/// How long the start waits for the first server to be prepared; after that it goes on in the background.
const PREPARE: Duration = Duration::from_mins(1);
/// Shortest and longest pause between two tries to prepare it.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));

/// What the portal is made of, once the control database answers.
pub(super) struct Parts {
    pub service: Service,
    pub mailbox: Option<Arc<dyn LocalMailbox>>,
    mailer: Arc<dyn Mailer>,
    backups: Arc<dyn Backups>,
    preparing: Option<Arc<PostgresServer>>,
    worker: PgPool,
}

/// Puts the parts together: key, pools, the first server, and the mailer.
pub(super) async fn assemble(
    config: &Config,
    reach: &Reach,
    public_url: String,
) -> Result<Parts, StartError> {
    let random: Arc<dyn Random> = Arc::new(OsRandom);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let sealer = MasterSealer::of_file(&config.master_key_file, random.clone())?;
    let keys = sealer.keys();
    let sealer: Arc<dyn Sealer> = Arc::new(sealer);
    let ids = Ids::new(clock.clone(), random.clone());
    let providers = providers::providers(config, &clock)?;
    let (issuers, dns) = (providers::issuers(config, &clock), providers::dns(config));
    let (mailer, mailbox) = mailer(config, clock)?;
    let path = config.backups();
    let backups = FolderBackups::new(&path, reach.programs().map(Into::into), random.clone())
        .map_err(|source| StartError::Backups { path, source })?;
    let backups: Arc<dyn Backups> = Arc::new(backups);
    let (web, worker) = (reach.web(), reach.background());
    // Side by side: after a kill people wait for this.
    let (sealed, retired, server) = tokio::join!(
        master_key::sealed_under(&worker),
        master_key::is_retired(&worker, keys.current()),
        reach.tenant_server()
    );
    for other in sealed?.into_keys().filter(|key| !keys.has(key)) {
        tracing::error!(
            key = other,
            "e-mails or credentials are encrypted under another master key than that of INNKEEPER_MASTER_KEY_FILE; all portals \
             of one control database need the same"
        );
    }
    if retired? {
        tracing::error!(
            key = keys.current(),
            "the master key of INNKEEPER_MASTER_KEY_FILE was retired by a rotation: the file is an old copy, and nothing \
             can be sealed"
        );
    }
    let server = Arc::new(server?);
    let preparing = async { Ok(prepared(server.clone()).await) };
    let (facts, preparing) = tokio::try_join!(server.facts(), preparing)?;
    let registered = Servers::default();
    let new = Registration {
        name: FIRST_SERVER,
        region: REGION.0,
        region_label: REGION.1,
        endpoint: &reach.endpoint,
        facts: &facts,
        max_tenants: config.max_tenants,
        ready_slots: config.ready_slots,
    };
    registered.put(servers::register(&worker, &ids, &new).await?, server.clone());
    let passkeys = providers::passkeys(&public_url);
    let settings = Settings {
        public_url,
        support: config.support_email.clone(),
        limits: config.limits(),
        local_mailbox: mailbox.is_some(),
    };
    let service = Service {
        changes: Changes::listen(worker.clone()),
        store: Store { pool: web, ids, random },
        sealer,
        verifier: Arc::new(ScramVerifier),
        providers,
        issuers,
        dns,
        passkeys,
        servers: registered,
        last_runs: LastRuns::default(),
        settings: Arc::new(settings),
    };
    Ok(Parts { service, mailbox, mailer, backups, preparing, worker })
}

type Mailers = (Arc<dyn Mailer>, Option<Arc<dyn LocalMailbox>>);

fn mailer(config: &Config, clock: Arc<dyn Clock>) -> Result<Mailers, StartError> {
    let sender = config.mail_from.clone();
    if let Some(url) = &config.mail_url {
        return Ok((Arc::new(SmtpMailer::from_url(url.expose(), sender, clock)?), None));
    }
    let path = config.mailbox();
    let mailbox =
        Mailbox::new(&path, sender, clock).map_err(|source| StartError::Mailbox { path, source })?;
    let mailbox = Arc::new(mailbox);
    Ok((mailbox.clone(), Some(mailbox)))
}

impl Parts {
    /// Starts everything that works in the background, each until the process ends.
    pub fn start(&self, workers: &mut JoinSet<&'static str>) {
        let Self { service, mailer, backups, preparing, worker, .. } = self;
        if let Some(server) = preparing.clone() {
            workers.spawn(async move {
                prepare(server).await;
                std::future::pending().await
            });
        }
        let Service {
            store: Store { ids, random, .. },
            sealer,
            servers,
            changes,
            settings,
            last_runs: last,
            ..
        } = service.clone();
        let rules = Arc::new(RuleWriter::new(worker.clone(), servers.clone()));
        let tools = Arc::new(Tools {
            pool: worker.clone(),
            ids: ids.clone(),
            random: random.clone(),
            sealer: sealer.clone(),
            verifier: service.verifier.clone(),
            servers: servers.clone(),
            backups: backups.clone(),
            rules: rules.clone(),
            changes: changes.clone(),
            public_url: settings.public_url.clone(),
        });
        let mails =
            MailWorker { pool: worker.clone(), sealer: sealer.clone(), mailer: mailer.clone(), changes };
        let handoffs = Sweep {
            pool: worker.clone(),
            ids: ids.clone(),
            random: random.clone(),
            sealer,
            public_url: settings.public_url.clone(),
        };
        let removals = Removals { pool: worker.clone(), ids: ids.clone(), random, backups: backups.clone() };
        let reconciler = Reconciler {
            pool: worker.clone(),
            ids: ids.clone(),
            servers: servers.clone(),
            looked: Looked::default(),
        };
        let storage = StorageLimit {
            pool: worker.clone(),
            ids: ids.clone(),
            sealer: tools.sealer.clone(),
            servers: servers.clone(),
            public_url: settings.public_url.clone(),
        };
        let slots = warm_pool::Keeper {
            pool: worker.clone(),
            ids: ids.clone(),
            random: tools.random.clone(),
            servers: servers.clone(),
        };
        let engine = workflows::engine(&tools, WorkerSettings::default());
        named(workers, "the engine", engine.run());
        named(workers, "the keeping of ready databases", slots.run());
        named(workers, "the mail worker", mails.run());
        named(workers, "the sweep of handoffs", handoffs.run(last.clone()));
        named(workers, "the removal of tenants", removals.run(last.clone()));
        named(workers, "the comparison of servers", reconciler.run(last.clone()));
        named(workers, "the comparison of storage with plans", storage.run());
        named(workers, "the sweep of sessions", cleanup::run(worker.clone(), ids.clone(), last.clone()));
        named(
            workers,
            "the measuring of servers",
            servers::measure(worker.clone(), servers.clone(), last.clone()),
        );
        named(workers, "the watch over locks", watchdog::watch(worker.clone(), ids.clone(), servers.clone()));
        named(
            workers,
            "the watch for first connections",
            first_connection::watch(worker.clone(), servers, ids, last),
        );
    }

    /// The link for the first of the staff, where one is needed.
    pub async fn first_of_staff(&self) -> Result<Option<Link>, innkeeper_service::Error> {
        staff::first(&self.service, &self.worker).await
    }

    /// Closes the connections to the control database.
    pub async fn close(self) {
        self.service.pool.close().await;
        self.worker.close().await;
    }
}

fn named(
    workers: &mut JoinSet<&'static str>,
    name: &'static str,
    work: impl Future<Output = ()> + Send + 'static,
) {
    workers.spawn(async move {
        work.await;
        name
    });
}

/// Makes the platform's roles and template on the first server. What does not succeed in time goes on in the background:
/// pages work meanwhile, and runs wait for it.
async fn prepared(server: Arc<PostgresServer>) -> Option<Arc<PostgresServer>> {
    let late = tokio::time::timeout(PREPARE, prepare(server.clone())).await.is_err();
    if late {
        let seconds = PREPARE.as_secs();
        tracing::error!("the first server could not be prepared within {seconds} s; going on without");
    }
    late.then_some(server)
}

/// Tries until it succeeds, with longer and longer pauses.
async fn prepare(server: Arc<PostgresServer>) {
    let mut backoff = PAUSES;
    while let Err(error) = server.prepare().await {
        let pause = backoff.pause();
        tracing::warn!(
            error = explain(&error),
            "the first server is not prepared; trying again in {} ms",
            pause.as_millis()
        );
        tokio::time::sleep(pause).await;
    }
}
