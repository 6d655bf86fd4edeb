//! What the log says of a start: nothing to look at where nothing is wrong.

use innkeeper_tests::{Options, Portal, until};
use std::fs;

const WRITTEN: &str = "# END innkeeper";
const DRIFT: &str = "pg_hba.conf drift corrected";

/// The portal's lines of the log that somebody has to look at. What PostgreSQL notices when a stop ends a connection in
/// the middle of its work is none of them.
fn warnings(portal: &Portal) -> Vec<String> {
    let log = portal.log();
    let loud = |line: &&str| [" WARN innkeeper", " ERROR innkeeper"].iter().any(|level| line.contains(level));
    log.lines().filter(loud).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_start_warns_of_address_rules_only_where_somebody_changed_them() {
    let mut portal = Portal::start(Options::default()).await;
    let rules = portal.cluster().join("pg_hba.conf");
    let file = || fs::read_to_string(&rules).unwrap();
    until(30, "the first rules", async || file().contains(WRITTEN).then_some(())).await;
    portal.stop().await;
    portal.restart().await;
    portal.stop().await;
    let none: [&str; 0] = [];
    assert_eq!(warnings(&portal), none, "a first start and a second one");

    let good = file();
    fs::write(&rules, good.replace("host all +innkeeper_tenants all reject\n", "")).unwrap();
    portal.restart().await;
    until(30, "the drift", async || portal.log().contains(DRIFT).then_some(())).await;
    assert_eq!(file(), good);
    portal.stop().await;
    let told = warnings(&portal);
    assert!(told.len() == 1 && told[0].contains(DRIFT), "{told:?}");
}
