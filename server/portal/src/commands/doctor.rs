//! Looks for what is wrong, for an operator at three in the morning. Changes nothing, and runs beside a portal.

use super::{DoctorOptions, report::Report};
use crate::{
    config::{Config, Database, Problems},
    startup::{CA, COUNT_THEM, Control, FIRST_SERVER, NOT_COUNTED, Reach, explain, is_private},
};
use innkeeper_adapters::{
    sealing::{MasterKey, MasterKeyError},
    system::SystemClock,
};
use innkeeper_domain::{
    ids::ServerId,
    ports::{Clock as _, TenantServer},
};
use innkeeper_service::{doctor, seal, servers, store::MIGRATIONS};
use sqlx::{Connection as _, PgPool, migrate::Migrate as _};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use time::OffsetDateTime;
use x509_parser::pem::parse_x509_pem;

/// How long anything that is asked may take to answer.
const DEADLINE: Duration = Duration::from_secs(20);
/// The comparison waits for definitions under way, and reads all catalogs.
const COMPARISON: Duration = Duration::from_mins(5);
/// A server's certificate is renewed a month before its end; with less than this something keeps it from that.
const SERVER_CERTIFICATE: time::Duration = time::Duration::days(14);
/// A new authority means new files for every customer: time enough to tell them.
const AUTHORITY: time::Duration = time::Duration::days(180);

/// The doctor of a configuration that is refused.
pub(super) fn no_configuration(options: DoctorOptions, problems: &Problems) -> ExitCode {
    let mut report = Report { looked_at: vec!["configuration"], ..Report::default() };
    for problem in &problems.0 {
        let advice = problem
            .example
            .map_or_else(String::new, |example| format!("For example {}='{example}'.", problem.name));
        let what = format!("{}: {}", problem.name, problem.problem);
        report.blind(
            what,
            "The portal does not start with this, and nothing else could be looked at.",
            advice,
        );
    }
    report.tell(options.json)
}

/// Looks at everything.
pub(super) async fn run(config: Config, options: DoctorOptions) -> ExitCode {
    let mut report = Report::default();
    configuration(&config, &mut report);
    files(&config, &mut report);
    certificates(&config, SystemClock.now(), &mut report);
    if let Some(reach) = reach(&config, &mut report).await {
        let worker = reach.worker();
        if database(&worker, &mut report).await {
            migrations(&reach, &mut report).await;
            work(&worker, &mut report).await;
            keys(&config, &worker, &mut report).await;
            server(&worker, &reach, options.orphans, &mut report).await;
        }
        worker.close().await;
    }
    report.tell(options.json)
}

fn configuration(config: &Config, report: &mut Report) {
    report.looked_at.push("configuration");
    for name in &config.unknown {
        let why = "It has no effect; what it was meant for has its default.";
        report.found(
            format!("{name} is set and is not a setting"),
            why,
            "Check its spelling with `innkeeper config check --help`.",
        );
    }
}

fn files(config: &Config, report: &mut Report) {
    report.looked_at.push("data folder and master key");
    let folder = &config.data_dir;
    match is_private(folder) {
        Ok(true) => {}
        Ok(false) => report.found(
            format!("others may look into the data folder {}", folder.display()),
            "Keys and mails lie there.",
            format!("Run `chmod go-rw {}`.", folder.display()),
        ),
        Err(error) => report.blind(
            format!("the data folder {} cannot be read: {error}", folder.display()),
            "Without it there is no portal, or this command runs as somebody else than the portal.",
            "Run this as the portal's user, in its working folder or with its INNKEEPER_DATA_DIR.",
        ),
    }
    let why = "Without the right key no waiting credentials can be shown and no waiting mail can be sent.";
    match MasterKey::load(&config.master_key_file) {
        Ok(_) => {}
        Err(MasterKeyError::Read { cause, .. }) if cause.kind() != std::io::ErrorKind::NotFound => {
            let what = format!("the master key {} cannot be read: {cause}", config.master_key_file.display());
            report.blind(what, why, "Run this as the portal's user.");
        }
        Err(error) => report.found(
            explain(&error),
            why,
            "Put the key back from its backup, closed to others (mode 0600).",
        ),
    }
}

/// The certificate files of the configuration, with the time before their end at which something is wrong.
fn certificate_files(config: &Config) -> Vec<(&'static str, PathBuf, time::Duration)> {
    match &config.database {
        Database::Embedded(_) => vec![
            ("certificate authority", config.data_dir.join(CA).join("ca.crt"), AUTHORITY),
            ("server certificate", config.data_dir.join("postgres/tls/server.crt"), SERVER_CERTIFICATE),
        ],
        Database::External(_) => Vec::new(),
    }
}

fn certificates(config: &Config, now: OffsetDateTime, report: &mut Report) {
    let files = certificate_files(config);
    if files.is_empty() {
        return;
    }
    report.looked_at.push("certificates");
    let why = "Customers' programs refuse a server whose certificate is over.";
    for (name, path, early) in files {
        match end_of(&path) {
            Ok(end) if end - now > early => {}
            Ok(end) => report.found(
                format!("the {name} {} ends on {}", path.display(), end.date()),
                why,
                "The portal renews server certificates by itself: look in its log. Plan a new authority with your customers.",
            ),
            Err(error) => report.blind(
                format!("the {name} {} cannot be read: {error}", path.display()),
                why,
                "Start the portal once; it makes what is missing. Run this as the portal's user.",
            ),
        }
    }
}

/// When a certificate ends.
fn end_of(path: &Path) -> Result<OffsetDateTime, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let (_, pem) = parse_x509_pem(&text).map_err(|error| error.to_string())?;
    let certificate = pem.parse_x509().map_err(|error| error.to_string())?;
    Ok(certificate.validity().not_after.to_datetime())
}

