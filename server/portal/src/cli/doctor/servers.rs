//! The servers that tenants live on.

use crate::{
    cli::report::{DEADLINE, Report},
    startup::{COUNT_THEM, FIRST_SERVER, NOT_COUNTED, Reach, ServerSettings, explain},
};
use innkeeper_domain::{
    ids::ServerId,
    plan::{LOCKS_PER_TENANT, PARTS_OF_LOCK_TABLE},
    ports::{ServerFacts, TenantServer},
    text::thousands,
};
use innkeeper_service::fleet::{doctor, reconcile, servers};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};

/// The comparison waits for definitions under way, and reads all catalogs.
const COMPARISON: Duration = Duration::from_mins(5);
/// The longest `authentication_timeout` that is not worth a word.
const AUTHENTICATION: Duration = Duration::from_secs(30);

pub(super) async fn server(worker: &PgPool, reach: &Reach, orphans: bool, report: &mut Report) {
    report.looked_at.push("servers");
    let why = "No database can be created or changed on a server that does not answer, and its tenants may be down.";
    let advice = "Does it run? Its log and `innkeeper config check` say more.";
    let asked = async {
        let server = reach.tenant_server().await.map_err(|error| explain(&error))?;
        let facts = server.facts().await.map_err(|error| explain(&error))?;
        Ok::<_, String>((server, facts))
    };
    let name = format!("server {}:{}", reach.endpoint.host, reach.endpoint.port);
    let (server, facts): (Arc<dyn TenantServer>, _) = match tokio::time::timeout(DEADLINE, asked).await {
        Ok(Ok((server, facts))) => (Arc::new(server), facts),
        Ok(Err(error)) => return report.blind(format!("{name} does not answer: {error}"), why, advice),
        Err(_) => {
            return report.blind(
                format!("{name} did not answer within {} s", DEADLINE.as_secs()),
                why,
                advice,
            );
        }
    };
    settings(reach, &name, report).await;
    locks(&name, &facts, report);
    match servers::find(worker, FIRST_SERVER).await {
        Ok(Some(id)) => {
            standing(worker, id, &*server, report).await;
            if orphans {
                compare(worker, &[(id, server)], report).await;
            }
        }
        Ok(None) => report.found(
            format!("{name} is not registered"),
            "No database can be created.",
            "Start the portal; it registers its first server. Its log says what keeps it.",
        ),
        Err(error) => report.blind(format!("the list of servers cannot be read: {error}"), why, advice),
    }
}

/// Whether tenants may do on the server what the control database says, and no more.
async fn standing(worker: &PgPool, id: ServerId, server: &dyn TenantServer, report: &mut Report) {
    report.looked_at.push("limits and suspended tenants");
    let why = "The tenant can do more or less than its plan and its state say.";
    match tokio::time::timeout(DEADLINE, reconcile::drifts(worker, id, server)).await {
        Ok(Ok(drifts)) => {
            for drift in drifts {
                report.found(
                    format!("tenant {}: {}", drift.name, drift.what),
                    why,
                    "A running portal mends this within a minute. If it comes back, somebody changes it on the server: \
                     look in the audit log and the server's log.",
                );
            }
        }
        Ok(Err(error)) => {
            report.blind(format!("tenants cannot be compared: {error}"), why, "Run this command again.");
        }
        Err(_) => report.blind("tenants were not compared in time", why, "Run this command again."),
    }
}

/// Whether the lock table has room for what every plan promises, and nobody can hold locks without a session.
fn locks(name: &str, facts: &ServerFacts, report: &mut Report) {
    if facts.prepared_transactions > 0 {
        report.found(
            format!("{name}: max_prepared_transactions is {}", facts.prepared_transactions),
            "A tenant can prepare a transaction and leave: its locks then keep suspensions, resets and removals waiting, and \
             there is no session that could be ended.",
            "As its operator, set max_prepared_transactions = 0 in postgresql.conf and restart PostgreSQL.",
        );
    }
    let lock_table = facts.lock_table;
    let needed = LOCKS_PER_TENANT * PARTS_OF_LOCK_TABLE;
    if lock_table < needed {
        report.found(
            format!(
                "{name}: its lock table has {} places; a tenant may hold {} of them, and plans promise {}",
                thousands(lock_table),
                thousands(lock_table / PARTS_OF_LOCK_TABLE),
                thousands(LOCKS_PER_TENANT)
            ),
            "Sessions of a tenant that holds more than a tenth of the lock table are ended.",
            "As its operator, set max_locks_per_transaction in postgresql.conf so that it times max_connections is 300,000 or \
             more (1024 for 300 connections), and restart PostgreSQL.",
        );
    }
}

/// How the server is set up: whether it counts statements, for an extension that customers can choose, and how long it
/// waits for a password.
async fn settings(reach: &Reach, name: &str, report: &mut Report) {
    let why = "How it is set up decides what customers can do to each other.";
    let ServerSettings { counts_statements, authentication } =
        match tokio::time::timeout(DEADLINE, reach.settings()).await {
            Ok(Ok(settings)) => settings,
            Ok(Err(error)) => {
                return report.blind(
                    format!("{name} cannot be asked: {}", explain(&error)),
                    why,
                    "Run this command again.",
                );
            }
            Err(_) => {
                return report.blind(format!("{name} was not asked in time"), why, "Run this command again.");
            }
        };
    if !counts_statements {
        let why = "The pages offer that extension, and its views would only say that it is not loaded.";
        report.found(format!("{name}: {NOT_COUNTED}"), why, format!("As its operator, {COUNT_THEM}."));
    }
    if authentication > AUTHENTICATION {
        report.found(
            format!("{name}: authentication_timeout is {} s", authentication.as_secs()),
            "Anyone at an allowed address can hold a connection that long without a password, and could use all of them.",
            format!(
                "As its operator, set authentication_timeout = 10s in postgresql.conf, {} s at most, and reload.",
                AUTHENTICATION.as_secs()
            ),
        );
    }
}

async fn compare(worker: &PgPool, servers: &[(ServerId, Arc<dyn TenantServer>)], report: &mut Report) {
    report.looked_at.push("orphans");
    let why = "Unknown resources are never cleaned up, and what is missing does not work.";
    match tokio::time::timeout(COMPARISON, doctor::orphans(worker, servers)).await {
        Ok(Ok(Ok(orphans))) => {
            for orphan in orphans {
                report.found(format!("{}: {}", orphan.place, orphan.what), why, orphan.advice);
            }
        }
        Ok(Ok(Err(error))) => report.blind(explain(&error), why, "Mend the server, then look again."),
        Ok(Err(error)) => {
            report.blind(
                format!("the control database cannot be compared: {error}"),
                why,
                "Run this command again.",
            );
        }
        Err(_) => {
            report.blind(
                "the comparison took too long",
                why,
                "Run this command again when the servers are less busy.",
            );
        }
    }
}
