//! The servers that tenants live on.

use super::{DEADLINE, Report};
use crate::startup::{COUNT_THEM, FIRST_SERVER, NOT_COUNTED, Reach, explain};
use innkeeper_domain::{ids::ServerId, ports::TenantServer};
use innkeeper_service::{doctor, reconcile, servers};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};

/// The comparison waits for definitions under way, and reads all catalogs.
const COMPARISON: Duration = Duration::from_mins(5);

pub(super) async fn server(worker: &PgPool, reach: &Reach, orphans: bool, report: &mut Report) {
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
        Ok(Some(id)) => {
            standing(worker, id, &*server, report).await;
            if orphans {
                compare(worker, &[(id, server)], report).await;
            }
        }
        Ok(None) => report.found(
            format!("{name} is not registered"),
            "No tenant can be made.",
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
        Ok(Err(error)) => report.blind(format!("tenants cannot be compared: {error}"), why, "Look again."),
        Err(_) => report.blind("tenants were not compared in time", why, "Look again."),
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