async fn reach(config: &Config, report: &mut Report) -> Option<Reach> {
    let why = "Without the control database the portal does nothing.";
    match Control::beside(config).await {
        Ok(Some(reach)) => Some(reach),
        Ok(None) => {
            report.blind(
                format!("the embedded cluster in {} does not run", config.data_dir.display()),
                why,
                "Start the portal (`innkeeper serve`); its log says what keeps it. Is this the right INNKEEPER_DATA_DIR?",
            );
            None
        }
        Err(error) => {
            report.blind(explain(&error), why, "Run this as the portal's user and with its configuration.");
            None
        }
    }
}

async fn database(worker: &PgPool, report: &mut Report) -> bool {
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

async fn migrations(reach: &Reach, report: &mut Report) {
    report.looked_at.push("migrations");
    let applied = async {
        let mut owner = reach.owner().await.map_err(|error| explain(&error))?;
        owner.list_applied_migrations(&MIGRATIONS.table_name).await.map_err(|error| error.to_string())
    };
    let why = "Program and schema have to fit.";
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
                "This program is not of the release that made the database: use that one, or a newer one.",
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

async fn work(worker: &PgPool, report: &mut Report) {
    report.looked_at.push("runs and mails");
    match tokio::time::timeout(DEADLINE, doctor::work(worker)).await {
        Ok(Ok(found)) => report.found.extend(found),
        Ok(Err(error)) => {
            let advice = "Run `innkeeper migrate` if migrations are missing; the server's log says more.";
            report.blind(format!("runs and mails cannot be read: {error}"), "People may be waiting.", advice);
        }
        Err(_) => {
            report.blind("runs and mails were not read in time", "People may be waiting.", "Try again.");
        }
    }
}

/// Whether what is sealed can be opened with this portal's key.
async fn keys(config: &Config, worker: &PgPool, report: &mut Report) {
    // Where it cannot be read, that was said before.
    let Ok(key) = MasterKey::load(&config.master_key_file) else { return };
    let why = "What is sealed under another key cannot be opened: mails do not go out, credentials cannot be shown.";
    match tokio::time::timeout(DEADLINE, seal::other_keys(worker, key.id())).await {
        Ok(Ok(others)) => {
            for other in others {
                report.found(
                    format!("mails or credentials are sealed under master key {other}, and this portal has {}", key.id()),
                    why,
                    "Give all portals of one control database the same INNKEEPER_MASTER_KEY_FILE, the one that has been \
                     used so far.",
                );
            }
        }
        Ok(Err(error)) => {
            report.blind(format!("the sealed texts cannot be read: {error}"), why, "Look again.");
        }
        Err(_) => report.blind("the sealed texts were not read in time", why, "Look again."),
    }
}

async fn server(worker: &PgPool, reach: &Reach, orphans: bool, report: &mut Report) {
    report.looked_at.push("servers");
    let why =
        "No tenant can be made or changed on a server that does not answer, and its tenants may be down.";
    let advice = "Does it run? Its log and `innkeeper config check` say more.";
    let asked = async {
        let server = reach.tenant_server().await.map_err(|error| explain(&error))?;
        server.facts().await.map_err(|error| explain(&error))?;
        Ok::<_, String>(server)
    };
    let name = format!("server {}:{}", reach.endpoint.host, reach.endpoint.port);
    let server: Arc<dyn TenantServer> = match tokio::time::timeout(DEADLINE, asked).await {
        Ok(Ok(server)) => Arc::new(server),
        Ok(Err(error)) => return report.blind(format!("{name} does not answer: {error}"), why, advice),
        Err(_) => {
            return report.blind(
                format!("{name} did not answer within {} s", DEADLINE.as_secs()),
                why,
                advice,
            );
        }
    };
    count(reach, &name, report).await;
    match servers::find(worker, FIRST_SERVER).await {
        Ok(Some(id)) if orphans => compare(worker, &[(id, server)], report).await,
        Ok(Some(_)) => {}
        Ok(None) => report.found(
            format!("{name} is not registered"),
            "No tenant can be made.",
            "Start the portal; it registers its first server. Its log says what keeps it.",
        ),
        Err(error) => report.blind(format!("the list of servers cannot be read: {error}"), why, advice),
    }
}

/// Whether the server counts statements, for an extension that customers can choose.
async fn count(reach: &Reach, name: &str, report: &mut Report) {
    let why = "The pages offer that extension, and its views would only say that it is not loaded.";
    match tokio::time::timeout(DEADLINE, reach.counts_statements()).await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => {
            report.found(format!("{name}: {NOT_COUNTED}"), why, format!("As its operator, {COUNT_THEM}."));
        }
        Ok(Err(error)) => {
            report.blind(format!("{name} cannot be asked: {}", explain(&error)), why, "Look again.");
        }
        Err(_) => report.blind(format!("{name} was not asked in time"), why, "Look again."),
    }
}

async fn compare(worker: &PgPool, servers: &[(ServerId, Arc<dyn TenantServer>)], report: &mut Report) {
    report.looked_at.push("orphans");
    let why = "What nobody knows is never cleaned up, and what is missing does not work.";
    match tokio::time::timeout(COMPARISON, doctor::orphans(worker, servers)).await {
        Ok(Ok(Ok(orphans))) => {
            for orphan in orphans {
                report.found(format!("{}: {}", orphan.place, orphan.what), why, orphan.advice);
            }
        }
        Ok(Ok(Err(error))) => report.blind(explain(&error), why, "Mend the server, then look again."),
        Ok(Err(error)) => {
            report.blind(format!("the control database cannot be compared: {error}"), why, "Look again.");
        }
        Err(_) => {
            report.blind("the comparison took too long", why, "Look again when the servers are less busy.");
        }
    }
}
