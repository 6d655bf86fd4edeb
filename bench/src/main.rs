//! How long an onboarding takes, accepted → ready, as a ratio to plan D done by a bare script on the same server in
//! the same run: interleaved rounds, fsync on, the same TLS. `cargo run --release -p innkeeper-bench -- [rounds]`,
//! after `cargo build --release -p innkeeper`. Writes `bench/results.json`.

mod plan_d;

use innkeeper_tests::{Options, Person, Portal};
use plan_d::Bare;
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{path::Path, time::Duration};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(20), |rounds| rounds.parse())?;
    let portal = Portal::start(Options::default().waiting_for_the_disk()).await;
    let ca = portal.data().join("ca.pem");
    let person = Person::new(&portal, "bench@acme.example");
    person.sign_up(&portal).await;
    std::fs::write(&ca, person.get("/ca.crt").await.body)?;
    let hba_file = portal.cluster().join("pg_hba.conf");
    let customer = PgConnectOptions::new_without_pgpass().host("localhost").port(portal.database_port());
    let bare = Bare {
        admin: portal.superuser("postgres"),
        customer: customer.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(&ca),
        hba_file: &hba_file,
    };
    bare.prepare().await?;

    // One of each that does not count: caches, catalogs, first connections.
    bare.create("bench_warm").await?;
    onboard(&portal, 0).await?;
    let (mut script, mut innkeeper) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        script.push(bare.create(&format!("bench_{round}")).await?);
        innkeeper.push(onboard(&portal, round).await?);
        eprintln!(
            "round {round:2}: plan D {:4} ms, Innkeeper {:4} ms",
            script[round - 1].as_millis(),
            innkeeper[round - 1].as_millis()
        );
    }
    report(rounds, &mut script, &mut innkeeper)
}

/// One onboarding by a person of its own; from the commit that accepted it to the commit that made it active, both
/// by the control database's clock.
async fn onboard(portal: &Portal, round: usize) -> Result<Duration, Box<dyn std::error::Error>> {
    let person = Person::new(portal, &format!("bench{round}@acme.example"));
    person.sign_up(portal).await;
    let name = person.request("Acme", "bench", &[]).await;
    // Waits on the event stream: nothing is asked of the portal in between.
    person.wait_until_ready(&name, 60).await;
    let mut conn = PgConnection::connect_with(&portal.superuser("innkeeper")).await?;
    let seconds: f64 = sqlx::query_scalar(
        "select extract(epoch from t.ready_at - r.created_at)::float8 from tenant t join run r on r.tenant_id = t.id where t.name = $1",
    )
    .bind(&name)
    .fetch_one(&mut conn)
    .await?;
    conn.close().await?;
    Ok(Duration::from_secs_f64(seconds))
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let middle = times.len() / 2;
    let median = if times.len() % 2 == 1 { times[middle] } else { (times[middle - 1] + times[middle]) / 2 };
    median.as_secs_f64() * 1000.0
}

#[expect(clippy::print_stdout, reason = "the result is what the program is for")]
fn report(
    rounds: usize,
    script: &mut [Duration],
    innkeeper: &mut [Duration],
) -> Result<(), Box<dyn std::error::Error>> {
    let (script, innkeeper) = (median(script), median(innkeeper));
    let result = serde_json::json!({
        "what": "onboarding accepted to ready, medians, interleaved, fsync on",
        "rounds": rounds,
        "plan_d_ms": script.round(),
        "innkeeper_ms": innkeeper.round(),
        "ratio": (innkeeper / script * 100.0).round() / 100.0,
        "goal": 2.0,
    });
    let text = serde_json::to_string_pretty(&result)?;
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("results.json"), format!("{text}\n"))?;
    println!("{text}");
    Ok(())
}
